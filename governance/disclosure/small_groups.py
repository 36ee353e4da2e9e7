"""All small groups among combinations of equations: an exact search, by constraint programming (CP-SAT).

Whether an atom is in a group is yes or no, and so few persons leave a search little to do, as long as the equations
are sparse and in whole numbers. Integer programs over an orthonormal basis took several times as long, and their solver
was seen to call a program with a solution infeasible.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.linalg
from ortools.sat.python import cp_model

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_GROUPS = 5_000
MOST_WORK = 30.0
"""So many small groups, or so much work (as the solver measures it: not by the clock, so that every machine decides
alike), are looked through before all counts as undecided."""
MOST_PARTS = 60
"""The largest denominator that is looked for: shares of other numbers are taken to a millionth, with that to spare."""
MILLIONTHS = 1_000_000
TINY = 1e-7


def small_groups(combinations: Floats, persons: Ints, most: int) -> list[Ints]:
    """Every group of atoms with at most so many persons that is a combination of equations.

    `combinations`: a basis × atoms, of functions on atoms; a group is one whose values are 0 and 1. Raises
    ArithmeticError where the groups are too many, or too hard to find.
    """
    if not len(combinations):
        return []
    program = cp_model.CpModel()
    inside = [program.new_bool_var("") for _ in persons]
    sizes = cp_model.LinearExpr.weighted_sum(inside, persons.tolist())
    program.add(sizes >= 1)
    program.add(sizes <= most)
    own, shares = _turned(combinations, persons)
    others = np.delete(np.arange(len(persons)), own)
    for other, share in zip(others, shares.T, strict=True):
        used = np.flatnonzero(share)
        parts, factor, spare = _whole_numbers(share[used])
        tie = cp_model.LinearExpr.weighted_sum(
            [*(inside[at] for at in own[used]), inside[other]], [*parts.tolist(), -factor]
        )
        program.add_linear_constraint(tie, -spare, spare)
    return _solutions(program, inside)


def _turned(combinations: Floats, persons: Ints) -> tuple[Ints, Floats]:
    """The combinations turned so that each has an atom of its own, and what each gives the other atoms: then it counts
    as often as its atom is in the group. Atoms of many persons come first: few of those can be in one."""
    _, triangle, order = scipy.linalg.qr(combinations * persons, mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(triangle))
    own = order[: int(np.count_nonzero(diagonal > TINY * diagonal.max(initial=0.0)))].astype(np.int64)
    others = np.delete(np.arange(len(persons)), own)
    shares = np.linalg.lstsq(combinations[:, own], combinations[:, others])[0]
    return own, np.where(np.abs(shares) < TINY, 0.0, shares)


def _whole_numbers(shares: Floats) -> tuple[Ints, int, int]:
    """The shares as whole numbers, what one is then, and by how much their sums may be wrong for it."""
    for factor in range(1, MOST_PARTS + 1):
        parts = np.round(shares * factor)
        if np.abs(shares * factor - parts).max(initial=0.0) < factor * TINY:
            return parts.astype(np.int64), factor, 0
    return np.round(shares * MILLIONTHS).astype(np.int64), MILLIONTHS, len(shares)


def _solutions(program: cp_model.CpModel, inside: list[cp_model.IntVar]) -> list[Ints]:
    found = _Found(inside)
    solver = cp_model.CpSolver()
    solver.parameters.enumerate_all_solutions = True
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = MOST_WORK
    status = solver.solve(program, found)
    if status not in (cp_model.OPTIMAL, cp_model.INFEASIBLE):
        raise ArithmeticError("whether a small group follows was not decided")
    return found.groups


class _Found(cp_model.CpSolverSolutionCallback):
    def __init__(self, inside: list[cp_model.IntVar]) -> None:
        super().__init__()
        self._inside = inside
        self.groups: list[Ints] = []

    def on_solution_callback(self) -> None:
        self.groups.append(np.flatnonzero([self.boolean_value(each) for each in self._inside]))
        if len(self.groups) > MOST_GROUPS:
            self.stop_search()
