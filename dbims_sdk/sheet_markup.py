"""A sheet as HTML: for a notebook, and as a document of its own. All text is escaped here."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from dbims_sdk import markup
from dbims_sdk.protection import SUPPRESSED
from dbims_sdk.sheets import Cell, Labels, Run, Sheet, is_total, runs
from dbims_sdk.wrapping import pieces

_LINE = "1px solid var(--jp-border-color1,currentColor)"
# Hatched grey in either theme: there is a number, and it is not shown.
_HIDDEN = "background:repeating-linear-gradient(135deg,rgba(128,128,128,.08) 0 4px,rgba(128,128,128,.3) 4px 6px)"
_NUMBER = "text-align:right;vertical-align:top;font-variant-numeric:tabular-nums;white-space:nowrap"
_HEADING = "text-align:right;vertical-align:bottom;white-space:normal;max-width:9em"
_GROUP = f"text-align:center;vertical-align:bottom;border-bottom:{_LINE}"
_NAME = "text-align:left;vertical-align:top;white-space:normal;max-width:16em"
_SHORT = 24
_SCROLL = "overflow-x:auto;max-width:100%"

_DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.45 system-ui, sans-serif; margin: 1.5rem auto; padding: 0 1rem; max-width: 72rem; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: .3em .7em; }}
thead {{ border-bottom: 1px solid; }}
tbody tr:nth-child(even) {{ background: rgb(128 128 128 / .1); }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def face(sheet: Sheet, *, rules_open: bool = False) -> str:
    """The table, its legend and its statement. A table wider than the page scrolls by itself."""
    head = f"<thead>{''.join(_head(sheet))}</thead>"
    body = f"<tbody>{''.join(_body(sheet))}</tbody>"
    table = f'<table style="margin:0">{markup.caption(sheet.caption)}{head}{body}</table>'
    label = escape(sheet.caption)
    region = f'<div role="region" tabindex="0" aria-label="{label}" style="{_SCROLL}">{table}</div>'
    return region + _statement(sheet, rules_open)


def document(sheet: Sheet) -> str:
    """A page of its own, that can be opened, sent and printed."""
    return _DOCUMENT.format(title=escape(sheet.caption), body=face(sheet, rules_open=True))


def _head(sheet: Sheet) -> Iterator[str]:
    levels = sheet.column_levels
    for level in range(levels):
        names = "".join(_stub(name, levels) for name in sheet.stub) if level == 0 else ""
        yield f"<tr>{names}{''.join(_column(run, last=level == levels - 1) for run in runs(sheet.columns, level))}</tr>"


def _stub(name: str, levels: int) -> str:
    span = f' rowspan="{levels}"' if levels > 1 else ""
    return f'<th scope="col"{span} style="{_NAME};vertical-align:bottom">{escape(name)}</th>'


def _column(run: Run, *, last: bool) -> str:
    span = f' colspan="{run.length}"' if run.length > 1 else ""
    scope = "col" if last else "colgroup"
    edge = f";border-left:{_LINE}" if run.total or not last else ""
    return f'<th scope="{scope}"{span} style="{_HEADING if last else _GROUP}{edge}">{_label(run.text)}</th>'


def _body(sheet: Sheet) -> Iterator[str]:
    names: dict[int, list[str]] = {}
    for level in range(len(sheet.stub)):
        for run in runs(sheet.rows, level):
            names.setdefault(run.begin, []).append(_row_name(run))
    edges = [f";border-left:{_LINE}" if is_total(labels) else "" for labels in sheet.columns]
    for place, (labels, cells) in enumerate(zip(sheet.rows, sheet.cells, strict=True)):
        weight = ";font-weight:600" if is_total(labels) else ""
        line = f' style="border-top:{_LINE}"' if place and _is_edge(sheet.rows[place - 1], labels) else ""
        row = (_cell(cell, weight + edge) for cell, edge in zip(cells, edges, strict=True))
        yield f"<tr{line}>{''.join(names.get(place, []))}{''.join(row)}</tr>"


def _is_edge(above: Labels, below: Labels) -> bool:
    """Whether a line parts two rows: where totals begin, and between groups of rows."""
    return (is_total(below) and not is_total(above)) or above[:-1] != below[:-1]


def _row_name(run: Run) -> str:
    span = f' rowspan="{run.length}"' if run.length > 1 else ""
    style = _NAME if len(run.text) > _SHORT else f"{_NAME};white-space:nowrap"
    return f'<th scope="{"rowgroup" if span else "row"}"{span} style="{style}">{_label(run.text)}</th>'


def _label(text: str) -> str:
    """A label that the browser may break inside a long code."""
    return " ".join("<wbr>".join(map(escape, pieces(word))) for word in text.split(" "))


def _cell(cell: Cell, style: str) -> str:
    if not cell.why:
        return f'<td style="{_NUMBER}{style}">{escape(cell.text)}</td>'
    # A reader of the screen hears the words; the mark itself would be read as "star", or not at all.
    why = escape(f"{cell.text}: {cell.why}")
    mark = f'<span role="img" aria-label="{why}">{escape(cell.text)}</span>'
    field = f";{_HIDDEN}" if cell.text == SUPPRESSED else ""
    return f'<td title="{why}" style="{_NUMBER}{style}{field}">{mark}</td>'


def _statement(sheet: Sheet, rules_open: bool) -> str:
    said = sheet.statement
    marks = [(mark, f"{why} ({count:,} cell{'' if count == 1 else 's'})") for mark, why, count in sheet.legend()]
    if said.warning:
        return markup.legend(marks) + markup.bulleted(said.title, said.sentences)
    return markup.legend(marks) + markup.statement(said.title, said.sentences, said.rules, rules_open=rules_open)
