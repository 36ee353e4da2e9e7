"""A request of the Board of Education for a report.

Policy, "Board of Education": a request for a report needs an instruction of the entire Board, by a vote at a meeting;
a member alone cannot give it (C.G.S. 10-220: the board acts as a body). Analyses go to the Board as a whole.
"""

from __future__ import annotations

from governance.requests.forms import Errors, Field, FieldKind, Form, Known, Values
from governance.requests.granting import REASON
from governance.requests.workflow import Act, Effect, Kind, Move, Role, State, StateRule, Workflow

SOURCE = 'Board policy, "Requests of the Board of Education"; C.G.S. 10-220'
MEMBERS = 25

QUESTION = Field("question", "Report asked for", "What the Board wants to know, as the minutes have it.", least=3)


def _majority(values: Values, _known: Known) -> Errors:
    """That the vote carried."""
    votes_for, votes_against = values.get("votes_for"), values.get("votes_against")
    if votes_for is None or votes_against is None or votes_for > votes_against:
        return {}
    return {"votes_for": "The motion did not carry: there is no instruction of the Board."}


INSTRUCTION = Form(
    (
        QUESTION,
        Field("meeting_date", "Meeting", "At which the Board voted.", FieldKind.DATE, not_future=True),
        Field("votes_for", "Votes for", "As counted.", FieldKind.NUMBER, least=1, most=MEMBERS),
        Field("votes_against", "Votes against", "As counted.", FieldKind.NUMBER, least=0, most=MEMBERS),
        Field("minutes", "Minutes", "Where the vote is recorded: page, or item.", FieldKind.LINE),
        Field("minutes_file", "The minutes", "As PDF. May be left out.", FieldKind.DOCUMENT, required=False),
    ),
    (_majority,),
)
MEMBER_ALONE = Form(
    (
        Field("question", "Report asked for", "In the member's words.", least=3),
        Field("member", "Member", "Who asked.", FieldKind.LINE),
        Field("asked_on", "Asked on", "When.", FieldKind.DATE, not_future=True),
    )
)
DRAFTED = Form(tuple({field.name: field for field in (*MEMBER_ALONE.fields, *INSTRUCTION.fields)}.values()))
REPORT = Form(
    (
        Field("report", "The analysis", "As PDF, at most 10 MB.", FieldKind.DOCUMENT),
        Field(
            "no_student",
            "No student can be identified",
            "The Board is told of nobody who it is.",
            FieldKind.CONFIRMATION,
        ),
    )
)
RELEASE = Form((REASON,))
SENT_BACK = Form((Field("missing", "What is missing", "What the analysis lacks."),))
DENIAL = Form((REASON,))
DELIVERY = Form(
    (
        Field(
            "delivered_on", "Delivered on", "At which meeting, or when it was sent.", FieldKind.DATE, not_future=True
        ),
        Field("delivered_how", "How", "As part of which agenda, or how it was sent.", FieldKind.LINE),
        Field(
            "to_all_members",
            "To the Board as a whole",
            "Every member got the same, at the same time.",
            FieldKind.CONFIRMATION,
        ),
    )
)
OFFICE = (Role.EXECUTIVE_SECRETARY, Role.SUPERINTENDENT)

BOARD_REQUESTS = Workflow(
    Kind.BOARD,
    "Request of the Board of Education",
    SOURCE,
    openers=(Role.EXECUTIVE_SECRETARY,),
    states=(
        StateRule(State.DRAFT, "Being registered.", Role.EXECUTIVE_SECRETARY),
        StateRule(
            State.INSTRUCTED, "The entire Board has asked, by a vote; the analysis is made.", Role.EXECUTIVE_SECRETARY
        ),
        StateRule(State.TURNED_AWAY, "A member asked alone: refused, with the rule.", None),
        StateRule(State.PREPARED, "The analysis is on file, by its hash.", Role.SUPERINTENDENT),
        StateRule(State.RELEASED, "Released to the Board as a whole.", Role.EXECUTIVE_SECRETARY, decided=True),
        StateRule(State.DENIED, "It cannot be answered; the Board is told why.", None, decided=True),
        StateRule(State.DELIVERED, "Delivered to the Board as a whole.", None),
    ),
    moves=(
        Move(State.DRAFT, Act.SAVE, (Role.EXECUTIVE_SECRETARY,), State.DRAFT, DRAFTED, partial=True),
        Move(State.DRAFT, Act.REGISTER, (Role.EXECUTIVE_SECRETARY,), State.INSTRUCTED, INSTRUCTION, own=True),
        Move(
            State.DRAFT,
            Act.TURN_AWAY,
            (Role.EXECUTIVE_SECRETARY,),
            State.TURNED_AWAY,
            MEMBER_ALONE,
            effects=(Effect.LETTER,),
            own=True,
        ),
        Move(State.INSTRUCTED, Act.PREPARE, OFFICE, State.PREPARED, REPORT),
        Move(State.INSTRUCTED, Act.DENY, (Role.SUPERINTENDENT,), State.DENIED, DENIAL, effects=(Effect.LETTER,)),
        Move(State.PREPARED, Act.RETURN, (Role.SUPERINTENDENT,), State.INSTRUCTED, SENT_BACK),
        Move(State.PREPARED, Act.RELEASE, (Role.SUPERINTENDENT,), State.RELEASED, RELEASE, effects=(Effect.LETTER,)),
        Move(State.RELEASED, Act.DELIVER, OFFICE, State.DELIVERED, DELIVERY),
    ),
)
