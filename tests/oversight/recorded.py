"""Answers as the gateway records them, made up for tests: as entries of a log, or put into a ledger's store at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from governance.audit import ABOUT_STUDENTS, Entry, Event, seal
from governance.ledger import Ledger
from governance.ledger.disclosures import indexed
from governance.ledger.schema import audit_event, disclosure_index, disclosure_set
from governance.ledger.store import Store
from governance.oversight.use import Outcome
from governance.vocabulary import Form, Purpose

MONDAY = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)
FRAME: Mapping[str, Any] = {"kind": "frame", "table": "student", "columns": [], "where": []}


@dataclass(frozen=True)
class Asked:
    """One question. `students`: the keys of those it was about."""

    username: str
    session: str = "teacher"
    at: datetime = MONDAY
    outcome: Outcome = Outcome.GIVEN
    students: frozenset[int] = frozenset()
    form: Form = Form.SCOPED_ROWS
    purpose: Purpose = Purpose.INSTRUCTION
    question: Mapping[str, Any] = field(default_factory=lambda: FRAME)
    tables: tuple[str, ...] = ("student",)
    tied: bool = False
    withheld: tuple[str, ...] = ()

    @property
    def keys(self) -> bytes:
        return b"".join(key.to_bytes(8, "little", signed=True) for key in sorted(self.students))

    def who(self) -> dict[str, Any]:
        return {"capacity": self.session, "purpose": self.purpose.value, "form": self.form.value}

    def noted(self) -> dict[str, Any]:
        return {"tables": list(self.tables), **({"ties_outcomes_to_staff": True} if self.tied else {})}

    def intended(self, answer: str) -> dict[str, Any]:
        return {"answer": answer, "question": dict(self.question), **self.who(), **self.noted()}

    def ended(self, answer: str, intent: int) -> dict[str, Any]:
        about = {"answer": answer, "intent": intent, **self.who()}
        match self.outcome:
            case Outcome.GIVEN:
                numbers = {"rows": len(self.students), "student_count": len(self.students)}
                told = {"withheld": list(self.withheld), "students": digest_of(self.keys)}
                return {**about, **self.noted(), **numbers, **told}
            case Outcome.REFUSED:
                return {**about, "question": dict(self.question), "refusal": "UNKNOWN_TABLE"}
            case Outcome.FAILED:
                return {**about, "code": "timed_out"}


def digest_of(keys: bytes) -> str:
    return hashlib.sha256(keys).hexdigest()


def log(asked: Iterable[Asked], last: Entry | None = None) -> Iterator[Entry]:
    """An intent and its outcome for each."""
    for number, one in enumerate(asked, 1):
        at, answer = one.at.astimezone(UTC).isoformat(timespec="microseconds"), f"{number:016x}"
        last = seal(last, at=at, event=Event.ANSWER_INTENDED, actor=one.username, detail=one.intended(answer))
        yield last
        detail = one.ended(answer, last.sequence)
        last = seal(last, at=at, event=one.outcome.event, actor=one.username, detail=detail)
        yield last


def fill(folder: Path, asked: Iterable[Asked], people: Iterable[str] = ()) -> Ledger:
    """A ledger whose log holds these answers, after its people were added."""
    ledger = Ledger.open(folder)
    for username in ("op", *people):
        ledger.add_person("op", username, None, None)
    newest = list(ledger.entries())[-1]
    ledger.close()
    store, questions = Store.open(folder), list(asked)
    with store.write() as connection:
        sets = {digest_of(one.keys): one.keys for one in questions if one.outcome is Outcome.GIVEN}
        insert(connection, disclosure_set, [{"digest": name, "student_keys": keys} for name, keys in sets.items()])
        entries = list(log(questions, newest))
        insert(connection, audit_event, [dict(vars(entry)) for entry in entries])
        insert(connection, disclosure_index, [indexed(entry) for entry in entries if entry.event in ABOUT_STUDENTS])
    store.close()
    return Ledger.open(folder)


def insert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)
