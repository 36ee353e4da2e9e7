"""`dbims study grants`, as an operator types it: what is granted can be read, and nothing can be given or ended."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from governance.cli import app
from governance.ledger import Ledger
from governance.vocabulary import Grant
from tests.granting import end_grant, give_grant, keep_older_grant

TODAY = date(2026, 11, 23)
SNAPSHOT = "20261123T080000Z-abc123"
TABLES = {
    "student": ("student_key", "sex", "birth_date"),
    "attendance": ("student_key", "attendance_date", "attendance_event"),
}
READING = Grant("reading", "rita", TABLES, TODAY, date(2027, 6, 30), snapshot=SNAPSHOT)


def dbims(state: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--state", str(state)])


def words(result: Result) -> str:
    """What was printed, whatever the width of the lines."""
    return " ".join(result.output.split())


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "dbims.toml").write_text(f"today = {TODAY}\n")
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        ledger.add_person("op", "rita", None, None)
    return tmp_path


def give(state: Path, grant: Grant = READING) -> None:
    with closing(Ledger.open_existing(state / "ledger")) as ledger:
        give_grant(ledger, grant)


def cells(output: str) -> list[str]:
    """The cells of the only row of a printed table, put together again from its lines, without spaces."""
    lines = [line.strip("│").split("│") for line in output.splitlines() if line.startswith("│")]
    return ["".join("".join(parts).split()) for parts in zip(*lines, strict=True)]


def listed(state: Path) -> list[dict[str, Any]]:
    result = dbims(state, "study", "grants", "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_what_was_granted_can_be_read_in_full_on_a_narrow_terminal(state: Path) -> None:
    give(state)
    given = cells(dbims(state, "study", "grants").output)
    assert given[2:4] == [
        "no.1",
        "student:student_key,sex,birth_dateattendance:student_key,attendance_date,attendance_event",
    ]
    assert given[5:] == [f"{TODAY}through2027-06-30", SNAPSHOT]


def test_grants_are_listed_for_people_and_for_programs(state: Path) -> None:
    assert listed(state) == []
    give(state)
    assert listed(state) == [
        {
            "name": "reading",
            "username": "rita",
            "tables": {name: list(columns) for name, columns in TABLES.items()},
            "begin_date": "2026-11-23",
            "end_date": "2027-06-30",
            "k": 10,
            "diversity": 1,
            "sensitive": [],
            "dates": "month",
            "snapshot": SNAPSHOT,
            "identified": False,
            "request": 1,
        }
    ]
    shown = dbims(state, "study", "grants").output
    assert "reading" in shown and "rita" in shown and "2027" in shown


def test_an_ended_grant_is_gone(state: Path) -> None:
    give(state)
    with closing(Ledger.open_existing(state / "ledger")) as ledger:
        end_grant(ledger, "reading")
    assert listed(state) == []


def test_a_grant_kept_before_grants_named_a_snapshot_is_listed_with_what_to_do(state: Path) -> None:
    with closing(Ledger.open_existing(state / "ledger")) as ledger:
        keep_older_grant(ledger, Grant("old", "rita", {"student": ("student_key",)}, TODAY, TODAY))
    assert listed(state)[0]["snapshot"] is None
    assert "applyanew" in "".join(dbims(state, "study", "grants").output.replace("│", " ").split())


@pytest.mark.parametrize("command", ["grant", "end"])
def test_an_operator_gives_and_ends_nothing(state: Path, command: str) -> None:
    give(state)
    assert dbims(state, "study", command, "reading").exit_code == 2
    assert len(listed(state)) == 1


def test_the_help_says_whose_act_it_is() -> None:
    assert "Superintendent" in CliRunner().invoke(app, ["study", "--help"]).output


def test_without_a_state_or_a_ledger_nothing_is_made(tmp_path: Path) -> None:
    assert "no state there yet" in words(dbims(tmp_path / "state", "study", "grants"))
    assert "There is no ledger" in words(dbims(tmp_path, "study", "grants"))
    assert list(tmp_path.iterdir()) == []
