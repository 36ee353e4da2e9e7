"""Stretches of time that use is looked at in, and the usual hours of a district."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKEND = (5, 6)
DEFAULT_ZONE = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Period:
    """From `since` on and before `until`, both of them moments."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.since.tzinfo is None or self.until.tzinfo is None:
            raise ValueError("a period is between two moments, which have a time zone")
        if self.until <= self.since:
            raise ValueError("a period ends after it begins")

    def holds(self, at: datetime) -> bool:
        return self.since <= at < self.until

    def before(self, count: int) -> Iterator[Period]:
        """As many periods of the same length, the latest first, that lead up to this one."""
        length = self.until - self.since
        for number in range(1, count + 1):
            yield Period(self.since - number * length, self.since - (number - 1) * length)


@dataclass(frozen=True)
class UsualHours:
    """When people of the district use the system: on working days, from a time of day to another, in its time zone.

    `days_off`: weekdays on which nobody works.
    """

    zone: ZoneInfo = DEFAULT_ZONE
    first: time = time(6)
    last: time = time(20)
    days_off: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if self.last <= self.first:
            raise ValueError("usual hours end later on the day than they begin")

    def hold(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        works = local.weekday() not in WEEKEND and local.date() not in self.days_off
        return works and self.first <= local.time() < self.last


@dataclass(frozen=True)
class Week:
    """A week of the district, from its Monday on."""

    monday: date

    def __post_init__(self) -> None:
        if self.monday.weekday() != 0:
            raise ValueError("a week begins on a Monday")

    @classmethod
    def of(cls, day: date) -> Week:
        return cls(day - timedelta(days=day.weekday()))

    @classmethod
    def last_before(cls, now: datetime, zone: ZoneInfo) -> Week:
        """The newest week that is over."""
        return cls(cls.of(now.astimezone(zone).date()).monday - timedelta(days=7))

    @property
    def name(self) -> str:
        """ISO 8601: `2026-W47`."""
        year, week, _ = self.monday.isocalendar()
        return f"{year}-W{week:02}"

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    def period(self, zone: ZoneInfo) -> Period:
        """From midnight to midnight where the district is: an hour shorter or longer when the clocks change."""
        ends = (self.monday, self.monday + timedelta(days=7))
        since, until = (datetime.combine(day, time(), zone).astimezone(UTC) for day in ends)
        return Period(since, until)
