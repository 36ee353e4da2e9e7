"""A house with one person for each capacity, and everything that a page can be about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from governance.ledger import Ledger
from governance.vocabulary import Capacity
from tests.console.visiting import HOLDERS, House, enroll, make_house
from tests.signed import employ, grant, install

BEGAN = date(2026, 1, 1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    ledger = Ledger.open(tmp_path / "state" / "ledger")
    warehouse = tmp_path / "state" / "warehouse"
    for number, (capacity, username) in enumerate(HOLDERS.items(), start=1):
        ledger.add_person("op", username, None if capacity is None else number, f"secret of {username}")
    install(ledger, HOLDERS[Capacity.SUPERINTENDENT], BEGAN)
    for capacity, username in HOLDERS.items():
        if capacity not in (None, Capacity.SUPERINTENDENT, Capacity.STUDY):
            grant(ledger, username, Capacity(capacity), BEGAN)
    employ(warehouse, *range(1, len(HOLDERS) + 1))
    enroll(warehouse, {"S-1001": 501, "S-1002": 502})
    made = make_house(ledger, warehouse)
    yield made
    made.loop.close()
    ledger.close()
