"""How long the gateway waits for a reader that takes its answer slowly."""

from __future__ import annotations

import asyncio

import pytest

from governance.gateway import routes
from governance.gateway.routes import Patience


async def read(seconds: float, size: int, times: int) -> None:
    """A reader that takes so many pieces of that size, and so long for each."""
    patience = Patience()
    for _ in range(times):
        await patience.take(asyncio.sleep(seconds), size)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "STALLED_SECONDS", 0.1)


@pytest.mark.parametrize(("seconds", "size"), [(0.3, 1 << 20), (0.03, 100)], ids=["nothing", "little"])
def test_a_reader_that_keeps_a_worker_is_left(seconds: float, size: int) -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(read(seconds, size, 20))


def test_a_reader_that_takes_its_answer_gets_all_of_it() -> None:
    asyncio.run(read(0.01, 1 << 20, 20))
