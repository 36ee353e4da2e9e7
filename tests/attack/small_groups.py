"""Groups of few persons that were never printed, and whose total follows exactly from what was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import LinearConstraint, milp

Atoms = NDArray[np.intp]
Sizes = NDArray[np.int64]
CLOSE = 1e-5


def determined_groups(rows: sparse.csr_array, sizes: Sizes, threshold: int) -> list[Atoms]:
    """Unions of atoms whose total follows from the rows and that are small: one around every atom that has one.

    `rows` (statements × atoms) are known exactly; `sizes` are the persons in each atom. A union follows from the rows
    if its indicator is a linear combination of them, whatever the amounts. Small: fewer than `threshold` persons.
    Where nothing is returned, nothing exists: an atom is only left out when a linear program shows that no small union
    contains it. The more are left out, the more the programs of the others show; the last pass is over whole atoms.
    """
    unions = _Unions(rows, sizes, (sizes < threshold) & (rows.sum(axis=0) > 0))
    found: list[Atoms] = []
    for whole in (False, False, True):
        for atom in np.flatnonzero(unions.allowed):
            if any(atom in group for group in found):
                continue
            shares = unions.fewest_around(atom, whole)
            if shares is None or shares @ sizes > threshold - 1 + CLOSE:
                unions.allowed[atom] = False
            elif np.abs(shares - np.round(shares)).max() < CLOSE:
                found.append(np.flatnonzero(shares > 0.5))
    return found


class _Unions:
    """The combinations of rows that are shares (0 to 1) of the allowed atoms, and vanish on all others."""

    def __init__(self, rows: sparse.csr_array, sizes: Sizes, allowed: NDArray[np.bool_]) -> None:
        count, atoms = rows.shape
        self._rows, self._atoms, self.allowed = count, atoms, allowed.copy()
        self._ties = LinearConstraint(sparse.hstack([rows.T, -sparse.eye_array(atoms)]).tocsr(), 0.0, 0.0)
        self._wanted = np.concatenate([np.zeros(count), sizes.astype(float)])

    def fewest_around(self, atom: int, whole: bool) -> NDArray[np.float64] | None:
        """The shares of fewest persons with this atom whole; None where there are none."""
        least, most = np.zeros(self._atoms), self.allowed.astype(float)
        least[atom] = 1.0
        free = np.full(self._rows, np.inf)
        bounds = (np.concatenate([-free, least]), np.concatenate([free, most]))
        kinds = np.concatenate([np.zeros(self._rows), np.full(self._atoms, int(whole))])
        found = milp(self._wanted, integrality=kinds, bounds=bounds, constraints=self._ties)
        return None if found.x is None else np.asarray(found.x[self._rows :])
