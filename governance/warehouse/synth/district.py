"""The synthetic district, put together town by town, so that memory does not grow with its size."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from governance.warehouse.synth.accounts import Accounts
from governance.warehouse.synth.achievement import write_assessments, write_grades
from governance.warehouse.synth.chance import Booleans, Ints, stream
from governance.warehouse.synth.classes import (
    COURSES,
    Grouping,
    group_students,
    lay_out_sections,
    seat_students,
    write_seats,
    write_section_staff,
    write_sections,
)  # fmt: skip
from governance.warehouse.synth.conduct import write_discipline
from governance.warehouse.synth.curriculum import GRADES, LEVELS
from governance.warehouse.synth.files import DistrictFiles, numbered, pick
from governance.warehouse.synth.layout import Town, lay_out
from governance.warehouse.synth.people import People, describe_people, write_demographics, write_students
from governance.warehouse.synth.population import ENTRY_TYPES, EXIT_TYPES, Population, Spells, populate
from governance.warehouse.synth.positions import Positions, central_office, staff_town
from governance.warehouse.synth.presence import write_attendance
from governance.warehouse.synth.school_days import (
    INSTRUCTIONAL,
    SchoolYear,
    first_school_day,
    make_school_year,
    number,
    school_year_of,
)  # fmt: skip
from governance.warehouse.synth.staffing import Roster, fill, write_roster
from governance.warehouse.synth.support import (
    enroll_in_programs,
    learners_by_year,
    write_caseload,
    write_programs,
    write_services,
)  # fmt: skip

Progress = Callable[[str, int, int], None]
SMALLEST = 60


@dataclass(frozen=True)
class _Settings:
    seed: int
    every_day: bool
    calendar: tuple[SchoolYear, ...]


@dataclass
class _Town:
    """Everything about one town that several tables need."""

    town: Town
    population: Population
    people: People
    positions: Positions
    roster: Roster
    schools: pa.Array
    groupings: list[Grouping]


def write_district(
    folder: Path,
    *,
    students: int,
    seed: int,
    today: date,
    years: int = 4,
    every_day: bool = False,
    progress: Progress | None = None,
) -> None:
    """Writes the source files of a district into a folder: `TABLE.csv` for every table, and DISTRICT.json.

    `students` begin each school year. `years` school years have begun by `today`, after which nothing is dated but
    what is planned; in summer the coming one is listed besides. The same arguments give the same bytes. With
    `every_day`, days attended in full are written, too. `progress` is told (what, done, of how many) after each town.
    Raises ValueError for fewer than 60 students, no year, or a negative seed.
    """
    if students < SMALLEST or years < 1 or seed < 0:
        raise ValueError(f"a district has at least {SMALLEST} students, one school year, and a seed of 0 or more")
    calendar = _make_calendar(seed, today, years)
    settings = _Settings(seed, every_day, calendar)
    towns = lay_out(seed, students)
    with DistrictFiles(folder, number(today)) as files:
        accounts = Accounts(files.today)
        next_staff = _write_reference(files, settings, towns, accounts)
        next_student = 1
        for done, town in enumerate(towns, start=1):
            made = _make_town(files, settings, town, next_student, next_staff)
            _write_town(files, settings, made, accounts)
            next_student += made.population.count
            next_staff += len(made.roster.hired)
            if progress is not None:
                progress("towns", done, len(towns))
    about = {"seed": seed, "students": students, "today": today.isoformat(), "years": years, "staff": accounts.chosen}
    (folder / "DISTRICT.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _make_calendar(seed: int, today: date, years: int) -> tuple[SchoolYear, ...]:
    """The school years up to the one of `today`, so many of which have had a first day of school."""
    current = school_year_of(today)
    first = current - years + (today >= first_school_day(current))
    return tuple(make_school_year(seed, year, today) for year in range(first, current + 1))


def _school_keys(town: Town) -> pa.Array:
    return numbered("", np.arange(town.first_school + 1, town.first_school + 1 + len(town.levels)), 4)


def _write_reference(files: DistrictFiles, settings: _Settings, towns: Sequence[Town], accounts: Accounts) -> int:
    calendar = settings.calendar
    files.write(
        "school_year",
        {
            "school_year": np.array([year.year for year in calendar]),
            "begin_date": np.array([year.begin for year in calendar]),
            "end_date": np.array([year.end for year in calendar]),
        },
    )
    codes = pa.array([course.code for course in COURSES])
    files.write(
        "course",
        {
            "course_key": codes,
            "course_code": codes,
            "course_title": pa.array([course.title for course in COURSES]),
            "academic_subject": pa.array([course.subject for course in COURSES]),
            "sced_code": pa.array([course.sced for course in COURSES]),
            "credits": np.array([course.credits or np.nan for course in COURSES]),
        },
    )
    for town in towns:
        _write_schools(files, calendar, town)
    rng = stream(settings.seed, "central office")
    office = fill(rng, central_office(), calendar, 1)
    write_roster(files, rng, office, pa.array([], type=pa.string()))
    accounts.choose_central_office(office)
    return 1 + len(office.hired)


def _write_schools(files: DistrictFiles, calendar: Sequence[SchoolYear], town: Town) -> None:
    keys = _school_keys(town)
    files.write(
        "school",
        {
            "school_key": keys,
            "school_id": keys,
            "school_name": pa.array(town.names),
            "school_level": pick(LEVELS, np.array(town.levels)),
            "town": town.name,
        },
    )
    for year in calendar:
        school = np.repeat(np.arange(len(keys)), len(year.weekdays))
        events = list(year.events) * len(keys)
        files.write(
            "calendar_date",
            {
                "school_key": keys.take(pa.array(school)),
                "calendar_date": np.tile(year.weekdays, len(keys)),
                "school_year": year.year,
                "is_instructional_day": np.array([event == INSTRUCTIONAL for event in events]),
                "calendar_event": pa.array(events),
            },
        )


def _make_town(files: DistrictFiles, settings: _Settings, town: Town, student: int, staff: int) -> _Town:
    seed = settings.seed
    population = populate(seed, town, settings.calendar, files.today)
    people = describe_people(seed, town, population, student)
    rng = stream(seed, "classes", town.index)
    groupings = [group_students(rng, town, spells, people.ability) for spells in population.years]
    positions = staff_town(town, [grouping.groups for grouping in groupings])
    roster = fill(stream(seed, "staff", town.index), positions.slots, settings.calendar, staff)
    return _Town(town, population, people, positions, roster, _school_keys(town), groupings)


def _write_town(files: DistrictFiles, settings: _Settings, made: _Town, accounts: Accounts) -> None:
    seed, town, population, people = settings.seed, made.town, made.population, made.people
    write_students(files, seed, town, population, people)
    write_roster(files, stream(seed, "staff details", town.index), made.roster, made.schools)
    last_year = max((year for year in settings.calendar if year.days[0] <= files.today), key=lambda year: year.year)
    programs = enroll_in_programs(seed, town, population, people, int(last_year.days[-1]))
    learners: list[Booleans] = learners_by_year(programs, population.count, settings.calendar)
    write_demographics(files, seed, town, population, people, learners)
    rng = stream(seed, "support", town.index)
    write_programs(files, rng, programs, people)
    services = write_services(files, rng, population, programs, people, made.positions, made.roster)
    taught, cared = [], []
    for year, spells, grouping in zip(settings.calendar, population.years, made.groupings, strict=True):
        if len(spells.student):
            seated, caseload = _write_year(files, settings, made, year, spells, grouping)
            taught.append(seated)
            cared.append(caseload)
    accounts.choose_in_town(made.positions, made.roster, taught[-1], cared[-1], services)


def _write_year(
    files: DistrictFiles, settings: _Settings, made: _Town, year: SchoolYear, spells: Spells, grouping: Grouping
) -> tuple[Ints, Ints]:
    """One school year of a town. Answers the rows (section, staff, first, last), and those of the caseloads."""
    town, people, schools = made.town, made.people, made.schools

    def rng(purpose: str) -> np.random.Generator:
        return stream(settings.seed, purpose, town.index, year.year)

    _write_enrollment(files, year, spells, people, schools)
    sections = lay_out_sections(rng("sections"), town, year, grouping.groups, made.positions)
    seats = seat_students(spells, grouping, sections)
    write_sections(files, year, sections, schools)
    taught = write_section_staff(files, sections, made.roster, made.roster.keys())
    write_seats(files, year.year, sections, seats, people.keys)
    write_grades(files, rng("grades"), year, sections, seats, people)
    write_assessments(files, rng("assessments"), year, spells, people)
    suspensions = write_discipline(files, rng("discipline"), year, spells, people, schools, town.first_school)
    write_attendance(files, rng("attendance"), year, spells, people, suspensions, schools, settings.every_day)
    return taught, write_caseload(files, rng("caseload"), spells, people, made.positions, made.roster)


def _write_enrollment(
    files: DistrictFiles, year: SchoolYear, spells: Spells, people: People, schools: pa.Array
) -> None:
    files.write(
        "enrollment",
        {
            "student_key": people.keys.take(pa.array(spells.student)),
            "school_key": schools.take(pa.array(spells.school)),
            "school_year": year.year,
            "grade_level": pick(GRADES, spells.grade),
            "entry_date": spells.entry,
            "entry_type": pick(ENTRY_TYPES, spells.entry_type),
            "exit_date": spells.exit,
            "exit_type": pick(EXIT_TYPES, spells.exit_type),
            "is_primary": spells.primary,
        },
    )
