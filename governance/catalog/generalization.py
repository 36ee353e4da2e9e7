"""How values become coarser on the way to de-identified rows: hierarchies, as declarations.

A hierarchy begins with the values as they are and goes from level to level to larger groups; the last level, which
is not declared, is everything together. One with a `source` is about a person: the students' quasi-identifiers, each
with one value per student. One without is about a row.
"""

from __future__ import annotations

import enum
import itertools
from dataclasses import dataclass


class Treatment(enum.StrEnum):
    """What becomes of a column in de-identified rows about people."""

    DROPPED = "dropped"
    CODE = "code"
    GENERALIZED = "generalized"
    MONTH = "coarse date"
    SHARED_MONTH = "coarse date where shared"
    SHARED = "kept where shared"
    KEPT = "kept unless rare"
    BANDED = "banded"


@dataclass(frozen=True)
class ColumnName:
    """A column of a table, written `table.column`."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(frozen=True)
class Bands:
    """Numbers in bands; each begins at one of `lows` and ends before the next."""

    words: str
    lows: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.lows or list(self.lows) != sorted(set(self.lows)):
            raise ValueError("bands: the lowest numbers rise")


@dataclass(frozen=True)
class Groups:
    """Values in named groups; those in none are in the group `rest`."""

    words: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    rest: str

    def __post_init__(self) -> None:
        members = [value.casefold() for _, values in self.groups for value in values]
        if len(members) != len(set(members)):
            raise ValueError("groups: a value is in two groups")


@dataclass(frozen=True)
class SmallMerged:
    """Groups that hold less than a share of all persons become one group, `rest`."""

    words: str
    share: float
    rest: str

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ValueError("merged groups: a share lies between 0 and 1")


@dataclass(frozen=True)
class Listed:
    """Whether the value is listed in a column of a register."""

    words: str
    register: ColumnName
    inside: str
    rest: str


@dataclass(frozen=True)
class Attribute:
    """What a column of the key's register says of the key."""

    words: str
    register: ColumnName


Level = Bands | Groups | SmallMerged | Listed | Attribute


@dataclass(frozen=True)
class Generalization:
    """A hierarchy. `shown` is what a key's finest level shows; `weight` is how much losing it costs."""

    name: str
    description: str
    finest: str
    levels: tuple[Level, ...]
    source: ColumnName | None = None
    shown: ColumnName | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.weight <= 0:
            raise ValueError(f"hierarchy {self.name}: a weight is positive")
        bands = [set(level.lows) for level in self.levels if isinstance(level, Bands)]
        if any(not coarser < finer for finer, coarser in itertools.pairwise(bands)):
            raise ValueError(f"hierarchy {self.name}: the bands of a level begin where some of the level before do")

    @property
    def words(self) -> tuple[str, ...]:
        """What each level shows, the finest first; the last is everything together."""
        return (self.finest, *(level.words for level in self.levels), EVERYTHING)


EVERYTHING = "nothing: everything together"
