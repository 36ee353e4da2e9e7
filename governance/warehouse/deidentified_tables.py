"""One table of a release: the persons' codes, their generalized values, and facts that k persons carry in a year."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import assert_never

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from governance.catalog import Catalog, Column, Generalization, Table, Treatment
from governance.catalog.generalization import Attribute, ColumnName
from governance.warehouse.deidentified_codes import person_codes, random_order
from governance.warehouse.deidentified_counts import (
    Known,
    Years,
    banded,
    capped_rows,
    joined,
    shared,
    without_rare,
)
from governance.warehouse.deidentified_persons import Persons
from governance.warehouse.deidentified_records import places
from governance.warehouse.deidentified_release import Release
from governance.warehouse.deidentified_scales import Shown, Value
from governance.warehouse.deidentified_words import DATE_FORMATS, YEAR

Codes = npt.NDArray[np.int64]
Register = Callable[[ColumnName], dict[Value, Shown]]

PREFIXES = {"student": "S-", "staff": "T-"}


@dataclass(frozen=True)
class Source:
    """Where a release's rows come from: a snapshot's folder, its registers, and what its codes are made with."""

    folder: Path
    catalog: Catalog
    register: Register
    release: Release
    edition: tuple[str | int, ...]

    def key(self, *purpose: str) -> bytes:
        return self.release.key(*self.edition, *purpose)

    def read(self, table: str, columns: Sequence[str]) -> pa.Table:
        # Not as Arrow's data set: one file, whole, needs none of its threads, which a worker's limits may refuse it.
        with pq.ParquetFile(self.folder / f"{table}.parquet") as file:
            return file.read(columns=list(columns), use_threads=False)

    def codes(self, entity: str, keys: Sequence[int]) -> pa.Array:
        return person_codes(keys, PREFIXES[entity], self.key("codes", entity))


@dataclass(frozen=True)
class Coded:
    """A column of few different values: `codes` (rows,), -1 where missing, into `values`."""

    codes: Codes
    values: pa.Array

    def column(self) -> pa.Array:
        """As Arrow's dictionary, which holds only what is shown: a value that was taken out must not be left there."""
        used = marked(self.codes, len(self.values))
        place = (np.cumsum(used) - 1).astype(np.int32)
        shown = self.values.filter(pa.array(used))
        codes = place[self.codes] if len(place) else self.codes.astype(np.int32)
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=self.codes < 0), shown)


