"""`verify`: what stands in the store is what the events say, or it is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from governance.audit import Event
from governance.ledger import Ledger, StatisticRelease
from governance.vocabulary import Capacity, Grant, Regulation
from tests.granting import end_grant, give_grant
from tests.signed import grant, revoke, superintendent

BEGIN, END = date(2026, 9, 1), date(2027, 6, 30)
STUDENTS = b"\x01" + b"\x00" * 7


def release(number: int, audience: str = "study:reading") -> StatisticRelease:
    return StatisticRelease(audience, number, f"answer-{number}", "a table", b"\x02\x03")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Something of every kind, current and ended."""
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        fill(ledger)
        yield ledger


def fill(ledger: Ledger) -> None:
    ledger.add_person("op", "alice", 5, "a good password")
    ledger.add_person("op", "rita", None, None)
    ledger.set_password("op", "rita", "a better password")
    for capacity in (Capacity.TEACHER, Capacity.COUNSELOR, Capacity.PRINCIPAL):
        grant(ledger, "alice", capacity, BEGIN, END)
    grant(ledger, "alice", Capacity.TEACHER, BEGIN)
    revoke(ledger, "alice", Capacity.COUNSELOR)
    for category in ("discipline", "achievement"):
        narrowing = Regulation(Capacity.TEACHER, category, BEGIN, END)
        ledger.levels.regulate(superintendent(ledger), narrowing, [category], BEGIN)
    ledger.levels.end_regulation(superintendent(ledger), Capacity.TEACHER, "achievement", BEGIN)
    for name in ("reading", "ended"):
        give_grant(ledger, Grant(name, "rita", {"student": ("student_key", "sex")}, BEGIN, END))
    end_grant(ledger, "ended")
    for username in ("rita", "alice"):
        ledger.lock_person("op", username, "a lost laptop")
    ledger.unlock_person("op", "alice")
    ledger.studies.code_key("rita", "study:reading")
    for number in (1, 2):
        ledger.studies.record_release("rita", {"answer": f"answer-{number}"}, STUDENTS, release(number))


def tamper(folder: Path, statement: str) -> None:
    triggers = "".join(f"DROP TRIGGER statistic_release_no_{act};" for act in ("update", "delete"))
    with closing(sqlite3.connect(folder / "ledger" / "ledger.sqlite")) as store:
        store.executescript("PRAGMA foreign_keys = OFF;" + triggers + statement)


