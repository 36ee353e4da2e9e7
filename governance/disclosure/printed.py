"""What is printed in the cells of a table: plain numbers, marks, and codes in the place of telling percents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from governance.disclosure.cells import Cells, Contributions, Floats, count_cells, medians
from governance.disclosure.primary import Shown, coded, compute, rounded, text
from governance.disclosure.rules import Reason, Rules
from governance.vocabulary import Statistic

SUPPRESSED, NOTHING = "*", "N/A"


@dataclass(frozen=True)
class Exact:
    """An exact table, for those who may see the rows by name."""

    shape: tuple[int, ...]
    values: Floats
    texts: tuple[str, ...]


def exact_table(given: Contributions, statistic: Statistic, columns: int) -> Exact:
    """Exact statistics, unprotected: they may not leave as they are."""
    cells = count_cells(given)
    shown = shown_by(given, cells, statistic, columns)
    texts = tuple(NOTHING if np.isnan(value) else text(value, statistic) for value in shown.values)
    return Exact(cells.shape, shown.values, texts)


def shown_by(given: Contributions, cells: Cells, statistic: Statistic, columns: int) -> Shown:
    return compute(cells, statistic, medians(given) if statistic is Statistic.MEDIAN else None, columns)


def print_cells(
    cells: Cells, shown: Shown, statistic: Statistic, columns: int, rules: Rules, reasons: list[Reason | None]
) -> tuple[list[str], Floats]:
    """The text of each cell, and the plain numbers among them. Marks what is coded in `reasons`."""
    percent = statistic in (Statistic.RATE, Statistic.PERCENT)
    is_coded, codes = coded(shown, rules) if percent else (np.zeros(cells.size, dtype=bool), [""] * cells.size)
    values, texts = np.full(cells.size, np.nan), []
    for place, value in enumerate(shown.values.tolist()):
        if reasons[place] is not None:
            texts.append(SUPPRESSED)
        elif np.isnan(value):
            texts.append(NOTHING)
        elif is_coded[place] and not (statistic is Statistic.PERCENT and _is_row_total(cells, place, columns)):
            reasons[place] = Reason.CODED
            texts.append(codes[place])
        else:
            values[place] = rounded(value, statistic)
            texts.append(text(value, statistic))
    return texts, values


def _is_row_total(cells: Cells, place: int, columns: int) -> bool:
    """The percent that a whole is of itself, 100, says nothing."""
    at = np.unravel_index(place, cells.shape)
    first = len(at) - columns if columns else 0
    return all(at[axis] == cells.shape[axis] - 1 for axis in range(first, len(at)))
