"""Whom answers were about: sets of opaque keys, each kept once; which events were about which set; and from both, the
disclosure record of one student.

The sets that a student is in are found by looking at every set, which takes a second for some hundred thousand of them;
the events about those, through an index that is written with the events and holds what the record tells of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from governance.audit import ABOUT_STUDENTS, Entry, Event, detail_of
from governance.ledger.events import RECORDED, now, read_entry, record_event
from governance.ledger.request_rows import RequestRecord, read_requests
from governance.ledger.schema import audit_event, disclosure_index, disclosure_set, person, study_grant
from governance.ledger.store import Store
from governance.oversight.disclosures import Basis, DisclosureRecord, Received, disclosure_record
from governance.oversight.use import member, read_time, texts_of
from governance.requests import Kind
from governance.requests.external_forms import AUDIT
from governance.vocabulary import Form, Purpose

KEY_BYTES = 8
# Parameters in one question: stores have a limit.
AT_ONCE, FILLED_AT_ONCE = 500, 20_000


def record_disclosure(
    connection: sa.Connection, event: Event, actor: str, detail: Mapping[str, Any], students: bytes
) -> int:
    """An event about students, with the set of whom it is about."""
    digest = hashlib.sha256(students).hexdigest()
    known = sa.select(disclosure_set.c.digest).where(disclosure_set.c.digest == digest)
    if connection.execute(known).one_or_none() is None:
        connection.execute(disclosure_set.insert().values(digest=digest, student_keys=students))
    sequence = record_event(connection, event, actor, {**detail, "students": digest})
    connection.execute(disclosure_index.insert().values(**indexed(connection.info[RECORDED])))
    return sequence


def indexed(entry: Entry) -> dict[str, Any]:
    """The row of the index that an event about students has, in the order of its columns."""
    detail = detail_of(entry)
    return {
        "sequence": entry.sequence,
        "digest": detail.get("students"),
        "event": entry.event,
        "at": entry.at,
        "username": entry.actor,
        "session": str(detail.get("capacity", "")),
        "purpose": str(detail.get("purpose", "")),
        "form": str(detail.get("form", "")),
        "tables": json.dumps(detail.get("tables", [])),
    }


def fill_disclosure_index(connection: sa.Connection) -> None:
    """The index of events from before it was kept."""
    newest = 0
    while rows := connection.execute(_not_indexed(newest)).all():
        newest = rows[-1].sequence
        missing = [indexed(read_entry(row)) for row in rows]
        if known := [row for row in missing if isinstance(row["digest"], str)]:
            connection.execute(sa.insert(disclosure_index), known)


def _not_indexed(after: int) -> sa.Select[Any]:
    """The next of them, some thousands at a time."""
    kinds = [kind.value for kind in ABOUT_STUDENTS]
    there = sa.exists().where(disclosure_index.c.sequence == audit_event.c.sequence)
    question = sa.select(audit_event).where(audit_event.c.sequence > after, audit_event.c.event.in_(kinds))
    return question.where(~there).order_by(audit_event.c.sequence).limit(FILLED_AT_ONCE)


class DisclosureRecords:
    """The part of the ledger about whom records of a student went to. Used through `Ledger`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def show(self, actor: str, student_key: int, today: date) -> DisclosureRecord:
        """The record of one student. That it was looked at is recorded first: by the set, never by the key."""
        students = student_key.to_bytes(KEY_BYTES, "little", signed=True)
        with self._store.write() as connection:
            record_disclosure(connection, Event.DISCLOSURE_RECORD_SHOWN, actor, {}, students)
        with self._store.moment() as connection:
            received = _received(connection, tuple(_sets_with(connection, students)))
            shown = _shown(connection, hashlib.sha256(students).hexdigest())
            return disclosure_record(received, _bases(connection), read_time(now()), today, shown)


def _sets_with(connection: sa.Connection, key: bytes) -> Iterator[str]:
    """The digests of the sets that hold the key, wherever in them it lies."""
    question = sa.select(disclosure_set.c.digest, disclosure_set.c.student_keys)
    for digest, keys in connection.execution_options(yield_per=1_000).execute(question):
        at = keys.find(key)
        # Bytes of two neighbours can look like the key.
        while at >= 0 and at % KEY_BYTES:
            at = keys.find(key, at + 1)
        if at >= 0:
            yield digest


def _received(connection: sa.Connection, digests: Sequence[str]) -> Iterator[Received]:
    """The answers about these sets, gathered by the store: there may be hundreds of thousands."""
    index = disclosure_index.c
    alike = (index.username, index.session, index.purpose, index.form, index.tables)
    numbers = (
        sa.func.min(index.at).label("first"),
        sa.func.max(index.at).label("last"),
        sa.func.count().label("times"),
    )
    gathered = sa.select(*alike, *numbers).where(index.event == Event.ANSWER_GIVEN.value).group_by(*alike)
    for start in range(0, len(digests), AT_ONCE):
        for row in connection.execute(gathered.where(index.digest.in_(digests[start : start + AT_ONCE]))):
            yield _gathered(row)


def _gathered(row: sa.Row[Any]) -> Received:
    purpose, form = member(Purpose, row.purpose), member(Form, row.form)
    period = (read_time(row.first), read_time(row.last))
    return Received(row.username, row.session, purpose, form, texts_of(row.tables), *period, row.times)


def _shown(connection: sa.Connection, digest: str) -> list[tuple[str, Any]]:
    index = disclosure_index.c
    question = sa.select(index.username, index.at).where(
        index.digest == digest, index.event == Event.DISCLOSURE_RECORD_SHOWN.value
    )
    rows = connection.execute(question.order_by(index.sequence)).all()
    return [(row.username, read_time(row.at)) for row in rows]


def _bases(connection: sa.Connection) -> dict[str, Basis]:
    """Of grants that came from requests, current or not: under which exception of FERPA each was given."""
    by_name = sa.select(study_grant.c.name, study_grant.c.terms)
    identified = {row.name: bool(json.loads(row.terms).get("identified")) for row in connection.execute(by_name)}
    granted = [record for record in read_requests(connection) if record.grant is not None]
    staff = set(connection.execute(sa.select(person.c.username).where(person.c.staff_key.is_not(None))).scalars())
    return {
        str(record.grant): _basis(record, identified.get(str(record.grant), False), record.case.applicant in staff)
        for record in granted
    }


def _basis(record: RequestRecord, is_identified: bool, is_staff: bool) -> Basis:
    """What employees of the district apply for is theirs as school officials; nobody else is one."""
    if record.case.kind is Kind.APPLICATION and is_staff:
        return Basis.SCHOOL_OFFICIAL
    if is_identified:
        return Basis.CONSENT
    return Basis.AUDIT if record.case.fields.get("basis") == AUDIT else Basis.STUDY
