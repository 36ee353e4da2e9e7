"""Data are reviewed and updated regularly. Each category has a schedule and an owner; what is due and what is overdue
can be seen; a review is signed off with its findings, and the next one comes by itself. How fresh each source is, is
shown.

`hill` is a teacher, `cole` is the curriculum office, `clerk` the Executive Secretary. Today is 23 November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.audit import Event, detail_of
from governance.catalog import Category
from governance.ledger import Ledger, LedgerError, NotTheSuperintendent, Signature
from governance.oversight.reviews import (
    USUAL,
    Conclusion,
    Plan,
    Standing,
    freshness_of_categories,
    freshness_of_sources,
    months_after,
    usual_plan,
)
from governance.vocabulary import Capacity
from tests.signed import grant, superintendent

TODAY = date(2026, 11, 23)
CATEGORIES = [category.value for category in Category]
HELD = {"hill": Capacity.TEACHER, "cole": Capacity.CURRICULUM_OFFICE, "clerk": Capacity.EXECUTIVE_SECRETARY}
FOUND = "All marks of the year were compared with the report cards of ten students."


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.open(tmp_path / "ledger")
    for staff_key, (username, capacity) in enumerate(HELD.items(), 1):
        ledger.add_person("op", username, staff_key, None)
        grant(ledger, username, capacity, date(2026, 7, 1))
    ledger.reviews.catch_up(CATEGORIES, TODAY)
    yield ledger
    ledger.close()


def number_of(ledger: Ledger, category: str) -> int:
    return next(review.number for review in ledger.reviews.open() if review.category == category)


def standing(ledger: Ledger, category: str, day: date) -> Standing:
    review = next(review for review in ledger.reviews.open() if review.category == category)
    return review.standing(ledger.reviews.plan(category), day)


# --- the schedule


def test_a_new_district_reviews_every_category_once_a_year(ledger: Ledger) -> None:
    schedule = {plan.category: (plan.every_months, plan.owner.value, plan.fresh_days) for plan in USUAL.values()}
    assert schedule == {
        "reference": (12, "executive_secretary", 365),
        "student": (12, "executive_secretary", 7),
        "enrollment": (12, "executive_secretary", 7),
        "attendance": (12, "executive_secretary", 1),
        "achievement": (12, "curriculum_office", 120),
        "discipline": (12, "superintendent", 7),
        "program": (12, "special_education_office", 30),
        "personnel": (12, "personnel_office", 30),
        "finance": (12, "budget_office", 31),
    }
    assert set(schedule) == set(CATEGORIES) == {review.category for review in ledger.reviews.open()}


def test_a_category_that_comes_later_gets_its_review_too(ledger: Ledger) -> None:
    (opened,) = ledger.reviews.catch_up([*CATEGORIES, "transportation"], TODAY)
    assert opened.category == "transportation"
    assert ledger.reviews.plan("transportation") == usual_plan("transportation")
    assert ledger.reviews.catch_up([*CATEGORIES, "transportation"], TODAY) == []


def test_a_review_is_planned_then_due_then_overdue(ledger: Ledger) -> None:
    assert standing(ledger, "achievement", TODAY) is Standing.PLANNED
    assert standing(ledger, "achievement", date(2027, 10, 24)) is Standing.DUE
    assert standing(ledger, "achievement", date(2027, 11, 23)) is Standing.DUE
    assert standing(ledger, "achievement", date(2027, 11, 24)) is Standing.OVERDUE
    assert ledger.reviews.due(TODAY) == []
    assert "achievement: overdue, by 2027-11-23, curriculum office" in ledger.reviews.due(date(2027, 11, 24))


def test_the_superintendent_sets_the_schedule_also_of_the_review_that_is_open(ledger: Ledger) -> None:
    plan = Plan("achievement", 3, Capacity.PRINCIPAL, 60)
    ledger.reviews.set_plan(superintendent(ledger, TODAY), plan, TODAY)
    assert ledger.reviews.plan("achievement") == plan
    assert standing(ledger, "achievement", date(2027, 2, 24)) is Standing.OVERDUE
    assert ledger.reviews.plan("student") == USUAL["student"]


def test_nobody_else_sets_it(ledger: Ledger) -> None:
    forged = Signature("clerk", "2026-11-23T10:00:00+00:00", "0" * 64)
    with pytest.raises(NotTheSuperintendent):
        ledger.reviews.set_plan(forged, Plan("achievement", 36, Capacity.TEACHER), TODAY)
    assert ledger.reviews.plan("achievement") == USUAL["achievement"]
    assert list(ledger.entries())[-1].event == Event.DECISION_REFUSED


@pytest.mark.parametrize(("months", "fresh"), [(0, 1), (37, 1), (12, 0), (12, 2000)])
def test_a_schedule_that_is_none_cannot_be_made(months: int, fresh: int) -> None:
    with pytest.raises(ValueError, match=r"month|stale"):
        Plan("achievement", months, Capacity.TEACHER, fresh)


# --- signing off


def test_the_owner_signs_off_with_findings_and_the_next_comes_by_itself(ledger: Ledger) -> None:
    number, before, later = number_of(ledger, "achievement"), ledger.newest(), date(2027, 6, 1)
    following = ledger.reviews.sign_off("cole", number, Conclusion.CORRECTED, FOUND, later)
    (signed,) = ledger.reviews.history()
    assert signed.signed is not None
    assert (signed.number, signed.signed.conclusion, signed.signed.findings) == (number, Conclusion.CORRECTED, FOUND)
    assert following.due(ledger.reviews.plan("achievement")) == date(2028, 6, 1)
    assert following in ledger.reviews.open() and signed not in ledger.reviews.open()
    assert [entry.event for entry in ledger.entries(after=before)] == [Event.REVIEW_SIGNED, Event.REVIEW_OPENED]
    assert ledger.verify().breaks == ()


def test_findings_may_name_a_student_and_are_not_in_the_log(ledger: Ledger) -> None:
    ledger.reviews.sign_off("cole", number_of(ledger, "achievement"), Conclusion.IN_ORDER, "Ana Abbott's too.", TODAY)
    assert not any("Abbott" in entry.detail for entry in ledger.entries())
    (signed,) = ledger.entries(kinds=[Event.REVIEW_SIGNED])
    assert detail_of(signed)["conclusion"] == "IN_ORDER"


REFUSED = {
    "by somebody whose it is not": ("hill", "achievement", FOUND, "curriculum office"),
    "by the owner of another": ("cole", "student", FOUND, "executive secretary"),
    "by somebody who is nobody": ("nobody", "achievement", FOUND, "curriculum office"),
    "without findings": ("cole", "achievement", "  ", "what the review found"),
    "with a book": ("cole", "achievement", "x" * 10_001, "at most"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_sign_off_that_is_refused_leaves_nothing(ledger: Ledger, name: str) -> None:
    actor, category, findings, says = REFUSED[name]
    before = ledger.newest()
    with pytest.raises(LedgerError, match=says):
        ledger.reviews.sign_off(actor, number_of(ledger, category), Conclusion.IN_ORDER, findings, TODAY)
    assert ledger.newest() == before and ledger.reviews.history() == []


def test_it_is_whoever_holds_the_capacity_on_that_day(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="curriculum office"):
        ledger.reviews.sign_off("cole", number_of(ledger, "achievement"), Conclusion.IN_ORDER, FOUND, date(2026, 6, 30))
    ledger.lock_person("op", "cole", "a lost laptop")
    with pytest.raises(LedgerError, match="curriculum office"):
        ledger.reviews.sign_off("cole", number_of(ledger, "achievement"), Conclusion.IN_ORDER, FOUND, TODAY)


def test_the_superintendent_can_sign_off_any(ledger: Ledger) -> None:
    signature = superintendent(ledger, TODAY)
    ledger.reviews.sign_off(signature.username, number_of(ledger, "student"), Conclusion.IN_ORDER, FOUND, TODAY)
    assert len(ledger.reviews.history("student")) == 1


def test_two_who_sign_at_once_sign_one_review_and_open_one(ledger: Ledger) -> None:
    number = number_of(ledger, "achievement")

    def sign(findings: str) -> bool:
        try:
            ledger.reviews.sign_off("cole", number, Conclusion.IN_ORDER, findings, TODAY)
        except LedgerError as error:
            assert "signed off already" in str(error)
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(sign, ["one", "two", "three", "four"])) == 1
    assert [review.category for review in ledger.reviews.open()].count("achievement") == 1
    assert ledger.verify().breaks == ()


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)), st.integers(1, 36))
def test_so_many_months_later_is_the_same_day_or_the_last_of_the_month(day: date, months: int) -> None:
    later = months_after(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1 < later.day < day.day


# --- how fresh the data are


def snapshot(made: str, tables: dict[str, str], **sources: str) -> dict[str, Any]:
    """A manifest: digests of tables and of the files of sources stand for what is in them."""
    return {
        "made_at": f"2026-11-{made}T06:00:00+00:00",
        "tables": {name: {"rows": int(state != "empty"), "sha256": state} for name, state in tables.items()},
        "sources": [
            {"path_name": name, "format": "csv", "files": [{"sha256": state}]} for name, state in sources.items()
        ],
    }


SNAPSHOTS = [
    snapshot("23", {"attendance": "a3", "grade": "g1", "compensation": "empty"}, sis="s3", marks="m1"),
    snapshot("22", {"attendance": "a2", "grade": "g1", "compensation": "c1"}, sis="s2", marks="m1"),
    snapshot("20", {"attendance": "a1", "grade": "g1"}, sis="s1", marks="m1"),
    snapshot("10", {"attendance": "a3", "grade": "g0"}, sis="s3", marks="m0"),
]
"""The newest first."""


def test_a_source_is_as_fresh_as_its_last_change_and_not_as_its_last_load() -> None:
    """The marks were loaded again every time, and have been the same since the 20th."""
    told = {each.name: (each.loaded_at.day, each.changed_at.day) for each in freshness_of_sources(SNAPSHOTS)}
    assert told == {"sis (csv)": (23, 23), "marks (csv)": (23, 20)}


def test_a_category_is_as_fresh_as_its_freshest_table_and_stale_by_its_schedule() -> None:
    category_of = {"attendance": "attendance", "grade": "achievement", "compensation": "personnel"}
    fresh = freshness_of_categories(SNAPSHOTS, category_of)
    assert {name: each.days_old(TODAY) for name, each in fresh.items()} == {"attendance": 0, "achievement": 3}
    assert not fresh["attendance"].is_stale(USUAL["attendance"], TODAY + timedelta(days=1))
    assert fresh["attendance"].is_stale(USUAL["attendance"], TODAY + timedelta(days=2))
    assert not fresh["achievement"].is_stale(USUAL["achievement"], TODAY + timedelta(days=100))


def test_before_the_first_load_nothing_is_fresh() -> None:
    assert freshness_of_sources([]) == [] and freshness_of_categories([], {}) == {}
