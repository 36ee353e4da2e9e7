"""The worker: a process of the gateway that reads snapshots and runs queries, and can be killed at any moment.

It is started inside its own sandbox: no network, no ledger, no keys, nothing but the snapshots, read-only. It reads
jobs from its standard input and writes answers to its standard output.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, assert_never

import duckdb
import numpy as np
import pyarrow as pa

from governance.catalog import Catalog, Unit, load_catalog
from governance.policy import Allowed, Deidentified
from governance.vocabulary import ExplainQuery, FrameQuery
from governance.warehouse.cell import Cell, too_large
from governance.warehouse.deidentified_release import NotReleasable, Release
from governance.warehouse.explain import explain
from governance.warehouse.scoped import Keys, ScopedReader, distinct, student_keys
from governance.warehouse.snapshot import Snapshot
from governance.warehouse.tabulated import read_model_rows, read_tabulation
from governance.warehouse.wire import (
    LENGTH_BYTES,
    Job,
    PreparedModel,
    PreparedSql,
    PreparedTable,
    WorkerFault,
    decode_job,
    decode_release,
)

if TYPE_CHECKING:
    from governance.warehouse.deidentified import DeidentifiedReader

MOST_OPEN = 3
"""Snapshots: the current one, and those that the studies asked about last were granted on."""

MOST_FRAMES = 6

Answer = tuple[dict[str, Any], Keys, pa.Table | None]


class Worker:
    """Keeps the snapshots it was last asked about open, and the cell of the next query ready."""

    def __init__(self, snapshots: Path, memory_limit: str, threads: int, max_bytes: int) -> None:
        self._snapshots = snapshots
        self._memory_limit = memory_limit
        self._threads = threads
        self._max_bytes = max_bytes
        self._reader = lru_cache(maxsize=MOST_OPEN)(self._open)
        self._deidentified_reader = lru_cache(maxsize=MOST_OPEN)(self._open_deidentified)
        self._cell, self._used = self._new_cell(), False

    def answer(self, message: Mapping[str, Any]) -> Answer:
        """What describes the answer, the students it is about, and its rows."""
        snapshot, allowed, job, today = decode_job(message)
        source = _Source(self._reader(snapshot), self._deidentified(snapshot, decode_release(message)), allowed, today)
        try:
            return self._small_enough(self._run(source, job))
        except NotReleasable:
            raise WorkerFault("not_released", "Too few persons are granted for anybody to be hidden among.") from None
        except (duckdb.OutOfMemoryException, MemoryError):
            raise too_large() from None

    def _run(self, source: _Source, job: Job) -> Answer:
        reader, allowed, today = source.exact, source.allowed, source.today
        match job:
            case FrameQuery():
                rows, keys = source.frame(job)
                return {"rows": rows.num_rows, **source.loss()}, keys, rows
            case PreparedSql():
                return self._sql(source, job)
            case PreparedTable():
                return self._table(source, job)
            case PreparedModel():
                return self._model(source, job)
            case ExplainQuery():
                reasons = explain(reader, allowed, job, today)
                keys = np.array([job.student_key] if reasons else [], dtype=np.int64)
                return {"rows": 0, "reasons": reasons}, keys, None
            case _:
                assert_never(job)

    def _small_enough(self, answer: Answer) -> Answer:
        rows = answer[2]
        if rows is not None and rows.nbytes > self._max_bytes:
            raise too_large()
        return answer

    def _sql(self, source: _Source, job: PreparedSql) -> Answer:
        inputs = {name: source.rows(name, columns) for name, columns in job.columns.items()}
        # The record holds every student whose row the query could read, whatever it made of it.
        about = [keys for _, keys in inputs.values()]
        keys = np.unique(np.concatenate(about)) if about else np.empty(0, dtype=np.int64)
        # A column that was not asked for must not be in the way of `USING` or of a shorter name.
        tables = {name: inputs[name][0].select(list(columns)) for name, columns in job.columns.items()}
        self._used = True
        rows = self._cell.run(job.text, tables)
        return {"rows": rows.num_rows, **source.loss()}, keys, rows

    def _table(self, source: _Source, job: PreparedTable) -> Answer:
        """The exact rows behind a table: for the gateway, which protects them; nobody else is sent them."""
        limit = source.exact.behind_statistics(source.allowed, source.today)
        found = read_tabulation(source.exact.catalog, source.exact.folder, job, limit, source.exact.run)
        inside = found.rows.filter(found.rows.column("inside"))
        is_about_students = source.exact.catalog.tables[job.table].unit is Unit.STUDENT
        keys = distinct(inside.column("person")) if is_about_students else np.empty(0, dtype=np.int64)
        return {"rows": found.rows.num_rows, "levels": found.levels}, keys, found.rows

    def _model(self, source: _Source, job: PreparedModel) -> Answer:
        # Statistics' libraries take long to import: only models pay for them, not every start of a worker.
        from governance.warehouse.fitted import fit_rows

        limit = source.exact.behind_statistics(source.allowed, source.today)
        rows, whom = read_model_rows(source.exact.catalog, source.exact.folder, job, limit, source.exact.run)
        about, used = fit_rows(job, rows, whom)
        is_about_students = source.exact.catalog.tables[job.table].unit is Unit.STUDENT
        keys = distinct(whom.column("person")) if is_about_students else np.empty(0, dtype=np.int64)
        return {"rows": used.num_rows, **about}, keys, used

    def tidy(self) -> None:
        """Between two jobs, while nobody waits: a used cell is thrown away and the next one made."""
        if self._used:
            self._cell.close()
            self._cell, self._used = self._new_cell(), False

    def _new_cell(self) -> Cell:
        return Cell(self._memory_limit, self._threads, self._max_bytes)

    def _open(self, snapshot: str) -> ScopedReader:
        return ScopedReader(
            self._snapshots / snapshot,
            self._catalog_of(snapshot),
            memory_limit=self._memory_limit,
            threads=self._threads,
        )

    def _catalog_of(self, snapshot: str) -> Catalog:
        return load_catalog(Snapshot(snapshot, self._snapshots / snapshot).added)

    def _open_deidentified(self, snapshot: str) -> DeidentifiedReader:
        # As with models: only de-identified answers pay for what it imports.
        from governance.warehouse.deidentified import DeidentifiedReader

        return DeidentifiedReader(
            self._snapshots / snapshot,
            self._catalog_of(snapshot),
            memory_limit=self._memory_limit,
            threads=self._threads,
        )

    def _deidentified(self, snapshot: str, release: Release | None) -> tuple[DeidentifiedReader, Release] | None:
        return None if release is None else (self._deidentified_reader(snapshot), release)


@dataclass(frozen=True)
class _Source:
    """A snapshot as one decision sees it: of some tables exact rows, of others de-identified ones."""

    exact: ScopedReader
    deidentified: tuple[DeidentifiedReader, Release] | None
    allowed: Allowed
    today: date

    def frame(self, job: FrameQuery) -> tuple[pa.Table, Keys]:
        if isinstance(self.allowed.rows[job.table], Deidentified):
            reader, release = self._form()
            return reader.frame(release, job, self.today)
        return self.exact.frame(self.allowed, job, self.today)

    def rows(self, name: str, columns: tuple[str, ...]) -> tuple[pa.Table, Keys]:
        if isinstance(self.allowed.rows[name], Deidentified):
            reader, release = self._form()
            return reader.rows(release, name, columns, self.today)
        rows = self.exact.rows(self.allowed, name, columns, (), self.today)
        return rows, student_keys(rows)

    def loss(self) -> dict[str, Any]:
        if not any(isinstance(rule, Deidentified) for rule in self.allowed.rows.values()):
            return {}
        reader, release = self._form()
        return {"deidentification": reader.loss(release, self.today)}

    def _form(self) -> tuple[DeidentifiedReader, Release]:
        if self.deidentified is None:
            raise TypeError("de-identified rows were asked for, and no release says how")
        return self.deidentified


def serve(worker: Worker, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer one job after the other until the input ends."""
    while head := requests.read(LENGTH_BYTES):
        message = json.loads(requests.read(int.from_bytes(head, "little")))
        try:
            about, keys, rows = worker.answer(message)
        except WorkerFault as fault:
            _send_fault(answers, fault.code, fault.message)
            worker.tidy()
            continue
        except Exception as error:
            print(f"a job failed: {_kind_and_place(error)}", file=sys.stderr)
            _send_fault(answers, "internal", "")
            worker.tidy()
            continue
        _send(answers, json.dumps(about).encode())
        _send(answers, keys.astype("<i8").tobytes())
        answers.flush()
        if rows is not None:
            # Rows wait here until the gateway has recorded the answer and says what describes it.
            description = requests.read(int.from_bytes(requests.read(LENGTH_BYTES), "little"))
            _send_rows(answers, rows.replace_schema_metadata({"dbims": description}))
            answers.flush()
            worker.tidy()


