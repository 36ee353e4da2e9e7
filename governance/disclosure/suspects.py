"""Groups that an attacker would look at first: what printed groups leave over, cover too much, or have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap, FrozenBitMap

from governance.disclosure.knowledge import Draft
from governance.disclosure.worlds import Floats

TINY = 1e-7


def suspects(draft: Draft, printed: Iterable[FrozenBitMap], limit: int) -> Iterator[FrozenBitMap]:
    """Groups of at most `limit` units that follow from a printed group and disjoint printed groups of one answer: what
    these leave of it, and what they cover beyond it."""
    shown = list(dict.fromkeys(printed))
    by_answer: defaultdict[int, list[FrozenBitMap]] = defaultdict(list)
    for units, answer in draft.known.printed.items():
        by_answer[answer].append(units)
    fresh = set(shown)
    for parts in by_answer.values():
        parts.sort(key=len, reverse=True)
        for whole in fresh:
            yield from _beside(whole, parts, limit)
    parts = sorted(shown, key=len, reverse=True)
    for whole in (*shown, *draft.known.printed):
        yield from _beside(whole, parts, limit)


def _beside(whole: FrozenBitMap, parts: list[FrozenBitMap], limit: int) -> Iterator[FrozenBitMap]:
    """`parts`: of one answer, the largest first."""
    left, covered = BitMap(whole), BitMap()
    for part in parts:
        if part is whole:
            continue
        if part.issubset(left):
            left -= part
        if not part.isdisjoint(whole) and part.isdisjoint(covered) and len(part) <= len(whole) + limit:
            covered |= part
    if 0 < len(left) <= limit:
        yield FrozenBitMap(left)
    beyond = covered - whole
    if 0 < len(beyond) <= limit and whole.issubset(covered):
        yield FrozenBitMap(beyond)


def within_table(draft: Draft, printed: npt.NDArray[np.bool_], limit: int) -> Iterator[FrozenBitMap]:
    """What the printed cells along an axis leave of their printed margin; and who is in several of them, since the
    margin counts them once."""
    for family in draft.said.families:
        whole = draft.sets[family.margin]
        shown = [draft.sets[at] for at in family.parts if printed[at]]
        several, seen = _overlap(draft.sets[at] for at in family.parts)
        if printed[family.margin] and len(shown) < len(family.parts):
            left = whole.difference(*shown)
            if 0 < len(left) <= limit:
                yield FrozenBitMap(left)
        if several and len(several) <= limit:
            yield FrozenBitMap(several)
        if several and len(seen) == len(whole):
            yield from _pairs([draft.sets[at] for at in family.parts], limit)


def _overlap(parts: Iterable[FrozenBitMap]) -> tuple[BitMap, BitMap]:
    """Who is in several parts, and who is in any."""
    several, seen = BitMap(), BitMap()
    for part in parts:
        several |= seen & part
        seen |= part
    return several, seen


def _pairs(parts: list[FrozenBitMap], limit: int) -> Iterator[FrozenBitMap]:
    for one, other in combinations(parts, 2):
        both = one & other
        if 0 < len(both) <= limit:
            yield FrozenBitMap(both)


def follows(draft: Draft, group: FrozenBitMap, changes: Floats) -> bool:
    """Whether every change that leaves all equations true leaves the group's total alone."""
    atoms = draft.atom_of[np.asarray(group.to_array(), dtype=np.int64)]
    moved = (changes[:, atoms] / draft.weights[atoms]).sum(axis=1)
    return bool((np.abs(moved) < TINY * max(1.0, len(group))).all())
