"""A table of statistics: its numbers, why some are not shown, and how it was protected."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import pandas as pd

from dbims_sdk import sheet_markup, sheet_text
from dbims_sdk.errors import BadQuery
from dbims_sdk.faces import words
from dbims_sdk.protection import (
    CODED,
    NOTHING,
    Protection,
    Statement,
    read_protection,
    reason_words,
    statement_of,
)
from dbims_sdk.sheets import Cell, Labels, Sheet
from dbims_sdk.transport import unreadable_answer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["bar", "line", "heatmap"]
_UNITS = {"student": "students", "staff": "staff", "school": "schools", "account": "accounts", "none": "rows"}


@dataclass(frozen=True)
class Shown:
    """One cell: its number if that is shown, the text that is shown, and why it is no plain number."""

    value: float | None
    text: str
    reason: str | None

    def __post_init__(self) -> None:
        number = isinstance(self.value, int | float) and type(self.value) is not bool and math.isfinite(self.value)
        # A cell that is hidden and has its number all the same is an answer that must not be shown at all.
        whole = self.value is None or (number and self.reason is None)
        if not whole or not isinstance(self.text, str) or not isinstance(self.reason, str | None):
            raise unreadable_answer()


@dataclass(frozen=True, repr=False)
class ProtectedTable:
    """What `Session.tabulate` answers.

    `frame`: the numbers as pandas has them, rows × columns, NaN where none is shown; `texts`: what is shown instead,
    "*" (suppressed), "N/A" (nothing to compute from) or a range; `reasons`: None, "primary", "complementary",
    "differencing" or "coded". The three are parallel, and each time new: changing one changes nothing here.
    `protection` says by which rules it was protected; it is None if the table is `unprotected`.
    """

    table: str
    statistic: str
    value: str | None
    unit: str
    rows: Labels
    columns: Labels
    row_labels: tuple[Labels, ...]
    column_labels: tuple[Labels, ...]
    protection: Protection | None
    description: Mapping[str, Any]
    cells: tuple[tuple[Shown, ...], ...]

    @classmethod
    def from_wire(cls, said: Any) -> Self:
        try:
            columns = _labels(said["column_labels"]) if said["columns"] else ((said["statistic"],),)
            return cls(
                **{name: said[name] for name in ("table", "statistic", "value", "unit", "description")},
                rows=tuple(said["rows"]),
                columns=tuple(said["columns"]),
                row_labels=_labels(said["row_labels"]),
                column_labels=columns,
                protection=read_protection(said["protection"], said["description"]),
                cells=tuple(_cells(*row) for row in zip(said["values"], said["texts"], said["reasons"], strict=True)),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise unreadable_answer() from None

    def __post_init__(self) -> None:
        deep = [len(labels) == len(self.rows) for labels in self.row_labels]
        deep += [len(labels) == max(len(self.columns), 1) for labels in self.column_labels]
        wide = [len(row) == len(self.column_labels) for row in self.cells]
        texts = (self.table, self.statistic, self.unit, self.value or "", *self.rows, *self.columns)
        if not all(isinstance(text, str) for text in texts):
            raise unreadable_answer()
        if not self.rows or not all(deep) or not all(wide) or len(wide) != len(self.row_labels):
            raise unreadable_answer()

    @property
    def unprotected(self) -> bool:
        return self.protection is None

    @property
    def frame(self) -> pd.DataFrame:
        frame = self._frame([[cell.value for cell in row] for row in self.cells]).astype(float)
        frame.attrs["dbims"] = dict(self.description)
        return frame

    @property
    def texts(self) -> pd.DataFrame:
        return self._frame([[cell.text for cell in row] for row in self.cells])

    @property
    def reasons(self) -> pd.DataFrame:
        return self._frame([[cell.reason for cell in row] for row in self.cells])

    @property
    def statement(self) -> Statement:
        """The sentences that stand under the table."""
        return statement_of(self.protection, self.description)

    @property
    def title(self) -> str:
        *others, last = map(_column_words, (*self.rows, *self.columns))
        by = f"{', '.join(others)} and {last}" if others else last
        return f"{self.measure}, by {by} ({words(self.table)})"

    @property
    def measure(self) -> str:
        """What the numbers are, in words."""
        units = _UNITS.get(self.unit, words(self.unit))
        match self.statistic:
            case "count":
                return f"Number of {units}"
            case "percent":
                return f"Percent of {units}" + (" in each row" if self.columns else "")
            case "rate":
                return f"Rate of {_column_words(self.value or '')}, in percent"
            case other:
                return f"{words(other).capitalize()} of {_column_words(self.value or '')}"

    def to_csv(self, path: str | Path | None = None) -> str | None:
        """The table as CSV, marks and all; the statement follows in lines that begin with "#". Text, or a file."""
        # Excel takes a file for Unicode only if it begins with a mark; pandas passes over it.
        return write_text(sheet_text.to_csv(self._sheet()), path, "utf-8-sig")

    def to_html(self, path: str | Path | None = None) -> str | None:
        """The table as an HTML page of its own, with the statement. Text, or a file."""
        return write_text(sheet_markup.document(self._sheet()), path)

    def to_markdown(self, path: str | Path | None = None) -> str | None:
        """The table in Markdown, with the statement. Text, or a file."""
        return write_text(sheet_text.to_markdown(self._sheet()), path)

    def plot(self, kind: Kind = "bar") -> Figure:
        """A chart of the table without its totals: what is not shown in the table is drawn as not shown.

        Returns a matplotlib figure, which a notebook displays; `.savefig("chart.png")` keeps it.
        """
        # matplotlib takes most of a second to import, and most tables are never drawn.
        from dbims_sdk import charts

        if kind not in charts.KINDS:
            raise BadQuery("There is no chart of that kind.", next=f"There are: {', '.join(charts.KINDS)}.")
        return charts.draw(self, kind)

    def __repr__(self) -> str:
        return sheet_text.aligned(self._sheet())

    def _repr_html_(self) -> str:
        return sheet_markup.face(self._sheet())

    def _frame(self, grid: list[list[Any]]) -> pd.DataFrame:
        rows, columns = _index(self.row_labels, self.rows), _index(self.column_labels, self.columns or (None,))
        # As objects, so that a reason that is None stays one.
        return pd.DataFrame(grid, index=rows, columns=columns, dtype=object)

    def _sheet(self) -> Sheet:
        columns = self.column_labels if self.columns else ((self.measure,),)
        cells = tuple(tuple(Cell(cell.text, _why(cell)) for cell in row) for row in self.cells)
        return Sheet(self.title, tuple(map(_column_words, self.rows)), columns, self.row_labels, cells, self.statement)


def _column_words(name: str) -> str:
    """A column as people write it; `school.school_name` is a school name."""
    return words(name.rpartition(".")[2])


def _index(labels: tuple[Labels, ...], names: tuple[str | None, ...]) -> pd.Index[Any]:
    if len(names) == 1:
        return pd.Index([label for (label,) in labels], name=names[0], dtype=object if not labels else None)
    return pd.MultiIndex.from_tuples(labels, names=names)


def _why(cell: Shown) -> str:
    """In words, why a cell shows no plain number."""
    if cell.reason is not None:
        return reason_words(cell.reason) if cell.reason == CODED else f"not shown: {reason_words(cell.reason)}"
    return "nothing to compute it from" if cell.text == NOTHING else ""


def _cells(values: Any, texts: Any, reasons: Any) -> tuple[Shown, ...]:
    return tuple(Shown(*cell) for cell in zip(values, texts, reasons, strict=True))


def _labels(said: Any) -> tuple[Labels, ...]:
    return tuple(tuple(str(label) for label in labels) for labels in said)


def write_text(text: str, path: str | Path | None, encoding: str = "utf-8") -> str | None:
    """The text itself, or None once it is in the file."""
    if path is None:
        return text
    Path(path).write_text(text, encoding=encoding)
    return None
