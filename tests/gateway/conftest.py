"""The small district of the specification, behind a running gateway."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import dbims_sdk
from governance.gateway.peers import own_network
from governance.ledger import Ledger
from governance.policy.eligibility import relation_of
from governance.session_tokens import SessionTokens
from governance.state import State
from governance.vocabulary import Capacity, Identity, Purpose
from governance.warehouse.expectation_report import ExpectationReport
from governance.warehouse.load import load
from governance.warehouse.pool import WorkerLimits
from governance.warehouse.snapshot import Snapshot, Warehouse
from governance.warehouse.staff_facts import StaffRegisters
from tests.gateway.running import SmallHub, running_gateway
from tests.oracle.csv_district import write_csv_district
from tests.signed import grant
from tests.spec.small_district import SMALL_DISTRICT

TODAY = date(2026, 11, 23)


@dataclass
class House:
    """A running gateway, its state folder, its Hub, and people with sessions in it."""

    state: Path
    url: str
    hub: SmallHub
    ledger: Ledger
    staff_keys: dict[str, int]
    student_keys: dict[str, int]

    def token(
        self, staff_id: str, capacity: Capacity, level: bool = True, purpose: Purpose = Purpose.INSTRUCTION
    ) -> str:
        """A session's token for somebody of the district, who becomes a person when first asked for."""
        username = f"user-{staff_id.lower()}"
        if self.ledger.person(username) is None:
            self.ledger.add_person("test", username, self.staff_keys.get(staff_id), None)
        held = {known.capacity for known in self.ledger.levels.of(username)}
        if level and capacity not in held:
            grant(self.ledger, username, capacity, date(2020, 1, 1), schools=self.schools(staff_id))
        token = f"token-{username}-{capacity.server}"
        self.hub.tokens[token] = (username, capacity.server)
        SessionTokens.of_state(self.state).remember(Identity(username, capacity.server), token, own_network(), purpose)
        return token

    def schools(self, staff_id: str) -> tuple[int, ...]:
        """Those that the sources have somebody lead today; any one, where they lead none."""
        facts = StaffRegisters(self.state / "warehouse").facts(self.staff_keys.get(staff_id), TODAY)
        return (facts and relation_of(Capacity.PRINCIPAL, facts).schools) or (1,)

    def session(self, staff_id: str, capacity: Capacity) -> dbims_sdk.Session:
        return dbims_sdk.connect(url=self.url, token=self.token(staff_id, capacity))


def make_state(state: Path, sources: Path) -> Snapshot:
    """A state folder with the district of `sources` in it, and the day set."""
    state.mkdir(parents=True, exist_ok=True)
    (state / "dbims.toml").write_text(f"today = {TODAY.isoformat()}\n", encoding="utf-8")
    return load(
        Warehouse(state / "warehouse"), [sources], expectations=lambda _snapshot: ExpectationReport(())
    ).snapshot


def keys_of(snapshot: Snapshot, table: str, name: str, key: str) -> dict[str, int]:
    rows = pq.read_table(snapshot.table_path(table)).to_pylist()
    return {row[name]: row[key] for row in rows}


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    sources = tmp_path_factory.mktemp("sources")
    write_csv_district(sources, SMALL_DISTRICT)
    state = tmp_path_factory.mktemp("state")
    snapshot = make_state(state, sources)
    staff = keys_of(snapshot, "staff", "staff_id", "staff_key")
    students = keys_of(snapshot, "student", "student_id", "student_key")
    hub = SmallHub()
    limits = WorkerLimits(seconds=8, memory_mb=256, answer_bytes=64 << 20)
    with tempfile.TemporaryDirectory() as folder, running_gateway(state, Path(folder), hub, limits) as url:
        ledger = State(state).ledger()
        yield House(state, url, hub, ledger, staff, students)
        ledger.close()
