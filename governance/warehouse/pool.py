"""Workers kept ready: a job goes to a free one; one that runs too long, or dies, is replaced."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from governance.policy import Allowed
from governance.sandbox import worker_command
from governance.warehouse.deidentified_release import Release
from governance.warehouse.wire import LENGTH_BYTES, Job, WorkerFault, encode_job

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerLimits:
    """What one query may take. Seconds, megabytes, bytes."""

    seconds: float = 60.0
    waiting_seconds: float = 30.0
    memory_mb: int = 2048
    threads: int = 2
    answer_bytes: int = 1 << 30

    @property
    def stream_bytes(self) -> int:
        """What the rows of one answer may come to on their way: their bytes, and what frames them."""
        return self.answer_bytes + self.answer_bytes // 8 + (1 << 20)

    @property
    def process_bytes(self) -> int:
        """What the whole process may hold: two engines, the answer and its copy, and Python with its libraries."""
        return 2 * self.memory_mb * 1024**2 + 2 * self.answer_bytes + (1 << 30)


MOST_DESCRIBING = 16 << 20
"""Bytes of what describes an answer. A worker has run a user's query: no length that it tells is believed."""
MOST_STUDENTS = 256 << 20
"""Bytes of the keys of the students an answer is about: 32 million."""


class Unclean(WorkerFault):
    """A job ended in a way after which its worker is not used again."""


class Unforeseen(Unclean):
    """A worker failed without a reason of its own: of memory, of a thread it could not have, of our mistake."""

    def __init__(self) -> None:
        super().__init__("internal", "")


class Overrun(Unclean):
    """A worker announced more than it may send. It is not to be trusted any more."""

    def __init__(self) -> None:
        super().__init__("too_large", "The answer, or what it is made of, is too large.")


class _Stream:
    """The rows as they come out of the worker. `finished` only when the worker's own end mark was read."""

    def __init__(self, process: asyncio.subprocess.Process | None, most_bytes: int) -> None:
        self._process = process
        self._left = most_bytes
        self.finished = process is None

    async def release(self, description: Mapping[str, Any]) -> None:
        """Let the rows go, with what describes them. Until then the worker holds them."""
        if self._process is not None:
            await _send(self._process, description)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self.finished or self._process is None:
            raise StopAsyncIteration
        chunk = await _receive(self._process, self._left)
        self._left -= len(chunk)
        if not chunk:
            self.finished = True
            raise StopAsyncIteration
        return chunk


@dataclass
class WorkerAnswer:
    """An answer complete in its worker: what describes it, the students it is about, and the stream of its rows."""

    about: dict[str, Any]
    students: bytes
    chunks: _Stream
    seconds: float

    async def take(self) -> pa.Table:
        """The rows, for the gateway itself: what statistics are made of. Checked, since a worker sent them."""
        rows = bytearray()
        try:
            async with asyncio.timeout(self.seconds):
                await self.chunks.release({})
                async for part in self.chunks:
                    rows += part
        except TimeoutError:
            raise WorkerFault("timed_out", "What the statistic is made of took too long to come.") from None
        table = pa.ipc.open_stream(pa.py_buffer(rows)).read_all()
        table.validate(full=True)
        return table


