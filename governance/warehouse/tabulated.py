"""The exact rows behind a table of statistics, or a model: read as a decision allows, joined, encoded."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.catalog import Catalog, Column, ColumnClass, ColumnType, Unit
from governance.catalog.related import carrier
from governance.vocabulary import Among, Between, Condition
from governance.warehouse.scope_sql import Sql, conditions_sql, relation
from governance.warehouse.sql import identifier
from governance.warehouse.wire import PreparedModel, PreparedTable, Step, WorkerFault

MAX_LEVELS = 500
MAX_ROWS = 20_000_000
MISSING = "(not recorded)"
OTHER = "(other)"

# For one table of a path, which of its rows may be read.
Limit = Callable[[str], Sql]
Run = Callable[[str, list[Any]], pa.Table]


@dataclass(frozen=True)
class Tabulation:
    """`rows`: person, unit, one code column per dimension, inside, value (null where there is none).

    `levels`: the labels of each dimension's codes.
    """

    rows: pa.Table
    levels: list[list[str]]


class Joined:
    """One table and those its columns lead to, as something to select from. Every name is the catalog's."""

    def __init__(self, catalog: Catalog, folder: Path, table: str, limit: Limit) -> None:
        self._catalog, self._folder, self._limit = catalog, folder, limit
        self._aliases: dict[tuple[str, ...], str] = {}
        self._sources: list[Sql] = []
        self._add((table,))

    def column(self, step: Step) -> str:
        """A column reached by a path, as it is written in the query."""
        for end in range(1, len(step.path) + 1):
            self._add(tuple(step.path[:end]))
        return f"{self._aliases[tuple(step.path)]}.{identifier(step.column)}"

    def source(self) -> Sql:
        parts = " ".join(source.text for source in self._sources)
        return Sql(f"FROM {parts}", [value for source in self._sources for value in source.parameters])

    def _add(self, path: tuple[str, ...]) -> None:
        if path in self._aliases:
            return
        alias = f"t{len(self._aliases)}"
        name = path[-1]
        limit = self._limit(name)
        rows = f"(SELECT * FROM {relation(self._folder, name)} WHERE {limit.text}) AS {alias}"
        if len(path) == 1:
            self._sources.append(Sql(rows, limit.parameters))
        else:
            keys = self._catalog.tables[name].key
            on = " AND ".join(f"{alias}.{identifier(key)} = {self._carrier(path[:-1], key)}" for key in keys)
            self._sources.append(Sql(f"LEFT JOIN {rows} ON {on}", limit.parameters))
        self._aliases[path] = alias

    def _carrier(self, path: tuple[str, ...], key: str) -> str:
        return f"{self._aliases[carrier(self._catalog, path, key)]}.{identifier(key)}"


def read_tabulation(catalog: Catalog, folder: Path, job: PreparedTable, limit: Limit, run: Run) -> Tabulation:
    """The rows of a table of statistics. Raises `WorkerFault` where a dimension has too many levels."""
    joined = Joined(catalog, folder, job.table, limit)
    dimensions = [f"{joined.column(step)} AS d{at}" for at, step in enumerate(job.dimensions)]
    inside, kept = (_conditions(joined, each) for each in (job.where_of_persons, job.where))
    person = _person(catalog, job.table)
    value = "1.0" if job.value is None else f"{joined.column(job.value)}::DOUBLE"
    unit = "t0." + identifier(person) if job.value is None and person else _row_hash(catalog, job.table)
    columns = [f"{f't0.{identifier(person)}' if person else unit} AS person", f"{unit} AS unit", *dimensions]
    source = joined.source()
    text = (
        f"SELECT {'DISTINCT ' if job.value is None else ''}{', '.join(columns)}, ({inside.text}) AS inside, "
        f"{value} AS value {source.text} WHERE {kept.text} LIMIT {MAX_ROWS + 1}"
    )
    rows = run(text, [*inside.parameters, *source.parameters, *kept.parameters])
    if rows.num_rows > MAX_ROWS:
        raise WorkerFault("too_large", "The table is made of too many rows.")
    return _encoded(catalog, job, rows)


def read_model_rows(
    catalog: Catalog, folder: Path, job: PreparedModel, limit: Limit, run: Run
) -> tuple[pa.Table, pa.Table]:
    """The columns that a model names, one row for each row of its table; and of each row its number (`unit`) and whom
    it is about (`person`)."""
    joined = Joined(catalog, folder, job.table, limit)
    columns = [f"{joined.column(step)} AS {identifier(name)}" for name, step in job.columns.items()]
    kept = _conditions(joined, job.where)
    person, unit = _person(catalog, job.table), _row_hash(catalog, job.table)
    about = f"{f't0.{identifier(person)}' if person else unit} AS person, {unit} AS unit"
    source = joined.source()
    text = f"SELECT {about}, {', '.join(columns)} {source.text} WHERE {kept.text} LIMIT {MAX_ROWS + 1}"
    rows = run(text, [*source.parameters, *kept.parameters])
    if rows.num_rows > MAX_ROWS:
        raise WorkerFault("too_large", "The model is made of too many rows.")
    numbers = {name: _as_int64(rows.column(name)) for name in ("unit", "person")}
    return rows.drop_columns(list(numbers)), pa.table(numbers)


