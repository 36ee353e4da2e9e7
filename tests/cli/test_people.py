"""`dbims user`: who is linked to a staff member, and what is said of who is not."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from governance.cli import app
from governance.cli.people import _signer
from governance.ledger import Ledger
from governance.vocabulary import AccessLevel, Capacity


def dbims(state: Path, *words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--state", str(state)])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def state(tmp_path: Path) -> Path:
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        ledger.add_person("op", "hill", 7_654_321, None)
        ledger.add_person("op", "rita", None, None)
    return tmp_path


def test_the_list_says_who_is_linked_to_staff_and_not_to_whom(state: Path) -> None:
    listed = json.loads(dbims(state, "user", "list", "--json"))
    assert {person["username"]: person["linked_to_staff"] for person in listed} == {"hill": True, "rita": False}
    told = dbims(state, "user", "list")
    assert ("linked to staff" in told, "yes" in told, "no" in told) == (True, True, True)
    assert "7654321" not in told


def test_who_is_added_without_a_link_is_told_that_levels_are_for_staff(state: Path) -> None:
    assert "levels are for staff" in dbims(state, "user", "add", "cody", "--external")


def refused(state: Path, *words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--state", str(state)], input="a good password\n")
    assert result.exit_code == 2, result.output
    return result.output


def test_the_command_line_has_no_way_to_grant_or_revoke_a_level(state: Path) -> None:
    for command in ("grant", "revoke"):
        assert "No such command" in refused(state, "user", command, "hill", "teacher")
    assert "No such option" in refused(state, "user", "add", "cody", "--capacity", "teacher")


def test_a_superintendent_is_installed_with_a_reason_and_a_password(state: Path) -> None:
    assert "Missing option" in refused(state, "user", "superintendent", "hill")
    assert "which act of the Board" in refused(state, "user", "superintendent", "hill", "--reason", " ")
    assert "--new-password" in refused(state, "user", "superintendent", "hill", "--reason", "minutes of 1 July")
    words = ["user", "superintendent", "hill", "--reason", "minutes of 1 July", "--new-password"]
    told = CliRunner().invoke(app, [*words, "--state", str(state)], input="a good password\n")
    assert told.exit_code == 0, told.output
    listed = json.loads(dbims(state, "user", "list", "--json"))
    assert [level["capacity"] for person in listed for level in person["levels"]] == ["superintendent"]
    assert "installed anew" in refused(state, "user", "password", "hill")


def test_a_lock_is_shown_and_lifted(state: Path) -> None:
    dbims(state, "user", "lock", "hill", "--reason", "a lost laptop")
    assert "hill (locked)" in dbims(state, "user", "list")
    assert "locked already" in refused(state, "user", "lock", "hill", "--reason", "another")
    dbims(state, "user", "unlock", "hill")
    assert "locked" not in dbims(state, "user", "list")


def test_a_level_that_nobody_signed_is_shown_as_such() -> None:
    level = AccessLevel("hill", Capacity.TEACHER, date(2020, 7, 1))
    assert _signer(level) == "not signed by the Superintendent"
    assert _signer(AccessLevel("hill", Capacity.TEACHER, date(2020, 7, 1), signed_by="super")) == "super"
    assert "Board" in _signer(AccessLevel("super", Capacity.SUPERINTENDENT, date(2020, 7, 1)))
