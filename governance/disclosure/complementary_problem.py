"""The choice of complements among the distinct statements over open atoms: what may be chosen, and what is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from governance.disclosure.statements import (
    TOLERANCE,
    Attacker,
    OpenSystem,
    Statements,
    believed_room,
    open_system,
)

TIGHTENINGS = 3
"""How often bounds are carried from rows to atoms and back: enough to see what small margins give away."""

Beliefs = Callable[[NDArray[np.bool_]], Attacker]
"""What an attacker believes, given which statements are suppressed."""


class NotProtectable(Exception):
    """Targets whose width cannot be reached, not even with every candidate suppressed; `targets` are their indices."""

    def __init__(self, targets: NDArray[np.int64]) -> None:
        super().__init__("some values could be worked out however much else were withheld")
        self.targets = targets


@dataclass(frozen=True)
class Asked:
    """What one attacker may do and must not learn, per row: how far it may move if suppressed, and the width asked."""

    down: NDArray[np.float64]
    up: NDArray[np.float64]
    width: NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """Per row, which are the system's distinct statements: the `cost` of suppressing it, whether it is suppressed
    whatever happens (`forced`) or may be chosen (`eligible`). `asking` says which statements are targets with a width.
    """

    system: OpenSystem
    cost: NDArray[np.float64]
    forced: NDArray[np.bool_]
    eligible: NDArray[np.bool_]
    asking: NDArray[np.bool_]
    asked: tuple[Asked, ...]

    def suppressed(
        self, chosen: NDArray[np.bool_], targets: NDArray[np.bool_], candidates: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Over statements, from the chosen rows."""
        of_chosen = np.append(chosen, False)[self.system.row_of]
        return np.asarray(targets | (candidates & of_chosen))


def pose(
    statements: Statements,
    targets: NDArray[np.bool_],
    candidates: NDArray[np.bool_],
    attackers: Sequence[Attacker],
    weights: NDArray[np.float64],
) -> Problem:
    """The problem without what is determined at a glance. Raises NotProtectable if that is already a target."""
    free = targets | candidates
    system = open_system(statements, ~free)
    eligible = system.least(free.astype(np.float64)) > 0
    widths = [np.where(targets, attacker.width, 0.0) for attacker in attackers]
    refuse_determined(system, eligible, widths)
    cost: NDArray[np.float64] = np.bincount(
        system.row_of[system.row_of >= 0],
        weights=lexicographic(candidates & ~targets, weights)[system.row_of >= 0],
        minlength=system.rows.shape[0],
    ).astype(np.float64)
    asked = tuple(
        Asked(*tight_room(system, eligible, *believed_room(statements, attacker, free)), system.most(width))
        for attacker, width in zip(attackers, widths, strict=True)
    )
    forced = eligible & ((cost == 0) | np.any([one.width > 0 for one in asked], axis=0))
    asking = np.any([width > TOLERANCE for width in widths], axis=0)
    return Problem(system, cost, forced, eligible & ~forced, asking, asked)


def refuse_determined(system: OpenSystem, eligible: NDArray[np.bool_], widths: Sequence[NDArray[np.float64]]) -> None:
    """A target that no open atom is in, or that is printed in other words, cannot be wide."""
    can_move = np.append(eligible, False)[system.row_of]
    lost = np.flatnonzero(np.any([(width > TOLERANCE) & ~can_move for width in widths], axis=0))
    if len(lost):
        raise NotProtectable(lost)


def lexicographic(counted: NDArray[np.bool_], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 per statement and less than 1 for all weights together: fewest first, then the smallest sum of weights."""
    total = float(weights[counted].sum())
    return np.where(counted, 1.0 + (0.9 / total if total > 0 else 0.0) * weights, 0.0)


def tight_room(
    system: OpenSystem, eligible: NDArray[np.bool_], down: NDArray[np.float64], up: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per row how far it may move at the most: as believed of all statements that say it, and as other rows allow."""
    rows, columns = system.rows, system.rows.tocsc()
    row_down, row_up = (np.where(eligible, system.least(room), 0.0) for room in (down, up))
    atom_down, atom_up = system.down, system.up
    for _ in range(TIGHTENINGS):
        sum_down, sum_up = rows @ atom_down, rows @ atom_up
        row_down, row_up = np.minimum(row_down, sum_down), np.minimum(row_up, sum_up)
        # What an atom gains, its row gains or the row's other atoms lose.
        gain, loss = (least_of_rows(columns, room) for room in (row_up + sum_down, row_down + sum_up))
        atom_down, atom_up = (
            np.minimum(atom_down, without(loss, atom_up)),
            np.minimum(atom_up, without(gain, atom_down)),
        )
    return row_down, row_up


def least_of_rows(columns: csc_array, per_row: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each column the least number of the rows it is in, inf if it is in none."""
    found = np.full(columns.shape[1], np.inf)
    filled = np.flatnonzero(np.diff(columns.indptr))
    if len(filled):
        found[filled] = np.minimum.reduceat(per_row[columns.indices], columns.indptr[filled])
    return found


def without(total: NDArray[np.float64], part: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rest of a sum; without end if the sum is."""
    return np.where(np.isfinite(total), total - np.where(np.isfinite(part), part, 0.0), np.inf)
