"""Which rows to suppress, as far as the inequalities known so far tell: an integer program and its relaxation."""

from __future__ import annotations

import highspy
import numpy as np
from highspy._core import _Highs
from numpy.typing import NDArray

from governance.disclosure.complementary_attack import Cut
from governance.disclosure.movement import DUAL, quiet_highs
from governance.disclosure.statements import TOLERANCE


class Master:
    """The cheapest choice of rows that satisfies every cut. `work` counts like Movement's.

    Choices and cuts speak about the rows that may be chosen, in their order.
    """

    def __init__(self, cost: NDArray[np.float64]) -> None:
        self._cost = cost
        self._shares: list[NDArray[np.float64]] = []
        self._relaxation, self._integer = self._program(), self._program()
        self._relaxation.setOptionValue("simplex_strategy", DUAL)
        kinds = np.full(len(cost), highspy.HighsVarType.kInteger)
        self._integer.changeColsIntegrality(len(cost), np.arange(len(cost), dtype=np.int32), kinds)
        options: dict[str, float | str] = {"mip_rel_gap": 0.0, "mip_abs_gap": 1e-7, "presolve": "choose"}
        for option, value in options.items():
            self._integer.setOptionValue(option, value)
        self.work = 0.0

    def _program(self) -> _Highs:
        program = quiet_highs()
        size = len(self._cost)
        program.addVars(size, np.zeros(size), np.ones(size))
        program.changeColsCost(size, np.arange(size, dtype=np.int32), self._cost)
        return program

    def add(self, cut: Cut) -> None:
        columns = np.flatnonzero(cut.share).astype(np.int32)
        for program in (self._relaxation, self._integer):
            program.addRow(1.0, highspy.kHighsInf, len(columns), columns, cut.share[columns])
        self._shares.append(cut.share)

    def satisfies(self, chosen: NDArray[np.bool_]) -> bool:
        """Whether the choice satisfies every cut known so far."""
        return not self._shares or bool((np.array(self._shares)[:, chosen].sum(axis=1) >= 1 - TOLERANCE).all())

    def rounded(self) -> tuple[NDArray[np.bool_], bool]:
        """A good choice, from the optimum of the relaxation; and whether it is that optimum, and so the cheapest."""
        if not self._shares:
            return np.zeros(len(self._cost), dtype=np.bool_), True
        self._run(self._relaxation)
        shares = np.array(self._relaxation.getSolution().col_value)
        chosen = shares > 1 - TOLERANCE
        if np.all(chosen | (shares < TOLERANCE)):
            return chosen, True
        return self.without_waste(self.covered(chosen, shares)), False

    def covered(self, chosen: NDArray[np.bool_], wanted: NDArray[np.float64], demand: float = 1.0) -> NDArray[np.bool_]:
        """The choice with what it lacks: again and again the row that does most for its cost, and is wanted most.

        A cut that is not satisfied is given `demand` times what it asks for, or all it can get.
        """
        shares, chosen = np.array(self._shares), chosen.copy()
        met = shares[:, chosen].sum(axis=1)
        missing = np.where(met < 1 - TOLERANCE, np.minimum(demand, shares.sum(axis=1)) - met, 0.0)
        while (unmet := missing > TOLERANCE).any():
            gain = np.minimum(shares[unmet], missing[unmet, None]).sum(axis=0) * (wanted + 0.01) / self._cost
            gain[chosen] = 0.0
            row = int(np.argmax(gain))
            chosen[row] = True
            missing -= shares[:, row]
        return chosen

    def without_waste(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The choice without rows that no cut needs, the dearest left out first."""
        shares, chosen = np.array(self._shares), chosen.copy()
        met = shares[:, chosen].sum(axis=1)
        for row in sorted(np.flatnonzero(chosen), key=lambda row: -self._cost[row]):
            if np.all(met - shares[:, row] >= 1 - TOLERANCE):
                chosen[row] = False
                met -= shares[:, row]
        return chosen

    def best(self, nodes: int) -> NDArray[np.bool_] | None:
        """The cheapest choice; None if it is not found within that many nodes of a search tree."""
        self._integer.setOptionValue("mip_max_nodes", nodes)
        if not self._run(self._integer):
            return None
        return np.array(self._integer.getSolution().col_value) > 0.5

    def _run(self, program: _Highs) -> bool:
        """Whether the program was solved. Raises ArithmeticError if that did not end as it must."""
        program.run()
        iterations = max(0, program.getInfo().simplex_iteration_count)
        self.work += (100 + iterations) * (20 + len(self._shares))
        match program.getModelStatus():
            case highspy.HighsModelStatus.kOptimal:
                return True
            case highspy.HighsModelStatus.kSolutionLimit:
                return False
            case _:
                raise ArithmeticError("the program of complements was not solved")
