"""What the events say must stand, beside what stands in the store: people, levels, grants, keys, what was told.

Events from before they carried a digest cover no content: of those, only that what they tell of is there.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from governance.audit import Break, Entry, Event, detail_of
from governance.ledger.replay_outbox import standing_letters, told_of_letters
from governance.ledger.replay_oversight import INDEX, IndexSum, standing_oversight, told_of_oversight
from governance.ledger.replay_requests import standing_requests, told_of_requests
from governance.ledger.schema import (
    access_level,
    code_key,
    person,
    person_lock,
    regulation,
    statistic_release,
    study_grant,
)

PERSON, LEVEL, GRANT, KEY, RELEASE = "person", "access level", "study grant", "key of codes", "statistic that was told"
LOCK, REGULATION = "lock of a person", "regulation of an access level"

# What it is, and which one: a kind of those above first.
Name = tuple[str, ...]
Facts = Mapping[str, Any]


def secret_digest(secret: str | bytes | None) -> str | None:
    """What an event may hold of a password's hash, or of a key: enough to know it again, and nothing else."""
    if secret is None:
        return None
    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).hexdigest()


def told_digest(answer: str, label: str, statements: bytes) -> str:
    """All of a release, as one digest."""
    return hashlib.sha256(json.dumps([answer, label]).encode() + b"\n" + statements).hexdigest()


