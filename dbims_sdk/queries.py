"""Questions as data: what an analyst writes becomes JSON here, or an error before anything is sent."""

from __future__ import annotations

import datetime
import math
import numbers
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np
import pandas as pd

from dbims_sdk.errors import BadQuery

# None asks for rows where the column is missing.
Scalar = str | int | float | bool | None
# One column's name, or several in their order.
Names = str | Iterable[str]

MOST_DIMENSIONS = 4
COUNTED = frozenset({"count", "percent"})
MEASURED = frozenset({"sum", "mean", "median", "rate"})
_HINT = "Give a text, a number, a date, True or False; a list of them; or (from, to) for a range; None for missing."


def frame_query(table: str, columns: Iterable[str] | None, where: Mapping[str, Any] | None) -> dict[str, Any]:
    """The body of a question for rows of one table."""
    return {"table": table_name(table), "columns": _columns(columns), "where": _where(where)}


def sql_query(text: str) -> dict[str, Any]:
    if not isinstance(text, str) or not text.strip():
        raise BadQuery("SQL is a text.", next='For example: s.sql("SELECT * FROM school").')
    return {"sql": text}


def tabulate_query(
    table: str,
    rows: Names | None,
    columns: Names | None,
    value: str | None,
    statistic: str,
    where: Mapping[str, Any] | None,
    protected: bool | None,
) -> dict[str, Any]:
    """The body of a question for a table of statistics."""
    row_names, column_names = _dimensions("rows", rows), _dimensions("columns", columns)
    _check_dimensions(row_names, column_names)
    _check_statistic(statistic, value)
    if protected is not None and not isinstance(protected, bool):
        raise BadQuery("protected is True, False or None.", next="Leave it out: the gateway takes what you may have.")
    question = {"table": table_name(table), "rows": row_names, "columns": column_names, "statistic": str(statistic)}
    return question | {"value": value and str(value), "where": _where(where), "protected": protected}


def model_query(formula: str, table: str, family: str, where: Mapping[str, Any] | None) -> dict[str, Any]:
    """The body of a question for a model. What a formula may hold is the gateway's to say."""
    if not isinstance(formula, str) or formula.count("~") != 1 or not all(map(str.strip, formula.split("~"))):
        raise BadQuery(
            "A formula is a text with the outcome, a tilde and what may explain it.",
            next='For example: s.ols("score ~ C(grade_level)", table="assessment_result").',
        )
    return {"table": table_name(table), "formula": str(formula), "family": family, "where": _where(where)}


def explain_query(table: str, student_key: Any) -> dict[str, Any]:
    if isinstance(student_key, bool | np.bool_) or not isinstance(student_key, numbers.Integral):
        raise BadQuery(
            "student_key is a whole number.",
            next="Take it from a frame's student_key column. (Kept as a decimal number it has lost digits.)",
        )
    return {"table": table_name(table), "student_key": int(student_key)}


def table_name(table: str) -> str:
    if not isinstance(table, str) or not table:
        raise BadQuery("A table is named by a text.", next="s.tables() lists the tables you may ask for.")
    return table


def _dimensions(side: str, names: Names | None) -> list[str]:
    """One name or several, in their order. What has no order, or is a frame, is a mistake."""
    match names:
        case None:
            return []
        case str():
            listed = [names]
        case Sequence() | np.ndarray() | pd.Series() | pd.Index():
            listed = list(names)
        case _:
            raise _not_names(side)
    if not all(isinstance(name, str) and name for name in listed):
        raise _not_names(side)
    return [str(name) for name in listed]


def _not_names(side: str) -> BadQuery:
    return BadQuery(
        f"{side} is the name of a column, or a list of names.",
        next=f'Write {side}="grade_level", or {side}=["school_name", "grade_level"].',
    )


def _check_dimensions(rows: list[str], columns: list[str]) -> None:
    given = rows + columns
    if not rows:
        raise BadQuery("A table needs at least one column for its rows.", next='Write rows="grade_level".')
    if len(given) > MOST_DIMENSIONS:
        raise BadQuery(
            f"A table has at most {MOST_DIMENSIONS} dimensions, rows and columns together.",
            next="Leave some out, or narrow the question with where and ask twice.",
        )
    if len(set(given)) < len(given):
        raise BadQuery("A column is named twice.", next="Name each once, either in rows or in columns.")


