"""The ledger in a file: SQLite with write-ahead logging and full synchronization."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from governance.durable import FILE_MODE, locked_folder, make_folder, sync

BUSY_SECONDS = 15
FILE = "ledger.sqlite"
BACKUPS = "backups"


class SqliteFile:
    """`folder`: where the file is, and the backups of it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def is_there(self) -> bool:
        return self.path.is_file()

    def make(self) -> None:
        """Readable by its owner only, from its first byte on; when it is there, it has its write-ahead log.

        Two processes that turn that on at once would not wait for each other.
        """
        with locked_folder(self.path.parent):
            if self.is_there():
                return
            beside = self.path.with_name(f"{FILE}.new")
            beside.touch(mode=FILE_MODE)
            with closing(sqlite3.connect(beside)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
            beside.rename(self.path)

    def engine(self) -> sa.Engine:
        engine = sa.create_engine(
            f"sqlite:///{self.path}", connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True
        )
        sa.event.listen(engine, "connect", _configure)
        sa.event.listen(engine, "begin", _begin)
        return engine

    def reader(self, engine: sa.Engine) -> sa.Engine:
        return engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def moment(self, reader: sa.Engine) -> Iterator[sa.Connection]:
        with reader.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    def back_up(self, revision: str, _connection: sa.Connection) -> None:
        """A copy beside it, on the disk when this returns; what others are writing is not in it."""
        folder = make_folder(self.path.with_name(BACKUPS))
        copy = folder / f"ledger-{revision}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.sqlite"
        beside = copy.with_suffix(".tmp")
        beside.touch(mode=FILE_MODE, exist_ok=False)
        try:
            self._copy_to(beside)
        except BaseException:
            beside.unlink()
            raise
        beside.rename(copy)
        sync(folder)

    def _copy_to(self, target: Path) -> None:
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            # One file, without those that belong to write-ahead logging.
            copy.execute("PRAGMA journal_mode=DELETE")
        sync(target)


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin` takes the write lock at once.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
