"""Use as it is read from the log: every question once, whichever way it ended, and in any log."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.audit import Entry, Event
from governance.ledger import LedgerError
from governance.ledger.oversight import UseFilter
from governance.oversight.periods import Period
from governance.oversight.use import Outcome, Use, in_words, read_use, uses
from governance.vocabulary import Capacity, Form, Purpose
from tests.oversight.recorded import MONDAY, Asked, fill, log

asked = st.builds(
    Asked,
    username=st.sampled_from(["ann", "bob", "cy"]),
    session=st.sampled_from(["teacher", "counselor", "study-reading", "nothing-known"]),
    at=st.integers(0, 20 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes)),
    outcome=st.sampled_from(Outcome),
    students=st.frozensets(st.integers(1, 9), max_size=4),
    form=st.sampled_from(Form),
    purpose=st.sampled_from(Purpose),
    tied=st.booleans(),
)


def plain(use: Use) -> tuple[Any, ...]:
    count = use.student_count if use.outcome is Outcome.GIVEN else 0
    return use.username, use.session, use.at, use.outcome, use.form, use.purpose, use.ties_outcomes_to_staff, count


def expected(one: Asked) -> tuple[Any, ...]:
    count = len(one.students) if one.outcome is Outcome.GIVEN else 0
    return one.username, one.session, one.at, one.outcome, one.form, one.purpose, one.tied, count


@given(st.lists(asked, max_size=30))
def test_every_question_is_one_use(questions: list[Asked]) -> None:
    assert [plain(use) for use in uses(log(questions))] == [expected(one) for one in questions]


@given(st.text(), st.sampled_from([event.value for event in Event]))
def test_what_was_tampered_with_is_read_without_an_error(detail: str, event: str) -> None:
    entry = Entry(1, detail, event, "x", detail, "", "")
    assert len(list(uses([entry]))) == (event in {outcome.event.value for outcome in Outcome})


FILTERS: dict[str, tuple[UseFilter, Any]] = {
    "everything": (UseFilter(), lambda one: True),
    "one person": (UseFilter(username="ann"), lambda one: one.username == "ann"),
    "one capacity": (UseFilter(capacity=Capacity.TEACHER), lambda one: one.session == "teacher"),
    "studies": (UseFilter(capacity=Capacity.STUDY), lambda one: one.session == "study-reading"),
    "one purpose": (UseFilter(purpose=Purpose.RESEARCH), lambda one: one.purpose is Purpose.RESEARCH),
    "refusals": (UseFilter(outcome=Outcome.REFUSED), lambda one: one.outcome is Outcome.REFUSED),
    "tied to staff": (UseFilter(tied=True), lambda one: one.tied and one.outcome is Outcome.GIVEN),
    "a week": (
        UseFilter(period=Period(MONDAY + timedelta(days=7), MONDAY + timedelta(days=14))),
        lambda one: MONDAY + timedelta(days=7) <= one.at < MONDAY + timedelta(days=14),
    ),
    "a person's week, and their refusals": (
        UseFilter(Period(MONDAY, MONDAY + timedelta(days=7)), "bob", outcome=Outcome.REFUSED),
        lambda one: one.at < MONDAY + timedelta(days=7) and (one.username, one.outcome) == ("bob", Outcome.REFUSED),
    ),
}


@pytest.fixture(scope="module")
def many() -> list[Asked]:
    """Not in the order of time: the clock was set back now and then."""
    people, sessions = ("ann", "bob", "cy"), ("teacher", "counselor", "study-reading")
    return [
        Asked(
            people[n % 3],
            sessions[n // 2 % 3],
            MONDAY + timedelta(hours=(n * 7) % 480),
            list(Outcome)[n * n % 3],
            frozenset({n % 5, n % 7}),
            purpose=list(Purpose)[n % 6],
            tied=n % 4 == 0,
        )
        for n in range(300)
    ]


@pytest.mark.parametrize("name", FILTERS)
def test_a_page_after_the_other_shows_each_use_once_the_newest_first(
    name: str, many: list[Asked], tmp_path: Path
) -> None:
    wanted, holds = FILTERS[name]
    ledger = fill(tmp_path / "ledger", many)
    shown: list[Use] = []
    while page := ledger.oversight.uses(wanted, 17, shown[-1].sequence if shown else None):
        assert len(page) <= 17
        shown += page
    ledger.close()
    known = [(one, 2 * number) for number, one in enumerate(many, 1) if holds(one)]
    known.sort(key=lambda pair: (pair[0].at, pair[1]), reverse=True)
    assert [plain(use) for use in shown] == [expected(one) for one, _ in known]
    assert {use.question["kind"] for use in shown} == {"frame"}


def test_a_page_that_follows_nothing_is_told_so(tmp_path: Path) -> None:
    ledger = fill(tmp_path / "ledger", [])
    with pytest.raises(LedgerError, match="newest"):
        ledger.oversight.uses(UseFilter(), before=7)
    ledger.close()


def test_of_an_intent_out_of_reach_the_outcome_still_tells_what_matters() -> None:
    _, given_ = log([Asked("ann", students=frozenset({5}), withheld=("primary: 3 cells",))])
    use = read_use(given_, None)
    assert (use.purpose, use.tables, use.withheld) == (Purpose.INSTRUCTION, ("student",), ("primary: 3 cells",))
    assert use.identifies_students and use.query == "not told by the record"


SCORES = {"table": "assessment_result", "where": []}
QUESTIONS: dict[str, dict[str, Any]] = {
    "rows of student: sex, grade_level, where school_year among ?": {
        "kind": "frame",
        "table": "student",
        "columns": ["sex", "grade_level"],
        "where": ["school_year among ?"],
    },
    "rows of student: all columns": {"kind": "frame", "table": "student", "columns": [], "where": []},
    "SELECT ? FROM student": {"kind": "sql", "sql": "SELECT ? FROM student", "tables": ["student"]},
    "SQL that was refused before it was understood": {"kind": "sql"},
    "mean of score of assessment_result by grade_level": {
        **SCORES,
        "kind": "table",
        "rows": ["grade_level"],
        "columns": [],
        "value": "score",
        "statistic": "mean",
    },
    "ols of assessment_result: score, sex": {**SCORES, "kind": "model", "family": "ols", "columns": ["score", "sex"]},
    "why one student is, or is not, in student": {"kind": "explain", "table": "student"},
    "any question: refused before it was looked at": {"kind": "any"},
    "not told by the record": {},
}


@pytest.mark.parametrize("words", QUESTIONS)
def test_a_question_is_told_in_words(words: str) -> None:
    assert in_words(QUESTIONS[words]) == words
