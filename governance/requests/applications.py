"""Application for access outside the general levels.

Policy, "Application for access": whoever needs information that their access level does not give applies in writing,
stating the precise information requested and the legitimate educational need (34 CFR 99.31(a)(1)(i)(A)). The
Superintendent decides whether access is given, and in what form; the decision is notified in writing.
"""

from __future__ import annotations

from governance.requests.forms import Errors, Field, FieldKind, Form, Known, Values, in_order, not_past
from governance.requests.granting import (
    BEGIN,
    COLUMNS,
    CONDITIONS,
    EMAIL,
    END,
    FORM,
    FORMS,
    POPULATION,
    REASON,
    TERMS,
    YEARS,
    columns_in_form,
    diversity_with_sensitive,
    not_too_long,
    sensitive_errors,
    short_name,
)
from governance.requests.reading import read_form
from governance.requests.workflow import Act, Case, Effect, Kind, Move, Role, Rule, State, StateRule, Workflow

SOURCE = 'Board policy, "Application for access outside the general levels"; 34 CFR 99.31(a)(1)(i)(A)'

TITLE = Field("title", "Title", "What the request is called.", FieldKind.LINE)
NEED = Field(
    "need",
    "Legitimate educational need",
    "What the information is needed for, and why the work cannot be done without it.",
    least=20,
)

APPLICATION = Form(
    (TITLE, NEED, COLUMNS, POPULATION, YEARS, FORM, BEGIN, END, EMAIL),
    (
        columns_in_form("columns", "form"),
        in_order("begin", "end", "The last day comes on or after the first. Choose a later day."),
        not_past("end", "The last day is over already. Choose one that is still to come."),
        not_too_long("begin", "end"),
    ),
)

APPROVAL = Form((*TERMS, REASON, CONDITIONS), (short_name, diversity_with_sensitive))
MODIFICATION = APPROVAL.also(
    Field("granted_columns", "Tables and columns granted", COLUMNS.help, FieldKind.COLUMNS),
    Field("granted_form", "Form of the answer", FORM.help, FieldKind.CHOICE, choices=FORMS, usual=FORM.usual),
    Field("granted_begin", "First day granted", "From when on.", FieldKind.DATE),
    Field("granted_end", "Last day granted", END.help, FieldKind.DATE),
    checks=(
        columns_in_form("granted_columns", "granted_form"),
        in_order("granted_begin", "granted_end", "The last day comes on or after the first. Choose a later day."),
        not_past("granted_end", "The last day is over already. Choose one that is still to come."),
        not_too_long("granted_begin", "granted_end"),
    ),
)
DENIAL = Form((REASON,))
RETURN = Form((Field("missing", "What is missing", "What the applicant has to add or make precise."),))
NOTIFICATION = Form(
    (
        Field(
            "notified_on",
            "Notified on",
            "The day on which the letter was given or sent.",
            FieldKind.DATE,
            not_future=True,
        ),
        Field("notified_how", "How", "By hand, by post, by e-mail, in the console.", FieldKind.LINE),
    )
)
ENDING = Form((Field("end_reason", "Reasons", "Why the grant ends before its last day."),))


def _is_complete(case: Case, known: Known) -> Errors | None:
    errors = read_form(APPLICATION, case.fields, case.documents, known).errors
    return errors or None


def _sensitive_granted(columns: str) -> Rule:
    def broken(case: Case, known: Known) -> Errors | None:
        read: Values = read_form(MODIFICATION.also(COLUMNS), case.fields, {}, known).values
        return sensitive_errors(read.get(columns, {}), read.get("sensitive"), known) or None

    return Rule("Diversity is of sensitive columns that are granted", "protection of de-identified rows", broken)


COMPLETE = Rule("The application states the precise information and the need", SOURCE, _is_complete)

