"""From a request's JSON to a question in the house's own words, checked against the catalog."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from governance.catalog import Catalog, Column, ColumnType, Table, Unit
from governance.gateway.errors import ErrorCode, GatewayError, bad_query, refused
from governance.policy import Refusal
from governance.vocabulary import Among, Between, Condition, ExplainQuery, FrameQuery, SqlQuery

MAX_VALUES = 10_000


def frame_question(body: Any, catalog: Catalog) -> FrameQuery:
    """`{"table": …, "columns": […], "where": {column: value | [values] | {"from": …, "to": …}}}`"""
    fields = fields_of(body, {"table", "columns", "where"})
    table = read_table(fields, catalog)
    columns = [] if fields.get("columns") is None else fields["columns"]
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise bad_query("`columns` is a list of column names.")
    where = {} if fields.get("where") is None else fields["where"]
    if not isinstance(where, dict):
        raise bad_query("`where` gives a value, a list of values or a range for each column.")
    names = tuple(dict.fromkeys(_column(table, name).name for name in columns))
    return FrameQuery(
        table.name, names, tuple(read_condition(_column(table, name), raw) for name, raw in where.items())
    )


def sql_question(body: Any) -> SqlQuery:
    """`{"sql": …}`"""
    text = fields_of(body, {"sql"}).get("sql")
    if not isinstance(text, str) or not text.strip():
        raise bad_query("`sql` is the text of one SELECT.")
    return SqlQuery(text)


def explain_question(body: Any, catalog: Catalog) -> ExplainQuery:
    """`{"table": …, "student_key": …}`"""
    fields = fields_of(body, {"table", "student_key"})
    key = fields.get("student_key")
    if isinstance(key, bool) or not isinstance(key, int) or not -(2**63) <= key < 2**63:
        raise bad_query("`student_key` is a whole number, as the student's rows show it.")
    table = read_table(fields, catalog)
    if table.unit is not Unit.STUDENT:
        raise bad_query("Only rows about students can be explained.", "tables() says what each table's rows are about.")
    return ExplainQuery(table.name, key)


def named_table(body: Any) -> str:
    """The table a question names, before anything else of it is looked at."""
    name = body.get("table") if isinstance(body, dict) else None
    if not isinstance(name, str):
        raise bad_query("A question names its table.", "tables() lists what you may ask for.")
    return name


def fields_of(body: Any, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise bad_query("A question is a JSON object.")
    if set(body) - known:
        raise bad_query(f"A question of this kind has only: {', '.join(sorted(known))}.")
    return body


def read_table(fields: Mapping[str, Any], catalog: Catalog) -> Table:
    name = fields.get("table")
    table = catalog.tables.get(name) if isinstance(name, str) else None
    if table is None:
        raise refused(Refusal.UNKNOWN_TABLE)
    return table


def _column(table: Table, name: str) -> Column:
    try:
        return table.column(name)
    except KeyError:
        raise GatewayError(
            ErrorCode.UNKNOWN_COLUMN,
            f"The table {table.name} has no column of that name.",
            "Columns are those of the catalog.",
            f"describe({table.name!r}) lists its columns.",
        ) from None


def read_condition(column: Column, raw: Any) -> Condition:
    if isinstance(raw, dict):
        if not raw or set(raw) - {"from", "to"}:
            raise bad_query(f"A range for {column.name} has `from`, `to`, or both.")
        low, high = (_value(column, raw.get(side)) for side in ("from", "to"))
        return Between(column.name, low, high)
    values = raw if isinstance(raw, list) else [raw]
    if len(values) > MAX_VALUES:
        raise bad_query(f"A condition lists at most {MAX_VALUES:,} values.", "Join two frames in the notebook instead.")
    return Among(column.name, tuple(_value(column, value) for value in values))


def _value(column: Column, value: Any) -> Any:
    """The value in the column's own type; wrong types are told apart before anything is read."""
    if value is None:
        return None
    good = _READERS[column.type](value)
    if good is None:
        raise bad_query(
            f"{column.name} holds values of the type {column.type.value}; the condition gives another type."
        )
    return good


def _whole(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return value if fits else None


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= 1_000 and "\x00" not in value else None


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value.removesuffix("T00:00:00")) if isinstance(value, str) else None
    except ValueError:
        return None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


_READERS = {
    ColumnType.KEY: _whole,
    ColumnType.INTEGER: _whole,
    ColumnType.NUMBER: _number,
    ColumnType.TEXT: _text,
    ColumnType.CODE: _text,
    ColumnType.DATE: _day,
    ColumnType.BOOLEAN: _truth,
}