def _person(catalog: Catalog, table: str) -> str | None:
    return {Unit.STUDENT: "student_key", Unit.STAFF: "staff_key"}.get(catalog.tables[table].unit)


def _row_hash(catalog: Catalog, table: str) -> str:
    """The same row has the same number in every snapshot, and under every version of the engine (its own `hash` is not
    promised to stay): keys stay, and rows are known by their primary keys."""
    keys = ", ".join(f"t0.{identifier(name)}" for name in catalog.tables[table].key)
    return f"(md5_number_lower(concat_ws('|', {keys})) >> 1)::BIGINT"


def _conditions(joined: Joined, conditions: Sequence[tuple[Step, Condition]]) -> Sql:
    parts = [_as_named(condition, joined.column(step)) for step, condition in conditions]
    texts = " AND ".join(part.text for part in parts) or "true"
    return Sql(f"coalesce({texts}, false)", [value for part in parts for value in part.parameters])


def _as_named(condition: Condition, column: str) -> Sql:
    """The condition on a column of the join."""
    placeholder = "condition"
    match condition:
        case Among(values=values):
            made = conditions_sql([Among(placeholder, values)])
        case Between(low=low, high=high):
            made = conditions_sql([Between(placeholder, low, high)])
        case _:
            assert_never(condition)
    return Sql(made.text.replace(identifier(placeholder), column), made.parameters)


def _encoded(catalog: Catalog, job: PreparedTable, rows: pa.Table) -> Tabulation:
    person, unit = _as_int64(rows.column("person")), _as_int64(rows.column("unit"))
    columns, levels = {"person": person, "unit": unit}, []
    for at, step in enumerate(job.dimensions):
        column = catalog.tables[step.path[-1]].column(step.column)
        codes, labels = _levels(catalog, column, rows.column(f"d{at}"))
        if job.merge_below and column.type is ColumnType.TEXT and column.class_ is not ColumnClass.PLAIN:
            codes, labels = _merge_rare(codes, labels, person, job.merge_below)
        columns[f"d{at}"] = pa.array(codes)
        levels.append(labels)
    columns["inside"] = rows.column("inside").combine_chunks()
    columns["value"] = rows.column("value").combine_chunks()
    return Tabulation(pa.table(columns), levels)


def _as_int64(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks().cast(pa.int64())


def _levels(catalog: Catalog, column: Column, values: pa.ChunkedArray) -> tuple[Any, list[str]]:
    """Codes in the order of the code set, else of the labels; what is missing comes last."""
    encoded = pc.dictionary_encode(values.combine_chunks().cast(pa.string()), null_encoding="encode")
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    found = encoded.dictionary.to_pylist()
    if len(found) > MAX_LEVELS:
        raise WorkerFault("too_large", "A dimension has too many different values for a table.")
    rank = _ranks(catalog, column)
    order = sorted(range(len(found)), key=lambda at: (found[at] is None, *rank(found[at])))
    place = np.empty(len(found), dtype=np.int32)
    place[order] = np.arange(len(found))
    codes = place[np.asarray(encoded.indices)] if len(encoded) else np.empty(0, dtype=np.int32)
    return codes, [MISSING if found[at] is None else str(found[at]) for at in order]


def _ranks(catalog: Catalog, column: Column) -> Callable[[str | None], tuple[int, str]]:
    codes = catalog.code_sets[column.codes].codes if column.codes else ()
    known = {code.code: number for number, code in enumerate(codes)}
    return lambda label: (known.get(label or "", 0), _natural(label or ""))


def _natural(label: str) -> str:
    """Numbers within labels in the order of their size."""
    return re.sub(r"\d+", lambda found: found.group().zfill(12), label)


def _merge_rare(codes: Any, labels: list[str], person: pa.Array, smallest: int) -> tuple[Any, list[str]]:
    """Words of the sources that few persons share may tell by themselves of whom they speak."""
    pairs = np.unique(np.stack([codes, np.unique(np.asarray(person), return_inverse=True)[1]]), axis=1)
    crowd = np.bincount(pairs[0], minlength=len(labels))
    keep = np.flatnonzero(crowd >= smallest)
    if len(keep) == len(labels):
        return codes, labels
    place = np.full(len(labels), len(keep), dtype=np.int32)
    place[keep] = np.arange(len(keep))
    return place[codes], [*(labels[at] for at in keep), OTHER]
