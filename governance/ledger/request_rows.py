"""Requests as rows: the header, and a step for everything that happened to it. Read back as the pure core's values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from governance.audit import encode
from governance.ledger.schema import request, request_step
from governance.requests import Act, Case, Kind, State


@dataclass(frozen=True)
class Filed:
    """A document of a request: its hash, the name that it was handed in under, its media type."""

    digest: str
    name: str
    media_type: str


@dataclass(frozen=True)
class StepRecord:
    """One step: who did what, when, what was told with it, the letter it wrote, the grant it made or ended."""

    request_id: int
    number: int
    act: Act
    before: State
    after: State
    actor: str
    at: str
    day: date
    fields: Mapping[str, str]
    documents: Mapping[str, Filed]
    letter: str | None = None
    grant: str | None = None
    page: str | None = None


@dataclass(frozen=True)
class RequestRecord:
    """One request as it stands. `since`: the day of the step that led to where it is; `steps`: how many there are."""

    request_id: int
    case: Case
    opened_by: str
    opened_at: str
    since: date
    steps: int
    documents: Mapping[str, Filed]
    letters: tuple[str, ...]
    grant: str | None


def read_request(connection: sa.Connection, request_id: int) -> RequestRecord | None:
    found = read_requests(connection, request.c.request_id == request_id)
    return found[0] if found else None


def read_requests(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[RequestRecord]:
    """The requests in the order in which they were opened, each put together from its steps."""
    heads = connection.execute(sa.select(request).where(*conditions).order_by(request.c.request_id)).all()
    chosen = sa.select(request.c.request_id).where(*conditions)
    steps: dict[int, list[StepRecord]] = {}
    for step in read_steps(connection, request_step.c.request_id.in_(chosen)):
        steps.setdefault(step.request_id, []).append(step)
    return [_put_together(head, steps.get(head.request_id, [])) for head in heads]


def read_steps(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[StepRecord]:
    question = sa.select(request_step).where(*conditions).order_by(request_step.c.request_id, request_step.c.number)
    return [_step(row) for row in connection.execute(question)]


def next_request_id(connection: sa.Connection) -> int:
    return (connection.execute(sa.select(sa.func.max(request.c.request_id))).scalar_one() or 0) + 1


def insert_step(connection: sa.Connection, step: StepRecord) -> str:
    """The step's row. Returns the digest of all of it, for its event."""
    values = {
        "request_id": step.request_id,
        "number": step.number,
        "act": step.act.value,
        "before": step.before.value,
        "after": step.after.value,
        "actor": step.actor,
        "at": step.at,
        "day": step.day,
        "fields": encode(dict(step.fields)),
        "documents": encode({name: [f.digest, f.name, f.media_type] for name, f in step.documents.items()}),
        "letter": step.letter,
        "grant_name": step.grant,
        "page": step.page,
    }
    connection.execute(request_step.insert().values(**values))
    return row_digest(values.values())


def row_digest(values: Iterable[Any]) -> str:
    """All of a row, in the order of its columns, as one digest."""
    return hashlib.sha256(json.dumps([*values], default=str).encode("ascii")).hexdigest()


def _step(row: sa.Row[Any]) -> StepRecord:
    documents = {name: Filed(*told) for name, told in json.loads(row.documents).items()}
    return StepRecord(
        row.request_id,
        row.number,
        Act(row.act),
        State(row.before),
        State(row.after),
        row.actor,
        row.at,
        row.day,
        json.loads(row.fields),
        documents,
        row.letter,
        row.grant_name,
        row.page,
    )


def _put_together(head: sa.Row[Any], steps: list[StepRecord]) -> RequestRecord:
    fields: dict[str, str] = {}
    documents: dict[str, Filed] = {}
    for step in steps:
        fields.update(step.fields)
        documents.update(step.documents)
    state = steps[-1].after if steps else State.DRAFT
    digests = {name: filed.digest for name, filed in documents.items()}
    return RequestRecord(
        head.request_id,
        Case(Kind(head.kind), state, head.applicant, head.opened_on, fields, digests),
        head.opened_by,
        head.opened_at,
        _since(steps, head.opened_on),
        len(steps),
        documents,
        tuple(step.letter for step in steps if step.letter),
        next((step.grant for step in reversed(steps) if step.grant), None),
    )


def _since(steps: list[StepRecord], opened_on: date) -> date:
    return next((step.day for step in reversed(steps) if step.before is not step.after), opened_on)
