"""A table as it is printed: headings, cells, why a cell is only a mark, and the statement under it.

Tables of statistics and of coefficients are made into a sheet once; `sheet_markup` and `sheet_text` print it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbims_sdk.protection import Statement

Labels = tuple[str, ...]
TOTAL = "Total"


@dataclass(frozen=True)
class Cell:
    """What is printed. `why` says in words why it is no plain number; it is empty for a number."""

    text: str
    why: str = ""


@dataclass(frozen=True)
class Run:
    """Neighbouring labels that are one heading: its text, where it begins, and over how many places it reaches."""

    text: str
    begin: int
    length: int
    total: bool


@dataclass(frozen=True)
class Sheet:
    """`stub`: what the rows' labels are. `columns`, `rows`: for each column and row its labels, the outermost first."""

    caption: str
    stub: Labels
    columns: tuple[Labels, ...]
    rows: tuple[Labels, ...]
    cells: tuple[tuple[Cell, ...], ...]
    statement: Statement

    def __post_init__(self) -> None:
        if len(self.cells) != len(self.rows) or any(len(row) != len(self.columns) for row in self.cells):
            raise ValueError("a sheet has one row of cells per row, and one cell per column")

    @property
    def column_levels(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def legend(self) -> list[tuple[str, str, int]]:
        """For each mark and reason in the sheet: the mark, the reason in words, and in how many cells it is."""
        marks = [(cell.text, cell.why) for row in self.cells for cell in row if cell.why]
        return [(*mark, marks.count(mark)) for mark in dict.fromkeys(marks)]


def is_total(labels: Labels) -> bool:
    return TOTAL in labels


def runs(labels: Sequence[Labels], level: int) -> Iterator[Run]:
    """The headings of one level: neighbours with the same labels down to it are one."""
    begin = 0
    for end in range(1, len(labels) + 1):
        if end == len(labels) or labels[end][: level + 1] != labels[begin][: level + 1]:
            yield Run(labels[begin][level], begin, end - begin, is_total(labels[begin][: level + 1]))
            begin = end
