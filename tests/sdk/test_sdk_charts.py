"""Charts: what is not shown in the table is drawn as not shown. Each is drawn to a PNG, warnings being errors."""

from __future__ import annotations

import io
import itertools
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from wire_gateway import model_answer, one_column, table_answer

import dbims_sdk as dbims
from dbims_sdk import ProtectedModel, ProtectedTable
from dbims_sdk.chart_kinds import are_short
from dbims_sdk.chart_marks import COLOURS, HIDDEN_LABEL
from dbims_sdk.charts import KINDS
from dbims_sdk.tables import Kind


def drawn(figure: Figure) -> Axes:
    """The chart's axes, once it has been drawn to a PNG."""
    out = io.BytesIO()
    figure.savefig(out, format="png")
    assert out.getvalue().startswith(b"\x89PNG")
    return figure.axes[0]


def grid(rows: int, columns: int, name: str = "x", hidden: Any = lambda row, column: False) -> ProtectedTable:
    cells = [[None if hidden(i, j) else 10.0 * i - 3 * j for j in range(columns)] for i in range(rows)]
    return ProtectedTable.from_wire(
        table_answer(
            statistic="mean",
            value="score",
            row_labels=[[f"{name} r{i}"] for i in range(rows)],
            column_labels=[[f"{name} c{j}"] for j in range(columns)],
            values=cells,
            texts=[["*" if cell is None else f"{cell:g}" for cell in row] for row in cells],
            reasons=[["primary" if cell is None else None for cell in row] for row in cells],
        )
    )


def bars(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle) and patch.get_gid() != HIDDEN_LABEL]


def words_in(axes: Axes) -> str:
    legend = axes.get_legend()
    return "\n".join(text.get_text() for text in (legend.get_texts() if legend else [])).replace("\n", " ")


