"""A PostgreSQL server of its own, on a Unix socket, run by a user without rights, as the server demands."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import closing
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import pg8000.dbapi

from governance.ledger.engine_postgresql import PostgresqlServer

PASSWORD = "a password of the ledger's database"
UNPRIVILEGED = ("postgres", "nobody")


def programs() -> Path | None:
    """The newest server's programs; Debian keeps them off the search path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    elsewhere = shutil.which("initdb")
    return found[-1].parent if found else Path(elsewhere).resolve().parent if elsewhere else None


class RunningServer:
    """`make_database` gives the settings of a new, empty one."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._user = _user()
        self._folder = Path(tempfile.mkdtemp(prefix="dbims-postgresql-"))
        self._numbers = count(1)
        self.password_file = self._folder / "password"
        self.password_file.write_text(PASSWORD)
        for path in (self._folder, self.password_file):
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def __enter__(self) -> Self:
        owner = ("--username=dbims", "--auth=scram-sha-256", f"--pwfile={self.password_file}")
        self._run("initdb", f"--pgdata={self._data}", *owner, "--encoding=UTF8", "--locale=C")
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._folder}'"
        log = f"--log={self._folder / 'log'}"
        self._run("pg_ctl", "start", "--wait", f"--pgdata={self._data}", log, f"--options={options}")
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate", f"--pgdata={self._data}")
        shutil.rmtree(self._folder)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        # Only root may become another user; everybody else runs the server as themselves.
        become = (
            {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        )
        with (self._folder / "output").open("ab") as output:
            subprocess.run(
                [self._programs / program, *arguments], check=True, stdout=output, stderr=output, cwd="/", **become
            )

    def make_database(self) -> PostgresqlServer:
        name = f"ledger_{next(self._numbers)}"
        self.execute("postgres", f"CREATE DATABASE {name}")
        return self.settings(name)

    def settings(self, database: str) -> PostgresqlServer:
        url = f"postgresql+pg8000://dbims@/{database}?unix_sock={self._socket}"
        return PostgresqlServer(url, self.password_file)

    @property
    def _socket(self) -> str:
        return str(self._folder / ".s.PGSQL.5432")

    def execute(self, database: str, statement: str) -> None:
        """As the owner of everything, past the ledger."""
        connection = pg8000.dbapi.connect("dbims", database=database, unix_sock=self._socket, password=PASSWORD)
        with closing(connection):
            connection.autocommit = True
            connection.cursor().execute(statement)


def _user() -> pwd.struct_passwd:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(names[name] for name in UNPRIVILEGED if name in names)
