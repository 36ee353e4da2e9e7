"""Local suppression: which cells are taken out so that every class, the suppressed ones too, fulfils the rule.

The procedure, for the classes that one node of the lattice makes:
1. A column with one group needs no suppression; the others are open. A class that fulfils the rule stays as it is.
2. The sets of open columns are tried in order of what taking them out of all failing classes would lose (then fewer
   columns, then the leftmost). Under each set the failing classes that agree on the remaining columns become one class;
   where that class fulfils the rule, it is released so, and fails no longer.
3. Fewer persons than the rule asks for may be left in the end. Each class of them joins that released class with which
   it is cheapest to take out what the two differ in (where only diversity is missing and more than k classes are left,
   they join together).
Because a suppressed cell counts as a value, no class is ever helped by persons outside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from governance.disclosure.anonymity_classes import Combinations, Counts, Marks, Rule, label, label_loosely

ALL_SETS_UP_TO = 8
"""With more open columns than these, sets of more than two are tried only if they are the cheapest of their size."""


@dataclass(frozen=True)
class Suppression:
    """`cells`: (classes, columns), True where a cell is suppressed. `loss`: what that loses, in units."""

    cells: Marks
    loss: int


def at_least(classes: Combinations, rule: Rule, remaining: Counts) -> int:
    """A lower bound of the loss: every failing class loses a cell.

    `remaining`: (classes, columns), the loss, in units, of suppressing the cell of one person.
    """
    failing = np.flatnonzero(~_fulfilling(classes, rule))
    return int(_at_least(classes.persons[failing], remaining[failing], _open_columns(classes)).sum())


def _at_least(persons: Counts, remaining: Counts, open_columns: list[int]) -> Counts:
    """What each of some failing classes loses at least: (classes,)."""
    if not open_columns:
        return np.zeros(len(persons), np.int64)
    cheapest: Counts = remaining[:, open_columns].min(axis=1)
    return persons * cheapest


def suppress(classes: Combinations, rule: Rule, remaining: Counts, ceiling: int | None = None) -> Suppression | None:
    """Suppress by the procedure above; None as soon as the loss is certain to be above the ceiling.

    All persons together fulfil the rule, or there is no way to: that is the caller's to see to.
    """
    work = _Work(classes, remaining, ~_fulfilling(classes, rule))
    for taken in _sets(work.open_columns, work.column_losses()):
        if work.is_done or work.is_above(ceiling):
            break
        work.release(taken, rule)
    if work.is_above(ceiling):
        return None
    work.join_rest(rule)
    return Suppression(work.cells, work.loss)


def _fulfilling(classes: Combinations, rule: Rule) -> Marks:
    return classes.fulfil(rule, np.arange(len(classes)), len(classes))


def _open_columns(classes: Combinations) -> list[int]:
    return [number for number, column in enumerate(classes.columns) if np.any(column != column[0])]


def _sets(columns: Sequence[int], losses: Sequence[int]) -> list[tuple[int, ...]]:
    """The sets of open columns to try, in order."""
    by_loss = sorted(columns, key=lambda column: (losses[column], column))
    largest = len(columns) if len(columns) <= ALL_SETS_UP_TO else 2
    sets = {taken for size in range(1, largest + 1) for taken in combinations(columns, size)}
    sets |= {tuple(sorted(by_loss[:size])) for size in range(1, len(columns) + 1)}
    return sorted(sets, key=lambda taken: (sum(losses[column] for column in taken), len(taken), taken))


class _Work:
    """The classes on the way: which still fail, which cells are out, and what that cost so far."""

    def __init__(self, classes: Combinations, remaining: Counts, failing: Marks) -> None:
        self.classes = classes
        self.remaining = remaining
        self.failing = failing
        self.cells: Marks = np.zeros(remaining.shape, bool)
        self.loss = 0
        self.open_columns = _open_columns(classes)
        self._left = np.flatnonzero(failing)
        self._rest = classes.where(failing)
        self._at_least = _at_least(self._rest.persons, remaining[self._left], self.open_columns)
        self._more = int(self._at_least.sum())

    @property
    def is_done(self) -> bool:
        return self._left.size == 0

    def column_losses(self) -> list[int]:
        """What each column loses if it is taken out of every failing class."""
        lost = self._rest.persons @ self.remaining[self._left]
        return [int(loss) for loss in lost]

    def is_above(self, ceiling: int | None) -> bool:
        """Whether the loss will be: each class that still fails loses at least its cheapest cell."""
        return ceiling is not None and self.loss + self._more > ceiling

    def release(self, taken: tuple[int, ...], rule: Rule) -> None:
        """Release those failing classes that fulfil the rule once the columns are taken out."""
        kept = [number for number in range(len(self.classes.columns)) if number not in taken]
        columns = [self._rest.columns[number] for number in kept]
        labels, number = label_loosely(columns, [self._rest.radices[column] for column in kept], len(self._rest))
        released = self._rest.fulfil(rule, labels, number)[labels]
        if not np.any(released):
            return
        self._take_out(self._left[released], _marks(len(self.classes.columns), taken))
        self.failing[self._left[released]] = False
        self._at_least = self._at_least[~released]
        self._more = int(self._at_least.sum())
        self._left = self._left[~released]
        self._rest = self._rest.where(~released)

    def join_rest(self, rule: Rule) -> None:
        """Let what fails to the end join what is released."""
        if len(self._left) <= rule.k:
            for place in self._left:
                self._join(np.array([place]))
            return
        self._take_out(self._left, _marks(len(self.classes.columns), self.open_columns))
        self._join(self._left)

    def _join(self, places: Counts) -> None:
        """Merge classes that have one face, but fail, with the released class where that loses least."""
        faces = np.where(self.cells, -1, np.column_stack(self.classes.columns))
        released = np.flatnonzero(~self.failing)
        labels, number = label(
            list(faces[released].T + 1), [radix + 1 for radix in self.classes.radices], len(released)
        )
        one_of_each = np.empty(number, np.int64)
        one_of_each[labels] = released
        differ = faces[one_of_each] != faces[places[0]]
        loss = (self._group_losses(released, labels, number) * differ).sum(axis=1)
        loss += differ @ self._losses_of(places).sum(axis=0)
        best = int(np.argmin(loss))
        self._take_out(np.concatenate([released[labels == best], places]), differ[best])
        self.failing[places] = False

    def _group_losses(self, released: Counts, labels: Counts, number: int) -> Counts:
        """What each column of each released class would lose: (number, columns)."""
        losses = np.zeros((number, len(self.classes.columns)), np.int64)
        np.add.at(losses, labels, self._losses_of(released))
        return losses

    def _losses_of(self, places: Counts) -> Counts:
        """What is still there to be lost, of all persons of each class: (places, columns)."""
        still: NDArray[np.int64] = np.where(self.cells[places], 0, self.remaining[places])
        return still * self.classes.persons[places, None]

    def _take_out(self, places: Counts, columns: Marks) -> None:
        self.loss += int(self._losses_of(places)[:, columns].sum())
        self.cells[np.ix_(places, columns)] = True


def _marks(length: int, columns: Sequence[int]) -> Marks:
    marks: Marks = np.zeros(length, bool)
    marks[list(columns)] = True
    return marks
