"""Application for access outside the general levels.

The Board's policy: whoever needs information that their access level does not give applies in writing, with the precise
information and the legitimate educational need. The Superintendent decides whether, and in what form. The decision is
notified in writing. What was granted ends by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from governance.requests import Act, Kind, Reason, State
from tests.spec.requested import OPERATOR, REVIEWER, SECRETARY, SUPERINTENDENT, TEACHER, Office, office_at, refused


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with office_at(tmp_path) as office:
        yield office


def application(office: Office) -> int:
    """A teacher's, in writing with the Superintendent."""
    number = office.open(Kind.APPLICATION, TEACHER)
    assert office.does(TEACHER, Act.SUBMIT, number) is State.SUBMITTED
    return number


# --- in writing, and precise


@pytest.mark.parametrize("left_out", ["title", "need", "columns", "population", "years", "form", "begin", "end"])
def test_the_application_states_everything(office: Office, left_out: str) -> None:
    number = office.open(Kind.APPLICATION, TEACHER)
    assert set(refused(office.does(TEACHER, Act.SUBMIT, number, **{left_out: None})).errors) == {left_out}
    assert office.at(number) is State.DRAFT


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("everything about attendance", "a table on each line"),
        ("attendances: attendance_date", "no table of the name attendances"),
        ("attendance: day", "has no column day"),
        ("student: last_name", "is a direct identifier"),
    ],
)
def test_the_information_is_named_precisely(office: Office, columns: str, said: str) -> None:
    number = office.open(Kind.APPLICATION, TEACHER)
    assert said in refused(office.does(TEACHER, Act.SUBMIT, number, columns=columns)).errors["columns"]


# --- the Superintendent decides, and nobody else


def test_the_superintendent_approves_and_the_access_is_there(office: Office) -> None:
    office.today = date(2026, 12, 1)
    number = application(office)
    assert office.does(SUPERINTENDENT, Act.APPROVE, number) is State.APPROVED
    [grant] = office.grants(TEACHER)
    assert grant.tables == {
        "student": ("student_key", "sex", "birth_date"),
        "attendance": ("student_key", "attendance_date", "attendance_event"),
    }
    assert (grant.k, grant.end_date, grant.identified) == (10, date(2027, 6, 30), False)


def test_the_superintendent_may_choose_another_form(office: Office) -> None:
    office.today = date(2026, 12, 1)
    number = application(office)
    assert office.does(SUPERINTENDENT, Act.MODIFY, number, k="25") is State.MODIFIED
    [grant] = office.grants(TEACHER)
    assert (grant.tables, grant.k, grant.end_date) == ({"student": ("student_key", "sex")}, 25, date(2027, 1, 31))


def test_the_superintendent_may_deny_it_and_nothing_is_given(office: Office) -> None:
    assert office.does(SUPERINTENDENT, Act.DENY, application(office)) is State.DENIED
    assert office.grants(TEACHER) == ()


@pytest.mark.parametrize("who", [TEACHER, SECRETARY, REVIEWER, OPERATOR, "chief"])
@pytest.mark.parametrize("act", [Act.APPROVE, Act.MODIFY, Act.DENY, Act.RETURN])
def test_nobody_decides_in_the_superintendents_place(office: Office, who: str, act: Act) -> None:
    """`chief` is the Superintendent's own user name: without the password it decides nothing either."""
    number = application(office)
    assert refused(office.does(who, act, number)).reason is Reason.NOT_YOURS
    assert office.at(number) is State.SUBMITTED


def test_a_decision_gives_its_reasons(office: Office) -> None:
    number = application(office)
    for act in (Act.APPROVE, Act.MODIFY, Act.DENY):
        assert "reason" in refused(office.does(SUPERINTENDENT, act, number, reason=None)).errors


def test_nobody_is_hidden_among_fewer_than_five(office: Office) -> None:
    assert "at least 5" in refused(office.does(SUPERINTENDENT, Act.APPROVE, application(office), k="4")).errors["k"]


def test_what_is_decided_is_decided(office: Office) -> None:
    number = application(office)
    office.does(SUPERINTENDENT, Act.DENY, number)
    assert refused(office.does(SUPERINTENDENT, Act.APPROVE, number)).reason is Reason.NO_SUCH_STEP


def test_an_application_can_come_back_to_be_made_complete(office: Office) -> None:
    number = application(office)
    assert office.does(SUPERINTENDENT, Act.RETURN, number, missing="Which schools?") is State.RETURNED
    assert "Which schools?" in office.letter(number)
    assert office.does(TEACHER, Act.SUBMIT, number, population="Grade 3 of Black Rock School.") is State.SUBMITTED


@pytest.mark.parametrize("before", [(), (Act.SUBMIT,)])
def test_the_applicant_may_take_it_back_before_it_is_decided(office: Office, before: tuple[Act, ...]) -> None:
    number = office.open(Kind.APPLICATION, TEACHER)
    assert office.follows(number, *((TEACHER, act) for act in before), (TEACHER, Act.WITHDRAW)) is State.WITHDRAWN
    assert refused(office.does(SUPERINTENDENT, Act.APPROVE, number)).reason is Reason.NO_SUCH_STEP


# --- notified in writing


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (Act.APPROVE, "Your request is approved."),
        (Act.MODIFY, "approved in another form"),
        (Act.DENY, "Your request is denied."),
    ],
)
def test_the_decision_is_a_letter(office: Office, act: Act, said: str) -> None:
    number = application(office)
    office.does(SUPERINTENDENT, act, number, reason="Because the program needs it.")
    letter = office.letter(number)
    assert said in letter and "Because the program needs it." in letter
    assert "Superintendent of Schools" in letter and "November 23, 2026" in letter
    assert "Application for access outside the general levels" in letter


def test_that_it_was_notified_is_recorded(office: Office) -> None:
    number = application(office)
    office.does(SUPERINTENDENT, Act.APPROVE, number)
    assert office.does(SECRETARY, Act.NOTIFY, number, notified_on=None) is not State.IN_FORCE
    assert office.does(SECRETARY, Act.NOTIFY, number) is State.IN_FORCE
    denied = application(office)
    office.follows(denied, (SUPERINTENDENT, Act.DENY), (SECRETARY, Act.NOTIFY))
    assert office.at(denied) is State.CLOSED


# --- it ends by itself


def test_access_is_over_after_its_last_day(office: Office) -> None:
    number = application(office)
    office.does(SUPERINTENDENT, Act.APPROVE, number)
    for day, holds in (("2026-11-30", False), ("2026-12-01", True), ("2027-06-30", True), ("2027-07-01", False)):
        office.today = date.fromisoformat(day)
        assert bool(office.grants(TEACHER)) is holds
    office.day_passes(date(2027, 7, 1))
    assert office.at(number) is State.EXPIRED


def test_the_superintendent_may_end_it_before(office: Office) -> None:
    office.today = date(2026, 12, 1)
    number = application(office)
    office.does(SUPERINTENDENT, Act.APPROVE, number)
    assert refused(office.does(OPERATOR, Act.END, number)).reason is Reason.NOT_YOURS
    assert office.does(SUPERINTENDENT, Act.END, number) is State.ENDED
    assert office.grants(TEACHER) == ()