class WorkerPool:
    """At most `size` queries at a time; the others wait their turn."""

    def __init__(
        self, snapshots: Path, *, size: int = 3, limits: WorkerLimits | None = None, bwrap: Path | None = None
    ) -> None:
        self._snapshots = snapshots
        self._bwrap = bwrap
        self._size = size
        self._limits = limits or WorkerLimits()
        self._free: asyncio.Queue[asyncio.subprocess.Process | None] = asyncio.Queue()

    async def start(self) -> None:
        """Start every worker, so that the first questions need not wait for one."""
        for process in await asyncio.gather(*(self._spawn() for _ in range(self._size))):
            self._free.put_nowait(process)

    async def stop(self) -> None:
        while not self._free.empty():
            if process := self._free.get_nowait():
                await _kill(process)

    @contextlib.asynccontextmanager
    async def run(
        self, snapshot: str, allowed: Allowed, job: Job, today: date, release: Release | None = None
    ) -> AsyncIterator[WorkerAnswer]:
        """The answer to one job; the worker is free again when the context ends. Raises `WorkerFault`."""
        process = await self._turn()
        healthy = False
        try:
            message = encode_job(snapshot, allowed, job, today, release)
            if process is None or process.returncode is not None:
                process = await self._spawn()
            try:
                answer = await self._answered(process, message)
            except Unforeseen:
                # Whoever asks need not suffer for one worker's state: what fails again is no accident.
                _log.warning("a worker failed as nobody foresaw; the job is given to a new one")
                await asyncio.shield(_kill(process))
                process = await self._spawn()
                answer = await self._answered(process, message)
            except WorkerFault as fault:
                healthy = not isinstance(fault, Unclean)
                raise
            try:
                yield answer
            finally:
                # A reader that went away in the middle leaves rows in the pipe: they must never meet the next asker.
                healthy = answer.chunks.finished
        finally:
            await self._give_back(process, healthy)

    async def _turn(self) -> asyncio.subprocess.Process | None:
        try:
            async with asyncio.timeout(self._limits.waiting_seconds):
                return await self._free.get()
        except TimeoutError:
            raise WorkerFault("busy", "Too many questions are being answered just now.") from None

    async def _give_back(self, process: asyncio.subprocess.Process | None, healthy: bool) -> None:
        """The place is free again whatever happens; a worker that is not certainly clean is ended."""
        try:
            if process is not None and not healthy:
                _log.warning("a worker was stopped and is replaced")
                await asyncio.shield(_kill(process))
        finally:
            self._free.put_nowait(process if healthy else None)

    async def _answered(self, process: asyncio.subprocess.Process, message: Mapping[str, Any]) -> WorkerAnswer:
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await self._ask(process, message)
        except TimeoutError:
            raise Unclean("timed_out", "The query took too long and was stopped.") from None
        except (asyncio.IncompleteReadError, ConnectionError, BrokenPipeError):
            raise Unclean("sql_failed", "The query took more than a query may, and was stopped.") from None

    async def _ask(self, process: asyncio.subprocess.Process, message: Mapping[str, Any]) -> WorkerAnswer:
        await _send(process, message)
        about = json.loads(await _receive(process, MOST_DESCRIBING))
        if about.get("fault") == "internal":
            raise Unforeseen
        if "fault" in about:
            raise WorkerFault(about["fault"], about["message"])
        students = await _receive(process, MOST_STUDENTS)
        chunks = _Stream(None if "reasons" in about else process, self._limits.stream_bytes)
        return WorkerAnswer(about, students, chunks, self._limits.seconds)

    async def _spawn(self) -> asyncio.subprocess.Process:
        limits = self._limits
        program = (
            *(sys.executable, "-m", "governance.warehouse.worker", "/snapshots"),
            *map(str, (limits.memory_mb, limits.threads, limits.answer_bytes)),
        )
        sandboxed = worker_command(self._snapshots, program, memory_bytes=limits.process_bytes, bwrap=self._bwrap)
        with sandboxed.handed_over() as (command, descriptors):
            return await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={},
                pass_fds=descriptors,
                limit=1 << 22,
            )


async def _send(process: asyncio.subprocess.Process, message: Mapping[str, Any]) -> None:
    data = json.dumps(message).encode()
    if process.stdin is None:
        raise ConnectionError("the worker has no input")
    process.stdin.write(len(data).to_bytes(LENGTH_BYTES, "little") + data)
    await process.stdin.drain()


async def _receive(process: asyncio.subprocess.Process, most_bytes: int) -> bytes:
    """The next piece; `Overrun` if it would be longer, before any of it is read."""
    if process.stdout is None:
        raise ConnectionError("the worker has no output")
    length = int.from_bytes(await process.stdout.readexactly(LENGTH_BYTES), "little")
    if length > most_bytes:
        raise Overrun
    return await process.stdout.readexactly(length) if length else b""


async def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    # A process counts as ended only when its output was read to the end: what nobody has taken is thrown away.
    while process.stdout is not None and await process.stdout.read(1 << 20):
        continue
    await process.wait()
