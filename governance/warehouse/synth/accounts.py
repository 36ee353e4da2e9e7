"""Whom to make demo accounts of: one person per capacity, with somebody to see as of today."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from governance.warehouse.synth.chance import Ints
from governance.warehouse.synth.positions import CENTRAL_OFFICE, Positions
from governance.warehouse.synth.staffing import REGULAR, Roster


def _latest(roster: Roster, slot: int, today: int) -> str:
    """The identifier of who fills a slot today, or did last."""
    stints = roster.stints
    rows = [
        (begin, staff)
        for at, staff, begin, kind in zip(stints.slot, stints.staff, stints.begin, stints.kind, strict=True)
        if at == slot and kind == REGULAR and begin <= today
    ]
    return f"E{roster.first + max(rows)[1]:06d}"


def _busiest(roster: Roster, rows: Ints, allowed: set[int], today: int) -> str | None:
    """Who, of those allowed, has most of the rows (…, staff, first, last) that hold today, or began by then."""
    _, staff, begin, end = rows
    mine = np.isin(staff, sorted(allowed))
    current = mine & (begin <= today) & (today <= end)
    chosen = staff[current if current.any() else mine & (begin <= today)]
    return f"E{roster.first + int(np.bincount(chosen).argmax()):06d}" if len(chosen) else None


@dataclass
class Accounts:
    """Capacity to staff identifier; the first town's people come first."""

    today: int
    chosen: dict[str, str] = field(default_factory=dict)

    def choose_central_office(self, office: Roster) -> None:
        for slot, (capacity, _, _) in enumerate(CENTRAL_OFFICE):
            if capacity:
                self.chosen[capacity] = _latest(office, slot, self.today)

    def choose_in_town(
        self, positions: Positions, roster: Roster, taught: Ints, caseload: Ints, services: Ints
    ) -> None:
        """`taught`, `caseload` and `services`: rows whose last three columns are staff, first and last day."""
        if "teacher" in self.chosen:
            return
        kinds = np.array(roster.of_slot)
        counselors = np.concatenate(list(positions.counselors.values()))
        secondary = [slots for (_, field_), slots in positions.teachers.items() if field_ == "MAT"]
        for capacity, rows, slots in (
            ("teacher", taught, np.concatenate(secondary)),
            ("counselor", caseload, counselors),
            ("support_services", services, np.concatenate(list(positions.services.values()))),
        ):
            allowed = set(np.flatnonzero(np.isin(kinds, slots)).tolist())
            found = _busiest(roster, rows, allowed, self.today)
            if found:
                self.chosen[capacity] = found
        self.chosen["principal"] = _latest(roster, positions.principals[-1], self.today)
