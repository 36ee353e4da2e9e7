"""The three kinds of chart of a table. What is not shown is drawn as not shown: never a bar, a point or a colour."""

from __future__ import annotations

from typing import Any, assert_never

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.patches import Rectangle

from dbims_sdk.chart_marks import (
    COLOURS,
    GRID,
    INK,
    LINE_MARKERS,
    QUIET,
    RANGE_ALPHA,
    Handles,
    add_legend,
    bar_handles,
    beside,
    draw_hidden,
    hatch_handle,
    hatched_cell,
    hollow_handle,
    line_handles,
    literal,
    mark_handles,
    outline_handle,
    ring_handle,
    wrapped,
)
from dbims_sdk.chart_points import Known, Point, Points

Shade = tuple[float, float, float, float]
_BAR_ROOM = 0.82
_STRIP = 0.09
# A field of fewer columns is as wide as if it had so many: else its cells were bands.
_FEWEST_FIELDS = 4
_SMALL = 8.5
_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
WITHOUT_NUMBER = {Known.HIDDEN, Known.NOTHING}


def draw_bars(axes: Axes, points: Points, measure: str) -> None:
    """Bars to the right, grouped by category; the first category on top."""
    height = _BAR_ROOM / len(points.series)
    for series, colour in zip(range(len(points.series)), COLOURS, strict=False):
        for category, point in enumerate(points.of_series(series)):
            _bar(axes, point, category - _BAR_ROOM / 2 + (series + 0.5) * height, height * 0.92, colour)
    axes.set_yticks(range(len(points.categories)), [wrapped(name, 24) for name in points.categories])
    axes.set_ylim(len(points.categories) - 0.5, -0.5)
    axes.set_xlim(*_reach(points.values()))
    axes.set_xlabel(measure)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=QUIET, linewidth=0.8)
    if not points.values():
        axes.set_xticks([])
    several = bar_handles(points.series) if len(points.series) > 1 else []
    _legend_beside(axes, several + mark_handles(points.kinds(), ring_handle(), outline_handle()))


def _reach(values: list[float]) -> tuple[float, float]:
    """A scale with zero in it, and room for the numbers at the bars' ends."""
    low, high = min([0.0, *values]), max([0.0, *values])
    room = 0.12 * (high - low or 1.0)
    return low - room if low else 0.0, high + room


def _bar(axes: Axes, point: Point, y: float, height: float, colour: str) -> None:
    match point.known:
        case Known.NUMBER:
            axes.barh(y, point.value or 0.0, height, color=colour)
            _bar_text(axes, point, y)
        case Known.RANGE:
            axes.barh(y, point.value or 0.0, height, color=colour, alpha=RANGE_ALPHA)
            axes.barh(y, point.value or 0.0, height, facecolor="none", edgecolor=colour, linestyle="--")
            _bar_text(axes, point, y)
        case Known.HIDDEN:
            draw_hidden(axes, 0, y, beside(axes, 7), colour)
        case Known.NOTHING:
            axes.text(0, y, point.text, transform=beside(axes, 4), va="center", color=QUIET, fontsize=_SMALL)
        case _:
            assert_never(point.known)


def _bar_text(axes: Axes, point: Point, y: float) -> None:
    value = point.value or 0.0
    side, points = ("right", -4) if value < 0 else ("left", 4)
    axes.text(value, y, literal(point.text), transform=beside(axes, points), va="center", ha=side, fontsize=_SMALL)


def draw_lines(axes: Axes, points: Points, measure: str, *, from_zero: bool) -> None:
    """One line per series over the categories, broken where a number is not shown; a strip below holds those marks."""
    for series, (colour, marker) in enumerate(zip(COLOURS, LINE_MARKERS, strict=True)):
        if series < len(points.series):
            _line(axes, points.of_series(series), colour, marker)
    low = _set_height(axes, points, from_zero=from_zero)
    if points.kinds() & WITHOUT_NUMBER:
        _strip(axes, points, low)
    short = are_short(points.categories)
    names = [wrapped(name, 14) if short else literal(name) for name in points.categories]
    axes.set_xticks(range(len(points.categories)), names, rotation=0 if short else 90)
    axes.set_xlim(-0.5, len(points.categories) - 0.5)
    axes.set_ylabel(measure)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    several = line_handles(points.series) if len(points.series) > 1 else []
    _legend_beside(axes, several + mark_handles(points.kinds(), ring_handle(), hollow_handle()))


def are_short(names: tuple[str, ...]) -> bool:
    """Whether names fit beside one another under a chart, each in lines of 14 letters."""
    return sum(min(len(name), 14) for name in names) <= 84


def _line(axes: Axes, cells: list[Point], colour: str, marker: str) -> None:
    axes.plot(
        range(len(cells)), [_number(point) for point in cells], color=colour, marker=marker, markersize=6, linewidth=1.8
    )
    for place, point in enumerate(cells):
        if point.known is Known.RANGE and point.value is not None:
            axes.plot([place], [point.value], color=colour, marker=marker, markersize=7, markerfacecolor="white")
            axes.annotate(
                literal(point.text), (place, point.value), (6, 4), textcoords="offset points", fontsize=_SMALL
            )