class Replay:
    """What must stand after the events so far."""

    def __init__(self) -> None:
        self._facts: dict[Name, tuple[int, dict[str, Any]]] = {}
        self._unnamed_releases: list[int] = []
        self._index = IndexSum()

    def follow(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries, each taken into account on its way through."""
        for entry in entries:
            detail = detail_of(entry)
            self._take(entry, detail)
            self._index.follow(entry, detail)
            yield entry

    def _take(self, entry: Entry, detail: Facts) -> None:
        match entry.event:
            case Event.PERSON_ADDED | Event.PASSWORD_SET:
                known = {name: detail[name] for name in ("staff_key", "password") if name in detail}
                self._set(entry, (PERSON, _text(detail, "username")), known)
            case Event.PERSON_LOCKED:
                self._set(entry, (LOCK, _text(detail, "username")), {"reason": detail.get("reason")})
            case Event.PERSON_UNLOCKED:
                self._facts.pop((LOCK, _text(detail, "username")), None)
            case Event.LEVEL_GRANTED | Event.SUPERINTENDENT_INSTALLED:
                name = (LEVEL, _text(detail, "username"), _text(detail, "capacity"))
                self._hold(entry, name, [detail.get(fact) for fact in ("begin_date", "end_date", "relation")])
            case Event.LEVEL_REVOKED:
                self._facts.pop((LEVEL, _text(detail, "username"), _text(detail, "capacity")), None)
            case Event.LEVEL_REGULATED:
                name = (REGULATION, _text(detail, "capacity"), _text(detail, "category"))
                self._hold(entry, name, [detail.get("begin_date"), detail.get("end_date")])
            case Event.REGULATION_ENDED:
                self._facts.pop((REGULATION, _text(detail, "capacity"), _text(detail, "category")), None)
            case Event.STUDY_GRANTED:
                terms = {name: value for name, value in detail.items() if name != "grant"}
                self._set(entry, (GRANT, _text(detail, "grant")), terms)
            case Event.STUDY_ENDED:
                self._facts.pop((GRANT, _text(detail, "grant")), None)
            case Event.CODE_KEY_MADE:
                known = {"secret": detail["secret"]} if "secret" in detail else {}
                self._set(entry, (KEY, _text(detail, "grant")), known)
            case Event.ANSWER_GIVEN if "told" in detail:
                name = (RELEASE, _text(detail, "audience"), str(detail.get("release")))
                self._set(entry, name, {"told": detail["told"]})
            case Event.ANSWER_GIVEN if "release" in detail:
                self._unnamed_releases.append(entry.sequence)
            case _ if told := _told(entry, detail):
                self._set(entry, *told)

    def _hold(self, entry: Entry, name: Name, period: list[Any]) -> None:
        """There may be several periods of one thing."""
        held = self._facts.get(name, (0, {"held": []}))[1]["held"]
        self._set(entry, name, {"held": [*held, period]})

    def _set(self, entry: Entry, name: Name, facts: dict[str, Any]) -> None:
        self._facts[name] = (entry.sequence, {**self._facts.get(name, (0, {}))[1], **facts})

    def compare(self, stands: Mapping[Name, Facts]) -> Iterator[Break]:
        """Where what stands in the store is not what the events say."""
        told: dict[Name, tuple[int, Facts]] = {**self._facts, (INDEX,): (0, self._index.facts)}
        for name, (sequence, facts) in told.items():
            found = stands.get(name)
            if found is None:
                yield Break(sequence, f"tells of a {name[0]} that is not in the store")
            elif any(found.get(fact) != value for fact, value in facts.items()):
                yield Break(sequence, f"tells of a {name[0]} that is another one in the store")
        unrecorded = [name for name in stands if name not in told]
        yield from (
            Break(0, f"a {name[0]} stands in the store and in no event") for name in unrecorded if name[0] != RELEASE
        )
        yield from self._compare_unnamed(sum(name[0] == RELEASE for name in unrecorded))

    def _compare_unnamed(self, releases: int) -> Iterator[Break]:
        """Releases whose events do not say which they were: there are as many of them as there are such events."""
        if releases < len(self._unnamed_releases):
            yield Break(self._unnamed_releases[-1], f"or an earlier one tells of a {RELEASE} that is not in the store")
        if releases > len(self._unnamed_releases):
            yield Break(0, f"a {RELEASE} stands in the store and in no event")


def standing(connection: sa.Connection) -> dict[Name, Facts]:
    """Everything that stands in the store, whatever somebody may have put there."""
    own = (_people, _locks, _levels, _regulations, _grants, _keys, _releases)
    kinds = (*own, standing_requests, standing_oversight, standing_letters)
    return {name: facts for kind in kinds for name, facts in kind(connection)}


def _told(entry: Entry, detail: Facts) -> tuple[Name, dict[str, Any]] | None:
    """The fact that an event of the other parts tells."""
    return told_of_requests(entry, detail) or told_of_oversight(entry, detail) or told_of_letters(entry, detail)


def _people(connection: sa.Connection) -> Iterator[tuple[Name, Facts]]:
    for username, staff_key, hashed in _rows(connection, person, "username", "staff_key", "password_hash"):
        yield (PERSON, str(username)), {"staff_key": staff_key, "password": _digest(hashed)}


def _locks(connection: sa.Connection) -> Iterator[tuple[Name, Facts]]:
    for username, reason, unlocked in _rows(connection, person_lock, "username", "reason", "unlocked_at"):
        if unlocked is None:
            yield (LOCK, str(username)), {"reason": reason}


def _levels(connection: sa.Connection) -> Iterator[tuple[Name, Facts]]:
    """A person may hold a capacity for several periods."""
    held: defaultdict[Name, list[list[Any]]] = defaultdict(list)
    columns = ("username", "capacity", "begin_date", "end_date", "relation", "revoked_at")
    for username, capacity, begin, end, relation, revoked in _rows(connection, access_level, *columns):
        if revoked is None:
            related = None if relation is None else _terms(relation)
            held[LEVEL, str(username), str(capacity)].append([str(begin), None if end is None else str(end), related])
    for name, periods in held.items():
        yield name, {"held": periods}


def _regulations(connection: sa.Connection) -> Iterator[tuple[Name, Facts]]:
    held: defaultdict[Name, list[list[str | None]]] = defaultdict(list)
    columns = ("capacity", "category", "begin_date", "end_date", "ended_at")
    for capacity, category, begin, end, ended in _rows(connection, regulation, *columns):
        if ended is None:
            held[REGULATION, str(capacity), str(category)].append([str(begin), None if end is None else str(end)])
    for name, periods in held.items():
        yield name, {"held": periods}


def _grants(connection: sa.Connection) -> Iterator[tuple[Name, Facts]]:
    columns = ("name", "username", "terms", "begin_date", "end_date", "revoked_at")
    for name, username, terms, begin, end, revoked in _rows(connection, study_grant, *columns):
        if revoked is None:
            dates = {"begin_date": str(begin), "end_date": str(end)}
            yield (GRANT, str(name)), {**_terms(terms), "username": username, **dates}


def _keys(connection: sa.Connection) -> Iterator[tuple[Name, Facts]]:
    for name, secret in _rows(connection, code_key, "grant_name", "secret"):
        yield (KEY, str(name)), {"secret": _digest(secret)}


def _releases(connection: sa.Connection) -> Iterator[tuple[Name, Facts]]:
    columns = ("audience", "number", "answer", "label", "statements")
    for audience, number, answer, label, statements in _rows(connection, statistic_release, *columns):
        whole = told_digest(str(answer), str(label), statements) if isinstance(statements, bytes) else None
        yield (RELEASE, str(audience), str(number)), {"told": whole}


def _rows(connection: sa.Connection, table: sa.Table, *columns: str) -> Iterator[Any]:
    """As the store has them, in the order in which they came: what was put there from outside may be of any type."""
    raw: list[Any] = [sa.type_coerce(table.c[name], sa.types.NullType()) for name in columns]
    question: sa.Select[Any] = sa.select(*raw).order_by(*table.primary_key.columns)
    yield from connection.execution_options(yield_per=1_000).execute(question)


def _digest(secret: Any) -> str | None:
    return secret_digest(secret) if isinstance(secret, str | bytes | None) else "of no type that it can have"


def _terms(raw: Any) -> Facts:
    try:
        terms = json.loads(raw)
    except (TypeError, ValueError):
        return {}
    return terms if isinstance(terms, dict) else {}


def _text(detail: Facts, name: str) -> str:
    return str(detail.get(name))
