"""Ledgers of earlier versions: brought up to date when they are opened, wholly or not at all, and backed up first."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from governance.audit import Event
from governance.ledger import Ledger, LedgerError
from governance.ledger.disclosures import read_time
from governance.ledger.engine_sqlite import SqliteFile
from governance.ledger.events import record_event
from governance.ledger.replay import secret_digest, told_digest
from governance.ledger.schema import APPEND_ONLY, metadata
from governance.ledger.store import Store
from governance.ledger.witness import Witness
from tests.signed import superintendent

OLD = (Path(__file__).parent / "old_ledger.sql").read_text()
AT = "2026-11-01T08:00:00.000000+00:00"
SECRET, STUDENTS = b"\x07" * 32, b"\x05" + b"\x00" * 7
TERMS = {
    "tables": {"student": ["student_key", "sex"]},
    "k": 10,
    "diversity": 2,
    "sensitive": [],
    "dates": "day",
    "snapshot": "20261101T080000Z-abcdef",
}
ROWS = {
    "INSERT INTO person VALUES ('alice', 5, NULL, :at)": {},
    "INSERT INTO person VALUES ('rita', NULL, 'a hash', :at)": {},
    "INSERT INTO access_level VALUES (1, 'alice', 'teacher', '2026-09-01', NULL, 'op', :at, NULL)": {},
    "INSERT INTO study_grant VALUES ('reading', 'rita', :terms, '2026-09-01', '2027-06-30', 'op', :at, NULL)": {
        "terms": json.dumps(TERMS)
    },
    "INSERT INTO code_key VALUES ('reading', :secret)": {"secret": SECRET},
    "INSERT INTO statistic_release VALUES ('study:reading', 1, 'a1', 'a table', :told)": {"told": b"\x02\x03"},
}
EVENTS = (
    (Event.PERSON_ADDED, {"username": "alice", "staff_key": 5, "password": None}),
    (Event.PERSON_ADDED, {"username": "rita", "staff_key": None, "password": secret_digest("a hash")}),
    (
        Event.LEVEL_GRANTED,
        {"username": "alice", "capacity": "teacher", "begin_date": "2026-09-01", "end_date": None},
    ),
    (
        Event.STUDY_GRANTED,
        {"grant": "reading", "username": "rita", "begin_date": "2026-09-01", "end_date": "2027-06-30", **TERMS},
    ),
    (Event.CODE_KEY_MADE, {"grant": "reading", "secret": secret_digest(SECRET)}),
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with a ledger from before it had steps."""
    return make_old(tmp_path / "state")


def make_old(state: Path) -> Path:
    folder = state / "ledger"
    folder.mkdir(parents=True, mode=0o700)
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as raw:
        raw.executescript(OLD)
    witness = Witness(state / "audit")
    witness.make_key()
    with closing(Store(SqliteFile(folder), witness)) as store, store.write() as connection:
        for statement, values in ROWS.items():
            connection.execute(sa.text(statement), {"at": AT, **values} if ":at" in statement else values)
        for event, detail in EVENTS:
            record_event(connection, event, "op", detail)
        _record_answers(connection)
    return state


def _record_answers(connection: sa.Connection) -> None:
    """One about students, one of statistics: of the form they had then."""
    digest = secret_digest(STUDENTS)
    connection.execute(sa.text("INSERT INTO disclosure_set VALUES (:d, :k)"), {"d": digest, "k": STUDENTS})
    record_event(connection, Event.ANSWER_GIVEN, "alice", {"answer": "a0", "students": digest})
    told = {"audience": "study:reading", "release": 1, "told": told_digest("a1", "a table", b"\x02\x03")}
    record_event(connection, Event.ANSWER_GIVEN, "rita", {"answer": "a1", **told, "students": digest})


