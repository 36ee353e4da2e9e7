"""What a chart of a table draws: the cells that are not totals, each with what is known of it."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from dbims_sdk.protection import CODED
from dbims_sdk.sheets import Labels, is_total
from dbims_sdk.tables import ProtectedTable, Shown

_LONGEST = 44
_BOUND = re.compile(r"([≥>≤<])\s*(-?[\d,]*\.?\d+)")


class Known(enum.Enum):
    """How much of a cell is known."""

    NUMBER = "a number"
    RANGE = "a range"
    HIDDEN = "not shown"
    NOTHING = "nothing to compute from"


@dataclass(frozen=True)
class Point:
    """One cell. `value`: its number; of a range, the end that is known, if any; else None."""

    known: Known
    value: float | None
    text: str


@dataclass(frozen=True)
class Points:
    """Cells by category (a row of the table) and series (a column)."""

    categories: tuple[str, ...]
    series: tuple[str, ...]
    cells: tuple[tuple[Point, ...], ...]

    def of_series(self, place: int) -> list[Point]:
        return [row[place] for row in self.cells]

    def kinds(self) -> set[Known]:
        return {point.known for row in self.cells for point in row}

    def values(self) -> list[float]:
        return [point.value for row in self.cells for point in row if point.value is not None]


def points_of(table: ProtectedTable) -> Points:
    """The cells of a table without its totals; with them only if there is nothing else."""
    rows, columns = _drawn(table.row_labels), _drawn(table.column_labels)
    cells = tuple(tuple(point(table.cells[row][column]) for column in columns) for row in rows)
    names = tuple(label_of(table.column_labels[column]) for column in columns)
    return Points(tuple(label_of(table.row_labels[row]) for row in rows), names, cells)


def point(cell: Shown) -> Point:
    if cell.reason is not None:
        coded = cell.reason == CODED
        return Point(Known.RANGE if coded else Known.HIDDEN, _end(cell.text) if coded else None, cell.text)
    return Point(Known.NOTHING if cell.value is None else Known.NUMBER, cell.value, cell.text)


def label_of(labels: Labels) -> str:
    """The labels of a row or column as one text; a very long one is cut."""
    text = " · ".join(labels)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _drawn(labels: tuple[Labels, ...]) -> list[int]:
    inner = [place for place, names in enumerate(labels) if not is_total(names)]
    return inner or list(range(len(labels)))


def _end(text: str) -> float | None:
    """The end of a range that its text names, for example 95 of "≥ 95 %"."""
    found = _BOUND.match(text)
    return float(found[2].replace(",", "")) if found else None
