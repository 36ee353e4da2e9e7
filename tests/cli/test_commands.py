"""The `dbims` command over a small synthetic district, as an administrator types it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from governance.audit import Event
from governance.cli import app
from governance.ledger import Ledger
from governance.state import State
from governance.warehouse.expectation_report import ExpectationReport
from governance.warehouse.synth import write_district

TODAY = date(2026, 11, 23)
LOADED = [Event.LOAD_BEGUN, Event.DAY_SET, Event.SNAPSHOT_PROMOTED]


def dbims(state: Path, *words: str, given: str = "") -> Result:
    return CliRunner().invoke(app, [*words, "--state", str(state)], input=given)


def events(state: Path) -> list[str]:
    with closing(Ledger.open_existing(state / "ledger")) as ledger:
        return [entry.event for entry in ledger.entries()]


@pytest.fixture(scope="module")
def loaded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("district")
    (folder / "sources").mkdir()
    write_district(folder / "sources", students=60, seed=1, today=TODAY, years=1)
    result = dbims(folder / "state", "load", str(folder / "sources"), "--today", TODAY.isoformat())
    assert result.exit_code == 0, result.output
    return folder / "state"


@pytest.fixture
def state(loaded_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(loaded_once, tmp_path / "state"))


def test_a_load_is_recorded(state: Path) -> None:
    assert events(state) == LOADED
    assert State.existing(state).today() == TODAY


def test_a_failed_load_is_recorded_and_changes_nothing(state: Path, tmp_path: Path) -> None:
    before = dbims(state, "snapshots").output
    (tmp_path / "nothing").mkdir()
    result = dbims(state, "load", str(tmp_path / "nothing"))
    assert result.exit_code == 2
    assert "nothing: the folder is empty" in result.output
    assert events(state) == [*LOADED, Event.LOAD_BEGUN, Event.LOAD_FAILED]
    assert dbims(state, "snapshots").output == before


@pytest.mark.long
def test_a_whole_snapshot_passes_its_check(state: Path) -> None:
    result = dbims(state, "check", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["changed"] == []


def damage(snapshot: Path, name: str) -> None:
    content = bytearray((snapshot / name).read_bytes())
    content[len(content) // 2] ^= 1
    (snapshot / name).write_bytes(content)


@pytest.mark.parametrize("name", ["student.parquet", "expectations.html"])
def test_one_changed_byte_is_found(state: Path, name: str) -> None:
    [snapshot] = (state / "warehouse" / "snapshots").iterdir()
    damage(snapshot, name)
    told, as_json = dbims(state, "check"), dbims(state, "check", "--json")
    assert (told.exit_code, as_json.exit_code) == (1, 1)
    assert name in told.output
    assert json.loads(as_json.stdout) == {"changed": [name]}


def test_a_missing_manifest_is_found(state: Path) -> None:
    [snapshot] = (state / "warehouse" / "snapshots").iterdir()
    (snapshot / "manifest.json").unlink()
    assert json.loads(dbims(state, "check", "--json").stdout) == {"changed": ["manifest.json"]}


READING = [
    ("audit", "verify"),
    ("audit", "show"),
    ("user", "list"),
    ("user", "superintendent", "alice", "--reason", "minutes", "--new-password"),
    ("user", "password", "alice"),
    ("user", "lock", "alice", "--reason", "a lost laptop"),
    ("user", "unlock", "alice"),
    ("today", "calendar"),
    ("snapshots",),
    ("check",),
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_who_only_looks_makes_no_state(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = dbims(tmp_path / "state", *words, given="a good password\n")
    assert result.exit_code == 2
    assert "no state there yet" in result.output
    assert "`dbims load` or `dbims up` makes one" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", READING[:7], ids=" ".join)
def test_who_only_looks_makes_no_ledger(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = dbims(tmp_path, *words, given="a good password\n")
    assert result.exit_code == 2
    assert "There is no ledger" in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_user_name_that_cannot_be_used_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    for name in ("[red]al[/]ice", "Alice", "a b", "../x", "a" * 61, "a--b"):
        refused = dbims(tmp_path, "user", "add", name, given="a good password\n")
        assert (refused.exit_code, "user name" in refused.output) == (2, True), refused.output
    assert dbims(tmp_path, "user", "list").exit_code == 0


def test_brackets_in_names_are_brackets(tmp_path: Path) -> None:
    missing = dbims(tmp_path / "[/bold]", "snapshots")
    assert (missing.exit_code, "[/bold]" in missing.output) == (2, True)


def test_a_tampered_log_is_told(state: Path) -> None:
    with closing(sqlite3.connect(state / "ledger" / "ledger.sqlite")) as store:
        store.executescript("DROP TRIGGER audit_event_no_update; UPDATE audit_event SET event = '[/red]'")
    told, as_json = dbims(state, "audit", "verify"), dbims(state, "audit", "verify", "--json")
    assert (told.exit_code, as_json.exit_code) == (1, 1)
    assert "is of no known kind" in told.output
    assert {found["sequence"] for found in json.loads(as_json.stdout)["breaks"]} == {1, 2, 3}
    assert "[/red]" in dbims(state, "audit", "show").output


def test_a_check_puts_rows_aside_inside_the_state_folder_only(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rooms: list[Path] = []

    def checked(_folder: Path, _catalog: object, scratch: Path) -> ExpectationReport:
        rooms.append(scratch)
        assert scratch.stat().st_mode & 0o777 == 0o700
        return ExpectationReport(())

    monkeypatch.setattr("expectations.check", checked)
    assert dbims(state, "check").exit_code == 0
    [room] = rooms
    assert room.is_relative_to(state)
    assert not room.exists()
