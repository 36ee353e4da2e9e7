"""Authority that cannot be delegated: only the Superintendent's own, recent act decides.

A signature is given to who proves with a password to be the Superintendent, and holds for a few minutes, in the process
that gave it. It is demanded inside the transaction of the act that it signs, where all of it is looked at again.
"""

from __future__ import annotations

import enum
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Lock

import sqlalchemy as sa

from governance.audit import Event
from governance.ledger.events import LedgerError, is_known, now, record_event
from governance.ledger.passwords import Passwords
from governance.ledger.schema import access_level, person, person_lock
from governance.ledger.store import Store
from governance.policy import barred
from governance.vocabulary import Capacity, Employment, Person

LONGEST = timedelta(minutes=60)
NOBODY_KNOWN = "unknown"


class Unproved(enum.Enum):
    """Why an act is not the Superintendent's own."""

    WRONG_PASSWORD = (
        "That is not the user name and password of the Superintendent.",
        "Decide with your own user name and password.",
    )
    NOT_THE_SUPERINTENDENT = (
        "You are not the Superintendent today. Decisions are the Superintendent's alone, and cannot be delegated.",
        "Ask the Superintendent to decide.",
    )
    NOT_EMPLOYED = (
        "By the district's records, as they are loaded now, you are not employed by it today, or it is not told.",
        "If the records are wrong, have them corrected, and loaded.",
    )
    NO_SIGNATURE = (
        "This act was not signed by the Superintendent here.",
        "Enter the Superintendent's password on the page of the decision.",
    )
    TOO_OLD = (
        "The password was entered too long ago.",
        "Enter it again, and decide.",
    )
    PASSWORD_CHANGED = (
        "The password was changed since it was entered.",
        "Enter the new one, and decide.",
    )

    def __init__(self, message: str, next_step: str) -> None:
        self.message = message
        self.next_step = next_step


class NotTheSuperintendent(LedgerError):
    """The act was not the Superintendent's own: nothing was done."""

    def __init__(self, why: Unproved) -> None:
        super().__init__(f"{why.message} {why.next_step}")
        self.why = why


@dataclass(frozen=True)
class Signature:
    """Proof that the Superintendent was there just now: who, when (UTC, ISO 8601). Worth nothing elsewhere."""

    username: str
    at: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class _Issued:
    username: str
    password_hash: str
    expires: float


def _untold(_staff_key: int | None, _today: date) -> Employment:
    return Employment.UNTOLD


@dataclass(frozen=True)
class Signing:
    """For how long a signature is good; what tells whether who is linked to staff is employed; and the clock.

    The clock is monotonic: setting the machine's back makes no signature younger.
    """

    good_for: timedelta = timedelta(minutes=10)
    employment: Callable[[int | None, date], Employment] = _untold
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        if not timedelta(0) < self.good_for <= LONGEST:
            raise ValueError("a signature is good for some minutes, and for an hour at the most")


STRICTEST = Signing()
"""Without the warehouse: nothing is told of whoever is linked to staff, who then cannot sign."""


class Authority:
    """Gives signatures, and demands them."""

    def __init__(self, store: Store, passwords: Passwords, signing: Signing) -> None:
        self._store = store
        self._passwords = passwords
        self._signing = signing
        self._issued: dict[str, _Issued] = {}
        self._issuing = Lock()

    def employment(self, staff_key: int, today: date) -> Employment:
        """What is told of the employment of somebody who is linked to staff."""
        return self._signing.employment(staff_key, today)

    def sign(self, username: str, password: str, today: date) -> Signature:
        """Whoever signs is, by password, who holds the Superintendent's level today; else recorded, and refused."""
        verified = self._passwords.verified_hash(username, password)
        with self._store.write() as connection:
            why = self._why_not(connection, username, verified, today) if verified else Unproved.WRONG_PASSWORD
            if why is None:
                record_event(connection, Event.AUTHORITY_PROVED, username, {"username": username})
            else:
                _record_refused(connection, username, why)
        if why is not None or verified is None:
            raise NotTheSuperintendent(why or Unproved.WRONG_PASSWORD)
        return self._issue(username, verified)

    def demand(self, connection: sa.Connection, signature: Signature, today: date) -> str:
        """Whose act it is, inside its transaction; raises if the signature is none, too old, or no longer good."""
        issued = self._find(signature)
        why = self._why_not(connection, issued.username, issued.password_hash, today)
        if why is not None:
            raise NotTheSuperintendent(why)
        return issued.username

    @contextmanager
    def deciding(self, signature: Signature, today: date) -> Iterator[tuple[sa.Connection, str]]:
        """The transaction of a signed act, and whose act it is. Who has no signature leaves a record of the try."""
        try:
            with self._store.write() as connection:
                yield connection, self.demand(connection, signature, today)
        except NotTheSuperintendent as refused:
            with self._store.write() as connection:
                _record_refused(connection, getattr(signature, "username", NOBODY_KNOWN), refused.why)
            raise

    def _why_not(self, connection: sa.Connection, username: str, password_hash: str, today: date) -> Unproved | None:
        """Why this person, known by that password, is not the Superintendent of the day; None if they are."""
        question = sa.select(person.c.password_hash, person.c.staff_key).where(person.c.username == username)
        known = connection.execute(question).one_or_none()
        if known is None or known.password_hash != password_hash:
            return Unproved.PASSWORD_CHANGED
        if not is_superintendent(connection, username, today):
            return Unproved.NOT_THE_SUPERINTENDENT
        employment = self._signing.employment(known.staff_key, today)
        # Locked ones hold nothing: see above.
        bar = barred(Person(username, known.staff_key), employment)
        return None if bar is None else Unproved.NOT_EMPLOYED

    def _issue(self, username: str, password_hash: str) -> Signature:
        signature = Signature(username, now(), secrets.token_hex(32))
        time_now = self._signing.clock()
        with self._issuing:
            self._issued = {token: one for token, one in self._issued.items() if time_now < one.expires}
            self._issued[signature.token] = _Issued(
                username, password_hash, time_now + self._signing.good_for.total_seconds()
            )
        return signature

    def _find(self, signature: Signature) -> _Issued:
        issued = self._issued.get(signature.token) if isinstance(signature, Signature) else None
        if issued is None or issued.username != signature.username:
            raise NotTheSuperintendent(Unproved.NO_SIGNATURE)
        if self._signing.clock() >= issued.expires:
            raise NotTheSuperintendent(Unproved.TOO_OLD)
        return issued


def is_superintendent(connection: sa.Connection, username: str, today: date) -> bool:
    """Whether the person holds the level on that day, and is not locked."""
    level = access_level
    locked = sa.exists().where(person_lock.c.username == username, person_lock.c.unlocked_at.is_(None))
    question = sa.select(level.c.level_id).where(
        level.c.username == username,
        level.c.capacity == Capacity.SUPERINTENDENT.value,
        level.c.revoked_at.is_(None),
        level.c.begin_date <= today,
        sa.or_(level.c.end_date.is_(None), level.c.end_date >= today),
        sa.not_(locked),
    )
    return connection.execute(question).first() is not None


def _record_refused(connection: sa.Connection, username: object, why: Unproved) -> None:
    # What is no user name was typed by somebody, and may be anything: a password, say.
    known = isinstance(username, str) and is_known(connection, username)
    record_event(connection, Event.DECISION_REFUSED, str(username) if known else NOBODY_KNOWN, {"why": why.name})
