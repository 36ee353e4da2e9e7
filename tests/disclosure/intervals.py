"""What an attacker can derive of statements that are not printed: the least and the most each of them can be.

Everything printed is a linear equation about the atoms' amounts, everything believed a bound; the interval of a secret
lies between the optima of two linear programs (Fischetti and Salazar-Gonzalez 2001, "Solving the cell suppression
problem on tabular data with linear constraints", Management Science 47(7)). Amounts are taken as real numbers. Whole
numbers may leave less: nothing in a table of two dimensions whose bounds are whole, something in larger systems.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array
from scipy.sparse.csgraph import connected_components

from governance.disclosure.movement import Movement
from governance.disclosure.statements import (
    Attacker,
    OpenSystem,
    Statements,
    believed_room,
    open_system,
)


def feasible_intervals(
    statements: Statements, printed: NDArray[np.bool_], attacker: Attacker, targets: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The least and the most that each target can be: targets × 2, -inf or inf where it has no end.

    `printed` (one boolean per statement) are known exactly; the others lie within the attacker's bounds, their own
    included, the atoms within theirs. Raises ValueError if the attacker takes the truth to be impossible.
    """
    attack = _Attack(statements, printed, attacker)
    values = statements.values
    found = np.empty((len(targets), 2))
    for row, target in enumerate(map(int, targets)):
        found[row] = values[target] - attack.extreme(target, -1)[0], values[target] + attack.extreme(target, 1)[0]
    return found


class _Attack:
    """The linear programs of one attacker, one for each set of atoms that have to do with each other."""

    def __init__(self, statements: Statements, printed: NDArray[np.bool_], attacker: Attacker) -> None:
        self._system = system = open_system(statements, printed)
        row_down, row_up = (system.least(room) for room in believed_room(statements, attacker, ~printed))
        self._down, self._up, several = fold_single_rows(system, row_down, row_up)
        binding = several & (np.isfinite(row_down) | np.isfinite(row_up))
        self._rows, self._row_down, self._row_up = csr_array(system.rows[binding]), row_down[binding], row_up[binding]
        self._part = components(self._rows)
        self._parts: dict[int, tuple[NDArray[np.int64], Movement | None]] = {}

    def extreme(self, target: int, sign: int) -> tuple[float, NDArray[np.float64]]:
        """How far the target can go in one direction, and the change of the open atoms that takes it there."""
        change = np.zeros(len(self._down))
        row = self._system.row_of[target]
        if row < 0:
            return 0.0, change
        direction = np.zeros(len(change))
        direction[self._system.rows[[row]].indices] = sign
        distance = 0.0
        for part in np.unique(self._part[direction != 0]):
            columns, movement = self._movement(int(part))
            further, change[columns] = self._extreme_in_part(columns, movement, direction[columns])
            distance += further
        return distance, change

    def _extreme_in_part(
        self, columns: NDArray[np.int64], movement: Movement | None, direction: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64]]:
        if movement is None:
            change = np.where(direction > 0, self._up[columns], np.where(direction < 0, -self._down[columns], 0.0))
            return float(np.abs(change).sum()), change
        furthest = movement.furthest(direction)
        return furthest.distance, furthest.change

    def _movement(self, part: int) -> tuple[NDArray[np.int64], Movement | None]:
        """The columns of a part, and its linear program (none if they are bound by nothing but themselves)."""
        if part not in self._parts:
            columns = np.flatnonzero(self._part == part)
            within = self._rows[:, columns]
            used = np.flatnonzero(np.diff(within.indptr))
            movement = None
            if len(used):
                movement = Movement(csr_array(within[used]), self._down[columns], self._up[columns])
                movement.allow(self._row_down[used], self._row_up[used])
            self._parts[part] = columns, movement
        return self._parts[part]


def fold_single_rows(
    system: OpenSystem, down: NDArray[np.float64], up: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """How far atoms may go once statements of one atom are heeded, and which rows have several atoms."""
    sizes = np.diff(system.rows.indptr)
    single = np.flatnonzero(sizes == 1)
    atom = system.rows.indices[system.rows.indptr[single]]
    atom_down, atom_up = system.down.copy(), system.up.copy()
    atom_down[atom] = np.minimum(atom_down[atom], down[single])
    atom_up[atom] = np.minimum(atom_up[atom], up[single])
    return atom_down, atom_up, sizes > 1


def components(rows: csr_array) -> NDArray[np.int64]:
    """For each column the number of the set of columns that it is tied to by rows."""
    if not rows.shape[0]:
        return np.arange(rows.shape[1])
    both = block_array([[None, rows], [rows.T, None]], format="csr")
    return np.asarray(connected_components(both, directed=False)[1][rows.shape[0] :], dtype=np.int64)


def table_statements(counts: NDArray[np.float64]) -> tuple[Statements, list[tuple[int | None, ...]]]:
    """A table of k dimensions with all its margins, as statements about its inner cells.

    `counts` holds the inner cells; an attacker takes every amount from 0 up to be possible. Returned with the cell that
    each statement is: a position per dimension, None for a margin over it; inner cells first, the grand total last.
    """
    atoms = np.arange(counts.size).reshape(counts.shape)
    cells, members = [], []
    for summed in _dimension_sets(counts.ndim):
        kept = [axis for axis in range(counts.ndim) if axis not in summed]
        grouped = np.transpose(atoms, [*kept, *summed])
        for position in np.ndindex(*(counts.shape[axis] for axis in kept)):
            where = dict(zip(kept, position, strict=True))
            cells.append(tuple(where.get(axis) for axis in range(counts.ndim)))
            members.append(np.sort(grouped[position].ravel()))
    ends = np.cumsum([0, *map(len, members)])
    member = csr_array((np.ones(ends[-1]), np.concatenate(members), ends), shape=(len(members), counts.size))
    amount = counts.ravel().astype(np.float64)
    return Statements(member, amount, np.zeros(counts.size), np.full(counts.size, np.inf)), cells


def _dimension_sets(dimensions: int) -> Iterator[tuple[int, ...]]:
    """The empty set first, the largest last."""
    for size in range(dimensions + 1):
        yield from itertools.combinations(range(dimensions), size)