APPLICATIONS = Workflow(
    Kind.APPLICATION,
    "Application for access outside the general levels",
    SOURCE,
    openers=(Role.APPLICANT,),
    states=(
        StateRule(State.DRAFT, "Being written by the applicant; nobody else acts on it.", Role.APPLICANT),
        StateRule(State.SUBMITTED, "In writing with the Superintendent, who decides.", Role.SUPERINTENDENT),
        StateRule(State.RETURNED, "Back with the applicant, to be made complete or precise.", Role.APPLICANT),
        StateRule(State.WITHDRAWN, "Taken back by the applicant before it was decided.", None),
        StateRule(State.APPROVED, "Approved as applied for: the grant holds.", Role.EXECUTIVE_SECRETARY, decided=True),
        StateRule(
            State.MODIFIED, "Approved in another form: that grant holds.", Role.EXECUTIVE_SECRETARY, decided=True
        ),
        StateRule(State.DENIED, "Denied, with reasons.", Role.EXECUTIVE_SECRETARY, decided=True),
        StateRule(State.IN_FORCE, "The applicant was notified in writing; the grant holds.", Role.CALENDAR),
        StateRule(State.EXPIRED, "The grant's last day is over.", None),
        StateRule(State.ENDED, "The Superintendent ended the grant before its last day.", None, decided=True),
        StateRule(State.CLOSED, "Denied, and the applicant was notified in writing.", None),
    ),
    moves=(
        Move(State.DRAFT, Act.SAVE, (Role.APPLICANT,), State.DRAFT, APPLICATION, partial=True),
        Move(State.DRAFT, Act.SUBMIT, (Role.APPLICANT,), State.SUBMITTED, APPLICATION, own=True),
        Move(State.DRAFT, Act.WITHDRAW, (Role.APPLICANT,), State.WITHDRAWN),
        Move(State.SUBMITTED, Act.WITHDRAW, (Role.APPLICANT,), State.WITHDRAWN),
        Move(State.SUBMITTED, Act.RETURN, (Role.SUPERINTENDENT,), State.RETURNED, RETURN, effects=(Effect.LETTER,)),
        Move(State.RETURNED, Act.SAVE, (Role.APPLICANT,), State.RETURNED, APPLICATION, partial=True),
        Move(State.RETURNED, Act.SUBMIT, (Role.APPLICANT,), State.SUBMITTED, APPLICATION, own=True),
        Move(State.RETURNED, Act.WITHDRAW, (Role.APPLICANT,), State.WITHDRAWN),
        Move(
            State.SUBMITTED,
            Act.APPROVE,
            (Role.SUPERINTENDENT,),
            State.APPROVED,
            APPROVAL,
            rules=(COMPLETE, _sensitive_granted("columns")),
            effects=(Effect.GRANT, Effect.LETTER),
        ),
        Move(
            State.SUBMITTED,
            Act.MODIFY,
            (Role.SUPERINTENDENT,),
            State.MODIFIED,
            MODIFICATION,
            rules=(_sensitive_granted("granted_columns"),),
            effects=(Effect.GRANT, Effect.LETTER),
        ),
        Move(State.SUBMITTED, Act.DENY, (Role.SUPERINTENDENT,), State.DENIED, DENIAL, effects=(Effect.LETTER,)),
        *(
            Move(
                decided,
                Act.NOTIFY,
                (Role.EXECUTIVE_SECRETARY, Role.APPLICANT, Role.SUPERINTENDENT),
                notified,
                NOTIFICATION,
            )
            for decided, notified in (
                (State.APPROVED, State.IN_FORCE),
                (State.MODIFIED, State.IN_FORCE),
                (State.DENIED, State.CLOSED),
            )
        ),
        *(
            Move(
                granted, Act.END, (Role.SUPERINTENDENT,), State.ENDED, ENDING, effects=(Effect.END_GRANT, Effect.LETTER)
            )
            for granted in (State.APPROVED, State.MODIFIED, State.IN_FORCE)
        ),
        *(
            Move(granted, Act.EXPIRE, (Role.CALENDAR,), State.EXPIRED)
            for granted in (State.APPROVED, State.MODIFIED, State.IN_FORCE)
        ),
    ),
)
