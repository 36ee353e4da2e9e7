"""What is weighed, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from pyroaring import FrozenBitMap

from governance.disclosure.worlds import World

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Measure:
    """What an attacker takes for granted of one unit: its amount lies in `low`..`high`. `counts`: it is always one.

    `width`: how much must remain open of a group.
    """

    smallest: int
    counts: bool
    width: float
    low: float = 0.0
    high: float = np.inf

    def width_of(self, units: int) -> float:
        """Of a measure with ends, no more can remain open than it may vary: half of that is asked of small groups."""
        return self.width if self.counts else min(self.width, 0.5 * units * (self.high - self.low))


@dataclass(frozen=True)
class Weighed:
    """`hazards`: groups of which so much would have to remain open, and does not. `clashing`: statements of this answer
    that can only be withheld. Where there are none of either, `worlds` and `doubts` keep every secret open.
    """

    hazards: dict[FrozenBitMap, float] = field(default_factory=dict)
    clashing: frozenset[int] = frozenset()
    worlds: tuple[World, ...] = ()
    doubts: tuple[World, ...] = ()
    checked: int = 0

    @property
    def is_safe(self) -> bool:
        return not self.hazards and not self.clashing