def _check_statistic(statistic: str, value: str | None) -> None:
    known = COUNTED | MEASURED
    if not isinstance(statistic, str) or statistic not in known:
        raise BadQuery("There is no statistic of that name.", next=f"There are: {', '.join(sorted(known))}.")
    if value is not None and (not isinstance(value, str) or not value):
        raise BadQuery("value is the name of one column.", next='For example: value="score", statistic="mean".')
    if statistic in MEASURED and value is None:
        raise BadQuery(f"A {statistic} needs a value.", next=f'Write value="score", statistic="{statistic}".')
    if statistic in COUNTED and value is not None:
        raise BadQuery(
            f"A {statistic} has no value: it counts.",
            next='Leave value out, or say what to do with it, for example statistic="mean".',
        )


def _columns(columns: Iterable[str] | None) -> list[str]:
    if columns is None:
        return []
    names = [] if isinstance(columns, str) or not isinstance(columns, Iterable) else list(columns)
    if not names or not all(isinstance(name, str) for name in names):
        raise BadQuery(
            "columns is a list of column names.",
            next="Write columns=['student_key', 'school_year'], or leave it out for all columns.",
        )
    return [str(name) for name in names]


def _where(where: Mapping[str, Any] | None) -> dict[str, Any]:
    if where is None:
        return {}
    if not isinstance(where, Mapping) or not all(isinstance(name, str) for name in where):
        raise BadQuery("where is a dictionary of column names and values.", next="Write where={'school_year': 2026}.")
    return {str(name): _condition(name, wanted) for name, wanted in where.items()}


def _condition(column: str, wanted: Any) -> Any:
    match wanted:
        case slice(start=first, stop=last, step=None) | (first, last) if isinstance(wanted, slice | tuple):
            return _range(column, first, last)
        case tuple() | slice():
            raise BadQuery(
                f"A range for {column} has two ends: (from, to), both included.",
                next=f"For several single values write a list: where={{{column!r}: [..., ...]}}.",
            )
        case Mapping():
            raise BadQuery(f"The condition on {column} is a dictionary.", next=_HINT)
        case str() | bytes():
            return _scalar(column, wanted)
        case Sequence() | Set() | np.ndarray() | pd.Series() | pd.Index() | pd.api.extensions.ExtensionArray():
            return [_scalar(column, value) for value in wanted]
        case _:
            return _scalar(column, wanted)


def _range(column: str, first: Any, last: Any) -> dict[str, Scalar]:
    """Both ends are included; an end that is None is open."""
    ends = {"from": first, "to": last}
    given = {name: _scalar(column, end) for name, end in ends.items() if end is not None}
    if not given:
        raise BadQuery(f"The range for {column} has no end.", next="Give at least one: (from, None) or (None, to).")
    return given


def _scalar(column: str, value: Any) -> Scalar:
    """A value as JSON has it. NumPy's and pandas' own scalars become Python's."""
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    elif isinstance(value, np.generic):
        value = value.item()
    match value:
        case None | bool() | int():
            return value
        case str():
            return str(value)
        case float() if math.isfinite(value):
            return value
        case datetime.date() if value is not pd.NaT:
            return _day(column, value)
        case _:
            raise _wrong_value(column, value)


def _day(column: str, value: datetime.date) -> str:
    if isinstance(value, datetime.datetime) and value.time() != datetime.time():
        raise BadQuery(f"The condition on {column} has a time of day.", next="Give the day alone: a date.")
    return value.isoformat()[:10]


def _wrong_value(column: str, value: Any) -> BadQuery:
    if value is pd.NaT or value is pd.NA or isinstance(value, float):
        return BadQuery(
            f"The condition on {column} has a missing or infinite value.",
            next="Leave it out (a Series has .dropna()), or write None to ask for rows where the column is missing.",
        )
    return BadQuery(
        f"The condition on {column} is of a type that cannot be asked for: {type(value).__name__}.",
        next=_HINT,
    )
