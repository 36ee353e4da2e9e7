"""What the gateway says about itself and its tables, as small frozen records that look good in a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self, overload

import pandas as pd

from dbims_sdk import markup, plain
from dbims_sdk.transport import unreadable_answer


class _Record:
    """Made from the gateway's JSON: every field must be there; what a newer gateway adds is passed over."""

    @classmethod
    def from_wire(cls, said: Any) -> Self:
        names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
        if not isinstance(said, dict) or not all(name in said for name in names):
            raise unreadable_answer()
        return cls(**{name: said[name] for name in names})


@dataclass(frozen=True, repr=False)
class Whoami(_Record):
    """Who asks, as what, of which snapshot of the warehouse, as of which day."""

    username: str
    capacity: str
    purpose: str | None
    study: str | None
    snapshot: str | None
    today: str
    form: str | None
    notice: str | None

    def _rows(self) -> list[tuple[str, str]]:
        rows = [
            ("Person", self.username),
            ("Capacity", words(self.capacity)),
            ("Purpose", self.purpose),
            ("Study", self.study),
            ("Answers come as", self.form),
            ("As of", self.today),
            ("Snapshot", self.snapshot),
            ("Notice", self.notice),
        ]
        return [(name, str(value)) for name, value in rows if value]

    def __repr__(self) -> str:
        return plain.record("Who I am", self._rows())

    def _repr_html_(self) -> str:
        return markup.record("Who I am", self._rows())


@dataclass(frozen=True)
class TableEntry(_Record):
    """A table that may be asked for, in which form, and why."""

    name: str
    category: str
    unit: str
    description: str
    form: str
    why: str


@dataclass(frozen=True, repr=False)
class Tables(Sequence[TableEntry]):
    """The tables that may be asked for. `in` and `.names` go by name."""

    entries: tuple[TableEntry, ...]

    @classmethod
    def from_wire(cls, said: Any) -> Self:
        if not isinstance(said, dict) or not isinstance(said.get("tables"), list):
            raise unreadable_answer()
        return cls(tuple(TableEntry.from_wire(entry) for entry in said["tables"]))

    @property
    def names(self) -> list[str]:
        return [entry.name for entry in self.entries]

    def to_frame(self) -> pd.DataFrame:
        """The same as a frame, one row per table."""
        return _frame(TableEntry, self.entries)

    def __contains__(self, table: object) -> bool:
        return table in self.names or table in self.entries

    def __iter__(self) -> Iterator[TableEntry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> TableEntry: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[TableEntry, ...]: ...
    def __getitem__(self, index: int | slice) -> TableEntry | tuple[TableEntry, ...]:
        return self.entries[index]

    def _rows(self) -> list[tuple[str, ...]]:
        return [(e.name, e.category, e.description, e.form, e.why) for e in self.entries]

    _title = "Tables I may ask for"
    _none = "There is no table that this session may ask for."
    _headings = ("Table", "Category", "What it holds", "Form", "Why")

    def __repr__(self) -> str:
        return plain.table(self._title, self._headings, self._rows()) if self.entries else self._none

    def _repr_html_(self) -> str:
        if not self.entries:
            return markup.notice([("", self._none)])
        return markup.table(self._title, self._headings, self._rows())


@dataclass(frozen=True)
class ColumnEntry(_Record):
    """A column: its type, its class (how identifying it is), its standard, and what my form makes of it."""

    name: str
    type: str
    description: str
    standard: str | None
    in_my_form: str
    column_class: str

    @classmethod
    def from_wire(cls, said: Any) -> Self:
        # `class` is a word of Python's own.
        return super().from_wire(said | {"column_class": said.get("class")} if isinstance(said, dict) else said)


@dataclass(frozen=True, repr=False)
class TableDescription:
    """One table and its columns."""

    name: str
    description: str
    unit: str
    key: tuple[str, ...]
    columns: tuple[ColumnEntry, ...]

    @classmethod
    def from_wire(cls, said: Any) -> Self:
        try:
            columns = tuple(ColumnEntry.from_wire(column) for column in said["columns"])
            return cls(said["name"], said["description"], said["unit"], tuple(said["key"]), columns)
        except (KeyError, TypeError):
            raise unreadable_answer() from None

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def to_frame(self) -> pd.DataFrame:
        """The columns as a frame, one row each."""
        return _frame(ColumnEntry, self.columns)

    def _title(self) -> str:
        return f"{self.name}: {self.description} One row per {', '.join(self.key)}."

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (c.name, c.type, c.column_class or "", c.description, c.in_my_form or "", c.standard or "")
            for c in self.columns
        ]

    _headings = ("Column", "Type", "Class", "What it holds", "In my form", "Standard")

    def __repr__(self) -> str:
        return plain.table(self._title(), self._headings, self._rows())

    def _repr_html_(self) -> str:
        return markup.table(self._title(), self._headings, self._rows())


@dataclass(frozen=True, repr=False)
class Explanation(_Record):
    """Why one student's rows are, or are not, in my answers."""

    answer_id: str
    allowed: bool
    reasons: tuple[str, ...]
    next: str | None

    def __post_init__(self) -> None:
        if not isinstance(self.allowed, bool) or not isinstance(self.reasons, list | tuple):
            raise unreadable_answer()
        object.__setattr__(self, "reasons", tuple(self.reasons))

    def _title(self) -> str:
        return f"You {'see' if self.allowed else 'do not see'} this student's rows, because:"

    def __repr__(self) -> str:
        lines = [self._title(), *(f"  - {reason}" for reason in self.reasons)]
        return "\n".join([*lines, f"What to do next: {self.next}"] if self.next else lines)

    def _repr_html_(self) -> str:
        closing = [("What to do next: ", self.next)] if self.next else []
        return markup.bulleted(self._title(), self.reasons, closing)


def words(identifier: str) -> str:
    """`special_education_office` as people write it."""
    return identifier.replace("_", " ")


def _frame(kind: type[TableEntry] | type[ColumnEntry], entries: Sequence[Any]) -> pd.DataFrame:
    return pd.DataFrame([asdict(entry) for entry in entries], columns=[field.name for field in fields(kind)])
