"""The rows that a load set aside: how many, and of the first ones where they stand and which rule. No value."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from governance.cli.console import out, say
from governance.warehouse.snapshot import Snapshot
from governance.warehouse.sources.protocol import Rule

MOST_SHOWN = 20
QUARANTINE = "quarantine.parquet"
_RULES = "|".join(re.escape(rule.value) for rule in Rule)
# Names only, and only what looks like one: a header may be anything, a row of values by mistake.
_COLUMN = re.compile(rf"([A-Za-z0-9_]{{1,40}}): (?:{_RULES}|the catalog has no such column)")
_MISSING = re.compile(r"missing: ([A-Za-z0-9_]{1,40}(?:, [A-Za-z0-9_]{1,40})*)")


@dataclass(frozen=True)
class SetAside:
    """One row: `line` is the record in a CSV file. `columns`: those at fault, as far as they can be named."""

    table: str
    file: str
    line: int
    columns: tuple[str, ...]
    rule: str

    @property
    def place(self) -> str:
        return f"{self.file}, line {self.line}"

    @property
    def fault(self) -> str:
        return f"{', '.join(self.columns)}: {self.rule}" if self.columns else self.rule


@dataclass(frozen=True)
class SetAsideRows:
    """All of a snapshot: how many there are, the first of them, and the file that has the rest.

    `unknown`: by "table/rule", the columns that the catalog does not know.
    """

    total: int
    first: tuple[SetAside, ...]
    file: Path
    unknown: dict[str, tuple[str, ...]]

    def names_of(self, what: str) -> str:
        """In brackets behind a count."""
        names = self.unknown.get(what, ())
        return f" ({', '.join(names[:MOST_SHOWN])})" if names else ""

    @property
    def rest(self) -> str:
        shown = "all of them" if self.total <= len(self.first) else f"the first {len(self.first)} of {self.total:,}"
        return f"These are {shown}; every one, with its reason, is in {self.file}"

    def to_json(self) -> dict[str, Any]:
        return {"rows": self.total, "file": str(self.file), "first": [asdict(row) for row in self.first]}


def rows_set_aside(snapshot: Snapshot) -> SetAsideRows:
    path = snapshot.path / QUARANTINE
    with pq.ParquetFile(path) as file:
        total = file.metadata.num_rows
        batch = next(file.iter_batches(MOST_SHOWN, columns=["table", "file", "line", "rule", "reason"]), None)
    found = [] if batch is None else batch.to_pylist()
    first = tuple(
        SetAside(row["table"], row["file"], row["line"], columns_at_fault(row["reason"]), row["rule"]) for row in found
    )
    return SetAsideRows(total, first, path, _unknown_columns(path))


def _unknown_columns(path: Path) -> dict[str, tuple[str, ...]]:
    of_rule = [("rule", "=", Rule.UNKNOWN_COLUMN.value)]
    found: dict[str, tuple[str, ...]] = {}
    for row in pq.read_table(path, columns=["table", "reason"], filters=of_rule).to_pylist():
        what = f"{row['table']}/{Rule.UNKNOWN_COLUMN.value}"
        found[what] = tuple(dict.fromkeys((*found.get(what, ()), *columns_at_fault(row["reason"]))))
    return found


def columns_at_fault(reason: str) -> tuple[str, ...]:
    """The columns that a reason names."""
    missing = _MISSING.fullmatch(reason)
    if missing:
        return tuple(missing[1].split(", "))
    parts = (_COLUMN.fullmatch(part) for part in reason.split("; "))
    return tuple(dict.fromkeys(part[1] for part in parts if part))


def print_set_aside(rows: SetAsideRows) -> None:
    for row in rows.first:
        say("  set aside:", "yellow", f"{row.place}: {row.fault}")
    if rows.total:
        out.print(f"  {rows.rest}", soft_wrap=True)


# What the page of the expectations says of a candidate, and what is true of a snapshot that readers see.
_OF_THE_CURRENT = {
    "This snapshot may be promoted": "This snapshot is current",
    "This snapshot must not be promoted": "This snapshot is current, and breaks rules that stop a load",
    "Readers keep the snapshot they have until these are mended.": "Mend the data and load again.",
}


def page_of_current(page: str, rows: SetAsideRows) -> str:
    """The page of the expectations, of a snapshot that is current, with what was set aside of it."""
    for of_candidate, of_current in _OF_THE_CURRENT.items():
        page = page.replace(of_candidate, of_current)
    head, footer, tail = page.partition("<footer>")
    return f"{head}{_section(rows)}{footer}{tail}"


def _section(rows: SetAsideRows) -> str:
    listed = "".join(f"<li>{escape(row.place)}: {escape(row.fault)}</li>" for row in rows.first)
    told = f"<p>{escape(rows.rest)}</p>" if rows.total else ""
    count = f"{rows.total:,} {'row was' if rows.total == 1 else 'rows were'} set aside by the load."
    return (
        '<section aria-labelledby="aside"><h2 id="aside">What was set aside</h2>'
        f"<p>{count}</p><ul>{listed}</ul>{told}</section>\n"
    )
