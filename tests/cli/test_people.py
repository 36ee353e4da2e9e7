"""`dbims user`: who is linked to a staff member, and what is said of who is not."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from governance.cli import app
from governance.cli.people import THROUGH_STAFF
from governance.ledger import Ledger
from governance.policy.capacities import CAPACITIES
from governance.policy.scopes import StudentsAlong


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


@pytest.mark.parametrize(
    ("name", "capacity", "warned"),
    [("rita", "teacher", True), ("hill", "teacher", False), ("rita", "superintendent", False)],
)
def test_who_will_see_no_students_for_want_of_a_link_is_warned_of(
    state: Path, name: str, capacity: str, warned: bool
) -> None:
    assert ("will see no students" in dbims(state, "user", "grant", name, capacity)) is warned


def test_who_is_added_without_a_link_is_warned_of(state: Path) -> None:
    assert "will see no students" in dbims(state, "user", "add", "cody", "--external", "--capacity", "counselor")


def test_the_capacities_that_are_warned_of_are_the_policys() -> None:
    along = {capacity for capacity, rule in CAPACITIES.items() if isinstance(rule.students, StudentsAlong)}
    assert along == THROUGH_STAFF
