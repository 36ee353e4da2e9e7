"""Ed-Fi interchange XML, of 2012 and of Data Standard v6: a zip or a folder of files, read in constant memory."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path

from governance.catalog import load_catalog
from governance.warehouse.sources.edfi_2012 import ED_FI_2012
from governance.warehouse.sources.edfi_files import XmlFile, xml_files
from governance.warehouse.sources.edfi_mapping import Dialect, Rows
from governance.warehouse.sources.edfi_reader import records
from governance.warehouse.sources.edfi_records import DanglingReferenceError, Record, Registers
from governance.warehouse.sources.edfi_v6 import ED_FI_V6
from governance.warehouse.sources.protocol import Place, Rule, Sink, SourceError

DIALECTS: Mapping[str, Dialect] = {"0100": ED_FI_2012, "5": ED_FI_V6, "6": ED_FI_V6}
"""By the version of the namespace: whole, or its first number."""

ORDER = (
    "EducationOrganization",
    "EducationOrgCalendar",
    "MasterSchedule",
    "AssessmentMetadata",
    "StudentParent",
    "Student",
    "Contact",
    "StaffAssociation",
    "StudentEnrollment",
)
"""Interchanges that others refer to, in the order to read them; all others come after."""

FILES_TO_RECOGNIZE = 50

_log = logging.getLogger(__name__)


class EdFiSource:
    """Ed-Fi interchange files. After `read`, `left_out` counts the records that no table has a place for."""

    name = "edfi"

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()

    def recognizes(self, path: Path, scratch: Path) -> bool:
        try:
            with xml_files(path, scratch) as files:
                return any(all(file.heading()) for file in islice(files, FILES_TO_RECOGNIZE))
        except (SourceError, OSError):
            return False

    def read(self, path: Path, sink: Sink, scratch: Path) -> None:
        with closing(Registers(scratch)) as known, xml_files(path, scratch) as files:
            ordered = _in_order(files)
            if not ordered:
                raise SourceError(f"{path.name}: no Ed-Fi interchange file in it; give the folder or zip that has them")
            reading = _Reading(sink, known)
            for file, interchange, version in ordered:
                reading.read_file(file, interchange, _dialect(file, version))
        self.left_out = +reading.left_out
        for record, count in sorted(self.left_out.items()):
            _log.info("%s: %d records without a table of the catalog", record, count)


class _Reading:
    """One reading of a source: its sink, what is known so far, the school years seen, and what was left out."""

    def __init__(self, sink: Sink, known: Registers) -> None:
        self._sink, self._known = sink, known
        self.left_out: Counter[str] = Counter()
        self._years: set[str] = set()
        self._required = {
            table.name: tuple(column.name for column in table.columns if column.required)
            for table in load_catalog().tables.values()
        }

    def read_file(self, file: XmlFile, interchange: str, dialect: Dialect) -> None:
        self._known.begin_file()
        if interchange in dialect.noting:
            self._note(file, dialect)
        for record in records(file):
            place = Place(file.name, record.line)
            made = sum(self._make(rows, record, place) for rows in dialect.rows.get(record.name, ()))
            self.left_out[record.name] += not made and (record.name not in dialect.notes)

    def _make(self, rows: Rows, record: Record, place: Place) -> int:
        """How many rows of one table the record was made into, or would have been."""
        made = 0
        try:
            for values in rows.make(record, self._known):
                self._put(rows.table, place, values)
                made += 1
        except DanglingReferenceError as error:
            self._sink.reject(rows.table, place, Rule.DANGLING_REFERENCE, str(error))
            made += 1
        return made

    def _note(self, file: XmlFile, dialect: Dialect) -> None:
        for record in records(file):
            note = dialect.notes.get(record.name)
            if note is not None:
                self._try_note(record, dialect)

    def _try_note(self, record: Record, dialect: Dialect) -> None:
        try:
            dialect.notes[record.name](record, self._known)
        except DanglingReferenceError:
            # What refers to it will not find it, and is rejected at its own place.
            self.left_out[f"{record.name} with a dangling reference"] += 1

    def _put(self, table: str, place: Place, values: Mapping[str, str | None]) -> None:
        missing = [column for column in self._required[table] if not values.get(column)]
        if missing:
            self._sink.reject(table, place, Rule.MISSING_VALUE, f"missing: {', '.join(missing)}")
            return
        year = values.get("school_year")
        if year and year not in self._years and year.isdecimal():
            self._years.add(year)
            self._sink.put("school_year", place, _school_year(int(year)))
        self._sink.put(table, place, values)


def _in_order(files: Iterable[XmlFile]) -> list[tuple[XmlFile, str, str]]:
    headed = [(file, *file.heading()) for file in files]
    known = [entry for entry in headed if entry[1]]
    return sorted(known, key=lambda entry: (_rank(entry[1]), entry[0].name))


def _rank(interchange: str) -> int:
    return ORDER.index(interchange) if interchange in ORDER else len(ORDER)


def _dialect(file: XmlFile, version: str) -> Dialect:
    dialect = DIALECTS.get(version) or DIALECTS.get(version.partition(".")[0])
    if dialect is None:
        raise SourceError(f"{file.name}: an Ed-Fi version that is not read here; export as Data Standard 5 or 6")
    return dialect


def _school_year(year: int) -> dict[str, str | None]:
    return {"school_year": str(year), "begin_date": f"{year - 1}-07-01", "end_date": f"{year}-06-30"}
