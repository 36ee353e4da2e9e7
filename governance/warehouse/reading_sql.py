"""The SQL that reads one staged table: text to typed values, and what is wrong with each row. From the catalog alone.

The result has the table's columns, the row's place, `_rule` (the first rule it breaks, or null) and `_reason` (each
column at fault, with its rule; never a value).
"""

from __future__ import annotations

from dataclasses import dataclass

from governance.catalog import Column, ColumnType, Table
from governance.warehouse.sources.protocol import Rule
from governance.warehouse.sql import identifier, text

PLACE_COLUMNS = ("_row", "_source", "_file", "_line")
BLANKS = "' ' || chr(9) || chr(10) || chr(13)"

# Casts are lenient ("1.5" is an integer to them, "epoch" a date), so each is asked for a plain spelling first.
SPELLINGS = {
    ColumnType.INTEGER: (r"[+-]?[0-9]+", "INTEGER"),
    ColumnType.NUMBER: (r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?", "DOUBLE"),
    ColumnType.DATE: (r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}", "DATE"),
    ColumnType.BOOLEAN: (r"(?i)true|false|1|0", "BOOLEAN"),
}
# The rule that a value breaks which is there, but makes no value of its column's type.
RULE_OF = {ColumnType.CODE: Rule.UNKNOWN_CODE, ColumnType.KEY: Rule.DANGLING_REFERENCE}

# A row that breaks several rules is counted under the first of these; its reason names them all.
PRECEDENCE = (Rule.MISSING_VALUE, Rule.WRONG_TYPE, Rule.UNKNOWN_CODE, Rule.DANGLING_REFERENCE)


@dataclass(frozen=True)
class ColumnReading:
    """One column: its value, what has to be joined for it, and when it breaks a rule."""

    column: Column
    value: str
    join: str
    defects: tuple[tuple[Rule, str], ...]


def clean_view(table: Table, path: str) -> str:
    """The staged rows, spaces trimmed, blanks as nulls."""
    cleaned = ", ".join(f"nullif(trim({identifier(name)}, {BLANKS}), '') AS {identifier(name)}" for name in table.names)
    return f"SELECT {', '.join(PLACE_COLUMNS)}, {cleaned} FROM read_parquet({text(path)})"


def reading_query(table: Table, clean: str) -> str:
    """The whole query over the cleaned rows, joined to the spellings of codes and to the keys."""
    readings = [_reading(table, column) for column in table.columns]
    values = ", ".join(f"{reading.value} AS {identifier(reading.column.name)}" for reading in readings)
    joins = " ".join(reading.join for reading in readings)
    places = ", ".join(f"staged.{name}" for name in PLACE_COLUMNS)
    return (
        f"SELECT {places}, {values}, {_first_rule(readings)} AS _rule, {_reason(readings)} AS _reason "
        f"FROM {clean} AS staged {joins}"
    )


def _reading(table: Table, column: Column) -> ColumnReading:
    staged = f"staged.{identifier(column.name)}"
    value, join = _value(table, column, staged)
    defects = []
    if column.required:
        defects.append((Rule.MISSING_VALUE, f"{staged} IS NULL"))
    if column.type is not ColumnType.TEXT:
        rule = RULE_OF.get(column.type, Rule.WRONG_TYPE)
        defects.append((rule, f"({staged} IS NOT NULL AND {value} IS NULL)"))
    return ColumnReading(column, value, join, tuple(defects))


def _value(table: Table, column: Column, staged: str) -> tuple[str, str]:
    """The typed value, null if the text makes none; and the join it takes."""
    joined = identifier(f"of {column.name}")
    if column.type is ColumnType.TEXT:
        return staged, ""
    if column.type is ColumnType.CODE:
        match = f"{joined}.code_set = {text(column.codes)} AND {joined}.spelling = lower({staged})"
        return f"{joined}.code", f"LEFT JOIN spelling AS {joined} ON {match}"
    if column.type is ColumnType.KEY:
        relation = keys_relation(table, column)
        return f"{joined}.key", f"LEFT JOIN {relation} AS {joined} ON {joined}.source_id = {staged}"
    plain, sql_type = SPELLINGS[column.type]
    cast = f"TRY_CAST({staged} AS {sql_type})"
    if column.type is ColumnType.NUMBER:
        cast = f"CASE WHEN isfinite({cast}) THEN {cast} END"
    return f"CASE WHEN regexp_full_match({staged}, {text(plain)}) THEN {cast} END", ""


def keys_relation(table: Table, column: Column) -> str:
    """A register names its own things; every other table may only name what its register has accepted."""
    kind = "named" if column.name in table.key and column.entity == table.owns else "accepted"
    return identifier(f"{kind} {column.entity}")


def _first_rule(readings: list[ColumnReading]) -> str:
    conditions: dict[Rule, list[str]] = {}
    for reading in readings:
        for rule, condition in reading.defects:
            conditions.setdefault(rule, []).append(condition)
    cases = [
        f"WHEN {' OR '.join(conditions[rule])} THEN {text(rule.value)}" for rule in PRECEDENCE if rule in conditions
    ]
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"


def _reason(readings: list[ColumnReading]) -> str:
    faults = [
        f"CASE WHEN {condition} THEN {text(f'{reading.column.name}: {rule.value}')} END"
        for reading in readings
        for rule, condition in reading.defects
    ]
    return f"concat_ws('; ', {', '.join(faults)})" if faults else "''"
