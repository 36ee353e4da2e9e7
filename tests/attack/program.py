"""What linear statements about unknown amounts give away: by equations alone, by rules of thumb, by linear programs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import LinearConstraint, OptimizeResult, milp

Vector = NDArray[np.float64]
NEGLIGIBLE = 1e-6
BOUNDED, IMPOSSIBLE, UNBOUNDED = 0, 2, 3


class Contradiction(AssertionError):
    """No amounts are consistent with everything that was printed: the statements were read wrongly."""


@dataclass(frozen=True)
class System:
    """All that is known of the unknown amounts x: `low <= rows @ x <= high` and `least <= x <= most`.

    `rows` is statements × unknowns. `truth`, where the auditor has it, satisfies everything; it only saves time.
    """

    rows: sparse.csr_array
    low: Vector
    high: Vector
    least: Vector
    most: Vector
    truth: Vector | None = None

    @cached_property
    def known(self) -> sparse.csr_array:
        """The statements that are equations, each once."""
        equations = self.rows[np.flatnonzero(self.high - self.low <= NEGLIGIBLE)]
        return distinct_rows(equations)

    @cached_property
    def free(self) -> Vector:
        """Unknowns × directions, orthonormal: how the amounts may change and leave every equation true."""
        return null_space(self.known)


def distinct_rows(rows: sparse.csr_array) -> sparse.csr_array:
    patterns = {(tuple(row.indices), tuple(row.data)): place for place, row in enumerate(each_row(rows))}
    return rows[sorted(patterns.values())]


def each_row(rows: sparse.csr_array) -> list[sparse.csr_array]:
    rows.sort_indices()
    return [rows[[place]] for place in range(rows.shape[0])]


def null_space(rows: sparse.csr_array) -> Vector:
    """An orthonormal basis of {x: rows @ x = 0}, unknowns × directions."""
    if not rows.nnz:
        return np.eye(rows.shape[1])
    _, strengths, vectors = np.linalg.svd(np.linalg.qr(rows.toarray(), mode="r"), full_matrices=True)
    return vectors[int((strengths > NEGLIGIBLE).sum()) :].T


def fixed_by_equations(system: System, targets: sparse.csr_array) -> NDArray[np.bool_]:
    """Which targets have one value only by the equations alone, as if amounts could be any number."""
    return np.abs(targets @ system.free).max(axis=1, initial=0.0) < NEGLIGIBLE


def fixed_by_bounds(system: System) -> NDArray[np.bool_]:
    """Which unknowns have one value only by narrowing: each equation bounds each of its unknowns by the others' bounds.

    What a patient reader does with a pencil. Less is found than there is, but nothing that is not so.
    """
    matrix = system.rows.toarray()
    low, high = system.least.copy(), system.most.copy()
    lines = [(np.flatnonzero(row), row[np.flatnonzero(row)], end) for row, end in zip(matrix, system.low, strict=True)]
    while any(_narrow(low, high, *line) for line in lines if line[0].size):
        pass
    return high - low < NEGLIGIBLE


def _narrow(low: Vector, high: Vector, places: NDArray[np.intp], shares: Vector, total: float) -> bool:
    """Tightens the bounds of the unknowns of one equation; whether anything changed."""
    changed = False
    for here, share in zip(places, shares, strict=True):
        rest, weight = places[places != here], shares[places != here]
        least = np.where(weight > 0, weight * low[rest], weight * high[rest]).sum()
        most = np.where(weight > 0, weight * high[rest], weight * low[rest]).sum()
        ends = sorted(((total - most) / share, (total - least) / share))
        if ends[0] > low[here] + NEGLIGIBLE or ends[1] < high[here] - NEGLIGIBLE:
            low[here], high[here], changed = max(low[here], ends[0]), min(high[here], ends[1]), True
    return changed


def ranges(system: System, targets: sparse.csr_array, enough: Vector, *, whole: bool = False) -> Vector:
    """The least and the most each target can be, targets × 2.

    A target that was seen to range over at least `enough` is not looked into further: then the two are values that it
    can take, `enough` apart, and not the ends. One without an end on one side is returned as having none on either.
    `whole`: amounts are whole numbers (slower, and tells more).
    """
    seen = _first_sight(system, targets)
    search = _Search(system, whole)
    dense = targets.toarray()
    for place in np.argsort(seen[:, 1] - seen[:, 0], kind="stable"):
        for direction in (1.0, -1.0):
            if seen[place, 1] - seen[place, 0] >= enough[place]:
                break
            found = search.furthest(direction * dense[place])
            if found is None:
                seen[place] = -np.inf, np.inf
                break
            _note(seen, targets @ found)
    return seen


def _note(seen: Vector, values: Vector) -> None:
    np.minimum(seen[:, 0], values, out=seen[:, 0])
    np.maximum(seen[:, 1], values, out=seen[:, 1])


def _first_sight(system: System, targets: sparse.csr_array) -> Vector:
    """Values that the targets are seen to take without any search: those of the truth and of steps away from it."""
    nothing_seen = np.tile([np.inf, -np.inf], (targets.shape[0], 1))
    if system.truth is None:
        return nothing_seen
    _note(nothing_seen, targets @ system.truth)
    for step in _steps(system, targets):
        _note(nothing_seen, targets @ (system.truth + step))
    return nothing_seen


def _steps(system: System, targets: sparse.csr_array) -> list[Vector]:
    """From the truth, towards each target's own direction, as far as one can go."""
    assert system.truth is not None
    directions = (targets @ system.free) @ system.free.T
    steps = []
    for direction in directions:
        for signed in (direction, -direction):
            length = _room(system.least, system.truth, system.most, signed)
            length = min(length, _room(system.low, system.rows @ system.truth, system.high, system.rows @ signed))
            steps.append(signed * (length if np.isfinite(length) else 1e6) * (1 - 1e-9))
    return steps


def _room(low: Vector, here: Vector, high: Vector, change: Vector) -> float:
    """How often `change` may be added before one of the bounds is passed."""
    down, up = change < -1e-9, change > 1e-9
    rooms = [(here[down] - low[down]) / -change[down], (high[up] - here[up]) / change[up]]
    return float(max(0.0, min(np.concatenate(rooms), default=np.inf)))


class _Search:
    """The furthest values that are consistent with a system."""

    def __init__(self, system: System, whole: bool) -> None:
        free = ~(np.isneginf(system.low) & np.isposinf(system.high))
        rows = system.rows[np.flatnonzero(free)]
        self._constraints = LinearConstraint(rows, system.low[free], system.high[free]) if rows.shape[0] else ()
        self._bounds = (system.least, system.most)
        self._whole = np.full(rows.shape[1], int(whole))

    def furthest(self, objective: Vector) -> Vector | None:
        """The amounts at which the objective is greatest; None if there is no end to it."""
        found = self._solve(objective, presolve=True)
        if found.status not in (BOUNDED, UNBOUNDED):
            # The solver now and then gives up on what its own simplification has made of a program, or, of a program
            # that the truth fulfils, says that nothing does.
            found = self._solve(objective, presolve=False)
        if found.status == UNBOUNDED or (found.status == 4 and "nbounded" in found.message):
            return None
        if found.status == IMPOSSIBLE:
            raise Contradiction("no amounts are consistent with what was printed")
        assert found.status == BOUNDED, found.message
        return np.asarray(found.x)

    def _solve(self, objective: Vector, *, presolve: bool) -> OptimizeResult:
        options = {"presolve": presolve}
        return milp(
            -objective, integrality=self._whole, bounds=self._bounds, constraints=self._constraints, options=options
        )
