"""A quasi-identifier's hierarchy: into which groups its codes may be put, from every code by itself to all in one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Hierarchy:
    """The levels of one column, finest first.

    `levels[j][code]` is the group of `code` at level j, shape (codes,). Level 0 is the identity, the last level has one
    group, and a group of level j + 1 is a union of groups of level j. A missing value is a code like any other.
    `weight` (positive) says how much losing this column costs, relative to the others.
    ValueError for anything else.
    """

    levels: tuple[Codes, ...]
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise ValueError("a hierarchy's weight is a positive number")
        if not self.levels or not all(_is_level(level) for level in self.levels):
            raise ValueError("a hierarchy's levels are arrays of groups, which are integers and not negative")
        if not all(len(level) == self.size for level in self.levels):
            raise ValueError("every level of a hierarchy says the group of every code")
        if not np.array_equal(self.levels[0], np.arange(self.size)):
            raise ValueError("the first level of a hierarchy has every code by itself")
        if not all(_is_union(*pair) for pair in zip(self.levels, self.levels[1:], strict=False)):
            raise ValueError("a group of a hierarchy is a union of groups of the level before")
        if np.unique(self.levels[-1]).size > 1:
            raise ValueError("the last level of a hierarchy has one group")

    @property
    def size(self) -> int:
        """How many codes there are."""
        return len(self.levels[0])


def _is_level(level: Any) -> bool:
    return (
        isinstance(level, np.ndarray)
        and level.ndim == 1
        and level.dtype.kind == "i"
        and level.size > 0
        and int(level.min()) >= 0
        and int(level.max()) <= np.iinfo(np.int32).max
    )


def _is_union(fine: Codes, coarse: Codes) -> bool:
    """Whether codes that share a group of `fine` share one of `coarse`."""
    by_group = np.argsort(fine, kind="stable")
    same = np.diff(fine[by_group]) == 0
    return not np.any(np.diff(coarse[by_group])[same])


UNIT = 2**30
"""A cell of the dearest column loses at most so much. Losses are whole numbers, so that sums are exact in any order."""


@dataclass(frozen=True)
class Ladder:
    """A hierarchy ready for counting: groups numbered from 0 within their level, each with the loss of one cell.

    `groups[j]`: (codes,); `names[j]`: (groups,), the group's number in the hierarchy; `losses[j]`: (groups,), in units;
    `whole`: the loss of a suppressed cell, in units.
    """

    groups: tuple[Counts, ...]
    names: tuple[Codes, ...]
    losses: tuple[Counts, ...]
    whole: int

    @classmethod
    def of(cls, hierarchy: Hierarchy, dearest: float) -> Ladder:
        """A cell's loss is that of Iyengar's general loss metric: (codes in its group - 1) / (codes - 1), weighted."""
        whole = max(1, round(hierarchy.weight / dearest * UNIT))
        numbered = [np.unique(level, return_inverse=True, return_counts=True) for level in hierarchy.levels]
        others = max(1, hierarchy.size - 1)
        return cls(
            groups=tuple(inverse.astype(np.int64) for _, inverse, _ in numbered),
            names=tuple(names.astype(np.int32) for names, _, _ in numbered),
            losses=tuple(np.rint(whole * ((sizes - 1) / others)).astype(np.int64) for _, _, sizes in numbered),
            whole=whole,
        )

    def step(self, fine: int, coarse: int) -> Counts:
        """For each group of level `fine`, the group of level `coarse` that it lies in."""
        found = np.empty(len(self.names[fine]), np.int64)
        found[self.groups[fine]] = self.groups[coarse]
        return found

    def level_losses(self, persons: Counts) -> tuple[int, ...]:
        """The loss of each level, in units, where `persons` (codes,) counts the persons of each code."""
        return tuple(int(persons @ losses[groups]) for groups, losses in zip(self.groups, self.losses, strict=True))
