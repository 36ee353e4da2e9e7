"""Positions and who fills them: hiring, turnover, leave with a substitute, and credentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from governance.warehouse.synth import names
from governance.warehouse.synth.chance import Ints, draw, expand
from governance.warehouse.synth.files import DistrictFiles, numbered, pick
from governance.warehouse.synth.school_days import OPEN, SchoolYear

CENTRAL = -1
REGULAR, SUBSTITUTE = 0, 1
SUBSTITUTE_TITLE = "Long-term Substitute Teacher"
# The certificate each classification needs; the others need none.
_CERTIFIED = {
    "Superintendent": "Superintendent of Schools (093)",
    "DistrictAdministrator": "Intermediate Administration and Supervision (092)",
    "Principal": "Intermediate Administration and Supervision (092)",
    "AssistantPrincipal": "Intermediate Administration and Supervision (092)",
    "Counselor": "School Counselor (068)",
    "Psychologist": "School Psychologist (070)",
    "SocialWorker": "School Social Worker (071)",
}


@dataclass(frozen=True)
class Slot:
    """A position: `school` is a local school or CENTRAL, `field` what a teacher in it is certified for."""

    school: int
    classification: str
    title: str
    field: str = ""
    turnover: float = 0.09
    on_leave: float = 0.0

    @property
    def works_in_summer(self) -> bool:
        return self.classification not in {"Teacher", "Paraprofessional", "Counselor", "Psychologist", "SocialWorker"}


@dataclass
class Stints:
    """Who filled a slot from which day through which; sorted by slot."""

    slot: list[int] = field(default_factory=list)
    staff: list[int] = field(default_factory=list)
    begin: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)

    def add(self, slot: int, staff: int, begin: int, end: int, kind: int = REGULAR) -> None:
        for column, value in zip(
            (self.slot, self.staff, self.begin, self.end, self.kind), (slot, staff, begin, end, kind), strict=True
        ):
            column.append(value)


@dataclass
class Roster:
    """Everybody employed for a set of slots. Staff numbers are the district's, starting at `first`."""

    slots: Sequence[Slot]
    first: int
    stints: Stints = field(default_factory=Stints)
    hired: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    why: list[int] = field(default_factory=list)
    of_slot: list[int] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)

    def hire(self, slot: int, hired: int, begin: int, kind: int = REGULAR) -> int:
        for column, value in zip(
            (self.hired, self.left, self.why, self.of_slot, self.kind, self.begins),
            (hired, OPEN, 0, slot, kind, begin),
            strict=True,
        ):
            column.append(value)
        return len(self.hired) - 1

    def cover(self, slots: Ints, begins: Ints, ends: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """For spans of slots, who was there: (span number, staff number, first day, last day, kind)."""
        of_slot = np.array(self.stints.slot)
        starts = np.searchsorted(of_slot, slots, side="left")
        owner, position = expand(np.searchsorted(of_slot, slots, side="right") - starts)
        stint = starts[owner] + position
        begin = np.maximum(begins[owner], np.array(self.stints.begin)[stint])
        end = np.minimum(ends[owner], np.array(self.stints.end)[stint])
        real = begin <= end
        staff, kind = np.array(self.stints.staff)[stint], np.array(self.stints.kind)[stint]
        return owner[real], staff[real], begin[real], end[real], kind[real]

    def keys(self) -> pa.Array:
        return numbered("E", np.arange(self.first, self.first + len(self.hired)), 6)


def fill(rng: np.random.Generator, slots: Sequence[Slot], calendar: Sequence[SchoolYear], first: int) -> Roster:
    """Fills every slot through the years."""
    roster = Roster(slots, first)
    for number, slot in enumerate(slots):
        _fill_slot(rng, roster, number, slot, calendar)
    return roster


def _fill_slot(
    rng: np.random.Generator, roster: Roster, number: int, slot: Slot, calendar: Sequence[SchoolYear]
) -> None:
    begin = calendar[0].begin
    person = roster.hire(number, begin - 365 * int(rng.integers(0, 25)) + int(rng.integers(0, 60)) - 60, begin)
    for year in calendar:
        if year is not calendar[0] and rng.random() < slot.turnover:
            _leave(rng, roster, number, person, begin, year.begin - 1)
            begin = year.begin if slot.works_in_summer else int(year.weekdays[0])
            person = roster.hire(number, begin, begin)
        if slot.classification == "Teacher" and rng.random() < 0.015:
            last = int(rng.integers(20, 160))
            _leave(rng, roster, number, person, begin, int(year.days[last]))
            begin = int(year.days[last + 1])
            person = roster.hire(number, begin, begin)
        elif rng.random() < slot.on_leave:
            away = int(rng.integers(10, 100))
            back = away + int(rng.integers(30, 75))
            roster.stints.add(number, person, begin, int(year.days[away - 1]))
            substitute = roster.hire(number, int(year.days[away]), int(year.days[away]), SUBSTITUTE)
            roster.left[substitute] = int(year.days[back - 1])
            roster.why[substitute] = 4
            roster.stints.add(number, substitute, int(year.days[away]), int(year.days[back - 1]), SUBSTITUTE)
            begin = int(year.days[back])
    roster.stints.add(number, person, begin, OPEN)


def _leave(rng: np.random.Generator, roster: Roster, slot: int, person: int, begin: int, end: int) -> None:
    roster.stints.add(slot, person, begin, end)
    roster.left[person] = end
    roster.why[person] = int(rng.integers(0, 4))


_REASONS = ("Resigned", "Retired", "Moved", "Position in another district", "Assignment completed")
_DEGREES = ("Bachelor's", "Master's", "Sixth-year certificate", "Doctorate")


def write_roster(files: DistrictFiles, rng: np.random.Generator, roster: Roster, schools: pa.Array) -> None:
    """Staff who were hired by today, their employment, positions and credentials."""
    hired = np.array(roster.hired)
    known = np.flatnonzero(hired <= files.today)
    size = len(hired)
    experience = rng.integers(0, 12, size) + np.maximum(files.today - hired, 0) // 365
    race = draw(rng, (0.86, 0.06, 0.045, 0.025, 0.01), size)
    sex = draw(rng, (0.75, 0.249, 0.001), size)
    first, last = names.adult_names(rng, sex), names.surnames(rng, race)
    keys = roster.keys()
    email = [
        f"{a}.{b}{n}@district.example".lower() for n, (a, b) in enumerate(zip(first, last, strict=True), roster.first)
    ]
    columns = {
        "staff_key": keys,
        "staff_id": keys,
        "first_name": names.text(first),
        "last_name": names.text(last),
        "birth_date": hired - 365 * (23 + rng.integers(0, 22, size)) - rng.integers(0, 365, size),
        "sex": pick(names.SEXES, sex),
        "race_ethnicity": pick(names.RACES, race),
        "email": pa.array([text.replace("'", "") for text in email]),
        "highest_education": pick(_DEGREES, draw(rng, (0.2, 0.58, 0.18, 0.04), size)),
        "years_of_experience": experience,
    }
    files.write(
        "staff", {k: v.take(pa.array(known)) if isinstance(v, pa.Array) else v[known] for k, v in columns.items()}
    )
    _write_employment(files, rng, roster, keys)
    _write_assignments(files, rng, roster, keys, schools)
    _write_credentials(files, rng, roster, keys)


def _write_employment(files: DistrictFiles, rng: np.random.Generator, roster: Roster, keys: pa.Array) -> None:
    kinds, hired = np.array(roster.kind), np.array(roster.hired)
    files.write(
        "employment",
        {
            "staff_key": keys,
            "employment_status": pick(("Contractual", "Substitute"), kinds),
            "hire_date": hired,
            "end_date": np.array(roster.left),
            "separation_reason": pick(_REASONS, np.array(roster.why)),
        },
    )
    # Some worked here before, left and came back.
    again = np.flatnonzero((rng.random(len(hired)) < 0.04) & (kinds == REGULAR) & (hired <= files.today))
    if len(again):
        earlier = hired[again] - rng.integers(1200, 3000, len(again))
        files.write(
            "employment",
            {
                "staff_key": keys.take(pa.array(again)),
                "employment_status": "Contractual",
                "hire_date": earlier,
                "end_date": earlier + rng.integers(200, 1000, len(again)),
                "separation_reason": "Resigned",
            },
        )


def _write_assignments(
    files: DistrictFiles, rng: np.random.Generator, roster: Roster, keys: pa.Array, schools: pa.Array
) -> None:
    slots = [roster.slots[number] for number in roster.of_slot]
    titles = [SUBSTITUTE_TITLE if k == SUBSTITUTE else s.title for s, k in zip(slots, roster.kind, strict=True)]
    where = pa.array([None if slot.school == CENTRAL else slot.school for slot in slots], type=pa.int64())
    files.write(
        "staff_assignment",
        {
            "staff_key": keys,
            "school_key": schools.take(where),
            "staff_classification": pa.array([slot.classification for slot in slots]),
            "position_title": pa.array(titles),
            "full_time_equivalency": np.where(rng.random(len(slots)) < 0.06, 0.5, 1.0),
            "begin_date": np.array(roster.hired),
            "end_date": np.array(roster.left),
        },
    )


def _write_credentials(files: DistrictFiles, rng: np.random.Generator, roster: Roster, keys: pa.Array) -> None:
    slots = [roster.slots[number] for number in roster.of_slot]
    fields = [_CERTIFIED.get(slot.classification, slot.field) for slot in slots]
    certified = np.array(
        [n for n, words in enumerate(fields) if words and roster.hired[n] <= files.today], dtype=np.int64
    )
    if not len(certified):
        return
    issued = np.array(roster.hired)[certified] - rng.integers(10, 700, len(certified))
    # Initial for three years, provisional for eight, professional for five at a time.
    served = (files.today - issued) // 365
    level = (served >= 3).astype(np.int64) + (served >= 11)
    renewals = np.where(level == 2, (served - 11) // 5, 0)
    issued = issued + 365 * (np.array([0, 3, 11])[level] + 5 * renewals)
    files.write(
        "credential",
        {
            "staff_key": keys.take(pa.array(certified)),
            "credential_id": numbered("CT", roster.first + certified, 8),
            "credential_type": "Certification",
            "credential_field": pa.array([fields[n] for n in certified]),
            "credential_level": pick(("Initial", "Provisional", "Professional"), level),
            "issuance_date": issued,
            "expiration_date": issued + 365 * np.array([3, 8, 5])[level],
        },
    )