def _set_height(axes: Axes, points: Points, *, from_zero: bool) -> float:
    """Sets the vertical scale, with room for the strip under it. Returns where the scale begins."""
    values = points.values() or [0.0, 1.0]
    low, high = min(values), max(values)
    room = (high - low or abs(high) or 1.0) * 0.1
    low = min(0.0, low) if from_zero else low - room
    high += room
    strip = (high - low) * 0.14 if points.kinds() & WITHOUT_NUMBER else 0.0
    axes.set_ylim(low - strip, high)
    axes.set_yticks([tick for tick in axes.get_yticks() if low <= tick <= high] if points.values() else [])
    return low


def _strip(axes: Axes, points: Points, low: float) -> None:
    """A hatched strip below the scale: what stands in it has no place on the scale."""
    strip = hatched_cell(0, 0, 1, _STRIP)
    strip.set(transform=axes.transAxes, zorder=0.5)
    axes.add_patch(strip)
    axes.axhline(low, color=QUIET, linewidth=0.8)
    axes.text(-0.01, _STRIP / 2, "no number", transform=axes.transAxes, ha="right", va="center", fontsize=_SMALL)
    step = min(0.16, 0.8 / len(points.series))
    for series, colour in zip(range(len(points.series)), COLOURS, strict=False):
        for place, point in enumerate(points.of_series(series)):
            if point.known in WITHOUT_NUMBER:
                x = place + (series - (len(points.series) - 1) / 2) * step
                _in_strip(axes, point, x, colour)


def _in_strip(axes: Axes, point: Point, x: float, colour: str) -> None:
    transform = axes.get_xaxis_transform()
    if point.known is Known.HIDDEN:
        draw_hidden(axes, x, _STRIP / 2, transform, colour)
    else:
        place: dict[str, Any] = {"ha": "center", "va": "center", "transform": transform}
        axes.text(x, _STRIP / 2, point.text, color=colour, fontsize=7, bbox=_WHITE, **place)


def draw_heatmap(axes: Axes, points: Points, measure: str) -> None:
    """A field of cells, darker for more. Hidden cells are hatched grey, outside the scale of colours."""
    numbers = np.array([[_number(point) for point in cells] for cells in points.cells])
    known, colours = numbers[np.isfinite(numbers)], _blues()
    scale = Normalize(known.min(), known.max()) if len(known) else Normalize(0, 1)
    axes.pcolormesh(numbers, cmap=colours, norm=scale, edgecolor="white", linewidth=1.5)
    for row, cells in enumerate(points.cells):
        for column, point in enumerate(cells):
            _field(axes, point, column, row, colours(scale(point.value or 0.0)))
    _heatmap_axes(axes, points)
    if len(set(known)) > 1:
        _colour_bar(axes, scale, colours, measure)
    place = {"loc": "upper left", "bbox_to_anchor": (0, -0.01), "ncols": 3, "borderaxespad": 0.3}
    add_legend(axes, mark_handles(points.kinds(), hatch_handle(), outline_handle()), 44, **place)


def _number(point: Point) -> float:
    return np.nan if point.value is None or point.known is not Known.NUMBER else point.value


def _heatmap_axes(axes: Axes, points: Points) -> None:
    axes.set_xlim(0, max(len(points.series), _FEWEST_FIELDS))
    axes.set_ylim(len(points.categories), 0)
    upright = len(points.series) > 12
    room = 24 if upright else max(76 // max(len(points.series), _FEWEST_FIELDS), 8)
    names = [wrapped(name, room) for name in points.series]
    axes.set_xticks(np.arange(len(points.series)) + 0.5, names, rotation=90 if upright else 0)
    axes.set_yticks(np.arange(len(points.categories)) + 0.5, [wrapped(name, 24) for name in points.categories])
    axes.tick_params(length=0, top=True, labeltop=len(points.series) > 1, bottom=False, labelbottom=False)
    axes.spines[:].set_visible(False)


def _field(axes: Axes, point: Point, x: int, y: int, shade: Shade) -> None:
    ink = INK
    match point.known:
        case Known.NUMBER:
            ink = _readable_on(shade)
        case Known.RANGE:
            axes.add_patch(
                Rectangle((x + 0.03, y + 0.06), 0.94, 0.88, facecolor="none", edgecolor=QUIET, linestyle="--")
            )
        case Known.HIDDEN:
            axes.add_patch(hatched_cell(x, y, 1, 1))
            axes.add_patch(Rectangle((x, y), 1, 1, facecolor="none", edgecolor="white", linewidth=1.5))
        case Known.NOTHING:
            ink = QUIET
        case _:
            assert_never(point.known)
    box = _WHITE if point.known is Known.HIDDEN else None
    text = axes.text(x + 0.5, y + 0.5, literal(point.text), ha="center", va="center", color=ink, bbox=box)
    # It lies in its cell: to measure hundreds of them for the layout took most of the time.
    text.set_in_layout(False)


def _colour_bar(axes: Axes, scale: Normalize, colours: Colormap, measure: str) -> None:
    figure = axes.get_figure()
    if figure is not None:
        bar = figure.colorbar(ScalarMappable(scale, colours), ax=axes, shrink=0.8, pad=0.02, aspect=25)
        bar.set_label(measure)
        bar.outline.set_visible(False)


def _blues() -> Colormap:
    """Blues without their palest, which could be taken for an empty cell."""
    return LinearSegmentedColormap.from_list("blues", colormaps["Blues"](np.linspace(0.12, 0.95, 64)))


def _readable_on(shade: Shade) -> str:
    red, green, blue, _ = shade
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else INK


def _legend_beside(axes: Axes, handles: Handles) -> None:
    add_legend(axes, handles, 26, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0)
