"""`dbims study`, as an operator types it: what is granted, what is refused and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from jupyterhub.slugs import is_valid_safe_slug
from typer.testing import CliRunner

from governance.audit import Event
from governance.catalog import ColumnClass, Unit, load_catalog
from governance.cli import app
from governance.cli.console import OPERATOR
from governance.cli.studies import PERSON_KEYS, granted_tables
from governance.ledger import Ledger
from governance.vocabulary import DateDetail, Grant

TODAY = date(2026, 11, 23)
CATALOG = load_catalog()
SNAPSHOT = "20261123T080000Z-abc123"
COLUMNS = ("--columns", "student=sex,birth_date", "--columns", "attendance=attendance_date,attendance_event")


def dbims(state: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--state", str(state)])


def grant(state: Path, name: str = "reading", columns: Sequence[str] = COLUMNS, *more: str) -> Result:
    end = () if "--end" in (*columns, *more) else ("--end", "2027-06-30")
    return dbims(state, "study", "grant", name, "--username", "rita", *columns, *end, *more)


def grants(state: Path) -> tuple[Grant, ...]:
    with closing(Ledger.open_existing(state / "ledger")) as ledger:
        return ledger.studies.all_grants()


def events(state: Path) -> list[tuple[str, str]]:
    with closing(Ledger.open_existing(state / "ledger")) as ledger:
        return [(entry.event, entry.actor) for entry in ledger.entries()]


def words(result: Result) -> str:
    """What was printed, whatever the width of the lines."""
    return " ".join(result.output.split())


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "dbims.toml").write_text(f"today = {TODAY}\n")
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        ledger.add_person("op", "rita", None, None)
    promote(tmp_path, SNAPSHOT)
    return tmp_path


def promote(state: Path, snapshot: str) -> None:
    """As far as a grant looks at it."""
    (state / "warehouse" / "snapshots" / snapshot).mkdir(parents=True)
    (state / "warehouse" / "CURRENT").write_text(f"{snapshot}\n")


def test_a_grant_is_of_the_snapshot_that_is_current_when_it_is_given(state: Path) -> None:
    assert SNAPSHOT in words(grant(state))
    promote(state, "20270101T000000Z-def456")
    assert "20270101T000000Z-def456" in words(grant(state, "later"))
    assert [given.snapshot for given in grants(state)] == ["20270101T000000Z-def456", SNAPSHOT]
    assert SNAPSHOT[:8] in dbims(state, "study", "grants").output


def cells(output: str) -> list[str]:
    """The cells of the only row of a printed table, put together again from its lines, without spaces."""
    lines = [line.strip("│").split("│") for line in output.splitlines() if line.startswith("│")]
    return ["".join("".join(parts).split()) for parts in zip(*lines, strict=True)]


def test_what_was_granted_can_be_read_in_full_on_a_narrow_terminal(state: Path) -> None:
    assert grant(state).exit_code == 0
    given = cells(dbims(state, "study", "grants").output)
    assert given[2] == "student:student_key,sex,birth_dateattendance:student_key,attendance_date,attendance_event"
    assert given[4:] == [f"{TODAY}through2027-06-30", SNAPSHOT]


def test_nothing_is_granted_before_there_are_data(state: Path) -> None:
    (state / "warehouse" / "CURRENT").unlink()
    before = events(state)
    result = grant(state)
    assert (result.exit_code, grants(state), events(state)) == (2, (), before)
    assert "There is no data yet" in words(result) and "dbims load" in words(result)


def test_a_second_grant_of_one_person_is_given_with_a_warning(state: Path) -> None:
    assert "warning" not in words(grant(state))
    assert "warning: rita has other grants too (reading)." in words(grant(state, "writing"))
    for name in ("reading", "writing"):
        dbims(state, "study", "end", name)
    assert "warning" not in words(grant(state, "algebra"))


def test_a_grant_that_is_over_is_not_warned_of(state: Path) -> None:
    grant(state, "reading", COLUMNS, "--begin", "2026-01-01", "--end", "2026-11-22")
    assert "warning" not in words(grant(state, "writing"))


def test_a_grant_kept_before_grants_named_a_snapshot_is_listed_with_what_to_do(state: Path) -> None:
    with closing(Ledger.open_existing(state / "ledger")) as ledger:
        ledger.studies.grant_study("op", Grant("old", "rita", {"student": ("student_key",)}, TODAY, TODAY))
    assert listed(state)[0]["snapshot"] is None
    assert "anew" in words(dbims(state, "study", "grants"))


def test_a_grant_is_kept_as_it_was_typed_and_recorded(state: Path) -> None:
    protection = ("--k", "12", "--diversity", "2", "--sensitive", "attendance.attendance_event", "--dates", "week")
    result = grant(state, "reading", COLUMNS, *protection, "--begin", "2026-12-01")
    assert result.exit_code == 0, result.output
    tables = {
        "student": ("student_key", "sex", "birth_date"),
        "attendance": ("student_key", "attendance_date", "attendance_event"),
    }
    guarded = ("attendance.attendance_event",)
    begin, end = date(2026, 12, 1), date(2027, 6, 30)
    assert grants(state) == (Grant("reading", "rita", tables, begin, end, 12, 2, guarded, DateDetail.WEEK, SNAPSHOT),)
    assert events(state)[-1] == (Event.STUDY_GRANTED, OPERATOR)


def test_a_grant_begins_on_the_districts_day_with_k_10_unless_it_says_otherwise(state: Path) -> None:
    assert grant(state).exit_code == 0
    [given] = grants(state)
    assert (given.begin_date, given.k, given.diversity, given.dates) == (TODAY, 10, 1, DateDetail.MONTH)


def test_columns_of_one_table_may_be_named_in_pieces_and_the_key_too(state: Path) -> None:
    columns = ("--columns", "student=sex", "--columns", "student=student_key, birth_date,sex")
    assert grant(state, "reading", columns).exit_code == 0
    assert grants(state)[0].tables == {"student": ("student_key", "sex", "birth_date")}


def test_tables_about_staff_are_granted_with_the_key_of_staff() -> None:
    assert granted_tables(["staff_assignment=position_title"], CATALOG) == {
        "staff_assignment": ("staff_key", "position_title")
    }


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "no such table": (("--columns", "pupil=sex"), "There is no table 'pupil'"),
    "a table for everybody": (("--columns", "course=course_title"), "not about students or staff"),
    "a table of schools": (("--columns", "school=town"), "needs no grant"),
    "no such column": (("--columns", "student=shoe_size"), "has no column 'shoe_size'. It has student_key"),
    "no column": (("--columns", "student="), "has no column ''"),
    "no table": (("--columns", "sex"), "TABLE=COLUMN"),
    "a name": (("--columns", "student=sex,last_name"), "student.last_name is a direct identifier"),
    "what is dropped": (("--columns", "student_demographic=postal_code"), "does not exist in de-identified rows"),
    "what is private of staff": (("--columns", "staff=birth_date"), "does not exist in de-identified rows"),
    "small k": ((*COLUMNS, "--k", "4"), "k of at least 5"),
    "no diversity at all": ((*COLUMNS, "--diversity", "0"), "diversity of at least 1"),
    "an end before the begin": ((*COLUMNS, "--end", "2026-11-22"), "ends on or after the day it begins"),
    "diversity of nothing": ((*COLUMNS, "--diversity", "2"), "goes with --sensitive"),
    "sensitive without diversity": ((*COLUMNS, "--sensitive", "attendance.attendance_event"), "goes with --sensitive"),
    "sensitive, not granted": (
        (*COLUMNS, "--diversity", "2", "--sensitive", "grade.letter_grade"),
        "not among the columns granted",
    ),
    "sensitive, not so": ((*COLUMNS, "--diversity", "2", "--sensitive", "student.sex"), "is not a sensitive column"),
    "sensitive, no table": ((*COLUMNS, "--diversity", "2", "--sensitive", "sex"), "not among the columns granted"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_granted_is_refused_with_its_rule_and_nothing_is_kept(state: Path, name: str) -> None:
    given, said = REFUSED[name]
    before = events(state)
    result = grant(state, "reading", given)
    assert result.exit_code == 2
    assert said in words(result)
    assert (grants(state), events(state)) == ((), before)


@pytest.mark.parametrize("name", ["Reading", "a--b", "a-", "../x", "a/b", "1a", "a" * 41, "a\n", "[red]a[/]"])
def test_a_name_that_cannot_be_a_sessions_is_refused(state: Path, name: str) -> None:
    result = grant(state, name)
    assert (result.exit_code, grants(state)) == (2, ())
    assert "a grant's name is made of" in words(result)


def test_a_name_is_as_long_as_the_hub_lets_a_session_be_called(state: Path) -> None:
    for length in (25, 40):
        result = grant(state, "a" * length)
        assert (result.exit_code, grants(state)) == (2, ())
        assert "at most 24" in words(result)
    assert grant(state, "a" * 24).exit_code == 0
    assert is_valid_safe_slug(grants(state)[0].server)
    assert not is_valid_safe_slug(f"{grants(state)[0].server}a")


def test_every_direct_identifier_of_every_table_is_refused() -> None:
    about_persons = [table for table in CATALOG.tables.values() if table.unit in PERSON_KEYS]
    identifiers = [
        (table.name, column.name)
        for table in about_persons
        for column in table.columns
        if column.class_ is ColumnClass.DIRECT_IDENTIFIER
    ]
    assert len(identifiers) > 10
    for table, column in identifiers:
        with pytest.raises(ValueError, match="is a direct identifier"):
            granted_tables([f"{table}={column}"], CATALOG)


def test_no_other_table_is_granted() -> None:
    assert set(PERSON_KEYS) == {Unit.STUDENT, Unit.STAFF}
    for table in CATALOG.tables.values():
        if table.unit not in PERSON_KEYS:
            with pytest.raises(ValueError, match="needs no grant"):
                granted_tables([f"{table.name}={table.names[0]}"], CATALOG)


def test_a_study_is_granted_to_somebody_known(state: Path) -> None:
    result = dbims(state, "study", "grant", "reading", "--username", "nobody", *COLUMNS, "--end", "2027-06-30")
    assert (result.exit_code, grants(state)) == (2, ())
    assert "There is no such person" in words(result)


@pytest.mark.parametrize("missing", ["--username", "--columns", "--end"])
def test_nothing_is_granted_without_a_person_columns_and_a_last_day(state: Path, missing: str) -> None:
    options = {"--username": "rita", "--columns": "student=sex", "--end": "2027-06-30"}
    given = [word for name, value in options.items() if name != missing for word in (name, value)]
    assert dbims(state, "study", "grant", "reading", *given).exit_code == 2
    assert grants(state) == ()


def listed(state: Path) -> list[dict[str, Any]]:
    result = dbims(state, "study", "grants", "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_grants_are_listed_for_people_and_for_programs(state: Path) -> None:
    assert listed(state) == []
    grant(state)
    assert listed(state) == [
        {
            "name": "reading",
            "username": "rita",
            "tables": {
                "student": ["student_key", "sex", "birth_date"],
                "attendance": ["student_key", "attendance_date", "attendance_event"],
            },
            "begin_date": "2026-11-23",
            "end_date": "2027-06-30",
            "k": 10,
            "diversity": 1,
            "sensitive": [],
            "dates": "month",
            "snapshot": SNAPSHOT,
        }
    ]
    shown = dbims(state, "study", "grants").output
    assert "reading" in shown and "rita" in shown and "2027" in shown


def test_an_ended_grant_is_gone_and_its_name_is_not_given_again(state: Path) -> None:
    grant(state)
    assert dbims(state, "study", "end", "reading").exit_code == 0
    assert (listed(state), events(state)[-1]) == ([], (Event.STUDY_ENDED, OPERATOR))
    before = events(state)
    again, twice = grant(state), dbims(state, "study", "end", "reading")
    assert (again.exit_code, twice.exit_code, events(state)) == (2, 2, before)
    assert "Choose another name" in words(again)
    assert "There is no such grant" in words(twice)


@pytest.mark.parametrize("command", ["grant", "end"])
def test_the_help_says_whose_act_it_stands_in_for(command: str) -> None:
    assert "Superintendent" in CliRunner().invoke(app, ["study", command, "--help"]).output


ASKING = [("study", "grants"), ("study", "end", "x"), ("study", "grant", "x", "--username", "r", *COLUMNS, "--end",
          "2027-06-30")]  # fmt: skip


@pytest.mark.parametrize("asked", ASKING, ids=lambda asked: " ".join(asked[:2]))
def test_without_a_state_or_a_ledger_nothing_is_made(tmp_path: Path, asked: tuple[str, ...]) -> None:
    assert "no state there yet" in words(dbims(tmp_path / "state", *asked))
    assert "There is no ledger" in words(dbims(tmp_path, *asked))
    assert list(tmp_path.iterdir()) == []
