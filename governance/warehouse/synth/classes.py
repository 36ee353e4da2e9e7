"""Sections, who teaches them and who sits in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from governance.warehouse.synth.chance import Booleans, Floats, Ints, expand, rank_within
from governance.warehouse.synth.curriculum import (
    CLASS_SIZE,
    CLASSROOM,
    CURRICULUM,
    FULL_YEAR,
    GRADE_9,
    GRADES,
    SPRING,
    TERMS,
    Course,
    all_courses,
)  # fmt: skip
from governance.warehouse.synth.files import DistrictFiles, pick
from governance.warehouse.synth.layout import Town
from governance.warehouse.synth.population import Spells
from governance.warehouse.synth.positions import SPECIAL_EDUCATION, Positions
from governance.warehouse.synth.school_days import SchoolYear
from governance.warehouse.synth.staffing import SUBSTITUTE, Roster

COURSES = all_courses()
_COURSE_NUMBER = {course.code: number for number, course in enumerate(COURSES)}
_POSITIONS = ("TeacherOfRecord", "SubstituteTeacher", "CoTeacher")
_CORE = {"ELA", "MAT", "SCI", "SOC", "HOM"}
_PERIODS = 8
_LENGTHS = np.array([len(courses) for courses in CURRICULUM])


@dataclass
class Grouping:
    """How a year's students are divided: `groups[school, grade]` classes, and the class of each enrolment."""

    groups: Ints
    group: Ints


@dataclass
class Sections:
    """A town's sections of one year: local numbers from 0, columns by number."""

    course: Ints
    school: Ints
    grade: Ints
    group: Ints
    term: Ints
    period: Ints
    teacher: Ints
    co_teacher: Ints
    begin: Ints
    end: Ints
    base: Ints
    keys: pa.Array


@dataclass
class Seats:
    """Section enrolments of one year."""

    spell: Ints
    student: Ints
    section: Ints
    begin: Ints
    end: Ints


