"""A declared hierarchy over the values that a snapshot holds: what each value is shown as at each level."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np
import numpy.typing as npt

from governance.catalog.generalization import (
    EVERYTHING,
    Attribute,
    Bands,
    ColumnName,
    Generalization,
    Groups,
    Level,
    Listed,
    SmallMerged,
)
from governance.disclosure.anonymity import Hierarchy

Value = str | int | None
Shown = str | None
Register = Callable[[ColumnName], dict[Value, Shown]]
"""What a register says of each of its keys."""


@dataclass(frozen=True)
class Scale:
    """The levels of one hierarchy: `shown[level][group]` is what stands for a group (its number is that of its first
    value), `words[level]` says what the level is.
    """

    hierarchy: Hierarchy
    shown: tuple[tuple[Shown, ...], ...]
    words: tuple[str, ...]


def make_scale(
    declared: Generalization, values: Sequence[Value], persons: npt.NDArray[np.int64], register: Register
) -> Scale:
    """The scale of `values`, each once, None for a missing one; `persons` (values,) counts who has each.

    A level that tells as much as the one before it is left out.
    """
    groups = [tuple(range(len(values)))]
    shown = [tuple(_finest(declared, value, register) for value in values)]
    words = [declared.finest]
    for level in (*declared.levels, None):
        labels = _labels(level, values, groups[-1], shown[-1], persons, register)
        coarser = _unions(groups[-1], labels)
        if len(set(coarser)) < len(set(groups[-1])):
            groups.append(coarser)
            shown.append(_of_groups(coarser, labels))
            words.append(EVERYTHING if level is None else level.words)
    arrays = tuple(np.array(level, np.int32) for level in groups)
    return Scale(Hierarchy(arrays, declared.weight), tuple(shown), tuple(words))


def _finest(declared: Generalization, value: Value, register: Register) -> Shown:
    if value is None:
        return None
    return str(value) if declared.shown is None else register(declared.shown).get(value)


def _labels(
    level: Level | None,
    values: Sequence[Value],
    groups: Sequence[int],
    shown: Sequence[Shown],
    persons: npt.NDArray[np.int64],
    register: Register,
) -> list[Shown]:
    """What each value is shown as at a level, given that it was in one of `groups` at the level before."""
    match level:
        case None:
            return [None] * len(values)
        case Bands():
            return [None if value is None else _band(int(value), level.lows) for value in values]
        case Groups():
            names = {value.casefold(): name for name, members in level.groups for value in members}
            return [None if value is None else names.get(str(value).casefold(), level.rest) for value in values]
        case SmallMerged():
            return _small_merged(level, groups, shown, persons)
        case Listed():
            listed = {name.casefold() for name in register(level.register).values() if name is not None}
            inside = {True: level.inside, False: level.rest}
            return [None if value is None else inside[str(value).casefold() in listed] for value in values]
        case Attribute():
            return [None if value is None else register(level.register).get(value) for value in values]
        case _:
            assert_never(level)


def _band(number: int, lows: Sequence[int]) -> str:
    """ "6-7", "18 and over", or a single number."""
    place = sum(low <= number for low in lows) - 1
    if place < 0:
        return f"under {lows[0]}"
    if place == len(lows) - 1:
        return f"{lows[place]} and over"
    last = lows[place + 1] - 1
    return str(last) if last == lows[place] else f"{lows[place]}-{last}"


def _small_merged(
    level: SmallMerged, groups: Sequence[int], shown: Sequence[Shown], persons: npt.NDArray[np.int64]
) -> list[Shown]:
    counts = np.bincount(groups, weights=persons, minlength=len(groups))
    few = counts < level.share * persons.sum()
    return [None if (label := shown[group]) is None else level.rest if few[group] else label for group in groups]


def _unions(groups: Sequence[int], labels: Sequence[Shown]) -> tuple[int, ...]:
    """The finest groups in which those that share a group, or a label, are together: each is its first value."""
    first = list(range(len(groups)))

    def root(place: int) -> int:
        while first[place] != place:
            place = first[place]
        return place

    for names in (groups, labels):
        seen: dict[int | Shown, int] = {}
        for place, name in enumerate(names):
            a, b = sorted((root(place), root(seen.setdefault(name, place))))
            first[b] = a
    return tuple(root(place) for place in range(len(groups)))


def _of_groups(groups: Sequence[int], labels: Sequence[Shown]) -> tuple[Shown, ...]:
    """What each group is shown as, at the place of its first value: all its labels, where there are several."""
    found: list[list[str]] = [[] for _ in groups]
    for group, label in zip(groups, labels, strict=True):
        if label is not None and label not in found[group]:
            found[group].append(label)
    return tuple(" or ".join(sorted(names)) if names else None for names in found)
