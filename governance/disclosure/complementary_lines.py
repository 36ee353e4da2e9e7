"""Sums among the statements themselves: a margin is the sum of the cells of its line, whichever way it is cut."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from governance.disclosure.statements import OpenSystem

MOST_PAIRS = 2_000_000
"""Of rows with an atom in common. Beyond this no lines are looked for: rows are then tied together by their atoms."""


@dataclass(frozen=True)
class Line:
    """The row `whole` is the sum of the rows `parts`, no two of which have an atom in common."""

    whole: int
    parts: tuple[int, ...]


@dataclass(frozen=True)
class LineEquations:
    """Everything that ties the rows together: `matrix` @ changes = 0.

    The columns of `matrix` are the system's rows, then the atoms that no row states alone (`unstated`, their indices in
    the system). `atom_column` says which column is the change of each open atom.
    """

    matrix: csr_array
    lines: tuple[Line, ...]
    unstated: NDArray[np.int64]
    atom_column: NDArray[np.int64]


def equations_of(system: OpenSystem) -> LineEquations:
    """Short equations where there are lines, else the row's atoms: they say the same, and lines are solved faster."""
    count = system.rows.shape[0]
    sizes = np.diff(system.rows.indptr)
    single = np.flatnonzero(sizes == 1)
    atom_column = np.full(system.rows.shape[1], -1, dtype=np.int64)
    atom_column[system.rows.indices[system.rows.indptr[single]]] = single
    unstated = np.flatnonzero(atom_column < 0)
    atom_column[unstated] = count + np.arange(len(unstated))
    rows_of_atoms = np.bincount(system.rows.indices, minlength=system.rows.shape[1])
    lines = tuple(find_lines(system.rows)) if (rows_of_atoms.astype(np.float64) ** 2).sum() <= MOST_PAIRS else ()
    tied = {line.whole for line in lines}
    sums = [(line.whole, np.array(line.parts)) for line in lines]
    for row in np.flatnonzero(sizes > 1):
        if row not in tied:
            atoms = system.rows.indices[system.rows.indptr[row] : system.rows.indptr[row + 1]]
            sums.append((int(row), atom_column[atoms]))
    return LineEquations(sum_matrix(sums, count + len(unstated)), lines, unstated, atom_column)


def sum_matrix(sums: list[tuple[int, NDArray[np.int64]]], columns: int) -> csr_array:
    """One row for each whole and its parts: the parts less the whole."""
    indices = [np.append(parts, whole) for whole, parts in sums]
    data = [np.append(np.ones(len(parts)), -1.0) for _, parts in sums]
    ends = np.cumsum([0, *map(len, indices)])
    if not sums:
        return csr_array((0, columns))
    return csr_array((np.concatenate(data), np.concatenate(indices), ends), shape=(len(sums), columns))


def find_lines(rows: csr_array) -> Iterator[Line]:
    """Every way found in which a row is the sum of others, the coarsest: a slice of a table by rows and by columns."""
    atoms = [sum(1 << int(atom) for atom in rows.indices[a:b]) for a, b in itertools.pairwise(rows.indptr)]
    for whole, inside in rows_inside(rows).items():
        used: list[int] = []
        left = inside
        while left:
            if any(atoms[left[0]] | bits == bits for bits in used):
                left = left[1:]
                continue
            parts = disjoint(left, atoms)
            if sum(atoms[part] for part in parts) == atoms[whole]:
                yield Line(whole, parts)
            used += [atoms[part] for part in parts]
            left = [row for row in left if row not in parts]


def rows_inside(rows: csr_array) -> dict[int, list[int]]:
    """For each row those that are a part of it, the largest first."""
    sizes = np.diff(rows.indptr)
    shared = (rows @ rows.T).tocoo()
    part, whole = shared.coords
    inside = (part != whole) & (shared.data == sizes[part])
    part, whole = part[inside], whole[inside]
    order = np.lexsort((part, -sizes[part], whole))
    found: dict[int, list[int]] = {}
    for one, other in zip(whole[order].tolist(), part[order].tolist(), strict=True):
        found.setdefault(one, []).append(other)
    return found


def disjoint(rows: list[int], atoms: list[int]) -> tuple[int, ...]:
    """The first row, and each further one that has no atom in common with those before."""
    taken, covered = [], 0
    for row in rows:
        if not atoms[row] & covered:
            taken.append(row)
            covered |= atoms[row]
    return tuple(taken)
