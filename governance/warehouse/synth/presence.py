"""Daily attendance: the exceptions of every student and day, with the shape of the week and of the year."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from governance.warehouse.synth.chance import Booleans, Floats, Ints
from governance.warehouse.synth.conduct import Suspensions
from governance.warehouse.synth.files import DistrictFiles, pick
from governance.warehouse.synth.people import People
from governance.warehouse.synth.population import Spells
from governance.warehouse.synth.school_days import SchoolYear, as_date

EVENTS = (
    "Present", "ExcusedAbsence", "UnexcusedAbsence", "DisciplinaryAbsence", "Tardy", "EarlyDeparture", "Partial",
)  # fmt: skip
PRESENT, EXCUSED, UNEXCUSED, DISCIPLINARY, TARDY, EARLY, PARTIAL = range(7)
_MISSED = np.array([0.0, 1.0, 1.0, 1.0, 0.1, 0.2, 0.5])
_REASONS = ("Illness", "Medical appointment", "Family", "Religious observance", "No note", "Suspension", None)
_WEEKDAYS = np.array([1.18, 0.93, 0.90, 0.95, 1.22])
_MONTHS = {1: 1.2, 2: 1.22, 3: 1.02, 4: 0.98, 5: 1.0, 6: 1.3, 8: 0.65, 9: 0.72, 10: 0.88, 11: 1.0, 12: 1.2}
_GRADES = np.array([1.5, 1.3, 1.05, 0.95, 0.9, 0.88, 0.88, 0.95, 1.0, 1.05, 1.15, 1.15, 1.2, 1.35])
# An illness lasts: the chance that an absence goes on for another day.
_GOES_ON = 0.42


def _shape(rng: np.random.Generator, year: SchoolYear) -> Floats:
    """How likely absences are on each day, about 1 in the mean: week, season, eves of a recess, waves of flu."""
    dates = [as_date(day) for day in year.days]
    shape = np.array([_WEEKDAYS[day.weekday()] * _MONTHS[day.month] for day in dates])
    eve = np.diff(year.days, append=year.days[-1] + 9) > 3
    peak = rng.integers(70, 120)
    wave = 1 + 0.45 * np.exp(-(((np.arange(len(shape)) - peak) / 7.0) ** 2))
    shape = shape * np.where(eve, 1.35, 1.0) * wave
    return np.asarray(shape / shape.mean(), dtype=np.float64)


def _absences(rng: np.random.Generator, rate: Floats, shape: Floats) -> Booleans:
    """A matrix, students by days. Spells of absence begin by chance and go on by chance."""
    size = (len(rate), len(shape))
    starts = rate[:, None] * (1 - _GOES_ON) * shape[None, :]
    absent = rng.random(size, dtype=np.float32) < starts.astype(np.float32)
    goes_on = rng.random(size, dtype=np.float32) < _GOES_ON
    for day in range(1, size[1]):
        absent[:, day] |= absent[:, day - 1] & goes_on[:, day]
    return absent


def _events(rng: np.random.Generator, spells: Spells, people: People, shape: Floats) -> Ints:
    """What happened: an event for each enrolment and day of the year."""
    rate = np.clip(people.absence[spells.student] * _GRADES[spells.grade], 0.002, 0.6)
    size = (len(rate), len(shape))
    chance = rng.random(size, dtype=np.float32)
    # Lateness goes with absence.
    late = (0.5 * rate + 0.008)[:, None]
    events = np.where(chance < late, TARDY, np.where(chance > 0.992, EARLY, PRESENT)).astype(np.int8)
    events[chance > 0.997] = PARTIAL
    excused = np.clip(0.85 - 1.6 * rate, 0.25, 0.9)[:, None]
    kind = np.where(rng.random(size, dtype=np.float32) < excused, EXCUSED, UNEXCUSED).astype(np.int8)
    return np.where(_absences(rng, rate, shape), kind, events)


def write_attendance(
    files: DistrictFiles,
    rng: np.random.Generator,
    year: SchoolYear,
    spells: Spells,
    people: People,
    suspensions: Suspensions,
    schools: pa.Array,
    every_day: bool,
) -> None:
    events = _events(rng, spells, people, _shape(rng, year))
    offsets = np.repeat(np.arange(len(suspensions.spell)), suspensions.length)
    day = suspensions.day[offsets] + np.arange(len(offsets))
    day -= np.repeat(np.cumsum(suspensions.length) - suspensions.length, suspensions.length)
    events[suspensions.spell[offsets], day] = DISCIPLINARY
    days = year.days[year.days <= files.today]
    member = (spells.entry[:, None] <= days) & (days <= spells.exit[:, None]) & spells.primary[:, None]
    seen = events[:, : len(days)]
    who, when = np.nonzero(member if every_day else member & (seen != PRESENT))
    if not len(who):
        return
    happened = seen[who, when].astype(np.int64)
    files.write(
        "attendance",
        {
            "student_key": people.keys.take(pa.array(spells.student[who])),
            "school_key": schools.take(pa.array(spells.school[who])),
            "section_key": None,
            "school_year": year.year,
            "attendance_date": days[when],
            "attendance_event": pick(EVENTS, happened),
            "fraction_absent": _MISSED[happened],
            "reason": pick(_REASONS, _reasons(rng, happened)),
        },
    )


def _reasons(rng: np.random.Generator, happened: Ints) -> Ints:
    chance = rng.random(len(happened))
    excused = np.searchsorted((0.66, 0.82, 0.96), chance)
    reason = np.where(happened == EXCUSED, excused, len(_REASONS) - 1)
    reason = np.where(happened == UNEXCUSED, 4, reason)
    return np.where(happened == DISCIPLINARY, 5, reason)
