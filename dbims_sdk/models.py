"""A protected regression: its coefficients, how well it fits, and how it was protected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from dbims_sdk import sheet_markup, sheet_text
from dbims_sdk.faces import words
from dbims_sdk.protection import Protection, Statement, read_protection, statement_of
from dbims_sdk.sheets import Cell, Sheet
from dbims_sdk.tables import write_text
from dbims_sdk.transport import unreadable_answer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# As they come over the wire, and as people read them.
_COLUMNS = {
    "estimate": "Estimate",
    "std_error": "Std. error",
    "statistic": "Statistic",
    "p_value": "p",
    "low": "95 % from",
    "high": "to",
}
_FAMILIES = {"ols": "Linear regression", "logit": "Logistic regression"}


@dataclass(frozen=True, repr=False)
class ProtectedModel:
    """What `Session.ols` and `Session.logit` answer. There are no residuals and no fitted values: they are students.

    `terms`: a frame with one row per coefficient (index: its name) and the columns estimate, std_error, statistic,
    p_value, low, high (a 95 % interval); of a logit they are log-odds. `fit`: what the whole model comes to, by name.
    """

    family: str
    formula: str
    table: str
    observations: int
    students: int
    fit: Mapping[str, Any]
    protection: Protection | None
    description: Mapping[str, Any]
    _terms: tuple[tuple[str, tuple[float | None, ...]], ...]

    @classmethod
    def from_wire(cls, said: Any) -> Self:
        try:
            names = ("family", "formula", "table", "observations", "students", "description")
            return cls(
                **{name: said[name] for name in names},
                fit=dict(said["fit"]),
                protection=read_protection(said["protection"], said["description"]),
                _terms=tuple((str(term["name"]), tuple(term[name] for name in _COLUMNS)) for term in said["terms"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise unreadable_answer() from None

    def __post_init__(self) -> None:
        counts = (self.observations, self.students)
        numbers = [number for _, numbers in self._terms for number in numbers]
        texts = (self.family, self.formula, self.table)
        if not all(isinstance(text, str) for text in texts) or not all(type(count) is int for count in counts):
            raise unreadable_answer()
        if not all(number is None or type(number) in (int, float) for number in numbers):
            raise unreadable_answer()

    @property
    def unprotected(self) -> bool:
        return self.protection is None

    @property
    def terms(self) -> pd.DataFrame:
        names = pd.Index([name for name, _ in self._terms], name="term")
        frame = pd.DataFrame([numbers for _, numbers in self._terms], index=names, columns=list(_COLUMNS), dtype=float)
        frame.attrs["dbims"] = dict(self.description)
        return frame

    @property
    def title(self) -> str:
        return f"{_FAMILIES.get(self.family, words(self.family))}: {self.formula} ({words(self.table)})"

    @property
    def statement(self) -> Statement:
        """The sentences that stand under the coefficients."""
        said = statement_of(self.protection, self.description)
        about = [f"About {self.observations:,} observations of about {self.students:,} students.", *self._fit_words()]
        if self.family == "logit":
            about.append("Estimates are log-odds: exp(estimate) is an odds ratio.")
        return Statement(said.title, (*about, *said.sentences), said.rules, said.warning)

    def _fit_words(self) -> list[str]:
        known = [f"{words(name)} {_number(value)}" for name, value in self.fit.items() if value is not None]
        return [f"Fit: {', '.join(known)}."] if known else []

    def to_csv(self, path: str | Path | None = None) -> str | None:
        """The coefficients as CSV; the statement follows in lines that begin with "#". Text, or a file."""
        return write_text(sheet_text.to_csv(self._sheet()), path, "utf-8-sig")

    def to_html(self, path: str | Path | None = None) -> str | None:
        """The coefficients as an HTML page of its own, with the statement. Text, or a file."""
        return write_text(sheet_markup.document(self._sheet()), path)

    def to_markdown(self, path: str | Path | None = None) -> str | None:
        """The coefficients in Markdown, with the statement. Text, or a file."""
        return write_text(sheet_text.to_markdown(self._sheet()), path)

    def plot(self) -> Figure:
        """The coefficients with their 95 % intervals, the intercept left out. Returns a matplotlib figure."""
        # matplotlib takes most of a second to import, and most models are never drawn.
        from dbims_sdk import charts

        return charts.draw_coefficients(self)

    def __repr__(self) -> str:
        return sheet_text.aligned(self._sheet())

    def _repr_html_(self) -> str:
        return sheet_markup.face(self._sheet())

    def _sheet(self) -> Sheet:
        columns = tuple((heading,) for heading in _COLUMNS.values())
        rows = tuple((name,) for name, _ in self._terms)
        shown = (map(_shown, _COLUMNS, numbers) for _, numbers in self._terms)
        cells = tuple(tuple(Cell(text) for text in row) for row in shown)
        return Sheet(self.title, ("Term",), columns, rows, cells, self.statement)


def _shown(column: str, number: float | None) -> str:
    if number is None:
        return ""
    if column == "p_value":
        return "< 0.001" if number < 0.001 else f"{number:.3f}"
    return _number(number)


def _number(value: Any) -> str:
    """Four digits that count, thousands set apart."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return words(str(value))
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
