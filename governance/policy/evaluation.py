"""What form an answer has, by the rows it is made of; whom it identifies; and what the policy says of its use."""

from __future__ import annotations

from governance.catalog import Catalog, Category, Unit
from governance.policy.decision import Allowed, Deidentified
from governance.vocabulary import Form

OUTCOMES = (Category.ACHIEVEMENT, Category.ATTENDANCE, Category.DISCIPLINE)
ABOUT_NOBODY = (Unit.NONE, Unit.SCHOOL)


def form_of_rows(allowed: Allowed) -> Form:
    """De-identified if any of the rows are: others beside them may still be by name (`identifies_persons`)."""
    if not allowed.rows:
        return allowed.form
    is_deidentified = any(isinstance(rule, Deidentified) for rule in allowed.rows.values())
    return Form.DEIDENTIFIED_ROWS if is_deidentified else Form.SCOPED_ROWS


def identifies_persons(allowed: Allowed, catalog: Catalog) -> bool:
    """Whether some of the rows are about persons who are not made unrecognizable."""
    return any(
        catalog.tables[name].unit not in ABOUT_NOBODY
        for name, rule in allowed.rows.items()
        if not isinstance(rule, Deidentified)
    )


def ties_outcomes_to_staff(allowed: Allowed, catalog: Catalog) -> bool:
    """Whether the answer may tie students' outcomes to staff by name: which the Board's policy never lets be the sole
    or primary portion of an evaluation."""
    tables = [catalog.tables[name] for name in allowed.rows]
    outcomes = any(table.unit is Unit.STUDENT and table.category in OUTCOMES for table in tables)
    return outcomes and any(
        "staff_key" in table.names and not isinstance(allowed.rows[table.name], Deidentified) for table in tables
    )
