"""All small groups among combinations of equations: an exact search, branching on atoms and bounded by least norms.

The values of a group are 0 and 1. The sum of their squares, each as often as its atom has persons, is therefore the
number of its persons, and no group is smaller than the least such norm of the combinations that agree with what was
decided so far: of every atom it is known at once what it costs to have it in, and to leave it out. That bound decides
hundreds of atoms in a few hundred branches. (Constraint programming took two hundred times as long over the same, and
integer programs longer still.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MOST_GROUPS = 5_000
MOST_BRANCHES = 50_000
"""So many small groups, or branches (about a ten-thousandth of a second each), are looked through before all counts as
undecided."""
TINY = 1e-7
STILL = 1e-9
"""An atom with less of this in its squared row of an orthonormal basis is moved by no group by more than `NEAR`."""
NEAR = 1e-3
"""How far arithmetic may be from a whole number: of values, and of persons."""


def small_groups(combinations: Floats, persons: Ints, most: int) -> list[Ints]:
    """Every group of atoms with at most so many persons that is a combination of equations.

    `combinations`: a basis × atoms, of functions on atoms; a group is one whose values are 0 and 1. Raises
    ArithmeticError where the groups are too many, or too hard to find.
    """
    if not len(combinations):
        return []
    search = _Search(combinations, persons.astype(np.float64), most)
    search.run()
    return search.groups


@dataclass(frozen=True)
class _Branch:
    """What is left when some atoms are decided. Values are scaled by the root of each atom's persons.

    `atoms`: those not decided; `basis`: atoms × directions, orthonormal, that they can still be moved in; `least`: the
    values of least norm, at right angles to the basis; `inside`: the atoms in the group, `persons`: how many these are.
    """

    atoms: Ints
    basis: Floats
    least: Floats
    inside: tuple[int, ...]
    persons: float


@dataclass(frozen=True)
class _Costs:
    """The fewest persons of a group that has each atom in it, and of one that has not."""

    inside: Floats
    outside: Floats


class _Search:
    def __init__(self, combinations: Floats, persons: Floats, most: int) -> None:
        self._persons, self._roots, self._most = persons, np.sqrt(persons), most
        self._basis = _orthonormal((combinations * self._roots).T)
        self._branches = 0
        self.groups: list[Ints] = []

    def run(self) -> None:
        atoms = np.arange(len(self._persons), dtype=np.int64)
        self._follow(_Branch(atoms, self._basis, np.zeros(len(atoms)), (), 0.0))

    def _follow(self, branch: _Branch | None) -> None:
        """Every group of a branch."""
        while branch is not None and len(branch.atoms):
            self._count()
            costs = self._costs(branch)
            out, within = costs.inside > self._most + NEAR, costs.outside > self._most + NEAR
            if (out & within).any():
                return
            if (out | within).any():
                decided = np.flatnonzero(out | within)
                branch = self._decide(branch, decided, within[decided])
                continue
            # The dearest first: either way the most follows from it.
            dearest = np.array([np.argmax(np.maximum(costs.inside, costs.outside))])
            self._follow(self._decide(branch, dearest, np.array([True])))
            branch = self._decide(branch, dearest, np.array([False]))
        if branch is not None and branch.inside:
            self._found(branch)

    def _count(self) -> None:
        self._branches += 1
        if self._branches > MOST_BRANCHES or len(self.groups) > MOST_GROUPS:
            raise ArithmeticError("whether a small group follows was not decided")

    def _costs(self, branch: _Branch) -> _Costs:
        roots, persons = self._roots[branch.atoms], self._persons[branch.atoms]
        spent = branch.persons + float(branch.least @ branch.least)
        free = np.einsum("ad,ad->a", branch.basis, branch.basis)
        inside = spent + self._apart(roots - branch.least, free, roots)
        too_many = branch.persons + persons > self._most
        return _Costs(np.where(too_many, np.inf, inside), spent + self._apart(branch.least, free, roots))

    @staticmethod
    def _apart(distance: Floats, free: Floats, roots: Floats) -> Floats:
        """What it adds to the least norm to move each atom's value so far: without end where it does not move."""
        moves = free > STILL
        still = np.where(np.abs(distance) < NEAR * roots, 0.0, np.inf)
        return np.where(moves, distance**2 / np.where(moves, free, 1.0), still)

    def _decide(self, branch: _Branch, at: Ints, within: Mask) -> _Branch | None:
        """The branch with the atoms `at` in the group or out of it; None where no combination agrees."""
        wanted = np.where(within, self._roots[branch.atoms[at]], 0.0) - branch.least[at]
        rows = branch.basis[at]
        # All directions on the right; on the left, of which there may be many, none beyond the rank.
        left, sizes, right = np.linalg.svd(rows, full_matrices=rows.shape[0] < rows.shape[1])
        rank = int(np.count_nonzero(sizes > TINY))
        reached = left[:, :rank].T @ wanted
        if np.abs(wanted - left[:, :rank] @ reached).max(initial=0.0) > NEAR:
            return None
        steps = right[:rank].T @ (reached / sizes[:rank])
        kept = np.ones(len(branch.atoms), dtype=bool)
        kept[at] = False
        basis, entered = branch.basis[kept], branch.atoms[at[within]]
        return _Branch(
            branch.atoms[kept],
            basis @ right[rank:].T,
            branch.least[kept] + basis @ steps,
            (*branch.inside, *entered.tolist()),
            branch.persons + float(self._persons[entered].sum()),
        )

    def _found(self, branch: _Branch) -> None:
        """A group, if it is a combination of equations indeed, and not only near to one."""
        group = np.sort(np.array(branch.inside, dtype=np.int64))
        values = np.zeros(len(self._persons))
        values[group] = self._roots[group]
        rest = values - self._basis @ (self._basis.T @ values)
        if np.abs(rest).max() < NEAR**2 and branch.persons <= self._most:
            self.groups.append(group)


def _orthonormal(functions: Floats) -> Floats:
    """A basis of what the columns span."""
    basis, triangle, _ = scipy.linalg.qr(functions, mode="economic", pivoting=True)
    sizes = np.abs(np.diag(triangle))
    return np.asarray(basis[:, : int(np.count_nonzero(sizes > TINY * sizes.max(initial=0.0)))])
