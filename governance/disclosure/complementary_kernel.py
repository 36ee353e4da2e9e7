"""How far one attacker can move statements if some of them are suppressed: a linear program in what is open."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from governance.disclosure.movement import CLEAN, DUAL, PRIMAL, quiet_highs


@dataclass(frozen=True)
class Room:
    """How far each column of the equations may fall and rise, if it is open at all."""

    down: NDArray[np.float64]
    up: NDArray[np.float64]

    def within(self, end: float) -> Room:
        return Room(np.minimum(self.down, end), np.minimum(self.up, end))

    def reached_by(self, multipliers: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each column contributes at the most to a sum with these multipliers."""
        used = np.flatnonzero(multipliers)
        found = np.zeros(len(multipliers))
        room = np.where(multipliers[used] > 0, self.up[used], self.down[used])
        found[used] = np.abs(multipliers[used]) * room
        return found


class Kernel:
    """Changes of the open columns that satisfy the equations. `work` counts simplex iterations, weighted by size."""

    def __init__(self, matrix: csr_array, room: Room, is_open: NDArray[np.bool_]) -> None:
        self._matrix, self._columns = matrix, np.flatnonzero(is_open)
        among = matrix[:, self._columns]
        self._rows = np.flatnonzero(np.diff(among.indptr))
        self._indices = np.arange(len(self._columns), dtype=np.int32)
        self._highs = quiet_highs()
        self._highs.passModel(self._model(csr_array(among[self._rows]), room))
        self.work = 0.0

    def _model(self, among: csr_array, room: Room) -> highspy.HighsLp:
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = among.shape
        model.col_cost_ = np.zeros(model.num_col_)
        model.col_lower_, model.col_upper_ = -room.down[self._columns], room.up[self._columns]
        model.row_lower_, model.row_upper_ = np.zeros(model.num_row_), np.zeros(model.num_row_)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_ = among.indptr, among.indices
        model.a_matrix_.value_ = among.data.astype(np.float64)
        return model

    def furthest(self, direction: NDArray[np.float64], *, afar: bool = False) -> NDArray[np.float64]:
        """The changes with the most of sum(direction * change). `afar`: the last solution is no help in finding it."""
        self._direction = direction
        self._highs.setOptionValue("simplex_strategy", DUAL if afar else PRIMAL)
        self._highs.changeColsCost(len(self._columns), self._indices, -direction[self._columns])
        self._highs.run()
        self.work += (10 + self._highs.getInfo().simplex_iteration_count) * (20 + len(self._rows))
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ArithmeticError("the linear program of an attack was not solved")
        change = np.zeros(len(direction))
        change[self._columns] = self._highs.getSolution().col_value
        return change

    def multipliers(self) -> NDArray[np.float64]:
        """Of all columns, open or not, in a sum that equals the last one moved because the equations hold."""
        duals = np.zeros(self._matrix.shape[0])
        duals[self._rows] = self._highs.getSolution().row_dual
        duals[np.abs(duals) < CLEAN] = 0.0
        multipliers = np.asarray(self._direction + duals @ self._matrix)
        multipliers[np.abs(multipliers) < CLEAN] = 0.0
        return multipliers
