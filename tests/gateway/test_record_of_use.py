"""The record of use as the gateway writes it: whoever reads it learns who got what, and what was withheld."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

import dbims_sdk
from governance.audit import Event, detail_of
from governance.catalog import Category
from governance.gateway.chores import open_reviews
from governance.ledger.oversight import UseFilter
from governance.oversight.use import Outcome, Use
from governance.state import State
from governance.vocabulary import Capacity, Form, Purpose
from tests.gateway.conftest import TODAY, House

TEACHER, OFFICE = "T1", "O1"


def newest(house: House) -> Use:
    return house.ledger.oversight.uses(UseFilter(), limit=1)[0]


def test_rows_by_name(house: House) -> None:
    frame = house.session(TEACHER, Capacity.TEACHER).frame("student", columns=["last_name"], where={"sex": "Female"})
    use = newest(house)
    assert (use.outcome, use.form, use.purpose) == (Outcome.GIVEN, Form.SCOPED_ROWS, Purpose.INSTRUCTION)
    assert (use.username, use.capacity, use.tables) == ("user-t1", Capacity.TEACHER, ("student",))
    assert use.rows == len(frame) and use.student_count == frame.attrs["dbims"]["students"]
    assert use.query == "rows of student: last_name, where sex among ?"
    assert use.withheld == () and use.answer == frame.attrs["dbims"]["answer_id"]


def test_deidentified_rows_and_how_far_they_were_made_unrecognizable(house: House) -> None:
    frame = house.session(OFFICE, Capacity.CURRICULUM_OFFICE).frame("student")
    use, told = newest(house), frame.attrs["dbims"]["deidentification"]
    assert use.form is Form.DEIDENTIFIED_ROWS and not use.identifies_students
    suppressed = [f"{column}: {count} suppressed" for column, count in sorted(told["suppressed"].items()) if count]
    assert list(use.withheld) == [f"nobody is identified; k = {told['k_reached']}", *suppressed]


def test_statistics_that_were_withheld_and_exact_ones(house: House) -> None:
    session = house.session(TEACHER, Capacity.TEACHER)
    with pytest.raises(dbims_sdk.NotReleased):
        session.tabulate("student", rows="sex", protected=True)
    use = newest(house)
    assert (use.outcome, use.reason) == (Outcome.REFUSED, "NOT_RELEASED")
    assert use.query == "count of student by sex" and use.tables == ("student",)
    session.tabulate("student", rows="sex")
    assert (newest(house).outcome, newest(house).form) == (Outcome.GIVEN, Form.SCOPED_ROWS)


def test_what_was_refused_and_what_failed(house: House) -> None:
    session = house.session(TEACHER, Capacity.TEACHER)
    with pytest.raises(dbims_sdk.UnknownTable):
        session.frame("salary")
    refused = newest(house)
    assert (refused.outcome, refused.reason, refused.students) == (Outcome.REFUSED, "UNKNOWN_TABLE", None)
    with pytest.raises(dbims_sdk.SqlFailed):
        session.sql("SELECT CAST(last_name AS INTEGER) FROM student")
    failed = newest(house)
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, "sql_failed")
    assert failed.purpose is Purpose.INSTRUCTION and failed.tables == ("student",)


def test_every_outcome_names_its_intent(house: House) -> None:
    before = house.ledger.newest()
    session = house.session(TEACHER, Capacity.TEACHER)
    session.frame("student")
    session.explain("student", 1)
    entries = list(house.ledger.entries(after=before))
    intents = {entry.sequence: detail_of(entry)["answer"] for entry in entries if entry.event == Event.ANSWER_INTENDED}
    outcomes = [detail_of(entry) for entry in entries if entry.event == Event.ANSWER_GIVEN]
    assert [intents[outcome["intent"]] for outcome in outcomes] == [outcome["answer"] for outcome in outcomes]
    assert len(outcomes) == 2


def test_a_teachers_answer_is_in_the_disclosure_record_of_each_of_their_students(house: House) -> None:
    frame = house.session(TEACHER, Capacity.TEACHER).frame("student", columns=["student_key"])
    for key in frame["student_key"]:
        record = house.ledger.disclosures.show("super", int(key), TODAY)
        assert "user-t1" in {each.recipient.username for each in record.disclosures}
    assert house.ledger.verify().breaks == ()


def test_each_category_that_is_loaded_has_its_review(house: House) -> None:
    """Before any data there are none; afterwards each has one, however often the gateway looks."""
    state, categories = State(house.state), {category.value for category in Category} - {"finance"}
    for _ in range(2):
        open_reviews(state, house.ledger)
    assert [review.category for review in house.ledger.reviews.open()] == sorted(categories)


def test_without_data_there_is_nothing_to_review(tmp_path: Path) -> None:
    state = State.at(tmp_path / "state")
    with closing(state.ledger()) as ledger:
        open_reviews(state, ledger)
        assert ledger.reviews.open() == [] and ledger.newest() == 0
