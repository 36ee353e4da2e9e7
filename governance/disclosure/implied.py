"""Small groups that are never printed and yet follow exactly: one printed group less another, or several of them.

What is printed about groups is a set of linear equations over atoms. A group is determined exactly if, and only if,
every change that leaves all equations true leaves the group's own total unchanged. Changes that make an atom as large
as what may be shown therefore take it out of the search, many at once; random ones tell of any group at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, milp

from governance.disclosure.intervals_movement import Movement

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MAX_ATOMS = 5_000
CHANGES = 2
TRIES = 12
ENDS = 10
"""How far amounts without end are let go, in smallest groups that are shown."""
INFEASIBLE = 2
ENOUGH = 8
"""Groups found at a time: when these are mended the question is put again."""
TINY = 1e-7


@dataclass(frozen=True)
class Equations:
    """An orthonormal basis of what is printed, over atoms. Inner products count every unit of an atom.

    `rows`: rank × atoms, functions that are constant on every atom. An atom may be cut without any of it changing.
    """

    rows: Floats

    @classmethod
    def none(cls) -> Equations:
        return cls(np.zeros((0, 0)))

    def cut(self, parent: Ints) -> Equations:
        """The same equations where atom i is a part of the former atom `parent[i]` (-1: of none)."""
        if self.rows.shape[1] == 0:
            return Equations(np.zeros((self.rows.shape[0], len(parent))))
        cut = self.rows[:, np.maximum(parent, 0)]
        cut[:, parent < 0] = 0.0
        return Equations(cut)

    def also(self, groups: Floats, weights: Floats) -> Equations:
        """With the equations of `groups` (groups × atoms, 0/1), `weights` being the units in each atom."""
        rest = self._rest(self._rest(groups, weights), weights)
        scaled = rest * np.sqrt(weights)
        lengths, sizes = np.linalg.norm(scaled, axis=1), np.sqrt(groups @ weights)
        scaled = scaled[lengths > TINY * np.maximum(sizes, 1.0)]
        if not len(scaled):
            return self
        left, singular, right = np.linalg.svd(scaled, full_matrices=False)
        del left
        fresh = right[singular > TINY * singular[0]] / np.sqrt(weights)
        return Equations(np.vstack([self.rows, fresh]))

    def changes(self, weights: Floats) -> Floats:
        """Random changes (changes × atoms, in units) that leave every equation true."""
        noise = np.random.default_rng(20261124).standard_normal((CHANGES, len(weights)))
        free = self._rest(self._rest(self._rest(noise, weights), weights), weights)
        return np.asarray(free * weights)

    def _rest(self, functions: Floats, weights: Floats) -> Floats:
        if not len(self.rows):
            return functions
        return np.asarray(functions - ((functions * weights) @ self.rows.T) @ self.rows)


def implied_groups(
    equations: Equations, rows: sp.csr_array, weights: Floats, persons: Ints, smallest: int
) -> list[Ints]:
    """Groups of atoms, of fewer than `smallest` persons, whose totals follow exactly: none only if there is none.

    `rows` (groups × atoms, 0/1) is what is printed, `equations` its basis, `persons` the persons in each atom. An atom
    that can be as large as `smallest`, whatever the large atoms do, is in no such group: the group's total would show
    it. The groups of the others are looked for among the few combinations of equations that speak of nobody else.
    """
    told = np.asarray(rows.sum(axis=0)).ravel() > 0
    left = _cannot_grow(rows, weights, np.flatnonzero(told & (persons < smallest)), smallest)
    if not len(left):
        return []
    combinations = _about(equations.rows, left)
    found: list[Ints] = []
    while len(found) < ENOUGH and np.abs(combinations).max(initial=0.0) > TINY:
        atom = int(np.abs(combinations).max(axis=0).argmax())
        group = _small_group_with(atom, combinations, persons[left], smallest)
        if group is not None:
            found.append(left[group])
        combinations = _without(atom, combinations)
    return found


def _without(atom: int, combinations: Floats) -> Floats:
    """The combinations that do not speak of the atom either: one fewer."""
    turned, _ = np.linalg.qr(combinations[:, [atom]], mode="complete")
    return np.asarray(turned[:, 1:].T @ combinations)


def _cannot_grow(rows: sp.csr_array, weights: Floats, small: Ints, smallest: int) -> Ints:
    """The small atoms that no change was found to make as large as `smallest`. Many are tried at once."""
    end = float(ENDS * smallest)
    movement = Movement(rows, weights, np.full(len(weights), end))
    movement.allow(*np.zeros((2, rows.shape[0])))
    chance = np.random.default_rng(20261124)
    for number in range(TRIES):
        if not len(small):
            break
        direction = np.zeros(len(weights))
        direction[small] = 1.0 if number == 0 else 0.1 + chance.random(len(small))
        after = weights + movement.furthest(direction).change
        grown = after[small] >= smallest
        if not grown.any() and number > TRIES // 2:
            break
        small = small[~grown]
    return small


def _about(equations: Floats, atoms: Ints) -> Floats:
    """A basis of the combinations of equations that vanish on all other atoms, over `atoms`."""
    others = np.delete(equations, atoms, axis=1)
    if not others.shape[1]:
        return equations[:, atoms]
    left, sizes, _ = np.linalg.svd(others, full_matrices=True)
    rank = int((sizes > TINY * max(1.0, float(sizes.max(initial=0.0)))).sum())
    return np.asarray(left[:, rank:].T @ equations[:, atoms])


def _small_group_with(atom: int, combinations: Floats, persons: Ints, smallest: int) -> Ints | None:
    """A group with this atom, of fewer than `smallest` persons, that is a combination; None if there is none.

    An integer program: which atoms are in the group, and by how much each combination counts for it.
    """
    count, atoms = combinations.shape
    ties = LinearConstraint(np.hstack([combinations.T, -np.eye(atoms)]), 0.0, 0.0)
    few = LinearConstraint(np.r_[np.zeros(count), persons][np.newaxis], 0.0, smallest - 1.0)
    least = np.r_[np.full(count, -np.inf), np.zeros(atoms)]
    least[count + atom] = 1.0
    most = np.r_[np.full(count, np.inf), np.ones(atoms)]
    kinds = np.r_[np.zeros(count), np.ones(atoms)]
    solved = milp(np.zeros(count + atoms), integrality=kinds, bounds=Bounds(least, most), constraints=[ties, few])
    if solved.status == INFEASIBLE:
        return None
    if solved.x is None:
        raise ArithmeticError("whether a small group follows was not decided")
    return np.flatnonzero(solved.x[count:] > 0.5)
