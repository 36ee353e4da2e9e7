"""What oversight keeps cannot be changed behind the log's back."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.ledger import Ledger
from governance.ledger.disclosures import fill_disclosure_index
from governance.ledger.schema import disclosure_index
from governance.ledger.store import Store
from governance.oversight.marks import Marking, whose
from governance.oversight.settings import OversightSettings
from tests.oversight.recorded import Asked, fill

TABLES = ("disclosure_index", "use_mark", "use_digest")
USES = [Asked("hill", students=frozenset({n, 7}), at=datetime(2026, 11, 17, 15, n, tzinfo=UTC)) for n in range(5)]
TAMPERINGS = {
    "an answer is taken out of the index": "DELETE FROM disclosure_index WHERE sequence = 5",
    "it is said to be about others": "UPDATE disclosure_index SET digest = (SELECT max(digest) FROM disclosure_set) "
    "WHERE digest <> (SELECT max(digest) FROM disclosure_set)",
    "it is said to be another's": "UPDATE disclosure_index SET username = 'reed'",
    "its form is another": "UPDATE disclosure_index SET form = 'protected statistics'",
    "one is put in": "INSERT INTO disclosure_index "
    "SELECT 1, digest, event, at, username, session, purpose, form, tables FROM disclosure_index LIMIT 1",
    "a mark is softened": "UPDATE use_mark SET marking = 'EXPLAINED'",
    "its note is another": "UPDATE use_mark SET note = 'nothing'",
    "it is taken away": "DELETE FROM use_mark",
    "it is said to be somebody else's": "UPDATE use_mark SET marked_by = 'hill'",
    "a digest is rewritten": "UPDATE use_digest SET content = 'Nothing happened.'",
    "it is taken away too": "DELETE FROM use_digest",
    "one of another week is put in": "INSERT INTO use_digest SELECT '2026-W40', content, made_at FROM use_digest",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ledger = fill(tmp_path / "ledger", USES, ("hill", "super"))
    ledger.oversight.mark("super", whose("hill") + "0" * 24, "hill", Marking.OUTSIDE_GUIDELINES, "Printed.")
    assert ledger.digests.make_due(datetime(2026, 11, 23, 15, tzinfo=UTC), OversightSettings(), date(2026, 11, 23))
    assert ledger.verify().breaks == ()
    ledger.close()
    return tmp_path / "ledger"


def opened(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_who_gets_past_the_triggers_is_found(folder: Path, name: str) -> None:
    store = opened(folder)
    for table in TABLES:
        for act in ("update", "delete"):
            store.execute(f"DROP TRIGGER {table}_no_{act}")
    assert store.execute(TAMPERINGS[name]).rowcount > 0
    store.close()
    ledger = Ledger.open(folder)
    assert ledger.verify().breaks != ()
    ledger.close()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("act", ["UPDATE {} SET rowid = rowid", "DELETE FROM {}"])
def test_the_store_itself_changes_none_of_it(folder: Path, table: str, act: str) -> None:
    store = opened(folder)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        store.execute(act.format(table))
    store.close()


def test_the_index_of_an_older_log_is_filled_and_is_the_same(folder: Path) -> None:
    store = opened(folder)
    store.execute("DROP TRIGGER disclosure_index_no_delete")
    before = store.execute("SELECT * FROM disclosure_index ORDER BY sequence").fetchall()
    store.execute("DELETE FROM disclosure_index WHERE sequence > 5")
    store.close()
    again = Store.open(folder)
    for _ in range(2):
        with again.write() as connection:
            fill_disclosure_index(connection)
    with again.read() as connection:
        rows = connection.execute(sa.select(disclosure_index).order_by(disclosure_index.c.sequence)).all()
    again.close()
    assert [tuple(row) for row in rows] == before and len(before) == len(USES)
