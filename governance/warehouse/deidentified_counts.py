"""Rare facts found by counting, and taken out: each that is left is carried by at least k persons. Arrays in and out.

Codes are integers from 0 on, -1 where a value is missing; `persons` says whom each row is about, as numbers below
`people`; `years` the school year of each row, as a number from 0 on. A fact is one of its year: k persons carry it in
rows of that year. A missing value counts as a value: in a year those who have one are at least k, or nobody, or all.
Source: A. Hundepool et al. (2012), Statistical Disclosure Control: local suppression, and microaggregation for numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Years = npt.NDArray[np.integer]

MOST_MARKS = 2**27
"""Up to so many pairs of a value and a person are counted by marking each in an array, which is fastest."""


def carriers(codes: Codes, persons: Codes, values: int, people: int) -> Codes:
    """How many different persons carry each of the codes 0 … values - 1: (values,)."""
    pairs = codes * people + persons
    if values * people <= MOST_MARKS:
        marks = np.zeros(values * people, bool)
        marks[pairs] = True
        counts: Codes = marks.reshape(values, people).sum(axis=1, dtype=np.int64)
    else:
        counts = np.bincount(pd.unique(pairs) // people, minlength=values)
    return counts


def joined(parts: Sequence[Codes]) -> Codes:
    """One code from 0 on for each combination of codes, missing ones included: (rows,)."""
    codes = np.zeros(len(parts[0]), np.int64)
    for part in parts:
        # After each part the codes are few again, so that no product of radices overflows.
        codes, _ = pd.factorize(codes * (int(part.max(initial=-1)) + 2) + part + 1)
        codes = codes.astype(np.int64)
    return codes


def capped_rows(persons: Codes, people: int, k: int, random: np.random.Generator) -> Rows:
    """The rows to release, in random order: of each person at most as many as at least k persons have.

    Nobody's, if fewer than k persons have any. Negative persons have none.
    """
    shuffled = random.permutation(len(persons))
    shuffled = shuffled[persons[shuffled] >= 0]
    whose = persons[shuffled]
    counts = np.bincount(whose, minlength=people)
    if np.count_nonzero(counts) < k:
        return np.empty(0, np.int64)
    most = int(np.partition(counts, people - k)[people - k])
    kept = np.ones(len(whose), bool)
    # Fewer than k persons have more.
    for person in np.flatnonzero(counts > most):
        kept[np.flatnonzero(whose == person)[most:]] = False
    return shuffled[kept]


def without_rare(codes: Codes, years: Years, persons: Codes, people: int, k: int) -> Codes:
    """The codes, those of fewer than k persons in a year missing in it; and the next rarest with them."""
    facts, is_missing = _facts_of_years(codes, years)
    few = carriers(facts, persons, len(is_missing), people) < k
    if not np.any(few):
        return codes
    facts = np.where((few | is_missing)[facts], -1, facts)
    return np.where(missing_in_years(facts, years, persons, people, k) < 0, -1, codes)


def _facts_of_years(codes: Codes, years: Years) -> tuple[Codes, npt.NDArray[np.bool_]]:
    """One code from 0 on for each code in each year, a missing one too; and which of them are missing ones."""
    size = int(codes.max(initial=-1)) + 2
    pairs = years.astype(np.int64)
    pairs *= size
    pairs += codes
    pairs += 1
    used = np.flatnonzero(np.bincount(pairs))
    place = np.zeros(int(used.max(initial=0)) + 1, np.int64)
    place[used] = np.arange(len(used))
    return place[pairs], used % size == 0


def missing_in_years(facts: Codes, years: Years, persons: Codes, people: int, k: int) -> Codes:
    """Facts of years, the rarest missing until in each year, and altogether, enough persons have a missing one."""
    missing = facts < 0
    without = carriers(years[missing].astype(np.int64), persons[missing], int(years.max(initial=-1)) + 1, people)
    few = np.flatnonzero((without > 0) & (without < k))
    if len(few) == 0:
        return facts
    result = facts.copy()
    for year in few:
        rows = np.flatnonzero(years == year)
        result[rows] = missing_by_enough(result[rows], persons[rows], people, k)
    return missing_by_enough(result, persons, people, k)


def missing_by_enough(codes: Codes, persons: Codes, people: int, k: int) -> Codes:
    """The codes, the rarest ones missing until a missing one is carried by k persons or by nobody."""
    without = np.zeros(people, bool)
    without[persons[codes < 0]] = True
    if not 0 < np.count_nonzero(without) < k:
        return codes
    result = codes.copy()
    counts = carriers(codes + 1, persons, int(codes.max(initial=-1)) + 2, people)[1:]
    # A stable order: of codes that equally many carry, the first.
    for rarest in np.argsort(counts, kind="stable")[np.count_nonzero(counts == 0) :].tolist():
        if np.count_nonzero(without) >= k:
            break
        without[persons[result == rarest]] = True
        result[result == rarest] = -1
    return result


@dataclass(frozen=True)
class Known:
    """A column of facts that others know of a person. Each of `coarser` maps a code to one that says less."""

    codes: Codes
    coarser: tuple[Codes, ...] = ()


def shared(columns: Sequence[Known], groups: Codes, persons: Codes, people: int, k: int) -> list[Codes]:
    """The columns, made coarser or missing until each combination is shared by k persons of the row's group.

    `groups` (rows,): rows of one group are compared with each other only. What is left of a combination that no k
    persons of the group share is missing altogether; it takes the rarest others of the group with it, until k persons
    have such a row, or all of the group that have rows.
    """
    codes = [column.codes.copy() for column in columns]
    most_telling_first = sorted(range(len(codes)), key=lambda place: -len(pd.unique(codes[place])))
    for place in most_telling_first:
        for coarser in (*columns[place].coarser, None):
            failing = _by_fewer([groups, *codes], persons, people, k)
            at = codes[place][failing]
            codes[place][failing] = -1 if coarser is None else np.where(at >= 0, coarser[at], -1)
    _drag_rarest(codes, groups, persons, people, k)
    return [missing_by_enough(column, persons, people, k) for column in codes]


def _by_fewer(parts: Sequence[Codes], persons: Codes, people: int, k: int) -> npt.NDArray[np.bool_]:
    """The rows whose combination is carried by fewer than k persons."""
    combination = joined(parts)
    counts = carriers(combination, persons, int(combination.max(initial=-1)) + 1, people)
    return counts[combination] < k


def _drag_rarest(codes: list[Codes], groups: Codes, persons: Codes, people: int, k: int) -> None:
    """In place: where too few of a group have nothing but missing values, the group's rarest combinations join them."""
    empty = np.all([column < 0 for column in codes], axis=0)
    lonely = empty & _by_fewer([groups, empty.astype(np.int64)], persons, people, k)
    rows = np.flatnonzero(np.isin(groups, groups[lonely]))
    if len(rows) == 0:
        return
    combination = joined([groups[rows], *(column[rows] for column in codes)])
    whose = persons_of_each(combination, persons[rows], people)
    first = np.unique(combination, return_index=True)[1]
    of_group: dict[int, list[int]] = {}
    for number, group in enumerate(groups[rows[first]].tolist()):
        of_group.setdefault(group, []).append(number)
    nothing = empty[rows[first]]
    taken = [number for numbers in of_group.values() for number in _rarest(numbers, whose, nothing, k)]
    for column in codes:
        column[rows[np.isin(combination, taken)]] = -1


