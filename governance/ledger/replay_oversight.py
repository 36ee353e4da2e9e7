"""What the events say of oversight, beside what stands in the store: marks, digests, and the index of disclosures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from governance.audit import ABOUT_STUDENTS, Entry, Event
from governance.ledger.disclosures import indexed
from governance.ledger.request_rows import row_digest
from governance.ledger.schema import data_review, disclosure_index, review_plan, review_sign_off, use_digest, use_mark

MARK, DIGEST, INDEX = "mark on use", "digest of use", "index of disclosures"
PLAN, REVIEW, SIGN_OFF = "plan of data reviews", "data review", "sign-off of a data review"

Name = tuple[str, ...]
Facts = Mapping[str, Any]


class IndexSum:
    """The whole index as one digest, so that a long one takes no room: fed in the order of its numbers."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()

    def add(self, row: Iterable[Any]) -> None:
        self._sum.update(repr([*row]).encode(errors="replace"))

    def follow(self, entry: Entry, detail: Facts) -> None:
        if entry.event in ABOUT_STUDENTS and isinstance(detail.get("students"), str):
            self.add(indexed(entry).values())

    @property
    def facts(self) -> Facts:
        return {"whole": self._sum.hexdigest()}


def told_of_oversight(entry: Entry, detail: Facts) -> tuple[Name, dict[str, Any]] | None:
    """The fact that an event about oversight tells; None of other events."""
    match entry.event:
        case Event.USE_MARKED:
            facts = {name: detail.get(name) for name in ("about", "username", "marking", "note")}
            return (MARK, str(detail.get("mark"))), {**facts, "marked_by": entry.actor}
        case Event.DIGEST_MADE:
            return (DIGEST, str(detail.get("week"))), {"content": detail.get("content")}
        case Event.REVIEW_PLANNED:
            return (PLAN, str(detail.get("plan"))), {"row": detail.get("row")}
        case Event.REVIEW_OPENED:
            return (REVIEW, str(detail.get("review"))), {"row": detail.get("row")}
        case Event.REVIEW_SIGNED:
            return (SIGN_OFF, str(detail.get("review"))), {"row": detail.get("row")}
    return None


def standing_oversight(connection: sa.Connection) -> Iterator[tuple[Name, Facts]]:
    """The marks, digests and the index in the store, whatever somebody may have put there."""
    for number, about, username, marking, note, marked_by, _ in _rows(connection, use_mark):
        facts = {"about": about, "username": username, "marking": marking, "note": _sum(note), "marked_by": marked_by}
        yield (MARK, str(number)), facts
    for week, content, _ in _rows(connection, use_digest):
        yield (DIGEST, str(week)), {"content": _sum(content)}
    for kind, table in ((PLAN, review_plan), (REVIEW, data_review), (SIGN_OFF, review_sign_off)):
        for row in _rows(connection, table):
            yield (kind, str(row[0])), {"row": row_digest(row)}
    index = IndexSum()
    for row in _rows(connection, disclosure_index):
        index.add(row)
    yield (INDEX,), index.facts


def _sum(text: Any) -> str:
    return hashlib.sha256(str(text).encode(errors="replace")).hexdigest()


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[Any]:
    """As the store has them: what was put there from outside may be of any type."""
    raw: list[Any] = [sa.type_coerce(column, sa.types.NullType()) for column in table.columns]
    question: sa.Select[Any] = sa.select(*raw).order_by(*table.primary_key.columns)
    yield from connection.execution_options(yield_per=10_000).execute(question)
