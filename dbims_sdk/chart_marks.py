"""How things look in a chart: colours that also the colour-blind tell apart, and marks for what is not shown."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.transforms import ScaledTranslation, Transform

from dbims_sdk.chart_points import Known
from dbims_sdk.wrapping import wrap

# Okabe and Ito (2008), without their yellow, which white paper swallows; wine and grey after Paul Tol.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#4D4D4D")
LINE_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, QUIET, GRID = "#1F1F1F", "#5F5F5F", "#DDDDDD"
HATCH: dict[str, Any] = {"facecolor": "#EDEDED", "edgecolor": "#8C8C8C", "hatch": "////", "linewidth": 0.0}
RANGE_ALPHA = 0.35
STYLE = {
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.facecolor": "white",
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "text.usetex": False,
}

# A hollow circle with an asterisk in it: no bar, no line, and never a point on the scale.
_RING: dict[str, Any] = {"marker": "o", "markersize": 9, "markerfacecolor": "white", "markeredgewidth": 1.1}
_STAR: dict[str, Any] = {"marker": (6, 2, 0), "markersize": 5.5, "markeredgewidth": 1.1}
HIDDEN_LABEL = "hidden"


def draw_hidden(axes: Axes, x: float, y: float, transform: Transform, colour: str = QUIET) -> None:
    """The mark of a number that is not shown."""
    for look in (_RING, _STAR):
        axes.plot(
            [x], [y], linestyle="none", color=colour, transform=transform, clip_on=False, gid=HIDDEN_LABEL, **look
        )


def beside(axes: Axes, points: float) -> Transform:
    """Places on the axes' scales, moved to the right by so many points (1/72 inch)."""
    figure = axes.get_figure(root=True)
    assert figure is not None, "axes that are drawn on belong to a figure"
    return axes.transData + ScaledTranslation(points / 72, 0, figure.dpi_scale_trans)


Handles = list[tuple[Any, str]]


def bar_handles(names: tuple[str, ...]) -> Handles:
    return [(Patch(facecolor=colour), name) for colour, name in zip(COLOURS, names, strict=False)]


def line_handles(names: tuple[str, ...]) -> Handles:
    looks = zip(COLOURS, LINE_MARKERS, names, strict=False)
    return [(Line2D([], [], color=colour, marker=marker), name) for colour, marker, name in looks]


def ring_handle() -> Any:
    return tuple(Line2D([], [], linestyle="none", color=QUIET, **look) for look in (_RING, _STAR))


def hatch_handle() -> Any:
    return Patch(**HATCH)


def outline_handle() -> Any:
    return Patch(facecolor="white", edgecolor=QUIET, linestyle="--")


def hollow_handle() -> Any:
    return Line2D([], [], linestyle="none", marker="o", color=QUIET, markerfacecolor="white", markersize=7)


def mark_handles(kinds: set[Known], hidden: Any, ranged: Any) -> Handles:
    """What the marks in a chart mean, for those that are in it; `hidden`, `ranged`: how it draws these two."""
    known = {
        Known.HIDDEN: (hidden, "* not shown: it could identify someone"),
        Known.RANGE: (ranged, "shown as a range"),
        Known.NOTHING: (Line2D([], [], linestyle="none"), "N/A: nothing to compute from"),
    }
    return [known[kind] for kind in known if kind in kinds]


def add_legend(axes: Axes, handles: Handles, letters: int, **place: Any) -> None:
    """A legend whose texts come from data, in lines of so many letters: also one that begins with "_" is shown."""
    if not handles:
        return
    legend = axes.legend([handle for handle, _ in handles], ["" for _ in handles], **place)
    for text, (_, name) in zip(legend.get_texts(), handles, strict=True):
        text.set_text(wrapped(name, letters))


def hatched_cell(x: float, y: float, width: float, height: float) -> Rectangle:
    return Rectangle((x, y), width, height, gid=HIDDEN_LABEL, **HATCH)


def literal(text: str) -> str:
    """Text that matplotlib does not take for a formula."""
    return text.replace("$", r"\$")


def wrapped(text: str, width: int) -> str:
    """A label in lines of so many letters."""
    return "\n".join(map(literal, wrap(text, width))) or " "
