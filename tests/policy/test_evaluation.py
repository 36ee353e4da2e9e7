"""What form an answer has, whom it identifies, and when the policy says something of its use."""

from __future__ import annotations

import pytest

from governance.catalog import load_catalog
from governance.policy import (
    Allowed,
    AllRows,
    Deidentified,
    OwnRows,
    RowRule,
    form_of_rows,
    identifies_persons,
    ties_outcomes_to_staff,
)
from governance.vocabulary import Capacity, Form

CATALOG = load_catalog()
BY_NAME, AS_NOBODY, OWN = AllRows(), Deidentified(), OwnRows(1)


def allowed(rows: dict[str, RowRule], form: Form = Form.DEIDENTIFIED_ROWS) -> Allowed:
    return Allowed(Capacity.PERSONNEL_OFFICE, form, None, rows)


#           rows                                            form                    by name  beside staff
ANSWERS: list[tuple[dict[str, RowRule], Form, bool, bool]] = [
    ({"student": AS_NOBODY}, Form.DEIDENTIFIED_ROWS, False, False),
    ({"staff": BY_NAME}, Form.SCOPED_ROWS, True, False),
    ({"school": BY_NAME}, Form.SCOPED_ROWS, False, False),
    ({"student": AS_NOBODY, "school": BY_NAME}, Form.DEIDENTIFIED_ROWS, False, False),
    ({"grade": AS_NOBODY, "section_staff": BY_NAME}, Form.DEIDENTIFIED_ROWS, True, True),
    ({"grade": BY_NAME, "section_staff": OWN}, Form.SCOPED_ROWS, True, True),
    ({"grade": AS_NOBODY, "section_staff": AS_NOBODY}, Form.DEIDENTIFIED_ROWS, False, False),
    ({"discipline_action": BY_NAME, "caseload": BY_NAME}, Form.SCOPED_ROWS, True, True),
    ({"student": BY_NAME, "section_staff": BY_NAME}, Form.SCOPED_ROWS, True, False),
    ({}, Form.DEIDENTIFIED_ROWS, False, False),
]


@pytest.mark.parametrize(("rows", "form", "by_name", "beside_staff"), ANSWERS)
def test_an_answer_is_what_its_rows_are(
    rows: dict[str, RowRule], form: Form, by_name: bool, beside_staff: bool
) -> None:
    answer = allowed(rows)
    assert form_of_rows(answer) is form
    assert identifies_persons(answer, CATALOG) is by_name
    assert ties_outcomes_to_staff(answer, CATALOG) is beside_staff
