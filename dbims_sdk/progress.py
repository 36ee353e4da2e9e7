"""How far a long transfer is. Nothing is shown of one that takes less than a second."""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol

PATIENCE_SECONDS = 1.0
_REDRAW_SECONDS = 0.2


class Display(Protocol):
    """Where progress is shown."""

    def show(self, received: int, expected: int | None) -> None: ...
    def clear(self) -> None: ...


class Progress:
    """Counts rows as they arrive, and shows the count once patience is over."""

    def __init__(self, expected: int | None, display: Display | None) -> None:
        self._expected, self._display = expected, display
        self._received, self._due = 0, time.monotonic() + PATIENCE_SECONDS
        self._shown = False

    def add(self, rows: int) -> None:
        self._received += rows
        now = time.monotonic()
        if self._display is not None and now >= self._due:
            self._display.show(self._received, self._expected)
            self._shown, self._due = True, now + _REDRAW_SECONDS

    def end(self) -> None:
        if self._display is not None and self._shown:
            self._display.clear()


class NotebookDisplay:
    """A bar in the cell's output that goes away when the frame is there."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, received: int, expected: int | None) -> None:
        self._put({"text/plain": sentence(received, expected), "text/html": _bar(received, expected)})

    def clear(self) -> None:
        self._put({"text/plain": "", "text/html": ""})

    def _put(self, data: dict[str, str]) -> None:
        from IPython.display import (
            display,
        )  # not a dependency: there is IPython only where there is a notebook

        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(data, raw=True)


class TerminalDisplay:
    """One line of standard error, rewritten in place."""

    def show(self, received: int, expected: int | None) -> None:
        sys.stderr.write(f"\r{sentence(received, expected)}\x1b[K")
        sys.stderr.flush()

    def clear(self) -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def find_display() -> Display | None:
    """A notebook's cell, a terminal, or nothing where output goes to a file."""
    if "ipykernel" in sys.modules and "IPython" in sys.modules:
        return NotebookDisplay()
    return TerminalDisplay() if sys.stderr.isatty() else None


def sentence(received: int, expected: int | None) -> str:
    return f"{received:,} of {expected:,} rows" if expected else f"{received:,} rows"


def _bar(received: int, expected: int | None) -> str:
    level = f'value="{received}" max="{expected}"' if expected else ""
    return f"<label>{sentence(received, expected)} <progress {level}></progress></label>"
