"""Access levels and their regulations: the Superintendent's signed acts, and how one becomes the Superintendent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa

from governance.audit import Event
from governance.ledger.authority import Authority, Signature
from governance.ledger.events import LedgerError, demand_known, now, record_event
from governance.ledger.passwords import Passwords
from governance.ledger.replay import secret_digest
from governance.ledger.schema import access_level, person, regulation
from governance.ledger.store import Store
from governance.policy.eligibility import Ineligible, Reason, StaffFacts, may_hold
from governance.vocabulary import AccessLevel, Capacity, Regulation, Relation


class Levels:
    """The part of the ledger about who may act as what. Used through `Ledger`."""

    def __init__(self, store: Store, authority: Authority, passwords: Passwords) -> None:
        self._store = store
        self._authority = authority
        self._passwords = passwords

    # -- reading ---------------------------------------------------------------------------------

    def of(self, username: str) -> tuple[AccessLevel, ...]:
        """All levels of a person that were not revoked, whether current or not, in the order they were granted."""
        return self._select(access_level.c.username == username)

    def all(self) -> tuple[AccessLevel, ...]:
        """Everybody's."""
        return self._select()

    def _select(self, *conditions: sa.ColumnElement[bool]) -> tuple[AccessLevel, ...]:
        question = sa.select(access_level).where(access_level.c.revoked_at.is_(None), *conditions)
        with self._store.read() as connection:
            rows = connection.execute(question.order_by(access_level.c.level_id)).all()
        return tuple(read_level(row) for row in rows)

    def regulations(self) -> tuple[Regulation, ...]:
        """Those that were not ended, whether current or not."""
        question = sa.select(regulation).where(regulation.c.ended_at.is_(None)).order_by(regulation.c.regulation_id)
        with self._store.read() as connection:
            rows = connection.execute(question).all()
        return tuple(Regulation(Capacity(row.capacity), row.category, row.begin_date, row.end_date) for row in rows)

    # -- the Superintendent's signed acts --------------------------------------------------------

    def grant(self, signature: Signature, level: AccessLevel, facts: StaffFacts | None, today: date) -> None:
        """Establish a level, for whom the policy lets hold it by what `staff` tells of them: `facts`, of today."""
        with self._authority.deciding(signature, today) as (connection, signer):
            demand_known(connection, level.username)
            _demand_eligible(connection, level, facts, today)
            _insert(connection, level, signer)
            record_event(connection, Event.LEVEL_GRANTED, signer, _level_detail(level))

    def revoke(self, signature: Signature, username: str, capacity: Capacity, today: date) -> None:
        """End every level of that capacity at once; the next query of the person finds none."""
        with self._authority.deciding(signature, today) as (connection, signer):
            if not _end(connection, username, capacity):
                raise LedgerError("That person holds no such level. `dbims user list` shows who holds what.")
            record_event(connection, Event.LEVEL_REVOKED, signer, _capacity_detail(username, capacity))

    def regulate(self, signature: Signature, narrowing: Regulation, categories: Iterable[str], today: date) -> None:
        """Narrow a level by a category, one of `categories`: those that the catalog has."""
        if narrowing.category not in set(categories):
            raise LedgerError("There is no such category of data. The data dictionary lists those there are.")
        with self._authority.deciding(signature, today) as (connection, signer):
            connection.execute(
                regulation.insert().values(
                    capacity=narrowing.capacity.value,
                    category=narrowing.category,
                    begin_date=narrowing.begin_date,
                    end_date=narrowing.end_date,
                    signed_by=signer,
                    signed_at=now(),
                )
            )
            record_event(connection, Event.LEVEL_REGULATED, signer, _regulation_detail(narrowing))

    def end_regulation(self, signature: Signature, capacity: Capacity, category: str, today: date) -> None:
        """End every regulation of that capacity and category."""
        with self._authority.deciding(signature, today) as (connection, signer):
            ended = connection.execute(
                regulation.update()
                .where(
                    regulation.c.capacity == capacity.value,
                    regulation.c.category == category,
                    regulation.c.ended_at.is_(None),
                )
                .values(ended_at=now())
            )
            if ended.rowcount == 0:
                raise LedgerError("There is no such regulation.")
            record_event(connection, Event.REGULATION_ENDED, signer, {"capacity": capacity.value, "category": category})

    # -- the one thing that an operator can do ---------------------------------------------------

    def install_superintendent(
        self, actor: str, username: str, reason: str, today: date, password: str | None = None
    ) -> None:
        """Whom the Board appointed: the first, or a successor, who ends the former's level. `reason` names the minutes.

        `password`: a new one, to sign with; theirs, where it is left out.
        """
        if not reason.strip():
            raise LedgerError("Say by which act of the Board: the meeting, and where its minutes are.")
        hashed = None if password is None else self._passwords.hash(password)
        level = AccessLevel(username, Capacity.SUPERINTENDENT, today)
        with self._store.write() as connection:
            demand_known(connection, username)
            if hashed is not None:
                record_password(connection, actor, username, hashed)
            _demand_password(connection, username)
            _end_former(connection, actor)
            _insert(connection, level, actor)
            detail = {**_level_detail(level), "reason": reason.strip()}
            record_event(connection, Event.SUPERINTENDENT_INSTALLED, actor, detail)


