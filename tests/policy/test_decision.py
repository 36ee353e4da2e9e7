"""Every capacity, every table: who may, in which form, with which rows; and what everybody else is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.catalog import Table, Unit, load_catalog
from governance.policy import (
    CAPACITIES,
    Allowed,
    AllRows,
    Decision,
    Deidentified,
    OwnRows,
    Refusal,
    Refused,
    RowRule,
    RowsOfStudents,
    decide,
)
from governance.vocabulary import AccessLevel, Asker, Capacity, Employment, Form, Grant, Identity, Person

CATALOG = load_catalog()
TODAY = date(2026, 11, 23)
SEES_ALL = {Capacity.SUPERINTENDENT, Capacity.EXECUTIVE_SECRETARY}
SEES_SOME = {
    *(Capacity.TEACHER, Capacity.COUNSELOR, Capacity.SUPPORT_SERVICES, Capacity.PRINCIPAL),
    Capacity.SPECIAL_EDUCATION_OFFICE,
}
OFFICES = {Capacity.PERSONNEL_OFFICE, Capacity.BUDGET_OFFICE, Capacity.CURRICULUM_OFFICE}

# What a central office is told of students, in a form that identifies no one.
TOLD = {
    Capacity.PERSONNEL_OFFICE: {"student", "enrollment", "attendance", "achievement"},
    Capacity.BUDGET_OFFICE: {"student", "enrollment", "program"},
    Capacity.CURRICULUM_OFFICE: {"student", "enrollment", "attendance", "achievement", "program"},
}


def asker(capacity: Capacity, *levels: AccessLevel, staff_key: int | None = 7, server: str | None = None) -> Asker:
    held = levels or (AccessLevel("alice", capacity, TODAY),)
    identity = Identity("alice", capacity.server if server is None else server)
    return Asker(identity, Person("alice", staff_key), held, employment=Employment.EMPLOYED)


def test_every_capacity_has_its_rule_and_its_place_in_these_tests() -> None:
    assert (
        set(CAPACITIES)
        == set(Capacity)
        == SEES_ALL | SEES_SOME | OFFICES | {Capacity.STUDY, Capacity.REVIEWER, Capacity.OPERATOR}
    )


@pytest.mark.parametrize("table", CATALOG.tables.values(), ids=lambda table: table.name)
@pytest.mark.parametrize("capacity", Capacity)
def test_what_each_capacity_sees_of_each_table(capacity: Capacity, table) -> None:
    decision = decide(asker(capacity), [table.name], CATALOG, TODAY)
    if capacity in SEES_ALL:
        audience = f"person:alice:{capacity.value}"
        assert decision == Allowed(capacity, Form.SCOPED_ROWS, 7, {table.name: AllRows()}, audience)
    elif capacity in SEES_SOME:
        assert isinstance(decision, Allowed)
        rule = decision.rows[table.name]
        expected = {Unit.STUDENT: RowsOfStudents, Unit.STAFF: OwnRows, Unit.SCHOOL: AllRows, Unit.NONE: AllRows}
        assert isinstance(rule, expected[table.unit])
        assert rule == OwnRows(7) or table.unit is not Unit.STAFF
    elif capacity in OFFICES:
        assert decision == office_decision(capacity, table)
    elif capacity is Capacity.STUDY:
        assert decision == Refused(Refusal.NO_GRANT)
    else:
        assert decision == Refused(Refusal.NO_DATA_IN_THIS_CAPACITY)


def office_decision(capacity: Capacity, table: Table) -> Decision:
    """Personnel's own data are shown to the personnel office in full; to the others, staff are codes."""
    rule: RowRule = AllRows()
    if table.unit is Unit.STUDENT or (table.unit is Unit.STAFF and capacity is not Capacity.PERSONNEL_OFFICE):
        rule = Deidentified()
    if table.unit is Unit.STUDENT and table.category.value not in TOLD[capacity]:
        return Refused(Refusal.UNKNOWN_TABLE)
    return Allowed(capacity, Form.DEIDENTIFIED_ROWS, 7, {table.name: rule}, f"office:{capacity.value}")


GRANT = Grant("reading", "alice", {"student": ("student_key", "sex")}, TODAY, TODAY + timedelta(days=30),
              snapshot="a snapshot")  # fmt: skip


def study(grant: Grant, server: str = "study-reading") -> Asker:
    return Asker(Identity("alice", server), Person("alice"), (), (grant,))


