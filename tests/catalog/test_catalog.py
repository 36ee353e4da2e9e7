"""The declarations, and the dictionary made of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from governance.catalog import Column, ColumnClass, ColumnType, Treatment, Unit, load_catalog
from governance.catalog.declaration import DeclarationError, make_catalog, parse_hierarchies, parse_table
from governance.catalog.generalization import Groups
from governance.dictionary import dictionary_html

CATALOG = load_catalog()
NAMED = """
school school_year calendar_date course section section_staff section_enrollment student student_demographic
guardian enrollment attendance grade transcript assessment_result discipline_incident discipline_action
program_participation caseload service_assignment staff employment staff_assignment credential
"""


def test_the_tables_of_this_stage_are_there() -> None:
    assert sorted(CATALOG.tables) == sorted(NAMED.split())


@pytest.mark.parametrize("table", CATALOG.tables.values(), ids=lambda table: table.name)
def test_registers_come_before_what_refers_to_them(table) -> None:
    names = list(CATALOG.tables)
    owners = CATALOG.owners()
    for column in table.columns:
        if column.entity and owners[column.entity] != table.name:
            assert names.index(owners[column.entity]) < names.index(table.name)


@pytest.mark.parametrize("table", CATALOG.tables.values(), ids=lambda table: table.name)
def test_names_and_numbers_of_people_are_direct_identifiers(table) -> None:
    if table.unit not in (Unit.STUDENT, Unit.STAFF):
        return
    for column in table.columns:
        is_name = column.name.endswith("_name") and column.name != "program_name"
        if is_name or column.name in {"email", "telephone"}:
            assert column.class_ is ColumnClass.DIRECT_IDENTIFIER, column.name


def test_no_spelling_stands_for_two_codes() -> None:
    for codes in CATALOG.code_sets.values():
        for code in codes.codes:
            meant = {codes.spellings()[word.casefold()] for word in (code.code, *code.also)}
            assert meant == {code.code}, codes.name


def test_every_table_column_and_code_is_in_the_dictionary() -> None:
    page = dictionary_html(CATALOG)
    for table in CATALOG.tables.values():
        assert f'id="{table.name}"' in page
        assert all(f"<code>{column.name}</code>" in page for column in table.columns)
    assert all(f"<code>{code.code}</code>" in page for codes in CATALOG.code_sets.values() for code in codes.codes)
    assert all(f'id="hierarchy-{name}"' in page for name in CATALOG.hierarchies)


ABOUT_PEOPLE = [table for table in CATALOG.tables.values() if table.unit in (Unit.STUDENT, Unit.STAFF)]


@pytest.mark.parametrize("table", ABOUT_PEOPLE, ids=lambda table: table.name)
def test_every_quasi_identifier_that_is_a_code_has_a_hierarchy(table) -> None:
    for column in table.columns:
        if column.class_ is ColumnClass.QUASI_IDENTIFIER and column.type is ColumnType.CODE:
            assert column.hierarchy in CATALOG.hierarchies, column.name


@pytest.mark.parametrize("table", ABOUT_PEOPLE, ids=lambda table: table.name)
def test_nothing_that_identifies_is_kept_in_deidentified_rows(table) -> None:
    coarser = {Treatment.GENERALIZED, Treatment.MONTH, Treatment.SHARED_MONTH, Treatment.DROPPED}
    for column in table.columns:
        if column.class_ in (ColumnClass.DIRECT_IDENTIFIER, ColumnClass.PERSONNEL_PRIVATE):
            assert column.deidentified is Treatment.DROPPED, column.name
        if column.class_ is ColumnClass.QUASI_IDENTIFIER:
            assert column.deidentified in coarser, column.name
        if column.type is ColumnType.KEY and column.entity in ("student", "staff"):
            assert column.deidentified is Treatment.CODE, column.name
        if column.type is ColumnType.DATE and column.class_ is not ColumnClass.PERSONNEL_PRIVATE:
            assert column.deidentified in coarser - {Treatment.DROPPED}, column.name


def test_sections_are_known_by_their_course_only() -> None:
    """Who is in which class is known to many: a section would tell a student apart."""
    for table in ABOUT_PEOPLE:
        for column in table.columns:
            if column.entity == "section":
                assert column.deidentified is Treatment.DROPPED or column.hierarchy == "course", table.name


def test_every_hierarchy_is_used_and_names_codes_that_exist() -> None:
    columns = [column for table in CATALOG.tables.values() for column in table.columns]
    assert {column.hierarchy for column in columns if column.hierarchy} == set(CATALOG.hierarchies)
    for column in columns:
        if column.hierarchy and column.codes:
            codes = {code.code for code in CATALOG.code_sets[column.codes].codes}
            groups = [level for level in CATALOG.hierarchies[column.hierarchy].levels if isinstance(level, Groups)]
            assert all(set(values) <= codes for level in groups for _, values in level.groups), column.hierarchy


@pytest.mark.parametrize(
    ("type_", "class_", "treatment"),
    [
        ("text", "direct identifier", Treatment.DROPPED),
        ("text", "quasi-identifier", Treatment.DROPPED),
        ("date", "quasi-identifier", Treatment.MONTH),
        ("date", "plain", Treatment.MONTH),
        ("text", "plain", Treatment.SHARED),
        ("text", "sensitive", Treatment.KEPT),
        ("boolean", "plain", Treatment.KEPT),
        ("integer", "plain", Treatment.KEPT),
        ("number", "sensitive", Treatment.BANDED),
        ("number", "personnel-private", Treatment.DROPPED),
    ],
)
def test_what_becomes_of_a_column_that_does_not_say(type_: str, class_: str, treatment: Treatment) -> None:
    text = GOOD.replace('type = "text"', f'type = "{type_}", class = "{class_}"')
    text = text.replace('unit = "none"', 'unit = "account"')
    assert parse_table(text).column("pet_id").deidentified is treatment


def test_a_column_made_without_a_word_is_dropped() -> None:
    assert Column("pet_id", ColumnType.TEXT, "Its number.").deidentified is Treatment.DROPPED


HIERARCHIES = """
[size]
description = "Size"
source = "pet.pet_id"
finest = "as it is"
levels = [{ words = "small, or not", groups = { small = ["a"] }, rest = "large" }]
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('words = "small, or not"', 'word = "small"'),
        ('rest = "large"', 'rest = "large", colour = "red"'),
        ("groups = { small", "kinds = { small"),
        ('groups = { small = ["a"] }', 'groups = { small = ["a"], tiny = ["A"] }'),
        ('finest = "as it is"', ""),
        ('finest = "as it is"', 'finest = "as it is"\nweight = 0'),
        ('finest = "as it is"', 'finest = "as it is"\nowner = "me"'),
        ('source = "pet.pet_id"', 'source = "pet"'),
        ('groups = { small = ["a"] }, rest = "large"', "bands = [3, 1]"),
        ('groups = { small = ["a"] }, rest = "large"', 'below = 1.5, rest = "large"'),
        (
            '[{ words = "small, or not", groups = { small = ["a"] }, rest = "large" }]',
            '[{ words = "a", bands = [0, 4] }, { words = "b", bands = [0, 3] }]',
        ),
    ],
)
def test_a_hierarchy_that_says_something_unknown_is_refused(old: str, new: str) -> None:
    assert old in HIERARCHIES
    with pytest.raises(DeclarationError):
        parse_hierarchies(HIERARCHIES.replace(old, new))


