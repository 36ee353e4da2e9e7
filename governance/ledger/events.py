"""What every act of the ledger shares: the next entry of the audit log, and the acts it does not accept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from governance.audit import Entry, Event, seal
from governance.ledger.schema import audit_event, person

NEWEST = sa.select(audit_event).order_by(audit_event.c.sequence.desc()).limit(1)

RECORDED = "newest entry"
"""Where a connection keeps the newest entry of its transaction, for the checkpoint after it."""


class LedgerError(Exception):
    """An act the ledger does not accept; the message says what, and what to do."""


def record_event(connection: sa.Connection, event: Event, actor: str, detail: Mapping[str, Any]) -> int:
    """The event as the newest entry. Returns its sequence number; it counts once the transaction is on the disk."""
    row = connection.execute(NEWEST).one_or_none()
    entry = seal(None if row is None else read_entry(row), at=now(), event=event, actor=actor, detail=detail)
    connection.execute(
        audit_event.insert().values(
            sequence=entry.sequence,
            at=entry.at,
            event=entry.event,
            actor=entry.actor,
            detail=entry.detail,
            previous=entry.previous,
            digest=entry.digest,
        )
    )
    connection.info[RECORDED] = entry
    return entry.sequence


def read_entry(row: sa.Row[Any]) -> Entry:
    return Entry(row.sequence, row.at, row.event, row.actor, row.detail, row.previous, row.digest)


def is_known(connection: sa.Connection, username: str) -> bool:
    question = sa.select(person.c.username).where(person.c.username == username)
    return connection.execute(question).one_or_none() is not None


def demand_known(connection: sa.Connection, username: str) -> None:
    if not is_known(connection, username):
        raise LedgerError("There is no such person. Add them first with `dbims user add`.")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
