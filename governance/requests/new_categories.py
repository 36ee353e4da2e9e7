"""New categories of data, at the Superintendent's direction.

Policy: categories of data are added at the direction of the Superintendent. A category is proposed as the declaration
of a table, read by the catalog's own loader, and visible to nobody until a level or a grant names it.
"""

from __future__ import annotations

from governance.requests.forms import Errors, Field, FieldKind, Form, Known
from governance.requests.granting import CONDITIONS, REASON
from governance.requests.reading import read_form
from governance.requests.workflow import Act, Case, Effect, Kind, Move, Role, Rule, State, StateRule, Workflow

SOURCE = 'Board policy, "Categories of data"'

PROPOSAL = Form(
    (
        Field("title", "Title", "What the category is called.", FieldKind.LINE),
        Field("need", "What it is for", "Who needs it, and why the district keeps it.", least=20),
        Field("data_source", "Source", "Which system it comes from, and how often.", FieldKind.LINE),
        Field(
            "declaration",
            "Declaration",
            "The table in the catalog's own form (TOML): name, category, unit, key, columns and their classes.",
            FieldKind.DECLARATION,
            most=100_000,
        ),
    )
)
APPROVAL = Form((REASON, CONDITIONS))
DENIAL = Form((REASON,))
SENT_BACK = Form((Field("missing", "What is missing", "What has to be changed."),))


def _still_fits(case: Case, known: Known) -> Errors | None:
    return read_form(PROPOSAL, case.fields, case.documents, known).errors or None


FITS = Rule("The declaration is read by the catalog's own loader, beside everything that exists", SOURCE, _still_fits)
PROPOSERS = (Role.APPLICANT, Role.OPERATOR)

NEW_CATEGORIES = Workflow(
    Kind.NEW_CATEGORY,
    "New category of data",
    SOURCE,
    openers=(Role.OPERATOR, Role.EXECUTIVE_SECRETARY),
    states=(
        StateRule(State.DRAFT, "Being written.", Role.OPERATOR),
        StateRule(State.SUBMITTED, "Proposed; the Superintendent decides.", Role.SUPERINTENDENT),
        StateRule(State.RETURNED, "Back with whoever proposed it.", Role.OPERATOR),
        StateRule(
            State.APPROVED,
            "Part of the catalog: it can be loaded, and is seen by nobody until a level or a grant names it.",
            None,
            decided=True,
        ),
        StateRule(State.DENIED, "Not added.", None, decided=True),
        StateRule(State.WITHDRAWN, "Taken back before it was decided.", None),
    ),
    moves=(
        Move(State.DRAFT, Act.SAVE, PROPOSERS, State.DRAFT, PROPOSAL, partial=True),
        Move(State.DRAFT, Act.SUBMIT, PROPOSERS, State.SUBMITTED, PROPOSAL, own=True),
        Move(State.DRAFT, Act.WITHDRAW, PROPOSERS, State.WITHDRAWN),
        Move(State.SUBMITTED, Act.RETURN, (Role.SUPERINTENDENT,), State.RETURNED, SENT_BACK),
        Move(State.RETURNED, Act.SAVE, PROPOSERS, State.RETURNED, PROPOSAL, partial=True),
        Move(State.RETURNED, Act.SUBMIT, PROPOSERS, State.SUBMITTED, PROPOSAL, own=True),
        Move(State.RETURNED, Act.WITHDRAW, PROPOSERS, State.WITHDRAWN),
        Move(State.SUBMITTED, Act.WITHDRAW, PROPOSERS, State.WITHDRAWN),
        Move(
            State.SUBMITTED,
            Act.APPROVE,
            (Role.SUPERINTENDENT,),
            State.APPROVED,
            APPROVAL,
            rules=(FITS,),
            effects=(Effect.DECLARE,),
        ),
        Move(State.SUBMITTED, Act.DENY, (Role.SUPERINTENDENT,), State.DENIED, DENIAL),
    ),
)
