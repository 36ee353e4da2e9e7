"""Regular review of the data, by category: what is due, how fresh each source is, and the sign-off with findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from governance.console.asked import NOT_HERE, Asked, Done, Draw, Go, Reply
from governance.console.office import Office
from governance.console.page import SUPERINTENDENT, THE_OFFICE, Page
from governance.console.reading import read_number
from governance.ledger import LedgerError, NotTheSuperintendent
from governance.oversight.reviews import (
    Conclusion,
    Freshness,
    Plan,
    Review,
    Standing,
    freshness_of_categories,
    freshness_of_sources,
)
from governance.policy import CAPACITIES
from governance.vocabulary import Capacity

OWNERS = (
    *(Capacity.SUPERINTENDENT, Capacity.EXECUTIVE_SECRETARY, Capacity.PERSONNEL_OFFICE, Capacity.BUDGET_OFFICE),
    *(Capacity.CURRICULUM_OFFICE, Capacity.SPECIAL_EDUCATION_OFFICE),
)
REVIEWERS = THE_OFFICE | frozenset(OWNERS)
HISTORY = 30


@dataclass(frozen=True)
class Scheduled:
    """An open review, with its plan, how it stands, and how fresh its data are. `mine`: whether the person signs it."""

    review: Review
    plan: Plan
    due: date
    standing: Standing
    fresh: Freshness | None
    is_stale: bool
    mine: bool


def draw(office: Office, asked: Asked) -> Reply:
    """The schedule; a category that has no review yet gets its first."""
    office.ledger.reviews.catch_up(_categories(office), asked.today)
    manifests = [snapshot.manifest for snapshot in reversed(office.warehouse.snapshots())]
    category_of = {name: table.category.value for name, table in office.catalog.tables.items()}
    fresh = freshness_of_categories(manifests, category_of)
    rows = [_scheduled(office, asked, review, fresh.get(review.category)) for review in office.ledger.reviews.open()]
    rows.sort(key=lambda row: (row.due, row.review.category))
    signed = office.ledger.reviews.history()[:HISTORY]
    return Draw("reviews.html", {"rows": rows, "sources": freshness_of_sources(manifests), "history": signed})


def _categories(office: Office) -> list[str]:
    return sorted({table.category.value for table in office.catalog.tables.values()})


def _scheduled(office: Office, asked: Asked, review: Review, fresh: Freshness | None) -> Scheduled:
    plan = office.ledger.reviews.plan(review.category)
    return Scheduled(
        review,
        plan,
        review.due(plan),
        review.standing(plan, asked.today),
        fresh,
        fresh is not None and fresh.is_stale(plan, asked.today),
        asked.visitor.holds(plan.owner, Capacity.SUPERINTENDENT),
    )


def draw_sign_off(office: Office, asked: Asked) -> Reply:
    return _sign_off_form(office, asked, {}, {})


def act_sign_off(office: Office, asked: Asked) -> Reply:
    """The owner's act; the next review of the category is set by it."""
    typed = asked.posted.fields
    conclusion = next((each for each in Conclusion if each.name.lower() == typed.get("conclusion")), None)
    errors = {} if conclusion else {"conclusion": "Choose what the review came to."}
    if not typed.get("findings", "").strip():
        errors["findings"] = "Say what the review found: what was looked at, and what came of it."
    if errors or conclusion is None or not asked.posted.fresh:
        return _sign_off_form(office, asked, typed, errors)
    try:
        office.ledger.reviews.sign_off(asked.visitor.username, asked.number, conclusion, typed["findings"], asked.today)
    except LedgerError as error:
        return _sign_off_form(office, asked, typed, {"findings": str(error)})
    return Go("reviews", Done.REVIEWED)


def _sign_off_form(office: Office, asked: Asked, typed: Mapping[str, str], errors: Mapping[str, str]) -> Reply:
    review = next((each for each in office.ledger.reviews.open() if each.number == asked.number), None)
    plan = None if review is None else office.ledger.reviews.plan(review.category)
    if review is None or plan is None or not asked.visitor.holds(plan.owner, Capacity.SUPERINTENDENT):
        return NOT_HERE
    conclusions = [(each.name.lower(), f"{each.title}: {each.sentence}") for each in Conclusion]
    shown = {"review": review, "plan": plan, "due": review.due(plan), "conclusions": conclusions}
    return Draw("sign_off.html", {**shown, "typed": typed, "errors": errors}, 400 if errors else 200)


def draw_plan(office: Office, asked: Asked) -> Reply:
    if asked.path["category"] not in _categories(office):
        return NOT_HERE
    plan = office.ledger.reviews.plan(asked.path["category"])
    typed = {
        "every_months": str(plan.every_months),
        "owner": plan.owner.value,
        "fresh_days": "" if plan.fresh_days is None else str(plan.fresh_days),
    }
    return _plan_form(asked, typed, {})


def act_plan(office: Office, asked: Asked) -> Reply:
    """How often, and by whom, from now on."""
    if asked.path["category"] not in _categories(office):
        return NOT_HERE
    typed = asked.posted.fields
    plan, errors = _read_plan(asked.path["category"], typed)
    if asked.unsigned:
        errors["password"] = asked.unsigned
    if errors or plan is None or asked.signature is None or not asked.posted.fresh:
        return _plan_form(asked, typed, errors)
    try:
        office.ledger.reviews.set_plan(asked.signature, plan, asked.today)
    except NotTheSuperintendent as error:
        return _plan_form(asked, typed, {"password": str(error)})
    return Go("reviews", Done.SENT)


def _read_plan(category: str, typed: Mapping[str, str]) -> tuple[Plan | None, dict[str, str]]:
    errors: dict[str, str] = {}
    owner = next((each for each in OWNERS if each.value == typed.get("owner")), None)
    months, days = read_number(typed, "every_months", 36), read_number(typed, "fresh_days", 1100)
    if owner is None:
        errors["owner"] = "Choose who reviews it."
    if months is None:
        errors["every_months"] = "Every 1 to 36 months."
    if days is None and typed.get("fresh_days", "").strip():
        errors["fresh_days"] = "After 1 to 1100 days, or left out."
    if errors or owner is None or months is None:
        return None, errors
    return Plan(category, months, owner, days), errors


def _plan_form(asked: Asked, typed: Mapping[str, str], errors: Mapping[str, str]) -> Reply:
    owners = [(each.value, CAPACITIES[each].title) for each in OWNERS]
    shown = {"category": asked.path["category"], "owners": owners, "typed": typed, "errors": errors}
    return Draw("plan.html", shown, 400 if errors else 200)


PAGES = (
    Page("reviews", "Data reviews", REVIEWERS, draw=draw, menu="The record"),
    Page("reviews/{number:int}", "Sign a review off", REVIEWERS, draw_sign_off, act_sign_off),
    Page("reviews/plan/{category}", "How often, and by whom", SUPERINTENDENT, draw_plan, act_plan, signed=True),
)
