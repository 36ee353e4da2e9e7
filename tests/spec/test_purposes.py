"""What the system is used for. Each session is started for one purpose, which is recorded with every question in it.

Evaluating personnel is not a purpose. An answer that ties students' outcomes to named staff carries the policy's
notice, is marked in the record, and is listed for the Superintendent.
"""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

import dbims_sdk
from dbims_sdk import errors
from governance.audit import Event, detail_of
from governance.gateway.begun import EVALUATION_NOTICE
from governance.ledger.oversight import UseFilter
from governance.oversight.use import Outcome
from governance.policy import CAPACITIES
from governance.policy.purposes import NOT_A_PURPOSE, PURPOSES, USUAL
from governance.vocabulary import Capacity, Purpose
from hub_config.purposes import declared_purpose, purpose_form, sent_options
from tests.gateway.conftest import House, house

__all__ = ["house"]
TEACHER, PRINCIPAL = "T1", "P1"
SERVERS = [*(capacity.server for capacity in Capacity if CAPACITIES[capacity].form is not None), "study-reading"]


# --- the purposes


def test_these_are_the_purposes_and_evaluating_personnel_is_not_among_them() -> None:
    assert [purpose.value for purpose in PURPOSES] == [
        "instruction",
        "student support",
        "school improvement",
        "program evaluation",
        "compliance reporting",
        "research",
    ]
    assert set(PURPOSES) == set(Purpose)
    assert not any("personnel" in purpose.value or "staff" in purpose.value for purpose in Purpose)


# --- declared when a session starts


class Page(HTMLParser):
    """The choices of a page, and which is chosen."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.radios: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "input":
            self.radios.append(dict(attrs))


@pytest.mark.parametrize("server", SERVERS)
def test_the_page_asks_for_one_purpose_with_the_usual_one_chosen_beforehand(server: str) -> None:
    page = purpose_form(server, "Somebody")
    radios = Page(page).radios
    assert [radio["value"] for radio in radios] == [purpose.value for purpose in Purpose]
    assert {(radio["type"], radio["name"]) for radio in radios} == {("radio", "purpose")}
    capacity = Capacity.of_server(server)
    assert capacity is not None
    assert [radio["value"] for radio in radios if "checked" in radio] == [USUAL[capacity].value]
    assert NOT_A_PURPOSE.replace("'", "&#39;") in page


def test_whoever_a_session_is_of_their_name_is_shown_as_text() -> None:
    assert "<script>" not in purpose_form("teacher", "<script>alert(1)</script>")


@pytest.mark.parametrize("purpose", Purpose)
def test_what_was_chosen_is_what_is_declared(purpose: Purpose) -> None:
    assert declared_purpose(sent_options({"purpose": [purpose.value]})) is purpose


@pytest.mark.parametrize(
    "sent", [{}, {"purpose": []}, {"purpose": ["personnel evaluation"]}, {"purpose": ["research", "instruction"]}]
)
def test_nothing_else_is_a_purpose(sent: dict[str, list[str]]) -> None:
    assert declared_purpose(sent_options(sent)) is None


@pytest.mark.parametrize("sent", [{}, {"purpose": None}, {"purpose": ["research"]}, {"purpose": "RESEARCH"}, {"x": 1}])
def test_a_program_that_starts_a_session_has_to_declare_one_too(sent: dict[str, object]) -> None:
    assert declared_purpose(sent) is None


# --- recorded with every question, whatever a notebook says


def test_the_purpose_of_the_session_is_on_record_with_every_question(house: House) -> None:
    token = house.token(TEACHER, Capacity.TEACHER, purpose=Purpose.STUDENT_SUPPORT)
    session = dbims_sdk.connect(url=house.url, token=token)
    before = house.ledger.newest()
    assert session.whoami().purpose == "student support"
    assert session.frame("student").attrs["dbims"]["purpose"] == "student support"
    with pytest.raises(dbims_sdk.DbimsError):
        session.frame("no_such_table")
    told = [(entry.event, detail_of(entry)["purpose"]) for entry in house.ledger.entries(after=before)]
    kinds = (Event.ANSWER_INTENDED, Event.ANSWER_GIVEN, Event.ANSWER_REFUSED)
    assert told == [(kind, "student support") for kind in kinds]


def test_a_notebook_that_states_the_purpose_of_its_session_runs(house: House) -> None:
    token = house.token(TEACHER, Capacity.TEACHER, purpose=Purpose.INSTRUCTION)
    session = dbims_sdk.connect(purpose="instruction", url=house.url, token=token)
    assert len(session.frame("student")) > 0


@pytest.mark.parametrize("stated", ["research", "personnel evaluation", "INSTRUCTION"])
def test_a_notebook_that_states_another_is_refused_at_once_and_told_which_holds(house: House, stated: str) -> None:
    token = house.token(TEACHER, Capacity.TEACHER, purpose=Purpose.INSTRUCTION)
    before = house.ledger.newest()
    with pytest.raises(errors.WrongPurpose) as caught:
        dbims_sdk.connect(purpose=stated, url=house.url, token=token)
    assert "which is instruction" in caught.value.message and "start it anew" in caught.value.next
    assert stated not in str(caught.value) or stated in [purpose.value for purpose in Purpose]
    assert house.ledger.newest() == before


# --- answers that tie students' outcomes to named staff


TIES = "SELECT numeric_grade, staff_key FROM grade JOIN section_staff USING (section_key)"


def test_such_an_answer_carries_the_notice_and_is_listed_for_the_superintendent(house: House) -> None:
    session = house.session(PRINCIPAL, Capacity.PRINCIPAL)
    username = "user-p1"
    before = house.ledger.newest()
    plain, tied = session.frame("student"), session.sql(TIES)
    assert tied.attrs["dbims"]["notice"] == EVALUATION_NOTICE and plain.attrs["dbims"]["notice"] is None
    marked = [
        (entry.event, detail_of(entry).get("ties_outcomes_to_staff", False))
        for entry in house.ledger.entries(after=before)
    ]
    intended, given = Event.ANSWER_INTENDED, Event.ANSWER_GIVEN
    assert marked == [(intended, False), (given, False), (intended, True), (given, True)]
    (listed, *_) = house.ledger.oversight.uses(UseFilter(username=username, tied=True))
    assert (listed.answer, listed.outcome) == (tied.attrs["dbims"]["answer_id"], Outcome.GIVEN)
    assert listed.tables == ("grade", "section_staff") and "numeric_grade" in listed.query
    assert plain.attrs["dbims"]["answer_id"] not in {
        use.answer for use in house.ledger.oversight.uses(UseFilter(tied=True))
    }
