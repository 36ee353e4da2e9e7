"""Marks, transcripts and assessments, all driven by one latent ability."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from governance.warehouse.synth.chance import Booleans, Floats, Ints
from governance.warehouse.synth.classes import COURSES, Seats, Sections, graded
from governance.warehouse.synth.curriculum import FALL, GRADE_9, GRADES, SPRING, TERMS
from governance.warehouse.synth.files import DistrictFiles, pick
from governance.warehouse.synth.people import People
from governance.warehouse.synth.population import Spells
from governance.warehouse.synth.school_days import SchoolYear

_PERIODS = ("T1", "T2", "T3", "Q1", "Q2", "Q3", "Q4", "Year", "S1", "S2")
_LETTERS = ("F", "D", "C-", "C", "C+", "B-", "B", "B+", "A-", "A")
_BOUNDS = (60, 67, 70, 73, 77, 80, 83, 87, 90)
_STANDARDS = ("Beginning", "Developing", "Meeting", "Exceeding")
_SHORTEST_STAY = 15


def _period_ends(year: SchoolYear) -> tuple[Ints, Ints]:
    trimesters = np.array([year.at(share) for share in (1 / 3, 2 / 3, 1)] + [0])
    # The second quarter ends with the fall semester.
    half = len(year.days) // 2
    quarters = np.array([year.at(0.25), year.days[half - 1], year.at(0.75), year.days[-1]])
    return trimesters, quarters


def _marks(rng: np.random.Generator, people: People, seats: Seats, sections: Sections, rows: Ints) -> Floats:
    """Marks by seat and period, 0 to 100: ability, days missed, the section's severity, and chance."""
    student, section = seats.student[rows], seats.section[rows]
    severity = rng.normal(0, 2.0, max(1, len(sections.course)))[section]
    base = 81 + 6.5 * people.ability[student] - 45 * np.minimum(people.absence[student], 0.3) + severity
    base = base + rng.normal(0, 3.5, len(rows))
    marks = base[:, None] + rng.normal(0, 2.5, (len(rows), 4))
    return np.asarray(np.clip(np.round(marks), 35, 100), dtype=np.float64)


def write_grades(
    files: DistrictFiles,
    rng: np.random.Generator,
    year: SchoolYear,
    sections: Sections,
    seats: Seats,
    people: People,
) -> None:
    """A mark for each period whose last day a student sat through; a final one with the last of them."""
    rows = np.flatnonzero(graded(sections)[seats.section]) if len(seats.section) else seats.section
    if not len(rows):
        return
    section = seats.section[rows]
    grade, term = sections.grade[section], sections.term[section]
    marks = _marks(rng, people, seats, sections, rows)
    trimesters, quarters = _period_ends(year)
    elementary = grade <= 6
    ends = np.where(elementary[:, None], trimesters, quarters)
    given = (seats.begin[rows][:, None] + _SHORTEST_STAY <= ends) & (ends <= seats.end[rows][:, None])
    given &= (ends <= files.today) & (ends > 0)
    who, period = np.nonzero(given)
    label = np.where(elementary[who], period, period + 3)
    _write_marks(files, year, sections, seats, people, rows[who], label, "Grading period", marks[who, period])
    final = given.any(axis=1) & (seats.end[rows] == sections.end[section]) & (seats.end[rows] <= files.today)
    if not final.any():
        return
    mean = np.round((marks * given).sum(axis=1)[final] / given.sum(axis=1)[final])
    of_term = np.where(term == FALL, 8, np.where(term == SPRING, 9, 7))[final]
    _write_marks(files, year, sections, seats, people, rows[final], of_term, "Final", mean)
    _write_transcript(files, year, sections, seats, people, rows[final], mean)


def _letters(mark: Floats) -> pa.Array:
    return pick(_LETTERS, np.searchsorted(_BOUNDS, mark, side="right"))


def _write_marks(
    files: DistrictFiles,
    year: SchoolYear,
    sections: Sections,
    seats: Seats,
    people: People,
    rows: Ints,
    label: Ints,
    kind: str,
    mark: Floats,
) -> None:
    """Up to grade 2, report cards give words, not numbers."""
    if not len(rows):
        return
    young = sections.grade[seats.section[rows]] <= 3
    words = np.searchsorted((66, 78, 91), mark, side="right") + len(_LETTERS)
    letters = np.where(young, words, np.searchsorted(_BOUNDS, mark, side="right"))
    files.write(
        "grade",
        {
            "student_key": people.keys.take(pa.array(seats.student[rows])),
            "section_key": sections.keys.take(pa.array(seats.section[rows])),
            "school_year": year.year,
            "grading_period": pick(_PERIODS, label),
            "grade_type": kind,
            "numeric_grade": np.where(young, np.nan, mark),
            "letter_grade": pick(_LETTERS + _STANDARDS, letters),
        },
    )


