"""One attacker against a choice of suppressed rows: what is too narrow, and what a sufficient choice must contain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from governance.disclosure.complementary_kernel import Kernel, Room
from governance.disclosure.complementary_lines import LineEquations
from governance.disclosure.complementary_problem import Asked, Problem
from governance.disclosure.statements import TOLERANCE

STILL = 1e-7
"""A row that changes by less does not change."""
FAR = (1.0, 8.0, 1000.0)
"""How far rows without end are let go, in largest widths: the first is nearly always enough, and quick."""
MANY = 12
"""Targets in doubt, from which on they are first moved all at once."""
PROBES = 8
WORTHWHILE = 0.8
"""Another such movement is made as long as no more than this share remains in doubt."""


@dataclass(frozen=True)
class Cut:
    """An inequality that every sufficient choice satisfies: sum(share[row] for suppressed rows) >= 1."""

    share: NDArray[np.float64]


class Attack:
    """Keeps every movement it has come across: one that moves suppressed rows only is possible for each such choice.

    `certain` is whether every cut so far was proven to be one.
    """

    def __init__(self, problem: Problem, asked: Asked, equations: LineEquations) -> None:
        self._forced, self._equations, self._width = problem.forced, equations, asked.width
        self.targets = np.flatnonzero(asked.width > 0)
        self._widest = float(asked.width.max(initial=0.0))
        unstated = equations.unstated
        self._room = Room(
            np.append(asked.down, problem.system.down[unstated]), np.append(asked.up, problem.system.up[unstated])
        )
        self._moves = Moves(len(self._room.down))
        self._far = FAR[0]
        self._order = np.random.default_rng(0).permutation(self.targets)
        self._spent = 0.0
        self.certain = True
        self._kernel: Kernel | None = None
        self.look_at(self._forced)

    @property
    def work(self) -> float:
        return self._spent + (self._kernel.work if self._kernel else 0.0)

    def look_at(self, suppressed: NDArray[np.bool_]) -> None:
        """From now on it is this choice that is attacked."""
        self._spent = self.work
        self._suppressed, self._kernel = suppressed, None
        self._open = np.append(suppressed, np.ones(len(self._equations.unstated), dtype=np.bool_))
        known = self._moves.within(self._open)
        self._highest, self._lowest = known.max(axis=0, initial=0.0), known.min(axis=0, initial=0.0)

    def narrow(self) -> NDArray[np.int64]:
        """Targets that no known movement shows to be wide enough, in an order of no meaning."""
        span = self._highest[self._order] - self._lowest[self._order]
        return np.asarray(self._order[span < self._width[self._order] - TOLERANCE])

    def proof(self) -> NDArray[np.float64]:
        """The known movements that are possible, changes × open atoms."""
        return self._moves.within(self._open)[:, self._equations.atom_column]

    def cuts(self, most: int) -> list[Cut]:
        """None if every target is wide enough; else one for each that is not, or for the first `most` of them."""
        found: list[Cut] = []
        done: set[int] = set()
        signs = mixed_signs(len(self._width))
        narrow = self._probe(signs) if len(self.narrow()) > MANY else self.narrow()
        while len(narrow) and len(found) < most:
            target = int(narrow[0])
            done.add(target)
            cut = self._cut(target)
            if cut is not None:
                found.append(cut)
            elif len(narrow) > 2 and (sign := next(signs, None)) is not None:
                # Others may be wide enough too.
                self._move(narrow, sign[narrow] / self._width[narrow])
            narrow = np.array([at for at in self.narrow() if at not in done], dtype=np.int64)
        return found

    def _probe(self, signs: Iterator[NDArray[np.float64]]) -> NDArray[np.int64]:
        """Move all that are in doubt at once, as long as that clears many of them up."""
        narrow = self.narrow()
        for number, sign in enumerate(signs):
            self._move(narrow, sign[narrow] / self._width[narrow], afar=number == 0)
            before, narrow = narrow, self.narrow()
            if not len(narrow) or (number > 1 and len(narrow) > WORTHWHILE * len(before)):
                break
        return narrow

    def _move(self, targets: NDArray[np.int64], weights: NDArray[np.float64], *, afar: bool = False) -> float:
        """How far the weighted sum of targets can be moved; the movement is kept."""
        if self._kernel is None:
            self._kernel = Kernel(self._equations.matrix, self._room.within(self._far * self._widest), self._open)
        direction = np.zeros(len(self._open))
        direction[targets] = weights
        change = self._kernel.furthest(direction, afar=afar)
        self._moves.add(change)
        np.maximum(self._highest, change, out=self._highest)
        np.minimum(self._lowest, change, out=self._lowest)
        return float(direction @ change)

    def _cut(self, target: int) -> Cut | None:
        """None if the target can be moved far enough."""
        here, width = np.array([target]), float(self._width[target])
        up = self._move(here, np.ones(1))
        if up >= width - TOLERANCE:
            return None
        upward = self._multipliers()
        # What stops it on its way up often stops it on its way down as well.
        cut = self._inequality(upward, -upward, width)
        if cut is not None:
            return cut
        if up + self._move(here, -np.ones(1)) >= width - TOLERANCE:
            return None
        cut = self._inequality(upward, self._multipliers(), width)
        return cut if cut is not None else self._cut_from_afar(target)

    def _cut_from_afar(self, target: int) -> Cut | None:
        """What stopped it was how far rows without end are let go: let them go further from now on."""
        if self._far == FAR[-1]:
            # Far enough for every table there is. Whoever is narrow even so is given whatever is left to be withheld.
            self.certain = False
            return Cut((~self._suppressed).astype(np.float64))
        self._far = FAR[FAR.index(self._far) + 1]
        self.look_at(self._suppressed)
        return self._cut(target)

    def _multipliers(self) -> NDArray[np.float64]:
        if self._kernel is None:
            raise RuntimeError("nothing was moved yet")
        return self._kernel.multipliers()

    def _inequality(self, upward: NDArray[np.float64], downward: NDArray[np.float64], width: float) -> Cut | None:
        """Both ways must leave room for the width between them. None if the choice satisfies that."""
        share = self._room.reached_by(upward) + self._room.reached_by(downward)
        rows = len(self._forced)
        share, missing = share[:rows], width - share[rows:].sum()
        missing -= share[self._forced].sum()
        if share[self._suppressed & ~self._forced].sum() >= missing - TOLERANCE:
            return None
        # No row need give more than all that is missing.
        share = np.minimum(share / missing, 1.0)
        share[self._forced | (share < TOLERANCE)] = 0.0
        return Cut(share)


class Moves:
    """Movements found so far, and which columns they move."""

    def __init__(self, columns: int) -> None:
        self._count = 0
        self._changes = np.empty((32, columns))
        # Numbers, because products of numbers are fast.
        self._moved = np.empty((32, columns), dtype=np.float32)

    def add(self, change: NDArray[np.float64]) -> None:
        if self._count == len(self._changes):
            self._changes, self._moved = (
                np.concatenate([array, np.empty_like(array)]) for array in (self._changes, self._moved)
            )
        self._changes[self._count] = change
        self._moved[self._count] = np.abs(change) > STILL
        self._count += 1

    def within(self, is_open: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Those that move open columns only."""
        moves_closed = self._moved[: self._count] @ (~is_open).astype(np.float32)
        return np.asarray(self._changes[: self._count][moves_closed == 0])


def mixed_signs(count: int) -> Iterator[NDArray[np.float64]]:
    """In which directions to move many targets at once: all up, all down, then mixed."""
    yield np.ones(count)
    yield -np.ones(count)
    random = np.random.default_rng(0)
    for _ in range(PROBES):
        yield random.choice([-1.0, 1.0], count)


def line_cuts(problem: Problem, asked: Asked, equations: LineEquations) -> Iterator[Cut]:
    """What each line alone demands: a target moves against the rest of the line one way, by its own room the other.

    So the room of all that is suppressed in the line, the target's own included, must reach the width.
    """
    for line in equations.lines:
        members = np.array([line.whole, *line.parts])
        width = asked.width[members].max()
        if width == 0:
            continue
        for part_room, whole_room in ((asked.down, asked.up), (asked.up, asked.down)):
            room = np.append(whole_room[line.whole], part_room[members[1:]])
            missing = width - room[problem.forced[members]].sum()
            if missing > TOLERANCE:
                share = np.zeros(len(problem.forced))
                share[members] = np.minimum(room / missing, 1.0)
                share[~problem.eligible] = 0.0
                yield Cut(share)
