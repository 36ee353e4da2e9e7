"""What the gateway takes from a worker that has run a user's query: no more than a worker may send."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from governance.policy import Allowed
from governance.vocabulary import Capacity, ExplainQuery, Form
from governance.warehouse.pool import WorkerAnswer, WorkerLimits, WorkerPool
from governance.warehouse.wire import WorkerFault
from governance.warehouse.worker import serve

ALLOWED = Allowed(Capacity.SUPERINTENDENT, Form.SCOPED_ROWS, None, {})
LIMITS = WorkerLimits(seconds=5, answer_bytes=1 << 20)

# A worker that was taken over: it reads its job and sends what it likes.
HOSTILE = """
import sys, time
def take():
    size = int.from_bytes(sys.stdin.buffer.read(8), "little")
    return sys.stdin.buffer.read(size)
def tell(data, length=None):
    sys.stdout.buffer.write((len(data) if length is None else length).to_bytes(8, "little") + data)
    sys.stdout.buffer.flush()
take()
"""
ABOUT = json.dumps({"rows": 1, "levels": []})
SENDING = {
    "a description": "tell(b'', 1 << 62)",
    "a set of students": f"tell({ABOUT!r}.encode()); tell(b'', 1 << 40)",
    "rows, in one piece": f"tell({ABOUT!r}.encode()); tell(b''); take(); tell(b'', 1 << 40)",
    "rows, in many pieces": f"tell({ABOUT!r}.encode()); tell(b''); take()\nfor _ in range(5000): tell(bytes(1000))",
}


class HostilePool(WorkerPool):
    """Its workers run `program`."""

    program = ""

    async def _spawn(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HOSTILE + self.program + "\ntime.sleep(60)"), stdin=pipe, stdout=pipe
        )


@contextlib.asynccontextmanager
async def pool_of(program: str) -> AsyncIterator[WorkerPool]:
    pool = HostilePool(Path("/nowhere"), size=1, limits=LIMITS)
    pool.program = program
    await pool.start()
    yield pool
    await pool.stop()


def a_row() -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, pa.schema([("n", pa.int64())])) as writer:
        writer.write_table(pa.table({"n": [7]}))
    return sink.getvalue().to_pybytes()


async def asked(pool: WorkerPool) -> WorkerAnswer:
    async with pool.run("s", ALLOWED, ExplainQuery("student", 1), date(2026, 11, 23)) as answer:
        await answer.take()
        return answer


@pytest.mark.parametrize("what", SENDING)
async def test_a_worker_that_announces_more_than_it_may_send_is_ended(what: str) -> None:
    async with pool_of(SENDING[what]) as pool:
        [first] = pool._free._queue
        with pytest.raises(WorkerFault) as refused:
            await asked(pool)
        assert refused.value.code == "too_large"
        assert first.returncode is not None
        assert pool._free.qsize() == 1


async def test_a_worker_that_dribbles_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async with pool_of(f"tell({ABOUT!r}.encode()); tell(b''); take(); tell(b'x'); time.sleep(60)") as pool:
        monkeypatch.setattr(pool, "_limits", WorkerLimits(seconds=0.5))
        [first] = pool._free._queue
        with pytest.raises(WorkerFault) as refused:
            await asked(pool)
        assert (refused.value.code, first.returncode is not None) == ("timed_out", True)


async def test_a_worker_whose_rows_nobody_takes_is_ended_and_its_place_is_free_again() -> None:
    program = f"tell({ABOUT!r}.encode()); tell(b''); take()\nfor _ in range(500): tell(bytes(1000))"
    async with pool_of(program) as pool:
        async with pool.run("s", ALLOWED, ExplainQuery("student", 1), date(2026, 11, 23)) as answer:
            await answer.chunks.release({})
            await anext(answer.chunks)
            await asyncio.sleep(0.5)
        assert pool._free.qsize() == 1


async def test_an_honest_answer_is_taken() -> None:
    program = f"tell({ABOUT!r}.encode()); tell(b''); take(); tell({a_row()!r}); tell(b'')"
    async with pool_of(program) as pool:
        async with pool.run("s", ALLOWED, ExplainQuery("student", 1), date(2026, 11, 23)) as answer:
            assert (await answer.take()).column("n").to_pylist() == [7]
        [free] = pool._free._queue
        assert free is not None and free.returncode is None


FAULT = {code: f"tell({json.dumps({'fault': code, 'message': ''})!r}.encode())" for code in ("sql_failed", "internal")}


async def test_a_worker_that_says_why_it_cannot_answer_is_kept() -> None:
    async with pool_of(FAULT["sql_failed"]) as pool:
        [worker] = pool._free._queue
        with pytest.raises(WorkerFault):
            await asked(pool)
        assert worker.returncode is None and list(pool._free._queue) == [worker]


async def test_a_worker_that_failed_as_nobody_foresaw_is_replaced_and_the_job_given_to_a_new_one() -> None:
    async with pool_of(FAULT["internal"]) as pool:
        [worker] = pool._free._queue
        pool.program = f"tell({ABOUT!r}.encode()); tell(b''); take(); tell({a_row()!r}); tell(b'')"
        answer = await asked(pool)
        [new] = pool._free._queue
        assert answer.about == json.loads(ABOUT)
        assert (worker.returncode is None, new.returncode) == (False, None)


async def test_what_fails_twice_is_not_tried_again() -> None:
    async with pool_of(FAULT["internal"]) as pool:
        with pytest.raises(WorkerFault) as refused:
            await asked(pool)
        assert refused.value.code == "internal"
        assert list(pool._free._queue) == [None]


class BrokenWorker:
    """Fails with words that hold a value."""

    def answer(self, message: Mapping[str, Any]) -> None:
        raise KeyError("Nowak, Julia")

    def tidy(self) -> None:
        pass


def test_what_a_worker_says_of_its_failure_is_kind_and_place_and_no_value(capfd: pytest.CaptureFixture[str]) -> None:
    answers = io.BytesIO()
    serve(BrokenWorker(), io.BytesIO((2).to_bytes(8, "little") + b"{}"), answers)
    told = capfd.readouterr().err
    assert "KeyError at test_pool.py:" in told and "Nowak" not in told
    assert json.loads(answers.getvalue()[8:]) == {"fault": "internal", "message": ""}
