"""A table of statistics before it is protected: its cells, margins included, and who is in each.

Every cell is one place of a grid with one axis per dimension; the last place of an axis is its margin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from governance.disclosure.said import Family

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
MAX_CELLS = 20_000


@dataclass(frozen=True)
class Contributions:
    """The exact rows of a table, as far as its statistics need them. All arrays have one entry per row.

    `persons`: whom the row is about. `units`: what a statement is about (the person, for counts; else the row
    itself). `codes`: rows × dimensions, places on the axes. `inside`: whether the row meets the whole `where`; rows
    that only miss what it asks of persons are there too, because what is left out can be told from what is not.
    `values`: the measure, missing ones already left out; ones for counts.
    """

    persons: Ints
    units: Ints
    codes: npt.NDArray[np.int32]
    sizes: tuple[int, ...]
    inside: npt.NDArray[np.bool_]
    values: Floats

    def __post_init__(self) -> None:
        rows = len(self.persons)
        if not (len(self.units) == len(self.inside) == len(self.values) == len(self.codes) == rows):
            raise ValueError("contributions: every array has one entry per row")
        if self.codes.shape != (rows, len(self.sizes)) or not np.isfinite(self.values).all():
            raise ValueError("contributions: one code for each dimension, and finite values")
        if rows and ((self.codes < 0) | (self.codes >= np.array(self.sizes))).any():
            raise ValueError("contributions: a code lies outside its axis")
        if np.prod([size + 1.0 for size in self.sizes]) > MAX_CELLS:
            raise ValueError("contributions: too many cells")

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(size + 1 for size in self.sizes)

    def margins(self) -> Iterator[tuple[bool, ...]]:
        """Every choice of axes to sum over, the one of none first."""
        yield from product((False, True), repeat=len(self.sizes))

    def places(self, margin: tuple[bool, ...]) -> Ints:
        """For each row, the cell of the grid (flat) that it is in when summed over the axes of `margin`."""
        place = np.zeros(len(self.persons), dtype=np.int64)
        for axis, (size, over) in enumerate(zip(self.sizes, margin, strict=True)):
            place *= size + 1
            place += size if over else self.codes[:, axis]
        return place

    def only(self, rows: npt.NDArray[np.bool_]) -> Contributions:
        return Contributions(
            self.persons[rows], self.units[rows], self.codes[rows], self.sizes, self.inside[rows], self.values[rows]
        )


@dataclass(frozen=True)
class Cells:
    """What a grid's cells come to; arrays are flat over the grid.

    `persons`: distinct persons. `amounts`: sums of the values. `first`, `second`: the largest and second largest
    amount of one person.
    """

    shape: tuple[int, ...]
    persons: Ints
    rows: Ints
    amounts: Floats
    first: Floats
    second: Floats

    @cached_property
    def size(self) -> int:
        return len(self.persons)

    def is_margin(self) -> npt.NDArray[np.bool_]:
        """Which cells sum over an axis."""
        places = np.unravel_index(np.arange(self.size), self.shape)
        over = [place == size - 1 for place, size in zip(places, self.shape, strict=True)]
        return np.asarray(np.logical_or.reduce(over))


def count_cells(given: Contributions) -> Cells:
    """The cells of the rows inside."""
    rows = given.only(given.inside)
    size = int(np.prod(given.shape))
    counts, amounts = np.zeros(size, dtype=np.int64), np.zeros(size)
    persons, first, second = np.zeros(size, dtype=np.int64), np.zeros(size), np.zeros(size)
    whom, codes = np.unique(rows.persons, return_inverse=True)
    alone = len(whom) == len(rows.persons)
    for margin in given.margins():
        place = rows.places(margin)
        counts += np.bincount(place, minlength=size)
        amounts += np.bincount(place, rows.values, minlength=size)
        pairs, totals = _by_person(place, codes, len(whom), rows.values, alone)
        persons += np.bincount(pairs, minlength=size)
        _keep_largest(pairs, np.abs(totals), first, second)
    return Cells(given.shape, persons, counts, amounts, first, second)


def _by_person(place: Ints, codes: Ints, whom: int, values: Floats, alone: bool) -> tuple[Ints, Floats]:
    """For each person in each cell: the cell, and the person's amount in it."""
    if alone:
        return place, values
    pairs, inverse = np.unique(place * max(whom, 1) + codes, return_inverse=True)
    return pairs // max(whom, 1), np.asarray(np.bincount(inverse, values, minlength=len(pairs)), dtype=np.float64)