def group_students(rng: np.random.Generator, town: Town, spells: Spells, ability: Floats) -> Grouping:
    """Classes by chance in elementary school; later the strong tend to sit together."""
    cell = spells.school * len(GRADES) + spells.grade
    cell = np.where(spells.primary, cell, len(town.levels) * len(GRADES))
    chance = rng.random(len(cell))
    key = np.where(spells.grade <= 6, chance, -ability[spells.student] - 1.2 * chance)
    rank, size = rank_within(cell, key)
    limit = np.array(CLASS_SIZE)[spells.grade]
    classes = -(-size // limit)
    group = np.where(spells.primary, rank * classes // np.maximum(size, 1), 0)
    groups = np.zeros((len(town.levels), len(GRADES)), dtype=np.int64)
    first = spells.primary
    groups[spells.school[first], spells.grade[first]] = classes[first]
    return Grouping(groups, group)


def _offering(course: Course, group: int, groups: int) -> int:
    """The course a group takes: the strongest third takes the honors course, where there is one."""
    honors = course.honors and groups > 1 and group < max(1, round(groups / 3))
    return _COURSE_NUMBER[course.code + "H" if honors else course.code]


def lay_out_sections(
    rng: np.random.Generator, town: Town, year: SchoolYear, groups: Ints, positions: Positions
) -> Sections:
    rows: list[tuple[int, int, int, int, int, int]] = []
    base = np.full(groups.shape, -1)
    for school, grade in zip(*np.nonzero(groups), strict=True):
        base[school, grade] = len(rows)
        for position, course in enumerate(CURRICULUM[grade]):
            # The two halves of a year's electives share a period.
            place = position - (course.term == SPRING) - (position > 7)
            for group in range(int(groups[school, grade])):
                offering = _offering(course, group, int(groups[school, grade]))
                period = (place + group + int(grade)) % _PERIODS
                rows.append((offering, int(school), int(grade), group, course.term, period))
    course_of, school_of, grade_of, group_of, term, period_of = np.array(rows, dtype=np.int64).reshape(-1, 6).T
    half = len(year.days) // 2
    begin = np.where(term == SPRING, year.days[half], year.days[0])
    end = np.where((term == FULL_YEAR) | (term == SPRING), year.days[-1], year.days[half - 1])
    teacher, co_teacher = _assign_teachers(rng, positions, course_of, school_of, grade_of, group_of, period_of)
    keys = [f"{year.year}-{town.first_school + s + 1:04d}-{n + 1:05d}" for n, s in enumerate(school_of.tolist())]
    return Sections(
        course_of, school_of, grade_of, group_of, term, period_of, teacher, co_teacher, begin, end, base, pa.array(keys)
    )


def _assign_teachers(
    rng: np.random.Generator, positions: Positions, course: Ints, school: Ints, grade: Ints, group: Ints, period: Ints
) -> tuple[Ints, Ints]:
    teacher = np.full(len(course), -1)
    department = np.array([c.department for c in COURSES], dtype=object)[course] if len(course) else course
    elementary = grade <= 6
    for (at, name), slots in positions.teachers.items():
        if name == SPECIAL_EDUCATION:
            continue
        if name == CLASSROOM:
            # A class is one grade and group; its number in the school is its teacher's.
            own = np.flatnonzero((school == at) & elementary & np.isin(department, list(_CORE)))
            _, place = np.unique(grade[own] * 1000 + group[own], return_inverse=True)
            teacher[own] = slots[place]
            continue
        own = np.flatnonzero((school == at) & (department == name))
        # In the order of the periods, by turns: nobody teaches twice in one period unless there are too few.
        own = own[np.argsort(period[own], kind="stable")]
        teacher[own] = slots[np.arange(len(own)) % len(slots)]
    advisory = np.flatnonzero(teacher < 0)
    for row in advisory.tolist():
        slots = positions.teachers[int(school[row]), "ELA"]
        teacher[row] = slots[row % len(slots)]
    co_teacher = np.full(len(course), -1)
    for row in np.flatnonzero((rng.random(len(course)) < 0.18) & np.isin(department, ["ELA", "MAT"])).tolist():
        slots = positions.teachers[int(school[row]), SPECIAL_EDUCATION]
        co_teacher[row] = slots[row % len(slots)]
    return teacher, co_teacher


def write_sections(files: DistrictFiles, year: SchoolYear, sections: Sections, schools: pa.Array) -> None:
    periods = np.array([f"Period {n + 1}" for n in range(_PERIODS)] + [None], dtype=object)
    if not len(sections.course):
        return
    files.write(
        "section",
        {
            "section_key": sections.keys,
            "section_id": sections.keys,
            "course_key": pick([course.code for course in COURSES], sections.course),
            "school_key": schools.take(pa.array(sections.school)),
            "school_year": year.year,
            "term": pick(TERMS, sections.term),
            "class_period": pick(list(periods), np.where(sections.grade <= 6, _PERIODS, sections.period)),
            "begin_date": sections.begin,
            "end_date": sections.end,
        },
    )


def write_section_staff(files: DistrictFiles, sections: Sections, roster: Roster, keys: pa.Array) -> Ints:
    """Teachers of record, their substitutes, co-teachers. Answers rows (section, staff, first, last) as columns."""
    taught = []
    for slots, position in ((sections.teacher, 0), (sections.co_teacher, 2)):
        rows = np.flatnonzero(slots >= 0)
        owner, staff, begin, end, kind = roster.cover(slots[rows], sections.begin[rows], sections.end[rows])
        places = np.where(kind == SUBSTITUTE, 1, position)
        taught.append(np.stack([rows[owner], staff, begin, end, places]))
    section, staff, begin, end, places = np.concatenate(taught, axis=1)
    if len(section):
        files.write(
            "section_staff",
            {
                "section_key": sections.keys.take(pa.array(section)),
                "staff_key": keys.take(pa.array(staff)),
                "classroom_position": pick(_POSITIONS, places),
                "begin_date": begin,
                "end_date": end,
            },
        )
    return np.stack([section, staff, begin, end])


def seat_students(spells: Spells, grouping: Grouping, sections: Sections) -> Seats:
    """Everybody in the sections of their class, from the later to the earlier of the dates."""
    counts = np.where(spells.primary, _LENGTHS[spells.grade], 1)
    spell, position = expand(counts)
    primary = spells.primary[spell]
    school, group = spells.school[spell], grouping.group[spell]
    # A second school means one course there: mathematics, the second in a ninth grader's day.
    grade = np.where(primary, spells.grade[spell], GRADE_9)
    position = np.where(primary, position, 1)
    base = sections.base[school, grade]
    section = base + position * grouping.groups[school, grade] + group
    section = np.where(base < 0, 0, section)
    if not len(sections.course):
        return Seats(*(np.zeros(0, dtype=np.int64),) * 5)
    begin = np.maximum(spells.entry[spell], sections.begin[section])
    end = np.minimum(spells.exit[spell], sections.end[section])
    real = (begin <= end) & (base >= 0)
    return Seats(*(column[real] for column in (spell, spells.student[spell], section, begin, end)))


def write_seats(files: DistrictFiles, year: int, sections: Sections, seats: Seats, students: pa.Array) -> None:
    """An end that lies ahead is the term's last day, whatever happens later: nobody knows it yet."""
    homeroom: Booleans = np.array([course.homeroom for course in COURSES])
    if not len(seats.section):
        return
    ahead = seats.end > files.today
    files.write(
        "section_enrollment",
        {
            "student_key": students.take(pa.array(seats.student)),
            "section_key": sections.keys.take(pa.array(seats.section)),
            "school_year": year,
            "begin_date": seats.begin,
            "end_date": np.where(ahead, sections.end[seats.section], seats.end),
            "is_homeroom": homeroom[sections.course[seats.section]],
        },
    )


def graded(sections: Sections) -> Booleans:
    """Which sections give marks."""
    return ~np.array([course.homeroom for course in COURSES])[sections.course]
