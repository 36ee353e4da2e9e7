"""Persons counted by the combination of values that they share: everything after the first count works on these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Marks = NDArray[np.bool_]

MOST_KEYS = 2**62
"""Keys are numbers of 64 bits; before they would overflow, those that occur are numbered anew."""

DENSE, SMALL = 8, 16_384
"""A table of all possible keys is used while it is at most so many times as long as the list of keys, or small."""


@dataclass(frozen=True)
class Rule:
    """What a class must have: this many persons, and this many different values of every sensitive column."""

    k: int
    diversity: int


@dataclass(frozen=True)
class Pairs:
    """Of one sensitive column: which combination occurs with which value, each pair once. Two arrays, (pairs,)."""

    combination: Counts
    value: Counts

    def grouped(self, labels: Counts) -> Pairs:
        """The same, where combination i has become `labels[i]`; those with a negative label are left out."""
        combination = labels[self.combination]
        kept = combination >= 0
        return distinct_pairs(combination[kept], self.value[kept])


def distinct_pairs(combination: Counts, value: Counts) -> Pairs:
    radix = int(value.max(initial=0)) + 1
    keys = np.unique(combination * radix + value)
    return Pairs(keys // radix, keys % radix)


@dataclass(frozen=True)
class Combinations:
    """Combinations that occur, each once, and who has them.

    `columns`: one array (combinations,) per column, of values from 0; `radices`: how many values a column may have;
    `persons`: (combinations,); `sensitive`: one for each sensitive column.
    """

    columns: tuple[Counts, ...]
    radices: tuple[int, ...]
    persons: Counts
    sensitive: tuple[Pairs, ...] = ()

    def __len__(self) -> int:
        return len(self.persons)

    def grouped(self, columns: Sequence[Counts], radices: Sequence[int]) -> tuple[Combinations, Counts]:
        """Counted anew after every value was replaced; and for each old combination its place among the new."""
        labels, number = label(columns, radices, len(self))
        one_of_each = np.empty(number, np.int64)
        one_of_each[labels] = np.arange(len(self))
        return Combinations(
            tuple(column[one_of_each] for column in columns),
            tuple(radices),
            total(labels, self.persons, number),
            tuple(pairs.grouped(labels) for pairs in self.sensitive),
        ), labels

    def where(self, kept: Marks) -> Combinations:
        """Those marked, in the same order."""
        places = np.where(kept, np.cumsum(kept) - 1, -1)
        return Combinations(
            tuple(column[kept] for column in self.columns),
            self.radices,
            self.persons[kept],
            tuple(pairs.grouped(places) for pairs in self.sensitive),
        )

    def fulfil(self, rule: Rule, labels: Counts, number: int) -> Marks:
        """Which of the `number` classes that `labels` makes of the combinations fulfil the rule."""
        passing: Marks = total(labels, self.persons, number) >= rule.k
        for pairs in self.sensitive:
            values = np.bincount(pairs.grouped(labels).combination, minlength=number)
            passing &= values >= rule.diversity
        return passing


def total(labels: Counts, persons: Counts, number: int) -> Counts:
    """Persons of each label. The sums are whole numbers below 2**53, hence exact."""
    return np.bincount(labels, weights=persons, minlength=number).astype(np.int64)


def label(columns: Sequence[Counts], radices: Sequence[int], length: int) -> tuple[Counts, int]:
    """Number the rows of some columns by their combination, in lexicographic order; and how many there are."""
    return _number(*_keys(columns, radices, length))


def label_loosely(columns: Sequence[Counts], radices: Sequence[int], length: int) -> tuple[Counts, int]:
    """The same, but some numbers may stand for no row; and a number above all of them. Faster."""
    keys, space = _keys(columns, radices, length)
    return _number(keys, space) if space > DENSE * length + SMALL else (keys, space)


def _keys(columns: Sequence[Counts], radices: Sequence[int], length: int) -> tuple[Counts, int]:
    """One number for each combination, in lexicographic order; and a number above all of them."""
    keys, space = np.zeros(length, np.int64), 1
    for column, radix in zip(columns, radices, strict=True):
        if space * radix > MOST_KEYS:
            keys, space = _number(keys, space)
        keys = keys * radix + column
        space *= radix
    return keys, space


def _number(keys: Counts, space: int) -> tuple[Counts, int]:
    """Number keys, all below `space`, from 0 in their order without gaps; and how many there are."""
    if space > DENSE * len(keys) + SMALL:
        found, labels = np.unique(keys, return_inverse=True)
        return labels, len(found)
    occurs = np.zeros(space, bool)
    occurs[keys] = True
    places = np.cumsum(occurs)
    return places[keys] - 1, int(places[-1])


def count_combinations(columns: Sequence[Counts], radices: Sequence[int], sensitive: Sequence[Counts], length: int
                       ) -> tuple[Combinations, Counts]:  # fmt: skip
    """Count persons, who are rows of `columns` and `sensitive`; and for each person the place of their combination."""
    labels, number = label(columns, radices, length)
    one_of_each = np.empty(number, np.int64)
    one_of_each[labels] = np.arange(length)
    return Combinations(
        tuple(column[one_of_each] for column in columns),
        tuple(radices),
        np.bincount(labels, minlength=number).astype(np.int64),
        tuple(distinct_pairs(labels, values) for values in sensitive),
    ), labels
