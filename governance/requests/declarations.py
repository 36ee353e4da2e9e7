"""A new category of data, as a declaration file: read by the catalog's own loader, beside everything that exists."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace

from governance.catalog import Catalog, Table
from governance.catalog.declaration import DeclarationError, make_catalog, parse_table

NAME_PATTERN = r"[a-z][a-z0-9_]{0,62}\Z"
RESERVED = frozenset({"quarantine"})
"""Files of a snapshot that stand beside its tables."""


def read_declaration(text: str, catalog: Catalog) -> Table:
    """The table that the text declares; `DeclarationError` says what is wrong with it, or why it cannot be added."""
    try:
        table = replace(parse_table(text), added=True)
    except tomllib.TOMLDecodeError as error:
        raise DeclarationError(f"it is no TOML: {error}") from error
    except (AttributeError, LookupError, RecursionError) as error:
        raise DeclarationError("it is not a declaration of one table with its columns") from error
    _demand_names(table)
    if table.name in catalog.tables:
        raise DeclarationError(f"there is a table {table.name} already; a new category has a name of its own")
    with_catalog(catalog, (table,))
    return table


def with_catalog(catalog: Catalog, tables: tuple[Table, ...]) -> Catalog:
    """The catalog with those tables too, as added categories."""
    added = [replace(table, added=True) for table in tables]
    try:
        return make_catalog([*catalog.tables.values(), *added], dict(catalog.code_sets), dict(catalog.hierarchies))
    except ValueError as error:
        raise DeclarationError(str(error)) from error


def _demand_names(table: Table) -> None:
    """Names become names of files and of SQL."""
    for name in (table.name, *table.names):
        if not isinstance(name, str) or re.match(NAME_PATTERN, name) is None:
            raise DeclarationError("names are made of lower-case letters, digits and underscores, at most 63")
    if table.name in RESERVED:
        raise DeclarationError(f"the name {table.name} is kept for a file of every load; choose another")
