"""Where a ledger is kept in the tests that hold for every engine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from governance.ledger.engine_postgresql import PostgresqlServer
from tests.ledger.postgresql import RunningServer, programs


@pytest.fixture(scope="session")
def postgresql() -> Iterator[RunningServer]:
    found = programs()
    if found is None and not os.environ.get("CI"):
        pytest.skip("PostgreSQL is not installed: neither /usr/lib/postgresql/*/bin/initdb nor initdb on the path")
    assert found is not None, "CI tests the ledger in PostgreSQL, too: install Debian's postgresql"
    with RunningServer(found) as server:
        yield server


@pytest.fixture(params=["a file", "PostgreSQL"])
def server(request: pytest.FixtureRequest) -> PostgresqlServer | None:
    """For `Ledger.open`: each engine in turn."""
    if request.param == "a file":
        return None
    running: RunningServer = request.getfixturevalue("postgresql")
    return running.make_database()
