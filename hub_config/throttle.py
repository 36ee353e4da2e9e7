"""Failed logins are slowed: each failure of a name doubles the wait for its next answer, and a name's tries queue."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

FREE_FAILURES = 3
LONGEST_WAIT = 30.0
FORGET_AFTER = 15 * 60.0
MOST_NAMES = 10_000
MOST_TRIES_AT_ONCE = 4


class Throttle:
    """Seconds to wait before a login is looked at. Times come from the caller's clock."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, name: str, now: float) -> float:
        count, last = self._failures.get(name, (0, now))
        if count < FREE_FAILURES or now - last > FORGET_AFTER:
            return 0.0
        return float(min(2.0 ** (count - FREE_FAILURES), LONGEST_WAIT))

    def failed(self, name: str, now: float) -> None:
        count, last = self._failures.pop(name, (0, now))
        self._failures[name] = (1 if now - last > FORGET_AFTER else count + 1, now)
        while len(self._failures) > MOST_NAMES:
            self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        self._failures.pop(name, None)


class CrowdedError(Exception):
    """Too many tries of one name are under way already."""


@dataclass
class Line:
    """The tries of one name: the one that is looked at, and those behind it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    tries: int = 0


class Queue:
    """One try of a name at a time, so that tries made in parallel wait as long as tries made one after the other."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        line = self._lines.setdefault(name, Line())
        if line.tries >= MOST_TRIES_AT_ONCE:
            raise CrowdedError
        line.tries += 1
        try:
            async with line.lock:
                yield
        finally:
            line.tries -= 1
            if not line.tries:
                del self._lines[name]
