"""A study is answered from the snapshot that it was granted on, whatever is loaded and whichever day it is."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import date, timedelta

import pandas as pd
import pyarrow.parquet as pq
import pytest

import dbims_sdk
from dbims_sdk import errors
from governance.vocabulary import Capacity, Grant
from governance.warehouse.snapshot import Snapshot
from governance.warehouse.synth import write_district
from tests.gateway.conftest import TODAY, House, make_state
from tests.gateway.synthetic_house import make_synthetic_state, running_house
from tests.gateway.test_statistics import somebody, state_of, study_token
from tests.granting import give_grant, keep_older_grant

TABLES = {
    "student": ("student_key", "sex", "birth_date"),
    "enrollment": ("student_key", "school_year", "school_key"),
    "attendance": ("student_key", "school_year", "attendance_event"),
}
SQL = "SELECT student_key, sex, school_key FROM student JOIN enrollment USING (student_key) ORDER BY ALL"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return make_synthetic_state(tmp_path_factory.mktemp("pinned"), 200)


@pytest.fixture(scope="module")
def house(first: Snapshot) -> Iterator[House]:
    with running_house(state_of(first), first) as running:
        yield running


def study(house: House, name: str, snapshot: str | None, begin: date = TODAY) -> dbims_sdk.Session:
    """A session of a study that somebody from outside is granted."""
    house.token("researcher", Capacity.STUDY, level=False)
    username = "user-researcher"
    grant = Grant(name, username, TABLES, begin, TODAY + timedelta(days=400), snapshot=snapshot)
    give_grant(house.ledger, grant) if snapshot else keep_older_grant(house.ledger, grant)
    return dbims_sdk.connect(url=house.url, token=study_token(house, username, grant.server))


@dataclasses.dataclass
class Seen:
    """Everything that a study is told."""

    frames: dict[str, pd.DataFrame]
    joined: pd.DataFrame
    counted: pd.DataFrame

    @classmethod
    def by(cls, session: dbims_sdk.Session) -> Seen:
        frames = {name: session.frame(name) for name in TABLES}
        counted = session.tabulate("enrollment", rows="school_year").texts
        return cls(frames, session.sql(SQL), counted)


def assert_same(before: Seen, after: Seen) -> None:
    for name, frame in before.frames.items():
        pd.testing.assert_frame_equal(frame, after.frames[name])
    pd.testing.assert_frame_equal(before.joined, after.joined)
    pd.testing.assert_frame_equal(before.counted, after.counted)


@pytest.fixture(scope="module")
def granted(house: House, first: Snapshot) -> tuple[dbims_sdk.Session, Seen]:
    session = study(house, "reading", first.id)
    return session, Seen.by(session)


@pytest.fixture(scope="module")
def second(house: House, granted: object, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Other students, loaded while the gateway runs and after the study has asked."""
    sources = tmp_path_factory.mktemp("later")
    write_district(sources, students=260, seed=7, today=TODAY)
    return make_state(house.state, sources)


def test_a_study_sees_nothing_of_a_later_load(
    house: House, first: Snapshot, granted: tuple[dbims_sdk.Session, Seen], second: Snapshot
) -> None:
    session, before = granted
    assert second.id != first.id
    for _ in range(4):  # Whichever worker answers.
        after = Seen.by(session)
        assert_same(before, after)
        about = after.frames["student"].attrs["dbims"]
        assert about["snapshot"] == session.whoami().snapshot == first.id
        assert any("granted on" in note for note in dbims_sdk.protection_of(after.frames["student"]).notes)
    assert "snapshot" in session.tables().to_frame().set_index("name").loc["student", "why"]


def test_an_office_sees_the_new_load_at_once(house: House, first: Snapshot, second: Snapshot) -> None:
    office = house.session(somebody(house, 1), Capacity.CURRICULUM_OFFICE)
    frame = office.frame("student")
    students = pq.read_table(second.table_path("student")).num_rows
    assert (frame.attrs["dbims"]["snapshot"], office.whoami().snapshot, len(frame)) == (second.id, second.id, students)


def test_the_record_says_of_which_snapshot_an_answer_is(
    house: House, first: Snapshot, granted: tuple[dbims_sdk.Session, Seen], second: Snapshot
) -> None:
    granted[0].frame("student")
    intended = [
        json.loads(entry.detail) for entry in house.ledger.entries() if '"capacity":"study-reading"' in entry.detail
    ]
    assert {detail["snapshot"] for detail in intended if "snapshot" in detail} == {first.id}


def test_the_same_rows_in_the_next_school_year(house: House, first: Snapshot) -> None:
    """Ages and codes would change with the year, and two sets of rows could be linked by what they share."""
    session = study(house, "algebra", first.id, begin=date(2026, 3, 2))
    settings = house.state / "dbims.toml"
    before = Seen.by(session)
    assert before.frames["student"].attrs["dbims"]["today"] == session.whoami().today == "2026-03-02"
    told = settings.read_text(encoding="utf-8")
    try:
        settings.write_text("today = 2027-09-15\n", encoding="utf-8")
        assert_same(before, Seen.by(session))
    finally:
        settings.write_text(told, encoding="utf-8")


ASKING = {
    "frame": lambda session: session.frame("student"),
    "sql": lambda session: session.sql(SQL),
    "tabulate": lambda session: session.tabulate("enrollment", rows="school_year"),
    "tables": lambda session: session.tables(),
    "describe": lambda session: session.describe("student"),
}


def test_without_its_snapshot_a_study_is_refused_with_what_to_do(house: House, first: Snapshot) -> None:
    session = study(house, "history", first.id)
    away = first.path.with_name(f".{first.id}.away")
    first.path.rename(away)
    try:
        for ask in ASKING.values():
            with pytest.raises(errors.NotAllowed, match="not in the warehouse") as caught:
                ask(session)
            assert "backup" in caught.value.next
        assert "not in the warehouse" in session.whoami().notice
    finally:
        away.rename(first.path)
    assert len(session.frame("student"))


def test_a_grant_from_before_grants_named_a_snapshot_is_refused_with_what_to_do(house: House) -> None:
    session = study(house, "music", None)
    for ask in ASKING.values():
        with pytest.raises(errors.NotAllowed, match="on which snapshot") as caught:
            ask(session)
        assert "new grant" in caught.value.next
    assert "on which snapshot" in session.whoami().notice
