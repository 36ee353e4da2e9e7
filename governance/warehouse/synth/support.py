"""Programs, counselors' caseloads, and the services of psychologists and social workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from governance.warehouse.synth.chance import Booleans, Floats, Ints, draw, stream
from governance.warehouse.synth.curriculum import GRADE_6
from governance.warehouse.synth.files import DistrictFiles, pick
from governance.warehouse.synth.layout import Town
from governance.warehouse.synth.people import People
from governance.warehouse.synth.population import Population, Spells
from governance.warehouse.synth.positions import Positions
from governance.warehouse.synth.school_days import OPEN, SchoolYear
from governance.warehouse.synth.staffing import Roster

_DISABILITIES = (
    "SpecificLearningDisability", "OtherHealthImpairment", "SpeechOrLanguageImpairment", "Autism",
    "EmotionalDisability", "IntellectualDisability", "MultipleDisabilities", "DevelopmentalDelay",
    "HearingImpairment", "TraumaticBrainInjury", "OrthopedicImpairment",
)  # fmt: skip
_DISABILITY_SHARES = (0.37, 0.2, 0.13, 0.12, 0.06, 0.03, 0.04, 0.03, 0.01, 0.005, 0.005)
_PROGRAMS = {
    "SpecialEducation": ("Special Education", "No longer eligible"),
    "Section504": ("Section 504 Plan", "Plan no longer needed"),
    "EnglishLearner": ("English Language Development", "Reached English proficiency"),
    "GiftedAndTalented": ("Enrichment Program", "Left the program"),
}


@dataclass
class Participation:
    """Students in one program: `end` is OPEN or the last day; `left`, whether it ended with the enrolment."""

    student: Ints
    begin: Ints
    end: Ints
    left: Booleans


def _away(population: Population, current_end: int) -> Booleans:
    """Who is no longer a student: their last enrolment ended before the last year did, or with it and with a reason."""
    return population.last_exit < current_end


def _participate(
    rng: np.random.Generator, population: Population, propensity: Floats, share: float, exits: float, current_end: int
) -> Participation:
    """The `share` with the highest propensity: most from before, some from during their enrolment."""
    count = round(share * population.count)
    student = np.sort(np.argsort(-propensity, kind="stable")[:count])
    first, last = population.first_entry[student], population.last_exit[student]
    during = first + (rng.random(count) * (last - first) * 0.9).astype(np.int64)
    begin = np.where(rng.random(count) < 0.55, first, during)
    ended = begin + 60 + (rng.random(count) * 900).astype(np.int64)
    quits = (rng.random(count) < exits) & (ended < last)
    left = ~quits & _away(population, current_end)[student]
    return Participation(student, begin, np.where(quits, ended, np.where(left, last, OPEN)), left)


def enroll_in_programs(
    seed: int, town: Town, population: Population, people: People, current_end: int
) -> dict[str, Participation]:
    rng = stream(seed, "programs", town.index)
    chance = rng.normal(size=(4, population.count))
    in_special = np.zeros(population.count, dtype=bool)
    special = _participate(rng, population, chance[0] - 0.7 * people.ability, 0.16, 0.12, current_end)
    in_special[special.student] = True
    other = np.where(in_special, -9.0, chance[1] - 0.2 * people.ability)
    learner = np.where(people.language > 0, chance[2], -9.0)
    learners = 0.6 * float(np.mean(people.language > 0))
    gifted = np.where(population.first_grade + 4 >= 4, people.ability + 0.5 * chance[3], -9.0)
    return {
        "SpecialEducation": special,
        "Section504": _participate(rng, population, other, 0.055, 0.1, current_end),
        "EnglishLearner": _participate(rng, population, learner, learners, 0.3, current_end),
        "GiftedAndTalented": _participate(rng, population, gifted, 0.04, 0.1, current_end),
    }


def write_programs(
    files: DistrictFiles, rng: np.random.Generator, programs: dict[str, Participation], people: People
) -> None:
    for program, part in programs.items():
        name, reason = _PROGRAMS[program]
        if not len(part.student):
            continue
        disability = pick(_DISABILITIES, draw(rng, _DISABILITY_SHARES, len(part.student)))
        files.write(
            "program_participation",
            {
                "student_key": people.keys.take(pa.array(part.student)),
                "program_type": program,
                "program_name": name,
                "begin_date": part.begin,
                "end_date": part.end,
                "primary_disability": disability if program == "SpecialEducation" else None,
                "reason_exited": pick(
                    (reason, "Left the district", None), np.where(part.end == OPEN, 2, part.left * 1)
                ),
            },
        )


def learners_by_year(programs: dict[str, Participation], count: int, calendar: Sequence[SchoolYear]) -> list[Booleans]:
    part = programs["EnglishLearner"]
    answer = []
    for year in calendar:
        learner = np.zeros(count, dtype=bool)
        learner[part.student[(part.begin <= year.end) & (part.end >= year.begin)]] = True
        answer.append(learner)
    return answer


def write_caseload(
    files: DistrictFiles,
    rng: np.random.Generator,
    spells: Spells,
    people: People,
    positions: Positions,
    roster: Roster,
) -> Ints:
    """One counselor each from grade 6, by the year; some change over. The guidance secretary has the high school's.

    Answers rows (student, staff, first day, last day) as columns.
    """
    parts: list[tuple[Ints, Ints, Ints, Ints]] = []
    for school, slots in positions.counselors.items():
        rows = np.flatnonzero((spells.school == school) & spells.primary & (spells.grade >= GRADE_6))
        student, begin, end = spells.student[rows], spells.entry[rows], spells.exit[rows]
        own = slots[(student * 7919) % len(slots)]
        middle = begin + (end - begin) // 2
        changes = (rng.random(len(rows)) < 0.04) & (len(slots) > 1) & (middle < end)
        parts.append((student, own, begin, np.where(changes, middle, end)))
        following = slots[((student * 7919) + 1) % len(slots)]
        parts.append((student[changes], following[changes], middle[changes] + 1, end[changes]))
        for slot in positions.guidance_secretaries.get(school, ()):
            parts.append((student, np.full(len(rows), slot), begin, end))
    student, slot, begin, end = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    owner, staff, first, last, _ = roster.cover(slot, begin, end)
    if len(owner):
        files.write(
            "caseload",
            {
                "student_key": people.keys.take(pa.array(student[owner])),
                "staff_key": roster.keys().take(pa.array(staff)),
                "begin_date": first,
                "end_date": last,
            },
        )
    return np.stack([student[owner], staff, first, last])


def _served(rng: np.random.Generator, part: Participation, share: float) -> tuple[Ints, Ints, Ints]:
    """Those of a program who get a service: from a few weeks after its begin; one in four services ends before."""
    chosen = rng.random(len(part.student)) < share
    begin = part.begin[chosen] + rng.integers(0, 60, int(chosen.sum()))
    end = np.where(rng.random(len(begin)) < 0.25, begin + rng.integers(90, 500, len(begin)), OPEN)
    return part.student[chosen], begin, np.minimum(end, part.end[chosen])


def _evaluations(rng: np.random.Generator, years: Sequence[Spells], share: float) -> tuple[Ints, Ints, Ints]:
    """Evaluations, each within 45 school days, about 63 days."""
    students, begins, ends = [], [], []
    for spells in years:
        chosen = np.flatnonzero((rng.random(len(spells.student)) < share) & spells.primary)
        begin = spells.entry[chosen] + rng.integers(0, 200, len(chosen))
        end = np.minimum(begin + rng.integers(30, 64, len(chosen)), spells.exit[chosen])
        kept = begin <= end
        students.append(spells.student[chosen][kept])
        begins.append(begin[kept])
        ends.append(end[kept])
    return np.concatenate(students), np.concatenate(begins), np.concatenate(ends)


def write_services(
    files: DistrictFiles,
    rng: np.random.Generator,
    population: Population,
    programs: dict[str, Participation],
    people: People,
    positions: Positions,
    roster: Roster,
) -> Ints:
    """Service and evaluation assignments. Answers rows (student, staff, first day, last day) as columns."""
    written = []
    for service, slots in positions.services.items():
        for kind, (student, begin, end) in {
            "Service": _served(rng, programs["SpecialEducation"], 0.35),
            "Evaluation": _evaluations(rng, population.years, 0.03 if service == "Psychological" else 0.012),
        }.items():
            owner, staff, first, last, _ = roster.cover(slots[(student * 31) % len(slots)], begin, end)
            keep = _first_of_each(student[owner], staff, first)
            owner, staff, first, last = owner[keep], staff[keep], first[keep], last[keep]
            if not len(owner):
                continue
            files.write(
                "service_assignment",
                {
                    "student_key": people.keys.take(pa.array(student[owner])),
                    "staff_key": roster.keys().take(pa.array(staff)),
                    "service": service,
                    "assignment_type": kind,
                    "begin_date": first,
                    "end_date": last,
                },
            )
            written.append(np.stack([student[owner], staff, first, last]))
    return np.concatenate(written, axis=1) if written else np.zeros((4, 0), dtype=np.int64)


def _first_of_each(*columns: Ints) -> Ints:
    """The rows that repeat no earlier one."""
    _, first = np.unique(np.stack(columns), axis=1, return_index=True)
    return np.sort(first)
