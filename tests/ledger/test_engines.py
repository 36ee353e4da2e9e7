"""What holds for a ledger wherever it is kept: in a file, or in a PostgreSQL database."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from governance.audit import Event
from governance.catalog import load_catalog
from governance.ledger import Acted, Ledger, LedgerError, PostgresqlServer, Told
from governance.ledger.engine_sqlite import SqliteFile
from governance.ledger.schema import APPEND_ONLY, metadata
from governance.ledger.store import Store
from governance.requests import Act, Known, NotMoved
from governance.vocabulary import Grant
from tests.granting import SNAPSHOT, apply_for, decision_on
from tests.ledger.test_ledger import ACTS, prepared
from tests.ledger.test_verification import fill
from tests.signed import CHIEF, PASSWORD, TODAY, superintendent

READING = Grant("reading", "rita", {"student": ("student_key", "sex")}, TODAY, TODAY)
# What `fill` leaves rows in: in SQLite, nothing else can be tried.
FILLED = (
    "audit_event",
    "disclosure_set",
    "statistic_release",
    "document",
    "request",
    "request_step",
    "disclosure_index",
)
KNOWN = Known(TODAY, load_catalog())


@dataclass(frozen=True)
class House:
    """One place that ledgers are opened from."""

    folder: Path
    server: PostgresqlServer | None

    def open(self) -> Ledger:
        return Ledger.open(self.folder, server=self.server)

    def engine(self) -> sa.Engine:
        """Past the ledger."""
        return (self.server or SqliteFile(self.folder)).engine()

    def tamper(self, *statements: str) -> None:
        engine = self.engine()
        try:
            with engine.begin() as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement)
        finally:
            engine.dispose()

    def without_trigger(self, table: str, act: str) -> str:
        on = "" if self.server is None else f" ON {table}"
        return f"DROP TRIGGER {table}_no_{act}{on}"


@pytest.fixture
def house(tmp_path: Path, server: PostgresqlServer | None) -> House:
    return House(tmp_path / "ledger", server)


@pytest.fixture
def ledger(house: House) -> Iterator[Ledger]:
    with closing(house.open()) as ledger:
        yield ledger


@pytest.mark.parametrize("name", ACTS)
def test_every_act_leaves_its_event(ledger: Ledger, name: str) -> None:
    act, event = ACTS[name]
    prepared(ledger).add_person("op", "locked", None, None)
    ledger.lock_person("op", "locked", "a lost laptop")
    before = ledger.newest()
    act(ledger)
    assert [entry.event for entry in ledger.entries(after=before)] == [event]
    assert ledger.verify().breaks == ()


def test_everything_there_is_stands_as_the_events_say(house: House, ledger: Ledger) -> None:
    fill(ledger)
    assert ledger.verify().breaks == ()
    assert len(list(ledger.export())) > ledger.newest()
    with closing(Ledger.open_existing(house.folder, server=house.server)) as again:
        assert again.verify() == ledger.verify()
        assert again.people() == ledger.people()
        assert again.standing("alice") == ledger.standing("alice")
        assert len(again.standing("alice")[1]) == 3


def test_a_request_is_decided_and_makes_its_grant(ledger: Ledger) -> None:
    ledger.add_person("op", "rita", 205, None)
    superintendent(ledger)
    apply_for(ledger, READING)
    done = decide(ledger)
    assert isinstance(done, Acted)
    assert (done.grant, ledger.verify().breaks) == ("reading", ())


def decide(ledger: Ledger) -> Acted | NotMoved:
    signature = ledger.authority.sign(CHIEF, PASSWORD, TODAY)
    return ledger.requests.act(signature, 1, Act.APPROVE, Told(decision_on(READING)), KNOWN, SNAPSHOT)


def test_two_deciders_at_once_decide_once(house: House, ledger: Ledger) -> None:
    ledger.add_person("op", "rita", 205, None)
    superintendent(ledger)
    apply_for(ledger, READING)
    with closing(house.open()) as other, ThreadPoolExecutor(2) as pool:
        done = list(pool.map(decide, (ledger, other)))
    assert sorted(type(each) for each in done if isinstance(each, Acted)) == [Acted]
    assert len([entry for entry in ledger.entries() if entry.event == Event.STUDY_GRANTED]) == 1
    assert ledger.verify().breaks == ()


@pytest.mark.parametrize("table", FILLED)
@pytest.mark.parametrize("act", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
def test_the_store_itself_refuses_to_change_what_is_append_only(
    filled: House, engine: sa.Engine, table: str, act: str
) -> None:
    column = next(iter(metadata.tables[table].columns)).name
    statement = act.format(table, column)
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="append-only"):
        connection.exec_driver_sql(statement)


@pytest.fixture(scope="module", params=["a file", "PostgreSQL"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> House:
    running = None if request.param == "a file" else request.getfixturevalue("postgresql").make_database()
    house = House(tmp_path_factory.mktemp("filled") / "ledger", running)
    with closing(house.open()) as ledger:
        fill(ledger)
        ledger.add_person("op", "mail", None, None)
    return house


@pytest.fixture
def engine(filled: House) -> Iterator[sa.Engine]:
    engine = filled.engine()
    yield engine
    engine.dispose()


def test_in_postgresql_nothing_is_truncated_either(postgresql_house: House) -> None:
    postgresql_house.open().close()
    for table in APPEND_ONLY:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            postgresql_house.tamper(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    ("table", "act", "statement"),
    [
        ("audit_event", "update", "UPDATE audit_event SET actor = 'somebody' WHERE sequence = 3"),
        ("audit_event", "delete", "DELETE FROM audit_event WHERE sequence > 5"),
        ("request_step", "update", "UPDATE request_step SET after = 'approved' WHERE number = 1"),
        ("statistic_release", "delete", "DELETE FROM statistic_release"),
        ("audit_event", "delete", "UPDATE access_level SET end_date = '2099-01-01'"),
        ("audit_event", "delete", "UPDATE study_grant SET end_date = '2099-01-01'"),
    ],
)
def test_what_was_changed_past_the_triggers_is_found(
    house: House, ledger: Ledger, table: str, act: str, statement: str
) -> None:
    fill(ledger)
    assert ledger.verify().breaks == ()
    house.tamper(house.without_trigger(table, act), statement)
    assert ledger.verify().breaks != ()


def test_several_processes_make_one_chain_without_gaps(house: House) -> None:
    house.open().close()
    children = [started(house, lambda ledger: record_many(ledger)) for _ in range(3)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 3
    with closing(house.open()) as ledger:
        assert [entry.sequence for entry in ledger.entries()] == [*range(1, 61)]
        assert ledger.verify().breaks == ()


def record_many(ledger: Ledger) -> None:
    for number in range(20):
        ledger.record(Event.ANSWER_INTENDED, "alice", {"number": number})


def started(house: House, act: Callable[[Ledger], None]) -> int:
    """A process of its own with a ledger of its own; its status is 0 when all went well."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with closing(house.open()) as ledger:
                act(ledger)
            status = 0
        finally:
            os._exit(status)
    return child


