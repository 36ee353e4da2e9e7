"""Access as it is established, narrowed, locked and ended, on every way to an answer of a running gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

import dbims_sdk
from dbims_sdk import errors
from governance.audit import Event, detail_of
from governance.state import State
from governance.vocabulary import Capacity, Regulation
from tests.gateway.conftest import TODAY, House, make_state
from tests.gateway.synthetic_house import running_house
from tests.oracle.csv_district import write_csv_district
from tests.signed import superintendent
from tests.spec.small_district import SMALL_DISTRICT

C = Capacity
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("access")
    write_csv_district(folder / "sources", SMALL_DISTRICT)
    with running_house(folder / "state", make_state(folder / "state", folder / "sources")) as running:
        yield running


@pytest.fixture(scope="module")
def student(house: House) -> int:
    return house.student_keys["1001"]


WAYS: dict[str, Callable[[dbims_sdk.Session, int], object]] = {
    "describe": lambda session, _key: session.describe("attendance"),
    "frame": lambda session, _key: session.frame("attendance"),
    "sql": lambda session, _key: session.sql("SELECT count(*) FROM attendance"),
    "sql with a join": lambda session, _key: session.sql(
        "SELECT count(*) FROM student JOIN attendance USING (student_key)"
    ),
    "tabulate": lambda session, _key: session.tabulate("attendance", rows="attendance_event", protected=False),
    "models": lambda session, _key: session.ols("fraction_absent ~ C(attendance_event)", "attendance"),
    "explain": lambda session, key: session.explain("attendance", key),
}


@pytest.fixture
def narrowed(house: House) -> Iterator[dbims_sdk.Session]:
    """A principal's session, while a regulation takes attendance from principals."""
    session = house.session("P1", C.PRINCIPAL)
    assert "attendance" in {table.name for table in session.tables()}
    ledger = house.ledger
    ledger.levels.regulate(superintendent(ledger), Regulation(C.PRINCIPAL, "attendance", TODAY), ["attendance"], TODAY)
    yield session
    ledger.levels.end_regulation(superintendent(ledger), C.PRINCIPAL, "attendance", TODAY)
    assert "attendance" in {table.name for table in session.tables()}
    assert len(session.frame("attendance")) > 0


@pytest.mark.parametrize("way", WAYS)
def test_a_category_that_a_regulation_takes_is_unknown_on_every_way(
    narrowed: dbims_sdk.Session, student: int, way: str
) -> None:
    with pytest.raises(errors.DbimsError) as told:
        WAYS[way](narrowed, student)
    assert told.value.code == "unknown_table"


def test_it_is_not_among_the_tables_and_the_others_are_as_they_were(narrowed: dbims_sdk.Session) -> None:
    names = {table.name for table in narrowed.tables()}
    assert "attendance" not in names and {"student", "grade"} <= names
    assert len(narrowed.frame("student")) > 0


def test_a_regulation_of_one_capacity_leaves_the_others(narrowed: dbims_sdk.Session, house: House) -> None:
    with pytest.raises(errors.DbimsError):
        narrowed.frame("attendance")
    assert len(house.session("T1", C.TEACHER).frame("attendance")) > 0


def test_no_dimension_leads_to_a_category_that_was_taken(house: House) -> None:
    """A table whose columns are only arrived at from another is asked for all the same."""
    session, ledger = house.session("P3", C.PRINCIPAL), house.ledger
    ask = {"rows": "student.sex", "protected": False}
    session.tabulate("enrollment", **ask)
    ledger.levels.regulate(superintendent(ledger), Regulation(C.PRINCIPAL, "student", TODAY), ["student"], TODAY)
    with pytest.raises(errors.DbimsError):
        session.tabulate("enrollment", **ask)
    ledger.levels.end_regulation(superintendent(ledger), C.PRINCIPAL, "student", TODAY)


def test_a_locked_person_is_refused_from_the_next_question_and_answered_when_unlocked(house: House) -> None:
    session = house.session("T4", C.TEACHER)
    before = len(session.frame("student"))
    house.ledger.lock_person("operator", "user-t4", "a lost laptop")
    for ask in (lambda: session.frame("student"), session.tables, session.whoami):
        with pytest.raises(errors.NotAllowed, match="locked"):
            ask()
    house.ledger.unlock_person("operator", "user-t4")
    assert len(session.frame("student")) == before


def load_with(house: House, staff: str, end: date, folder: Path) -> None:
    """Another load, in which somebody's position has ended."""
    positions = [
        {**row, "end_date": end.isoformat()} if row["staff_key"] == staff else row
        for row in SMALL_DISTRICT["staff_assignment"]
    ]
    write_csv_district(folder, {**SMALL_DISTRICT, "staff_assignment": positions})
    make_state(house.state, folder)


def test_who_has_left_is_refused_with_the_load_that_tells_it(house: House, tmp_path: Path) -> None:
    """The class of a teacher who has left may still be open in the sources: the employment ends the access."""
    session = house.session("T2", C.TEACHER)
    assert len(session.frame("student")) > 0
    load_with(house, "cody", TODAY, tmp_path / "last-day")
    assert len(session.frame("student")) > 0
    load_with(house, "cody", YESTERDAY, tmp_path / "gone")
    for ask in (lambda: session.frame("student"), lambda: session.sql("SELECT 1 FROM school"), session.tables):
        with pytest.raises(errors.NotAllowed, match="not employed"):
            ask()
    newest = list(house.ledger.entries(kinds=[Event.ANSWER_REFUSED]))[-1]
    assert (newest.actor, detail_of(newest)["refusal"]) == ("user-t2", "NO_LONGER_EMPLOYED")
    assert len(house.session("T1", C.TEACHER).frame("student")) > 0


def test_a_superintendent_who_has_left_signs_nothing(house: House, tmp_path: Path) -> None:
    house.session("S1", C.SUPERINTENDENT)
    ledger = State(house.state).ledger()
    assert ledger.authority.sign("user-s1", "the board appointed me", TODAY).username == "user-s1"
    load_with(house, "supe", YESTERDAY, tmp_path)
    with pytest.raises(Exception, match="not employed"):
        ledger.authority.sign("user-s1", "the board appointed me", TODAY)
    ledger.close()
