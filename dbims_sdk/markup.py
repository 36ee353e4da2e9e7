"""The HTML of the faces: accessible tables in the colours of JupyterLab's theme. All text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_LEFT = "text-align:left;vertical-align:top"
_CAPTION = f"caption-side:top;{_LEFT};padding:0 0 .4em;font-weight:600;color:var(--jp-ui-font-color1,inherit)"
_CELL = f"{_LEFT};white-space:normal;max-width:34em"
_NOTICE = (
    "border-left:4px solid var(--jp-warn-color1,#b26a00);padding:.4em .9em;margin:.4em 0;max-width:46em;"
    "color:var(--jp-content-font-color1,inherit);background:var(--jp-layout-color2,transparent)"
)
_WORDS = "max-width:46em;font-size:.92em;margin:.4em 0;color:var(--jp-content-font-color1,inherit)"


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column names its rows."""
    head = "".join(f'<th scope="col" style="{_LEFT}">{escape(heading)}</th>' for heading in headings)
    body = "".join(f"<tr>{_row_name(first)}{_cells(rest)}</tr>" for first, *rest in rows)
    return f"<table>{caption(title)}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def record(title: str, fields: Iterable[tuple[str, str]]) -> str:
    """One thing, as names and values."""
    body = "".join(f"<tr>{_row_name(name)}{_cells([value])}</tr>" for name, value in fields)
    return f"<table>{caption(title)}<tbody>{body}</tbody></table>"


def notice(parts: Iterable[tuple[str, str]]) -> str:
    """Sentences to be read before going on: a refusal, a reason. A part is (label, text)."""
    lines = "".join(f'<div style="margin:.2em 0">{_label(label)}{escape(text)}</div>' for label, text in parts)
    return f'<div role="note" style="{_NOTICE}">{lines}</div>'


def bulleted(title: str, points: Iterable[str], closing: Sequence[tuple[str, str]] = ()) -> str:
    """A sentence, its reasons as a list, and what may follow from it."""
    items = "".join(f"<li>{escape(point)}</li>" for point in points)
    after = "".join(f"<div>{_label(label)}{escape(text)}</div>" for label, text in closing)
    reasons = f'<ul style="margin:.3em 0">{items}</ul>' if items else ""
    return f'<div role="note" style="{_NOTICE}"><strong>{escape(title)}</strong>{reasons}{after}</div>'


def statement(title: str, sentences: Iterable[str], rules: Sequence[str] = (), *, rules_open: bool = False) -> str:
    """Words that stand under a table, quietly; rules may be folded away."""
    items = "".join(f"<li>{escape(rule)}</li>" for rule in rules)
    state = " open" if rules_open else ""
    folded = f'<details{state}><summary>The rules</summary><ul style="margin:.3em 0">{items}</ul></details>'
    words = f"<strong>{escape(title)}</strong> {escape(' '.join(sentences))}"
    return f'<div role="note" style="{_WORDS}">{words}{folded if rules else ""}</div>'


def legend(lines: Iterable[tuple[str, str]]) -> str:
    """What the marks of a table mean: (mark, meaning)."""
    items = "".join(f"<div>{_label(mark)} {escape(meaning)}</div>" for mark, meaning in lines)
    return f'<div style="{_WORDS}">{items}</div>' if items else ""


def caption(text: str) -> str:
    """The caption of a table. It stays in view where a wide table scrolls on a narrow screen."""
    words = f'<div style="position:sticky;left:0;max-width:min(46em,calc(100vw - 4em))">{escape(text)}</div>'
    return f'<caption style="{_CAPTION}">{words}</caption>'


def _row_name(text: str) -> str:
    return f'<th scope="row" style="{_LEFT};white-space:nowrap">{escape(text)}</th>'


def _cells(values: Iterable[str]) -> str:
    return "".join(f'<td style="{_CELL}">{escape(value)}</td>' for value in values)


def _label(text: str) -> str:
    return f"<strong>{escape(text)}</strong>" if text else ""
