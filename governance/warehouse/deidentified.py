"""Reading a snapshot as somebody who may identify no one: rows in the form that a release allows.

One anonymization per release, snapshot and school year stands behind every answer: each is a part of the same
de-identified tables, so that joining answers says no more than the tables do. The exact rows are read, and forgotten,
in here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from governance.catalog import Catalog, Table, Unit
from governance.vocabulary import Condition, FrameQuery
from governance.warehouse.deidentified_conditions import on_what_is_shown
from governance.warehouse.deidentified_persons import Persons, anonymize_students
from governance.warehouse.deidentified_records import Records
from governance.warehouse.deidentified_release import NotInThisForm, NotReleasable, Release
from governance.warehouse.deidentified_tables import ReleasedTable, Source
from governance.warehouse.deidentified_words import columns_in_form, is_about_persons
from governance.warehouse.scope_sql import conditions_sql, relation
from governance.warehouse.scoped import Keys
from governance.warehouse.sql import identifier

__all__ = ["DeidentifiedReader", "NotInThisForm", "NotReleasable", "Release"]

MOST_KEPT_BYTES = 256 * 2**20
"""Tables of a snapshot's releases are kept between questions up to about this size; others are computed again."""

RARE = "Facts that fewer than {k} students have in a school year are missing in it, numbers shown as their neighbours'."
KNOWN = "What others may know of a student is shown where at least {k} students of the same group share it in a year."
AS_OF = "Quasi-identifiers are those of the school year {year}, in all rows."
ROWS = "Of one student there are no more rows in a table than at least {k} students have, taken at random."


