"""School years and their calendars: about 181 instructional days, Connecticut's holidays, snow days made up in June.

Days are numbers: days since 1970-01-01, as NumPy counts them, so that whole districts can be computed at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from governance.warehouse.synth.chance import stream

Days = npt.NDArray[np.int32]
INSTRUCTIONAL_DAYS = 181
# Later than every date: a period that has no end yet. Written as a blank.
OPEN = 2_000_000
INSTRUCTIONAL = "Instructional day"


def number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def as_date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=int(day))


def school_year_of(day: date) -> int:
    """The calendar year in which the school year of a day ends: July begins the next one."""
    return day.year + (day.month >= 7)


def _weekday_in_month(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _last_weekday(year: int, month: int, weekday: int) -> date:
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _easter(year: int) -> date:
    """The Gregorian computus (Meeus, Jones, Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    month_shift = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * month_shift) // 451
    months, days = divmod(h + month_shift - 7 * m + 114, 31)
    return date(year, months, days + 1)


def closures(school_year: int) -> dict[date, str]:
    """The days without school that are known when the calendar is adopted, and why."""
    fall, spring = school_year - 1, school_year
    thanksgiving = _weekday_in_month(fall, 11, 3, 4)
    winter = {date(fall, 12, 24) + timedelta(days=n): "Winter recess" for n in range(9)}
    presidents = _weekday_in_month(spring, 2, 0, 3)
    april = _weekday_in_month(spring, 4, 0, 2)
    return {
        _weekday_in_month(fall, 9, 0, 1): "Labor Day",
        _weekday_in_month(fall, 10, 0, 2): "Indigenous Peoples' Day",
        _weekday_in_month(fall, 11, 0, 1) + timedelta(days=1): "Professional development day",
        thanksgiving: "Thanksgiving recess",
        thanksgiving + timedelta(days=1): "Thanksgiving recess",
        **winter,
        _weekday_in_month(spring, 1, 0, 3): "Martin Luther King Jr. Day",
        presidents: "Winter break",
        presidents + timedelta(days=1): "Winter break",
        _weekday_in_month(spring, 3, 4, 2): "Professional development day",
        _easter(spring) - timedelta(days=2): "Good Friday",
        **{april + timedelta(days=n): "Spring recess" for n in range(5)},
        _last_weekday(spring, 5, 0): "Memorial Day",
        date(spring, 6, 19): "Juneteenth",
    }


def first_school_day(school_year: int) -> date:
    """The last Wednesday of August."""
    return _last_weekday(school_year - 1, 8, 2)


@dataclass(frozen=True)
class SchoolYear:
    """One school year: its instructional days in order, and every weekday between the first and the last."""

    year: int
    begin: int
    end: int
    days: Days
    weekdays: Days
    events: tuple[str, ...]

    def at(self, share: float) -> int:
        """The instructional day after which this share of the year is over."""
        return int(self.days[min(len(self.days) - 1, max(0, round(share * len(self.days)) - 1))])

    def after(self, share: float) -> int:
        """The instructional day that follows `at(share)`."""
        return int(self.days[min(len(self.days) - 1, round(share * len(self.days)))])


def _snow_days(rng: np.random.Generator, school_year: int, today: date) -> dict[date, str]:
    """Days lost to snow. Those after today are not known yet, hence still planned as instructional."""
    offsets = rng.choice(90, size=int(rng.integers(1, 7)), replace=False)
    days = [date(school_year - 1, 12, 10) + timedelta(days=int(n)) for n in offsets]
    return {day: "Snow day" for day in days if day <= today and day.weekday() < 5}


def make_school_year(seed: int, school_year: int, today: date) -> SchoolYear:
    closed = _snow_days(stream(seed, "snow", school_year), school_year, today) | closures(school_year)
    first = first_school_day(school_year)
    dated = [(first - timedelta(days=n), "Teacher work day") for n in (2, 1)]
    instructional: list[int] = []
    day = first
    while len(instructional) < INSTRUCTIONAL_DAYS:
        if day.weekday() < 5:
            event = closed.get(day, INSTRUCTIONAL)
            dated.append((day, event))
            if event == INSTRUCTIONAL:
                instructional.append(number(day))
        day += timedelta(days=1)
    return SchoolYear(
        school_year,
        number(date(school_year - 1, 7, 1)),
        number(date(school_year, 6, 30)),
        np.array(instructional, dtype=np.int32),
        np.array([number(day) for day, _ in dated], dtype=np.int32),
        tuple(event for _, event in dated),
    )


def last_instructional_day(actual: date, is_instructional: Callable[[date], bool]) -> date:
    """The latest day on or before `actual` on which students were expected."""
    day = actual
    while not is_instructional(day):
        day -= timedelta(days=1)
    return day


def demo_today(actual: date, seed: int = 0) -> date:
    """A `today` on which classes are in session: the latest instructional day on or before `actual`.

    Snow days depend on the district's seed; in summer the answer is the last day of the year before.
    The first month of a year is passed over, as a district in its first days has hardly anything to show.
    """
    shown = actual
    if date(actual.year, 7, 1) <= actual < first_school_day(school_year_of(actual)) + timedelta(days=30):
        shown = date(actual.year, 6, 30)
    year = make_school_year(seed, school_year_of(shown), shown)
    known = set(year.days.tolist())
    return last_instructional_day(shown, lambda day: number(day) in known)
