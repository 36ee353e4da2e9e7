"""External request for data or research.

Policy, "External requests for data or research": whoever is outside the district states in writing the purpose of the
study, the research methods, the consequences of the study, the researcher's competence, and the provision for
voluntary informed consent. Data are given under a formal written agreement (34 CFR 99.31(a)(6)(iii): scope, duration,
the information disclosed, use only for it, no identification by others, destruction and by when; or 99.35 for audit and
evaluation). Identified data need prior notification and consent of the parent or the eligible student (99.30).
"""

from __future__ import annotations

from governance.requests.applications import DENIAL, ENDING, NOTIFICATION, RETURN
from governance.requests.external_forms import (
    ACCEPTANCE,
    AGREEMENT,
    APPROVAL,
    AUDIT,
    CONSENT,
    DESTRUCTION,
    RECOMMENDATION,
    REQUEST,
)
from governance.requests.forms import Errors, Known, Values
from governance.requests.granting import IDENTIFIED, TERMS, sensitive_errors
from governance.requests.reading import read_form
from governance.requests.workflow import Act, Case, Effect, Kind, Move, Role, Rule, State, StateRule, Workflow

SOURCE = 'Board policy, "External requests for data or research"; 34 CFR 99.31(a)(6), 99.35'
AGREEMENT_SOURCE = "34 CFR 99.31(a)(6)(iii); 99.35(a)(3) for audit and evaluation"
CONSENT_SOURCE = 'Board policy, "prior notification and consent"; 34 CFR 99.30'


def _statements_are_there(case: Case, known: Known) -> Errors | None:
    return read_form(REQUEST, case.fields, case.documents, known).errors or None


def _agreement_holds(case: Case, known: Known) -> Errors | None:
    read = read_form(AGREEMENT, case.fields, case.documents, known)
    return {**_agreement_fits(case, read.values, known), **read.errors} or None


def _agreement_fits(case: Case, agreed: Values, known: Known) -> Errors:
    """That the agreement covers the request: through its last day, with a representative where one is needed."""
    asked = read_form(REQUEST, case.fields, {}, known).values
    errors = {}
    end, until = asked.get("end"), agreed.get("agreed_until")
    if end is not None and until is not None and until < end:
        errors["agreed_until"] = "The agreement ends before the request's last day."
    if asked.get("basis") == AUDIT and not agreed.get("representative"):
        errors["representative"] = "An audit or evaluation has an authorized representative (99.35(a)(3)(i))."
    return errors


def _consent_is_provided_for(case: Case, known: Known) -> Errors | None:
    if case.fields.get("form") != IDENTIFIED:
        return None
    return read_form(CONSENT, case.fields, case.documents, known).errors or None


def _is_identified(case: Case, _known: Known) -> Errors | None:
    return None if case.fields.get("form") == IDENTIFIED else {"form": "No identified data were asked for."}


def _sensitive_granted(case: Case, known: Known) -> Errors | None:
    read = read_form(REQUEST.also(*TERMS), case.fields, {}, known).values
    return sensitive_errors(read.get("columns", {}), read.get("sensitive"), known) or None


EVERY_STATEMENT = Rule("Every statement that the policy demands is there in writing", SOURCE, _statements_are_there)
THE_AGREEMENT = Rule(
    "There is a formal written agreement, and it covers the request", AGREEMENT_SOURCE, _agreement_holds
)
CONSENT_FIRST = Rule(
    "Identified data are given with prior notification and consent only", CONSENT_SOURCE, _consent_is_provided_for
)
ONLY_IDENTIFIED = Rule("Consent is provided for where identified data are asked for", CONSENT_SOURCE, _is_identified)
SENSITIVE_GRANTED = Rule(
    "Diversity is of sensitive columns that are granted", "protection of de-identified rows", _sensitive_granted
)

REGISTRANTS = (Role.APPLICANT, Role.EXECUTIVE_SECRETARY)
WRITERS = (Role.APPLICANT, Role.REGISTRAR)
"""Whose text it is: what an applicant began, the office neither writes nor takes back."""
OFFICE = (Role.EXECUTIVE_SECRETARY, Role.SUPERINTENDENT)

