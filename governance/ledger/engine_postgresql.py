"""The ledger in a PostgreSQL database, where a district names one: `[ledger]` in its settings."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from governance.ledger.engine_sqlite import BUSY_SECONDS
from governance.ledger.events import LedgerError

DRIVER = "postgresql+pg8000"
WRITE_LOCK = 0x6462696D73
"""The number of the lock that whoever writes holds until the end of the transaction."""
READS = "reads"
"""The option of connections that never write, and so wait for nobody."""
_SETTINGS = ("SET synchronous_commit = on", f"SET lock_timeout = '{BUSY_SECONDS}s'", "SET TIME ZONE 'UTC'")


@dataclass(frozen=True)
class PostgresqlServer:
    """`url`: without a password, which is in `password_file`. `ca_file`: the authority of the server's certificate, if
    not one of the system's."""

    url: str
    password_file: Path | None = None
    ca_file: Path | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> PostgresqlServer | None:
        """From all settings of a district; None where the ledger is a file. `LedgerError`, if they cannot be used."""
        section = document.get("ledger", {})
        if not isinstance(section, dict) or not set(section) <= {"url", "password_file", "ca_file"}:
            raise LedgerError("[ledger] in dbims.toml knows url, password_file and ca_file, and nothing else.")
        if not section:
            return None
        url = section.get("url")
        if not _is_usable(url):
            raise LedgerError(
                f'url of [ledger] in dbims.toml is of the form "{DRIVER}://USER@HOST/DATABASE", without a password: '
                "that is in a file of its own, which password_file names."
            )
        return cls(str(url), _file(section, "password_file"), _file(section, "ca_file"))

    def is_there(self) -> bool:
        engine = self.engine()
        try:
            with self.reader(engine).connect() as connection:
                return sa.inspect(connection).has_table("audit_event")
        except sa.exc.SQLAlchemyError as error:
            raise LedgerError(
                f"The ledger's PostgreSQL server cannot be reached, or turns us away ({type(error).__name__}). See "
                "that it runs, and that [ledger] in dbims.toml names it, its database, its user and their password."
            ) from None
        finally:
            engine.dispose()

    def make(self) -> None:
        """Whoever runs the server has made the database; its tables come with the first step."""

    def engine(self) -> sa.Engine:
        url = sa.make_url(self.url).set(password=self._password())
        try:
            engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=self._protection(url))
        except ModuleNotFoundError:
            raise LedgerError("A ledger in PostgreSQL needs the driver: `pip install 'dbims[postgresql]'`.") from None
        sa.event.listen(engine, "connect", _configure)
        sa.event.listen(engine, "begin", _begin)
        return engine

    def _protection(self, url: sa.URL) -> dict[str, Any]:
        """To another machine the ledger goes encrypted, and to a server that proves who it is; never in plain text."""
        if _is_this_machine(url):
            return {}
        try:
            return {"ssl_context": ssl.create_default_context(cafile=self.ca_file)}
        except OSError as error:
            raise LedgerError(f"ca_file of [ledger] in dbims.toml cannot be used ({type(error).__name__}).") from None

    def _password(self) -> str | None:
        if self.password_file is None:
            return None
        try:
            return self.password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise LedgerError(f"The file of the ledger's password cannot be read ({type(error).__name__}).") from None

    def reader(self, engine: sa.Engine) -> sa.Engine:
        return engine.execution_options(isolation_level="REPEATABLE READ", **{READS: True})

    @contextmanager
    def moment(self, reader: sa.Engine) -> Iterator[sa.Connection]:
        """A transaction that repeats its reads is one moment by itself."""
        with reader.connect() as connection:
            yield connection

    def back_up(self, revision: str, connection: sa.Connection) -> None:
        """A schema beside the ledger's own, with a copy of every table; there if, and only if, the steps were taken."""
        schema = f"before_{revision}_{datetime.now(UTC):%Y%m%d_%H%M%S}".replace("-", "_")
        connection.exec_driver_sql(f'CREATE SCHEMA "{schema}"')
        for table in sa.inspect(connection).get_table_names():
            connection.exec_driver_sql(f'CREATE TABLE "{schema}"."{table}" AS TABLE "{table}"')


def _file(section: Mapping[str, Any], name: str) -> Path | None:
    file = section.get(name)
    if file is None:
        return None
    if not (isinstance(file, str) and Path(file).is_absolute()):
        raise LedgerError(f"{name} of [ledger] in dbims.toml is the whole path of a file.")
    return Path(file)


def _is_this_machine(url: sa.URL) -> bool:
    """By the host alone; a socket is named in the query, and reaches nobody else's machine."""
    if url.host is None:
        return "host" not in url.query
    if "host" in url.query:
        return False
    try:
        return ip_address(url.host).is_loopback
    except ValueError:
        return url.host == "localhost"


def _is_usable(url: object) -> bool:
    try:
        parts = sa.make_url(url) if isinstance(url, str) else None
    except sa.exc.ArgumentError:
        return False
    return parts is not None and parts.drivername == DRIVER and parts.password is None and bool(parts.database)


def _configure(connection: Any, _record: object) -> None:
    with closing(connection.cursor()) as cursor:
        for setting in _SETTINGS:
            cursor.execute(setting)
    connection.commit()


def _begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(READS) and options.get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")
