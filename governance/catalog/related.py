"""Columns that a row of one table leads to: its own, and those of tables whose whole primary key it carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from governance.catalog.model import Catalog, Column, Table, Unit

STEPS = 2
PERSONS = (Unit.STUDENT, Unit.STAFF)


@dataclass(frozen=True)
class Reached:
    """A column, and the tables that lead to it: each is joined to those before it by its primary key."""

    path: tuple[str, ...]
    column: Column

    @property
    def table(self) -> str:
        return self.path[-1]


class AmbiguousColumn(ValueError):
    """Several related tables have a column of that name; `table.column` says which is meant."""


def reach(catalog: Catalog, table: Table, name: str) -> Reached:
    """The column `name` (or `table.column`) as seen from a row of `table`; `KeyError` if there is none.

    The table's own columns come first, then those that fewer steps lead to.
    """
    wanted, _, column = name.rpartition(".")
    nearest: list[tuple[str, ...]] = [(table.name,)]
    seen = {table.name}
    for _ in range(STEPS + 1):
        found = [
            Reached(path, catalog.tables[path[-1]].column(column))
            for path in nearest
            if column in catalog.tables[path[-1]].names and wanted in ("", path[-1])
        ]
        if len(found) > 1:
            raise AmbiguousColumn(name)
        if found:
            return found[0]
        further = {
            other.name: (*path, other.name) for path in reversed(nearest) for other in _next(catalog, path, seen)
        }
        seen |= set(further)
        nearest = list(further.values())
    raise KeyError(name)


def carrier(catalog: Catalog, path: tuple[str, ...], key: str) -> tuple[str, ...]:
    """Where a key of the table that follows `path` is taken from: the path to the nearest table that has the column."""
    ends = (end for end in range(len(path), 0, -1) if key in catalog.tables[path[end - 1]].names)
    return path[: next(ends)]


def carriers(catalog: Catalog, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Every table and column that the tables of a path are joined by."""
    for at in range(1, len(path)):
        for key in catalog.tables[path[at]].key:
            yield carrier(catalog, path[:at], key)[-1], key


def _next(catalog: Catalog, path: tuple[str, ...], seen: set[str]) -> list[Table]:
    """The tables whose whole primary key the tables of the path carry, and whose rows are not about somebody else:
    what is known of one counselor would be told by counting the students of the counselor."""
    carried = {name for step in path for name in catalog.tables[step].names}
    others = (other for other in catalog.tables.values() if other.name not in seen and set(other.key) <= carried)
    about = catalog.tables[path[0]].unit
    return [other for other in others if other.unit not in PERSONS or other.unit is about]
