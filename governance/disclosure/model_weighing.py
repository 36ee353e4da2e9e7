"""What a model adds to all that its audience was told: weighed like a table of sums over the same groups of rows.

A model tells, nearly, the sum of the outcomes of every group whose indicator its regressors span: of all rows, and of
every level. These sums are statements about rows, of the same quantity as tables of the outcome are. Of an outcome of
two values they are also counts of the persons who have it. How many do not follows where a group's size was told: a
model tells it in tens only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap, FrozenBitMap

from governance.disclosure.knowledge import Draft, Told
from governance.disclosure.released import NotReleased
from governance.disclosure.rules import Rules
from governance.disclosure.said import Said
from governance.disclosure.weighed import Measure, Weighed
from governance.disclosure.weighing import weigh

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ModelRows:
    """The rows that a model used: their numbers (each once), whom each is about, and its outcome.

    `groups`: the sets of rows whose sums follow from the model, each with one flag a row.
    """

    units: Ints
    persons: Ints
    outcomes: Floats
    groups: tuple[Flags, ...]

    def __post_init__(self) -> None:
        if len({len(self.units), len(self.persons), len(self.outcomes), *map(len, self.groups)}) != 1:
            raise ValueError("model rows: every array has one entry per row")
        if not len(self.units) or not self.groups or not np.isfinite(self.outcomes).all():
            raise ValueError("model rows: a model is of some rows, and finite outcomes")


@dataclass(frozen=True)
class WeighedModel:
    """A model that may be shown: what it adds to the audience's knowledge, of one quantity or two."""

    parts: tuple[tuple[Draft, Weighed], ...]

    @property
    def said(self) -> tuple[Said, ...]:
        return tuple(draft.said for draft, _ in self.parts)

    def admit(self, told: Told) -> None:
        """The model was recorded, and will be shown: the audience knows it."""
        for draft, weighed in self.parts:
            told.of(draft.said.quantity).admit(draft, weighed.worlds, weighed.doubts)


def weigh_model(rows: ModelRows, quantity: str, counted: str, rules: Rules, told: Told) -> WeighedModel:
    """The model as it may be admitted, or `NotReleased`: a part of a model cannot be withheld. `told` is unchanged.

    `counted`: the quantity that counts of the same persons are.
    """
    parts = [_weighed(*_sums(rows, quantity, rules), told)]
    if len(np.unique(rows.outcomes)) == 2:
        parts.append(_weighed(*_counts(rows, counted, rules), told))
    return WeighedModel(tuple(parts))


def _sums(rows: ModelRows, quantity: str, rules: Rules) -> tuple[Said, Floats, Measure]:
    """What the model says, all of it printed, over its rows in the order of their numbers; and their outcomes."""
    order, outcomes = np.argsort(rows.units, kind="stable"), rows.outcomes
    sets = tuple(_places(group[order]) for group in rows.groups)
    said = Said.of_printed(quantity, rows.units[order], rows.persons[order], sets, rules.smallest)
    scale = max(float(np.abs(outcomes).mean()), 1e-9)
    ends = min(float(outcomes.min()), 0.0), max(float(outcomes.max()), 0.0)
    return said, outcomes[order], Measure(rules.smallest, False, rules.open_width * scale, *ends)


def _counts(rows: ModelRows, counted: str, rules: Rules) -> tuple[Said, Floats, Measure]:
    """Of every group, who has the outcome."""
    whom, person = np.unique(rows.persons, return_inverse=True)
    has_it = rows.outcomes == rows.outcomes.max()
    sets = [_places(np.bincount(person[group & has_it]) > 0) for group in rows.groups]
    said = Said.of_printed(counted, whom, whom, tuple(dict.fromkeys(sets)), rules.smallest)
    return said, np.ones(len(whom)), Measure(rules.smallest, True, float(rules.open_width), 0.0, 1.0)


def _places(flags: Flags) -> FrozenBitMap:
    return FrozenBitMap(np.flatnonzero(flags).astype(np.uint32))


def _weighed(said: Said, amounts: Floats, measure: Measure, told: Told) -> tuple[Draft, Weighed]:
    draft = told.of(said.quantity).draft(said, amounts)
    try:
        weighed = weigh(draft, said.printed, measure)
    except (ArithmeticError, np.linalg.LinAlgError):
        # A program that was not solved has shown nothing to be safe.
        raise _not_released(frozenset(), said.quantity) from None
    if not weighed.is_safe:
        raise _not_released(_answers_about(draft, weighed), said.quantity)
    return draft, weighed


def _answers_about(draft: Draft, weighed: Weighed) -> frozenset[int]:
    """The earlier answers that speak of the groups at stake."""
    stake = BitMap.union(BitMap(), *weighed.hazards, *(draft.sets[at] for at in weighed.clashing))
    return frozenset(answer for units, answer in draft.known.printed.items() if not units.isdisjoint(stake))


def _not_released(earlier: frozenset[int], quantity: str) -> NotReleased:
    return NotReleased(
        "Together with what you were told before, this model would tell of fewer persons than may be shown.",
        "Ask for the population of the earlier answer, or for one that differs from it by more persons.",
        earlier,
        quantity,
    )