def test_several_processes_that_start_at_once_make_the_tables_once(house: House) -> None:
    children = [started(house, lambda ledger: None) for _ in range(3)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 3


def test_a_moment_is_one_whatever_is_written_meanwhile(house: House, ledger: Ledger) -> None:
    prepared(ledger)
    question = sa.text("SELECT count(*) FROM audit_event")
    with closing(Store.open(house.folder, server=house.server)) as store, store.moment() as connection:
        before = connection.execute(question).scalar_one()
        ledger.record(Event.ANSWER_INTENDED, "alice", {})
        assert connection.execute(question).scalar_one() == before
    assert ledger.newest() == before + 1


def test_who_reads_does_not_wait_for_who_writes(house: House, ledger: Ledger) -> None:
    prepared(ledger)
    with closing(Store.open(house.folder, server=house.server)) as store, store.write():
        assert [person.username for person in ledger.people()] == ["alice"]
        assert ledger.verify().breaks == ()


def test_an_act_that_fails_leaves_nothing(house: House, ledger: Ledger) -> None:
    prepared(ledger)
    with (
        closing(Store.open(house.folder, server=house.server)) as store,
        pytest.raises(LedgerError),
        store.write() as connection,
    ):
        connection.execute(sa.text("UPDATE person SET staff_key = 7"))
        raise LedgerError("No.")
    assert [person.staff_key for person in ledger.people()] == [5]


def test_the_steps_lead_to_the_declared_tables(house: House, ledger: Ledger) -> None:
    engine = house.engine()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_ledger_of_a_newer_version_is_refused(house: House, ledger: Ledger) -> None:
    house.tamper("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerError, match="newer version of this program"):
        house.open()


def test_an_older_copy_put_in_its_place_is_not_written_to(house: House, ledger: Ledger) -> None:
    prepared(ledger)
    house.tamper(house.without_trigger("audit_event", "delete"), "DELETE FROM audit_event WHERE sequence = 2")
    with closing(house.open()) as again, pytest.raises(LedgerError, match="older copy"):
        again.record(Event.ANSWER_INTENDED, "alice", {})


@pytest.fixture
def postgresql_house(tmp_path: Path, request: pytest.FixtureRequest) -> House:
    return House(tmp_path / "ledger", request.getfixturevalue("postgresql").make_database())


def test_every_commit_in_postgresql_is_on_the_disk_before_it_returns(postgresql_house: House) -> None:
    with closing(postgresql_house.open()):
        pass
    engine = postgresql_house.engine()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
        assert connection.exec_driver_sql("SHOW fsync").scalar_one() == "on"
    engine.dispose()


def test_in_postgresql_a_copy_is_kept_before_the_next_step(postgresql_house: House) -> None:
    assert postgresql_house.server is not None
    with closing(postgresql_house.open()) as ledger:
        prepared(ledger)
    engine = postgresql_house.engine()
    with engine.begin() as connection:
        postgresql_house.server.back_up("0002", connection)
        schema = next(name for name in sa.inspect(connection).get_schema_names() if name.startswith("before_0002_"))
        assert connection.exec_driver_sql(f'SELECT count(*) FROM "{schema}".audit_event').scalar_one() == 2
    engine.dispose()
