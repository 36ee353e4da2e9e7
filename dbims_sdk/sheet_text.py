"""A sheet as text: aligned for a terminal, as CSV, as Markdown."""

from __future__ import annotations

import csv
import io
import itertools
import re
import shutil
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from dbims_sdk.sheets import Labels, Sheet, runs
from dbims_sdk.wrapping import wrap

_HEADING_WIDTH, _NAME_WIDTH, _GAP = 14, 28, 2
_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def aligned(sheet: Sheet, width: int | None = None) -> str:
    """For a terminal `width` characters wide: columns that do not fit come in further blocks."""
    width = width or shutil.get_terminal_size().columns
    names = _names(sheet)
    columns = [_column(sheet, place) for place in range(len(sheet.columns))]
    blocks = [_block(names, block) for block in _fitting(columns, width - sum(map(_width, names)))]
    notes = [f"{mark}  {why} ({count:,})" for mark, why, count in sheet.legend()] + sheet.statement.lines()
    wrapped = [textwrap.fill(note, width=min(width, 100), subsequent_indent="   ") for note in notes]
    return "\n\n".join([sheet.caption, *blocks, "\n".join(wrapped)])


def to_csv(sheet: Sheet) -> str:
    """Lines of cells, then the legend and the statement in lines that begin with "#": `read_csv(comment="#")`."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow([_safe(name) for name in (*sheet.stub, *(" / ".join(labels) for labels in sheet.columns))])
    for labels, cells in zip(sheet.rows, sheet.cells, strict=True):
        writer.writerow([*map(_safe, labels), *(_number(cell.text) for cell in cells)])
    return out.getvalue() + "".join(f"# {_one_line(note)}\n" for note in _notes(sheet))


def to_markdown(sheet: Sheet) -> str:
    """A table with bars, its caption above, its legend and statement below."""
    head = [*sheet.stub, *(" / ".join(labels) for labels in sheet.columns)]
    ruler = [":--"] * len(sheet.stub) + ["--:"] * len(sheet.columns)
    rows = [
        [*map(_escape, labels), *(_escape(cell.text) for cell in cells)]
        for labels, cells in zip(sheet.rows, sheet.cells, strict=True)
    ]
    lines = [f"| {' | '.join(row)} |" for row in ([_escape(name) for name in head], ruler, *rows)]
    notes = [f"- {_escape(note)}" for note in _notes(sheet)]
    return "\n".join([f"**{_escape(sheet.caption)}**", "", *lines, "", *notes, ""])


def _notes(sheet: Sheet) -> list[str]:
    return [f"{mark} = {why}" for mark, why, _ in sheet.legend()] + sheet.statement.lines()


# Aligned text -------------------------------------------------------------------------------------

# A column is its lines, all of one width.
Column = list[str]


def _names(sheet: Sheet) -> list[Column]:
    """The rows' labels, one column for each level; a label that goes on is not repeated."""
    depth = sum(_heights(sheet.columns))
    columns = []
    for level, name in enumerate(sheet.stub):
        starts = {run.begin: run.text for run in runs(sheet.rows, level)}
        head = _fill(wrap(name, _NAME_WIDTH), depth)
        columns.append(_padded([*head, *(starts.get(place, "") for place in range(len(sheet.rows)))], left=True))
    return columns


def _column(sheet: Sheet, place: int) -> Column:
    levels = zip(sheet.columns[place], _heights(sheet.columns), strict=True)
    head = [line for label, height in levels for line in _fill(wrap(label, _HEADING_WIDTH), height)]
    return _padded([*head, *(row[place].text for row in sheet.cells)], left=False)


def _heights(columns: Sequence[Labels]) -> list[int]:
    """How many lines each level of headings takes."""
    return [max(len(wrap(label, _HEADING_WIDTH)) for label in level) for level in zip(*columns, strict=True)]


def _fill(lines: Column, height: int) -> Column:
    return [""] * (height - len(lines)) + lines


def _padded(lines: Column, *, left: bool) -> Column:
    width = max(map(_letters, lines))
    blanks = [" " * (width - _letters(line)) for line in lines]
    padded = [line + blank if left else blank + line for line, blank in zip(lines, blanks, strict=True)]
    return [" " * _GAP + line for line in padded]


def _width(column: Column) -> int:
    return _letters(column[0])


def _letters(text: str) -> int:
    """How many places of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)


def _fitting(columns: list[Column], room: int) -> Iterator[list[Column]]:
    """The columns in blocks that fit, at least one in each."""
    block: list[Column] = []
    for column in columns:
        if block and sum(map(_width, block)) + _width(column) > room:
            yield block
            block = []
        block.append(column)
    yield block


def _block(names: list[Column], columns: list[Column]) -> str:
    lines = ["".join(parts).rstrip() for parts in zip(*names, *columns, strict=True)]
    # Headings that are shorter than those of another block leave blank lines above them.
    return "\n".join(itertools.dropwhile(lambda line: not line, lines))


# Files --------------------------------------------------------------------------------------------


def _number(text: str) -> str | float:
    """What is printed in a cell: a number as one, a mark as text."""
    if not _NUMBER.fullmatch(text):
        return _safe(text)
    plain = text.replace(",", "")
    return float(plain) if "." in plain else int(plain)


def _safe(text: str) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _escape(text: str) -> str:
    """Text that Markdown shows as it is. A mark alone in its cell is one already."""
    if text == "*":
        return text
    return re.sub(r"([\\`*_\[\]<>|#~$])", r"\\\1", _one_line(text))