def _kind_and_place(error: BaseException) -> str:
    """What may reach a log of an error: its kind, and the lines of code it came through. Its words may hold a value."""
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}"


def _send_fault(answers: BinaryIO, code: str, message: str) -> None:
    _send(answers, json.dumps({"fault": code, "message": message}).encode())
    answers.flush()


class _Chunks:
    """A file for Arrow's writer that sends each write as one chunk."""

    closed = False

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers

    def write(self, data: Any) -> int:
        view = memoryview(data)
        if view.nbytes:
            _send(self._answers, view)
        return view.nbytes

    def flush(self) -> None:
        self._answers.flush()

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        self.flush()


def _send_rows(answers: BinaryIO, rows: pa.Table) -> None:
    """The rows as one Arrow IPC stream, in chunks, with an empty one at the end."""
    sink = pa.BufferedOutputStream(pa.PythonFile(_Chunks(answers), mode="w"), 1 << 20)
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=1 << 16)
    sink.flush()
    _send(answers, b"")


def _send(answers: BinaryIO, data: bytes | memoryview) -> None:
    answers.write(len(data if isinstance(data, bytes) else data.cast("B")).to_bytes(LENGTH_BYTES, "little"))
    answers.write(data)


def main() -> None:
    """`python -m governance.warehouse.worker SNAPSHOTS MEMORY_MB THREADS MAX_BYTES`"""
    snapshots, memory, threads, max_bytes = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.excepthook = lambda _kind, error, _trace: print(f"a worker failed: {_kind_and_place(error)}", file=sys.stderr)
    requests, answers = os.fdopen(0, "rb"), os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    # Whatever a library prints must not end up among the answers.
    os.dup2(2, 1)
    serve(Worker(Path(snapshots), f"{memory}MB", int(threads), int(max_bytes)), requests, answers)


if __name__ == "__main__":
    main()