def texts_in(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


# What is hidden -----------------------------------------------------------------------------------


def test_a_bar_for_each_number_and_a_mark_for_each_hidden_one() -> None:
    axes = drawn(ProtectedTable.from_wire(table_answer()).plot("bar"))
    assert sorted(bar.get_width() for bar in bars(axes)) == [197, 212]
    marks = [line for line in axes.lines if line.get_gid() == HIDDEN_LABEL and line.get_marker() == "o"]
    assert len(marks) == 4 and all(to_rgb(mark.get_markerfacecolor()) == (1, 1, 1) for mark in marks)
    assert "not shown" in words_in(axes) and sorted(texts_in(axes)) == ["197", "212"]


def test_a_hidden_mark_stands_at_the_baseline_in_its_own_place() -> None:
    axes = drawn(ProtectedTable.from_wire(table_answer()).plot("bar"))
    marks = [line for line in axes.lines if line.get_gid() == HIDDEN_LABEL and line.get_marker() == "o"]
    places = [(np.ravel(mark.get_xdata())[0], np.ravel(mark.get_ydata())[0]) for mark in marks]
    assert {x for x, _ in places} == {0}
    middles = [bar.get_y() + bar.get_height() / 2 for bar in bars(axes)]
    heights = sorted([y for _, y in places] + middles)
    assert len(heights) == 6 and min(np.diff(heights)) > 0.2


def test_what_is_coded_or_has_nothing_is_told_apart() -> None:
    axes = drawn(ProtectedTable.from_wire(one_column()).plot("bar"))
    plain, pale, outline = bars(axes)
    assert plain.get_width() == 62.5 and plain.get_alpha() is None
    assert pale.get_width() == 95 and pale.get_alpha() and outline.get_linestyle() == "--"
    assert texts_in(axes) == ["62.5 %", "≥ 95 %", "N/A"]
    legend = words_in(axes)
    assert "shown as a range" in legend and "nothing to compute from" in legend


def test_a_line_is_broken_where_a_number_is_hidden() -> None:
    table = grid(5, 2, hidden=lambda row, column: (row, column) in {(2, 0), (4, 1)})
    axes = drawn(table.plot("line"))
    lines = [line for line in axes.lines if len(np.ravel(line.get_xdata())) == 5]
    gaps = [np.isnan(np.asarray(line.get_ydata(), dtype=float)).nonzero()[0].tolist() for line in lines]
    assert gaps == [[2], [4]]
    marks = [line for line in axes.lines if line.get_gid() == HIDDEN_LABEL and line.get_marker() == "o"]
    assert [round(float(np.ravel(mark.get_xdata())[0])) for mark in marks] == [2, 4]
    assert "no number" in texts_in(axes)


def test_the_marks_of_a_line_lie_below_its_scale() -> None:
    """In a hatched strip of their own, so that none can be read as a value."""
    axes = drawn(grid(4, 1, hidden=lambda row, column: row == 1).plot("line"))
    (strip,) = [patch for patch in axes.patches if patch.get_gid() == HIDDEN_LABEL]
    assert strip.get_hatch()
    (mark, _) = [line for line in axes.lines if line.get_gid() == HIDDEN_LABEL]
    at = axes.get_xaxis_transform().transform((0, np.ravel(mark.get_ydata())[0]))
    value = axes.transData.inverted().transform(at)[1]
    drawn_values = [0, 20, 30]
    assert value < min([*drawn_values, *axes.get_yticks()])


def test_a_line_without_hidden_numbers_has_no_strip() -> None:
    axes = drawn(grid(3, 2).plot("line"))
    assert not [patch for patch in axes.patches if patch.get_gid() == HIDDEN_LABEL]
    assert not texts_in(axes)


def test_counts_begin_at_zero_in_a_line() -> None:
    axes = drawn(ProtectedTable.from_wire(table_answer(reasons=[[None] * 4] * 3, texts=[["1"] * 4] * 3)).plot("line"))
    assert 0 in axes.get_yticks()


def test_a_field_is_hatched_grey_where_a_number_is_hidden() -> None:
    axes = drawn(ProtectedTable.from_wire(table_answer()).plot("heatmap"))
    hidden = [patch for patch in axes.patches if patch.get_gid() == HIDDEN_LABEL]
    assert len(hidden) == 4 and all(patch.get_hatch() for patch in hidden)
    red, green, blue = to_rgb(hidden[0].get_facecolor())
    assert red == green == blue
    assert texts_in(axes).count("*") == 4 and {"197", "212"} <= set(texts_in(axes))
    assert "not shown" in words_in(axes)


def test_only_numbers_make_the_scale_of_colours() -> None:
    table = ProtectedTable.from_wire(one_column())
    assert len(table.plot("heatmap").axes) == 1
    assert len(grid(2, 3).plot("heatmap").axes) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_when_everything_is_hidden_there_is_no_scale(kind: Kind) -> None:
    figure = grid(3, 2, hidden=lambda row, column: True).plot(kind)
    axes = drawn(figure)
    assert len(figure.axes) == 1 and "not shown" in words_in(axes)
    if kind == "bar":
        assert not bars(axes) and not len(axes.get_xticks())
    if kind == "line":
        assert not len(axes.get_yticks())


@pytest.mark.parametrize("kind", KINDS)
def test_totals_are_left_out(kind: Kind) -> None:
    axes = drawn(ProtectedTable.from_wire(table_answer()).plot(kind))
    names = [label.get_text() for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    assert "Total" not in names and "521" not in texts_in(axes)


# Around it ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_statement_is_the_footnote(kind: Kind) -> None:
    note = ProtectedTable.from_wire(table_answer()).plot(kind).get_supxlabel().replace("\n", " ")
    assert "Policy District statistics, version 2026-11." in note and "answer a-1" in note
    note = ProtectedTable.from_wire(table_answer(None)).plot(kind).get_supxlabel().replace("\n", " ")
    assert note.startswith("NOT PROTECTED") and "may not leave" in note


def test_a_notebook_shows_it_and_no_list_of_figures_grows() -> None:
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    figure: Any = ProtectedTable.from_wire(table_answer()).plot()
    assert figure._repr_png_().startswith(b"\x89PNG") and plt.get_fignums() == before


def test_drawing_leaves_the_analysts_own_settings_alone() -> None:
    import matplotlib as mpl

    with mpl.rc_context({"font.size": 20}):
        drawn(ProtectedTable.from_wire(table_answer()).plot())
        assert mpl.rcParams["font.size"] == 20


@pytest.mark.parametrize("kind", KINDS)
def test_labels_are_text(kind: Kind) -> None:
    axes = drawn(grid(2, 2, "_$\\frac{1}$ <b> %", lambda row, column: row == 0 and column == 0).plot(kind))
    names = [label.get_text() for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    assert any("\\$" in name for name in names)
    if kind != "heatmap":
        assert "_\\$" in words_in(axes)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 8), (8, 2)])
