"""People, access levels, the audit log: reading them, and the few acts that change them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from governance.audit import Entry, Event, find_breaks
from governance.checkpoints import Anchors, Checkpoint
from governance.ledger.authority import STRICTEST, Authority, Signing
from governance.ledger.consents import Consents
from governance.ledger.digests import Digests
from governance.ledger.disclosures import DisclosureRecords, record_disclosure
from governance.ledger.documents import Documents
from governance.ledger.engine_postgresql import PostgresqlServer
from governance.ledger.events import NEWEST, LedgerError, demand_known, is_known, now, read_entry, record_event
from governance.ledger.export import export_lines
from governance.ledger.levels import Levels, holds_level, read_level, record_password
from governance.ledger.log_pages import LogPages
from governance.ledger.outbox import Outbox
from governance.ledger.oversight import Oversight
from governance.ledger.passwords import Passwords
from governance.ledger.replay import Replay, secret_digest, standing
from governance.ledger.requests import Requests
from governance.ledger.reviews import Reviews
from governance.ledger.schema import access_level, audit_event, disclosure_set, person, person_lock
from governance.ledger.store import Store
from governance.ledger.studies import Studies
from governance.ledger.verified import Verified
from governance.ledger.witness import read_kept, read_public_key
from governance.vocabulary import AccessLevel, Capacity, Person


class Ledger:
    """Every method that changes something takes the acting person's name first, and records one event or more."""

    def __init__(self, store: Store, signing: Signing = STRICTEST) -> None:
        self._store = store
        self._passwords = Passwords(store)
        self.authority = Authority(store, self._passwords, signing)
        self.studies = Studies(store, self.authority)
        self.documents = Documents(store)
        self.requests = Requests(store, self.authority)
        self.consents = Consents(store)
        self.levels = Levels(store, self.authority, self._passwords)
        self.disclosures = DisclosureRecords(store)
        self.oversight = Oversight(store)
        self.reviews = Reviews(store, self.authority)
        self.digests = Digests(store, self.oversight, self.reviews)
        self.log = LogPages(store)
        self.outbox = Outbox(store)

    @classmethod
    def open(
        cls,
        folder: Path,
        copies: Sequence[Path] = (),
        signing: Signing = STRICTEST,
        server: PostgresqlServer | None = None,
    ) -> Ledger:
        """The ledger of a folder, made if need be. `copies`: where checkpoints of the audit log go besides its own;
        `server`: what keeps it, if not a file of that folder."""
        return cls(Store.open(folder, copies, server), signing)

    @classmethod
    def open_existing(
        cls,
        folder: Path,
        copies: Sequence[Path] = (),
        signing: Signing = STRICTEST,
        server: PostgresqlServer | None = None,
    ) -> Ledger:
        """The ledger of a folder that has one; nothing is made."""
        store = Store.open_existing(folder, copies, server)
        if store is None:
            raise LedgerError("There is no ledger in that state folder: nobody was added yet, and nothing was loaded.")
        return cls(store, signing)

    def close(self) -> None:
        self._store.close()

    # -- reading ---------------------------------------------------------------------------------

    def person(self, username: str) -> Person | None:
        with self._store.read() as connection:
            row = connection.execute(_PEOPLE.where(person.c.username == username)).one_or_none()
        return None if row is None else _person(row)

    def standing(self, username: str) -> tuple[Person | None, tuple[AccessLevel, ...]]:
        """The person and all their levels not revoked, as of one moment: what every question needs first."""
        with self._store.read() as connection:
            rows = connection.execute(_STANDING, {"username": username}).all()
        known = _person(rows[0]) if rows else None
        return known, tuple(read_level(row) for row in rows if row.capacity is not None)

    def people(self) -> list[Person]:
        with self._store.read() as connection:
            rows = connection.execute(_PEOPLE.order_by(person.c.username)).all()
        return [_person(row) for row in rows]

    def verify_password(self, username: str, password: str) -> bool:
        """Whether it is the person's; nobody's who is locked."""
        verified = self._passwords.verified_hash(username, password) is not None
        known = self.person(username)
        return verified and known is not None and not known.locked

    def entries(self, after: int = 0, kinds: Collection[Event] = ()) -> Iterator[Entry]:
        """The audit log in the order of its sequence numbers, from the one after `after` on; all kinds, or some."""
        question = _LOG.where(audit_event.c.sequence > after)
        if kinds:
            question = question.where(audit_event.c.event.in_([kind.value for kind in kinds]))
        with self._store.read() as connection:
            yield from _read_log(connection, question)

    def acted(self, actor: str) -> bool:
        """Whether anything in the log was done by that actor."""
        question = sa.select(audit_event.c.sequence).where(audit_event.c.actor == actor).limit(1)
        with self._store.read() as connection:
            return connection.execute(question).one_or_none() is not None

    def newest(self) -> int:
        """The sequence number of the newest event; 0 if there is none."""
        with self._store.read() as connection:
            return connection.execute(sa.select(sa.func.max(audit_event.c.sequence))).scalar_one() or 0

    def verify(self, public_key: Path | None = None, copies: Collection[Path] = ()) -> Verified:
        """Every place where the log is not what was recorded or signed, or where the store is not what the log says.

        `public_key`: of the checkpoints, where it was kept apart; `copies`: more folders that checkpoints went to.
        """
        witness = self._store.witness
        key = witness.public_key() if public_key is None else read_public_key(public_key)
        # Checkpoints first: what is recorded meanwhile is in the log then, and not missed.
        kept = [read_kept(folder, key) for folder in dict.fromkeys([*witness.places, *copies])]
        anchors, replay = Anchors(one for each in kept for one in each.checkpoints), Replay()
        with self._store.moment() as connection:
            sets = frozenset(_sound_sets(connection))
            breaks = list(find_breaks(replay.follow(anchors.follow(_read_log(connection))), sets))
            breaks += [*anchors.compare(), *replay.compare(standing(connection))]
        breaks += [found for each in kept for found in each.breaks] if anchors.newest else []
        return Verified(anchors.newest, anchors.anchored, tuple(breaks))

    def export(self) -> Iterator[str]:
        """The log with everything that it takes to prove it elsewhere, as lines of JSON: see `verify_export`."""
        with self._store.moment() as connection:
            # It gets a signature of its own, which an older copy of the store must not have.
            self._store.demand_what_was_signed(connection)
            newest = connection.execute(NEWEST).one_or_none()
            signed = [] if newest is None else [Checkpoint(newest.sequence, newest.digest, now())]
            checkpoints = [line for each in signed for line in self._store.witness.series_through(each)]
            sets = sa.select(disclosure_set.c.digest, disclosure_set.c.student_keys)
            kept = ((row.digest, row.student_keys) for row in connection.execute(sets))
            yield from export_lines(kept, checkpoints, _read_log(connection))

    def renew_checkpoints(self, actor: str, reason: str) -> None:
        """Go on with this store though it is not the one that was signed, or its key is gone: on record, with why."""
        signed = self._store.witness.newest()
        self._store.witness.begin_anew()
        self._store.trust()
        before = {} if signed is None else {"signed_sequence": signed.sequence, "signed_digest": signed.digest}
        with self._store.write() as connection:
            record_event(connection, Event.CHECKPOINTS_RENEWED, actor, {"reason": reason, **before})

    def disclosed_students(self, digest: str) -> bytes | None:
        """The sorted keys (little-endian 64-bit integers) behind a digest in the log."""
        question = sa.select(disclosure_set.c.student_keys).where(disclosure_set.c.digest == digest)
        with self._store.read() as connection:
            return connection.execute(question).scalar_one_or_none()

    # -- acting ----------------------------------------------------------------------------------

    def add_person(self, actor: str, username: str, staff_key: int | None, password: str | None) -> None:
        """A person who can sign in: with `password`, or, without one, through the configured provider."""
        try:
            Person(username, staff_key)
        except ValueError as error:
            raise LedgerError(f"That user name cannot be used: {error}.") from None
        hashed = None if password is None else self._passwords.hash(password)
        with self._store.write() as connection:
            if is_known(connection, username):
                raise LedgerError("There is already a person of that name. Choose another user name.")
            connection.execute(
                person.insert().values(username=username, staff_key=staff_key, password_hash=hashed, added_at=now())
            )
            detail = {"username": username, "staff_key": staff_key, "password": secret_digest(hashed)}
            record_event(connection, Event.PERSON_ADDED, actor, detail)

    def set_password(self, actor: str, username: str, password: str) -> None:
        """A new password for somebody who is not the Superintendent: whoever gives it knows it."""
        hashed = self._passwords.hash(password)
        with self._store.write() as connection:
            demand_known(connection, username)
            if holds_level(connection, username, Capacity.SUPERINTENDENT):
                raise LedgerError(
                    "The Superintendent's password decides, so that nobody else gives it. Where it is lost, the "
                    "Superintendent is installed anew, on record: `dbims user superintendent NAME --new-password`."
                )
            record_password(connection, actor, username, hashed)

    def lock_person(self, actor: str, username: str, reason: str) -> None:
        """From the next query and sign-in on, nothing; what the person holds stays as it is."""
        with self._store.write() as connection:
            demand_known(connection, username)
            if _is_locked(connection, username):
                raise LedgerError("That person is locked already.")
            connection.execute(
                person_lock.insert().values(username=username, reason=reason, locked_by=actor, locked_at=now())
            )
            record_event(connection, Event.PERSON_LOCKED, actor, {"username": username, "reason": reason})

    def unlock_person(self, actor: str, username: str) -> None:
        """What the Superintendent gave, and has not taken, is there again."""
        with self._store.write() as connection:
            demand_known(connection, username)
            if not _is_locked(connection, username):
                raise LedgerError("That person is not locked.")
            lifted = person_lock.update().where(person_lock.c.username == username, person_lock.c.unlocked_at.is_(None))
            connection.execute(lifted.values(unlocked_at=now()))
            record_event(connection, Event.PERSON_UNLOCKED, actor, {"username": username})

    def record(self, event: Event, actor: str, detail: Mapping[str, Any]) -> int:
        """An event by itself. Returns its sequence number once it is on the disk."""
        with self._store.write() as connection:
            return record_event(connection, event, actor, detail)

    def record_answer(self, actor: str, detail: Mapping[str, Any], students: bytes) -> int:
        """An answer, and the set of students it was about, in one transaction."""
        with self._store.write() as connection:
            return record_disclosure(connection, Event.ANSWER_GIVEN, actor, detail, students)


