"""Requests under the Freedom of Information Act.

The Board's policy: they are forwarded to the Superintendent and answered only as far as the law requires, without
personally identifiable student information. C.G.S. 1-206(a): within four business days.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from governance.ledger import LedgerError
from governance.requests import Act, Kind, Reason, State
from tests.spec.requested import (
    OPERATOR,
    REVIEWER,
    SECRETARY,
    SUPERINTENDENT,
    TEACHER,
    Office,
    office_at,
    refused,
)

FORWARDED = ((SECRETARY, Act.REGISTER), (SECRETARY, Act.FORWARD))
CHECKED = (*FORWARDED, (REVIEWER, Act.CHECK))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with office_at(tmp_path) as office:
        yield office


@pytest.fixture
def number(office: Office) -> int:
    return office.open(Kind.FREEDOM_OF_INFORMATION, SECRETARY)


@pytest.mark.parametrize("part", ["requester", "received_on", "request"])
def test_it_is_registered(office: Office, number: int, part: str) -> None:
    assert set(refused(office.does(SECRETARY, Act.REGISTER, number, **{part: None})).errors) == {part}
    assert office.does(SECRETARY, Act.REGISTER, number) is State.REGISTERED


def test_the_register_is_kept_by_the_office(office: Office) -> None:
    for who in (TEACHER, REVIEWER, OPERATOR):
        with pytest.raises(LedgerError, match="Executive Secretary"):
            office.open(Kind.FREEDOM_OF_INFORMATION, who)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-16", "2026-11-20"),  # Monday: Friday
        ("2026-11-17", "2026-11-23"),  # Tuesday: Monday
        ("2026-11-20", "2026-11-26"),  # Friday: Thursday
        ("2026-11-21", "2026-11-26"),  # Saturday: as if on Friday
    ],
)
def test_four_business_days_run_from_the_day_it_was_received(
    office: Office, number: int, received: str, due: str
) -> None:
    office.does(SECRETARY, Act.REGISTER, number, received_on=received)
    clock = office.due(number)
    assert clock is not None and clock.on == date.fromisoformat(due) and "1-206" in clock.source


@pytest.mark.parametrize(("today", "left"), [("2026-11-23", 4), ("2026-11-27", 0), ("2026-11-28", -1)])
def test_the_clock_is_shown_until_it_is_answered(office: Office, number: int, today: str, left: int) -> None:
    office.follows(number, *CHECKED)
    office.today = date.fromisoformat(today)
    clock = office.due(number)
    assert clock is not None and (clock.days_left, clock.overdue) == (left, left < 0)
    office.does(SUPERINTENDENT, Act.RELEASE, number)
    assert office.due(number) is None


def test_it_is_forwarded_to_the_superintendent_who_answers(office: Office, number: int) -> None:
    assert office.follows(number, *CHECKED, (SUPERINTENDENT, Act.RELEASE), (SECRETARY, Act.NOTIFY)) is State.CLOSED
    assert "The table by school." in office.letter(number)


@pytest.mark.parametrize("who", [SECRETARY, REVIEWER, OPERATOR, "chief"])
@pytest.mark.parametrize("act", [Act.RELEASE, Act.DENY])
def test_nobody_else_releases_or_denies(office: Office, number: int, who: str, act: Act) -> None:
    office.follows(number, *CHECKED)
    assert refused(office.does(who, act, number)).reason is Reason.NOT_YOURS


def test_nothing_is_released_before_it_was_checked_for_students(office: Office, number: int) -> None:
    office.follows(number, *FORWARDED)
    assert refused(office.does(SUPERINTENDENT, Act.RELEASE, number)).reason is Reason.NO_SUCH_STEP
    for part in ("prepared", "no_student", "checked_how"):
        assert part in refused(office.does(REVIEWER, Act.CHECK, number, **{part: None})).errors
    office.does(REVIEWER, Act.CHECK, number)
    why = refused(office.does(SUPERINTENDENT, Act.RELEASE, number, no_student_released=None))
    assert "personally identifiable" in why.errors["no_student_released"]


def test_a_denial_names_its_exemption_and_the_way_to_appeal(office: Office, number: int) -> None:
    office.follows(number, *FORWARDED)
    assert "exemptions" in refused(office.does(SUPERINTENDENT, Act.DENY, number, exemptions=None)).errors
    assert office.does(SUPERINTENDENT, Act.DENY, number) is State.DENIED
    assert "1-210(b)(17)" in office.letter(number) and "Freedom of Information Commission" in office.letter(number)
