"""How far sums can be moved from the truth while everything printed stays as it is: a linear program, kept warm."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from highspy._core import _Highs
from numpy.typing import NDArray
from scipy.sparse import csr_array

DUAL, PRIMAL = 1, 4
"""HiGHS' names of the two simplex methods. The primal one goes on from the last vertex, which stays possible."""
CLEAN = 1e-9
"""Multipliers below this are a solver's noise."""


@dataclass(frozen=True)
class Furthest:
    """The most that a sum can be moved by (inf if without end), and how the columns then change."""

    distance: float
    change: NDArray[np.float64]


class Movement:
    """Changes of columns (atoms) such that every row's (statement's) change stays within bounds.

    A row of a single column bounds that column; it is no row of the linear program.
    """

    def __init__(self, rows: csr_array, down: NDArray[np.float64], up: NDArray[np.float64]) -> None:
        """`rows` is rows × columns, 0 or 1, no two alike; `down` and `up` are how far each column may fall and rise."""
        sizes = np.diff(rows.indptr)
        self.rows, self.down, self.up = rows, down, up
        self._single = np.flatnonzero(sizes == 1)
        self._column_of_single = rows.indices[rows.indptr[self._single]].astype(np.int64)
        self._multiple = np.flatnonzero(sizes != 1).astype(np.int64)
        self._matrix = csr_array(rows[self._multiple])
        self._columns = np.arange(rows.shape[1], dtype=np.int32)
        self._program_rows = np.arange(len(self._multiple), dtype=np.int32)
        self._highs = quiet_highs()
        self._highs.passModel(self._model())

    def _model(self) -> highspy.HighsLp:
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = self.rows.shape[1], len(self._multiple)
        model.col_cost_ = np.zeros(model.num_col_)
        model.col_lower_, model.col_upper_ = -self.down, self.up
        model.row_lower_, model.row_upper_ = np.zeros(model.num_row_), np.zeros(model.num_row_)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_ = self._matrix.indptr, self._matrix.indices
        model.a_matrix_.value_ = self._matrix.data.astype(np.float64)
        return model

    def allow(self, down: NDArray[np.float64], up: NDArray[np.float64]) -> None:
        """From now on each row may fall by `down` and rise by `up` (0: printed; inf: open)."""
        lower, upper = -self.down, self.up.copy()
        lower[self._column_of_single] = np.maximum(lower[self._column_of_single], -down[self._single])
        upper[self._column_of_single] = np.minimum(upper[self._column_of_single], up[self._single])
        self._highs.changeColsBounds(len(lower), self._columns, lower, upper)
        rows = self._multiple
        # The stub of the class leaves this method out.
        self._highs.changeRowsBounds(len(rows), self._program_rows, -down[rows], up[rows])  # type: ignore[attr-defined]

    def furthest(self, direction: NDArray[np.float64]) -> Furthest:
        """The most of sum(direction * change)."""
        self._highs.changeColsCost(len(direction), self._columns, -direction)
        self._highs.run()
        status = self._highs.getModelStatus()
        if status in (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return Furthest(np.inf, np.zeros(len(direction)))
        if status != highspy.HighsModelStatus.kOptimal:
            raise ArithmeticError("the linear program of an interval was not solved")
        change = np.array(self._highs.getSolution().col_value)
        return Furthest(float(direction @ change), change)


def quiet_highs() -> _Highs:
    """A solver that prints nothing, uses one thread and goes the same way each time."""
    # The base of highspy.Highs: that class writes a banner to standard output whenever one is made.
    highs = _Highs()
    options: dict[str, bool | float | str] = {
        "output_flag": False,
        "threads": 1,
        "parallel": "off",
        "presolve": "off",
        "solver": "simplex",
        "simplex_strategy": PRIMAL,
        "primal_feasibility_tolerance": 1e-9,
        "dual_feasibility_tolerance": 1e-9,
    }
    for option, value in options.items():
        highs.setOptionValue(option, value)
    return highs
