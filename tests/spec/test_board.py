"""Requests of the Board of Education.

The Board's policy: a report needs an instruction of the entire Board, by a vote at a meeting. A member's own request is
refused. Analyses go to the Board as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.requests import Act, Kind, Reason, State
from tests.spec.requested import OPERATOR, REVIEWER, SECRETARY, SUPERINTENDENT, Office, office_at, refused


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with office_at(tmp_path) as office:
        yield office


@pytest.fixture
def number(office: Office) -> int:
    return office.open(Kind.BOARD, SECRETARY)


def test_the_whole_way(office: Office, number: int) -> None:
    way = (
        (SECRETARY, Act.REGISTER, State.INSTRUCTED),
        (SECRETARY, Act.PREPARE, State.PREPARED),
        (SUPERINTENDENT, Act.RELEASE, State.RELEASED),
        (SECRETARY, Act.DELIVER, State.DELIVERED),
    )
    for who, act, then in way:
        assert office.does(who, act, number) is then


@pytest.mark.parametrize("part", ["question", "meeting_date", "votes_for", "votes_against", "minutes"])
def test_an_instruction_names_meeting_vote_and_minutes(office: Office, number: int, part: str) -> None:
    assert set(refused(office.does(SECRETARY, Act.REGISTER, number, **{part: None})).errors) == {part}


@pytest.mark.parametrize(("for_", "against", "carried"), [(5, 4, True), (4, 4, False), (3, 6, False), (9, 0, True)])
def test_the_vote_has_carried(office: Office, number: int, for_: int, against: int, carried: bool) -> None:
    done = office.does(SECRETARY, Act.REGISTER, number, votes_for=str(for_), votes_against=str(against))
    assert (done is State.INSTRUCTED) is carried
    if not carried:
        assert "no instruction of the Board" in refused(done).errors["votes_for"]


def test_a_meeting_that_is_still_to_come_has_instructed_nobody(office: Office, number: int) -> None:
    done = refused(office.does(SECRETARY, Act.REGISTER, number, meeting_date="2026-12-14"))
    assert "still to come" in done.errors["meeting_date"]


def test_a_member_alone_is_refused_with_the_rule(office: Office, number: int) -> None:
    assert office.does(SECRETARY, Act.TURN_AWAY, number) is State.TURNED_AWAY
    letter = office.letter(number)
    assert "To A. Member" in letter and "an instruction of the entire Board" in letter and "10-220" in letter
    for act in Act:
        assert refused(office.does(SUPERINTENDENT, act, number)).reason is Reason.NO_SUCH_STEP


def test_the_superintendent_releases_it(office: Office, number: int) -> None:
    office.follows(number, (SECRETARY, Act.REGISTER), (SECRETARY, Act.PREPARE))
    for who in (SECRETARY, REVIEWER, OPERATOR, "chief"):
        assert refused(office.does(who, Act.RELEASE, number)).reason is Reason.NOT_YOURS
    assert refused(office.does(SECRETARY, Act.DELIVER, number)).reason is Reason.NO_SUCH_STEP


def test_no_student_can_be_identified_in_it(office: Office, number: int) -> None:
    office.does(SECRETARY, Act.REGISTER, number)
    assert "no_student" in refused(office.does(SECRETARY, Act.PREPARE, number, no_student=None)).errors


@pytest.mark.parametrize("part", ["delivered_on", "delivered_how", "to_all_members"])
def test_the_delivery_to_the_board_as_a_whole_is_recorded(office: Office, number: int, part: str) -> None:
    office.follows(number, (SECRETARY, Act.REGISTER), (SECRETARY, Act.PREPARE), (SUPERINTENDENT, Act.RELEASE))
    assert set(refused(office.does(SECRETARY, Act.DELIVER, number, **{part: None})).errors) == {part}
    assert office.does(SECRETARY, Act.DELIVER, number) is State.DELIVERED
