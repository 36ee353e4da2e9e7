"""A question about a table, the protected table that answers it, and why none does."""

from __future__ import annotations

from dataclasses import dataclass

from governance.disclosure.knowledge import Draft, Told
from governance.disclosure.rules import Reason, Rules
from governance.disclosure.said import Said
from governance.disclosure.weighed import Weighed
from governance.disclosure.worlds import Floats
from governance.vocabulary import Statistic

COARSER = "Ask for fewer or coarser dimensions, or for a larger population."


NOTHING_TO_SHOW = "No cell of this table may be shown: nobody, or too few persons, would be in it."
"""Said for none as for few: which of them it was would be told."""


class NotReleased(Exception):
    """No table of this question may be shown. `earlier`: answers about `quantity` that stand in the way."""

    def __init__(self, message: str, next_step: str, earlier: frozenset[int] = frozenset(), quantity: str = "") -> None:
        super().__init__(message)
        self.message, self.next_step, self.earlier, self.quantity = message, next_step, earlier, quantity


@dataclass(frozen=True)
class Question:
    """What is asked, as far as protection depends on it. `columns`: how many of the last axes are columns.

    `counted`: the quantity that counts of the same persons are.
    """

    quantity: str
    counted: str
    statistic: Statistic
    columns: int
    rules: Rules


@dataclass(frozen=True)
class Protected:
    """A table that may be shown, flat over its grid, and what it adds to the audience's knowledge."""

    shape: tuple[int, ...]
    values: Floats
    texts: tuple[str, ...]
    reasons: tuple[Reason | None, ...]
    draft: Draft
    weighed: Weighed
    sizes: Protected | None = None

    @property
    def said(self) -> tuple[Said, ...]:
        """All that it says: of a measure also how many persons are behind each of its cells."""
        return (self.draft.said, *(() if self.sizes is None else self.sizes.said))

    def admit(self, told: Told) -> None:
        """The table was recorded, and will be shown: the audience knows it."""
        told.of(self.draft.said.quantity).admit(self.draft, self.weighed.worlds, self.weighed.doubts)
        if self.sizes is not None:
            self.sizes.admit(told)


def stands_in_the_way(earlier: frozenset[int], quantity: str) -> NotReleased:
    if earlier:
        return NotReleased(
            "Together with what you were told before, this table would tell of fewer persons than may be shown.",
            "Ask for the population of the earlier table, or for a group that differs from it by more persons.",
            earlier,
            quantity,
        )
    return NotReleased(
        "However many of its cells were suppressed, this table would tell of fewer persons than may be shown.",
        COARSER,
    )
