"""What a snapshot records of each student, one value per student: the exact material of the anonymization."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.catalog import Catalog, Table
from governance.catalog.generalization import ColumnName
from governance.warehouse.deidentified_scales import Shown, Value
from governance.warehouse.scope_sql import relation
from governance.warehouse.sql import identifier

Keys = npt.NDArray[np.int64]

# The day of Connecticut's October collection (PSIS), on which a student's age is taken.
AGE_MONTH, AGE_DAY = 10, 1


class Records:
    """One snapshot, read through one connection. Everything is in the order of `students`."""

    def __init__(self, folder: Path, catalog: Catalog, connection: duckdb.DuckDBPyConnection) -> None:
        self._folder = folder
        self._catalog = catalog
        self._connection = connection
        self._students: Keys | None = None
        self._registers: dict[ColumnName, dict[Value, Shown]] = {}
        self._present: dict[str, npt.NDArray[np.bool_]] = {}

    def school_year(self, today: date) -> int:
        """The latest school year that has begun by today and in which somebody is enrolled.

        Of one snapshot it stays the same for good, once its latest year has begun: the ages of its students, and
        who counts as enrolled, do not move from day to day, which would tell birthdays.
        """
        begun = self._column(
            f"SELECT max(school_year) FROM {self._of('enrollment')} WHERE school_year NOT IN "
            f"(SELECT school_year FROM {self._of('school_year')} WHERE begin_date > ?)",
            [today],
        )
        return begun[0].as_py() or today.year

    def students(self) -> Keys:
        """The keys of all students, sorted."""
        if self._students is None:
            self._students = self._register("student")
        return self._students

    def staff(self) -> Keys:
        return self._register("staff")

    def enrolled(self, year: int) -> npt.NDArray[np.bool_]:
        """Whether each student was enrolled at any time in that school year."""
        found = self._column(f"SELECT DISTINCT student_key FROM {self._of('enrollment')} WHERE school_year = ?", [year])
        return np.isin(self.students(), found.to_numpy())

    def latest(self, name: ColumnName, year: int) -> pa.Array:
        """A column's value in each student's latest row up to that school year (or else the latest of all).

        A date is the age in whole years, on 1 October of the school year.
        """
        table = self._catalog.tables[name.table]
        order, parameters = _latest_first(table, year)
        values = self._column(
            f"SELECT value FROM (SELECT student_key FROM {self._of('student')}) LEFT JOIN "
            f"(SELECT student_key, {identifier(name.column)} AS value FROM {self._of(table.name)} QUALIFY "
            f"row_number() OVER (PARTITION BY student_key ORDER BY {order}) = 1) USING (student_key) "
            "ORDER BY student_key",
            parameters,
        )
        return _ages(values, year) if pa.types.is_date(values.type) else values

    def appear(self, tables: Sequence[str], known: npt.NDArray[np.bool_], least: int) -> npt.NDArray[np.bool_]:
        """Which of the known students have a row in any of the tables in which at least so many of them have rows."""
        found = np.zeros(len(known), bool)
        for name in tables:
            if np.array_equal(found, known):
                break
            here = self._in_table(name) & known
            if np.count_nonzero(here) >= least:
                found |= here
        return found

    def _in_table(self, name: str) -> npt.NDArray[np.bool_]:
        """Whether each student has a row in the table."""
        if name not in self._present:
            keys = self._column(f"SELECT DISTINCT student_key FROM {self._of(name)}")
            self._present[name] = _found(self.students(), keys)
        return self._present[name]

    def facts(self, name: ColumnName) -> npt.NDArray[np.int32]:
        """A number for the set of all values that a student has in a column: equal for equal sets."""
        sets = self._column(
            f"SELECT facts FROM (SELECT student_key FROM {self._of('student')}) LEFT JOIN "
            f"(SELECT student_key, to_json(list_sort(list(DISTINCT {identifier(name.column)})))::VARCHAR AS facts "
            f"FROM {self._of(name.table)} GROUP BY student_key) USING (student_key) ORDER BY student_key"
        )
        return encoded(sets)[1]

    def register(self, name: ColumnName) -> dict[Value, Shown]:
        """What a register says of each of its keys, as text."""
        if name not in self._registers:
            key = self._catalog.tables[name.table].key[0]
            text = f"SELECT {identifier(key)}, {identifier(name.column)}::VARCHAR FROM {self._of(name.table)}"
            self._registers[name] = dict(self._connection.execute(text).fetchall())
        return self._registers[name]

    def _register(self, name: str) -> Keys:
        key = self._catalog.tables[name].key[0]
        found = self._column(f"SELECT {identifier(key)} FROM {self._of(name)} ORDER BY 1")
        return np.asarray(found.to_numpy(), dtype=np.int64)

    def _column(self, text: str, parameters: Sequence[Any] = ()) -> pa.Array:
        column = self._connection.sql(text, params=list(parameters)).to_arrow_table().column(0)
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)

    def _of(self, table: str) -> str:
        return relation(self._folder, table)


def places(keys: Keys, asked: Keys) -> Keys:
    """The place of each asked key among the sorted keys, -1 for one that is not there."""
    if len(keys) == 0:
        return np.full(len(asked), -1, np.int64)
    found = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[found] == asked, found, -1)


def _found(students: Keys, keys: pa.Array) -> npt.NDArray[np.bool_]:
    """Which of the students are among the keys."""
    found = np.zeros(len(students), bool)
    place = places(students, keys.to_numpy())
    found[place[place >= 0]] = True
    return found


def encoded(values: pa.Array) -> tuple[list[Value], npt.NDArray[np.int32]]:
    """The different values in rising order, None last, and the place of each row's among them."""
    counted = values.dictionary_encode(null_encoding="encode")
    found: list[Value] = counted.dictionary.to_pylist()
    order = sorted(range(len(found)), key=lambda place: (found[place] is None, found[place]))
    rank = np.empty(len(found), np.int32)
    rank[order] = np.arange(len(found), dtype=np.int32)
    return [found[place] for place in order], rank[counted.indices.to_numpy()]


def _latest_first(table: Table, year: int) -> tuple[str, list[int]]:
    """An order of one student's rows, complete, since the primary key is in it."""
    terms, parameters = [], []
    if "school_year" in table.names:
        terms, parameters = ["(school_year <= ?) DESC", "school_year DESC"], [year]
    if table.period is not None:
        terms.append(f"{identifier(table.period[0])} DESC")
    return ", ".join([*terms, *(identifier(column) for column in table.key)]), parameters


def _ages(dates: pa.Array, year: int) -> pa.Array:
    had_birthday = pc.less_equal(pc.add(pc.multiply(pc.month(dates), 100), pc.day(dates)), AGE_MONTH * 100 + AGE_DAY)
    years = pc.subtract(year - 1, pc.year(dates))
    return pc.max_element_wise(pc.if_else(had_birthday, years, pc.subtract(years, 1)), 0, skip_nulls=False)
