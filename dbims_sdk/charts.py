"""Charts of protected tables and models. Imported only when one is drawn: matplotlib is slow to import."""

from __future__ import annotations

import io
import textwrap
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dbims_sdk import chart_kinds
from dbims_sdk.chart_kinds import are_short
from dbims_sdk.chart_marks import COLOURS, QUIET, STYLE, literal, wrapped
from dbims_sdk.chart_points import Points, label_of, points_of
from dbims_sdk.errors import BadQuery
from dbims_sdk.models import ProtectedModel
from dbims_sdk.protection import Protection, source
from dbims_sdk.tables import Kind, ProtectedTable

KINDS: tuple[Kind, ...] = ("bar", "line", "heatmap")
_WIDTH_INCHES, _DPI = 9.0, 110
_TITLE_LETTERS_PER_INCH = 9.6
_LETTERS_PER_INCH = 18
_INTERCEPT = "Intercept"
# Statistics that are read from zero: a line of them begins there.
_FROM_ZERO = {"count", "sum", "percent", "rate"}


class Chart(Figure):
    """A figure that shows itself in a notebook, and belongs to no list of open figures."""

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        self.savefig(out, format="png")
        return out.getvalue()


@dataclass(frozen=True)
class _Limits:
    """How much of it can still be read in a chart."""

    categories: int
    series: int
    cells: int


_LIMITS: dict[Kind, _Limits] = {
    "bar": _Limits(60, 8, 80),
    "line": _Limits(40, 8, 240),
    "heatmap": _Limits(40, 20, 800),
}


def draw(table: ProtectedTable, kind: Kind) -> Figure:
    """A chart of a table's cells, its totals left out."""
    points = points_of(table)
    _check_size(points, kind)
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        figure, axes = _canvas(_height(points, kind))
        match kind:
            case "bar":
                chart_kinds.draw_bars(axes, points, literal(table.measure))
            case "line":
                chart_kinds.draw_lines(axes, points, literal(table.measure), from_zero=table.statistic in _FROM_ZERO)
            case "heatmap":
                chart_kinds.draw_heatmap(axes, points, literal(table.measure))
        _write(figure, table.title, _footnote(table))
    return figure


def draw_coefficients(model: ProtectedModel) -> Figure:
    """Each coefficient with its interval; one whose interval leaves out zero is filled."""
    terms = model.terms.drop(index=_INTERCEPT, errors="ignore").dropna(subset=["estimate"])
    if terms.empty:
        raise BadQuery("The model has no coefficient to draw besides its intercept.", next="Look at model.terms.")
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        figure, axes = _canvas(1.9 + 0.36 * len(terms))
        for place, (estimate, low, high) in enumerate(zip(terms.estimate, terms.low, terms.high, strict=True)):
            axes.plot([low, high], [place, place], color=COLOURS[0], linewidth=2)
            inside = low <= 0 <= high
            fill = "white" if inside else COLOURS[0]
            axes.plot([estimate], [place], "o", color=COLOURS[0], markerfacecolor=fill, markersize=7)
        axes.axvline(0, color=QUIET, linewidth=1, linestyle="--")
        axes.set_yticks(range(len(terms)), [wrapped(label_of((str(name),)), 34) for name in terms.index])
        axes.set_ylim(len(terms) - 0.5, -0.5)
        axes.set_xlabel("Log-odds, 95 % interval" if model.family == "logit" else "Estimate, 95 % interval")
        axes.tick_params(axis="y", length=0)
        note = "Filled: the interval leaves out zero. " + _footnote(model)
        _write(figure, model.title, note)
    return figure


def _canvas(height: float) -> tuple[Figure, Axes]:
    """A figure of that height in inches, and its axes."""
    figure = Chart(figsize=(_WIDTH_INCHES, height), dpi=_DPI, layout="constrained", facecolor="white")
    return figure, figure.add_subplot()


def _height(points: Points, kind: Kind) -> float:
    rows = len(points.categories)
    match kind:
        case "bar":
            return 1.9 + 0.14 * rows + 0.22 * rows * len(points.series)
        case "line":
            return 4.8 if are_short(points.categories) else 7.0
        case "heatmap":
            return 2.2 + 0.46 * rows


def _check_size(points: Points, kind: Kind) -> None:
    most, cells = _LIMITS[kind], len(points.categories) * len(points.series)
    if not cells:
        raise BadQuery("There is nothing to draw: the table has no cells.", next="Ask with another where.")
    if len(points.categories) > most.categories or len(points.series) > most.series or cells > most.cells:
        raise BadQuery(
            f"The table has more in it than a chart of the kind “{kind}” can show.",
            next='Ask for fewer with where=..., or draw a wide table with kind="heatmap".',
        )


def _write(figure: Figure, title: str, note: str) -> None:
    above = textwrap.wrap(literal(title), int(_WIDTH_INCHES * _TITLE_LETTERS_PER_INCH))
    below = textwrap.wrap(literal(note), int(_WIDTH_INCHES * _LETTERS_PER_INCH))
    figure.suptitle("\n".join(above), x=0.01, ha="left", fontsize=11, fontweight="bold")
    figure.supxlabel("\n".join(below), x=0.01, ha="left", fontsize=7.5, color=QUIET)


def _footnote(answer: ProtectedTable | ProtectedModel) -> str:
    """The statement in brief."""
    return f"{_kept(answer.protection)} {source(answer.description)}"


def _kept(protection: Protection | None) -> str:
    if protection is None:
        return "NOT PROTECTED: exact statistics of people whom you may see by name. It may not leave as it is."
    said = protection.statement()
    return " ".join([f"{said.title.split(':')[0]}.", *said.sentences])