class DeidentifiedReader:
    """One snapshot, open for reading by releases. Not shared between threads."""

    def __init__(self, folder: Path, catalog: Catalog, *, memory_limit: str = "2GB", threads: int = 2) -> None:
        self._folder = folder
        self._catalog = catalog
        self._connection = duckdb.connect(
            config={"memory_limit": memory_limit, "threads": threads, "temp_directory": ""}
        )
        self._connection.execute("SET enable_progress_bar = false")
        self._records = Records(folder, catalog, self._connection)
        self._year = lru_cache(maxsize=8)(self._records.school_year)
        self._persons: OrderedDict[bytes, Persons] = OrderedDict()
        self._tables: OrderedDict[bytes, ReleasedTable] = OrderedDict()

    def frame(self, release: Release, query: FrameQuery, today: date) -> tuple[pa.Table, Keys]:
        """The de-identified rows asked for, and the keys of the students they are about (for the record only).

        Conditions are on what is shown, never on what it was made from (see `deidentified_conditions`).
        """
        table = self._table(query.table)
        columns = self._columns(table, release, query.columns)
        wanted = list(dict.fromkeys([*columns, *(condition.column for condition in query.where)]))
        rows, released = self._rows(table, release, self._columns(table, release, wanted), today)
        place = None
        if query.where:
            place = self._places(rows, [on_what_is_shown(one, table, release) for one in query.where])
            rows = rows.take(place)
        return _plain(rows.select(columns)), _students_of(released, table, place)

    def rows(self, release: Release, name: str, columns: Sequence[str], today: date) -> tuple[pa.Table, Keys]:
        """All de-identified rows of one table, for queries over them; and the keys of the students."""
        table = self._table(name)
        rows, released = self._rows(table, release, self._columns(table, release, columns), today)
        return _plain(rows), _students_of(released, table)

    def loss(self, release: Release, today: date) -> dict[str, Any]:
        """What the anonymization of the students took away, as it travels with an answer.

        `levels` and `suppressed` (how many students) by column; a column says the same in every table.
        """
        persons = self._students(release, today)
        declared = [self._catalog.hierarchies[name] for name in persons.quasi]
        shown = {one.name: one.source.column for one in declared if one.source is not None}
        notes = (AS_OF.format(year=self._year(today)), *(note.format(k=release.k) for note in (RARE, KNOWN, ROWS)))
        return {
            "k": release.k,
            "k_reached": persons.k,
            "levels": {shown[name]: quasi.words for name, quasi in persons.quasi.items()},
            "suppressed": {shown[name]: quasi.suppressed for name, quasi in persons.quasi.items()},
            "notes": [*notes, *persons.notes],
        }

    def _table(self, name: str) -> Table:
        table = self._catalog.tables.get(name)
        if table is None:
            raise NotInThisForm(name)
        return table

    def _columns(self, table: Table, release: Release, asked: Sequence[str]) -> list[str]:
        existing = [column.name for column in columns_in_form(table, release)]
        for name in asked:
            if name not in existing:
                raise NotInThisForm(table.name, name)
        return list(asked) or existing

    def _rows(
        self, table: Table, release: Release, columns: Sequence[str], today: date
    ) -> tuple[pa.Table, ReleasedTable | None]:
        """The columns of all rows, and the table they are of; none, for rows that are about nobody."""
        if not is_about_persons(table, release):
            names = ", ".join(identifier(name) for name in columns)
            text = f"SELECT {names} FROM {relation(self._folder, table.name)}"
            return self._connection.sql(text).to_arrow_table(), None
        released = self._released(table, release, today)
        rows = pa.table({name: released.column(name) for name in columns})
        self._forget()
        return rows, released

    def _released(self, table: Table, release: Release, today: date) -> ReleasedTable:
        edition = self._edition(today)
        key = release.key(*edition, "table", table.name)
        if key not in self._tables:
            source = Source(self._folder, self._catalog, self._records.register, release, edition)
            persons = self._students(release, today) if table.unit is Unit.STUDENT else self._staff(release)
            self._tables[key] = ReleasedTable(table, persons, table.unit.value, source)
        self._tables.move_to_end(key)
        return self._tables[key]

    def _students(self, release: Release, today: date) -> Persons:
        key = release.key(*self._edition(today), "persons")
        if key not in self._persons:
            self._persons[key] = anonymize_students(release, self._catalog, self._records, self._year(today))
        self._persons.move_to_end(key)
        return self._persons[key]

    def _staff(self, release: Release) -> Persons:
        keys = self._records.staff()
        return Persons(keys, np.zeros(len(keys), np.int64), {}, release.k)

    def _edition(self, today: date) -> tuple[str | int, ...]:
        """What an anonymization is of: no two of them share codes, so that their rows cannot be joined."""
        return self._folder.name, self._year(today)

    def _forget(self) -> None:
        while len(self._tables) > 1 and sum(table.nbytes for table in self._tables.values()) > MOST_KEPT_BYTES:
            self._tables.popitem(last=False)
        while len(self._persons) > 8:
            self._persons.popitem(last=False)

    def _places(self, rows: pa.Table, conditions: Sequence[Condition]) -> pa.Array:
        """Which rows fulfil the conditions, in their order."""
        numbered = rows.append_column("row number", pa.array(np.arange(rows.num_rows)))
        filters = conditions_sql(conditions)
        self._connection.register("released_rows", numbered)
        found = self._connection.sql(
            f'SELECT "row number" FROM released_rows WHERE {filters.text} ORDER BY 1', params=filters.parameters
        ).to_arrow_table()
        self._connection.unregister("released_rows")
        return found.column(0).combine_chunks()


def _students_of(released: ReleasedTable | None, table: Table, place: pa.Array | None = None) -> Keys:
    if released is None or table.unit is not Unit.STUDENT:
        return np.empty(0, np.int64)
    return released.keys(None if place is None else place.to_numpy())


def _plain(rows: pa.Table) -> pa.Table:
    """The rows without Arrow's dictionaries: plain texts and numbers."""
    columns = [column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
               for column in rows.columns]  # fmt: skip
    return pa.table(columns, names=rows.column_names)