def _rarest(numbers: list[int], whose: dict[int, set[int]], nothing: npt.NDArray[np.bool_], k: int) -> list[int]:
    """The fewest and rarest of one group's combinations that make k persons together with those who have nothing."""
    carried = set().union(*(whose[number] for number in numbers if nothing[number]))
    taken = []
    for number in sorted(numbers, key=lambda number: (len(whose[number]), number)):
        if len(carried) >= k:
            break
        carried |= whose[number]
        taken.append(number)
    return taken


def persons_of_each(codes: Codes, persons: Codes, people: int) -> dict[int, set[int]]:
    """Who carries each code."""
    whose: dict[int, set[int]] = {}
    for pair in pd.unique(codes * people + persons).tolist():
        whose.setdefault(pair // people, set()).add(pair % people)
    return whose


def banded(numbers: Numbers, within: Codes, years: Years, persons: Codes, people: int, k: int) -> Numbers:
    """The numbers, NaN where missing, the rare ones replaced by one that they share with their neighbours.

    Within equal codes of `within`, each of which is of one year: a number that k persons carry stays as it is; runs of
    rarer ones between are cut into bands of at least k persons, each shown as the number in its middle; what is left
    over joins the neighbour before it. Where fewer than k persons have any number, it is missing.
    """
    if len(numbers) == 0:
        return numbers
    known = np.isfinite(numbers)
    value, values = pd.factorize(numbers[known], sort=True)
    code, pairs = pd.factorize(within[known] * len(values) + value, sort=True)
    band = _bands(code, pairs // max(len(values), 1), persons[known], people, k)
    codes = np.full(len(numbers), -1, np.int64)
    codes[known] = band[code]
    codes = missing_in_years(codes, years, persons, people, k)
    shown = np.append(values[pairs % max(len(values), 1)], np.nan)
    return shown[codes]


def _bands(code: Codes, groups: Codes, persons: Codes, people: int, k: int) -> Codes:
    """For each code (numbers in rising order within a group) the code that stands for it; -1 where none may."""
    counts = carriers(code, persons, len(groups), people)
    stands = np.arange(len(groups))
    rare = counts < k
    if not np.any(rare):
        return stands
    whose = persons_of_each(code[rare[code]], persons[rare[code]], people)
    rows = np.bincount(code, minlength=len(groups))
    for first, last in _runs(rare, groups):
        _cut(first, last, stands, whose, rows, groups, k)
    return stands


def _runs(rare: npt.NDArray[np.bool_], groups: Codes) -> list[tuple[int, int]]:
    """The first and the last code of each run of rare codes in one group."""
    places = np.flatnonzero(rare)
    breaks = np.flatnonzero((np.diff(places) > 1) | (np.diff(groups[places]) != 0))
    return list(
        zip(places[np.r_[0, breaks + 1]].tolist(), places[np.r_[breaks, len(places) - 1]].tolist(), strict=True)
    )


def _cut(first: int, last: int, stands: Codes, whose: dict[int, set[int]], rows: Codes, groups: Codes, k: int) -> None:
    """Bands of one run, in place."""
    begins = _begins(first, last, whose, k)
    if not begins:
        stands[first : last + 1] = _neighbour(first, last, groups)
    for begin, end in zip(begins, [*begins[1:], last + 1], strict=False):
        half = np.cumsum(rows[begin:end])
        stands[begin:end] = begin + int(np.searchsorted(half, half[-1] / 2))


def _begins(first: int, last: int, whose: dict[int, set[int]], k: int) -> list[int]:
    """Where the bands begin, each of at least k persons. None, if the run has fewer."""
    begins, carried = [first], set[int]()
    for code in range(first, last + 1):
        if len(carried) >= k:
            begins.append(code)
            carried = set()
        carried |= whose[code]
    return begins if len(carried) >= k else begins[:-1]


def _neighbour(first: int, last: int, groups: Codes) -> int:
    """The code before a run, or the one after; both are carried by enough. -1 if the run is all of its group."""
    if first > 0 and groups[first - 1] == groups[first]:
        return first - 1
    if last + 1 < len(groups) and groups[last + 1] == groups[last]:
        return last + 1
    return -1
