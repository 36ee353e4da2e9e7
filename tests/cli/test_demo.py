"""The demonstration: recorded like any load, and made anew where it was interrupted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from governance.audit import Event
from governance.cli import app
from governance.demo import ACCOUNTS_FILE, ACTOR, UNFINISHED_FILE, Account, demo_is_due, make_demo
from governance.state import State
from governance.vocabulary import Capacity
from governance.warehouse.expectation_report import ExpectationReport
from governance.warehouse.synth import write_district


def nothing_said(_what: str) -> None:
    return None


def demo(state: State, seed: int = 1, progress: Callable[[str], None] = nothing_said) -> list[Account]:
    return make_demo(
        state,
        students=60,
        seed=seed,
        actual=date(2026, 11, 23),
        expectations=lambda _snapshot: ExpectationReport(()),
        progress=progress,
    )


def interrupted(state: State) -> None:
    """A demonstration that ends after its first person was added."""
    real, added = state.staff_key, []

    class Interrupted(State):
        def staff_key(self, staff_id: str) -> int:
            if added:
                raise KeyboardInterrupt
            added.append(staff_id)
            return real(staff_id)

    with pytest.raises(KeyboardInterrupt):
        demo(Interrupted(state.folder))


def test_a_demo_is_recorded_and_complete(tmp_path: Path) -> None:
    state = State.at(tmp_path)
    assert demo_is_due(state)
    accounts = demo(state)
    assert not demo_is_due(state)
    assert (tmp_path / ACCOUNTS_FILE).stat().st_mode & 0o777 == 0o600
    with closing(state.existing_ledger()) as ledger:
        begin = [entry.event for entry in ledger.entries()][:3]
        assert begin == [Event.LOAD_BEGUN, Event.DAY_SET, Event.SNAPSHOT_PROMOTED]
        assert all(ledger.verify_password(account.username, account.password) for account in accounts[:2])


def test_an_interrupted_demo_is_made_anew(tmp_path: Path) -> None:
    state = State.at(tmp_path)
    interrupted(state)
    assert demo_is_due(state)
    accounts = demo(state, seed=2)
    assert not demo_is_due(state)
    assert len(state.warehouse.snapshots()) == 1
    with closing(state.existing_ledger()) as ledger:
        assert {person.username for person in ledger.people()} == {account.username for account in accounts}
        assert ledger.verify().breaks == ()


def test_one_interrupted_while_loading_is_made_anew(tmp_path: Path) -> None:
    state = State.at(tmp_path)

    def interrupt(what: str) -> None:
        if what == "promotion":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo(state, progress=interrupt)
    assert state.warehouse.current() is None
    assert demo_is_due(state)
    demo(state)
    assert not demo_is_due(state)


def test_what_others_did_in_an_unfinished_demo_is_left_alone(tmp_path: Path) -> None:
    state = State.at(tmp_path)
    interrupted(state)
    with closing(state.ledger()) as ledger:
        ledger.add_person("operator", "alice", None, "a good password")
    assert not demo_is_due(state)


def test_a_state_with_people_or_data_is_no_place_for_a_demo(tmp_path: Path) -> None:
    state = State.at(tmp_path)
    with closing(state.ledger()) as ledger:
        ledger.add_person("operator", Capacity.TEACHER.server, None, "a good password")
    assert not demo_is_due(state)


def test_a_folder_in_which_somebody_tried_to_load_is_no_place_for_a_demo(tmp_path: Path) -> None:
    state = State.at(tmp_path)
    with closing(state.ledger()) as ledger:
        ledger.record(Event.LOAD_FAILED, "operator", {"kind": "SourceError"})
    assert not demo_is_due(state)


def test_nothing_is_started_over_a_folder_in_which_no_load_has_succeeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_state: Path, _port: int, _on_ready: object, before: Callable[[], None]) -> int:
        before()
        return 0

    monkeypatch.setattr("hub_config.launch.run", run)
    (tmp_path / "empty").mkdir()
    state = str(tmp_path / "state")
    assert CliRunner().invoke(app, ["load", str(tmp_path / "empty"), "--state", state]).exit_code == 2
    told = CliRunner().invoke(app, ["up", "--state", state])
    assert told.exit_code == 2
    assert all(words in told.output for words in ("`dbims load PATH`", "`dbims user add NAME`"))
    assert State(tmp_path / "state").warehouse.current() is None


def leave_accounts(state: State) -> None:
    (state.folder / ACCOUNTS_FILE).touch()


def leave_an_unfinished_demo(state: State) -> None:
    (state.folder / UNFINISHED_FILE).touch()


def leave_its_people(state: State) -> None:
    with closing(state.ledger()) as ledger:
        ledger.add_person(ACTOR, "superintendent", None, "a known password")


@pytest.mark.parametrize("leave", [leave_accounts, leave_an_unfinished_demo, leave_its_people])
def test_no_data_are_loaded_beside_a_demo(tmp_path: Path, leave: Callable[[State], None]) -> None:
    state = State.at(tmp_path / "state")
    leave(state)
    write_district(tmp_path / "own", students=60, seed=2, today=date(2026, 11, 23), years=1)
    words = ["load", str(tmp_path / "own"), "--state", str(state.folder), "--today", "2026-11-23"]
    told = CliRunner().invoke(app, words)
    assert (told.exit_code, "--state NEWFOLDER" in told.output) == (2, True), told.output
    assert state.warehouse.current() is None
    assert not state.settings_file.exists()


def test_a_demo_takes_no_data_but_its_own(tmp_path: Path) -> None:
    state = State.at(tmp_path)
    demo(state)
    before = state.warehouse.current()
    told = CliRunner().invoke(app, ["load", str(tmp_path / "demo-sources"), "--state", str(tmp_path)])
    assert (told.exit_code, "--state NEWFOLDER" in told.output) == (2, True), told.output
    assert state.warehouse.current() == before
