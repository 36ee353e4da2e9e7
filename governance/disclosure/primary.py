"""The primary rules applied: which cells of a table are not shown for what they say by themselves, and the texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import numpy as np
import numpy.typing as npt

from governance.disclosure.cells import Cells, Floats
from governance.disclosure.rules import Rules
from governance.vocabulary import Statistic

Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
SIGNIFICANT = 4


@dataclass(frozen=True)
class Shown:
    """What each cell would show: `values` (NaN where there is nothing), and the percent it stands for, if any.

    `group`: how many persons the percent is of.
    """

    values: Floats
    percents: Floats
    group: npt.NDArray[np.int64]


def compute(cells: Cells, statistic: Statistic, medians: Floats | None, columns: int) -> Shown:
    """The exact statistic of every cell. `columns`: how many of the last axes are columns (for percents)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        match statistic:
            case Statistic.COUNT:
                return _plain(cells.persons.astype(np.float64))
            case Statistic.SUM:
                return _plain(np.where(cells.rows > 0, cells.amounts, np.nan))
            case Statistic.MEAN:
                return _plain(cells.amounts / np.where(cells.rows > 0, cells.rows, np.nan))
            case Statistic.MEDIAN:
                return _plain(np.full(cells.size, np.nan) if medians is None else medians)
            case Statistic.RATE:
                percents = 100 * cells.amounts / np.where(cells.rows > 0, cells.rows, np.nan)
                return Shown(percents, percents, cells.persons)
            case Statistic.PERCENT:
                group = _row_totals(cells, columns)
                percents = 100 * cells.persons / np.where(group > 0, group, np.nan)
                return Shown(percents, percents, group)
            case _:
                assert_never(statistic)


def _plain(values: Floats) -> Shown:
    return Shown(values, np.full(len(values), np.nan), np.zeros(len(values), dtype=np.int64))


def _row_totals(cells: Cells, columns: int) -> npt.NDArray[np.int64]:
    """For each cell, the persons of its row: the margin over the columns, or over everything if there are none."""
    grid = cells.persons.reshape(cells.shape)
    axes = range(len(cells.shape) - columns if columns else 0, len(cells.shape))
    for axis in axes:
        grid = np.repeat(np.take(grid, [-1], axis=axis), cells.shape[axis], axis=axis)
    return np.asarray(grid.reshape(-1))


def too_small(cells: Cells, shown: Shown, statistic: Statistic, rules: Rules) -> Mask:
    """The cells that the primary rules suppress."""
    persons = cells.persons
    few = (persons > 0) & (persons < rules.smallest)
    match statistic:
        case Statistic.COUNT:
            return few
        case Statistic.SUM | Statistic.MEAN:
            return few | dominated(cells, rules)
        case Statistic.MEDIAN:
            # The median is a value of somebody, or lies between two.
            return (persons > 0) & (persons < max(rules.smallest, 10))
        case Statistic.RATE:
            # A rate times its denominator is a count, and so is what is left of it: see sizes.py.
            return (persons > 0) & (persons < rules.denominator)
        case Statistic.PERCENT:
            return few | ((shown.group > 0) & (shown.group < rules.denominator) & (persons > 0))
        case _:
            assert_never(statistic)


def rows_of_percents(shape: tuple[int, ...], statistic: Statistic, columns: int) -> tuple[Counts, Mask]:
    """For each cell the row that its percent is of, and whether it is the whole of it. None is, of other statistics."""
    size = int(np.prod(shape))
    across = int(np.prod(shape[len(shape) - columns :])) if columns else size
    at = np.arange(size)
    is_whole = (at % across == across - 1) & (statistic is Statistic.PERCENT)
    return at // across, np.asarray(is_whole)


def dominated(cells: Cells, rules: Rules) -> Mask:
    """Cells of which two persons make up nearly all, or whose second could tell the first within p percent."""
    whole = np.abs(cells.amounts)
    rest = whole - cells.first - cells.second
    two = (cells.first + cells.second) > rules.dominant_two * whole
    close = rest < rules.percent_known * cells.first
    return np.asarray((cells.persons > 0) & (whole > 0) & (two | close))


def coded(shown: Shown, rules: Rules) -> tuple[Mask, list[str]]:
    """The percents that are too near to 0 or 100 for the size of their group, and what is shown in their place."""
    margins = np.array([rules.margin(int(size)) for size in shown.group], dtype=np.float64)
    low, high = shown.percents < margins, shown.percents > 100 - margins
    texts = [
        f"≤ {margin:.0f} %" if is_low else (f"≥ {100 - margin:.0f} %" if is_high else "")
        for margin, is_low, is_high in zip(margins, low, high, strict=True)
    ]
    return np.asarray(low | high), texts


def text(value: float, statistic: Statistic) -> str:
    """A number as it is printed: whole persons; else four significant digits; percents with one decimal."""
    match statistic:
        case Statistic.COUNT:
            return f"{value:,.0f}"
        case Statistic.RATE | Statistic.PERCENT:
            return f"{value:.1f} %"
        case Statistic.SUM | Statistic.MEAN | Statistic.MEDIAN:
            return f"{rounded(value, statistic):,.12g}"
        case _:
            assert_never(statistic)


def rounded(value: float, statistic: Statistic) -> float:
    """The number that is handed out. Nothing is printed more exactly than it is of use."""
    match statistic:
        case Statistic.COUNT:
            return float(round(value))
        case Statistic.RATE | Statistic.PERCENT:
            return round(value, 1)
        case Statistic.SUM | Statistic.MEAN | Statistic.MEDIAN:
            return float(f"{value:.{SIGNIFICANT}g}")
        case _:
            assert_never(statistic)
