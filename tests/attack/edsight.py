"""An auditor of published tables: which starred counts follow from the rest, in Connecticut's own files.

The Smarter Balanced district files give, for each district, subject and grade, how many students reached each of four
levels; another file gives the same for all grades together. `*` stands where something was suppressed. The files agree
with themselves: levels add up to the tests scored, levels 3 and 4 to "met or exceeded", grades to all grades.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tests.attack.program import System, Vector, fixed_by_bounds, fixed_by_equations, ranges

YEARS = ("2014-15", "2015-16", "2016-17", "2017-18", "2018-19")
SCORED = "Total Number with Scored Tests"
LEVELS = ("Level 1 Not Met  Count", "Level 2 Approaching  Count", "Level 3 Met  Count", "Level 4 Exceeded  Count")
MET = "Level 3&4 Met or Exceeded Count"
COLUMNS = (SCORED, *LEVELS, MET)

Counts = Sequence[int | None]


@dataclass(frozen=True)
class Block:
    """One district, subject and year: a line of counts (COLUMNS) per grade, and one of all; None: a star."""

    name: str
    grades: tuple[Counts, ...]
    all_grades: Counts | None


@dataclass(frozen=True)
class Audit:
    """How many level counts of grades are starred, how many have one possible value only, how many of those are 1–5."""

    starred: int
    by_equations: int
    by_bounds: int
    by_program: int
    small: int

    def __add__(self, other: Audit) -> Audit:
        mine, theirs = vars(self).values(), vars(other).values()
        return Audit(*(one + another for one, another in zip(mine, theirs, strict=True)))


def read_blocks(folder: Path, years: Iterable[str] = YEARS) -> list[Block]:
    """Each grade file joined with the all-grades file, by district code and subject."""
    return [block for year in years for block in _blocks_of(folder, year)]


def _blocks_of(folder: Path, year: str) -> list[Block]:
    name = f"smarter-balanced__{year}_ela-and-math_all-students_all-grades"
    combined = {_key(row): _counts(row) for row in _rows(folder / f"{name}-combined.csv")}
    grades: dict[tuple[str, str], list[Counts]] = {}
    for row in _rows(folder / f"{name}.csv"):
        grades.setdefault(_key(row), []).append(_counts(row))
    return [Block(f"{year} {key}", tuple(lines), combined.get(key)) for key, lines in grades.items()]


def _rows(path: Path) -> list[dict[str, str]]:
    """The lines below the header, which is not the first line. Of columns with one name ("%") the last one is kept."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [line for line in csv.reader(file) if len(line) > len(COLUMNS)]
    start = next(place for place, line in enumerate(lines) if line[0] == "District")
    return [dict(zip(lines[start], line, strict=True)) for line in lines[start + 1 :] if line[0]]


def _key(row: dict[str, str]) -> tuple[str, str]:
    return re.sub(r"\D", "", row["District Code"]), row["Subject"]


def _counts(row: dict[str, str]) -> Counts:
    return tuple(None if row[column] == "*" else int(row[column]) for column in COLUMNS)


def audit(blocks: Iterable[Block]) -> Audit:
    """Everything that the blocks give away of their starred level counts, each block by itself.

    `by_equations` solves the equations; `by_bounds` takes the sums whose total is printed and narrows what each count
    can be until nothing changes (no count is negative), as a reader with a pencil would; `by_program` asks linear
    programs over all sums for the least and the most: the strongest of the three. `small` are among the last.
    """
    return sum((_audit_block(block) for block in blocks), Audit(0, 0, 0, 0, 0))


def _audit_block(block: Block) -> Audit:
    system, stars = equations(block)
    if not stars.size:
        return Audit(0, 0, 0, 0, 0)
    targets = sparse.csr_array(sparse.eye_array(system.rows.shape[1], format="csr")[stars])
    solved = fixed_by_equations(system, targets)
    bounded = fixed_by_bounds(equations(block, printed_totals_only=True)[0])[stars]
    span = ranges(system, targets, np.full(len(stars), 0.5))
    exact = span[:, 1] - span[:, 0] < 0.5
    small = exact & (span[:, 0] > 0.5) & (span[:, 0] < 5.5)
    return Audit(len(stars), int(solved.sum()), int(bounded.sum()), int(exact.sum()), int(small.sum()))


def equations(block: Block, *, printed_totals_only: bool = False) -> tuple[System, NDArray[np.intp]]:
    """The block's lines as equations between its starred counts; which of the unknowns are level counts of a grade."""
    lines = [*block.grades, *([block.all_grades] if block.all_grades else [])]
    counts = np.array([[np.nan if count is None else count for count in line] for line in lines], dtype=float)
    place = np.arange(counts.size).reshape(counts.shape)
    sums = [(here[0], here[1:5]) for here in place] + [(here[5], here[3:5]) for here in place]
    if block.all_grades:
        sums += [(place[-1, column], place[:-1, column]) for column in range(counts.shape[1])]
    matrix = np.zeros((len(sums), counts.size))
    for row, (total, parts) in enumerate(sums):
        matrix[row, parts], matrix[row, total] = 1.0, -1.0
    unknown = np.isnan(counts.ravel())
    if printed_totals_only:
        matrix = matrix[[not unknown[total] for total, _ in sums]]
    level = np.zeros(counts.shape, dtype=bool)
    level[: len(block.grades), 1:5] = True
    return _solved_for(matrix, counts.ravel(), unknown), np.flatnonzero(level.ravel()[unknown])


def _solved_for(matrix: Vector, amounts: Vector, unknown: NDArray[np.bool_]) -> System:
    """The equations matrix @ amounts = 0, with what is known on the other side. No count is negative."""
    known = -matrix[:, ~unknown] @ amounts[~unknown]
    count = int(unknown.sum())
    rows = sparse.csr_array(matrix[:, unknown])
    return System(rows, known, known, np.zeros(count), np.full(count, np.inf))
