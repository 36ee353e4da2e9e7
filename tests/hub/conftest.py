"""A state folder with a real ledger, and a run folder, for the Hub's tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from governance.ledger import Ledger
from governance.vocabulary import Capacity
from governance.warehouse.staff_facts import StaffRegisters
from hub_config.people import People
from tests.signed import employ, grant

TODAY = date(2026, 11, 2)
STAFF = {"alice": 1, "bob": 2, "otto": 3}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.open(tmp_path / "state" / "ledger")
    for username in ("alice", "bob", "otto", "nobody"):
        ledger.add_person("operator", username, STAFF.get(username), f"secret of {username}")
    for username, capacity in (
        ("alice", "teacher"),
        ("bob", "counselor"),
        ("bob", "support_services"),
        ("otto", "operator"),
    ):
        grant(ledger, username, Capacity(capacity), date(2026, 9, 1))
    grant(ledger, "alice", Capacity.PRINCIPAL, date(2025, 9, 1), date(2026, 11, 1))
    yield ledger
    ledger.close()


@pytest.fixture
def people(ledger: Ledger, tmp_path: Path) -> People:
    warehouse = tmp_path / "state" / "warehouse"
    employ(warehouse, *STAFF.values())
    return People(ledger, lambda: TODAY, StaffRegisters(warehouse))
