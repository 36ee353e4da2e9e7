"""The attack, always: what everything printed, this answer included, would give away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pyroaring import FrozenBitMap

from governance.disclosure.implied import implied_groups
from governance.disclosure.knowledge import Draft
from governance.disclosure.readers import distinct_rows, look_for_worlds, who_reads_marks, who_reads_numbers
from governance.disclosure.suspects import follows, suspects, within_table
from governance.disclosure.weighed import Mask, Measure, Weighed


def weigh(draft: Draft, printed: Mask, measure: Measure) -> Weighed:
    """Everything printed to the audience, together with the `printed` statements of this answer."""
    small, clashing = _nested(draft, printed, measure)
    small |= _implied(draft, printed, measure)
    # What is found easily is mended first: looking for worlds takes longest.
    if small or clashing:
        return Weighed(small, clashing)
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
    limit = (measure.smallest - 1) * _most_units(draft)
    small: dict[FrozenBitMap, float] = {}
    clashing: set[int] = set()
    for units, index in shown:
        low, high = np.searchsorted(sizes[order], [len(units) - limit, len(units) + limit + 1])
        for other in (others[at] for at in order[low:high]):
            if other is units or not _differ_by_few(draft, units, other, measure):
                continue
            apart = FrozenBitMap(units.symmetric_difference(other))
            if abs(len(units) - len(other)) == len(apart):
                small[apart] = measure.width_of(len(apart))
            else:
                clashing.add(index)
    return small, frozenset(clashing)


def _most_units(draft: Draft) -> int:
    """The most units that one person has: 1 where units are persons."""
    if not len(draft.persons):
        return 1
    return int(np.unique(draft.persons, return_counts=True)[1].max())


def _differ_by_few(draft: Draft, units: FrozenBitMap, other: FrozenBitMap, measure: Measure) -> bool:
    """Of counts, the one must hold the other: otherwise their difference speaks of nobody."""
    if measure.counts and abs(len(units) - len(other)) != units.symmetric_difference_cardinality(other):
        return False
    if units.intersection_cardinality(other) == 0 and not measure.counts:
        return False
    apart = units.symmetric_difference(other)
    if not apart or len(apart) > (measure.smallest - 1) * _most_units(draft):
        return False
    return _few(draft, FrozenBitMap(apart), measure)


# -- small groups that follow --------------------------------------------------------------------------------------


def _implied(draft: Draft, printed: Mask, measure: Measure) -> dict[FrozenBitMap, float]:
    """Small groups that follow. Where atoms are too many for all to be looked for, those that come to mind first."""
    shown = [units for units, is_shown in zip(draft.sets, printed, strict=True) if is_shown]
    limit = (measure.smallest - 1) * _most_units(draft)
    found: list[FrozenBitMap] = []
    if not draft.exact or not measure.counts:
        likely = {*suspects(draft, shown, limit), *within_table(draft, printed, limit)}
        found = [group for group in likely if _few(draft, group, measure)]
    if draft.exact:
        equations = draft.equations(printed)
        changes = equations.changes(draft.weights)
        found = [group for group in found if follows(draft, group, changes)]
        rows = distinct_rows(draft.over_atoms(draft.all_printed(printed), np.arange(len(draft.atoms))))
        found += draft.units_of(implied_groups(equations, rows, draft.weights, draft.crowd, measure.smallest))
    return {units: measure.width_of(len(units)) for units in found}


def _few(draft: Draft, units: FrozenBitMap, measure: Measure) -> bool:
    return len(np.unique(draft.persons[np.asarray(units.to_array(), dtype=np.int64)])) < measure.smallest