def backups(state: Path) -> list[Path]:
    folder = state / "ledger" / "backups"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything in the tables of before, in the columns of before."""
    with closing(sqlite3.connect(path)) as raw, closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(OLD)
        names = [name for (name,) in empty.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {name: [row[1] for row in empty.execute(f"PRAGMA table_info({name})")] for name in names}
        return {
            name: sorted(raw.execute(f"SELECT {', '.join(columns[name])} FROM {name}").fetchall(), key=repr)
            for name in names
        }


def test_an_old_ledger_holds_the_same_and_nothing_is_wrong_with_it(state: Path) -> None:
    before = rows_of(state / "ledger" / "ledger.sqlite")
    assert all(before.values())
    with closing(Ledger.open(state / "ledger")) as ledger:
        assert ledger.verify().breaks == ()
        assert rows_of(state / "ledger" / "ledger.sqlite") == before
        # It is one that goes on: what only the new tables hold is there, and can be added to.
        shown = ledger.disclosures.show("head", 5, date(2026, 11, 26))
        assert shown.made_at > read_time(AT)
        assert ledger.studies.code_key("rita", "reading") == SECRET
        superintendent(ledger)
        assert ledger.verify().breaks == ()


def test_the_answers_of_an_old_ledger_are_in_the_index(state: Path) -> None:
    Ledger.open(state / "ledger").close()
    with closing(sqlite3.connect(state / "ledger" / "ledger.sqlite")) as raw:
        assert [row[0] for row in raw.execute("SELECT sequence FROM disclosure_index ORDER BY 1")] == [6, 7]


@pytest.mark.parametrize("begin", ["nothing", "an old ledger"])
def test_the_steps_lead_to_the_declared_tables(tmp_path: Path, begin: str) -> None:
    state = tmp_path / "state"
    if begin == "an old ledger":
        make_old(state)
    Ledger.open(state / "ledger").close()
    engine = SqliteFile(state / "ledger").engine()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        found = connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()
        assert set(found) == {f"{table}_no_{act}" for table in APPEND_ONLY for act in ("update", "delete")}
    engine.dispose()


def test_the_declared_tables_are_all_or_append_only_or_known_to_change() -> None:
    changing = {"person", "access_level", "person_lock", "regulation", "study_grant", "code_key", "outbox_delivery"}
    assert set(metadata.tables) == set(APPEND_ONLY) | changing


def test_a_backup_is_a_ledger_that_only_its_owner_reads(state: Path) -> None:
    before = rows_of(state / "ledger" / "ledger.sqlite")
    Ledger.open(state / "ledger").close()
    Ledger.open(state / "ledger").close()
    (backup,) = backups(state)
    assert backup.name.startswith("ledger-before-0001-2") and backup.suffix == ".sqlite"
    assert (backup.stat().st_mode & 0o777, backup.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert rows_of(backup) == before
    with closing(sqlite3.connect(backup)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert not raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'request'").fetchall()
    # Put back in its place, it is the ledger, and is brought up to date once more.
    for file in (state / "ledger").glob("ledger.sqlite*"):
        file.unlink()
    shutil.copyfile(backup, state / "ledger" / "ledger.sqlite")
    with closing(Ledger.open_existing(state / "ledger")) as ledger:
        assert ledger.verify().breaks == ()


def test_a_fresh_ledger_needs_no_backup(tmp_path: Path) -> None:
    Ledger.open(tmp_path / "state" / "ledger").close()
    assert backups(tmp_path / "state") == []


def test_without_room_for_a_backup_nothing_is_changed(state: Path) -> None:
    before = dump(state)
    (state / "ledger" / "backups").write_text("in the way")
    with pytest.raises(LedgerError, match="could not be brought up to date"):
        Ledger.open(state / "ledger")
    assert dump(state) == before


def test_a_ledger_of_a_newer_version_is_refused(state: Path) -> None:
    Ledger.open(state / "ledger").close()
    with closing(sqlite3.connect(state / "ledger" / "ledger.sqlite")) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    before = dump(state)
    for opening in (Ledger.open, Ledger.open_existing):
        with pytest.raises(LedgerError, match="newer version of this program") as refused:
            opening(state / "ledger")
        assert "9999" in str(refused.value)
    assert dump(state) == before


def test_killed_anywhere_the_old_ledger_is_whole_and_the_next_start_completes_it(state: Path, tmp_path: Path) -> None:
    before, points = dump(state), 0
    for point in range(1, 200, 7):
        copy = tmp_path / f"killed-{point}"
        shutil.copytree(state, copy)
        if not killed_at(copy, point):
            break
        assert dump(copy) == before
        with closing(Ledger.open_existing(copy / "ledger")) as ledger:
            assert ledger.verify().breaks == ()
        points += 1
    assert points > 5


def dump(state: Path) -> list[str]:
    with closing(sqlite3.connect(state / "ledger" / "ledger.sqlite")) as raw:
        return list(raw.iterdump())


def killed_at(state: Path, point: int) -> bool:
    """Open the ledger in a process that is killed before the `point`-th change of it; whether it was."""
    child = os.fork()
    if child == 0:
        try:
            _die_at(point)
            Ledger.open(state / "ledger")
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _die_at(point: int) -> None:
    steps = iter(range(1, 10_000))

    def count(_: object, __: object, statement: str, *___: object) -> None:
        changes = statement.lstrip().startswith(("CREATE", "ALTER", "INSERT", "UPDATE"))
        if changes and next(steps) == point:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)


def test_of_several_processes_that_start_at_once_one_brings_it_up_to_date(state: Path) -> None:
    children = [started(state) for _ in range(4)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert len(backups(state)) == 1
    with closing(Ledger.open_existing(state / "ledger")) as ledger:
        assert ledger.verify().breaks == ()


def started(state: Path) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with closing(Ledger.open(state / "ledger")) as ledger:
                ledger.record(Event.LOAD_BEGUN, "op", {})
            status = 0
        finally:
            os._exit(status)
    return child
