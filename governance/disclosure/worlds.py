"""Worlds: other amounts that agree with everything printed. Two that differ in a secret keep its interval open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from governance.disclosure.movement import Movement
from governance.disclosure.statements import TOLERANCE, Statements, open_system

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PROBES = 16
ALONE = 30
FAR = (2.0, 1000.0)
"""How far amounts without end are let go, in largest widths: the first is nearly always enough, and changes less."""
STILL = 1e-9


@dataclass(frozen=True)
class World:
    """By how much amounts differ from the true ones. `units`: one unit that stands for each atom that differs."""

    units: Ints
    changes: Floats

    def __post_init__(self) -> None:
        if len(self.units) != len(self.changes):
            raise ValueError("a world: one change for each unit")


Opened = Callable[[Floats], Floats]


def spreads(reached: Floats) -> Floats:
    """How far apart worlds (worlds × secrets, the true one aside) take each secret."""
    return np.asarray(reached.max(axis=0, initial=0.0) - reached.min(axis=0, initial=0.0))


def reaches(reached: Floats) -> Floats:
    """How far the furthest world is from the truth, either way: of a count, one is another whole number."""
    return np.asarray(np.abs(reached).max(axis=0, initial=0.0))


@dataclass(frozen=True)
class Sought:
    """Statements over atoms: those `printed` stay as they are, the others may fall by `down` and rise by `up`.

    `widths`: how far `opened` must find each statement that is not printed; 0 where nothing is asked of it.
    """

    statements: Statements
    printed: npt.NDArray[np.bool_]
    down: Floats
    up: Floats
    widths: Floats
    opened: Opened


def find_worlds(sought: Sought, *, last: bool) -> Floats:
    """Changes (worlds × atoms) that open the statements that are not printed as far as is sought, where they can.

    Many secrets are moved at once; the `last` time, those that are still too narrow are moved alone, if they are not
    many: where they are, what is left narrow counts as given away, which is the safe side. The same question always
    finds the same worlds.
    """
    search = _Search(sought)
    search.let_go(FAR[0])
    search.probe()
    if last and 0 < len(search.narrow()) <= ALONE:
        search.let_go(FAR[1])
        search.alone()
    return search.changes()


class _Search:
    def __init__(self, sought: Sought) -> None:
        self._sought, self._widths = sought, sought.widths
        self._atoms, self._count = sought.statements.member.shape[1], len(sought.widths)
        self._system = open_system(sought.statements, sought.printed)
        hidden = np.flatnonzero(~sought.printed)
        self._secrets = sp.csr_array(sought.statements.member[hidden][:, self._system.atoms])
        self._found: list[Floats] = []
        self._reached = np.zeros((0, self._count))
        self._movement: Movement | None = None

    def let_go(self, far: float) -> None:
        """Look anew, with ends `far` times the largest width away."""
        system, end = self._system, far * float(self._widths.max(initial=1.0))
        if not len(system.atoms):
            return
        self._movement = Movement(system.rows, np.minimum(system.down, end), np.minimum(system.up, end))
        no_end = end * len(system.atoms)
        rooms = (np.where(self._sought.printed, 0.0, room) for room in (self._sought.down, self._sought.up))
        self._movement.allow(*(np.minimum(system.least(room), no_end) for room in rooms))

    def narrow(self) -> Ints:
        return np.flatnonzero(self._sought.opened(self._reached) < self._widths - TOLERANCE)

    def probe(self) -> None:
        """Move all that are narrow up, down, and in mixed directions, as long as that widens some."""
        signs = np.random.default_rng(0)
        for number in range(PROBES):
            narrow = self.narrow()
            if not len(narrow):
                return
            sign = np.ones(len(narrow)) * (1 - 2 * number) if number < 2 else signs.choice([-1.0, 1.0], len(narrow))
            self._move(narrow, sign / np.maximum(self._widths[narrow], STILL))
            if number > 3 and len(self.narrow()) == len(narrow):
                return

    def alone(self) -> None:
        for secret in self.narrow():
            for sign in (1.0, -1.0):
                if secret in self.narrow():
                    self._move(np.array([secret]), np.array([sign]))

    def _move(self, secrets: Ints, weights: Floats) -> None:
        if self._movement is None:
            return
        wanted = np.zeros(self._count)
        wanted[secrets] = weights
        change = self._movement.furthest(wanted @ self._secrets).change
        self._found.append(np.where(np.abs(change) > STILL, change, 0.0))
        self._reached = np.vstack([self._reached, self._secrets @ self._found[-1]])

    def changes(self) -> Floats:
        out = np.zeros((len(self._found), self._atoms))
        if self._found:
            out[:, self._system.atoms] = np.array(self._found)
        return out
