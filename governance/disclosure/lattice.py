"""The cheapest node of a lattice of levels, found without pricing them all."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Levels = tuple[int, ...]

GENERATED, BOUNDED, PRICED = range(3)
"""What is known of a node in the queue: what its levels cost, a bound on the extra, the price."""

FEW = 48
"""When so many nodes were priced without an end, a good one is looked for among the neighbours of the best."""


@dataclass(frozen=True, order=True)
class Price:
    """What a node costs. Of equal losses the one with fewer suppressed cells is preferred."""

    loss: int
    cells: int = 0


class Extra(Protocol):
    """What a node costs beyond its levels. Never less than nothing."""

    def at_least(self, levels: Levels) -> int:
        """A lower bound of the extra loss, cheap to find."""

    @property
    def is_spent(self) -> bool:
        """Whether finding prices took so much work that the search has to end."""

    def exactly(self, levels: Levels, ceiling: int | None) -> Price | None:
        """The extra price; None where it is certain that its loss is above the ceiling."""


@dataclass(order=True)
class _Entry:
    """A node in the queue, and what it costs at least; of equal ones the finer first."""

    price: Price
    height: int
    levels: Levels
    stage: int = field(compare=False)


@dataclass(frozen=True)
class Found:
    """`proven`: that no node is cheaper; False where the search reached its limit first."""

    levels: Levels
    proven: bool


def cheapest(losses: Sequence[Sequence[int]], extra: Extra) -> Found:
    """The levels with the smallest price: the sum of `losses[column][level]`, plus `extra`.

    `losses` of a column do not fall from level to level. Of nodes with one price the one with the smallest sum of
    levels is chosen, then the lexicographically smallest. Best first: a node waits under the best lower bound that is
    known for it (the loss of its levels, then a bound on the extra, then the exact price), so that a node is priced
    only if its bound lies below the price of the node that is found (compare Lightning of ARX). Once the extra is
    spent, the cheapest node that was priced is returned, which no neighbour undercuts.
    """
    search = _Search(losses, extra)
    while (entry := search.next()).stage < PRICED:
        if extra.is_spent and search.best is not None:
            search.descend()
            return Found(search.best.levels, proven=False)
        search.advance(entry)
    return Found(entry.levels, proven=True)


class _Search:
    """The queue, the nodes that were priced, and the cheapest of them."""

    def __init__(self, losses: Sequence[Sequence[int]], extra: Extra) -> None:
        self.best: _Entry | None = None
        self._losses = losses
        self._extra = extra
        self._priced: set[Levels] = set()
        self._queue: list[_Entry] = []
        self._wait((0,) * len(losses))

    def next(self) -> _Entry:
        return heapq.heappop(self._queue)

    def advance(self, entry: _Entry) -> None:
        """Find the next better bound on the price of a node, and let it wait under that."""
        if entry.stage == GENERATED:
            for levels in _coarser(self._losses, entry.levels):
                self._wait(levels)
            loss = self._own(entry.levels) + self._extra.at_least(entry.levels)
            if self.best is None or loss <= self.best.price.loss:
                heapq.heappush(self._queue, _Entry(Price(loss), entry.height, entry.levels, BOUNDED))
        else:
            self._price(entry.levels)
            if len(self._priced) == FEW:
                self.descend()

    def descend(self) -> None:
        """Go from the best node to its cheapest neighbour until there is none cheaper: a good ceiling, early."""
        before = None
        while self.best is not None and self.best is not before:
            before = self.best
            for levels in _neighbours(self._losses, before.levels):
                self._price(levels)

    def _wait(self, levels: Levels) -> None:
        heapq.heappush(self._queue, _Entry(Price(self._own(levels)), sum(levels), levels, GENERATED))

    def _price(self, levels: Levels) -> None:
        if levels in self._priced:
            return
        self._priced.add(levels)
        own = self._own(levels)
        extra = self._extra.exactly(levels, None if self.best is None else self.best.price.loss - own)
        if extra is not None:
            entry = _Entry(Price(own + extra.loss, extra.cells), sum(levels), levels, PRICED)
            self.best = entry if self.best is None else min(self.best, entry)
            heapq.heappush(self._queue, entry)

    def _own(self, levels: Levels) -> int:
        return sum(loss[level] for loss, level in zip(self._losses, levels, strict=True))


def _coarser(losses: Sequence[Sequence[int]], levels: Levels) -> Iterator[Levels]:
    """The nodes one step above, each from one node only: a step is made at or after the last column that has one."""
    last = max((column for column, level in enumerate(levels) if level), default=0)
    for column in range(last, len(levels)):
        if levels[column] + 1 < len(losses[column]):
            yield (*levels[:column], levels[column] + 1, *levels[column + 1 :])


def _neighbours(losses: Sequence[Sequence[int]], levels: Levels) -> Iterator[Levels]:
    for column, level in enumerate(levels):
        for other in (level - 1, level + 1):
            if 0 <= other < len(losses[column]):
                yield (*levels[:column], other, *levels[column + 1 :])
