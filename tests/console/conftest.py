"""A house with one person for each capacity, and everything that a page can be about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from governance.state import State
from governance.vocabulary import Capacity
from tests.console.visiting import HOLDERS, House, enroll, make_house
from tests.signed import employ, grant, install

BEGAN = date(2026, 1, 1)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder, made once: every test gets a copy of its own."""
    state = State.at(tmp_path_factory.mktemp("furnished") / "state")
    ledger, warehouse = state.ledger(), state.warehouse.folder
    for number, (capacity, username) in enumerate(HOLDERS.items(), start=1):
        ledger.add_person("op", username, None if capacity is None else number, None)
    employ(warehouse, *range(1, len(HOLDERS) + 1))
    enroll(warehouse, {"S-1001": 501, "S-1002": 502})
    install(ledger, HOLDERS[Capacity.SUPERINTENDENT], BEGAN)
    for capacity, username in HOLDERS.items():
        if capacity not in (None, Capacity.SUPERINTENDENT, Capacity.STUDY):
            grant(ledger, username, Capacity(capacity), BEGAN)
    ledger.close()
    return state.folder


@pytest.fixture
def house(furnished: Path, tmp_path: Path) -> Iterator[House]:
    state = State(Path(shutil.copytree(furnished, tmp_path / "state")))
    ledger = state.ledger()
    made = make_house(ledger, state.warehouse.folder)
    yield made
    made.loop.close()
    ledger.close()
