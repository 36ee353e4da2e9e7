"""Grants of studies, the keys of codes, and what audiences were told: acts, their events, and races."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import pytest

from governance.audit import Event
from governance.catalog import load_catalog
from governance.ledger import Ledger, LedgerError, ReleaseTaken, StatisticRelease, Told
from governance.ledger.studies import CODE_KEY_BYTES, Studies
from governance.requests import Act, Known, NotMoved
from governance.vocabulary import DateDetail, Grant
from tests.granting import apply_for, decision_on, end_grant, give_grant, keep_older_grant
from tests.signed import CHIEF, TODAY, superintendent

BEGIN, END = date(2026, 9, 1), date(2027, 6, 30)
TABLES = {"student": ("student_key", "sex"), "grade": ("student_key", "letter_grade")}
STUDENTS = b"\x01" + b"\x00" * 7
RACERS = 4
T = TypeVar("T")


def study(name: str, username: str = "rita") -> Grant:
    return Grant(name, username, TABLES, BEGIN, END, 12, 2, ("grade.letter_grade",), DateDetail.WEEK, "a snapshot")


def given(ledger: Ledger, name: str) -> Grant:
    return next(grant for grant in ledger.studies.all_grants() if grant.name == name)


def release(number: int, audience: str = "study:reading", label: str = "a table") -> StatisticRelease:
    return StatisticRelease(audience, number, f"answer-{number}", label, b"\x02\x03")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        ledger.add_person("op", "rita", 1, None)
        ledger.add_person("op", "sam", 2, None)
        give_grant(ledger, study("old"))
        yield ledger


@pytest.fixture
def racers(ledger: Ledger, tmp_path: Path) -> Iterator[list[Ledger]]:
    opened = [Ledger.open(tmp_path / "ledger") for _ in range(RACERS)]
    yield opened
    for each in opened:
        each.close()


def race(racers: list[Ledger], act: Callable[[Ledger], T]) -> list[T]:
    """What each gets of an act that all begin at once."""
    ready = Barrier(len(racers))

    def run(ledger: Ledger) -> T:
        ready.wait(timeout=10)
        return act(ledger)

    with ThreadPoolExecutor(len(racers)) as pool:
        return list(pool.map(run, racers))


def recorded(ledger: Ledger, after: int = 0) -> list[str]:
    return [entry.event for entry in ledger.entries(after=after)]


# Every method that changes something, and the event it leaves behind.
ACTS: dict[str, tuple[Callable[[Ledger], object], Event]] = {
    "end_study": (lambda ledger: ledger.studies.end_study(superintendent(ledger), "older", TODAY), Event.STUDY_ENDED),
    "code_key": (lambda ledger: ledger.studies.code_key("rita", "study:old"), Event.CODE_KEY_MADE),
    "record_release": (
        lambda ledger: ledger.studies.record_release("rita", {}, STUDENTS, release(1)),
        Event.ANSWER_GIVEN,
    ),
}
READS = {"grants", "all_grants", "releases"}


def test_every_method_is_known_to_read_or_to_leave_an_event() -> None:
    assert {name for name in vars(Studies) if not name.startswith("_")} == READS | set(ACTS)


@pytest.mark.parametrize("name", ACTS)
def test_every_act_leaves_its_event(ledger: Ledger, name: str) -> None:
    act, event = ACTS[name]
    keep_older_grant(ledger, study("older"))
    before = ledger.newest()
    act(ledger)
    assert recorded(ledger, before) == [event]
    assert ledger.verify().breaks == ()


def test_a_grant_is_read_as_it_was_given(ledger: Ledger) -> None:
    give_grant(ledger, study("new", "sam"))
    assert ledger.studies.grants("rita") == (replace(study("old"), request=1),)
    assert ledger.studies.grants("sam") == (replace(study("new", "sam"), request=2),)
    assert ledger.studies.grants("nobody") == ()
    assert [grant.name for grant in ledger.studies.all_grants()] == ["new", "old"]


NEWER_TERMS = ("snapshot", "identified", "request")


def test_a_grant_from_before_grants_named_a_snapshot_names_none(ledger: Ledger, tmp_path: Path) -> None:
    with closing(store_of(tmp_path)) as store:
        [terms] = store.execute("SELECT terms FROM study_grant").fetchone()
        older = {name: value for name, value in json.loads(terms).items() if name not in NEWER_TERMS}
        store.execute("UPDATE study_grant SET terms = ?", [json.dumps(older)])
        store.commit()
    assert ledger.studies.grants("rita") == (replace(study("old"), snapshot=None),)


def test_the_event_of_a_grant_tells_all_its_terms(ledger: Ledger) -> None:
    [entry] = ledger.entries(kinds=[Event.STUDY_GRANTED])
    assert (entry.actor, json.loads(entry.detail)) == (
        CHIEF,
        {
            "grant": "old",
            "username": "rita",
            "begin_date": "2026-09-01",
            "end_date": "2027-06-30",
            "tables": {name: list(columns) for name, columns in TABLES.items()},
            "k": 12,
            "diversity": 2,
            "sensitive": ["grade.letter_grade"],
            "dates": "week",
            "snapshot": "a snapshot",
            "identified": False,
            "request": 1,
        },
    )


def test_an_ended_grant_is_gone_and_only_that_one(ledger: Ledger) -> None:
    give_grant(ledger, study("new"))
    end_grant(ledger, "old")
    assert ledger.studies.grants("rita") == ledger.studies.all_grants() == (given(ledger, "new"),)


def test_a_name_is_never_given_again(ledger: Ledger) -> None:
    for end in (lambda: None, lambda: end_grant(ledger, "old")):
        end()
        number = apply_for(ledger, study("old", "sam"))
        known = Known(BEGIN, load_catalog())
        told = Told(decision_on(study("old", "sam")))
        refused = ledger.requests.act(superintendent(ledger), number, Act.APPROVE, told, known, "a snapshot")
        assert isinstance(refused, NotMoved) and "Choose another" in refused.errors["grant_name"]
    assert ledger.studies.all_grants() == ()


def test_a_grant_that_came_from_a_request_is_ended_there(ledger: Ledger) -> None:
    before = ledger.newest()
    with pytest.raises(LedgerError, match=r"request no\. 1"):
        ledger.studies.end_study(superintendent(ledger), "old", TODAY)
    with pytest.raises(LedgerError, match="no such grant"):
        ledger.studies.end_study(superintendent(ledger), "new", TODAY)
    assert ledger.newest() == before


def test_an_ended_grant_does_not_end_twice(ledger: Ledger) -> None:
    keep_older_grant(ledger, study("older"))
    ledger.studies.end_study(superintendent(ledger), "older", TODAY)
    before = ledger.newest()
    with pytest.raises(LedgerError, match="no such grant"):
        ledger.studies.end_study(superintendent(ledger), "older", TODAY)
    assert ledger.newest() == before


def test_a_key_is_made_once_and_stays(ledger: Ledger, tmp_path: Path) -> None:
    made = ledger.studies.code_key("rita", "study:old")
    before = ledger.newest()
    assert len(made) == CODE_KEY_BYTES
    assert ledger.studies.code_key("sam", "study:old") == made
    with closing(Ledger.open_existing(tmp_path / "ledger")) as other:
        assert other.studies.code_key("rita", "study:old") == made
    assert ledger.newest() == before


def test_no_two_grants_share_a_key_or_a_piece_of_one(ledger: Ledger) -> None:
    keys = [ledger.studies.code_key("rita", f"study:{number}") for number in range(30)]
    assert len({key[:16] for key in keys} | {key[16:] for key in keys}) == 60


def test_a_key_is_in_no_event(ledger: Ledger) -> None:
    key = ledger.studies.code_key("rita", "study:old")
    told = "".join(f"{entry.actor}{entry.detail}" for entry in ledger.entries())
    assert key.hex() not in told and repr(key) not in told
    assert '"grant":"study:old"' in told


@pytest.mark.parametrize("name", ["study:old", "office:budget_office"])
def test_first_uses_at_once_give_one_key(ledger: Ledger, racers: list[Ledger], name: str) -> None:
    before = ledger.newest()
    assert len(set(race(racers, lambda racer: racer.studies.code_key("rita", name)))) == 1
    assert recorded(ledger, before) == [Event.CODE_KEY_MADE]


def test_releases_are_read_in_their_order_and_by_audience(ledger: Ledger) -> None:
    for number in (1, 2, 3):
        ledger.studies.record_release("rita", {}, STUDENTS, release(number))
    ledger.studies.record_release("sam", {}, STUDENTS, release(1, "study:other"))
    assert ledger.studies.releases("study:reading", 0) == [release(1), release(2), release(3)]
    assert ledger.studies.releases("study:reading", 2) == [release(3)]
    assert ledger.studies.releases("study:other", 0) == [release(1, "study:other")]
    assert ledger.studies.releases("study:third", 0) == []


def test_the_event_of_a_release_says_what_is_known_of_it_and_whom_it_is_about(ledger: Ledger) -> None:
    sequence = ledger.studies.record_release("rita", {"answer": "answer-1"}, STUDENTS, release(1))
    [entry] = ledger.entries(after=sequence - 1)
    detail = json.loads(entry.detail)
    assert (entry.sequence, entry.actor, detail["answer"], detail["release"]) == (sequence, "rita", "answer-1", 1)
    assert ledger.disclosed_students(detail["students"]) == STUDENTS


def store_of(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "ledger" / "ledger.sqlite")


def stored(folder: Path) -> tuple[int, int, int]:
    """How many events, sets of students and releases the store holds, read past the ledger."""
    with closing(store_of(folder)) as store:
        tables = ("audit_event", "disclosure_set", "statistic_release")
        events, sets, releases = (store.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables)
    return events, sets, releases


@pytest.mark.parametrize("number", [-1, 0, 1, 2, 4], ids="number {}".format)
def test_a_stale_or_skipped_number_is_refused_and_leaves_nothing(ledger: Ledger, tmp_path: Path, number: int) -> None:
    for told in (1, 2):
        ledger.studies.record_release("rita", {}, STUDENTS, release(told))
    before = stored(tmp_path)
    with pytest.raises(ReleaseTaken):
        ledger.studies.record_release("rita", {}, b"\x09" * 8, release(number))
    assert stored(tmp_path) == before
    ledger.studies.record_release("rita", {}, STUDENTS, release(3))


def test_a_release_that_fails_halfway_leaves_nothing(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object) -> int:
        raise OSError("the disk is full")

    before = stored(tmp_path)
    with monkeypatch.context() as broken, pytest.raises(OSError, match="disk"):
        # The last thing that is written: the release itself and the set of students are there by then.
        broken.setattr("governance.ledger.disclosures.record_event", fail)
        ledger.studies.record_release("rita", {}, STUDENTS, release(1))
    assert stored(tmp_path) == before
    ledger.studies.record_release("rita", {}, STUDENTS, release(1))
    assert stored(tmp_path) == (before[0] + 1, before[1] + 1, before[2] + 1)


def test_of_answers_weighed_at_once_exactly_one_is_recorded(
    ledger: Ledger, racers: list[Ledger], tmp_path: Path
) -> None:
    numbered = {racer: place for place, racer in enumerate(racers)}
    events, sets, releases = stored(tmp_path)
    for number in (1, 2, 3):

        def record(racer: Ledger, number: int = number) -> str | None:
            label = f"racer {numbered[racer]}"
            try:
                racer.studies.record_release("rita", {}, label.encode(), release(number, label=label))
            except ReleaseTaken:
                return None
            return label

        won = [label for label in race(racers, record) if label is not None]
        assert len(won) == 1
        assert [told.label for told in ledger.studies.releases("study:reading", number - 1)] == won
    # A set of students is kept once, however many answers are about it.
    assert stored(tmp_path)[::2] == (events + 3, releases + 3)
    assert sets < stored(tmp_path)[1] <= sets + 3
    assert ledger.verify().breaks == ()


def test_audiences_do_not_stand_in_each_others_way(ledger: Ledger, racers: list[Ledger]) -> None:
    audiences = {racer: f"study:{place}" for place, racer in enumerate(racers)}

    def record(racer: Ledger) -> int:
        return racer.studies.record_release("rita", {}, STUDENTS, release(1, audiences[racer]))

    assert len(set(race(racers, record))) == RACERS
    assert all(ledger.studies.releases(audience, 0) == [release(1, audience)] for audience in audiences.values())


@pytest.mark.parametrize("statement", ["UPDATE statistic_release SET label = 'x'", "DELETE FROM statistic_release"])
def test_the_store_itself_refuses_to_forget_what_was_told(ledger: Ledger, tmp_path: Path, statement: str) -> None:
    ledger.studies.record_release("rita", {}, STUDENTS, release(1))
    with closing(store_of(tmp_path)) as store, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        store.execute(statement)
