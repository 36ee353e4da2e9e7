"""Rows in terms of natural identifiers, so that two sides that number things differently can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.oracle.csv_district import District, Row
from tests.oracle.plain_text import plain_text

# How people tell apart what a register holds. Rooms are not in the catalog: two pairs of gym classes look alike.
NATURAL = {
    "school": ("school_id",),
    "student": ("student_id",),
    "staff": ("staff_id",),
    "course": ("course_code",),
    "section": ("section_id", "school_key", "course_key", "school_year"),
}


class Naturalizer:
    """Replaces the keys of one side by natural identifiers, following that side's own registers."""

    def __init__(self, registers: District) -> None:
        self._natural: dict[str, dict[str, str]] = {}
        for entity, columns in NATURAL.items():
            key = f"{entity}_key"
            self._natural[key] = {row[key]: self._name(row, columns) for row in registers.get(entity, [])}
        self._seen: dict[tuple[int, tuple[str, ...]], tuple[str, ...]] = {}

    def _name(self, row: Row, columns: Sequence[str]) -> str:
        return " ".join(self.value(column, row.get(column, "")) for column in columns)

    def value(self, column: str, value: str) -> str:
        """A key as the natural identifier it stands for; other values in their plain spelling."""
        if column in self._natural and value != "":
            return self._natural[column].get(value, f"unknown {column}")
        return plain_text(value)

    def rows(self, rows: Iterable[Row], columns: Sequence[str]) -> Counter[tuple[str, ...]]:
        """The multiset of the rows. Rows are remembered: a district is compared thousands of times."""
        return Counter(self._row(row, tuple(columns)) for row in rows)

    def _row(self, row: Row, columns: tuple[str, ...]) -> tuple[str, ...]:
        known = self._seen.get((id(row), columns))
        if known is None:
            known = tuple(self.value(column, row.get(column, "")) for column in columns)
            self._seen[id(row), columns] = known
        return known
