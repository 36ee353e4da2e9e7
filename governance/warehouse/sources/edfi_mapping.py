"""How a dialect says what a record becomes: rows declared as columns and paths, and what to remember of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from governance.warehouse.sources.edfi_records import DanglingReferenceError, Record, Registers

Values = Mapping[str, str | None]
Reading = Callable[[Record, Registers], str | None]
Note = Callable[[Record, Registers], None]
Columns = Mapping[str, str | tuple[str, ...] | Reading]


@dataclass(frozen=True)
class Rows:
    """What one kind of record becomes in one table: any number of rows."""

    table: str
    make: Callable[[Record, Registers], Iterable[Values]]


@dataclass(frozen=True)
class Dialect:
    """One generation of Ed-Fi: by record type, the rows it becomes, and what is remembered of it beforehand.

    `noting` names the interchanges that hold remembered records: their files are read twice, since a record may
    refer to a later one.
    """

    rows: Mapping[str, tuple[Rows, ...]]
    notes: Mapping[str, Note]
    noting: frozenset[str]


def row(table: str, columns: Columns) -> Rows:
    """One row of a table per record: each column a path, alternative paths, or a way to read it."""
    readings = {name: _reading(column) for name, column in columns.items()}

    def make(record: Record, known: Registers) -> Iterator[Values]:
        yield {name: read(record, known) for name, read in readings.items()}

    return Rows(table, make)


def at(*paths: str) -> Reading:
    """The text at the first of the paths that has one."""
    return lambda record, _known: record.text(*paths)


def constant(text: str) -> Reading:
    return lambda _record, _known: text


def changed(change: Callable[[str | None], str | None], *paths: str) -> Reading:
    """The text at the paths, as `change` makes it."""
    return lambda record, _known: change(record.text(*paths))


def referred(reference: str, paths: tuple[str, ...], field: str) -> Reading:
    """The text at the paths, or the field of the record of this file whose `id` the reference names."""

    def read(record: Record, known: Registers) -> str | None:
        return record.text(*paths) or look_up(record, known, reference).get(field)

    return read


def look_up(record: Record, known: Registers, reference: str) -> dict[str, str | None]:
    """What is known of the record that the reference's `ref` names; an empty entry if there is no `ref`."""
    target = record.text(f"{reference}/@ref")
    if target is None:
        return {}
    found = known.find_all("id:", (target,))
    if not found:
        raise DanglingReferenceError(f"{reference} refers to no record of the same file")
    return found[0]


def race_ethnicity(races: list[str], hispanic: str | None) -> str | None:
    """The federal reporting group: Hispanic of any race first, then two or more races, then the one race."""
    if hispanic in ("true", "1"):
        return "Hispanic or Latino"
    distinct = list(dict.fromkeys(races))
    return "Two or More Races" if len(distinct) > 1 else next(iter(distinct), None)


def preferred(groups: list[Record], path: str, kind: str, order: tuple[str, ...]) -> str | None:
    """The text at `path` of the group whose `kind` comes first in `order`; of the first group, failing that."""
    ranked = sorted(groups, key=lambda group: _rank(group.text(kind), order))
    return next((text for group in ranked if (text := group.text(path))), None)


def full_time_equivalency(text: str | None) -> str | None:
    """A share of 1. Some districts write percent: 100 is 1."""
    try:
        share = float(text) if text else None
    except ValueError:
        return text
    return None if share is None else f"{share / 100 if share > 1.5 else share:g}"


def school_or_office(organization: str | None, known: Registers) -> str | None:
    """The school, or nothing where the organization is known to be a district or another agency."""
    return None if known.find_all("agency", (organization,)) else organization


def assessment_title(title: str | None, subjects: list[str]) -> str | None:
    """Title and subject: the parts of SAT or TAKS are told apart by their subject alone."""
    if title is None or len(subjects) != 1 or subjects[0] in title:
        return title
    return f"{title} - {subjects[0]}"


def assessment_subject(subjects: list[str]) -> str | None:
    return "Composite" if len(subjects) > 1 else next(iter(subjects), None)


def course_key(known: Registers, organization: str | None, code: str | None) -> str | None:
    """The course of that code which the organization defines, or else the only register's that has the code."""
    if organization is None or code is None:
        return None
    owners = [entry["owner"] for entry in known.find_all("course", (code,))]
    owner = organization if organization in owners or not owners else owners[0]
    return f"{owner}|{code}"


def _rank(kind: str | None, order: tuple[str, ...]) -> int:
    return order.index(kind) if kind in order else len(order)


def _reading(column: str | tuple[str, ...] | Reading) -> Reading:
    if callable(column):
        return column
    return at(column) if isinstance(column, str) else at(*column)
