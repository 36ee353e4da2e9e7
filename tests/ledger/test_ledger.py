"""The ledger: acts and their events, the chain, and passwords."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from governance.audit import Break, Event
from governance.ledger import Ledger, LedgerError


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.open(tmp_path / "ledger")
    yield ledger
    ledger.close()


# Every method that changes something, and the event it leaves behind.
ACTS: dict[str, tuple[Callable[[Ledger], object], Event]] = {
    "add_person": (lambda ledger: ledger.add_person("op", "bob", 1, "a long password"), Event.PERSON_ADDED),
    "set_password": (lambda ledger: ledger.set_password("op", "alice", "another password"), Event.PASSWORD_SET),
    "lock_person": (lambda ledger: ledger.lock_person("op", "alice", "a lost laptop"), Event.PERSON_LOCKED),
    "unlock_person": (lambda ledger: ledger.unlock_person("op", "locked"), Event.PERSON_UNLOCKED),
    "renew_checkpoints": (lambda ledger: ledger.renew_checkpoints("op", "a backup"), Event.CHECKPOINTS_RENEWED),
    "record": (lambda ledger: ledger.record(Event.ANSWER_INTENDED, "alice", {}), Event.ANSWER_INTENDED),
    "record_answer": (lambda ledger: ledger.record_answer("alice", {}, b"\x01" * 8), Event.ANSWER_GIVEN),
}
READS = {
    "open",
    "open_existing",
    "close",
    "person",
    "people",
    "standing",
    "verify_password",
    "entries",
    "acted",
    "newest",
    "verify",
    "export",
    "disclosed_students",
}


def prepared(ledger: Ledger) -> Ledger:
    ledger.add_person("op", "alice", 5, "a good password")
    ledger.set_password("op", "alice", "a good password")
    return ledger


def test_every_method_is_known_to_read_or_to_leave_an_event() -> None:
    methods = {name for name in vars(Ledger) if not name.startswith("_")}
    assert methods == READS | set(ACTS)


@pytest.mark.parametrize("name", ACTS)
def test_every_act_leaves_its_event(ledger: Ledger, name: str) -> None:
    act, event = ACTS[name]
    prepared(ledger).add_person("op", "locked", None, None)
    ledger.lock_person("op", "locked", "a lost laptop")
    before = ledger.newest()
    act(ledger)
    assert [entry.event for entry in ledger.entries(after=before)] == [event]
    assert ledger.verify().breaks == ()


def test_a_refused_act_changes_and_records_nothing(ledger: Ledger) -> None:
    before = prepared(ledger).newest()
    for act in (
        lambda: ledger.add_person("op", "alice", None, "a good password"),
        lambda: ledger.set_password("op", "nobody", "a good password"),
        lambda: ledger.lock_person("op", "nobody", "a lost laptop"),
        lambda: ledger.unlock_person("op", "alice"),
    ):
        with pytest.raises(LedgerError):
            act()
    assert ledger.newest() == before


def test_passwords(ledger: Ledger) -> None:
    prepared(ledger)
    assert ledger.verify_password("alice", "a good password")
    assert not ledger.verify_password("alice", "another")
    assert not ledger.verify_password("nobody", "nobody has this password")
    ledger.add_person("op", "external", None, None)
    assert not ledger.verify_password("external", "nobody has this password")


def test_a_password_is_nowhere_in_the_store(ledger: Ledger, tmp_path: Path) -> None:
    prepared(ledger).close()
    assert b"a good password" not in b"".join(path.read_bytes() for path in (tmp_path / "ledger").iterdir())


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET actor = 'x'", "DELETE FROM audit_event", "DELETE FROM disclosure_set"]
)
def test_the_store_itself_refuses_to_change_the_log(ledger: Ledger, tmp_path: Path, statement: str) -> None:
    prepared(ledger).record_answer("alice", {}, b"\x01" * 8)
    with sqlite3.connect(tmp_path / "ledger" / "ledger.sqlite") as store, pytest.raises(sqlite3.IntegrityError):
        store.execute(statement)
    store.close()


UNLOCKING = "".join(
    f"DROP TRIGGER {table}_no_{act};" for table in ("audit_event", "disclosure_set") for act in ("update", "delete")
)
TAMPERINGS = {
    "an event is edited": "UPDATE audit_event SET detail = '{}' WHERE sequence = 3",
    "its actor is": "UPDATE audit_event SET actor = 'somebody' WHERE sequence = 3",
    "one is removed": "DELETE FROM audit_event WHERE sequence = 3",
    "the first is removed": "DELETE FROM audit_event WHERE sequence = 1",
    "two change places": "UPDATE audit_event SET sequence = -sequence WHERE sequence IN (3, 4);"
    "UPDATE audit_event SET sequence = 7 + sequence WHERE sequence < 0",
    "its kind is one that does not exist": "UPDATE audit_event SET event = 'nothing at all' WHERE sequence = 3",
    "it is no text any more": "UPDATE audit_event SET detail = CAST(detail AS BLOB) WHERE sequence = 3",
    "a set of students is removed": "DELETE FROM disclosure_set",
    "a set of students is edited": "UPDATE disclosure_set SET student_keys = x'0200000000000000'",
    "a set of students is no set any more": "UPDATE disclosure_set SET student_keys = 'text'",
    "one is put in": "UPDATE audit_event SET sequence = sequence + 100 WHERE sequence > 3;"
    "UPDATE audit_event SET sequence = sequence - 99 WHERE sequence > 100;"
    "INSERT INTO audit_event SELECT 4, at, event, actor, detail, digest, 'x' FROM audit_event WHERE sequence = 3",
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_who_gets_past_the_triggers_is_found_by_the_chain(ledger: Ledger, tmp_path: Path, name: str) -> None:
    prepared(ledger)
    for number in range(5):
        ledger.record(Event.ANSWER_INTENDED, "alice", {"number": number})
    ledger.record_answer("alice", {}, b"\x01" + b"\x00" * 7)
    assert ledger.verify().breaks == ()
    store = sqlite3.connect(tmp_path / "ledger" / "ledger.sqlite")
    store.executescript(UNLOCKING + TAMPERINGS[name])
    store.close()
    assert ledger.verify().breaks != ()


def test_many_writers_make_one_chain(ledger: Ledger, tmp_path: Path) -> None:
    prepared(ledger)
    ledgers = [Ledger.open(tmp_path / "ledger") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: ledgers[n % 4].record(Event.ANSWER_INTENDED, "alice", {"n": n}), range(80)))
    assert ledger.newest() == 82
    assert ledger.verify().breaks == ()
    for other in ledgers:
        other.close()


def test_an_unknown_kind_of_event_is_named_and_the_log_can_still_be_read(ledger: Ledger, tmp_path: Path) -> None:
    prepared(ledger)
    store = sqlite3.connect(tmp_path / "ledger" / "ledger.sqlite")
    store.executescript(UNLOCKING + TAMPERINGS["its kind is one that does not exist"].replace("3", "2"))
    store.close()
    assert "is of no known kind" in {found.what for found in ledger.verify().breaks}
    assert [entry.event for entry in ledger.entries()][1] == "nothing at all"


def test_the_answer_whose_students_were_changed_is_named(ledger: Ledger, tmp_path: Path) -> None:
    prepared(ledger).record_answer("alice", {}, b"\x01" * 8)
    ledger.record_answer("alice", {}, b"\x02" * 8)
    store = sqlite3.connect(tmp_path / "ledger" / "ledger.sqlite")
    store.executescript(UNLOCKING + "DELETE FROM disclosure_set WHERE student_keys = x'0202020202020202'")
    store.close()
    assert ledger.verify().breaks == (Break(4, "names a set of students that is missing, or was changed"),)


@pytest.mark.parametrize("content", [None, b"", b"no store at all" * 100])
def test_only_a_ledger_is_opened_as_an_existing_one(tmp_path: Path, content: bytes | None) -> None:
    folder = tmp_path / "ledger"
    if content is not None:
        folder.mkdir()
        (folder / "ledger.sqlite").write_bytes(content)
    with pytest.raises(LedgerError, match="no ledger"):
        Ledger.open_existing(folder)
    assert folder.exists() == (content is not None)


def test_an_existing_ledger_is_opened(ledger: Ledger, tmp_path: Path) -> None:
    prepared(ledger)
    other = Ledger.open_existing(tmp_path / "ledger")
    assert [person.username for person in other.people()] == ["alice"]
    other.close()
