"""Grants of studies, the keys of codes, and what was told to each audience: read, and changed with an event."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from governance.audit import Event
from governance.ledger.authority import Authority, Signature
from governance.ledger.disclosures import record_disclosure
from governance.ledger.events import LedgerError, demand_known, now, record_event
from governance.ledger.replay import secret_digest, told_digest
from governance.ledger.schema import code_key, statistic_release, study_grant
from governance.ledger.store import Store
from governance.vocabulary import DateDetail, Grant

CODE_KEY_BYTES = 32


@dataclass(frozen=True)
class StatisticRelease:
    """One table, or model, told to an audience. `number` counts the audience's releases from 1, without a gap."""

    audience: str
    number: int
    answer: str
    label: str
    statements: bytes


class ReleaseTaken(Exception):
    """Another answer to the same audience was recorded meanwhile: this one has to be weighed again."""


class Studies:
    """The part of the ledger about de-identified answers. Used through `Ledger`."""

    def __init__(self, store: Store, authority: Authority) -> None:
        self._store = store
        self._authority = authority

    def grants(self, username: str) -> tuple[Grant, ...]:
        """The person's grants that were not ended, current or not."""
        question = (
            sa.select(study_grant)
            .where(study_grant.c.username == username, study_grant.c.revoked_at.is_(None))
            .order_by(study_grant.c.name)
        )
        with self._store.read() as connection:
            return tuple(read_grant(row) for row in connection.execute(question))

    def all_grants(self) -> tuple[Grant, ...]:
        """Everybody's grants that were not ended."""
        question = sa.select(study_grant).where(study_grant.c.revoked_at.is_(None)).order_by(study_grant.c.name)
        with self._store.read() as connection:
            return tuple(read_grant(row) for row in connection.execute(question))

    def end_study(self, signature: Signature, name: str, today: date) -> None:
        """End a grant from before grants came from requests; the study's next question is refused."""
        with self._authority.deciding(signature, today) as (connection, signer):
            terms = sa.select(study_grant.c.terms).where(study_grant.c.name == name)
            number = json.loads(connection.execute(terms).scalar_one_or_none() or "{}").get("request")
            if number is not None:
                raise LedgerError(f"That grant came from the request no. {number}: end it there, with a reason.")
            end_grant(connection, signer, name)

    def code_key(self, actor: str, grant_name: str) -> bytes:
        """The key that codes of a grant, or an office, are made with: random, made when it is first needed."""
        question = sa.select(code_key.c.secret).where(code_key.c.grant_name == grant_name)
        with self._store.read() as connection:
            known = connection.execute(question).scalar_one_or_none()
        return bytes(known) if known is not None else self._make_code_key(actor, grant_name, question)

    def _make_code_key(self, actor: str, grant_name: str, question: sa.Select[Any]) -> bytes:
        with self._store.write() as connection:
            known = connection.execute(question).scalar_one_or_none()
            if known is not None:
                return bytes(known)
            made = secrets.token_bytes(CODE_KEY_BYTES)
            connection.execute(code_key.insert().values(grant_name=grant_name, secret=made))
            record_event(connection, Event.CODE_KEY_MADE, actor, {"grant": grant_name, "secret": secret_digest(made)})
            return made

    def releases(self, audience: str, after: int) -> list[StatisticRelease]:
        """What the audience was told, from the release after number `after` on."""
        told = statistic_release
        question = sa.select(told).where(told.c.audience == audience, told.c.number > after).order_by(told.c.number)
        with self._store.read() as connection:
            rows = connection.execute(question).all()
        return [StatisticRelease(row.audience, row.number, row.answer, row.label, row.statements) for row in rows]

    def record_release(self, actor: str, detail: Mapping[str, Any], students: bytes, release: StatisticRelease) -> int:
        """The answer, the students it is about, and what it tells the audience, in one transaction, or nothing.

        Raises `ReleaseTaken` if the audience was told something else since the answer was weighed.
        """
        with self._store.write() as connection:
            told = statistic_release
            newest = sa.select(sa.func.max(told.c.number)).where(told.c.audience == release.audience)
            if (connection.execute(newest).scalar_one() or 0) != release.number - 1:
                raise ReleaseTaken
            connection.execute(
                told.insert().values(
                    audience=release.audience,
                    number=release.number,
                    answer=release.answer,
                    label=release.label,
                    statements=release.statements,
                )
            )
            told_is = told_digest(release.answer, release.label, release.statements)
            named = {"audience": release.audience, "release": release.number, "told": told_is}
            return record_disclosure(connection, Event.ANSWER_GIVEN, actor, {**detail, **named}, students)


def is_taken(connection: sa.Connection, name: str) -> bool:
    """Whether there is, or was, a grant of that name. It is never given again, so that no two share a key."""
    taken = sa.select(study_grant.c.name).where(study_grant.c.name == name)
    return connection.execute(taken).one_or_none() is not None


def insert_grant(connection: sa.Connection, actor: str, grant: Grant) -> None:
    """A study's grant, with its event, as part of the decision that gives it."""
    demand_known(connection, grant.username)
    if is_taken(connection, grant.name):
        raise LedgerError("There is, or was, a grant of that name. Choose another name.")
    connection.execute(
        study_grant.insert().values(
            name=grant.name,
            username=grant.username,
            terms=json.dumps(_terms(grant)),
            begin_date=grant.begin_date,
            end_date=grant.end_date,
            granted_by=actor,
            granted_at=now(),
        )
    )
    dates = {"begin_date": grant.begin_date.isoformat(), "end_date": grant.end_date.isoformat()}
    detail = {"grant": grant.name, "username": grant.username, **dates, **_terms(grant)}
    record_event(connection, Event.STUDY_GRANTED, actor, detail)


def end_grant(connection: sa.Connection, actor: str, name: str) -> None:
    """The study's next question is refused."""
    ended = connection.execute(
        study_grant.update()
        .where(study_grant.c.name == name, study_grant.c.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    if ended.rowcount == 0:
        raise LedgerError("There is no such grant. `dbims study grants` lists those there are.")
    record_event(connection, Event.STUDY_ENDED, actor, {"grant": name})


def _terms(grant: Grant) -> dict[str, Any]:
    return {
        "tables": {name: list(columns) for name, columns in grant.tables.items()},
        "k": grant.k,
        "diversity": grant.diversity,
        "sensitive": list(grant.sensitive),
        "dates": grant.dates.value,
        "snapshot": grant.snapshot,
        "identified": grant.identified,
        "request": grant.request,
    }


def read_grant(row: sa.Row[Any]) -> Grant:
    terms = json.loads(row.terms)
    return Grant(
        row.name,
        row.username,
        {name: tuple(columns) for name, columns in terms["tables"].items()},
        row.begin_date,
        row.end_date,
        terms["k"],
        terms["diversity"],
        tuple(terms["sensitive"]),
        DateDetail(terms["dates"]),
        # Grants from before they named a snapshot.
        terms.get("snapshot"),
        terms.get("identified", False),
        terms.get("request"),
    )
