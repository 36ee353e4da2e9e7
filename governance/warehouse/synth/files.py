"""Where a synthetic district is written: one CSV file per table of the catalog, cut off at `today`.

A district is made as if every school year had been lived to its end. What lies after today is taken out here, in one
place: rows that begin later are not written, ends that lie ahead are left blank, unless the table plans ahead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from governance.catalog import load_catalog
from governance.catalog.model import ColumnType, Table
from governance.warehouse.synth.chance import Ints
from governance.warehouse.synth.school_days import OPEN

# The date after which a row does not exist yet. Tables that are absent are not dated, or plan ahead (calendars).
_HAPPENS = {
    "assessment_result": "administration_date",
    "attendance": "attendance_date",
    "credential": "issuance_date",
    "discipline_action": "action_date",
    "discipline_incident": "incident_date",
}
# Tables whose ends are set in advance: the term's last day, the certificate's.
_PLANNED = {"section", "section_enrollment"}
# Why a period ended is not known before it has.
_OUTCOME = {"enrollment": "exit_type", "program_participation": "reason_exited", "employment": "separation_reason"}
_ARROW = {
    ColumnType.KEY: pa.string(),
    ColumnType.TEXT: pa.string(),
    ColumnType.CODE: pa.string(),
    ColumnType.INTEGER: pa.int32(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.DATE: pa.date32(),
    ColumnType.BOOLEAN: pa.bool_(),
}


def pick(words: Sequence[str | None] | pa.Array, indices: Any) -> pa.Array:
    """The words at the indices; a word may be None, which is written as a blank."""
    source = words if isinstance(words, pa.Array) else pa.array(list(words), type=pa.string())
    return source.take(pa.array(indices))


def numbered(prefix: str, numbers: Ints, width: int = 7) -> pa.Array:
    """Identifiers such as S0000123."""
    return pa.array([f"{prefix}{n:0{width}d}" for n in numbers.tolist()], type=pa.string())


def _column(kind: ColumnType, values: Any, count: int) -> pa.Array:
    wanted = _ARROW[kind]
    if values is None or isinstance(values, (str, int, float, bool)):
        return pa.repeat(pa.scalar(values, type=wanted), count)
    if isinstance(values, pa.Array):
        return values
    array = np.asarray(values)
    if kind is ColumnType.DATE:
        return pa.array(array.astype(np.int32), mask=array >= OPEN).cast(wanted)
    if kind is ColumnType.NUMBER:
        return pa.array(array.astype(np.float64), from_pandas=True)
    return pa.array(array).cast(wanted)


class DistrictFiles:
    """The open files of a district. Use as a context manager; columns that a row batch leaves out are blank."""

    def __init__(self, folder: Path, today: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.today = today
        self._tables = load_catalog().tables
        self._writers = {name: self._open(folder, table) for name, table in self._tables.items()}
        self.rows = dict.fromkeys(self._tables, 0)

    def _open(self, folder: Path, table: Table) -> pa.csv.CSVWriter:
        schema = pa.schema([(column.name, _ARROW[column.type]) for column in table.columns])
        options = pa.csv.WriteOptions(quoting_style="none", quoting_header="none")
        return pa.csv.CSVWriter(folder / f"{table.name}.csv", schema, write_options=options)

    def __enter__(self) -> DistrictFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            writer.close()

    def write(self, name: str, columns: Mapping[str, Any]) -> None:
        """Appends rows. Values: arrays of one length (days as numbers), or one value for all rows."""
        table = self._tables[name]
        unknown = set(columns) - set(table.names)
        if unknown:
            raise ValueError(f"{name} has no column {sorted(unknown)[0]}")
        count = next(len(v) for v in columns.values() if isinstance(v, (np.ndarray, pa.Array)))
        known = self._cut_off(table, dict(columns))
        arrays = [_column(column.type, known.get(column.name), count) for column in table.columns]
        batch = pa.table(arrays, names=list(table.names))
        kept = self._happened(table, columns)
        if kept is not None and not kept.all():
            batch = batch.filter(pa.array(kept))
        if batch.num_rows:
            self._writers[name].write(batch)
            self.rows[name] += batch.num_rows

    def _happened(self, table: Table, columns: Mapping[str, Any]) -> Any:
        dated = _HAPPENS.get(table.name) or (table.period[0] if table.period else None)
        return None if dated is None else np.asarray(columns[dated]) <= self.today

    def _cut_off(self, table: Table, columns: dict[str, Any]) -> dict[str, Any]:
        if table.period is None or table.name in _PLANNED or columns.get(table.period[1]) is None:
            return columns
        ends = np.asarray(columns[table.period[1]])
        ahead = ends > self.today
        columns[table.period[1]] = np.where(ahead, OPEN, ends)
        outcome = _OUTCOME.get(table.name)
        if outcome in columns and ahead.any():
            reasons = columns[outcome]
            columns[outcome] = pa.compute.if_else(pa.array(ahead), pa.scalar(None, pa.string()), reasons)
        return columns
