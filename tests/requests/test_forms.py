"""What is typed into forms: taken as it is, or refused by its field, in words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyterhub.slugs import is_valid_safe_slug

from governance.catalog import ColumnClass, Unit
from governance.requests import WORKFLOWS, Act, Given, Kind, Known, Moved, NotMoved, Reason, Role, step
from governance.requests.applications import APPLICATION, APPROVAL
from governance.requests.board import INSTRUCTION
from governance.requests.declarations import read_declaration, with_catalog
from governance.requests.external_forms import AGREEMENT
from governance.requests.forms import Field, FieldKind, Form
from governance.requests.granting import FORMS, PERSON_KEYS
from governance.requests.new_categories import PROPOSAL
from governance.requests.reading import EMAIL_PATTERN, read_draft, read_form
from governance.vocabulary import STUDY_SESSION
from governance.warehouse.deidentified_release import SECRET_BYTES, Release
from governance.warehouse.deidentified_words import columns_in_form
from tests.requests.filled import DECLARATION, DIGEST, KNOWN, TYPED, Walk, opened


def errors(form: Form, /, **changed: str) -> dict[str, str]:
    """What is wrong with a form that is filled in as it should be, but for these."""
    typed = {name: TYPED[name] for name in form.names if name in TYPED}
    documents = dict.fromkeys(form.documents, DIGEST)
    return dict(read_form(form, {**typed, **changed}, documents, KNOWN).errors)


WRONG: dict[str, tuple[Form, str, str, str]] = {
    "nothing": (APPLICATION, "need", "  \n", "this is needed"),
    "too little": (APPLICATION, "need", "because", "at least 20"),
    "too much": (APPLICATION, "need", "x" * 10_001, "at most 10,000"),
    "two lines": (APPLICATION, "title", "one\ntwo", "one line"),
    "no text": (APPLICATION, "title", "a\x00b", "no text"),
    "half a character": (APPLICATION, "title", "a\ud800b", "no text"),
    "no day": (APPLICATION, "begin", "soon", "2027-06-30"),
    "a day that there is not": (APPLICATION, "begin", "2027-02-30", "2027-06-30"),
    "a day of no year that can be meant": (APPLICATION, "begin", "0026-11-23", "no day of that year"),
    "an end before the begin": (APPLICATION, "end", "2026-11-30", "on or after the first"),
    "an end that is over": (APPLICATION, "end", "2026-11-22", "on or after the first"),
    "a grant for a lifetime": (APPLICATION, "end", "2046-11-23", "10 years at the most"),
    "no table": (APPLICATION, "columns", "pupil: sex", "no table of the name pupil"),
    "no column": (APPLICATION, "columns", "student: shoe_size", "has no column shoe_size. It has student_key"),
    "columns of nothing": (APPLICATION, "columns", "sex", "TABLE: COLUMN"),
    "a table without columns": (APPLICATION, "columns", "student:", "TABLE: COLUMN"),
    "a table for everybody": (APPLICATION, "columns", "course: course_title", "needs no grant"),
    "a name": (APPLICATION, "columns", "student: sex, last_name", "student.last_name is a direct identifier"),
    "what is dropped": (APPLICATION, "columns", "student_demographic: postal_code", "does not exist in de-identified"),
    "what is private of staff": (APPLICATION, "columns", "staff: birth_date", "does not exist in de-identified"),
    "no form of answer": (APPLICATION, "form", "everything", "one of"),
    "no address": (APPLICATION, "email", "rita at example", "name@example.org"),
    "an address with another one": (APPLICATION, "email", "a@b.org,c@d.org", "name@example.org"),
    "a small k": (APPROVAL, "k", "4", "at least 5"),
    "a k that is no number": (APPROVAL, "k", "ten", "a whole number"),
    "a huge k": (APPROVAL, "k", "9" * 9, "at most 1000"),
    "diversity of nothing": (APPROVAL, "diversity", "2", "goes with sensitive columns"),
    "sensitive without diversity": (APPROVAL, "sensitive", "grade.letter_grade", "goes with sensitive columns"),
    "a name that is no name": (APPROVAL, "grant_name", "../x", "lower-case letters"),
    "a name with a line break": (APPROVAL, "grant_name", "a\nb", "lower-case letters"),
    "an agreement signed tomorrow": (AGREEMENT, "signed_on", "2026-11-24", "still to come"),
    "an agreement that ended before": (AGREEMENT, "agreed_until", "2026-11-19", "at least until"),
    "destruction before the end": (AGREEMENT, "destruction_by", "2027-06-29", "at the end of the agreement"),
    "nothing confirmed": (AGREEMENT, "no_identification", "", "this is needed"),
    "confirmed otherwise": (AGREEMENT, "no_identification", "no", "has to be confirmed"),
    "a vote that did not carry": (INSTRUCTION, "votes_for", "2", "did not carry"),
    "a vote of nobody": (INSTRUCTION, "votes_for", "0", "at least 1"),
    "a declaration that is none": (PROPOSAL, "declaration", "hello", "no TOML"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_by_its_field(name: str) -> None:
    form, field, typed, said = WRONG[name]
    assert errors(form) == {}
    found = errors(form, **{field: typed})
    assert said in found[{"diversity": "sensitive"}.get(field, field)], found


def test_an_end_of_yesterday_is_over() -> None:
    assert "over already" in errors(APPLICATION, begin="2026-11-01", end="2026-11-22")["end"]


def test_a_missing_document_is_told() -> None:
    found = read_form(AGREEMENT, TYPED, {}, KNOWN).errors
    assert set(found) == {"agreement"}


def test_every_direct_identifier_of_every_table_is_refused_where_nobody_is_identified() -> None:
    identifiers = [
        (table.name, column.name)
        for table in KNOWN.catalog.tables.values()
        if table.unit in PERSON_KEYS
        for column in table.columns
        if column.class_ is ColumnClass.DIRECT_IDENTIFIER
    ]
    assert len(identifiers) > 10
    for table, column in identifiers:
        assert "direct identifier" in errors(APPLICATION, columns=f"{table}: {column}")["columns"]


def test_columns_that_can_be_granted_are_those_of_the_form() -> None:
    """What the form says can be granted, and what the warehouse shows, are one and the same."""
    for table in (t for t in KNOWN.catalog.tables.values() if t.unit in PERSON_KEYS):
        release = Release(grant="", k=5, secret=bytes(SECRET_BYTES), tables={table.name: table.names})
        shown = {column.name for column in columns_in_form(table, release)}
        for name in table.names:
            granted = not errors(APPLICATION, columns=f"{table.name}: {name}")
            identifies = table.column(name).class_ is ColumnClass.DIRECT_IDENTIFIER
            assert granted == (name in shown and not identifies), (table.name, name)


def test_no_other_table_is_granted_in_either_form() -> None:
    assert set(PERSON_KEYS) == {Unit.STUDENT, Unit.STAFF}
    for table in KNOWN.catalog.tables.values():
        if table.unit not in PERSON_KEYS:
            for form in FORMS:
                found = errors(APPLICATION, columns=f"{table.name}: {table.names[0]}", form=form)
                assert "needs no grant" in found["columns"]


def test_identified_rows_are_of_students_and_may_have_their_names() -> None:
    assert errors(APPLICATION, columns="student: last_name", form="identified rows") == {}
    assert "not about students" in errors(APPLICATION, columns="staff: last_name", form="identified rows")["columns"]


def test_a_grant_is_named_so_that_a_session_can_be() -> None:
    assert errors(APPROVAL, grant_name="a" * 24) == {}
    assert is_valid_safe_slug(STUDY_SESSION + "a" * 24)
    assert not is_valid_safe_slug(STUDY_SESSION + "a" * 25)
    assert "at most 24" in errors(APPROVAL, grant_name="a" * 25)["grant_name"]


SENSITIVE = {
    "not granted": ("grade.letter_grade", "not among the columns that are granted"),
    "not so": ("student.sex", "is not a sensitive column"),
    "no table": ("sex", "not among the columns that are granted"),
}


@pytest.mark.parametrize("name", SENSITIVE)
@pytest.mark.parametrize(("act", "asked"), [(Act.APPROVE, {}), (Act.MODIFY, {"granted_columns": TYPED["columns"]})])
def test_diversity_is_of_sensitive_columns_that_are_granted(name: str, act: Act, asked: dict[str, str]) -> None:
    columns, said = SENSITIVE[name]
    found = Walk(opened(Kind.APPLICATION)).through(Act.SUBMIT).take(act, diversity="2", sensitive=columns, **asked)
    assert isinstance(found, NotMoved) and found.reason is Reason.AGAINST_A_RULE and said in found.errors["sensitive"]


def test_diversity_of_what_is_sensitive_and_granted_is_taken() -> None:
    walk = Walk(opened(Kind.APPLICATION)).through(Act.SUBMIT)
    assert isinstance(walk.take(Act.APPROVE, diversity="2", sensitive="attendance.attendance_event"), Moved)


# --- drafts, and what nobody asked for


@given(st.text(max_size=300))
def test_a_draft_keeps_whatever_was_typed_or_says_why_not(text: str) -> None:
    flow = WORKFLOWS[Kind.APPLICATION]
    case, typed = opened(Kind.APPLICATION), Given({"need": text})
    found = step(flow, case, Act.SAVE, frozenset({Role.APPLICANT}), typed, KNOWN)
    if isinstance(found, Moved):
        assert found.case.fields["need"] == text.replace("\r\n", "\n").replace("\r", "\n").strip()
    else:
        assert set(found.errors) == {"need"}


@given(st.dictionaries(st.sampled_from(APPLICATION.names), st.text(max_size=60)))
def test_whatever_is_typed_is_read_or_told_never_more(typed: dict[str, str]) -> None:
    found = read_form(APPLICATION, typed, {}, KNOWN)
    assert not set(found.errors) - set(APPLICATION.names)
    assert all(isinstance(said, str) and said for said in found.errors.values())


def test_a_step_takes_nothing_that_it_does_not_ask_for() -> None:
    """A draft does not carry the decision in."""
    flow = WORKFLOWS[Kind.APPLICATION]
    for name in ("k", "grant_name", "reason", "granted_columns", "state"):
        found = step(flow, opened(flow.kind), Act.SAVE, frozenset({Role.APPLICANT}), Given({name: "5"}), KNOWN)
        assert isinstance(found, NotMoved) and found.reason is Reason.NOT_ASKED_FOR and set(found.errors) == {name}


def test_too_much_is_too_much_for_a_draft_too() -> None:
    assert "at most" in read_draft(APPLICATION, {"title": "x" * 201})["title"]


def test_a_field_declares_what_it_needs() -> None:
    with pytest.raises(ValueError, match="choose from"):
        Field("a", "A", "", FieldKind.CHOICE)
    with pytest.raises(ValueError, match="bounds"):
        Field("a", "A", "", FieldKind.NUMBER)
    with pytest.raises(ValueError, match="once"):
        Form((Field("a", "A", ""), Field("a", "B", "")))


# --- declarations of new categories

DECLARED: dict[str, tuple[str, str]] = {
    "one that exists": (DECLARATION.replace('"transport"', '"attendance"', 1), "already"),
    "a name of the load's own": (DECLARATION.replace('"transport"', '"quarantine"', 1), "kept for a file"),
    "a register of something new": (
        DECLARATION.replace('bus_route", type = "text"', 'bus_key", type = "key", entity = "bus"'),
        "no table is the register of bus",
    ),
    "a name of a file elsewhere": (DECLARATION.replace('"transport"', '"../transport"', 1), "names are made of"),
    "a name that is SQL": (DECLARATION.replace("bus_route", 'x\\" FROM y --'), "names are made of"),
    "no key of a student": (DECLARATION.replace("student_key", "pupil_key"), "carry student_key"),
    "students among what all see": (DECLARATION.replace('unit = "student"', 'unit = "school"'), "are about students"),
    "no such code set": (DECLARATION.replace('type = "text"', 'type = "code", codes = "nothing"'), "no code set"),
    "an unknown entry": (DECLARATION + "\nvisible = true\n", "unknown entries"),
    "a name that is kept": (
        DECLARATION.replace("bus_route", 'rider", class = "direct identifier", deidentified = "kept unless rare'),
        "never kept",
    ),
    "no columns": ('name = "x"', "columns"),
    "columns that are none": ("columns = 7", "declaration"),
    "a name that is none": (DECLARATION.replace('"transport"', "7", 1), "names are made of"),
    "a period of one day": (DECLARATION.replace(', "end_date"]', "]"), "not a declaration"),
    "a bottomless list": ("columns = " + "[" * 20_000, "not a declaration"),
}  # fmt: skip


@pytest.mark.parametrize("name", DECLARED)
def test_a_declaration_that_the_catalog_cannot_read_is_refused_in_its_words(name: str) -> None:
    text, said = DECLARED[name]
    found = errors(PROPOSAL, declaration=text)
    assert set(found) == {"declaration"}
    assert said in found["declaration"], found


def test_a_category_that_was_added_meanwhile_cannot_be_approved() -> None:
    walk = Walk(opened(Kind.NEW_CATEGORY)).through(Act.SUBMIT)
    declared = read_declaration(DECLARATION, KNOWN.catalog)
    walk.known = Known(KNOWN.today, with_catalog(KNOWN.catalog, (declared,)))
    found = walk.take(Act.APPROVE)
    assert isinstance(found, NotMoved) and "already" in found.errors["declaration"]


def test_a_declaration_is_read_beside_everything_that_exists() -> None:
    declared = read_declaration(DECLARATION, KNOWN.catalog)
    assert set(with_catalog(KNOWN.catalog, (declared,)).tables) == {*KNOWN.catalog.tables, "transport"}


@pytest.mark.parametrize("address", ["a(c)@x.org", "a:b@x.org", "a\\b@x.org", "é@x.org", "a[b]@x.org"])
def test_an_address_has_no_character_that_mail_reads_otherwise(address: str) -> None:
    assert re.fullmatch(EMAIL_PATTERN, "a.b+c@x.org") is not None
    assert re.fullmatch(EMAIL_PATTERN, address) is None
