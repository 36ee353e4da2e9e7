"""How a district is divided: towns of a few thousand students, each with its schools and its feeder pattern."""

from __future__ import annotations

from dataclasses import dataclass

from governance.warehouse.synth.chance import Ints, quotas, stream
from governance.warehouse.synth.curriculum import ELEMENTARY, HIGH, LEVELS, MIDDLE

LARGEST_TOWN = 5_000
_ELEMENTARY_SIZE, _MIDDLE_SIZE, _HIGH_SIZE = 420, 620, 1_100
_FIRST = (
    "Ash", "Birch", "Cedar", "Clear", "Fair", "Glen", "Haddon", "Ives", "Lyme", "Mill", "North", "Oak", "Pine",
    "Quarry", "Ridge", "Stone", "Tolland", "Wind", "Wood", "Elm", "South", "East", "West", "Green", "Hart",
    "Marl", "Well",
)  # fmt: skip
_SECOND = ("field", "bridge", "brook", "ham", "bury", "port", "ton", "wick", "ville", "ford", "haven", "mont", "dale")
_NAMESAKES = (
    "Hollow Road", "Center", "Prudence Crandall", "Maple Hill", "Riverside", "Ella Grasso", "Summit", "Constance Baker",
    "Old Mill", "Meadow", "Nathan Hale", "Plymouth Road", "Clock Tower", "Laurel", "Railroad Street", "Sycamore",
)  # fmt: skip


@dataclass(frozen=True)
class Town:
    """One block of the district: `levels[s]` of its local school s; `feeds[s]` is where its students go next."""

    index: int
    name: str
    postal_code: str
    students: int
    first_school: int
    levels: tuple[int, ...]
    names: tuple[str, ...]
    feeds: tuple[int, ...]

    def schools(self, level: int) -> list[int]:
        return [school for school, at in enumerate(self.levels) if at == level]


def _counts(students: int) -> tuple[int, int, int]:
    return (
        max(1, round(students * 0.485 / _ELEMENTARY_SIZE)),
        max(1, round(students * 0.22 / _MIDDLE_SIZE)),
        max(1, round(students * 0.295 / _HIGH_SIZE)),
    )


def _town(seed: int, index: int, students: int, first_school: int) -> Town:
    order = stream(seed, "town names").permutation(len(_FIRST) * len(_SECOND))
    first, second = divmod(int(order[index % len(order)]), len(_SECOND))
    name = _FIRST[first] + _SECOND[second]
    elementary, middle, high = _counts(students)
    levels = (ELEMENTARY,) * elementary + (MIDDLE,) * middle + (HIGH,) * high
    feeds = (
        *(elementary + n % middle for n in range(elementary)),
        *(elementary + middle + n % high for n in range(middle)),
        *((-1,) * high),
    )
    counts = {ELEMENTARY: elementary, MIDDLE: middle, HIGH: high}
    names = tuple(_school_name(name, level, n, counts[level]) for n, level in enumerate(levels))
    return Town(index, name, f"06{100 + index * 7 % 900:03d}", students, first_school, levels, names, feeds)


def _school_name(town: str, level: int, number: int, of_level: int) -> str:
    namesake = _NAMESAKES[number % len(_NAMESAKES)]
    return f"{town if of_level == 1 and level != ELEMENTARY else town + ' ' + namesake} {LEVELS[level]} School"


def lay_out(seed: int, students: int) -> list[Town]:
    """The towns of a district, of about equal size."""
    number = max(1, -(-students // LARGEST_TOWN))
    sizes: Ints = quotas([1.0] * number, students)
    towns: list[Town] = []
    first = 0
    for index, size in enumerate(sizes.tolist()):
        towns.append(_town(seed, index, size, first))
        first += len(towns[-1].levels)
    return towns
