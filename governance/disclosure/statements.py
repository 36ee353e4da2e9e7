"""Statements about a population cut into atoms, and what is left open once the determined atoms are taken out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular
from scipy.sparse import csr_array

TOLERANCE = 1e-6
"""What a solver's arithmetic may be wrong by: a width is met when no more than this is missing."""
MANY_SUMS = 50
"""Printed sums, from which on it is worth finding out by elimination which atoms they fix together."""


@dataclass(frozen=True)
class Statements:
    """Sums over atoms: printed or suppressed cells, margins, cells of earlier releases.

    `member` is statements × atoms, 0 or 1. `amount`, `low` and `high` have one number per atom: what it truly amounts
    to (students in it, or the sum of a measure), and the least and the most that an attacker takes to be possible.
    """

    member: csr_array
    amount: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __post_init__(self) -> None:
        if {array.shape for array in (self.amount, self.low, self.high)} != {(self.member.shape[1],)}:
            raise ValueError("amount, low and high need one number per atom")
        if self.member.nnz and not np.all(self.member.data == 1):
            raise ValueError("an atom is in a statement once, or not at all")
        if not np.all(np.isfinite(self.amount)):
            raise ValueError("amounts must be finite")
        if np.any(self.low > self.amount) or np.any(self.high < self.amount):
            raise ValueError("an atom's amount must be possible: low <= amount <= high")

    @property
    def values(self) -> NDArray[np.float64]:
        """One number per statement."""
        return np.asarray(self.member @ self.amount)

    def __len__(self) -> int:
        return int(self.member.shape[0])


@dataclass(frozen=True)
class Attacker:
    """What is believed of statements that are not printed, and how wide each secret must remain for this attacker.

    One number per statement: `low` and `high` bound it when it is not printed (-inf and inf where nothing is believed);
    `width` is the least width of the feasible interval if the statement is a target, 0 where it is none.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    width: NDArray[np.float64]

    def __post_init__(self) -> None:
        if not self.low.shape == self.high.shape == self.width.shape:
            raise ValueError("low, high and width need one number per statement")
        if not (np.all(np.isfinite(self.width)) and np.all(self.width >= 0)):
            raise ValueError("widths are finite and not negative")


def believed_room(
    statements: Statements, attacker: Attacker, unprinted: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far each statement may lie below and above the truth for the attacker, two arrays; 0 where it is printed.

    Raises ValueError if the attacker takes the truth to be impossible: intervals around it would mean nothing.
    """
    values = statements.values
    down = np.where(unprinted, values - attacker.low, 0.0)
    up = np.where(unprinted, attacker.high - values, 0.0)
    if np.any(down < -TOLERANCE) or np.any(up < -TOLERANCE):
        raise ValueError("an attacker must take the truth to be possible")
    return np.maximum(down, 0.0), np.maximum(up, 0.0)


@dataclass(frozen=True)
class OpenSystem:
    """The distinct statements over the atoms that the printed statements do not determine at a glance.

    `rows` is distinct statements × open atoms; `row_of` gives each statement's row, or -1 if it is determined;
    `atoms` are the open atoms' indices, `down` and `up` how far each may lie below and above its true amount.
    """

    rows: csr_array
    row_of: NDArray[np.int64]
    atoms: NDArray[np.int64]
    down: NDArray[np.float64]
    up: NDArray[np.float64]

    def least(self, of_statements: NDArray[np.float64]) -> NDArray[np.float64]:
        """The least number among the statements of each row."""
        found = np.full(self.rows.shape[0], np.inf)
        shown = self.row_of >= 0
        np.minimum.at(found, self.row_of[shown], of_statements[shown])
        return found

    def most(self, of_statements: NDArray[np.float64]) -> NDArray[np.float64]:
        """The largest number among the statements of each row, and 0."""
        found = np.zeros(self.rows.shape[0])
        shown = self.row_of >= 0
        np.maximum.at(found, self.row_of[shown], of_statements[shown])
        return found


def open_system(statements: Statements, printed: NDArray[np.bool_]) -> OpenSystem:
    """What remains of the statements once atoms that `printed` (one boolean per statement) fixes are taken out."""
    down, up = statements.amount - statements.low, statements.high - statements.amount
    is_open = open_atoms(statements.member[printed], down, up)
    atoms = np.flatnonzero(is_open)
    rows, row_of = distinct_rows(csr_array(statements.member[:, atoms]))
    return OpenSystem(rows, row_of, atoms, down[atoms], up[atoms])


def open_atoms(printed: csr_array, down: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which atoms are not fixed: by their own bounds, as the last of a sum, or as one of many that can only grow."""
    is_open = (down > 0) | (up > 0)
    only_up, only_down = (down > 0).astype(np.float64), (up > 0).astype(np.float64)
    while True:
        left = printed @ is_open.astype(np.float64)
        fixed = (left == 1) | (printed @ (only_up * is_open) == 0) | (printed @ (only_down * is_open) == 0)
        closed = is_open & (fixed.astype(np.float64) @ printed > 0)
        if not closed.any():
            break
        is_open = is_open & ~closed
    atoms = np.flatnonzero(is_open)
    several, _ = distinct_rows(csr_array(printed[:, atoms]))
    if several.shape[0] >= MANY_SUMS:
        is_open[atoms[determined(several.toarray())]] = False
    return is_open


def determined(sums: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which unknowns the sums (sums × unknowns) fix together: those that no solution of `sums` @ x = 0 contains."""
    triangle, order = qr(sums, mode="r", pivoting=True)
    diagonal = np.abs(np.diag(triangle))
    rank = int(np.count_nonzero(diagonal > 1e-9 * diagonal.max(initial=0.0)))
    fixed = np.zeros(sums.shape[1], dtype=np.bool_)
    free_to_bound = solve_triangular(triangle[:rank, :rank], triangle[:rank, rank:])
    fixed[order[:rank]] = np.abs(free_to_bound).max(axis=1, initial=0.0) < 1e-9
    return fixed


def distinct_rows(member: csr_array) -> tuple[csr_array, NDArray[np.int64]]:
    """Equal rows once, empty rows not at all; and where each row went (-1: empty)."""
    member.sort_indices()
    first: dict[bytes, int] = {}
    kept: list[int] = []
    row_of = np.full(member.shape[0], -1, dtype=np.int64)
    for row, (begin, end) in enumerate(zip(member.indptr[:-1], member.indptr[1:], strict=True)):
        if begin == end:
            continue
        key = member.indices[begin:end].tobytes()
        if key not in first:
            first[key] = len(kept)
            kept.append(row)
        row_of[row] = first[key]
    return csr_array(member[kept]), row_of
