"""A declaration in TOML to the words of the catalog. A new table is a new file, never a line of code."""

from __future__ import annotations

import tomllib
from typing import Any

from governance.catalog.generalization import (
    Attribute,
    Bands,
    ColumnName,
    Generalization,
    Groups,
    Level,
    Listed,
    SmallMerged,
    Treatment,
)
from governance.catalog.model import (
    Catalog,
    Category,
    Code,
    CodeSet,
    Column,
    ColumnClass,
    ColumnType,
    Table,
    Unit,
    usual_treatment,
)


class DeclarationError(ValueError):
    """A declaration that cannot be read; the message names the file's table and what is wrong."""


def parse_table(text: str) -> Table:
    """One table from the text of its declaration."""
    raw = tomllib.loads(text)
    try:
        columns = tuple(_column(entry) for entry in raw.pop("columns"))
        period = raw.pop("period", None)
        return Table(
            name=raw.pop("name"),
            category=Category(raw.pop("category")),
            unit=Unit(raw.pop("unit")),
            description=raw.pop("description"),
            key=tuple(raw.pop("key")),
            columns=columns,
            period=(period[0], period[1]) if period else None,
            **_nothing_left(raw),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise DeclarationError(f"table declaration {raw.get('name', '')}: {error}") from error


def parse_code_sets(text: str) -> dict[str, CodeSet]:
    """All code sets from the text of `codes.toml`."""
    return {name: _code_set(name, raw) for name, raw in tomllib.loads(text).items()}


def parse_hierarchies(text: str) -> dict[str, Generalization]:
    """All hierarchies from the text of `hierarchies.toml`."""
    try:
        return {name: _hierarchy(name, raw) for name, raw in tomllib.loads(text).items()}
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise DeclarationError(f"hierarchies: {error}") from error


def make_catalog(
    tables: list[Table], code_sets: dict[str, CodeSet], hierarchies: dict[str, Generalization] | None = None
) -> Catalog:
    """The tables ordered so that a register comes before the tables that refer to it."""
    owners = _owners(tables)
    ordered: dict[str, Table] = {}

    def place(table: Table, above: frozenset[str]) -> None:
        if table.name in above:
            raise DeclarationError(f"table declaration {table.name}: registers refer to each other in a circle")
        for column in table.columns:
            owner = owners.get(column.entity)
            if owner is not None and owner is not table:
                place(owner, above | {table.name})
        ordered.setdefault(table.name, table)

    for table in sorted(tables, key=lambda table: table.name):
        place(table, frozenset())
    return Catalog(ordered, code_sets, hierarchies or {})


def _owners(tables: list[Table]) -> dict[str, Table]:
    """Each entity's one register. (What a reader is shown of a catalog may have narrower keys: those are not asked.)"""
    owners: dict[str, Table] = {}
    for table in tables:
        other = owners.setdefault(table.owns, table) if table.owns else table
        if other is not table:
            raise DeclarationError(f"table declaration {table.name}: {other.name} is the register of {table.owns}")
    return owners


def _column(raw: dict[str, Any]) -> Column:
    raw = dict(raw)
    type_, class_ = ColumnType(raw.pop("type")), ColumnClass(raw.pop("class", "plain"))
    entity, hierarchy = raw.pop("entity", ""), raw.pop("hierarchy", "")
    stated = raw.pop("deidentified", None)
    return Column(
        name=raw.pop("name"),
        type=type_,
        description=raw.pop("description"),
        class_=class_,
        standard=raw.pop("standard", ""),
        entity=entity,
        codes=raw.pop("codes", ""),
        required=raw.pop("required", False),
        guarded=raw.pop("guarded", False),
        deidentified=Treatment(stated) if stated else usual_treatment(type_, class_, entity, hierarchy),
        hierarchy=hierarchy,
        within=tuple(raw.pop("within", ())),
        **_nothing_left(raw),
    )


def _code_set(name: str, raw: dict[str, Any]) -> CodeSet:
    codes = tuple(Code(entry["code"], entry["description"], tuple(entry.get("also", ()))) for entry in raw["codes"])
    return CodeSet(name, raw["source"], codes)


def _hierarchy(name: str, raw: dict[str, Any]) -> Generalization:
    raw = dict(raw)
    return Generalization(
        name=name,
        description=raw.pop("description"),
        finest=raw.pop("finest"),
        levels=tuple(_level(entry) for entry in raw.pop("levels")),
        source=_column_name(raw.pop("source", None)),
        shown=_column_name(raw.pop("shown", None)),
        weight=raw.pop("weight", 1.0),
        **_nothing_left(raw),
    )


def _level(raw: dict[str, Any]) -> Level:
    """A level is of the kind that its entries tell."""
    match raw:
        case {"words": words, "bands": lows, **rest}:
            return Bands(words, tuple(lows), **_nothing_left(rest))
        case {"words": words, "groups": groups, "rest": other, **rest}:
            named = tuple((name, tuple(values)) for name, values in groups.items())
            return Groups(words, named, other, **_nothing_left(rest))
        case {"words": words, "below": share, "rest": other, **rest}:
            return SmallMerged(words, share, other, **_nothing_left(rest))
        case {"words": words, "listed": register, "inside": inside, "rest": other, **rest}:
            return Listed(words, ColumnName(*register.split(".")), inside, other, **_nothing_left(rest))
        case {"words": words, "attribute": register, **rest}:
            return Attribute(words, ColumnName(*register.split(".")), **_nothing_left(rest))
    raise DeclarationError("a level is none of the known kinds")


def _column_name(text: str | None) -> ColumnName | None:
    return None if text is None else ColumnName(*text.split("."))


def _nothing_left(raw: dict[str, Any]) -> dict[str, Any]:
    if raw:
        raise DeclarationError(f"unknown entries: {', '.join(sorted(raw))}")
    return {}
