"""`dbims audit`: what an administrator types to prove the record, here and elsewhere."""

from __future__ import annotations

import json
import shutil
import stat
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from governance.audit import Event
from governance.cli import app
from governance.state import State


def dbims(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    add_person(tmp_path / "state", "alice")
    return tmp_path / "state"


def add_person(state: Path, username: str) -> None:
    with closing(State.at(state).ledger()) as ledger:
        ledger.add_person("op", username, None, None)


def test_it_tells_up_to_where_the_record_is_signed(state: Path) -> None:
    told = dbims("audit", "verify", "--state", state)
    assert told.exit_code == 0
    assert "1 events; the chain holds" in told.output and "vouch for events 1 to 1" in told.output
    assert json.loads(dbims("audit", "verify", "--json", "--state", state).stdout) == {
        "events": 1,
        "anchored": 1,
        "breaks": [],
    }


def test_an_older_copy_of_the_ledger_is_found_refused_and_gone_on_with_on_record(state: Path, tmp_path: Path) -> None:
    shutil.copytree(state / "ledger", tmp_path / "backup")
    add_person(state, "bob")
    shutil.rmtree(state / "ledger")
    shutil.copytree(tmp_path / "backup", state / "ledger")
    told = dbims("audit", "verify", "--state", state)
    assert told.exit_code == 1 and "event 2 was signed and is not there" in told.output
    assert "vouch" not in told.output
    assert json.loads(dbims("audit", "verify", "--json", "--state", state).stdout)["anchored"] == 0
    refused = dbims("user", "add", "carol", "--external", "--state", state)
    assert refused.exit_code == 2 and "dbims audit renew" in refused.stderr
    assert dbims("audit", "renew", "--reason", " ", "--state", state).exit_code == 2
    assert dbims("audit", "renew", "--reason", "restored a backup", "--state", state).exit_code == 0
    assert dbims("user", "add", "carol", "--external", "--state", state).exit_code == 0
    assert dbims("audit", "verify", "--state", state).exit_code == 0
    assert Event.CHECKPOINTS_RENEWED in dbims("audit", "show", "--state", state).output


def test_an_export_is_proved_where_there_is_nothing_else(state: Path, tmp_path: Path) -> None:
    export, key = tmp_path / "log.jsonl", tmp_path / "key.pem"
    assert dbims("audit", "export", export, "--state", state).exit_code == 0
    assert stat.S_IMODE(export.stat().st_mode) == 0o600
    again = dbims("audit", "export", export, "--state", state)
    assert again.exit_code == 2 and "already" in again.stderr
    shutil.move(state / "audit" / "public-key.pem", key)
    shutil.rmtree(state)
    assert "--key" in dbims("audit", "verify", "--export", export).stderr
    whole = dbims("audit", "verify", "--export", export, "--key", key)
    assert whole.exit_code == 0 and "the export is whole" in whole.output
    export.write_text(export.read_text().replace("alice", "alicf"))
    changed = dbims("audit", "verify", "--export", export, "--key", key)
    assert changed.exit_code == 1 and "was changed after it was recorded" in changed.output


def test_a_record_that_cannot_be_exported_leaves_no_part_of_it(state: Path, tmp_path: Path) -> None:
    series = state / "audit" / "checkpoints.jsonl"
    whole = series.read_text()
    series.write_text("[" * 100_000 + "\n" + whole)
    refused = dbims("audit", "export", tmp_path / "log.jsonl", "--state", state)
    assert refused.exit_code == 2 and "were changed" in refused.stderr
    assert dbims("audit", "verify", "--state", state).exit_code == 1
    series.write_text(whole)
    assert dbims("audit", "export", tmp_path / "log.jsonl", "--state", state).exit_code == 0


def test_copies_of_the_checkpoints_are_a_setting(state: Path, tmp_path: Path) -> None:
    (tmp_path / "mounted").mkdir()
    (state / "dbims.toml").write_text(f'[audit]\ncopies = ["{tmp_path / "mounted"}"]\n')
    add_person(state, "bob")
    assert (tmp_path / "mounted" / "newest").exists()
    (state / "dbims.toml").write_text('[audit]\ncopies = "mounted"\n')
    refused = dbims("audit", "verify", "--state", state)
    assert refused.exit_code == 2 and "copies of [audit]" in refused.stderr
