"""The attack, always: what everything printed, this answer included, would give away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from pyroaring import FrozenBitMap

from governance.disclosure.implied import implied_groups
from governance.disclosure.knowledge import Draft
from governance.disclosure.readers import look_for_worlds, who_reads_marks, who_reads_numbers
from governance.disclosure.suspects import follows, suspects, within_table
from governance.disclosure.weighed import Mask, Measure, Weighed


def weigh(draft: Draft, printed: Mask, measure: Measure) -> Weighed:
    """Everything printed to the audience, together with the `printed` statements of this answer.

    What is found easily is mended first: `is_safe` is only said after all three were looked for.
    """
    small, clashing = _nested(draft, printed, measure)
    if small or clashing:
        return Weighed(small, clashing)
    if small := _implied(draft, printed, measure):
        return Weighed(small)
    by_numbers = look_for_worlds(draft, printed, measure, who_reads_numbers(draft, printed))
    if not by_numbers.is_safe or not draft.marks():
        return by_numbers
    by_marks = look_for_worlds(draft, printed, measure, who_reads_marks(draft, printed))
    return replace(by_numbers, hazards=by_marks.hazards, doubts=by_marks.worlds)


# -- two groups that differ by few ---------------------------------------------------------------------------------


def _nested(draft: Draft, printed: Mask, measure: Measure) -> tuple[dict[FrozenBitMap, float], frozenset[int]]:
    """Small differences of printed groups; and, of a measure, the statements that differ from others by few."""
    shown = [(units, index) for index, units in enumerate(draft.sets) if printed[index]]
    others = [*draft.known.printed, *(units for units, _ in shown)]
    sizes = np.fromiter(map(len, others), dtype=np.int64, count=len(others))
    order = np.argsort(sizes, kind="stable")
    limit = _most_units_of_few(draft)
    small: dict[FrozenBitMap, float] = {}
    clashing: set[int] = set()
    for units, index in shown:
        low, high = np.searchsorted(sizes[order], [len(units) - limit, len(units) + limit + 1])
        for other in (others[at] for at in order[low:high]):
            if other is units or not _differ_by_few(draft, units, other, measure, limit):
                continue
            apart = FrozenBitMap(units.symmetric_difference(other))
            if abs(len(units) - len(other)) == len(apart):
                small[apart] = measure.width_of(len(apart))
            else:
                clashing.add(index)
    return small, frozenset(clashing)


def _most_units_of_few(draft: Draft) -> int:
    """The most units that fewer persons can have than the strictest of the rules shows."""
    return int(draft.units_of_persons[: draft.strictest - 1].sum())


def _differ_by_few(draft: Draft, units: FrozenBitMap, other: FrozenBitMap, measure: Measure, limit: int) -> bool:
    """Of counts, the one must hold the other: otherwise their difference speaks of nobody."""
    if measure.counts and abs(len(units) - len(other)) != units.symmetric_difference_cardinality(other):
        return False
    if units.intersection_cardinality(other) == 0 and not measure.counts:
        return False
    apart = units.symmetric_difference(other)
    if not apart or len(apart) > limit:
        return False
    # Of two groups that were printed under different rules, the stricter count.
    return _persons(draft, FrozenBitMap(apart)) < max(draft.smallest_of(units), draft.smallest_of(other))


# -- small groups that follow --------------------------------------------------------------------------------------


def _implied(draft: Draft, printed: Mask, measure: Measure) -> dict[FrozenBitMap, float]:
    """Small groups that follow. Where atoms are too many for all to be looked for, those that come to mind first."""
    shown = [units for units, is_shown in zip(draft.sets, printed, strict=True) if is_shown]
    limit = _most_units_of_few(draft)
    may_be_told = _told_by_lenient_rules(draft, printed)
    found: list[FrozenBitMap] = []
    if not draft.exact or not measure.counts:
        likely = {*suspects(draft, shown, limit), *within_table(draft, printed, limit)}
        found = [group for group in likely if _persons(draft, group) < draft.strictest]
    if draft.exact:
        equations = draft.equations(printed)
        changes = equations.changes(draft.weights)
        found = [group for group in found if follows(draft, group, changes)]
        implied = implied_groups(
            equations, draft.crowd, draft.strictest, lambda atoms: may_be_told(draft.units_of([atoms])[0])
        )
        found += draft.units_of(implied)
    return {units: measure.width_of(len(units)) for units in found if not may_be_told(units)}


def _told_by_lenient_rules(draft: Draft, printed: Mask) -> Callable[[FrozenBitMap], bool]:
    """Whether a group, small by the strictest rules, follows from what was printed under rules that show groups of its
    size: those of them that were told are no secret. Below the most lenient rules none is."""
    if not draft.exact:
        return lambda _group: False
    changes = {persons: told.changes(draft.weights) for persons, told in draft.lenient(printed).items()}

    def may_be_told(group: FrozenBitMap) -> bool:
        level = max((least for least in changes if least <= _persons(draft, group)), default=None)
        return level is not None and follows(draft, group, changes[level])

    return may_be_told


def _persons(draft: Draft, units: FrozenBitMap) -> int:
    return len(np.unique(draft.persons[np.asarray(units.to_array(), dtype=np.int64)]))