EXTERNAL_REQUESTS = Workflow(
    Kind.EXTERNAL,
    "External request for data or research",
    SOURCE,
    openers=REGISTRANTS,
    states=(
        StateRule(State.DRAFT, "Being written; nobody else acts on it.", Role.APPLICANT),
        StateRule(State.SUBMITTED, "In writing with the Superintendent, all statements made.", Role.SUPERINTENDENT),
        StateRule(State.RETURNED, "Back with the researcher, to be made complete or precise.", Role.APPLICANT),
        StateRule(State.REVIEWED, "A reviewer has recommended; the Superintendent decides.", Role.SUPERINTENDENT),
        StateRule(
            State.AGREEMENT_AWAITED,
            "Accepted for an agreement. No data are given before it is signed.",
            Role.EXECUTIVE_SECRETARY,
            decided=True,
        ),
        StateRule(State.AGREEMENT_FILED, "The signed agreement is on file, by its hash.", Role.SUPERINTENDENT),
        StateRule(
            State.CONSENT_PROVIDED,
            "Parents and eligible students were notified; consents can be registered.",
            Role.SUPERINTENDENT,
        ),
        StateRule(State.APPROVED, "Approved: the grant holds.", Role.EXECUTIVE_SECRETARY, decided=True),
        StateRule(State.DENIED, "Denied, with reasons.", Role.EXECUTIVE_SECRETARY, decided=True),
        StateRule(State.IN_FORCE, "The researcher was notified in writing; the grant holds.", Role.CALENDAR),
        StateRule(
            State.DESTRUCTION_DUE,
            "The grant is over. What was given is to be destroyed, and that certified.",
            Role.APPLICANT,
        ),
        StateRule(
            State.DESTRUCTION_OVERDUE,
            "No certificate came by the agreed day: the Superintendent follows it up.",
            Role.SUPERINTENDENT,
        ),
        StateRule(State.DESTRUCTION_CERTIFIED, "The destruction is certified, by the certificate's hash.", None),
        StateRule(State.WITHDRAWN, "Taken back before it was decided.", None),
        StateRule(State.CLOSED, "Denied, and the researcher was notified in writing.", None),
    ),
    moves=(
        Move(State.DRAFT, Act.SAVE, WRITERS, State.DRAFT, REQUEST, partial=True),
        Move(State.DRAFT, Act.SUBMIT, WRITERS, State.SUBMITTED, REQUEST, own=True),
        Move(State.DRAFT, Act.WITHDRAW, WRITERS, State.WITHDRAWN),
        Move(State.SUBMITTED, Act.RETURN, (Role.SUPERINTENDENT,), State.RETURNED, RETURN, effects=(Effect.LETTER,)),
        Move(State.RETURNED, Act.SAVE, WRITERS, State.RETURNED, REQUEST, partial=True),
        Move(State.RETURNED, Act.SUBMIT, WRITERS, State.SUBMITTED, REQUEST, own=True),
        Move(State.RETURNED, Act.WITHDRAW, WRITERS, State.WITHDRAWN),
        Move(State.SUBMITTED, Act.RECOMMEND, (Role.REVIEWER,), State.REVIEWED, RECOMMENDATION),
        *(
            move
            for waiting in (State.SUBMITTED, State.REVIEWED)
            for move in (
                Move(waiting, Act.WITHDRAW, WRITERS, State.WITHDRAWN),
                Move(
                    waiting,
                    Act.ACCEPT,
                    (Role.SUPERINTENDENT,),
                    State.AGREEMENT_AWAITED,
                    ACCEPTANCE,
                    rules=(EVERY_STATEMENT,),
                    effects=(Effect.LETTER,),
                ),
                Move(waiting, Act.DENY, (Role.SUPERINTENDENT,), State.DENIED, DENIAL, effects=(Effect.LETTER,)),
            )
        ),
        Move(
            State.AGREEMENT_AWAITED,
            Act.FILE_AGREEMENT,
            OFFICE,
            State.AGREEMENT_FILED,
            AGREEMENT,
            rules=(EVERY_STATEMENT, THE_AGREEMENT),
        ),
        Move(State.AGREEMENT_AWAITED, Act.WITHDRAW, WRITERS, State.WITHDRAWN),
        Move(
            State.AGREEMENT_FILED,
            Act.PROVIDE_CONSENT,
            OFFICE,
            State.CONSENT_PROVIDED,
            CONSENT,
            rules=(ONLY_IDENTIFIED,),
        ),
        *(
            move
            for filed in (State.AGREEMENT_FILED, State.CONSENT_PROVIDED)
            for move in (
                Move(
                    filed,
                    Act.APPROVE,
                    (Role.SUPERINTENDENT,),
                    State.APPROVED,
                    APPROVAL,
                    rules=(EVERY_STATEMENT, THE_AGREEMENT, CONSENT_FIRST, SENSITIVE_GRANTED),
                    effects=(Effect.GRANT, Effect.LETTER),
                ),
                Move(filed, Act.DENY, (Role.SUPERINTENDENT,), State.DENIED, DENIAL, effects=(Effect.LETTER,)),
                Move(filed, Act.WITHDRAW, WRITERS, State.WITHDRAWN),
            )
        ),
        Move(State.APPROVED, Act.NOTIFY, (*REGISTRANTS, Role.SUPERINTENDENT), State.IN_FORCE, NOTIFICATION),
        Move(State.DENIED, Act.NOTIFY, (*REGISTRANTS, Role.SUPERINTENDENT), State.CLOSED, NOTIFICATION),
        *(
            move
            for granted in (State.APPROVED, State.IN_FORCE)
            for move in (
                Move(
                    granted,
                    Act.END,
                    (Role.SUPERINTENDENT,),
                    State.DESTRUCTION_DUE,
                    ENDING,
                    effects=(Effect.END_GRANT, Effect.LETTER),
                ),
                Move(granted, Act.EXPIRE, (Role.CALENDAR,), State.DESTRUCTION_DUE, effects=(Effect.LETTER,)),
            )
        ),
        Move(
            State.DESTRUCTION_DUE,
            Act.ESCALATE,
            (Role.CALENDAR,),
            State.DESTRUCTION_OVERDUE,
            effects=(Effect.LETTER,),
        ),
        *(
            Move(
                due,
                Act.CERTIFY_DESTRUCTION,
                (*REGISTRANTS, Role.SUPERINTENDENT),
                State.DESTRUCTION_CERTIFIED,
                DESTRUCTION,
            )
            for due in (State.DESTRUCTION_DUE, State.DESTRUCTION_OVERDUE)
        ),
    ),
)
