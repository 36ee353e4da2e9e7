"""What is due and by when, and what the calendar does by itself."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.requests import WORKFLOWS, Act, Case, Kind, State, calendar_act, deadline
from governance.requests.deadlines import business_day_after
from tests.requests.filled import TODAY, TYPED, Walk, opened

DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(DAYS, st.integers(0, 30), st.sets(DAYS, max_size=5))
def test_business_days_are_neither_weekends_nor_holidays(day: date, number: int, holidays: set[date]) -> None:
    """Against counting them one by one; and holidays never make the answer due earlier."""
    due = business_day_after(day, number, holidays)
    between = [day + timedelta(days=n) for n in range(1, (due - day).days + 1)]
    assert len([each for each in between if each.weekday() < 5 and each not in holidays]) == number
    assert due >= business_day_after(day, number)
    assert number == 0 or (due.weekday() < 5 and due not in holidays)


def test_what_is_not_waited_for_is_not_due() -> None:
    for kind in Kind:
        assert deadline(opened(kind), TODAY) is None


@pytest.mark.parametrize(
    ("acts", "due"),
    [((Act.SUBMIT, Act.APPROVE), date(2027, 6, 30)), ((Act.SUBMIT, Act.MODIFY), date(2027, 1, 31))],
)
def test_a_grant_is_due_to_end_on_the_day_that_was_decided(acts: tuple[Act, ...], due: date) -> None:
    case = Walk(opened(Kind.APPLICATION)).through(*acts).case
    found = deadline(case, due)
    assert found is not None and (found.on, found.days_left, found.overdue) == (due, 0, False)
    assert calendar_act(case, due) is None
    assert calendar_act(case, due + timedelta(days=1)) is Act.EXPIRE


@given(DAYS)
def test_the_calendar_acts_on_nothing_that_waits_for_a_person(day: date) -> None:
    for kind, acts in ((Kind.APPLICATION, [Act.SUBMIT]), (Kind.EXTERNAL, [Act.SUBMIT, Act.ACCEPT, Act.FILE_AGREEMENT])):
        walk = Walk(opened(kind))
        for act in acts:
            assert calendar_act(walk.case, day) is None
            walk.through(act)
        assert calendar_act(walk.case, day) is None


@pytest.mark.parametrize(("kind", "state"), [(kind, rule.state) for kind in Kind for rule in WORKFLOWS[kind].states])
def test_the_calendar_reads_every_kind_in_every_state(kind: Kind, state: State) -> None:
    """With what its own forms ask for, and nothing else: only what gave a grant has a last day."""
    asked = {name for move in WORKFLOWS[kind].moves for name in move.form.names}
    case = Case(kind, state, "rita", TODAY, {name: text for name, text in TYPED.items() if name in asked})
    found = deadline(case, date(2030, 1, 1))
    expires = calendar_act(case, date(2030, 1, 1)) is Act.EXPIRE
    assert expires == (Act.EXPIRE in {move.act for move in WORKFLOWS[kind].moves_from(state)})
    assert not expires or (found is not None and found.what == "the end of the grant")


def test_destruction_is_due_and_then_overdue() -> None:
    walk = Walk(opened(Kind.EXTERNAL)).through(Act.SUBMIT, Act.ACCEPT, Act.FILE_AGREEMENT, Act.APPROVE, Act.EXPIRE)
    assert walk.case.state is State.DESTRUCTION_DUE
    assert calendar_act(walk.case, date(2027, 8, 31)) is None
    assert calendar_act(walk.case, date(2027, 9, 1)) is Act.ESCALATE
    overdue = deadline(walk.through(Act.ESCALATE).case, date(2027, 9, 2))
    assert overdue is not None and overdue.overdue and overdue.days_left == -2
