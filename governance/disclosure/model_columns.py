"""Columns as a model takes them: which rows are complete, numbers as floats, factors as codes of levels."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from governance.disclosure.formulas import Transform, Variable
from governance.disclosure.model_rules import ModelRefusal, ModelRefused, ModelRules

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Beyond it, sums of squares lose what they are computed for.
LARGEST = 1e12


@dataclass(frozen=True)
class Numbers:
    """A variable that is a number. `values`: one of each row, finite."""

    values: Floats


@dataclass(frozen=True)
class Levels:
    """A variable that is a factor. `codes`: of each row its level, as a place in `names`."""

    codes: Codes
    names: tuple[str, ...]


Values = Numbers | Levels


def missing_rows(column: NDArray[Any]) -> Flags:
    """Which rows have no value: masked, None, NaN, NaT."""
    data = np.ma.getdata(column)
    match data.dtype.kind:
        case "f":
            missing = np.isnan(data)
        case "M" | "m":
            missing = np.isnat(data)
        case "O":
            missing = np.fromiter((_is_missing(value) for value in data), dtype=np.bool_, count=len(data))
        case _:
            missing = np.zeros(len(data), dtype=np.bool_)
    return np.asarray(missing | np.ma.getmaskarray(column), dtype=np.bool_)


def read_variable(variable: Variable, column: NDArray[Any], rules: ModelRules) -> Values:
    """The variable's values, of rows that have one. Text is a factor, with or without C()."""
    data = np.ma.getdata(column)
    if variable.factor or (variable.transform is None and not _is_number(data)):
        return _levels(variable, data, rules)
    return Numbers(read_numbers(variable, data, rules))


def read_numbers(variable: Variable, column: NDArray[Any], rules: ModelRules) -> Floats:
    """The variable's values as numbers, or `ModelRefused`."""
    data = np.ma.getdata(column)
    if not _is_number(data):
        raise ModelRefused(ModelRefusal.NOT_A_NUMBER, rules, variable)
    try:
        values = data.astype(np.float64)
    except OverflowError:
        raise ModelRefused(ModelRefusal.NOT_FINITE, rules, variable) from None
    _demand_finite(values, variable, rules)
    values = _transformed(values, variable, rules)
    _demand_finite(values, variable, rules)
    return values


def _is_missing(value: object) -> bool:
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        # A value that cannot be compared with itself (pandas' NA) is none.
        return True


def _is_number(data: NDArray[Any]) -> bool:
    if data.dtype.kind == "O":
        return all(isinstance(value, Real | Decimal) for value in data)
    return data.dtype.kind in "biuf"


def _demand_finite(values: Floats, variable: Variable, rules: ModelRules) -> None:
    if not np.all(np.abs(values) <= LARGEST):
        raise ModelRefused(ModelRefusal.NOT_FINITE, rules, variable)


def _transformed(values: Floats, variable: Variable, rules: ModelRules) -> Floats:
    lowest = values.min(initial=np.inf)
    match variable.transform:
        case None:
            return values
        case Transform.LOG if lowest > 0:
            return np.asarray(np.log(values), dtype=np.float64)
        case Transform.SQRT if lowest >= 0:
            return np.asarray(np.sqrt(values), dtype=np.float64)
        case Transform.LOG | Transform.SQRT:
            raise ModelRefused(ModelRefusal.IMPOSSIBLE, rules, variable)
        case Transform.SQUARE:
            return values * values
        case Transform.CENTER:
            return _centered(values)
        case Transform.STANDARDIZE:
            centered = _centered(values)
            spread = float(np.sqrt(np.mean(centered * centered)))
            return centered / spread if spread > 0 else centered
        case _:
            assert_never(variable.transform)


def _centered(values: Floats) -> Floats:
    # One number for all stays one number for all: its mean may differ from it by rounding.
    if values.size and values.min() == values.max():
        return np.zeros_like(values)
    return np.asarray(values - values.mean(), dtype=np.float64)


def _levels(variable: Variable, data: NDArray[Any], rules: ModelRules) -> Levels:
    if data.dtype.kind == "f":
        _demand_finite(data.astype(np.float64), variable, rules)
    distinct, codes = _distinct(data)
    # One level of a factor needs no coefficient.
    if len(distinct) > rules.columns + 1:
        raise ModelRefused(ModelRefusal.MANY_LEVELS, rules, variable)
    order = sorted(range(len(distinct)), key=lambda place: _sort_key(distinct[place]))
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return Levels(places[codes], tuple(_name(distinct[place]) for place in order))


def _distinct(data: NDArray[Any]) -> tuple[list[Any], Codes]:
    if data.dtype.kind != "O":
        distinct, codes = np.unique(data, return_inverse=True)
        return list(distinct), codes.astype(np.int64)
    # Values of different kinds cannot be sorted, but can be told apart.
    places: dict[Any, int] = {}
    codes = np.fromiter((places.setdefault(value, len(places)) for value in data), dtype=np.int64, count=len(data))
    return list(places), codes


def _sort_key(value: Any) -> tuple[bool, float, str]:
    is_number = isinstance(value, Real | Decimal | np.bool_)
    return not is_number, float(value) if is_number else 0.0, str(value)


def _name(value: Any) -> str:
    """As a person would write it: 5 for 5.0."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)