def _keep_largest(place: Ints, amounts: Floats, first: Floats, second: Floats) -> None:
    order = np.lexsort((-amounts, place))
    place, amounts = place[order], amounts[order]
    starts = np.flatnonzero(np.r_[True, place[1:] != place[:-1]]) if len(place) else np.empty(0, dtype=np.int64)
    first[place[starts]] = amounts[starts]
    follow = starts + 1
    follow = follow[follow < len(place)]
    follow = follow[place[follow] == place[follow - 1]]
    second[place[follow]] = amounts[follow]


def members(given: Contributions, units: Ints) -> sp.csr_array:
    """Cells × units, 0/1: which of `units` (sorted, distinct) the rows inside put into each cell."""
    rows = given.only(given.inside)
    at = np.searchsorted(units, rows.units)
    size = int(np.prod(given.shape))
    places = [rows.places(margin) for margin in given.margins()]
    cells, columns = np.concatenate(places), np.tile(at, len(places))
    member = sp.coo_array((np.ones(len(cells), dtype=np.int8), (cells, columns)), shape=(size, len(units))).tocsr()
    member.sum_duplicates()
    member.data[:] = 1
    return member


def medians(given: Contributions) -> Floats:
    """The median of the values in each cell; NaN where there is none."""
    rows = given.only(given.inside)
    size = int(np.prod(given.shape))
    out = np.full(size, np.nan)
    for margin in given.margins():
        place = rows.places(margin)
        order = np.lexsort((rows.values, place))
        place, values = place[order], rows.values[order]
        starts = np.flatnonzero(np.r_[True, place[1:] != place[:-1]]) if len(place) else np.empty(0, dtype=np.int64)
        lengths = np.diff(np.r_[starts, len(place)])
        low, high = starts + (lengths - 1) // 2, starts + lengths // 2
        out[place[starts]] = (values[low] + values[high]) / 2
    return out


def families(cells: Cells, filled: Ints) -> tuple[Family, ...]:
    """The cells along each axis, and along several at once, with their margins: as positions in `filled`."""
    position = np.full(cells.size, -1, dtype=np.int64)
    position[filled] = np.arange(len(filled))
    grid, found = position.reshape(cells.shape), []
    for over in product((False, True), repeat=len(cells.shape)):
        if not any(over):
            continue
        margins = grid[tuple(slice(-1, None) if summed else slice(None) for summed in over)]
        for place in np.argwhere(margins >= 0):
            cut = tuple(slice(0, -1) if summed else int(at) for summed, at in zip(over, place, strict=True))
            parts = grid[cut].ravel()
            found.append(Family(int(margins[tuple(place)]), tuple(parts[parts >= 0].tolist())))
    return tuple(found)


def sums_of_units(inside: Contributions, units: Ints) -> Floats:
    """The amount of each of `units` (sorted, distinct)."""
    at = np.searchsorted(units, inside.units)
    return np.asarray(np.bincount(at, inside.values, minlength=len(units)), dtype=np.float64)


def distinct_columns(by_unit: sp.csc_array) -> tuple[Ints, Ints]:
    """One column that stands for each set of equal columns, and which set each is in."""
    words = np.random.default_rng(7).integers(1, 2**63, size=by_unit.shape[0], dtype=np.uint64)
    sums = np.add.reduceat(words[by_unit.indices], by_unit.indptr[:-1])
    _, first, inverse = np.unique(sums, return_index=True, return_inverse=True)
    return first, inverse
