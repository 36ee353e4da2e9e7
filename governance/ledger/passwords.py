"""Passwords of people: kept as Argon2 hashes, compared in the same time whether or not there is such a person."""

from __future__ import annotations

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from governance.ledger.schema import person
from governance.ledger.store import Store


class Passwords:
    """The part of the ledger that knows a person by a password. Used through `Ledger` and `Authority`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._hasher = PasswordHasher()
        # Compared against when there is no such person, so that both answers take the same time.
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def verified_hash(self, username: str, password: str) -> str | None:
        """The hash that the password was found to be that of; None if it is not the person's."""
        question = sa.select(person.c.password_hash).where(person.c.username == username)
        with self._store.read() as connection:
            known: str | None = connection.execute(question).scalar_one_or_none()
        try:
            verified = self._hasher.verify(known or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return None
        return known if verified else None