def _write_transcript(
    files: DistrictFiles,
    year: SchoolYear,
    sections: Sections,
    seats: Seats,
    people: People,
    rows: Ints,
    mark: Floats,
) -> None:
    high = sections.grade[seats.section[rows]] >= GRADE_9
    rows, mark = rows[high], mark[high]
    if not len(rows):
        return
    section = seats.section[rows]
    credits = np.array([course.credits or 0.0 for course in COURSES])[sections.course[section]]
    files.write(
        "transcript",
        {
            "student_key": people.keys.take(pa.array(seats.student[rows])),
            "school_year": year.year,
            "term": pick(TERMS, sections.term[section]),
            "course_key": pick([course.code for course in COURSES], sections.course[section]),
            "grade_level": pick(GRADES, sections.grade[section]),
            "credits_attempted": credits,
            "credits_earned": np.where(mark >= 60, credits, 0.0),
            "final_numeric_grade": mark,
            "final_letter_grade": _letters(mark),
        },
    )


_ELA, _MATH, _SCIENCE = "EnglishLanguageArts", "Mathematics", "Science"
_LEVELS = ("Level 1: Not Met", "Level 2: Approaching", "Level 3: Met", "Level 4: Exceeded")
# Title, subject, grades, share of the year, metric, mean at the first grade, gain a grade, spread, level bounds (in
# spreads from the mean), lowest, highest.
_ASSESSMENTS = (
    ("Smarter Balanced ELA", _ELA, range(4, 10), 0.86, "Scale score", 2430, 27, 88, (-0.75, 0.0, 0.85), 2114, 2795),
    ("Smarter Balanced Math", _MATH, range(4, 10), 0.88, "Scale score", 2435, 24, 84, (-0.7, 0.1, 0.95), 2189, 2862),
    ("NGSS Science", _SCIENCE, (6, 9, 12), 0.90, "Scale score", 498, 0, 24, (-0.8, 0.05, 0.9), 400, 600),
    ("SAT School Day ERW", _ELA, (12,), 0.70, "Scale score", 515, 0, 95, (-0.9, -0.35, 1.0), 200, 800),
    ("SAT School Day Math", _MATH, (12,), 0.70, "Scale score", 502, 0, 98, (-0.8, 0.2, 1.0), 200, 800),
    ("Fall Benchmark Reading", _ELA, range(1, 10), 0.09, "Percentile", 52, 0, 25, (-0.9, -0.1, 0.9), 1, 99),
    ("Fall Benchmark Math", _MATH, range(1, 10), 0.10, "Percentile", 51, 0, 25, (-0.9, -0.1, 0.9), 1, 99),
    ("Winter Benchmark Reading", _ELA, range(1, 10), 0.52, "Percentile", 52, 0, 25, (-0.9, -0.1, 0.9), 1, 99),
    ("Winter Benchmark Math", _MATH, range(1, 10), 0.53, "Percentile", 51, 0, 25, (-0.9, -0.1, 0.9), 1, 99),
)  # fmt: skip


def write_assessments(
    files: DistrictFiles, rng: np.random.Generator, year: SchoolYear, spells: Spells, people: People
) -> None:
    """The State's tests and the district's own, by those who were enrolled on the day; 3 % miss each."""
    for title, subject, grades, share, metric, mean, gain, spread, bounds, low, high in _ASSESSMENTS:
        days = year.days[round(share * len(year.days)) + rng.integers(0, 8, len(GRADES))].astype(np.int64)
        day = days[spells.grade]
        present: Booleans = (spells.entry <= day) & (day <= spells.exit) & spells.primary
        present &= np.isin(spells.grade, list(grades)) & (rng.random(len(day)) < 0.97)
        rows = np.flatnonzero(present)
        if not len(rows) or day[rows].min() > files.today:
            continue
        student = spells.student[rows]
        place = 0.75 * people.ability[student] - 2.0 * np.minimum(people.absence[student], 0.3) + 0.1
        place = place + rng.normal(0, 0.55, len(rows))
        score = np.clip(np.round(mean + gain * (spells.grade[rows] - min(grades)) + spread * place), low, high)
        files.write(
            "assessment_result",
            {
                "student_key": people.keys.take(pa.array(student)),
                "assessment_title": title,
                "academic_subject": subject,
                "school_year": year.year,
                "administration_date": day[rows],
                "grade_level": pick(GRADES, spells.grade[rows]),
                "score_metric": metric,
                "score": score,
                "performance_level": pick(_LEVELS, np.searchsorted(bounds, place)),
            },
        )
