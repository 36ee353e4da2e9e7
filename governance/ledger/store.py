"""The connection to the ledger's store: one writer at a time, every commit on the disk before it returns."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import sqlalchemy as sa

from governance.audit import Entry
from governance.ledger.engine import Place
from governance.ledger.engine_postgresql import PostgresqlServer
from governance.ledger.engine_sqlite import SqliteFile
from governance.ledger.events import RECORDED, LedgerError
from governance.ledger.migrating import bring_up_to_date
from governance.ledger.schema import audit_event
from governance.ledger.witness import Witness

AUDIT_FOLDER = "audit"
"""The folder beside the store's own that its checkpoints are in."""

_log = logging.getLogger(__name__)


class Store:
    """A file, or a database of a PostgreSQL server.

    After every event a checkpoint of it is signed outside the store. If that fails, what was recorded stands, and
    nothing more is written before it succeeds.
    """

    def __init__(self, place: Place, witness: Witness) -> None:
        self.witness = witness
        self._trusted = False
        self._owed: Entry | None = None
        self._owing = Lock()
        self._place = place
        self._engine = place.engine()
        self._reader = place.reader(self._engine)

    @classmethod
    def open(cls, folder: Path, copies: Sequence[Path] = (), server: PostgresqlServer | None = None) -> Store:
        """The store in `folder`, or of `server`, made if it is not there; a file is readable by its owner only."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place, witness = server or SqliteFile(folder), Witness(folder.with_name(AUDIT_FOLDER), copies)
        if not place.is_there():
            # Before the store: one that is there never lacks its key, but for somebody who took it.
            witness.make_key()
            place.make()
        store = cls(place, witness)
        store._bring_up_to_date()
        return store

    @classmethod
    def open_existing(
        cls, folder: Path, copies: Sequence[Path] = (), server: PostgresqlServer | None = None
    ) -> Store | None:
        """The store in `folder`, or of `server`; None if there is none. Nothing is made."""
        place: Place = server or SqliteFile(folder)
        if not place.is_there():
            return None
        store = cls(place, Witness(folder.with_name(AUDIT_FOLDER), copies))
        if not store._is_a_ledger():
            store.close()
            return None
        store._bring_up_to_date()
        return store

    def _bring_up_to_date(self) -> None:
        try:
            bring_up_to_date(self._engine, self._place)
        except LedgerError:
            self.close()
            raise

    def _is_a_ledger(self) -> bool:
        try:
            with self.read() as connection:
                return {"person", "audit_event"} <= set(sa.inspect(connection).get_table_names())
        except sa.exc.DatabaseError:
            return False

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction that holds the write lock from its start, so that what it reads stays true."""
        self._settle()
        with self._engine.begin() as connection:
            connection.info.pop(RECORDED, None)
            # Once, with the lock held.
            if not self._trusted:
                self.demand_what_was_signed(connection)
            yield connection
            recorded: Entry | None = connection.info.pop(RECORDED, None)
        self._trusted = True
        if recorded is None:
            return
        self._owe(recorded)
        try:
            self._settle()
        except LedgerError:
            # What was done is done, and is told as done; the next act is not begun.
            _log.exception("an event was recorded, and no checkpoint of it could be signed")

    def _owe(self, recorded: Entry) -> None:
        with self._owing:
            if self._owed is None or recorded.sequence > self._owed.sequence:
                self._owed = recorded

    def _settle(self) -> None:
        """Have the checkpoint of the newest event of ours signed."""
        with self._owing:
            if self._owed is not None:
                self._sign(self._owed)
            self._owed = None

    def _sign(self, owed: Entry) -> None:
        try:
            self.witness.note(owed.sequence, owed.digest, owed.at)
        except (OSError, ValueError) as error:
            raise LedgerError(
                "Nothing is recorded while the checkpoints of the audit log cannot be written "
                f"({type(error).__name__}). Look after the folder `{AUDIT_FOLDER}` of the state folder, and the copies "
                "that dbims.toml names."
            ) from None

    def trust(self) -> None:
        """Whatever was signed before, from now on this store is the one that is written to."""
        self._trusted, self._owed = True, None

    def demand_what_was_signed(self, connection: sa.Connection) -> None:
        """That this is not a store that is older than its checkpoints, nor one whose checkpoints are gone."""
        signed = self.witness.newest()
        if signed is None:
            # Killed right after its very first event, a ledger has no checkpoint yet.
            newest = connection.execute(sa.select(sa.func.max(audit_event.c.sequence))).scalar_one() or 0
            if newest > 1:
                raise LedgerError(
                    f"The checkpoints of the audit log (the folder `{AUDIT_FOLDER}` of the state folder) are gone, or "
                    "cannot be read. Nothing is recorded without them. Restore them, or begin them anew: `dbims audit "
                    "renew`, on record."
                )
            return
        question = sa.select(audit_event.c.digest).where(audit_event.c.sequence == signed.sequence)
        if connection.execute(question).scalar_one_or_none() != signed.digest:
            raise LedgerError(
                "The newest event that was signed is not in the audit log: its end was cut off, or an older copy of "
                "the ledger was put in its place. Nothing is recorded in it. `dbims audit verify` tells more. Restore "
                "the ledger that belongs to the checkpoints, or go on with this one: `dbims audit renew`, on record."
            )

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def moment(self) -> Iterator[sa.Connection]:
        """Several reads that see one moment, whatever is written meanwhile."""
        with self._place.moment(self._reader) as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()
