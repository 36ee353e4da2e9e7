"""The one function that moves a request: a value with the reason, whichever way it goes."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from governance.requests.forms import Errors, Known, Typed
from governance.requests.reading import read_draft, read_form, tidy
from governance.requests.workflow import Act, Case, Move, Role, Workflow
from governance.vocabulary import Capacity


class Reason(enum.Enum):
    """Why a request does not move: what, under which rule, and what to do next."""

    NO_SUCH_STEP = (
        "That cannot be done with this request as it stands now.",
        "No step of the procedure can be skipped, and none is taken twice.",
        "Look at the request again: somebody may have acted on it meanwhile.",
    )
    MEANWHILE = (
        "Somebody has acted on this request meanwhile.",
        "What is decided, or done, is what whoever does it has seen.",
        "Read the request as it stands now, and then do it.",
    )
    NOT_YOURS = (
        "That step is not yours to take.",
        "Each step belongs to those named in the procedure; only the Superintendent's own act decides.",
        "The request says who has to act next.",
    )
    INCOMPLETE = (
        "Something is missing, or is not as it has to be.",
        "A request is made, and decided, in writing and completely.",
        "Each field says what is wrong with it. Nothing that was typed is lost.",
    )
    NOT_ASKED_FOR = (
        "Something was given that this step does not ask for.",
        "A step records what its form asks for, and nothing else.",
        "Open the page anew and fill in its form.",
    )
    AGAINST_A_RULE = (
        "The request does not satisfy a rule that comes before this step.",
        "What the policy demands before a decision cannot be made up for afterwards.",
        "Complete what is missing; then decide.",
    )

    def __init__(self, message: str, rule: str, next_step: str) -> None:
        self.message = message
        self.rule = rule
        self.next_step = next_step


@dataclass(frozen=True)
class Given:
    """What comes with an act: what was typed, and the digests of documents, by field."""

    fields: Typed = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Moved:
    """It is done: the request as it stands now, the move, and what was recorded with it."""

    case: Case
    move: Move
    given: Given


@dataclass(frozen=True)
class NotMoved:
    """It is not, and why. `errors` by field; `rule`, where one of the workflow's own stands against it."""

    reason: Reason
    errors: Errors = field(default_factory=dict)
    rule: str = ""


def step(flow: Workflow, case: Case, act: Act, roles: frozenset[Role], given: Given, known: Known) -> Moved | NotMoved:
    """What becomes of the request when somebody in these roles does that."""
    move = flow.find(case.state, act)
    if move is None:
        return NotMoved(Reason.NO_SUCH_STEP)
    if not roles & set(move.roles):
        return NotMoved(Reason.NOT_YOURS)
    if strange := ({*given.fields, *given.documents}) - set(move.form.names):
        return NotMoved(Reason.NOT_ASKED_FOR, dict.fromkeys(strange, "This step does not ask for it."))
    if errors := _errors(move, case, given, known):
        return NotMoved(Reason.INCOMPLETE, errors)
    for rule in move.rules:
        if (broken := rule.broken(_after(case, move, given), known)) is not None:
            return NotMoved(Reason.AGAINST_A_RULE, broken, f"{rule.words} ({rule.source})")
    return Moved(_after(case, move, given), move, given)


def _errors(move: Move, case: Case, given: Given, known: Known) -> Errors:
    if move.partial:
        return read_draft(move.form, given.fields)
    fields = {**(case.fields if move.own else {}), **given.fields}
    documents = {**(case.documents if move.own else {}), **given.documents}
    return read_form(move.form, fields, documents, known).errors


def _after(case: Case, move: Move, given: Given) -> Case:
    fields = {name: tidy(text) for name, text in given.fields.items()}
    return replace(
        case,
        state=move.after,
        fields={**case.fields, **fields},
        documents={**case.documents, **given.documents},
    )


ROLES_OF_CAPACITIES = {
    # Without a signature the Superintendent does what the office does, and decides nothing.
    Capacity.SUPERINTENDENT: Role.EXECUTIVE_SECRETARY,
    Capacity.EXECUTIVE_SECRETARY: Role.EXECUTIVE_SECRETARY,
    Capacity.REVIEWER: Role.REVIEWER,
    Capacity.OPERATOR: Role.OPERATOR,
}
"""The Superintendent's own role is in no capacity: it is in the act that they sign."""


def roles_of(
    capacities: Iterable[Capacity], *, is_applicant: bool, signed: bool, registered: bool = False
) -> frozenset[Role]:
    """As what somebody acts. Only a signed act is the Superintendent's. `registered`: by the office, for somebody."""
    held = {ROLES_OF_CAPACITIES[capacity] for capacity in capacities if capacity in ROLES_OF_CAPACITIES}
    if is_applicant:
        held.add(Role.APPLICANT)
    if registered and Role.EXECUTIVE_SECRETARY in held:
        held.add(Role.REGISTRAR)
    return frozenset({Role.SUPERINTENDENT} if signed else held)
