"""The audit log, read in pages: the newest events of some kinds, of somebody, within a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from governance.audit import Entry, Event
from governance.ledger.events import read_entry
from governance.ledger.schema import audit_event
from governance.ledger.store import Store


@dataclass(frozen=True)
class LogFilter:
    """Which events are wanted. `since`, `until`: UTC in ISO 8601, the first included and the second not."""

    kinds: Collection[Event] = ()
    actor: str | None = None
    since: str | None = None
    until: str | None = None

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        if self.kinds:
            yield audit_event.c.event.in_([kind.value for kind in self.kinds])
        if self.actor is not None:
            yield audit_event.c.actor == self.actor
        if self.since is not None:
            yield audit_event.c.at >= self.since
        if self.until is not None:
            yield audit_event.c.at < self.until


class LogPages:
    """The part of the ledger that shows the log to people. Used through `Ledger`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def page(self, wanted: LogFilter, limit: int = 50, before: int | None = None) -> list[Entry]:
        """The newest first; with `before`, those that lie before the event of that number."""
        question = sa.select(audit_event).where(*wanted.conditions())
        if before is not None:
            question = question.where(audit_event.c.sequence < before)
        with self._store.read() as connection:
            rows = connection.execute(question.order_by(audit_event.c.sequence.desc()).limit(limit)).all()
        return [read_entry(row) for row in rows]
