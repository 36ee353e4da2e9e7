"""A request under Connecticut's Freedom of Information Act.

C.G.S. 1-206(a): a denial is made in writing within four business days of the request; no answer in that time is a
denial. 1-210(b)(17) exempts education records that FERPA protects. Policy: such a request is forwarded to the
Superintendent, and answered only to the extent that the law requires, without personally identifiable student
information.
"""

from __future__ import annotations

from governance.requests.applications import NOTIFICATION
from governance.requests.forms import Errors, Field, FieldKind, Form, Known
from governance.requests.granting import EMAIL
from governance.requests.uploads import MediaType
from governance.requests.workflow import Act, Case, Effect, Kind, Move, Role, Rule, State, StateRule, Workflow

SOURCE = 'Board policy, "Freedom of Information"; C.G.S. 1-206(a), 1-210(b)(17)'

RECEIVED_ON = Field(
    "received_on",
    "Received on",
    "The four business days run from here, on whatever day it is registered.",
    FieldKind.DATE,
    not_future=True,
)
REGISTRATION = Form(
    (
        Field("requester", "Requester", "Who asks. Nobody has to say why.", FieldKind.LINE),
        RECEIVED_ON,
        Field("request", "Request", "What is asked for, in the requester's words."),
        Field("address", "Address", "Where the answer goes.", required=False),
        EMAIL,
    )
)
WRITTEN = (MediaType.PDF, MediaType.PLAIN_TEXT)
CHECKING = Form(
    (
        Field(
            "prepared", "What would be released", "As PDF, or as plain text.", FieldKind.DOCUMENT, media_types=WRITTEN
        ),
        Field("checked_how", "How it was checked", "Who read it, and for what."),
        Field(
            "no_student",
            "No student can be identified",
            "It holds no personally identifiable student information (34 CFR 99.3).",
            FieldKind.CONFIRMATION,
        ),
    )
)
RELEASE = Form(
    (
        Field("extent", "Extent", "What is released, as far as the law requires it, and what is not.", least=3),
        Field("exemptions", "Exemptions", "Under which exemptions the rest is kept.", required=False),
        Field(
            "no_student_released",
            "No student can be identified",
            "What is released holds no personally identifiable student information.",
            FieldKind.CONFIRMATION,
        ),
    )
)
REFUSAL = Form(
    (
        Field("exemptions", "Exemptions", "Under which provision it is denied, such as 1-210(b)(17)."),
        Field("reason", "Reasons", "Part of the letter.", least=3),
    )
)


def _is_checked(case: Case, _known: Known) -> Errors | None:
    return None if case.documents.get("prepared") else {"prepared": "Nothing was checked for release."}


CHECKED_FIRST = Rule("What is released was checked for student information before", SOURCE, _is_checked)
OFFICE = (Role.EXECUTIVE_SECRETARY, Role.SUPERINTENDENT)

FREEDOM_OF_INFORMATION = Workflow(
    Kind.FREEDOM_OF_INFORMATION,
    "Freedom of Information request",
    SOURCE,
    openers=(Role.EXECUTIVE_SECRETARY,),
    states=(
        StateRule(State.DRAFT, "Being registered.", Role.EXECUTIVE_SECRETARY),
        StateRule(
            State.REGISTERED, "Registered; the four business days run. To be forwarded.", Role.EXECUTIVE_SECRETARY
        ),
        StateRule(State.FORWARDED, "With the Superintendent.", Role.SUPERINTENDENT),
        StateRule(State.CHECKED, "What would be released holds no student information.", Role.SUPERINTENDENT),
        StateRule(State.RELEASED, "Released as far as the law requires.", Role.EXECUTIVE_SECRETARY, decided=True),
        StateRule(State.DENIED, "Denied in writing, under an exemption.", Role.EXECUTIVE_SECRETARY, decided=True),
        StateRule(State.WITHDRAWN, "The requester took it back.", None),
        StateRule(State.CLOSED, "The requester was answered in writing.", None),
    ),
    moves=(
        Move(State.DRAFT, Act.SAVE, (Role.EXECUTIVE_SECRETARY,), State.DRAFT, REGISTRATION, partial=True),
        Move(State.DRAFT, Act.REGISTER, (Role.EXECUTIVE_SECRETARY,), State.REGISTERED, REGISTRATION, own=True),
        Move(State.REGISTERED, Act.FORWARD, (Role.EXECUTIVE_SECRETARY,), State.FORWARDED),
        Move(
            State.FORWARDED,
            Act.CHECK,
            (Role.REVIEWER, Role.EXECUTIVE_SECRETARY),
            State.CHECKED,
            CHECKING,
        ),
        Move(
            State.CHECKED,
            Act.RELEASE,
            (Role.SUPERINTENDENT,),
            State.RELEASED,
            RELEASE,
            rules=(CHECKED_FIRST,),
            effects=(Effect.LETTER,),
        ),
        *(
            move
            for waiting in (State.FORWARDED, State.CHECKED)
            for move in (
                Move(waiting, Act.DENY, (Role.SUPERINTENDENT,), State.DENIED, REFUSAL, effects=(Effect.LETTER,)),
                Move(waiting, Act.WITHDRAW, OFFICE, State.WITHDRAWN),
            )
        ),
        Move(State.REGISTERED, Act.WITHDRAW, OFFICE, State.WITHDRAWN),
        Move(State.RELEASED, Act.NOTIFY, OFFICE, State.CLOSED, NOTIFICATION),
        Move(State.DENIED, Act.NOTIFY, OFFICE, State.CLOSED, NOTIFICATION),
    ),
)
