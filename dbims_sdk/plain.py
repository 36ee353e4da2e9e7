"""The faces in a terminal: aligned plain text."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

_NARROWEST = 16


def record(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """One thing, as names and values."""
    width = max((len(name) for name, _ in rows), default=0)
    room = max(shutil.get_terminal_size().columns - width - 4, _NARROWEST)
    lines = [_hanging(f"  {name:<{width}}  ", value, room) for name, value in rows]
    return "\n".join([title, *lines])


def table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows as paragraphs: the first column, and under it the others that are not blank, by name."""
    width = max(len(heading) for heading in headings[1:])
    room = max(shutil.get_terminal_size().columns - width - 6, _NARROWEST)
    lines = [title]
    for first, *rest in rows:
        named = zip(headings[1:], rest, strict=True)
        lines += [f"  {first}", *(_hanging(f"    {h:<{width}}  ", v, room) for h, v in named if v)]
    return "\n".join(lines)


def _hanging(label: str, value: str, room: int) -> str:
    return textwrap.fill(value, width=len(label) + room, initial_indent=label, subsequent_indent=" " * len(label))