class ReleasedTable:
    """Columns are computed when they are first asked for, always over all rows: every answer agrees with the others."""

    def __init__(self, table: Table, persons: Persons, entity: str, source: Source) -> None:
        self._table = table
        self._all = persons
        self._entity = entity
        self._source = source
        self._columns: dict[str, pa.Array] = {}
        whose = places(persons.keys, self._read_all(f"{entity}_key").to_numpy())
        order = random_order(source.key("rows", table.name))
        self._rows = pa.array(capped_rows(whose, self._people, source.release.k, order))
        self._whose = whose[self._rows.to_numpy()]
        self._years = self._school_years()

    @property
    def nbytes(self) -> int:
        own = self._rows.nbytes + self._whose.nbytes + self._years.nbytes
        return int(own + sum(column.nbytes for column in self._columns.values()))

    def keys(self, rows: Codes | None = None) -> Codes:
        """The keys of the persons that some rows, or all, are about, sorted: for the record, never for an answer."""
        whose = self._whose if rows is None else self._whose[rows]
        keys: Codes = self._all.keys[marked(whose, self._people)]
        return keys

    def column(self, name: str) -> pa.Array:
        if name not in self._columns:
            self._columns[name] = self._make(self._table.column(name))
        return self._columns[name]

    def _make(self, column: Column) -> pa.Array:
        match column.deidentified:
            case Treatment.CODE if column.entity == self._entity:
                return Coded(self._whose, self._source.codes(self._entity, self._all.keys.tolist())).column()
            case Treatment.CODE | Treatment.SHARED | Treatment.SHARED_MONTH:
                return self._known[column.name].column()
            case Treatment.GENERALIZED:
                quasi = self._all.quasi[column.hierarchy]
                return _relabelled(quasi.codes[self._whose], quasi.shown).column()
            case Treatment.MONTH:
                return self._without_rare(self._coarse_dates(column), self._years)
            case Treatment.KEPT:
                # The year itself is counted among all rows.
                years = np.zeros_like(self._years) if column.name == YEAR else self._years
                return self._without_rare(_coded(self._read(column.name)), years)
            case Treatment.BANDED:
                return self._banded(column)
            case Treatment.DROPPED:
                raise KeyError(column.name)
            case _:
                assert_never(column.deidentified)

    @cached_property
    def _known(self) -> dict[str, Coded]:
        """The facts that others know of a person: together kept where enough of a group share them in a year."""
        granted = self._source.release.tables[self._table.name]
        columns = [column for column in self._table.columns if column.name in granted and self._is_known(column)]
        facts = [self._facts(column) for column in columns]
        groups = joined([self._all.groups[self._whose], self._years.astype(np.int64)])
        k = self._source.release.k
        found = shared([known for known, _ in facts], groups, self._whose, self._people, k)
        return {
            column.name: Coded(codes, values)
            for column, codes, (_, values) in zip(columns, found, facts, strict=True)
        }  # fmt: skip

    def _is_known(self, column: Column) -> bool:
        known = (Treatment.CODE, Treatment.SHARED, Treatment.SHARED_MONTH)
        return column.deidentified in known and column.entity != self._entity

    def _facts(self, column: Column) -> tuple[Known, pa.Array]:
        """A column as it is known, what each code may be made coarser to, and the values of all codes."""
        if column.deidentified is Treatment.SHARED_MONTH:
            coarse = self._coarse_dates(column)
            return Known(coarse.codes), coarse.values
        exact = _coded(self._read(column.name))
        if column.deidentified is Treatment.CODE and self._source.release.staff_as_codes:
            return Known(exact.codes), self._source.codes(column.entity, exact.values.to_pylist())
        if not column.hierarchy:
            return Known(exact.codes), exact.values
        return self._levels(exact, self._source.catalog.hierarchies[column.hierarchy], column)

    def _levels(self, exact: Coded, hierarchy: Generalization, column: Column) -> tuple[Known, pa.Array]:
        """What a key's register says of it, from level to level."""
        keys = self._keys_of_register(exact.values.to_pylist(), column, hierarchy)
        attributes = [level.register for level in hierarchy.levels if isinstance(level, Attribute)]
        names = [hierarchy.shown, *attributes] if hierarchy.shown else attributes
        levels = [[*map(self._source.register(name).get, keys)] for name in names]
        words = sorted({word for level in levels for word in level if word is not None})
        place = {word: code for code, word in enumerate(words)}
        finest = np.array([-1 if word is None else place[word] for word in levels[0]], np.int64)
        codes = np.where(exact.codes < 0, -1, finest[exact.codes]) if len(finest) else exact.codes
        coarser = tuple(_mapping(fine, coarse, place) for fine, coarse in pairwise(levels))
        return Known(codes, coarser), pa.array(words, pa.string())

    def _keys_of_register(self, keys: list[Value], column: Column, hierarchy: Generalization) -> list[Value]:
        """The keys themselves, or those that the register of the keys refers to: a section's course."""
        catalog = self._source.catalog
        own = catalog.owners()[column.entity]
        if hierarchy.shown is None or hierarchy.shown.table == own:
            return keys
        entity = catalog.tables[hierarchy.shown.table].owns
        link = next(other.name for other in catalog.tables[own].columns if other.entity == entity)
        found = self._source.read(own, [*catalog.tables[own].key, link])
        linked = dict(zip(*(column.to_pylist() for column in found.columns), strict=True))
        return [linked.get(key) for key in keys]

    def _banded(self, column: Column) -> pa.Array:
        years = self._years.astype(np.int64)
        others = [_coded(self._read(name)).codes for name in column.within]
        within = joined([years, *others]) if others else years
        numbers = self._read(column.name).cast(pa.float64()).to_numpy(zero_copy_only=False)
        shown = banded(numbers, within, self._years, self._whose, self._people, self._source.release.k)
        return pa.array(shown, pa.float64(), from_pandas=True)

    def _coarse_dates(self, column: Column) -> Coded:
        exact = _coded(self._read(column.name))
        spelled = DATE_FORMATS[self._source.release.dates]
        return _relabelled(exact.codes, [day.strftime(spelled) for day in exact.values.to_pylist()])

    def _without_rare(self, exact: Coded, years: Years) -> pa.Array:
        k = self._source.release.k
        return Coded(without_rare(exact.codes, years, self._whose, self._people, k), exact.values).column()

    def _school_years(self) -> Years:
        """Of each row, as small numbers; one for all rows of a table that has no school years."""
        if YEAR not in self._table.names:
            return np.zeros(len(self._whose), np.int16)
        # One that is missing is a year of its own.
        return (_coded(self._read(YEAR)).codes + 1).astype(np.int16)

    @property
    def _people(self) -> int:
        return len(self._all.keys)

    def _read(self, name: str) -> pa.Array:
        return self._read_all(name).take(self._rows)

    def _read_all(self, name: str) -> pa.Array:
        """In the order of the file, which is the same for every column."""
        column = self._source.read(self._table.name, [name]).column(0)
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def marked(codes: Codes, values: int) -> npt.NDArray[np.bool_]:
    """Which of the codes 0 … values - 1 occur: (values,)."""
    found = np.zeros(values, bool)
    found[codes[codes >= 0]] = True
    return found


def _coded(values: pa.Array) -> Coded:
    counted = values.dictionary_encode()
    return Coded(counted.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64), counted.dictionary)


def _relabelled(codes: Codes, labels: Sequence[Shown]) -> Coded:
    """The column with each code's label in its place; codes of one label become one, those without are missing."""
    words = sorted({label for label in labels if label is not None})
    place = {word: code for code, word in enumerate(words)}
    mapped = np.array([*(-1 if label is None else place[label] for label in labels), -1], np.int64)
    return Coded(mapped[codes], pa.array(words, pa.string()))


def _mapping(fine: Sequence[Shown], coarse: Sequence[Shown], place: dict[str, int]) -> Codes:
    """For the code of each word of a level, the code of the coarser word; -1 for what has none."""
    mapping = np.full(len(place), -1, np.int64)
    for before, after in zip(fine, coarse, strict=True):
        if before is not None and after is not None:
            mapping[place[before]] = place[after]
    return mapping
