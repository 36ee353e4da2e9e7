"""The primary rules: which cells say too much by themselves. One versioned object; every number with its source.

Sources. Smallest count shown, and rates with fewer than 20 in the denominator: what Connecticut's EdSight publishes.
Top and bottom coding by the size of the group, and no underlying counts beside it: NCES, Statistical Methods for
Protecting Personally Identifiable Information in Aggregate Reporting (SLDS Technical Brief 3, NCES 2011-603), table 8.
Dominance, (n,k) and p %: Hundepool et al., Statistical Disclosure Control (2012), section 4.2; the Handbook on
Statistical Disclosure Control for Outputs (2019).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

VERSION = "2026-11"


class Reason(enum.StrEnum):
    """Why a cell shows no plain number."""

    PRIMARY = "primary"
    COMPLEMENTARY = "complementary"
    DIFFERENCING = "differencing"
    CODED = "coded"


class Topic(enum.StrEnum):
    """What a table is about, as far as the rules differ."""

    GENERAL = "general"
    ASSESSMENT = "assessment"
    GUARDED = "discipline, disability, homelessness or health"
    STAFF = "staff"
    PAY = "pay or leave"


@dataclass(frozen=True)
class Coding:
    """Percents of groups of at least `size` persons are shown between `margin` and 100 - `margin`."""

    size: int
    margin: int


CODINGS = (Coding(300, 1), Coding(100, 2), Coding(40, 5), Coding(0, 10))


@dataclass(frozen=True)
class Rules:
    """The rules of one table.

    `smallest`: fewer persons than that (but not none) are not shown. `denominator`: a rate of fewer is not shown.
    `dominant_two`: two persons with more than that share of a sum. `percent_known`: how closely the second may come to
    know the first (p %). `open_width`: how many persons' worth must remain open about every suppressed cell.
    """

    topic: Topic
    smallest: int = 6
    denominator: int = 20
    dominant_two: float = 0.90
    percent_known: float = 0.10
    version: str = VERSION

    def __post_init__(self) -> None:
        if self.smallest < 2 or self.denominator < self.smallest:
            raise ValueError("rules: at least two persons, and no rate of fewer persons than a count needs")

    @property
    def open_width(self) -> int:
        return max(3, self.smallest - 1)

    def margin(self, size: int) -> int:
        """By how many percent points from 0 and 100 a percent of a group of that size is coded."""
        return next(coding.margin for coding in CODINGS if size >= coding.size)

    def sentences(self) -> tuple[str, ...]:
        """The rules in words, for the statement of protection."""
        return (
            f"Counts of fewer than {self.smallest} persons are suppressed.",
            f"Rates with fewer than {self.denominator} persons in the denominator are suppressed; percents near 0 and "
            "100 are coded by the size of the group.",
            f"Sums and means that one or two persons dominate are suppressed (2 persons {self.dominant_two:.0%}, "
            f"p {self.percent_known:.0%}).",
            "Further cells are suppressed until no suppressed one can be recovered: each remains open by at least "
            f"{self.open_width} persons' worth, given everything shown to the same audience before.",
        )


_RULES = {
    Topic.GENERAL: Rules(Topic.GENERAL),
    Topic.ASSESSMENT: Rules(Topic.ASSESSMENT, denominator=10),
    Topic.GUARDED: Rules(Topic.GUARDED, smallest=10),
    Topic.STAFF: Rules(Topic.STAFF, smallest=3, denominator=10),
    Topic.PAY: Rules(Topic.PAY, smallest=5, denominator=10),
}
OUTSIDE_SMALLEST = 10
"""Whoever is not of the district (a study) is shown no count of fewer."""


def rules_for(topic: Topic, *, outside: bool) -> Rules:
    """The rules for a table about `topic`, shown inside the district or to a study."""
    rules = _RULES[topic]
    if not outside or rules.smallest >= OUTSIDE_SMALLEST:
        return rules
    return Rules(topic, smallest=OUTSIDE_SMALLEST, denominator=max(rules.denominator, OUTSIDE_SMALLEST))
