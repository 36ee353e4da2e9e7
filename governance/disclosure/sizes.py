"""How many persons are behind each cell of a measure: counts that its sums, means and rates give back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from governance.disclosure.cells import Contributions, count_cells
from governance.disclosure.primary import coded
from governance.disclosure.printed import shown_by
from governance.disclosure.released import Question
from governance.disclosure.rules import Reason
from governance.vocabulary import Statistic


def counts_behind(given: Contributions, statistic: Statistic) -> Contributions:
    """The persons of each cell; of a rate, by a further axis those who are not (0) and those who are (1)."""
    counted = replace(given, units=given.persons, values=np.ones(len(given.persons)))
    if statistic is not Statistic.RATE:
        return counted
    is_one = (given.values > 0).astype(np.int32)
    return replace(counted, codes=np.column_stack([given.codes, is_one]), sizes=(*given.sizes, 2))


def hidden_for_sizes(
    given: Contributions, question: Question, reasons: tuple[Reason | None, ...]
) -> tuple[Reason | None, ...]:
    """Why a cell of the measure is not shown, given why those of `counts_behind` are not: None where it may be.

    A rate times its denominator is a count, and so is what is left of it. A rate near 0 or 100 that is shown as a code
    gives neither.
    """
    if question.statistic is not Statistic.RATE:
        return reasons
    cells = count_cells(given)
    near = coded(shown_by(given, cells, question.statistic, question.columns), question.rules)[0]
    threes = zip(reasons[0::3], reasons[1::3], reasons[2::3], strict=True)
    return tuple(
        _first(whole) if is_near else _first(no, yes, whole)
        for (no, yes, whole), is_near in zip(threes, near, strict=True)
    )


def _first(*reasons: Reason | None) -> Reason | None:
    """The reason that weighs most."""
    return next((reason for reason in Reason if reason in reasons), None)
