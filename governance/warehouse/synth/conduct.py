"""Discipline: few students account for most of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from governance.warehouse.synth.chance import Ints, draw
from governance.warehouse.synth.curriculum import LEVEL_OF_GRADE
from governance.warehouse.synth.files import DistrictFiles, pick
from governance.warehouse.synth.people import People
from governance.warehouse.synth.population import Spells
from governance.warehouse.synth.school_days import SchoolYear

_RATES = np.array([0.05, 0.22, 0.24])
BEHAVIORS = (
    "SchoolPolicyViolation", "PhysicalAggression", "VerbalAggression", "Bullying", "PropertyDamage", "Theft",
    "DrugsAlcoholTobacco", "Weapons",
)  # fmt: skip
_BEHAVIOR_SHARES = (0.56, 0.14, 0.12, 0.04, 0.04, 0.03, 0.06, 0.01)
_HURTS_SOMEBODY = (1, 2, 3)
ACTIONS = (
    "Detention", "InSchoolSuspension", "OutOfSchoolSuspension", "ParentConference", "AdministrativeCounseling",
    "Expulsion",
)  # fmt: skip
_LENIENT, _SEVERE = (0.45, 0.22, 0.08, 0.12, 0.13, 0.0), (0.05, 0.28, 0.5, 0.07, 0.09, 0.01)
_PLACES = ("Classroom", "Hallway", "Cafeteria", "Bus", "Playground", "Restroom", "Off campus")
OUT_OF_SCHOOL, EXPULSION = 2, 5


@dataclass
class Suspensions:
    """Out-of-school suspensions, by enrolment: the number of the first instructional day, and of days."""

    spell: Ints
    day: Ints
    length: Ints


def _who_and_when(
    rng: np.random.Generator, spells: Spells, people: People, first: Ints, last: Ints
) -> tuple[Ints, Ints]:
    """The offences of a year: enrolment, and number of the instructional day."""
    rate = _RATES[np.array(LEVEL_OF_GRADE)[spells.grade]] * np.minimum(people.conduct[spells.student], 25)
    share = (last - first + 1) / 181
    spell = np.repeat(np.arange(len(rate)), rng.poisson(rate * share * spells.primary * (spells.grade > 0)))
    day = first[spell] + np.floor(rng.random(len(spell)) * (last - first + 1)[spell]).astype(np.int64)
    return spell, day


def _others(rng: np.random.Generator, spells: Spells, spell: Ints, date: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """A schoolmate for each of the wanted offences, if one drawn at random was there that day."""
    mate = rng.integers(0, max(1, len(spells.student)), len(wanted))
    at = spell[wanted]
    there = (spells.school[mate] == spells.school[at]) & spells.primary[mate]
    there &= (spells.student[mate] != spells.student[at]) & (spells.grade[mate] > 0)
    there &= (spells.entry[mate] <= date[wanted]) & (date[wanted] <= spells.exit[mate])
    return mate[there], wanted[there]


def write_discipline(
    files: DistrictFiles,
    rng: np.random.Generator,
    year: SchoolYear,
    spells: Spells,
    people: People,
    schools: pa.Array,
    first_school: int,
) -> Suspensions:
    first = np.searchsorted(year.days, spells.entry)
    last = np.searchsorted(year.days, spells.exit, side="right") - 1
    spell, day = _who_and_when(rng, spells, people, first, last)
    if not len(spell):
        return Suspensions(spell, day, day)
    behavior = draw(rng, _BEHAVIOR_SHARES, len(spell))
    date = year.days[day].astype(np.int64)
    victim, hurt = _others(rng, spells, spell, date, np.flatnonzero(np.isin(behavior, _HURTS_SOMEBODY)))
    who, incident = np.concatenate([spell, victim]), np.concatenate([np.arange(len(spell)), hurt])
    part = np.repeat(np.array([0, 1]), [len(spell), len(victim)])
    ids = pa.array([f"I{year.year}-{first_school + 1:04d}-{n + 1:05d}" for n in range(len(spell))])
    files.write(
        "discipline_incident",
        {
            "student_key": people.keys.take(pa.array(spells.student[who])),
            "incident_id": ids.take(pa.array(incident)),
            "school_key": schools.take(pa.array(spells.school[who])),
            "school_year": year.year,
            "incident_date": date[incident],
            "behavior": pick(BEHAVIORS, behavior[incident]),
            "participation": pick(("Perpetrator", "Victim"), part),
            "location": pick(_PLACES, rng.integers(0, len(_PLACES), len(spell))[incident]),
        },
    )
    return _write_actions(files, rng, year, spells, people, schools, ids, spell, day, behavior, last)


def _write_actions(
    files: DistrictFiles,
    rng: np.random.Generator,
    year: SchoolYear,
    spells: Spells,
    people: People,
    schools: pa.Array,
    ids: pa.Array,
    spell: Ints,
    day: Ints,
    behavior: Ints,
    last: Ints,
) -> Suspensions:
    """What was done: on the next school day, or the same where it is the student's last here."""
    severe = np.isin(behavior, (1, 6, 7))
    action = np.where(severe, draw(rng, _SEVERE, len(spell)), draw(rng, _LENIENT, len(spell)))
    removed = np.isin(action, (OUT_OF_SCHOOL, EXPULSION))
    day = np.minimum(day + 1, last[spell])
    days = np.where(removed, 1 + rng.geometric(0.5, len(spell)), np.minimum(rng.geometric(0.7, len(spell)), 3))
    days = np.minimum(np.where(action == EXPULSION, 60, np.minimum(days, 10)), last[spell] - day + 1)
    lasting = np.isin(action, (1, OUT_OF_SCHOOL, EXPULSION))
    files.write(
        "discipline_action",
        {
            "student_key": people.keys.take(pa.array(spells.student[spell])),
            "action_id": pa.array([f"A{text[1:]}" for text in ids.to_pylist()]),
            "incident_id": ids,
            "school_key": schools.take(pa.array(spells.school[spell])),
            "school_year": year.year,
            "action_date": year.days[day],
            "discipline": pick(ACTIONS, action),
            "length_days": np.where(lasting, days, np.nan),
        },
    )
    return Suspensions(spell[removed], day[removed], days[removed])
