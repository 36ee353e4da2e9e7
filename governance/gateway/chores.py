"""What the gateway does beside answering: letters go out, grants end, digests are made. No failure ends it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from governance.catalog import load_catalog
from governance.ledger import Ledger
from governance.requests import Known
from governance.state import State

MINUTE, HOUR = 60.0, 3600.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chore:
    """`every`: seconds from one end to the next begin."""

    name: str
    every: float
    do: Callable[[], object]

    def try_once(self) -> None:
        try:
            self.do()
        except Exception as error:
            # Its words may name somebody.
            _log.warning("%s: %s", self.name, type(error).__name__)


@dataclass
class Chores:
    """Each by itself, until they are stopped."""

    chores: tuple[Chore, ...]
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: tuple[asyncio.Task[None], ...] = ()

    def start(self) -> None:
        self._tasks = tuple(asyncio.create_task(self._repeat(chore)) for chore in self.chores)

    async def stop(self) -> None:
        """Returns when nothing is being done any more."""
        self._stopping.set()
        await asyncio.gather(*self._tasks)

    async def _repeat(self, chore: Chore) -> None:
        while not self._stopping.is_set():
            await asyncio.to_thread(chore.try_once)
            try:
                await asyncio.wait_for(self._stopping.wait(), chore.every)
            except TimeoutError:
                continue


def chores_of(state: State, ledger: Ledger) -> tuple[Chore, ...]:
    return (
        Chore("letters", MINUTE, lambda: deliver_letters(state, ledger)),
        Chore("what the calendar does to requests", HOUR, lambda: follow_calendar(state, ledger)),
        Chore("data reviews", HOUR, lambda: open_reviews(state, ledger)),
        Chore("digests of use", HOUR, lambda: make_digests(state, ledger)),
    )


def deliver_letters(state: State, ledger: Ledger) -> int:
    """How many were sent. Settings are read each time: a mail server may be named meanwhile."""
    mail = state.mail()
    return 0 if mail is None else ledger.outbox.deliver(mail, datetime.now(UTC))


def follow_calendar(state: State, ledger: Ledger) -> None:
    """Grants that are over, certificates that did not come."""
    ledger.requests.catch_up(Known(state.today(), load_catalog()))


def open_reviews(state: State, ledger: Ledger) -> None:
    """Each category that is loaded has its review."""
    snapshot = state.warehouse.current()
    if snapshot is not None:
        tables = load_catalog(snapshot.added).tables.values()
        ledger.reviews.catch_up({table.category.value for table in tables}, state.today())


def make_digests(state: State, ledger: Ledger) -> None:
    ledger.digests.make_due(datetime.now(UTC), state.oversight(), state.today())
