"""What the events say of letters by e-mail, beside what stands in the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from governance.audit import Entry, Event
from governance.ledger.outbox import Ended
from governance.ledger.request_rows import row_digest
from governance.ledger.schema import outbox, outbox_delivery

LETTER = "letter by e-mail"

Name = tuple[str, ...]
Facts = Mapping[str, Any]


def told_of_letters(entry: Entry, detail: Facts) -> tuple[Name, dict[str, Any]] | None:
    """The fact that an event about a letter tells; None of other events."""
    name = (LETTER, str(detail.get("letter")))
    match entry.event:
        case Event.LETTER_QUEUED:
            return name, {"row": detail.get("row"), "tries": 0, "ended": None}
        case Event.LETTER_SENT:
            return name, {"ended": Ended.SENT.value}
        case Event.LETTER_NOT_SENT:
            ended = Ended.GIVEN_UP.value if detail.get("given_up") else None
            return name, {"tries": detail.get("tries"), "ended": ended}
    return None


def standing_letters(connection: sa.Connection) -> Iterator[tuple[Name, Facts]]:
    """The letters in the store, whatever somebody may have put there. When the next try is, no event says."""
    columns = [*outbox.columns, outbox_delivery.c.tries, outbox_delivery.c.ended]
    raw: list[Any] = [sa.type_coerce(column, sa.types.NullType()) for column in columns]
    joined = outbox.outerjoin(outbox_delivery, outbox_delivery.c.letter_id == outbox.c.letter_id)
    question: sa.Select[Any] = sa.select(*raw).select_from(joined).order_by(outbox.c.letter_id)
    for *row, tries, ended in connection.execution_options(yield_per=1_000).execute(question):
        yield (LETTER, str(row[0])), {"row": row_digest(row), "tries": tries, "ended": ended}
