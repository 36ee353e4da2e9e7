"""The search for the cheapest sufficient choice, and for a sufficient one if that takes too long."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from governance.disclosure.complementary_attack import Attack, Cut, line_cuts
from governance.disclosure.complementary_lines import equations_of
from governance.disclosure.complementary_master import Master
from governance.disclosure.complementary_problem import NotProtectable, Problem
from governance.disclosure.statements import TOLERANCE

WORK_PER_SECOND = 2.5e6
"""Simplex iterations times rows, about."""
NODES = 500
"""Of one integer program's search tree."""
PATIENCE = 12
"""Rounds in which a choice grows slowly."""
AT_ONCE = 20
"""Inequalities that are looked for before the choice is made anew."""


class Search:
    """Choices are booleans per row of the problem's system."""

    def __init__(self, problem: Problem, seconds: float) -> None:
        self._problem = problem
        self._budget = seconds * WORK_PER_SECOND
        self._columns = np.flatnonzero(problem.eligible)
        self._master = Master(problem.cost[self._columns])
        equations = equations_of(problem.system)
        self._attacks = [Attack(problem, asked, equations) for asked in problem.asked]
        self._lines = [cut for asked in problem.asked for cut in line_cuts(problem, asked, equations)]

    def run(self) -> tuple[NDArray[np.bool_], bool]:
        """A sufficient choice, and whether it is proven to be the cheapest.

        The relaxation proposes, and the attacks object, until they no longer do; then the integer program goes on.
        """
        self._take(self._lines)
        chosen, cheapest = self._rounded()
        found = None
        while self._spent() <= self._budget or cheapest:
            insufficient = self._learn(chosen)
            if not insufficient:
                if cheapest:
                    return chosen, all(attack.certain for attack in self._attacks)
                found = self._cheaper(chosen, found)
            if self._spent() > self._budget:
                break
            if found is None:
                chosen, cheapest = self._rounded()
            else:
                best = self._master.best(NODES)
                if best is None:
                    break
                chosen, cheapest = self._choice(best), True
        return (self._grow(chosen) if found is None else found), False

    def proof(self, attack: int, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Possible changes, changes × open atoms, that make every target wide for that attacker."""
        self._attacks[attack].look_at(chosen)
        return self._attacks[attack].proof()

    def _spent(self) -> float:
        return self._master.work + sum(attack.work for attack in self._attacks)

    def _learn(self, chosen: NDArray[np.bool_]) -> bool:
        """Whether somebody is too narrow; what every sufficient choice must therefore contain goes to the master."""
        for attack in self._attacks:
            attack.look_at(chosen)
            found = attack.cuts(AT_ONCE)
            if found:
                # The others are asked about a choice that satisfies this one.
                self._take(found)
                return True
        return False

    def _take(self, cuts: list[Cut]) -> None:
        for cut in cuts:
            if cut.share[self._columns].sum() < 1 - TOLERANCE:
                self._refuse()
            self._master.add(Cut(cut.share[self._columns]))

    def _refuse(self) -> None:
        """Find every target that stays too narrow when everything is suppressed."""
        everything = self._problem.forced | self._problem.eligible
        lost = []
        for attack in self._attacks:
            attack.look_at(everything)
            attack.cuts(len(attack.targets))
            lost.append(attack.narrow())
        rows = np.concatenate(lost)
        raise NotProtectable(np.flatnonzero(self._problem.asking & np.isin(self._problem.system.row_of, rows)))

    def _rounded(self) -> tuple[NDArray[np.bool_], bool]:
        """A choice that satisfies what is known, and whether none is cheaper."""
        columns, cheapest = self._master.rounded()
        return self._choice(columns), cheapest

    def _choice(self, columns: NDArray[np.bool_]) -> NDArray[np.bool_]:
        chosen = self._problem.forced.copy()
        chosen[self._columns[columns]] = True
        return chosen

    def _cheaper(self, one: NDArray[np.bool_], other: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        cost = self._problem.cost
        return one if other is None or cost[one].sum() < cost[other].sum() else other

    def _grow(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Add what is missing until nobody is too narrow, and leave out again what that made unnecessary.

        Where that takes long, more and more is added at once: it ends after a few rounds, whatever the table.
        """
        for number in itertools.count():
            if not self._learn(chosen):
                return self._shrink(chosen)
            demand = float(max(1, number - PATIENCE))
            columns = self._master.covered(chosen[self._columns], np.ones(len(self._columns)), demand)
            chosen = self._choice(columns)
        raise AssertionError("counting has no end")

    def _shrink(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Print again what nobody's protection needs, the dearest first."""
        cost = self._problem.cost
        for row in sorted(np.flatnonzero(chosen & self._problem.eligible), key=lambda row: -cost[row]):
            without = chosen.copy()
            without[row] = False
            if self._master.satisfies(without[self._columns]) and self._is_enough(without):
                chosen = without
        return chosen

    def _is_enough(self, chosen: NDArray[np.bool_]) -> bool:
        """Whether nobody is too narrow; once the work is used up, as far as the known movements tell."""
        if self._spent() <= self._budget:
            return not self._learn(chosen)
        for attack in self._attacks:
            attack.look_at(chosen)
        return not any(len(attack.narrow()) for attack in self._attacks)
