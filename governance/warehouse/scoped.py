"""Reading a snapshot as somebody: of each table exactly the rows that a decision allows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, assert_never

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.catalog import Catalog
from governance.policy import Allowed, AllRows, Deidentified, OwnRows, RowRule, RowsOfStudents, Scope
from governance.vocabulary import Condition, FrameQuery
from governance.warehouse.scope_sql import Sql, conditions_sql, last_link, relation, students_in_scope
from governance.warehouse.sql import identifier

Keys = npt.NDArray[np.int64]

# Up to so many students are written into the query itself, so that row groups can be skipped by their bounds;
# more are joined, which plans faster; the engine then looks for up to so many of them in the bounds by itself.
INLINE_STUDENTS = 50
JOINED_BOUNDS = 10_000
SCOPES_AT_ONCE = 32


class ScopedReader:
    """One snapshot, open for reading by decisions. Not shared between threads."""

    def __init__(self, folder: Path, catalog: Catalog, *, memory_limit: str = "2GB", threads: int = 2) -> None:
        self.folder = folder
        self.catalog = catalog
        self._connection = duckdb.connect(
            config={"memory_limit": memory_limit, "threads": threads, "temp_directory": ""}
        )
        self._connection.execute("SET parquet_metadata_cache = true")
        self._connection.execute(f"SET dynamic_or_filter_threshold = {JOINED_BOUNDS}")
        self._connection.execute("SET enable_progress_bar = false")
        self._scope = lru_cache(maxsize=256)(self._find_students)
        self._names = itertools.cycle(range(SCOPES_AT_ONCE))

    def students(self, scope: Scope, staff_key: int | None, today: date) -> Keys:
        """The keys of the students in the scope, sorted. Kept: a snapshot and a day do not change."""
        return self._scope(scope, staff_key, today)

    def frame(self, allowed: Allowed, query: FrameQuery, today: date) -> tuple[pa.Table, Keys]:
        """The rows asked for among those allowed, and the students they are about."""
        table = self.catalog.tables[query.table]
        columns = query.columns or _granted(allowed.rows[query.table]) or table.names
        rows = self.rows(allowed, query.table, columns, query.where, today)
        keys = student_keys(rows)
        return rows.select(list(columns)), keys

    def rows(
        self, allowed: Allowed, name: str, columns: Sequence[str], where: Sequence[Condition], today: date
    ) -> pa.Table:
        """Allowed rows of one table. Rows about students always carry `student_key`, asked for or not."""
        wanted = list(dict.fromkeys(columns))
        granted = _granted(allowed.rows[name])
        if granted is not None and not {*wanted, *(condition.column for condition in where)} <= set(granted):
            raise TypeError("a column was asked for that is not granted")
        if "student_key" in self.catalog.tables[name].names and "student_key" not in wanted:
            wanted.append("student_key")
        limit = self._limit(allowed.rows[name], allowed.staff_key, today)
        filters = conditions_sql(where)
        text = (
            f"SELECT {', '.join(identifier(column) for column in wanted)} FROM {relation(self.folder, name)} "
            f"WHERE {limit.text} AND {filters.text}"
        )
        return self._connection.sql(text, params=[*limit.parameters, *filters.parameters]).to_arrow_table()

    def links(self, scope: Scope, staff_key: int | None, student_key: int, today: date) -> list[str]:
        """The rows that put one student into a scope: of which table, and since when."""
        link = last_link(scope, self.catalog, self.folder, staff_key, today)
        if link is None:
            return []
        rows = self._connection.execute(
            f"{link.sql.text} AND {link.alias}.student_key = ?", [*link.sql.parameters, student_key]
        )
        return [f"By a row of `{link.table}` that holds since {begin}." for (begin,) in sorted(set(rows.fetchall()))]

    def behind_statistics(self, allowed: Allowed, today: date) -> Callable[[str], Sql]:
        """Of each table the rows that statistics are computed on: the exact ones, also where no row may be shown."""

        def limit(name: str) -> Sql:
            rule = allowed.rows[name]
            return Sql("true") if isinstance(rule, Deidentified) else self._limit(rule, allowed.staff_key, today)

        return limit

    def run(self, text: str, parameters: list[Any]) -> pa.Table:
        """The result of a query made in this room."""
        return self._connection.sql(text, params=parameters).to_arrow_table()

    def _limit(self, rule: RowRule, staff_key: int | None, today: date) -> Sql:
        match rule:
            case Deidentified():
                raise TypeError("exact rows were asked for where only de-identified ones are allowed")
            case AllRows():
                return Sql("true")
            case OwnRows(staff_key=own):
                return Sql("staff_key = ?", [own])
            case RowsOfStudents(scope=scope):
                return self._among(self.students(scope, staff_key, today))
            case _:
                assert_never(rule)

    def _among(self, keys: Keys) -> Sql:
        if len(keys) == 0:
            return Sql("false")
        if len(keys) <= INLINE_STUDENTS:
            return Sql(f"student_key IN ({', '.join(map(str, keys.tolist()))})")
        # One question may be of tables with a scope each: so many names are more than it has tables.
        name = f"scope_students_{next(self._names)}"
        self._connection.register(name, pa.table({"student_key": keys}))
        return Sql(f"student_key IN (SELECT student_key FROM {name})")

    def _find_students(self, scope: Scope, staff_key: int | None, today: date) -> Keys:
        sql = students_in_scope(scope, self.catalog, self.folder, staff_key, today)
        found = self._connection.execute(sql.text, sql.parameters).fetchnumpy()["student_key"]
        return np.sort(np.asarray(found, dtype=np.int64))


def _granted(rule: RowRule) -> tuple[str, ...] | None:
    """The only columns that the rule gives of a table; None where it gives all."""
    return rule.columns if isinstance(rule, RowsOfStudents) else None


def student_keys(rows: pa.Table) -> Keys:
    """The distinct students a table is about, sorted; none if its rows are not about students."""
    if "student_key" not in rows.column_names:
        return np.empty(0, dtype=np.int64)
    return distinct(rows.column("student_key"))


def distinct(keys: pa.ChunkedArray) -> Keys:
    """Each key once, sorted."""
    found = pc.unique(keys).drop_null()
    return np.sort(found.to_numpy(zero_copy_only=False).astype(np.int64))