TAMPERINGS = {
    "an older release is removed": "DELETE FROM statistic_release WHERE number = 1",
    "the newest release is removed": "DELETE FROM statistic_release WHERE number = 2",
    "what was told is removed": "DELETE FROM statistic_release",
    "what was told is edited": "UPDATE statistic_release SET statements = x'00' WHERE number = 1",
    "what was told is no bytes any more": "UPDATE statistic_release SET statements = 7 WHERE number = 1",
    "it was told to somebody else": "UPDATE statistic_release SET audience = 'study:other'",
    "it is another answer's": "UPDATE statistic_release SET answer = 'answer-9' WHERE number = 1",
    "it is called something else": "UPDATE statistic_release SET label = 'another' WHERE number = 1",
    "a release is put in": "INSERT INTO statistic_release VALUES ('study:reading', 3, 'a', 'b', x'00')",
    "a key is zeroed": "UPDATE code_key SET secret = zeroblob(32)",
    "a key is no bytes any more": "UPDATE code_key SET secret = 1.5",
    "a key is removed": "DELETE FROM code_key",
    "a key is put in": "INSERT INTO code_key VALUES ('office:budget_office', zeroblob(32))",
    "a level becomes another": "UPDATE access_level SET capacity = 'superintendent' WHERE capacity = 'principal'",
    "a level becomes somebody else's": "UPDATE access_level SET username = 'rita' WHERE capacity = 'principal'",
    "a level lasts longer": "UPDATE access_level SET end_date = '2099-01-01' WHERE capacity = 'principal'",
    "a level has no end any more": "UPDATE access_level SET end_date = NULL WHERE capacity = 'principal'",
    "a level begins on no day": "UPDATE access_level SET begin_date = 'soon' WHERE capacity = 'principal'",
    "a revoked level is held again": "UPDATE access_level SET revoked_at = NULL",
    "a level is revoked": "UPDATE access_level SET revoked_at = 'x' WHERE capacity = 'principal'",
    "one of two levels is revoked": "UPDATE access_level SET revoked_at = 'x' WHERE level_id = 5",
    "a level is put in": "INSERT INTO access_level "
    "VALUES (9, 'alice', 'superintendent', '2026-09-01', NULL, 'x', 'x', NULL, NULL)",
    "a level is of another school": """UPDATE access_level SET relation = replace(relation, '[1]', '[2]')""",
    "a level is of another's students": 'UPDATE access_level SET relation = \'{"staff_key": 6, "schools": []}\''
    " WHERE capacity = 'teacher'",
    "a level relates to nothing any more": "UPDATE access_level SET relation = NULL WHERE capacity = 'principal'",
    "a regulation is removed": "DELETE FROM regulation",
    "a regulation is of another category": "UPDATE regulation SET category = 'student' WHERE category = 'discipline'",
    "a regulation ends sooner": "UPDATE regulation SET end_date = '2026-09-02' WHERE category = 'discipline'",
    "a regulation is ended": "UPDATE regulation SET ended_at = 'x'",
    "an ended regulation holds again": "UPDATE regulation SET ended_at = NULL",
    "a lock is lifted": "UPDATE person_lock SET unlocked_at = 'x'",
    "a lifted lock holds again": "UPDATE person_lock SET unlocked_at = NULL",
    "a lock has another reason": "UPDATE person_lock SET reason = 'x'",
    "a grant has more columns": "UPDATE study_grant SET terms = replace(terms, 'sex', 'birth_date')",
    "a grant has a smaller k": """UPDATE study_grant SET terms = replace(terms, '"k": 10', '"k": 5')""",
    "a grant's terms are nonsense": "UPDATE study_grant SET terms = '['",
    "a grant lasts longer": "UPDATE study_grant SET end_date = '2099-01-01' WHERE name = 'reading'",
    "a grant is somebody else's": "UPDATE study_grant SET username = 'alice' WHERE name = 'reading'",
    "an ended grant holds again": "UPDATE study_grant SET revoked_at = NULL",
    "a grant is removed": "DELETE FROM study_grant WHERE name = 'reading'",
    "a person is another member of staff": "UPDATE person SET staff_key = 6 WHERE username = 'alice'",
    "a person has another password": "UPDATE person SET password_hash = 'x' WHERE username = 'rita'",
    "a person can sign in by another way": "UPDATE person SET password_hash = NULL WHERE username = 'alice'",
    "a person is put in": "INSERT INTO person VALUES ('eve', 5, NULL, 'now')",
    "a person is removed": "DELETE FROM person WHERE username = 'rita'",
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_whatever_stands_otherwise_than_recorded_is_found(ledger: Ledger, tmp_path: Path, name: str) -> None:
    assert ledger.verify().breaks == ()
    tamper(tmp_path, TAMPERINGS[name])
    assert ledger.verify().breaks != ()


def test_the_event_concerned_is_named(ledger: Ledger, tmp_path: Path) -> None:
    made = [entry.sequence for entry in ledger.entries() if entry.event == Event.CODE_KEY_MADE]
    tamper(tmp_path, TAMPERINGS["a key is zeroed"])
    [found] = ledger.verify().breaks
    assert [found.sequence] == made
    tamper_again = "UPDATE code_key SET grant_name = 'study:x'"
    with closing(sqlite3.connect(tmp_path / "ledger" / "ledger.sqlite")) as store, store:
        store.execute(tamper_again)
    assert [found.sequence for found in ledger.verify().breaks] == [*made, 0]


def test_no_break_tells_a_name_or_a_secret(ledger: Ledger, tmp_path: Path) -> None:
    tamper(
        tmp_path, ";".join(TAMPERINGS[name] for name in TAMPERINGS if "removed" not in name and "put in" not in name)
    )
    told = "".join(found.what for found in ledger.verify().breaks)
    assert told
    assert not [word for word in ("alice", "rita", "reading", "answer-1") if word in told]


def old_events(ledger: Ledger, tmp_path: Path) -> None:
    """What a ledger holds from before events carried digests."""
    ledger.record(Event.PERSON_ADDED, "op", {"username": "olga", "staff_key": 8})
    ledger.record(Event.PASSWORD_SET, "op", {"username": "olga"})
    ledger.record(Event.CODE_KEY_MADE, "olga", {"grant": "office:budget_office"})
    ledger.record_answer("olga", {"answer": "answer-7", "release": 1}, STUDENTS)
    with closing(sqlite3.connect(tmp_path / "ledger" / "ledger.sqlite")) as store, store:
        store.execute("INSERT INTO person VALUES ('olga', 8, 'a hash', 'then')")
        store.execute("INSERT INTO code_key VALUES ('office:budget_office', x'01')")
        store.execute("INSERT INTO statistic_release VALUES ('office:budget_office', 1, 'answer-7', 'a table', x'02')")


def test_events_without_a_digest_cover_no_content(ledger: Ledger, tmp_path: Path) -> None:
    old_events(ledger, tmp_path)
    assert ledger.verify().breaks == ()
    tamper(tmp_path, "UPDATE person SET password_hash = 'y' WHERE username = 'olga'")
    assert ledger.verify().breaks == ()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM statistic_release WHERE audience = 'office:budget_office'",
        "INSERT INTO statistic_release VALUES ('office:budget_office', 2, 'a', 'b', x'00')",
        "DELETE FROM code_key WHERE grant_name = 'office:budget_office'",
        "UPDATE person SET staff_key = 1 WHERE username = 'olga'",
    ],
)
def test_but_what_they_tell_of_is_there(ledger: Ledger, tmp_path: Path, statement: str) -> None:
    old_events(ledger, tmp_path)
    tamper(tmp_path, statement)
    assert ledger.verify().breaks != ()


def test_what_is_recorded_meanwhile_is_no_break(ledger: Ledger, tmp_path: Path) -> None:
    """One moment of the store is verified, however long it takes."""
    with closing(Ledger.open_existing(tmp_path / "ledger")) as other:
        entries = other.studies
        with ledger._store.moment() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM audit_event").one()
            entries.record_release("rita", {}, STUDENTS, release(3))
            count = connection.exec_driver_sql("SELECT count(*) FROM statistic_release").scalar_one()
        assert count == 2
    assert ledger.verify().breaks == ()


def test_entries_that_are_no_objects_any_more_break_nothing_but_the_chain(ledger: Ledger, tmp_path: Path) -> None:
    tamper(tmp_path, "DROP TRIGGER audit_event_no_update; UPDATE audit_event SET detail = '[1]'")
    assert len(ledger.verify().breaks) >= ledger.newest()
