"""What a workflow is: states with their owners, and a literal table of the moves between them. Checked when it is made.

Whatever is not in the table does not happen. A state that is decided is entered by the Superintendent's act alone.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from governance.requests.forms import NOTHING, Errors, Form, Known


class Kind(enum.StrEnum):
    """What somebody may ask the Superintendent's office for."""

    APPLICATION = "application"
    EXTERNAL = "external request"
    FREEDOM_OF_INFORMATION = "freedom of information"
    BOARD = "Board request"
    NEW_CATEGORY = "new data category"


class Role(enum.StrEnum):
    """As what somebody acts on a request. It follows from their capacity, and from whose request it is."""

    APPLICANT = "applicant"
    SUPERINTENDENT = "Superintendent"
    EXECUTIVE_SECRETARY = "Executive Secretary"
    # The Executive Secretary, of a request that the office itself registered for somebody.
    REGISTRAR = "registrar"
    REVIEWER = "reviewer"
    OPERATOR = "operator"
    CALENDAR = "calendar"


class State(enum.StrEnum):
    """Where a request can be."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    MODIFIED = "approved in another form"
    DENIED = "denied"
    IN_FORCE = "in force"
    EXPIRED = "expired"
    ENDED = "ended"
    CLOSED = "closed"
    AGREEMENT_AWAITED = "agreement awaited"
    AGREEMENT_FILED = "agreement filed"
    CONSENT_PROVIDED = "consent provided for"
    DESTRUCTION_DUE = "destruction due"
    DESTRUCTION_OVERDUE = "destruction overdue"
    DESTRUCTION_CERTIFIED = "destruction certified"
    REGISTERED = "registered"
    FORWARDED = "forwarded"
    CHECKED = "checked"
    RELEASED = "released"
    INSTRUCTED = "instructed"
    PREPARED = "prepared"
    DELIVERED = "delivered"
    TURNED_AWAY = "turned away"


class Act(enum.StrEnum):
    """What somebody can do to a request."""

    SAVE = "save"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    RETURN = "return"
    RECOMMEND = "recommend"
    APPROVE = "approve"
    MODIFY = "approve in another form"
    DENY = "deny"
    NOTIFY = "record the notification"
    END = "end"
    EXPIRE = "expire"
    ACCEPT = "accept for an agreement"
    FILE_AGREEMENT = "file the agreement"
    PROVIDE_CONSENT = "provide for consent"
    ESCALATE = "escalate"
    CERTIFY_DESTRUCTION = "certify destruction"
    REGISTER = "register"
    FORWARD = "forward"
    CHECK = "check"
    RELEASE = "release"
    TURN_AWAY = "turn away"
    PREPARE = "prepare"
    DELIVER = "deliver"


class Effect(enum.Enum):
    """What a move does besides, in the same transaction."""

    GRANT = "the grant is made"
    END_GRANT = "the grant is ended"
    LETTER = "a letter is written"
    DECLARE = "the declaration is kept for loads"


@dataclass(frozen=True)
class Case:
    """One request as it stands: where it is, whose it is, and everything that was recorded of it, by field."""

    kind: Kind
    state: State
    applicant: str
    opened: date
    fields: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """Something that must hold of a request before a move, in words, with where it is written."""

    words: str
    source: str
    broken: Callable[[Case, Known], Errors | None]
    """None where it holds; else what is missing, by field."""


@dataclass(frozen=True)
class StateRule:
    """A state: what it means, and who has to act next (None: nobody, it is final)."""

    state: State
    words: str
    owner: Role | None
    decided: bool = False


@dataclass(frozen=True)
class Move:
    """From a state, by an act of one of these roles, to a state; with what has to be told.

    `partial`: what was typed is kept as it is, complete or not. `own`: what was saved before counts as told.
    """

    before: State
    act: Act
    roles: tuple[Role, ...]
    after: State
    form: Form = NOTHING
    rules: tuple[Rule, ...] = ()
    effects: tuple[Effect, ...] = ()
    partial: bool = False
    own: bool = False


@dataclass(frozen=True)
class Workflow:
    """One kind of request. `source`: the sentence of the policy, or the statute, that it carries out."""

    kind: Kind
    title: str
    source: str
    openers: tuple[Role, ...]
    states: tuple[StateRule, ...]
    moves: tuple[Move, ...]

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise ValueError(f"{self.kind}: {problem}")

    @property
    def first(self) -> State:
        return self.states[0].state

    def rule(self, state: State) -> StateRule:
        return next(rule for rule in self.states if rule.state is state)

    def moves_from(self, state: State) -> tuple[Move, ...]:
        return tuple(move for move in self.moves if move.before is state)

    def find(self, state: State, act: Act) -> Move | None:
        return next((move for move in self.moves if move.before is state and move.act is act), None)

    def open_to(self, state: State, roles: frozenset[Role]) -> tuple[Move, ...]:
        """The moves that somebody in these roles may make now."""
        return tuple(move for move in self.moves_from(state) if roles & set(move.roles))


def _problems(flow: Workflow) -> Iterator[str]:
    declared = {rule.state: rule for rule in flow.states}
    keys = [(move.before, move.act) for move in flow.moves]
    if len(declared) < len(flow.states) or len(set(keys)) < len(keys):
        yield "a state, or an act in a state, is declared twice"
    for move in flow.moves:
        if move.before not in declared or move.after not in declared:
            yield f"{move.act} leads from or to a state that is not declared"
        elif declared[move.after].decided and move.roles != (Role.SUPERINTENDENT,):
            yield f"{move.act} decides, and is not the Superintendent's alone"
    for rule in flow.states:
        if (rule.owner is None) == bool(flow.moves_from(rule.state)):
            yield f"{rule.state} is final and has moves, or has an owner and none"
    if unreached := set(declared) - _reachable(flow):
        yield f"{min(unreached)} cannot be reached"


def _reachable(flow: Workflow) -> set[State]:
    reached, waiting = {flow.first}, [flow.first]
    while waiting:
        found = {move.after for move in flow.moves_from(waiting.pop())} - reached
        reached |= found
        waiting += found
    return reached
