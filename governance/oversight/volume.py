"""How much was used, added up by person, session and stretch of time; and what is far from what is usual."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from governance.oversight.periods import Period
from governance.oversight.thresholds import Thresholds
from governance.oversight.use import Outcome, Use
from governance.vocabulary import Capacity

SCALE = 1.4826
"""Of a normal distribution, the standard deviation over the median absolute deviation."""

Who = tuple[str, str]
"""A person, and the session that they asked in."""


@dataclass
class Total:
    """`students`: records of students given by name, each student counted once for each answer."""

    answers: int = 0
    students: int = 0
    refused: int = 0
    failed: int = 0
    people: set[str] = field(default_factory=set)

    def add(self, use: Use) -> None:
        self.answers += use.outcome is Outcome.GIVEN
        self.students += use.student_count if use.identifies_students else 0
        self.refused += use.outcome is Outcome.REFUSED
        self.failed += use.outcome is Outcome.FAILED
        self.people.add(use.username)


def totals(uses: Iterable[Use]) -> dict[Who, Total]:
    found: defaultdict[Who, Total] = defaultdict(Total)
    for use in uses:
        found[use.username, use.session].add(use)
    return dict(found)


def totals_by_capacity(uses: Iterable[Use]) -> dict[Capacity | None, Total]:
    found: defaultdict[Capacity | None, Total] = defaultdict(Total)
    for use in uses:
        found[use.capacity].add(use)
    return dict(found)


class Past:
    """What was given in the periods before one, the latest first."""

    def __init__(self, period: Period, thresholds: Thresholds) -> None:
        self.periods = tuple(period.before(thresholds.past_weeks))
        self._totals: list[dict[Who, Total]] = [{} for _ in self.periods]

    def add(self, uses: Iterable[Use]) -> None:
        """Uses of any time, each once; those that ended otherwise do not count."""
        for use in uses:
            at = next((number for number, period in enumerate(self.periods) if period.holds(use.at)), None)
            if at is not None and use.outcome is Outcome.GIVEN:
                self._totals[at].setdefault((use.username, use.session), Total()).add(use)

    def put(self, number: int, who: Who, total: Total) -> None:
        """All that somebody was given in one of the periods."""
        self._totals[number][who] = total

    def of(self, who: Who) -> list[Total]:
        """Their earlier periods, from the first on in which there was any use: a quiet week since counts as nothing."""
        known = [each.get(who) for each in self._totals]
        first = max((number for number, total in enumerate(known) if total is not None), default=-1)
        return [total or Total() for total in known[: first + 1]]


@dataclass(frozen=True)
class Usual:
    """What is usual among some numbers. `limit`: above it, a number is unusual."""

    median: float
    deviation: float
    limit: float


def usual(numbers: Sequence[float], floor: float, thresholds: Thresholds) -> Usual:
    """Median, and median absolute deviation with a floor: where all are alike, a little more is not unusual yet."""
    middle = float(median(numbers))
    spread = SCALE * float(median(abs(number - middle) for number in numbers))
    deviation = max(spread, floor, thresholds.floor_of_median * middle)
    return Usual(middle, deviation, middle + thresholds.deviations * deviation)


def peers_of(who: Who, now: dict[Who, Total]) -> Iterator[Total]:
    """The others of the capacity; all studies are of one."""
    capacity = Capacity.of_server(who[1])
    yield from (
        total for (name, session), total in now.items() if name != who[0] and Capacity.of_server(session) is capacity
    )
