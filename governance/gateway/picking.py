"""Conditions so fine that whoever slides them learns of one person: a day of birth, a single day, an exact score.

A statistic that is refused tells something too: that it would have told of few. Over groups that are made by codes that
is little; over days and amounts it would find a person by halving.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from governance.catalog import Catalog, Column, ColumnClass, ColumnType, Treatment
from governance.vocabulary import Among, Between, Condition
from governance.warehouse.wire import Step

AMOUNTS = (ColumnType.NUMBER, ColumnType.INTEGER)
COARSE_DATES = (Treatment.MONTH, Treatment.SHARED_MONTH)


def columns_that_pick_out(catalog: Catalog, where: Iterable[tuple[Step, Condition]]) -> tuple[str, ...]:
    """The columns whose conditions are finer than what may be asked of persons whom one does not see by name."""
    asked = ((catalog.tables[step.path[-1]].column(step.column), condition) for step, condition in where)
    return tuple(column.name for column, condition in asked if _picks_out(column, condition))


def _picks_out(column: Column, condition: Condition) -> bool:
    if column.class_ is ColumnClass.PLAIN or _is_of_what_is_missing(condition):
        return False
    if column.type is ColumnType.DATE:
        return column.deidentified not in COARSE_DATES or not _is_of_whole_months(condition)
    return column.type in AMOUNTS


def _is_of_what_is_missing(condition: Condition) -> bool:
    return isinstance(condition, Among) and all(value is None for value in condition.values)


def _is_of_whole_months(condition: Condition) -> bool:
    """From the first of a month to the last of one, or open."""
    if not isinstance(condition, Between):
        return False
    low, high = condition.low, condition.high
    begins = low is None or (isinstance(low, date) and low.day == 1)
    return begins and (high is None or (isinstance(high, date) and (high + timedelta(days=1)).day == 1))
