"""Letters by e-mail: queued in the transaction of the act that they tell of, delivered afterwards, on record."""

from __future__ import annotations

import enum
import logging
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from governance.audit import Event
from governance.ledger.events import now, record_event
from governance.ledger.request_rows import row_digest
from governance.ledger.schema import outbox, outbox_delivery
from governance.ledger.store import Store
from governance.mail import Letter, Mail, MailError

ACTOR = "outbox"
AT_ONCE = 20
"""The most letters of one round."""
WAITS = (
    *(timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6)),
    *(timedelta(days=1), timedelta(days=2), timedelta(days=4)),
)
"""How long each failed try is followed by no other. After the last there is none."""
TOO_OLD = timedelta(days=14)
"""News of that age is no news: a letter that waited so long for a mail server is not sent any more."""

_log = logging.getLogger(__name__)


class Ended(enum.StrEnum):
    """How it ended with a letter."""

    SENT = "sent"
    GIVEN_UP = "given up"


def queue(connection: sa.Connection, to: str, subject: str, text: str) -> int:
    """A letter that goes out if, and after, the transaction is on the disk. Returns its number; refuses nothing."""
    newest = connection.execute(sa.select(sa.func.max(outbox.c.letter_id))).scalar_one()
    row = {"letter_id": (newest or 0) + 1, "recipient": to, "subject": subject, "text": text, "queued_at": now()}
    connection.execute(outbox.insert().values(row))
    waiting = {"letter_id": row["letter_id"], "tries": 0, "ended": None, "due_at": row["queued_at"]}
    connection.execute(outbox_delivery.insert().values(waiting))
    number = int(row["letter_id"])
    # The recipient and the words are in the store alone.
    record_event(connection, Event.LETTER_QUEUED, ACTOR, {"letter": number, "row": row_digest(row.values())})
    return number


class Outbox:
    """The part of the ledger about letters by e-mail. Used through `Ledger`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def deliver(self, mail: Mail, at: datetime) -> int:
        """One try for each letter that is due, the oldest first. Returns how many were sent; a failure raises nothing.

        A letter that the mail server took is never sent again, but where the process was killed between the two: then
        once more, with the same message id.
        """
        sent = 0
        for _ in range(AT_ONCE):
            row = self._claim(at)
            if row is None:
                break
            failure = _try(mail, row)
            self._settle(row, failure, at)
            sent += failure is None
            # The others need not wait for the same silence each.
            if failure is not None and failure.server_away:
                break
        return sent

    def _claim(self, at: datetime) -> sa.Row[Any] | None:
        """A letter that is due, put off for everybody else while it is tried."""
        with self._store.read() as connection:
            if connection.execute(_due(at)).first() is None:
                return None
        with self._store.write() as connection:
            row = connection.execute(_due(at)).first()
            if row is not None:
                self._put_off(connection, row.letter_id, at + WAITS[0])
        return row

    def _put_off(self, connection: sa.Connection, letter: int, due: datetime, **changed: object) -> None:
        chosen = outbox_delivery.update().where(outbox_delivery.c.letter_id == letter)
        connection.execute(chosen.values(due_at=_text(due), **changed))

    def _settle(self, row: sa.Row[Any], failure: MailError | None, at: datetime) -> None:
        with self._store.write() as connection:
            if failure is None:
                self._put_off(connection, row.letter_id, at, ended=Ended.SENT.value)
                record_event(connection, Event.LETTER_SENT, ACTOR, {"letter": row.letter_id})
                return
            tries = row.tries + 1
            old = at - datetime.fromisoformat(row.queued_at) > TOO_OLD
            ended = Ended.GIVEN_UP.value if old or tries > len(WAITS) else None
            self._put_off(connection, row.letter_id, at + WAITS[min(tries, len(WAITS)) - 1], tries=tries, ended=ended)
            detail = {"letter": row.letter_id, "tries": tries, "why": failure.kind, "given_up": ended is not None}
            record_event(connection, Event.LETTER_NOT_SENT, ACTOR, detail)


def _due(at: datetime) -> sa.Select[Any]:
    return (
        sa.select(outbox, outbox_delivery.c.tries)
        .join(outbox_delivery, outbox_delivery.c.letter_id == outbox.c.letter_id)
        .where(outbox_delivery.c.ended.is_(None), outbox_delivery.c.due_at <= _text(at))
        .order_by(outbox_delivery.c.due_at, outbox.c.letter_id)
        .limit(1)
    )


def _try(mail: Mail, row: sa.Row[Any]) -> MailError | None:
    letter = Letter(row.recipient, row.subject, row.text, f"{row.letter_id}.{row_digest(row[:5])[:32]}")
    try:
        mail.send(letter)
    except MailError as failure:
        _log.warning("a letter could not be sent: %s", failure.kind)
        return failure
    return None


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
