"""A question's conditions, asked of what is shown: never of what it was made from.

A column of days shows months or weeks. A day in a condition stands for the one it is in, so that a range holds every
month of which it holds a day; a month may also be written as it is shown. What the column cannot be asked is refused,
since a condition that nothing can fulfil would look like an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, assert_never

from governance.catalog import Column, ColumnType, Table, Treatment
from governance.vocabulary import Among, Between, Condition, DateDetail
from governance.warehouse.deidentified_release import Release
from governance.warehouse.deidentified_words import DATE_FORMATS, EXAMPLES, is_about_persons, table_in_form
from governance.warehouse.wire import WorkerFault

DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T00:00:00)?")
SHOWN_DATES = {
    DateDetail.MONTH: re.compile(r"\d{4}-(0[1-9]|1[0-2])"),
    DateDetail.WEEK: re.compile(r"\d{4}-W(0[1-9]|[1-4]\d|5[0-3])"),
}


def on_what_is_shown(condition: Condition, table: Table, release: Release) -> Condition:
    """The condition, its values spelled as the column shows them; `WorkerFault` for what cannot be asked of it."""
    if not is_about_persons(table, release):
        return condition
    column = table.column(condition.column)
    if column.deidentified in (Treatment.MONTH, Treatment.SHARED_MONTH):
        return _spelled(condition, lambda value: _spelled_date(value, column, release.dates))
    if column.hierarchy:
        _demand_groups(condition, column)
    is_text = table_in_form(table, release).column(column.name).type in (ColumnType.TEXT, ColumnType.CODE)
    return _spelled(condition, str) if is_text else condition


def _spelled(condition: Condition, spell: Callable[[Any], str]) -> Condition:
    def each(value: Any) -> str | None:
        return None if value is None else spell(value)

    match condition:
        case Among(values=values):
            return replace(condition, values=tuple(each(value) for value in values))
        case Between(low=low, high=high):
            return replace(condition, low=each(low), high=each(high))
        case _:
            assert_never(condition)


def _spelled_date(value: Any, column: Column, dates: DateDetail) -> str:
    day = _day(value)
    if day is not None:
        return day.strftime(DATE_FORMATS[dates])
    if isinstance(value, str) and SHOWN_DATES[dates].fullmatch(value):
        return value
    raise WorkerFault(
        "bad_query",
        f"{column.name} shows {dates}s: a condition gives days, such as 2026-11-05, or {dates}s as they are shown, "
        f"such as {EXAMPLES[dates]}.",
    )


def _day(value: Any) -> date | None:
    written = DAY.fullmatch(value) if isinstance(value, str) else None
    try:
        return value if isinstance(value, date) else date.fromisoformat(written[1]) if written else None
    except ValueError:
        return None


def _demand_groups(condition: Condition, column: Column) -> None:
    """Groups have no order that texts have, and a day of birth is shown as none."""
    is_day = isinstance(condition, Among) and column.type is ColumnType.DATE and any(map(_day, condition.values))
    if isinstance(condition, Between) or is_day:
        raise WorkerFault(
            "bad_query", f"{column.name} shows groups: a condition lists those that are wanted, as they are shown."
        )
