"""What the events say of requests and documents, beside what stands in the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from governance.audit import Entry, Event
from governance.ledger.documents import digest_of
from governance.ledger.request_rows import row_digest
from governance.ledger.schema import consent, consent_withdrawal, document, request, request_step

REQUEST, STEP, DOCUMENT = "request", "step of a request", "document"
CONSENT, WITHDRAWAL = "consent", "withdrawal of a consent"

Name = tuple[str, ...]
Facts = Mapping[str, Any]


def told_of_requests(entry: Entry, detail: Facts) -> tuple[Name, dict[str, Any]] | None:
    """The fact that an event about a request or a document tells; None of other events."""
    match entry.event:
        case Event.REQUEST_BEGUN:
            return (REQUEST, str(detail.get("request"))), {"head": detail.get("head")}
        case Event.REQUEST_MOVED | Event.REQUEST_DECIDED:
            return (STEP, str(detail.get("request")), str(detail.get("number"))), {"step": detail.get("step")}
        case Event.CONSENT_RECORDED:
            return (CONSENT, str(detail.get("consent"))), {"row": detail.get("row")}
        case Event.CONSENT_WITHDRAWN:
            return (WITHDRAWAL, str(detail.get("consent"))), {"row": detail.get("row")}
        case Event.DOCUMENT_KEPT:
            digest = str(detail.get("document"))
            facts = {"media_type": detail.get("media_type"), "size": detail.get("size"), "content": digest}
            return (DOCUMENT, digest), facts
    return None


def standing_requests(connection: sa.Connection) -> Iterator[tuple[Name, Facts]]:
    """The requests, steps and documents in the store, whatever somebody may have put there."""
    for row in _rows(connection, request):
        yield (REQUEST, str(row[0])), {"head": row_digest(row)}
    for row in _rows(connection, request_step):
        yield (STEP, str(row[0]), str(row[1])), {"step": row_digest(row)}
    for row in _rows(connection, consent):
        yield (CONSENT, str(row[0])), {"row": row_digest(row)}
    for row in _rows(connection, consent_withdrawal):
        yield (WITHDRAWAL, str(row[0])), {"row": row_digest(row)}
    for row in _rows(connection, document):
        digest, media_type, size, content, *_ = row
        sound = digest_of(content) if isinstance(content, bytes) else "of no type that it can have"
        yield (DOCUMENT, str(digest)), {"media_type": media_type, "size": size, "content": sound}


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[Any]:
    """As the store has them: what was put there from outside may be of any type."""
    raw: list[Any] = [sa.type_coerce(column, sa.types.NullType()) for column in table.columns]
    question: sa.Select[Any] = sa.select(*raw).order_by(*table.primary_key.columns)
    yield from connection.execution_options(yield_per=50).execute(question)
