"""A Superintendent for tests: installed, and signing with a password of their own, as anybody in that office does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pyarrow as pa
import pyarrow.parquet as pq

from governance.catalog import load_catalog
from governance.ledger import Ledger, Signature
from governance.policy.eligibility import QUALIFICATIONS, Certification, Position, StaffFacts, relation_of
from governance.vocabulary import AccessLevel, Capacity, Employment

CHIEF, PASSWORD = "chief", "the board appointed me"
TODAY = date(2026, 11, 23)
_signatures: WeakKeyDictionary[Ledger, Signature] = WeakKeyDictionary()

TITLES = {Capacity.EXECUTIVE_SECRETARY: "Executive Secretary to the Superintendent"}


def superintendent(ledger: Ledger, today: date = TODAY) -> Signature:
    """The signature of whoever is the ledger's Superintendent; the first is installed when first asked for."""
    held = [level.username for level in ledger.levels.all() if level.capacity is Capacity.SUPERINTENDENT]
    if not held:
        install(ledger, CHIEF)
    username = held[0] if held else CHIEF
    signature = _signatures.get(ledger)
    if signature is None or signature.username != username:
        signature = _signatures[ledger] = ledger.authority.sign(username, PASSWORD, today)
    return signature


def install(ledger: Ledger, username: str, begin: date = date(2000, 1, 1)) -> None:
    """Make somebody the Superintendent, who signs with `PASSWORD`."""
    if ledger.person(username) is None:
        ledger.add_person("op", username, None, None)
    ledger.levels.install_superintendent("op", username, "minutes of 1 July, item 4", begin, PASSWORD)


def suitable(capacity: Capacity, staff_key: int, today: date = TODAY, schools: tuple[int, ...] = (1,)) -> StaffFacts:
    """Facts of somebody employed and certified, in positions that the capacity is for."""
    classifications = sorted(QUALIFICATIONS[capacity][0].classifications) if capacity in QUALIFICATIONS else ["Other"]
    positions = tuple(Position(classifications[0], TITLES.get(capacity), school) for school in schools)
    return StaffFacts(staff_key, today, "a snapshot", Employment.EMPLOYED, positions, Certification.CERTIFIED)


def grant(
    ledger: Ledger,
    username: str,
    capacity: Capacity,
    begin: date,
    end: date | None = None,
    schools: tuple[int, ...] = (1,),
) -> AccessLevel:
    """A level, signed; whoever gets it is linked to staff. The Superintendent's is installed."""
    if capacity is Capacity.SUPERINTENDENT:
        install(ledger, username, begin)
        return ledger.levels.of(username)[-1]
    person = ledger.person(username)
    assert person is not None and person.staff_key is not None
    facts = suitable(capacity, person.staff_key, schools=schools)
    level = AccessLevel(username, capacity, begin, end, relation_of(capacity, facts))
    ledger.levels.grant(superintendent(ledger), level, facts, TODAY)
    return level


def revoke(ledger: Ledger, username: str, capacity: Capacity) -> None:
    ledger.levels.revoke(superintendent(ledger), username, capacity, TODAY)


def write_staff(warehouse: Path, rows: Mapping[str, Iterable[Mapping[str, Any]]], name: str = "first") -> None:
    """A current snapshot that holds nothing but tables about staff, each with all its columns."""
    folder = warehouse / "snapshots" / name
    folder.mkdir(parents=True, exist_ok=True)
    for table in ("staff", "employment", "staff_assignment", "credential"):
        columns = load_catalog().tables[table].names
        filled = [{column: row.get(column) for column in columns} for row in rows.get(table, ())]
        pq.write_table(pa.table({c: [row[c] for row in filled] for c in columns}), folder / f"{table}.parquet")
    (warehouse / "CURRENT").write_text(name, encoding="ascii")


def employ(warehouse: Path, *staff_keys: int) -> None:
    """A current snapshot in which these are employed, and nobody else is."""
    hired = date(2000, 1, 1)
    staff = [{"staff_key": key} for key in staff_keys]
    write_staff(warehouse, {"staff": staff, "employment": [{**row, "hire_date": hired} for row in staff]})
