"""The catalog's own CSV: a folder with one file per table, `TABLE.csv`, whose header gives the columns' names.

UTF-8 (with or without a byte-order mark), commas, values quoted where needed, a blank value is missing.
The place of a row is its record: the header is record 1, empty lines are not counted.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from governance.catalog import Catalog, Table, load_catalog
from governance.warehouse.sources.protocol import Place, Rule, Sink, SourceError

BLOCK_BYTES = 4 * 1024 * 1024


class CatalogCsvSource:
    """A folder of `TABLE.csv` files, or one of them."""

    name = "csv"

    def __init__(self, catalog: Catalog | None = None) -> None:
        self._catalog = catalog or load_catalog()

    def recognizes(self, path: Path, scratch: Path) -> bool:  # noqa: ARG002 - nothing is unpacked
        try:
            return any(_table_name(file) in self._catalog.tables for file in _csv_files(path))
        except OSError:
            return False

    def read(self, path: Path, sink: Sink, scratch: Path) -> None:  # noqa: ARG002
        files = _csv_files(path)
        if not files:
            raise SourceError(f"{path.name}: there is no CSV file in it; expected one TABLE.csv per table.")
        for file in files:
            table = self._catalog.tables.get(_table_name(file))
            if table is None:
                reason = "no table of the catalog has this file's name"
                sink.reject(_table_name(file), Place(file.name, 1), Rule.UNKNOWN_TABLE, reason)
            else:
                _read_file(file, table, sink)


def _csv_files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.suffix.lower() == ".csv" and file.is_file())
    return [path] if path.suffix.lower() == ".csv" and path.is_file() else []


def _table_name(file: Path) -> str:
    return file.stem.lower()


def _read_file(file: Path, table: Table, sink: Sink) -> None:
    try:
        header = _read_header(file)
        _check_header(file, header, table, sink)
        _check_quotes(file)
        malformed = _Malformed(table.name, file.name, sink)
        record = 2
        for batch in _batches(file, header, table, malformed):
            record = _put_batch(batch, record, malformed, sink, table.name, file.name)
    except UnicodeDecodeError:
        raise _not_utf8(file) from None
    except pa.ArrowInvalid as error:
        # The library's own message may quote the line.
        raise _not_utf8(file) if "UTF8" in str(error) else _not_csv(file) from None
    except OSError as error:
        raise SourceError(f"{file.name} cannot be read: {error.strerror or 'input/output error'}.") from None


def _read_header(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        try:
            header = next(csv.reader(text), [])
        except csv.Error:
            raise _not_csv(file) from None
    names = [name.strip() for name in header]
    if not any(names):
        raise SourceError(f"{file.name} is empty: its first line must name the columns.")
    return names


def _check_header(file: Path, header: list[str], table: Table, sink: Sink) -> None:
    if len(set(header)) != len(header):
        raise SourceError(f"{file.name}: a column is named twice in the header. Keep one of them.")
    required = [column.name for column in table.columns if column.required]
    missing = [name for name in required if name not in header]
    if missing:
        raise SourceError(f"{file.name} lacks required columns: {', '.join(missing)}. Add them and load again.")
    for name in header:
        if name not in table.names:
            reason = f"{name or 'a column without a name'}: the catalog has no such column"
            sink.reject(table.name, Place(file.name, 1), Rule.UNKNOWN_COLUMN, reason)


def _check_quotes(file: Path) -> None:
    """A quotation mark that is never closed would swallow all records after it without a word.

    It makes the number of marks odd. Only then is the file read by a strict, slow reader, which allows a mark
    inside a value that is not quoted and nothing else.
    """
    with file.open("rb") as raw:
        if sum(block.count(b'"') for block in iter(lambda: raw.read(BLOCK_BYTES), b"")) % 2 == 0:
            return
    with file.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, strict=True)
        line = 1
        try:
            for _ in reader:
                line = reader.line_num + 1
        except csv.Error:
            what = f"the quotation marks of the record that begins on line {line} do not pair"
            raise SourceError(f"{file.name}: {what}. Mend that line and load again.") from None


class _Malformed:
    """Records with too many or too few values, rejected as the reader meets them; and where they were."""

    def __init__(self, table: str, file: str, sink: Sink) -> None:
        self._table, self._file, self._sink = table, file, sink
        self.records: deque[int] = deque()

    def __call__(self, row: pa_csv.InvalidRow) -> str:
        reason = f"{row.actual_columns} values where the header names {row.expected_columns} columns"
        self._sink.reject(self._table, Place(self._file, row.number), Rule.UNREADABLE, reason)
        self.records.append(row.number)
        return "skip"


def _batches(file: Path, header: list[str], table: Table, malformed: _Malformed) -> Iterator[pa.RecordBatch]:
    known = [name for name in header if name in table.names]
    # One thread: with several, the reader cannot tell the number of a malformed record.
    reading = pa_csv.ReadOptions(
        block_size=BLOCK_BYTES, use_threads=False, column_names=header, skip_rows_after_names=1
    )
    parsing = pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=malformed)
    converting = pa_csv.ConvertOptions(
        column_types={name: pa.string() for name in known},
        include_columns=known,
        strings_can_be_null=True,
        null_values=[""],
    )
    with pa_csv.open_csv(file, reading, parsing, converting) as reader:
        yield from reader


def _put_batch(batch: pa.RecordBatch, record: int, malformed: _Malformed, sink: Sink, table: str, file: str) -> int:
    """Put the batch in runs of consecutive records, around the malformed ones; the number of the next record.

    A malformed record of a block is always reported before the block's batch is handed out.
    """
    bad = malformed.records
    position = 0
    while position < batch.num_rows:
        while bad and bad[0] == record:
            bad.popleft()
            record += 1
        length = min(batch.num_rows - position, bad[0] - record if bad else batch.num_rows)
        sink.put_batch(table, file, record, batch.slice(position, length))
        position += length
        record += length
    return record


def _not_utf8(file: Path) -> SourceError:
    return SourceError(f"{file.name} is not UTF-8 text. Save it as “CSV UTF-8” and load again.")


def _not_csv(file: Path) -> SourceError:
    return SourceError(f"{file.name} cannot be read as CSV: a record or its quotation marks have no end.")