def test_a_study_has_the_columns_of_its_grant_and_what_everybody_may_know_of_schools() -> None:
    decision = decide(study(GRANT), ["student", "school"], CATALOG, TODAY)
    rows = {"student": Deidentified(("student_key", "sex")), "school": AllRows()}
    assert decision == Allowed(Capacity.STUDY, Form.DEIDENTIFIED_ROWS, None, rows, "study:reading", GRANT)


@pytest.mark.parametrize("table", [name for name, t in CATALOG.tables.items() if t.unit in (Unit.STUDENT, Unit.STAFF)])
def test_what_the_grant_does_not_name_does_not_exist_for_the_study(table: str) -> None:
    if table not in GRANT.tables:
        assert decide(study(GRANT), [table], CATALOG, TODAY) == Refused(Refusal.UNKNOWN_TABLE)


@pytest.mark.parametrize(
    "asker_of_a_study",
    [
        study(replace(GRANT, begin_date=TODAY + timedelta(days=1))),
        study(replace(GRANT, begin_date=date(2020, 1, 1), end_date=TODAY - timedelta(days=1))),
        study(replace(GRANT, username="bob")),
        study(GRANT, server="study-writing"),
        study(GRANT, server="study"),
    ],
    ids=["begins tomorrow", "ended yesterday", "another's", "another name", "no name"],
)
def test_a_study_without_a_grant_of_its_own_today_has_nothing(asker_of_a_study: Asker) -> None:
    for tables in ([], ["school"], ["student"]):
        assert decide(asker_of_a_study, tables, CATALOG, TODAY) == Refused(Refusal.NO_GRANT)


def test_a_grant_that_names_no_snapshot_is_not_answered() -> None:
    for tables in ([], ["school"], ["student"]):
        decision = decide(study(replace(GRANT, snapshot=None)), tables, CATALOG, TODAY)
        assert decision == Refused(Refusal.NO_SNAPSHOT_GRANTED)


@pytest.mark.parametrize("capacity", sorted(set(Capacity) - {Capacity.STUDY}))
@pytest.mark.parametrize(
    "level",
    [
        AccessLevel("alice", Capacity.REVIEWER, TODAY),
        AccessLevel("alice", Capacity.TEACHER, TODAY + timedelta(days=1)),
        AccessLevel("alice", Capacity.TEACHER, date(2020, 1, 1), TODAY - timedelta(days=1)),
    ],
    ids=["another capacity", "begins tomorrow", "ended yesterday"],
)
def test_without_a_level_held_today_there_is_nothing(capacity: Capacity, level: AccessLevel) -> None:
    if capacity is not level.capacity or not level.is_current(TODAY):
        assert decide(asker(capacity, level), ["school"], CATALOG, TODAY) == Refused(Refusal.LEVEL_NOT_HELD)


def test_a_level_holds_through_its_last_day() -> None:
    level = AccessLevel("alice", Capacity.TEACHER, date(2020, 1, 1), TODAY)
    assert isinstance(decide(asker(Capacity.TEACHER, level), ["student"], CATALOG, TODAY), Allowed)


@given(server=st.text(max_size=30))
def test_a_session_of_any_other_name_is_no_capacity(server: str) -> None:
    known = {capacity.server for capacity in Capacity}
    if server not in known and not server.startswith("study-"):
        decision = decide(asker(Capacity.TEACHER, server=server), ["student"], CATALOG, TODAY)
        assert decision == Refused(Refusal.UNKNOWN_CAPACITY)


@given(table=st.text(max_size=30))
def test_an_unknown_table_is_refused_whatever_else_is_asked_for(table: str) -> None:
    if table not in CATALOG.tables:
        decision = decide(asker(Capacity.SUPERINTENDENT), ["student", table], CATALOG, TODAY)
        assert decision == Refused(Refusal.UNKNOWN_TABLE)


def test_who_is_not_registered_is_refused() -> None:
    nobody = Asker(Identity("mallory", "superintendent"), None)
    assert decide(nobody, [], CATALOG, TODAY) == Refused(Refusal.UNKNOWN_PERSON)


@pytest.mark.parametrize("capacity", SEES_SOME - {Capacity.SPECIAL_EDUCATION_OFFICE})
def test_without_a_staff_record_no_student_can_be_mine(capacity: Capacity) -> None:
    assert decide(asker(capacity, staff_key=None), ["student"], CATALOG, TODAY) == Refused(Refusal.NO_STAFF_RECORD)


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_says_what_which_rule_and_what_next(refusal: Refusal) -> None:
    assert all(text.endswith(".") for text in (refusal.message, refusal.rule, refusal.next_step))