@pytest.mark.parametrize("kind", KINDS)
def test_sizes(kind: Kind, rows: int, columns: int) -> None:
    long = "A name that is much longer than anybody would have thought when"
    for name, hidden in itertools.product(("x", long), (lambda i, j: False, lambda i, j: (i + j) % 2 == 0)):
        drawn(grid(rows, columns, name, hidden).plot(kind))


@pytest.mark.parametrize(("kind", "rows", "columns"), [("bar", 60, 1), ("line", 30, 8), ("heatmap", 40, 20)])
def test_the_largest(kind: Kind, rows: int, columns: int) -> None:
    drawn(grid(rows, columns, "A name that is longer than most").plot(kind))


@pytest.mark.parametrize(
    ("kind", "rows", "columns"), [("bar", 61, 1), ("bar", 2, 9), ("bar", 30, 3), ("line", 2, 9), ("heatmap", 2, 21)]
)
def test_more_than_can_be_read_is_an_error_that_says_what_to_do(kind: Kind, rows: int, columns: int) -> None:
    with pytest.raises(dbims.BadQuery, match="more in it than") as caught:
        grid(rows, columns).plot(kind)
    assert "where=" in caught.value.next


@pytest.mark.parametrize("kind", ["pie", "", None, 3, ["bar"]])
def test_a_kind_that_there_is_not(kind: Any) -> None:
    with pytest.raises(dbims.BadQuery, match="no chart of that kind") as caught:
        grid(2, 2).plot(kind)
    assert caught.value.next == "There are: bar, line, heatmap."


def test_whether_labels_fit() -> None:
    assert are_short(("2025", "2026")) and not are_short(("a rather long name",) * 9)


def seen_without(colour: str, deficiency: str) -> np.ndarray[Any, Any]:
    """A colour as somebody without red or green cones sees it (Viénot, Brettel and Mollon, 1999), in linear light."""
    light = np.array(to_rgb(colour)) ** 2.2
    lms = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]]) @ light
    if deficiency == "protan":
        lms[0] = 2.02344 * lms[1] - 2.52581 * lms[2]
    elif deficiency == "deutan":
        lms[1] = 0.494207 * lms[0] + 1.24827 * lms[2]
    back = np.array(
        [[0.080944, -0.130504, 0.116721], [-0.0102485, 0.0540194, -0.113615], [-0.000365294, -0.00412163, 0.693513]]
    )
    return np.clip(back @ lms, 0, 1) ** (1 / 2.2)


@pytest.mark.parametrize("deficiency", ["none", "protan", "deutan"])
def test_the_colour_blind_tell_the_first_colours_apart(deficiency: str) -> None:
    seen = [seen_without(colour, deficiency) for colour in COLOURS[:6]]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 0.12


# Coefficients -------------------------------------------------------------------------------------


def test_coefficients_with_their_intervals() -> None:
    figure = ProtectedModel.from_wire(model_answer()).plot()
    axes = drawn(figure)
    intervals = [tuple(line.get_xdata()) for line in axes.lines if len(np.ravel(line.get_xdata())) == 2]
    assert (2.5, 34.3) in intervals and (-20.9, 14.4) in intervals
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [to_rgb(point.get_markerfacecolor()) == (1, 1, 1) for point in points] == [False, True]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert not any("Intercept" in name for name in names) and "version 2026-11" in figure.get_supxlabel()


def test_a_model_of_an_intercept_alone_has_no_chart() -> None:
    with pytest.raises(dbims.BadQuery, match="no coefficient to draw"):
        ProtectedModel.from_wire(model_answer(terms=model_answer()["terms"][:1])).plot()


def test_a_coefficient_without_interval() -> None:
    terms = [term | {"low": None, "high": None} for term in model_answer()["terms"]]
    drawn(ProtectedModel.from_wire(model_answer(terms=terms, family="logit")).plot())
