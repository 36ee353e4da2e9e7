"""What is recorded of loads, and of the district's day, whatever becomes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from governance.audit import Event
from governance.cli import app
from governance.ledger import Ledger
from governance.recorded_load import CALENDAR, KILLED, load_and_record, reconcile_loads
from governance.state import State
from governance.warehouse.errors import LoadInProgress
from governance.warehouse.expectation_report import ExpectationReport
from governance.warehouse.snapshot import Candidate, Snapshot, Warehouse
from tests.oracle.csv_district import write_csv_district
from tests.spec.small_district import SMALL_DISTRICT

DAY = date(2026, 11, 23)
E = Event


class Killed(BaseException):
    """Stands for the end of the process: nothing that comes after it is done."""


@pytest.fixture
def state(tmp_path: Path) -> State:
    write_csv_district(tmp_path / "sources", SMALL_DISTRICT)
    return State.at(tmp_path / "state")


def load(state: State, expect: Callable[[Snapshot], Any] = lambda _: None, day: date | str | None = None) -> None:
    def expectations(snapshot: Snapshot) -> ExpectationReport:
        expect(snapshot)
        return ExpectationReport(())

    sources = [state.folder.parent / "sources"]
    load_and_record(state, "op", sources, day=day, expectations=expectations, progress=lambda _: None)


def told(state: State) -> list[tuple[str, dict[str, Any]]]:
    with closing(Ledger.open_existing(state.folder / "ledger")) as ledger:
        return [(entry.event, json.loads(entry.detail)) for entry in ledger.entries()]


def events(state: State) -> list[str]:
    return [event for event, _ in told(state)]


def raising(error: BaseException) -> Callable[[Snapshot], Any]:
    def expect(_: Snapshot) -> None:
        raise error

    return expect


@pytest.mark.parametrize("error", [OSError("disk full"), RuntimeError("broken"), KeyboardInterrupt(), MemoryError()])
def test_a_load_that_breaks_off_has_its_begin_and_its_end_on_record(state: State, error: BaseException) -> None:
    with pytest.raises(type(error)):
        load(state, raising(error))
    assert told(state) == [(E.LOAD_BEGUN, {}), (E.LOAD_FAILED, {"load": 1, "kind": type(error).__name__})]
    load(state)
    assert events(state)[2:] == [E.LOAD_BEGUN, E.SNAPSHOT_PROMOTED]


def test_what_breaks_off_behind_the_promotion_is_recorded_as_promoted(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote = Warehouse.promote

    def interrupted(warehouse: Warehouse, candidate: Candidate) -> Snapshot:
        promote(warehouse, candidate)
        raise KeyboardInterrupt

    monkeypatch.setattr(Warehouse, "promote", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load(state)
    current = state.warehouse.current()
    assert current is not None
    assert told(state)[1:] == [(E.SNAPSHOT_FOUND, {"load": 1, "snapshot": current.id})]


def kill_at(monkeypatch: pytest.MonkeyPatch, killing: Event) -> None:
    """From that event on nothing is recorded any more: the process is gone."""
    record, gone = Ledger.record, []

    def killed(ledger: Ledger, event: Event, *rest: Any) -> int:
        gone.extend([event] if event is killing else [])
        if gone:
            raise Killed
        return record(ledger, event, *rest)

    monkeypatch.setattr(Ledger, "record", killed)


def test_a_snapshot_whose_load_was_killed_before_it_could_say_so_is_found(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(state)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        kill_at(patched, E.SNAPSHOT_PROMOTED)
        load(state)
    current = state.warehouse.current()
    assert current is not None
    assert events(state) == [E.LOAD_BEGUN, E.SNAPSHOT_PROMOTED, E.LOAD_BEGUN]
    reconcile_loads(state)
    reconcile_loads(state)
    assert told(state)[3:] == [(E.SNAPSHOT_FOUND, {"load": 3, "snapshot": current.id})]


def test_a_load_that_was_killed_is_found_by_the_next(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    load(state)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        kill_at(patched, E.DAY_SET)
        load(state, day=DAY)
    load(state)
    failed = (E.LOAD_FAILED, {"load": 3, "kind": KILLED})
    assert told(state)[2:5] == [(E.LOAD_BEGUN, {}), failed, (E.LOAD_BEGUN, {})]
    assert events(state)[5:] == [E.SNAPSHOT_PROMOTED]


def test_a_load_that_is_still_running_is_not_taken_for_a_killed_one(state: State) -> None:
    seen: list[list[str]] = []

    def meanwhile(_: Snapshot) -> None:
        reconcile_loads(state)
        with pytest.raises(LoadInProgress):
            load(state)
        seen.append(events(state))

    load(state, meanwhile)
    assert seen == [[E.LOAD_BEGUN, E.LOAD_FAILED]]
    assert told(state)[1:2] == [(E.LOAD_FAILED, {"kind": "LoadInProgress"})]
    assert events(state)[2:] == [E.SNAPSHOT_PROMOTED]


def test_who_reads_never_sees_new_data_on_the_old_day(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    promote, days = Warehouse.promote, []

    def watched(warehouse: Warehouse, candidate: Candidate) -> Snapshot:
        days.append(state.today())
        return promote(warehouse, candidate)

    monkeypatch.setattr(Warehouse, "promote", watched)
    load(state, day=DAY)
    assert days == [DAY]
    assert (E.DAY_SET, {"today": DAY.isoformat()}) in told(state)


def test_a_load_that_fails_leaves_the_day_as_it_was(state: State) -> None:
    load(state, day=DAY)
    with pytest.raises(OSError, match="full"):
        load(state, raising(OSError("full")), day=date(2020, 1, 2))
    assert state.today() == DAY
    assert events(state).count(E.DAY_SET) == 1


def test_a_load_can_give_the_day_back_to_the_calendar(state: State) -> None:
    state.settings_file.write_text("today = 2012-02-15\n[session]\nidle_minutes = 5\n", encoding="utf-8")
    load(state, day=CALENDAR)
    assert state.today() == date.today()  # noqa: DTZ011 - the district's own calendar
    assert (E.DAY_SET, {"today": CALENDAR}) in told(state)
    assert "idle_minutes = 5" in state.settings_file.read_text(encoding="utf-8")


def dbims(state: State, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*words, "--state", str(state.folder)])
    return result.exit_code, result.output


def test_an_operator_sets_the_day_and_gives_it_back(state: State) -> None:
    load(state)
    assert dbims(state, "today", "2012-02-15") == (0, "2012-02-15\n")
    assert dbims(state, "today") == (0, "2012-02-15\n")
    assert dbims(state, "today", "calendar") == (0, f"{date.today()}\n")  # noqa: DTZ011 - the district's own calendar
    assert [detail["today"] for event, detail in told(state) if event == E.DAY_SET] == ["2012-02-15", "calendar"]


@pytest.mark.parametrize("words", [("today", "yesterday"), ("load", "sources", "--today", "2012-2-30")])
def test_what_is_no_day_is_refused_and_nothing_is_recorded(state: State, words: tuple[str, ...]) -> None:
    load(state)
    before = told(state)
    code, said = dbims(state, *words)
    assert (code, "YYYY-MM-DD" in said) == (2, True)
    assert told(state) == before


def test_a_disk_that_is_full_is_told_without_names(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/home/marisol/abbott.csv")

    monkeypatch.setattr("governance.recorded_load.load", full)
    code, said = dbims(state, "load", str(state.folder.parent / "sources"))
    assert (code, "No space left" in said, "marisol" in said) == (2, True, False)
    assert events(state) == [E.LOAD_BEGUN, E.LOAD_FAILED]


def test_a_load_that_would_empty_tables_is_stopped_and_recorded(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("governance.cli.data.expect", lambda _: ExpectationReport(()))
    load(state)
    before, one_file = state.warehouse.current(), str(state.folder.parent / "sources" / "student.csv")
    code, said = dbims(state, "load", one_file)
    assert (code, "course, " in said, "--without TABLE" in said) == (2, True, True), said
    assert state.warehouse.current() == before
    assert told(state)[2:] == [(E.LOAD_BEGUN, {}), (E.LOAD_FAILED, {"load": 3, "kind": "TablesEmptied"})]
    assert dbims(state, "load", one_file, "--without", "cuorse")[0] == 2
    emptied = sorted(set(SMALL_DISTRICT) - {"student"})
    code, said = dbims(state, "load", one_file, *(word for name in emptied for word in ("--without", name)))
    assert code == 0, said
    assert told(state)[4] == (E.LOAD_BEGUN, {"without": emptied})