@pytest.mark.parametrize(
    "entries",
    [
        'hierarchy = "colour"',
        'deidentified = "kept where shared", hierarchy = "size"',
        'class = "quasi-identifier", deidentified = "kept unless rare"',
        'class = "direct identifier", deidentified = "kept where shared"',
        'deidentified = "generalized"',
        'deidentified = "kept unless rare", hierarchy = "size"',
        'deidentified = "banded"',
        'deidentified = "scrambled"',
        'within = ["pet_id"]',
    ],
)
def test_a_treatment_that_would_reveal_or_means_nothing_is_refused(entries: str) -> None:
    with pytest.raises((DeclarationError, ValueError)):
        table = parse_table(GOOD.replace('type = "text"', f'type = "text", {entries}'))
        make_catalog([table], {}, parse_hierarchies(HIERARCHIES))


GOOD = """
name = "pet"
category = "student"
unit = "none"
description = "A pet."
key = ["pet_id"]
columns = [{ name = "pet_id", type = "text", description = "Its number." }]
"""


def test_a_declaration_is_read() -> None:
    assert parse_table(GOOD).names == ("pet_id",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('unit = "none"', 'unit = "planet"'),
        ('unit = "none"', 'unit = "student"'),
        ('key = ["pet_id"]', 'key = ["other"]'),
        ('key = ["pet_id"]', "key = []"),
        ('type = "text"', 'type = "key"'),
        ('type = "text"', 'type = "code"'),
        ('type = "text"', 'type = "text", class = "secret"'),
        ('type = "text"', 'type = "text", colour = "red"'),
        ('description = "A pet."', 'description = "A pet."\nowner = "me"'),
        ('description = "A pet."', ""),
        ('"text"', '"text", class = "sensitive"'),
        ("columns = [", 'columns = [{ name = "student_key", type = "key", entity = "student", description = "x" }, '),
        ("columns = [", 'columns = [{ name = "staff_key", type = "key", entity = "staff", description = "x" }, '),
    ],
)
def test_a_declaration_that_says_something_unknown_is_refused(old: str, new: str) -> None:
    with pytest.raises(DeclarationError):
        parse_table(GOOD.replace(old, new))


def test_an_entity_has_one_register() -> None:
    """A second one would give the same things keys of its own, and no load would ever pass."""
    student = CATALOG.tables["student"]
    second = replace(student, name="pupil")
    with pytest.raises(DeclarationError, match="is the register of student"):
        make_catalog([*CATALOG.tables.values(), second], dict(CATALOG.code_sets), dict(CATALOG.hierarchies))
    assert second.owns == "student" and replace(second, added=True).owns is None