def record_password(connection: sa.Connection, actor: str, username: str, hashed: str) -> None:
    """The person's new password."""
    connection.execute(person.update().where(person.c.username == username).values(password_hash=hashed))
    detail = {"username": username, "password": secret_digest(hashed)}
    record_event(connection, Event.PASSWORD_SET, actor, detail)


def _demand_password(connection: sa.Connection, username: str) -> None:
    known = sa.select(person.c.password_hash).where(person.c.username == username)
    if connection.execute(known).scalar_one() is None:
        raise LedgerError(
            "The Superintendent signs decisions with a password of the ledger, whichever way they sign in. This person "
            "has none: give one with --new-password."
        )


def _end_former(connection: sa.Connection, actor: str) -> None:
    """There is one Superintendent."""
    superintendent = Capacity.SUPERINTENDENT
    held = sa.select(access_level.c.username).where(
        access_level.c.capacity == superintendent.value, access_level.c.revoked_at.is_(None)
    )
    for former in sorted(set(connection.execute(held).scalars())):
        _end(connection, former, superintendent)
        record_event(connection, Event.LEVEL_REVOKED, actor, _capacity_detail(former, superintendent))


def holds_level(connection: sa.Connection, username: str, capacity: Capacity) -> bool:
    """Whether a level of that capacity stands, on whichever days."""
    level = access_level
    held = sa.select(level.c.level_id).where(level.c.username == username, level.c.capacity == capacity.value)
    return connection.execute(held.where(level.c.revoked_at.is_(None))).first() is not None


def _end(connection: sa.Connection, username: str, capacity: Capacity) -> bool:
    ended = connection.execute(
        access_level.update()
        .where(
            access_level.c.username == username,
            access_level.c.capacity == capacity.value,
            access_level.c.revoked_at.is_(None),
        )
        .values(revoked_at=now())
    )
    return ended.rowcount > 0


def _demand_eligible(connection: sa.Connection, level: AccessLevel, facts: StaffFacts | None, today: date) -> None:
    """By facts that are those of the staff record which the person is linked to."""
    linked = sa.select(person.c.staff_key).where(person.c.username == level.username)
    found = may_hold(level, facts, today)
    if facts is not None and connection.execute(linked).scalar_one() != facts.staff_key:
        found = Ineligible(Reason.OTHER_FACTS)
    if isinstance(found, Ineligible):
        raise LedgerError(f"{level.username} cannot be {level.capacity.value}. {found.reason.value}")


def _insert(connection: sa.Connection, level: AccessLevel, signer: str) -> None:
    connection.execute(
        access_level.insert().values(
            username=level.username,
            capacity=level.capacity.value,
            begin_date=level.begin_date,
            end_date=level.end_date,
            granted_by=signer,
            granted_at=now(),
            relation=json.dumps(relation_detail(level.relation)),
        )
    )


def read_level(row: sa.Row[Any]) -> AccessLevel:
    known = json.loads(row.relation) if row.relation else {}
    relation = Relation(known.get("staff_key"), tuple(known.get("schools", ())))
    return AccessLevel(row.username, Capacity(row.capacity), row.begin_date, row.end_date, relation, row.granted_by)


def relation_detail(relation: Relation) -> dict[str, Any]:
    return {"staff_key": relation.staff_key, "schools": list(relation.schools)}


def _level_detail(level: AccessLevel) -> dict[str, Any]:
    return {
        "username": level.username,
        "capacity": level.capacity.value,
        "begin_date": level.begin_date.isoformat(),
        "end_date": None if level.end_date is None else level.end_date.isoformat(),
        "relation": relation_detail(level.relation),
    }


def _capacity_detail(username: str, capacity: Capacity) -> dict[str, str]:
    return {"username": username, "capacity": capacity.value}


def _regulation_detail(narrowing: Regulation) -> dict[str, str | None]:
    return {
        "capacity": narrowing.capacity.value,
        "category": narrowing.category,
        "begin_date": narrowing.begin_date.isoformat(),
        "end_date": None if narrowing.end_date is None else narrowing.end_date.isoformat(),
    }
