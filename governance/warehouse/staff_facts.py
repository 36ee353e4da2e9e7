"""What a snapshot tells of staff: whether somebody is employed on a day, in which positions, and certified."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from governance.policy.eligibility import Certification, Position, StaffFacts
from governance.vocabulary import Employment

_CERTIFICATE = re.compile(r"certif|licen|permit", re.IGNORECASE)
"""Types of credentials that certified staff hold; an endorsement adds to one, and is none by itself."""
_PARAPROFESSIONAL = re.compile(r"paraprofession", re.IGNORECASE)


@dataclass(frozen=True)
class _Period:
    begin: date
    end: date | None
    position: Position | None = None

    def holds(self, today: date) -> bool:
        return self.begin <= today and (self.end is None or today <= self.end)


_Periods = dict[int, list[_Period]]


class StaffRegister:
    """The staff of one snapshot; read once, since snapshots do not change."""

    def __init__(
        self, snapshot: str, staff: frozenset[int], employed: _Periods, positions: _Periods, certificates: _Periods
    ) -> None:
        self.snapshot = snapshot
        self._staff = staff
        self._employed = employed
        self._positions = positions
        self._certificates = certificates

    @classmethod
    def read(cls, folder: Path) -> StaffRegister:
        """Of the snapshot in a folder."""
        rows = _rows(folder, "credential", *_CREDENTIAL, "credential_type", "credential_level")
        return cls(
            folder.name,
            frozenset(row["staff_key"] for row in _rows(folder, "staff", "staff_key")),
            _periods(_rows(folder, "employment", *_EMPLOYMENT), *_EMPLOYMENT),
            _periods(_rows(folder, "staff_assignment", *_ASSIGNMENT, *_POSITION), *_ASSIGNMENT),
            _periods(filter(_is_certificate, rows), *_CREDENTIAL),
        )

    def employment(self, staff_key: int, today: date) -> Employment:
        """By periods of employment; where the sources have none of anybody, by the person's positions."""
        periods = (self._employed or self._positions).get(staff_key, [])
        if any(period.holds(today) for period in periods):
            return Employment.EMPLOYED
        return Employment.NOT_EMPLOYED if periods or self._employed else Employment.UNTOLD

    def facts(self, staff_key: int, today: date) -> StaffFacts | None:
        """Of one staff member; None if the snapshot has none of that key."""
        if staff_key not in self._staff:
            return None
        periods = self._positions.get(staff_key, ())
        held = tuple(each.position for each in periods if each.position is not None and each.holds(today))
        employment, certification = self.employment(staff_key, today), self._certification(staff_key, today)
        return StaffFacts(staff_key, today, self.snapshot, employment, held, certification)

    def _certification(self, staff_key: int, today: date) -> Certification:
        if not self._certificates:
            return Certification.UNTOLD
        held = any(period.holds(today) for period in self._certificates.get(staff_key, ()))
        return Certification.CERTIFIED if held else Certification.NOT_CERTIFIED


class StaffRegisters:
    """The register of whichever snapshot is current: kept until another one is."""

    def __init__(self, warehouse: Path) -> None:
        self._warehouse = warehouse
        self._newest: StaffRegister | None = None

    def current(self) -> StaffRegister | None:
        """None before the first load."""
        try:
            name = (self._warehouse / "CURRENT").read_text(encoding="ascii").strip()
        except OSError:
            return None
        newest = self._newest
        if newest is None or newest.snapshot != name:
            newest = self._newest = StaffRegister.read(self._warehouse / "snapshots" / name)
        return newest

    def employment(self, staff_key: int | None, today: date) -> Employment:
        """Nothing is told of those who are linked to no staff record."""
        register = self.current()
        if staff_key is None or register is None:
            return Employment.UNTOLD
        return register.employment(staff_key, today)

    def facts(self, staff_key: int | None, today: date) -> StaffFacts | None:
        """None of those who are not linked to staff, or to no staff member that the snapshot has."""
        register = self.current()
        return None if staff_key is None or register is None else register.facts(staff_key, today)


def _is_certificate(row: dict[str, Any]) -> bool:
    """Paraprofessionals' are not those of certified staff."""
    if _PARAPROFESSIONAL.search(row["credential_level"] or ""):
        return False
    return _CERTIFICATE.search(row["credential_type"] or "") is not None


_EMPLOYMENT = ("staff_key", "hire_date", "end_date")
_ASSIGNMENT = ("staff_key", "begin_date", "end_date")
_CREDENTIAL = ("staff_key", "issuance_date", "expiration_date")
_POSITION = ("staff_classification", "position_title", "school_key")


def _rows(folder: Path, table: str, *columns: str) -> list[dict[str, Any]]:
    """None where the snapshot has no such table, which tells nothing of anybody."""
    path = folder / f"{table}.parquet"
    rows: list[dict[str, Any]] = pq.read_table(path, columns=list(columns)).to_pylist() if path.is_file() else []
    return rows


def _periods(rows: Iterable[dict[str, Any]], key: str, begin: str, end: str) -> _Periods:
    """By staff member; each with the position it is of, where the rows are of positions."""
    found: defaultdict[int, list[_Period]] = defaultdict(list)
    for row in rows:
        position = Position(*(row[name] for name in _POSITION)) if _POSITION[0] in row else None
        found[row[key]].append(_Period(row[begin], row[end], position))
    return dict(found)
