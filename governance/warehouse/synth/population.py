"""Who is enrolled where and when: a town's students, lived through year by year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from governance.warehouse.synth.chance import Booleans, Ints, draw, quotas, stream
from governance.warehouse.synth.curriculum import GRADE_5, GRADE_6, GRADE_8, GRADE_9, GRADE_12, LEVEL_OF_GRADE, PK
from governance.warehouse.synth.layout import Town
from governance.warehouse.synth.school_days import OPEN, SchoolYear

_GRADE_SHARES = (0.55, *((1.0,) * 13))
ENTRY_TYPES = (
    "Continuing enrollment", "New to public school", "From another Connecticut district", "From out of state",
    "Transferred within the district", "Re-entered",
)  # fmt: skip
EXIT_TYPES = (
    "End of school year", "Graduated", "To another Connecticut district", "Moved out of state", "To a private school",
    "Homeschooled", "Dropped out", "Transferred within the district",
)  # fmt: skip
CONTINUING, NEW, FROM_DISTRICT, _, WITHIN_ENTRY, REENTERED = range(6)
YEAR_END, GRADUATED, TO_DISTRICT, _, _, _, DROPPED_OUT, WITHIN_EXIT = range(8)
_LEVEL = np.array(LEVEL_OF_GRADE)


@dataclass
class Spells:
    """Enrolments of one school year, one element each: first and last day as numbers, local student and school."""

    year: int
    student: Ints
    school: Ints
    grade: Ints
    entry: Ints
    exit: Ints
    entry_type: Ints
    exit_type: Ints
    primary: Booleans

    def keep(self, rows: Ints | Booleans) -> Spells:
        return Spells(self.year, *(column[rows] for column in self._columns()))  # type: ignore[arg-type]

    def join(self, other: Spells) -> Spells:
        pairs = zip(self._columns(), other._columns(), strict=True)
        return Spells(self.year, *(np.concatenate(pair) for pair in pairs))  # type: ignore[arg-type]

    def _columns(self) -> tuple[Ints | Booleans, ...]:
        return (
            self.student, self.school, self.grade, self.entry, self.exit, self.entry_type, self.exit_type, self.primary,
        )  # fmt: skip


@dataclass
class Population:
    """A town's students (0 … count-1), their enrolments by year, and the span of each student's enrolment.

    `kindergarten_year`: the school year of kindergarten of somebody who never repeats a grade and is as far ahead as
    the student ever gets.
    """

    count: int
    years: list[Spells]
    first_entry: Ints
    last_exit: Ints
    first_grade: Ints
    kindergarten_year: Ints


@dataclass
class _State:
    """Where everybody stands between two school years."""

    town: Town
    grade: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    home: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    enrolled: Booleans = field(default_factory=lambda: np.zeros(0, dtype=bool))
    graduated: Booleans = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def admit(self, rng: np.random.Generator, grades: Ints) -> Ints:
        """New students; answers their numbers."""
        first = len(self.grade)
        homes = rng.integers(0, len(self.town.schools(0)), size=len(grades))
        self.grade = np.concatenate([self.grade, grades])
        self.home = np.concatenate([self.home, homes])
        self.enrolled = np.concatenate([self.enrolled, np.ones(len(grades), dtype=bool)])
        self.graduated = np.concatenate([self.graduated, np.zeros(len(grades), dtype=bool)])
        return np.arange(first, first + len(grades))

    def school(self, students: Ints, grade: Ints) -> Ints:
        """The local school for students at grades, by the feeder pattern."""
        feeds = np.array(self.town.feeds)
        homes = self.home[students]
        middle = feeds[homes]
        level = _LEVEL[grade]
        return np.where(level == 0, homes, np.where(level == 1, middle, feeds[middle]))


def _promote(rng: np.random.Generator, state: _State, target: int) -> tuple[Ints, Ints]:
    """Summer: promotion and retention, leavers, returners, newcomers. Answers (returners, newcomers)."""
    chance = rng.random(len(state.grade))
    held_back = chance < np.isin(state.grade, (1, 2, GRADE_9)) * 0.02 + 0.008
    state.grade = np.where(held_back & state.enrolled, state.grade, state.grade + 1)
    eligible = ~state.graduated & (state.grade <= GRADE_12)
    back = eligible & ~state.enrolled & (rng.random(len(chance)) < 0.10)
    state.enrolled &= eligible & (rng.random(len(chance)) > 0.04)
    state.enrolled |= back
    present = np.bincount(state.grade[state.enrolled], minlength=14)
    room = target - int(present.sum())
    short = np.maximum(quotas(_GRADE_SHARES, target) - present, 0)
    grades = np.repeat(np.arange(14), quotas(short, room) if room > 0 and short.sum() else 0)
    if room < 0:
        state.enrolled[rng.choice(np.flatnonzero(state.enrolled), size=-room, replace=False)] = False
    return np.flatnonzero(back & state.enrolled), state.admit(rng, grades)


def _whole_year(state: _State, year: SchoolYear, students: Ints) -> Spells:
    count = len(students)
    grade = state.grade[students]
    ends = np.full(count, YEAR_END)
    return Spells(
        year.year, students, state.school(students, grade), grade, np.full(count, int(year.days[0])),
        np.full(count, int(year.days[-1])), np.full(count, CONTINUING), ends, np.ones(count, dtype=bool),
    )  # fmt: skip


def _arrivals(rng: np.random.Generator, spells: Spells, new: Ints, back: Ints) -> None:
    fresh = np.isin(spells.student, new)
    ways = np.where(spells.grade <= 1, NEW, draw(rng, (0.1, 0.6, 0.3), len(fresh)) + NEW)
    spells.entry_type[:] = np.where(fresh, ways, spells.entry_type)
    spells.entry_type[np.isin(spells.student, back)] = REENTERED


def _enter_late(rng: np.random.Generator, state: _State, year: SchoolYear, base: Spells) -> Spells:
    """Students who come during the year."""
    grades = draw(rng, _GRADE_SHARES, max(1, int(rng.poisson(0.03 * len(base.student)))))
    late = _whole_year(state, year, state.admit(rng, grades))
    late.entry[:] = year.days[rng.integers(5, len(year.days) - 12, size=len(grades))]
    late.entry_type[:] = draw(rng, (0.6, 0.4), len(grades)) + FROM_DISTRICT
    return base.join(late)


def _leave_early(rng: np.random.Generator, state: _State, year: SchoolYear, base: Spells) -> None:
    """Students who leave during the year."""
    leaving = (rng.random(len(base.student)) < 0.028) & (base.entry == int(year.days[0]))
    days = year.days[rng.integers(4, len(year.days) - 3, size=len(leaving))]
    ways = draw(rng, (0.5, 0.25, 0.15, 0.1), len(leaving)) + TO_DISTRICT
    ways = np.where((base.grade >= GRADE_9) & (rng.random(len(leaving)) < 0.4), DROPPED_OUT, ways)
    base.exit[:] = np.where(leaving, days, base.exit)
    base.exit_type[:] = np.where(leaving, ways, base.exit_type)
    state.enrolled[base.student[leaving]] = False


def _second_spells(base: Spells, rows: Ints, year: SchoolYear, leave: Ints, resume: Ints) -> Spells:
    """Ends the enrolments of `rows` on instructional day number `leave` and begins others on `resume`."""
    second = base.keep(rows)
    base.exit[rows] = year.days[leave]
    second.entry[:] = year.days[resume]
    return second


def _transfer(rng: np.random.Generator, state: _State, year: SchoolYear, base: Spells, rows: Ints) -> Spells:
    """Moves between schools: to another of the same level, or, where there is one only, across grades 5|6 and 8|9."""
    leave = rng.integers(8, len(year.days) - 8, size=len(rows))
    second = _second_spells(base, rows, year, leave, leave + 1)
    elementary = len(state.town.schools(0))
    moves = (second.grade <= GRADE_5) & (elementary > 1)
    shift = rng.integers(1, max(2, elementary), size=len(rows))
    homes = np.where(moves, (state.home[second.student] + shift) % elementary, state.home[second.student])
    state.home[second.student] = homes
    up = np.isin(second.grade, (GRADE_5, GRADE_8)) & ~moves
    down = np.isin(second.grade, (GRADE_6, GRADE_9)) & ~moves
    second.grade[:] = second.grade + up - down
    state.grade[second.student] = second.grade
    second.school[:] = state.school(second.student, second.grade)
    base.exit_type[rows] = WITHIN_EXIT
    second.entry_type[:] = WITHIN_ENTRY
    return second


def _come_back(rng: np.random.Generator, year: SchoolYear, base: Spells, rows: Ints) -> Spells:
    """Leaves and returns within the year."""
    leave = rng.integers(10, len(year.days) - 60, size=len(rows))
    second = _second_spells(base, rows, year, leave, leave + rng.integers(10, 40, size=len(rows)))
    base.exit_type[rows] = TO_DISTRICT
    second.entry_type[:] = REENTERED
    return second


def _second_schools(rng: np.random.Generator, state: _State, year: SchoolYear, base: Spells, rows: Ints) -> Spells:
    """Enrolments in a second school: eighth graders who take a course at the high school."""
    second = base.keep(rows)
    second.school[:] = np.array(state.town.feeds)[second.school]
    second.primary[:] = False
    second.entry[:] = year.days[rng.integers(0, 20, size=len(rows))]
    return second


def _live_year(rng: np.random.Generator, state: _State, year: SchoolYear, new: Ints, back: Ints) -> Spells:
    base = _whole_year(state, year, np.flatnonzero(state.enrolled))
    _arrivals(rng, base, new, back)
    base = _enter_late(rng, state, year, base)
    _leave_early(rng, state, year, base)
    graduates = (base.grade == GRADE_12) & (base.exit_type == YEAR_END) & (rng.random(len(base.grade)) < 0.94)
    whole = (base.entry == int(year.days[0])) & (base.exit_type == YEAR_END) & ~graduates
    order = rng.permutation(np.flatnonzero(whole))
    base.exit_type[graduates] = GRADUATED
    state.graduated[base.student[graduates]] = True
    state.enrolled[base.student[graduates]] = False
    movable = np.isin(base.grade[order], (GRADE_5, GRADE_6, GRADE_8, GRADE_9))
    movable |= (base.grade[order] <= GRADE_5) & (base.grade[order] > PK) & (len(state.town.schools(0)) > 1)
    moving = order[movable][: max(2, round(0.02 * len(order[movable])))]
    rest = np.setdiff1d(order, moving, assume_unique=True)
    returning = rng.permutation(rest)[: max(1, round(0.003 * len(order)))]
    eighth = np.setdiff1d(rest[base.grade[rest] == GRADE_8], returning)
    second = _second_schools(rng, state, year, base, eighth[: max(1, round(0.06 * len(eighth)))])
    moved = _transfer(rng, state, year, base, moving)
    returned = _come_back(rng, year, base, returning)
    # Joined only now: the two before have shortened enrolments in `base`.
    return base.join(moved).join(returned).join(second)


def _known(spells: Sequence[Spells], count: int, today: int) -> Population:
    """Only enrolments that have begun, and only the students who have any, numbered anew."""
    kept = [year.keep(year.entry <= today) for year in spells]
    first = np.full(count, OPEN)
    last = np.zeros(count, dtype=np.int64)
    grade, kindergarten = np.zeros(count, dtype=np.int64), np.full(count, OPEN)
    for year in reversed(kept):
        np.minimum.at(first, year.student, year.entry)
        np.maximum.at(last, year.student, year.exit)
        grade[year.student] = year.grade
        np.minimum.at(kindergarten, year.student, year.year - year.grade + 1)
    present = first < OPEN
    renumbered = np.cumsum(present) - 1
    for year in kept:
        year.student = renumbered[year.student]
    return Population(int(present.sum()), kept, *(a[present] for a in (first, last, grade, kindergarten)))


def populate(seed: int, town: Town, calendar: Sequence[SchoolYear], today: int) -> Population:
    """Lives a town through the years of the calendar and cuts at today. `town.students` start every year."""
    rng = stream(seed, "population", town.index)
    state = _State(town)
    everyone = state.admit(rng, np.repeat(np.arange(14), quotas(_GRADE_SHARES, town.students)))
    spells = [_live_year(rng, state, calendar[0], everyone[:0], everyone[:0])]
    for year in calendar[1:]:
        back, new = _promote(rng, state, town.students)
        spells.append(_live_year(rng, state, year, new, back))
    return _known(spells, len(state.grade), today)
