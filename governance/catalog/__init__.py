"""WHAT EXISTS: tables, columns, classes, code sets. One declaration each; everything else is derived."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.resources import files

from governance.catalog.declaration import make_catalog, parse_code_sets, parse_hierarchies, parse_table
from governance.catalog.generalization import Generalization, Treatment
from governance.catalog.model import (
    Catalog,
    Category,
    CodeSet,
    Column,
    ColumnClass,
    ColumnType,
    Severity,
    Table,
    Unit,
)

__all__ = [
    "Catalog",
    "Category",
    "CodeSet",
    "Column",
    "ColumnClass",
    "ColumnType",
    "Generalization",
    "Severity",
    "Table",
    "Treatment",
    "Unit",
    "load_catalog",
]


@cache
def load_catalog(added: tuple[str, ...] = ()) -> Catalog:
    """The catalog as declared in this package. Its own files are the only thing the core ever reads.

    `added`: declarations of further categories, which were approved.
    """
    here = files(__name__)
    tables = [
        parse_table(entry.read_text(encoding="utf-8"))
        for entry in (here / "tables").iterdir()
        if entry.name.endswith(".toml")
    ]
    code_sets = parse_code_sets((here / "codes.toml").read_text(encoding="utf-8"))
    tables += [replace(parse_table(text), added=True) for text in added]
    return make_catalog(tables, code_sets, parse_hierarchies((here / "hierarchies.toml").read_text(encoding="utf-8")))