_LOG = sa.select(audit_event).order_by(audit_event.c.sequence)


def _read_log(connection: sa.Connection, question: sa.Select[Any] = _LOG) -> Iterator[Entry]:
    for row in connection.execution_options(yield_per=10_000).execute(question):
        yield read_entry(row)


def _sound_sets(connection: sa.Connection) -> Iterator[str]:
    """The digests of the sets of students that are what their digests say."""
    # Not as the column's type: what was put there from outside may be no bytes.
    question = sa.select(disclosure_set.c.digest, sa.type_coerce(disclosure_set.c.student_keys, sa.types.NullType()))
    for digest, keys in connection.execution_options(yield_per=1_000).execute(question):
        if isinstance(keys, bytes) and hashlib.sha256(keys).hexdigest() == digest:
            yield digest


_LOCKED = (
    sa.exists().where(person_lock.c.username == person.c.username, person_lock.c.unlocked_at.is_(None)).label("locked")
)
_PEOPLE = sa.select(person.c.username, person.c.staff_key, _LOCKED)
_STANDING = (
    sa.select(person.c.username, person.c.staff_key, _LOCKED, access_level.c.capacity, access_level.c.relation)
    .add_columns(access_level.c.begin_date, access_level.c.end_date, access_level.c.granted_by)
    .select_from(
        person.outerjoin(
            access_level, (access_level.c.username == person.c.username) & access_level.c.revoked_at.is_(None)
        )
    )
    .where(person.c.username == sa.bindparam("username"))
    .order_by(access_level.c.level_id)
)


def _person(row: sa.Row[Any]) -> Person:
    return Person(row.username, row.staff_key, bool(row.locked))


def _is_locked(connection: sa.Connection, username: str) -> bool:
    question = sa.select(person_lock.c.lock_id).where(
        person_lock.c.username == username, person_lock.c.unlocked_at.is_(None)
    )
    return connection.execute(question).first() is not None
