"""Small groups that are never printed and yet follow exactly: one printed group less another, or several of them.

What is printed about groups is a set of linear equations over atoms. A group is determined exactly if, and only if,
every change that leaves all equations true leaves the group's own total unchanged: if it is a combination of equations.
Random changes tell of any group at hand; an exact search finds those that nobody thought of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from governance.disclosure.small_groups import small_groups

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MAX_ATOMS = 5_000
CHANGES = 2
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
        return cls.over(0)

    @classmethod
    def over(cls, atoms: int) -> Equations:
        """No equations yet."""
        return cls(np.zeros((0, atoms)))

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
    equations: Equations, persons: Ints, smallest: int, may_be_told: Callable[[Ints], bool]
) -> list[Ints]:
    """Groups of atoms, of fewer than `smallest` persons, whose totals follow exactly and may not be told: none only if
    there is none. `persons`: how many are in each atom.

    They are looked for among the combinations of equations that speak of small atoms only, of which there are few.
    """
    small = np.flatnonzero(persons < smallest)
    if not len(small):
        return []
    followed = small_groups(_about(equations.rows, small), persons[small], smallest - 1)
    # The smallest say the most, and are mended first.
    followed.sort(key=len)
    return list(islice((small[group] for group in followed if not may_be_told(small[group])), ENOUGH))


def _about(equations: Floats, atoms: Ints) -> Floats:
    """A basis of the combinations of equations that vanish on all other atoms, over `atoms`."""
    others = np.delete(equations, atoms, axis=1)
    if not others.shape[1]:
        return equations[:, atoms]
    # Of the directions on the right, of which there are many, none is needed beyond the rank.
    left, sizes, _ = np.linalg.svd(others, full_matrices=others.shape[0] > others.shape[1])
    rank = int((sizes > TINY * max(1.0, float(sizes.max(initial=0.0)))).sum())
    return np.asarray(left[:, rank:].T @ equations[:, atoms])
