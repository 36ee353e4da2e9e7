"""The connection to the ledger's store: one writer at a time, every commit on the disk before it returns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

import sqlalchemy as sa

from governance.ledger.schema import metadata

BUSY_SECONDS = 15
FILE = "ledger.sqlite"


class Store:
    """SQLite with write-ahead logging and full synchronization."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")

    @classmethod
    def open(cls, folder: Path) -> Store:
        """The store in `folder`, made if it is not there; readable by its owner only."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / FILE
        if not path.exists():
            path.touch(mode=0o600)
        store = cls(_engine(path))
        with store.write() as connection:
            metadata.create_all(connection)
        return store

    @classmethod
    def open_existing(cls, folder: Path) -> Store | None:
        """The store in `folder`; None if there is none. Nothing is made."""
        path = folder / FILE
        if not path.is_file():
            return None
        store = cls(_engine(path))
        if not store._is_a_ledger():
            store.close()
            return None
        # A ledger of an earlier version gets the tables that came since.
        with store.write() as connection:
            metadata.create_all(connection)
        return store

    def _is_a_ledger(self) -> bool:
        try:
            with self.read() as connection:
                return {"person", "audit_event"} <= set(sa.inspect(connection).get_table_names())
        except sa.exc.DatabaseError:
            return False

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction that holds the write lock from its start, so that what it reads stays true."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def moment(self) -> Iterator[sa.Connection]:
        """Several reads that see one moment, whatever is written meanwhile."""
        with self._reader.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    def close(self) -> None:
        self._engine.dispose()


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
    sa.event.listen(engine, "connect", _configure)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: SqliteConnection, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin` takes the write lock at once.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
