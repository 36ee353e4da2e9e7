"""The staging area: what the sources say, as text, before anything is judged. One Parquet file per table.

Each row carries its place (`_source`, `_file`, `_line`) and `_row`, its number within the table, which tells rows apart
that stand on one line, as in XML without line ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from governance.catalog import Catalog
from governance.warehouse.sources.protocol import Place, Rule

# Rows held in memory before they are written: large enough for good row groups, small enough to forget about.
ROWS_IN_MEMORY = 20_000

PLACE_FIELDS = (("_source", pa.int32()), ("_file", pa.string()), ("_line", pa.int64()), ("_row", pa.int64()))
REJECT_SCHEMA = pa.schema(
    [
        ("table", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("rule", pa.string()),
        ("reason", pa.string()),
    ]
)


class StagedFile:
    """One Parquet file that grows by rows and by batches, a bounded number of them in memory."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.schema = schema
        self.rows = 0
        self._tuples: list[tuple[object, ...]] = []
        self._batches: list[pa.RecordBatch] = []
        self._batched = 0
        # Texts repeat, line numbers never do: a dictionary of those would only cost.
        texts = [field.name for field in schema if field.type == pa.string()]
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", compression_level=1, use_dictionary=texts)

    def append(self, row: tuple[object, ...]) -> None:
        self._tuples.append(row)
        self.rows += 1
        if len(self._tuples) >= ROWS_IN_MEMORY:
            self._gather()

    def append_batch(self, batch: pa.RecordBatch) -> None:
        self._gather()
        self._batches.append(batch)
        self._batched += batch.num_rows
        self.rows += batch.num_rows
        if self._batched >= ROWS_IN_MEMORY:
            self._write()

    def close(self) -> None:
        self._gather()
        self._write()
        self._writer.close()

    def _gather(self) -> None:
        """The rows so far as a batch, behind the batches before them."""
        if not self._tuples:
            return
        columns = [
            pa.array(values, field.type)
            for values, field in zip(zip(*self._tuples, strict=True), self.schema, strict=True)
        ]
        self._batches.append(pa.RecordBatch.from_arrays(columns, schema=self.schema))
        self._batched += len(self._tuples)
        self._tuples = []
        self._write()

    def _write(self) -> None:
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches, self.schema).combine_chunks())
        self._batches, self._batched = [], 0


class Staging:
    """The `Sink` of a load. Call `begin` before each source, `close` after the last."""

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._columns = {name: table.names for name, table in catalog.tables.items()}
        self._known = {name: frozenset(names) for name, names in self._columns.items()}
        self._files = {
            name: StagedFile(folder / f"{name}.parquet", _schema(names)) for name, names in self._columns.items()
        }
        self._rejects = StagedFile(folder / "_rejects.parquet", REJECT_SCHEMA)
        self._reported: set[tuple[str, str, str]] = set()
        self._source = 0

    def begin(self, source: int) -> None:
        """What follows comes from the source with this number; a later source wins over an earlier one."""
        self._source = source

    def close(self) -> None:
        for staged in (*self._files.values(), self._rejects):
            staged.close()

    def path(self, table: str) -> Path:
        return self._files[table].path

    def rows(self, table: str) -> int:
        return self._files[table].rows

    @property
    def total_rows(self) -> int:
        return sum(staged.rows for staged in self._files.values())

    @property
    def rejects(self) -> Path:
        return self._rejects.path

    def put(self, table: str, place: Place, values: Mapping[str, str | None]) -> None:
        columns = self._columns.get(table)
        if columns is None:
            self.reject(table, place, Rule.UNKNOWN_TABLE, "the catalog has no such table")
            return
        if not values.keys() <= self._known[table]:
            self._report_columns(table, place, values.keys() - self._known[table])
        staged = self._files[table]
        staged.append((*map(values.get, columns), self._source, place.file, place.line, staged.rows))

    def put_batch(self, table: str, file: str, first_line: int, rows: pa.RecordBatch) -> None:
        place = Place(file, first_line)
        columns = self._columns.get(table)
        if columns is None:
            self.reject(table, place, Rule.UNKNOWN_TABLE, "the catalog has no such table")
            return
        self._report_columns(table, place, set(rows.schema.names) - self._known[table])
        staged = self._files[table]
        staged.append_batch(self._placed(columns, place, rows, staged))

    def reject(self, table: str, place: Place, rule: Rule, reason: str) -> None:
        self._rejects.append((table, place.file, place.line, rule.value, reason))

    def _placed(
        self, columns: tuple[str, ...], place: Place, rows: pa.RecordBatch, staged: StagedFile
    ) -> pa.RecordBatch:
        count = rows.num_rows
        present = set(rows.schema.names)
        values = [
            rows.column(name).cast(pa.string()) if name in present else pa.nulls(count, pa.string()) for name in columns
        ]
        places = [
            pa.repeat(pa.scalar(self._source, pa.int32()), count),
            pa.repeat(pa.scalar(place.file, pa.string()), count),
            pa.array(np.arange(place.line, place.line + count), pa.int64()),
            pa.array(np.arange(staged.rows, staged.rows + count), pa.int64()),
        ]
        return pa.RecordBatch.from_arrays([*values, *places], schema=staged.schema)

    def _report_columns(self, table: str, place: Place, names: set[str]) -> None:
        """A column the catalog does not know is reported once per file; the rest of its rows is staged."""
        for name in sorted(names):
            if (table, place.file, name) not in self._reported:
                self._reported.add((table, place.file, name))
                self.reject(table, place, Rule.UNKNOWN_COLUMN, f"{name}: the catalog has no such column")


def _schema(columns: tuple[str, ...]) -> pa.Schema:
    return pa.schema([*((name, pa.string()) for name in columns), *PLACE_FIELDS])
