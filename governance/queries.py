"""What can be asked, as nouns of the vocabulary: frozen, checked when they are made, importing nothing of ours."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Among:
    """The column's value is one of these; None stands for a missing value."""

    column: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Between:
    """The column's value is at least `low` and at most `high`; None leaves that side open."""

    column: str
    low: Any
    high: Any


Condition = Among | Between


@dataclass(frozen=True)
class FrameQuery:
    """Rows of one table: `columns` (all if empty) where every condition holds."""

    table: str
    columns: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class SqlQuery:
    """A SELECT in DuckDB's dialect over tables the asker may see."""

    text: str


class Statistic(enum.StrEnum):
    """What a cell of a table of statistics says of its group."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MEDIAN = "median"
    RATE = "rate"
    PERCENT = "percent"

    @property
    def needs_value(self) -> bool:
        return self not in (Statistic.COUNT, Statistic.PERCENT)


MAX_DIMENSIONS = 4


@dataclass(frozen=True)
class TabulateQuery:
    """A table of statistics: one cell for each combination of the dimensions, margins included.

    `protected`: None leaves it to the form of the capacity; False asks for exact statistics over scoped rows.
    """

    table: str
    rows: tuple[str, ...]
    columns: tuple[str, ...] = ()
    statistic: Statistic = Statistic.COUNT
    value: str | None = None
    where: tuple[Condition, ...] = ()
    protected: bool | None = None

    def __post_init__(self) -> None:
        dimensions = self.dimensions
        if not 1 <= len(dimensions) <= MAX_DIMENSIONS or len(set(dimensions)) < len(dimensions):
            raise ValueError(f"a table has one to {MAX_DIMENSIONS} dimensions, each once")
        if self.statistic.needs_value != (self.value is not None):
            raise ValueError("a sum, mean, median or rate is of a value; a count and a percent are not")

    @property
    def dimensions(self) -> tuple[str, ...]:
        return self.rows + self.columns


class Family(enum.StrEnum):
    """The families of models."""

    OLS = "ols"
    LOGIT = "logit"


@dataclass(frozen=True)
class ExplainQuery:
    """Why is, or is not, one student's row in my answers?"""

    table: str
    student_key: int
