"""The catalog as an office, or a study, is answered from it: what a question is parsed against."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from governance.catalog import ColumnType, load_catalog
from governance.gateway.forms import catalog_in_form, words_of_form
from governance.vocabulary import AccessLevel, Asker, Capacity, Grant, Identity, Person
from governance.warehouse.user_sql import UnknownTables, parse_user_sql

CATALOG = load_catalog()
TODAY = date(2026, 11, 23)
TABLES = {"student": ("student_key", "sex"), "attendance": ("student_key", "attendance_date")}


def office(capacity: Capacity) -> Asker:
    return Asker(Identity("alice", capacity.server), Person("alice"), (AccessLevel("alice", capacity, TODAY),))


def study() -> Asker:
    grant = Grant("reading", "alice", TABLES, TODAY, TODAY + timedelta(days=30), snapshot="a snapshot")
    return Asker(Identity("alice", "study-reading"), Person("alice"), (), (grant,))


@pytest.mark.parametrize("table", ["enrollment", "guardian", "caseload"])
def test_a_study_of_identified_rows_may_be_without_the_register_of_students(table: str) -> None:
    grant = replace(study().grants[0], tables={table: ("student_key",)}, identified=True, request=1)
    form = catalog_in_form(replace(study(), grants=(grant,)), CATALOG, TODAY)
    assert form.tables[table].names == ("student_key",) and "student" not in form.tables


def test_every_column_means_the_columns_of_the_form() -> None:
    """`SELECT *`: what is dropped is not there to be named."""
    text = "SELECT * FROM caseload JOIN student USING (student_key)"
    parsed = parse_user_sql(text, catalog_in_form(office(Capacity.CURRICULUM_OFFICE), CATALOG, TODAY))
    assert set(parsed.columns["student"]) == {"student_key", "birth_date", "sex"}
    parsed = parse_user_sql("SELECT * FROM attendance", catalog_in_form(study(), CATALOG, TODAY))
    assert parsed.columns == {"attendance": ("student_key", "attendance_date")}


@pytest.mark.parametrize(
    ("asker", "table"),
    [
        (office(Capacity.CURRICULUM_OFFICE), "discipline_action"),
        (study(), "enrollment"),
        (study(), "staff"),
    ],
    ids=["not the office's", "not granted", "of staff"],
)
def test_a_table_that_is_not_in_the_form_does_not_exist(asker: Asker, table: str) -> None:
    with pytest.raises(UnknownTables):
        parse_user_sql(f"SELECT * FROM {table}", catalog_in_form(asker, CATALOG, TODAY))


def test_what_is_spelled_is_a_text_and_staff_are_codes_but_for_their_own_office() -> None:
    forms = {each: catalog_in_form(office(each), CATALOG, TODAY) for each in (Capacity.CURRICULUM_OFFICE,
                                                                              Capacity.PERSONNEL_OFFICE)}  # fmt: skip
    for capacity, code in ((Capacity.CURRICULUM_OFFICE, ColumnType.TEXT), (Capacity.PERSONNEL_OFFICE, ColumnType.KEY)):
        tables = forms[capacity].tables
        assert tables["attendance"].column("attendance_date").type is ColumnType.TEXT
        assert tables["student"].column("student_key").type is ColumnType.TEXT
        assert tables["staff"].column("staff_key").type is code
    assert "last_name" in forms[Capacity.PERSONNEL_OFFICE].tables["staff"].names
    assert forms[Capacity.CURRICULUM_OFFICE].tables["staff"].names == ("staff_key",)


def test_words_are_said_of_what_is_not_as_it_is() -> None:
    assert words_of_form("school", office(Capacity.CURRICULUM_OFFICE), TODAY, CATALOG) is None
    said = words_of_form("student", office(Capacity.CURRICULUM_OFFICE), TODAY, CATALOG)
    assert said is not None and said["last_name"].startswith("dropped")
    assert words_of_form("student", office(Capacity.SUPERINTENDENT), TODAY, CATALOG) is None
