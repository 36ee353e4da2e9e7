"""Bars, laid out by the server: an SVG's numbers, which a template draws and repeats as a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

WIDTH, ROW, LABELS, NUMBERS = 520, 30, 200, 60


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its number, where it stands and how long it is."""

    label: str
    number: int
    y: int
    length: int
    second: bool = False


@dataclass(frozen=True)
class Chart:
    """Horizontal bars over one scale."""

    title: str
    unit: str
    bars: tuple[Bar, ...]

    @property
    def width(self) -> int:
        return WIDTH

    @property
    def labels(self) -> int:
        """Where the labels end and the bars begin."""
        return LABELS

    @property
    def height(self) -> int:
        return max(1, len(self.bars)) * ROW


def bars(title: str, unit: str, rows: Iterable[tuple[str, int]]) -> Chart:
    """A chart of numbers that are zero or more. The longest bar has the whole width; what is not zero is seen."""
    given = list(rows)
    most = max((number for _, number in given), default=0) or 1
    room = WIDTH - LABELS - NUMBERS
    return Chart(
        title,
        unit,
        tuple(
            Bar(label, number, at * ROW, max(2, round(room * number / most)) if number else 0)
            for at, (label, number) in enumerate(given)
        ),
    )
