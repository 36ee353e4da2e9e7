"""Access levels, regulations, the audit log and use, through the pages of the office."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from governance.audit import Event
from governance.ledger.oversight import UseFilter
from governance.oversight.marks import Marking
from governance.policy.eligibility import Reason
from governance.vocabulary import Capacity
from tests.console.test_requests import wrong
from tests.console.visiting import HOLDERS, PASSWORD, TODAY, House, words

CHIEF, SECRETARY = HOLDERS[Capacity.SUPERINTENDENT], HOLDERS[Capacity.EXECUTIVE_SECRETARY]
TEACHER, COUNSELOR = HOLDERS[Capacity.TEACHER], HOLDERS[Capacity.COUNSELOR]
LEVEL = {"capacity": "operator", "begin": TODAY.isoformat(), "end": "", "password": PASSWORD}


def held(house: House, username: str) -> set[Capacity]:
    return {level.capacity for level in house.ledger.levels.of(username)}


def test_a_person_s_page_says_what_they_may_hold_and_why_not(house: House) -> None:
    page = words(house.browser(CHIEF).get(f"levels/{TEACHER}").text)
    assert Reason.NO_SUCH_POSITION.value in page
    assert "Operator of the system" in page


def test_a_level_is_granted_and_on_record(house: House) -> None:
    chief = house.browser(CHIEF)
    assert chief.send(f"levels/{TEACHER}/grant", LEVEL).status_code == 303
    assert held(house, TEACHER) == {Capacity.TEACHER, Capacity.OPERATOR}
    newest = list(house.ledger.entries(kinds=[Event.LEVEL_GRANTED]))[-1]
    assert newest.actor == CHIEF


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"capacity": ""}, "capacity"),
        ({"capacity": "counselor"}, "capacity"),
        ({"capacity": "superintendent"}, "capacity"),
        ({"begin": "soon"}, "begin"),
        ({"begin": ""}, "begin"),
        ({"end": (TODAY - timedelta(days=1)).isoformat()}, "end"),
        ({"password": "guessed"}, "password"),
        ({"password": ""}, "password"),
    ],
)
def test_what_is_wrong_with_a_level_is_told_by_its_field(house: House, change: dict[str, str], field: str) -> None:
    answer = house.browser(CHIEF).send(f"levels/{TEACHER}/grant", {**LEVEL, **change})
    assert answer.status_code == 400
    assert field in wrong(answer.text)
    assert held(house, TEACHER) == {Capacity.TEACHER}


def test_a_revoked_level_ends_its_session(house: House) -> None:
    answer = house.browser(CHIEF).send(f"levels/{COUNSELOR}/counselor/revoke", {"password": PASSWORD})
    assert answer.headers["location"].endswith("done=level_revoked")
    assert held(house, COUNSELOR) == set()
    assert house.hub.ended == [(COUNSELOR, "counselor")]


def test_nobody_takes_the_superintendents_own_level(house: House) -> None:
    assert house.browser(CHIEF).get(f"levels/{CHIEF}/superintendent/revoke").status_code == 404


def test_a_level_is_narrowed_by_category(house: House) -> None:
    chief = house.browser(CHIEF)
    typed = {"capacity": "teacher", "category": "discipline", "begin": TODAY.isoformat(), "password": PASSWORD}
    assert "category" in wrong(chief.send("levels/regulate", {**typed, "category": "secrets"}).text)
    assert chief.send("levels/regulate", typed).status_code == 303
    assert [each.category for each in house.ledger.levels.regulations()] == ["discipline"]
    assert "no discipline data" in words(chief.get("levels").text)


def test_wrong_passwords_are_slowed_and_recorded(house: House) -> None:
    chief = house.browser(CHIEF)
    for _ in range(3):
        chief.send(f"levels/{TEACHER}/grant", {**LEVEL, "password": "guessed"})
    assert len(list(house.ledger.entries(kinds=[Event.DECISION_REFUSED]))) == 3
    throttle = house.console._reauthentication._throttle
    assert throttle.wait(CHIEF, throttle._failures[CHIEF][1]) >= 1.0


def test_the_log_is_shown_by_kind_person_and_time_in_pages(house: House) -> None:
    chief = house.browser(CHIEF)
    for number in range(60):
        house.ledger.record(Event.LOAD_FAILED, "a-loader", {"number": number})
    newest = chief.get("audit?kind=load_failed")
    assert newest.text.count('role="rowheader"') == 50
    older = re.search(r'href="/services/dbims/(audit\?[^"]+)">Older', newest.text)
    assert older is not None
    rest = chief.get(older[1].replace("&amp;", "&"))
    assert rest.text.count('role="rowheader"') == 10
    assert "No event of that kind" in words(chief.get("audit?actor=nobody-such").text)
    assert "until" in wrong(chief.get("audit?since=2026-11-23&until=2026-11-01").text)
    assert chief.get("audit?before=x&kind=%3Cscript%3E&since=soon").status_code == 400


def test_the_record_is_verified_on_the_page(house: House) -> None:
    operator = house.browser(HOLDERS[Capacity.OPERATOR])
    assert "The record holds" in words(operator.send("audit/verify", {}).text)


def test_a_review_is_signed_off_by_its_owner_and_the_next_is_set(house: House) -> None:
    secretary, teacher = house.browser(SECRETARY), house.browser(TEACHER)
    assert teacher.get("reviews").status_code == 404
    assert "attendance" in words(secretary.get("reviews").text)
    numbers = {review.category: review.number for review in house.ledger.reviews.open()}
    path = f"reviews/{numbers['attendance']}"
    assert secretary.send(path, {"conclusion": "in_order", "findings": ""}).status_code == 400
    typed = {"conclusion": "in_order", "findings": "Compared with the schools' own sheets."}
    assert secretary.send(path, typed).status_code == 303
    following = {review.category: review.number for review in house.ledger.reviews.open()}
    assert following["attendance"] > max(numbers.values())
    # Discipline is the Superintendent's to review.
    assert secretary.get(f"reviews/{numbers['discipline']}").status_code == 404


def test_a_plan_of_reviews_is_signed(house: House) -> None:
    chief = house.browser(CHIEF)
    typed = {"owner": "executive_secretary", "every_months": "6", "fresh_days": ""}
    assert "password" in wrong(chief.send("reviews/plan/discipline", {**typed, "password": "guessed"}).text)
    assert "every_months" in wrong(chief.send("reviews/plan/discipline", {**typed, "every_months": "99"}).text)
    assert chief.send("reviews/plan/discipline", {**typed, "password": PASSWORD}).status_code == 303
    assert house.ledger.reviews.plan("discipline").every_months == 6


def test_use_is_shown_and_marked_and_nobody_marks_their_own(house: House) -> None:
    detail = {"answer": "ab" * 8, "capacity": "teacher", "purpose": "instruction", "form": "scoped rows", "rows": 3}
    detail |= {"question": {"kind": "frame", "table": "student", "columns": ["student_key"], "where": []}}
    house.ledger.record_answer(
        TEACHER, {**detail, "tables": ["student"], "student_count": 1}, (501).to_bytes(8, "little")
    )
    use = house.ledger.oversight.uses(UseFilter())[0]
    secretary = house.browser(SECRETARY)
    assert "rows of student: student_key" in words(secretary.get("use/questions").text)
    assert "records of students by name" in words(secretary.get("use").text)
    path = f"use/mark?about={use.answer}&person={TEACHER}"
    assert secretary.send(path, {"marking": "explained", "note": " "}).status_code == 400
    assert secretary.send(path, {"marking": "explained", "note": "A conference with parents."}).status_code == 303
    (mark,) = house.ledger.oversight.marks([use.answer])[use.answer]
    assert (mark.marking, mark.marked_by) == (Marking.EXPLAINED, SECRETARY)
    own = secretary.send(f"use/mark?about={use.answer}&person={SECRETARY}", {"marking": "explained", "note": "Mine."})
    assert own.status_code == 400
    assert "Nobody marks their own use" in words(own.text)
    assert json.loads(next(iter(house.ledger.entries(kinds=[Event.USE_MARKED]))).detail)["username"] == TEACHER
