"""Regular, periodic review of the data, by category: how often, by whom, what is due; and how fresh each source is."""

from __future__ import annotations

import calendar
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from governance.oversight.marks import has_controls
from governance.vocabulary import Capacity

SOON_DAYS = 30
LONGEST_FINDINGS = 10_000


@dataclass(frozen=True)
class Plan:
    """A category is reviewed so often, by whoever holds the owner's capacity. `fresh_days`: after how many its data are
    stale; None where they have no age."""

    category: str
    every_months: int
    owner: Capacity
    fresh_days: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.every_months <= 36:
            raise ValueError("a review is due every one to 36 months")
        if self.fresh_days is not None and not 1 <= self.fresh_days <= 1100:
            raise ValueError("data are stale after one day to 1100 days")
        if not self.category.strip():
            raise ValueError("a plan is of a category")


_USUAL = (
    Plan("reference", 12, Capacity.EXECUTIVE_SECRETARY, 365),
    Plan("student", 12, Capacity.EXECUTIVE_SECRETARY, 7),
    Plan("enrollment", 12, Capacity.EXECUTIVE_SECRETARY, 7),
    Plan("attendance", 12, Capacity.EXECUTIVE_SECRETARY, 1),
    Plan("achievement", 12, Capacity.CURRICULUM_OFFICE, 120),
    Plan("discipline", 12, Capacity.SUPERINTENDENT, 7),
    Plan("program", 12, Capacity.SPECIAL_EDUCATION_OFFICE, 30),
    Plan("personnel", 12, Capacity.PERSONNEL_OFFICE, 30),
    Plan("finance", 12, Capacity.BUDGET_OFFICE, 31),
)
USUAL: dict[str, Plan] = {plan.category: plan for plan in _USUAL}
"""What holds in a new district, until the Superintendent sets something else."""


def usual_plan(category: str) -> Plan:
    """Of a category that came later: yearly, by the Superintendent."""
    return USUAL.get(category, Plan(category, 12, Capacity.SUPERINTENDENT))


class Conclusion(enum.Enum):
    """What a review came to."""

    IN_ORDER = ("in order", "The data are complete and right, as far as the review went.")
    CORRECTED = ("corrected", "Something was wrong, and has been put right at its source.")
    TO_BE_CORRECTED = (
        "to be corrected",
        "Something is wrong, and not yet put right: the findings say what, and by whom.",
    )

    def __init__(self, title: str, sentence: str) -> None:
        self.title = title
        self.sentence = sentence


class Standing(enum.StrEnum):
    """How a review stands on a day."""

    PLANNED = "planned"
    DUE = "due"
    OVERDUE = "overdue"
    SIGNED = "signed off"


@dataclass(frozen=True)
class SignOff:
    conclusion: Conclusion
    findings: str
    signed_by: str
    day: date


@dataclass(frozen=True)
class Review:
    """One review of a category, from the day on which it was created. Its last day follows from the plan that holds."""

    number: int
    category: str
    opened_on: date
    signed: SignOff | None = None

    def due(self, plan: Plan) -> date:
        return months_after(self.opened_on, plan.every_months)

    def standing(self, plan: Plan, today: date) -> Standing:
        if self.signed is not None:
            return Standing.SIGNED
        days = (self.due(plan) - today).days
        if days < 0:
            return Standing.OVERDUE
        return Standing.DUE if days <= SOON_DAYS else Standing.PLANNED


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def refusal_of_sign_off(review: Review | None, owner: Capacity, held: Iterable[Capacity], findings: str) -> str | None:
    """Why somebody who holds these capacities today cannot sign it off; None if they can."""
    if review is None:
        return "There is no such review."
    if review.signed is not None:
        return "That review was signed off already; the next one is open."
    if not {owner, Capacity.SUPERINTENDENT} & set(held):
        return (
            f"It is signed off by whoever holds the capacity {owner.value.replace('_', ' ')}, or by the Superintendent."
        )
    if not findings.strip():
        return "Say what the review found: what was looked at, and what came of it."
    if len(findings) > LONGEST_FINDINGS:
        return f"Findings have at most {LONGEST_FINDINGS:,} characters."
    if has_controls(findings):
        return "Findings are plain text, without control characters."
    return None


def due_lines(reviews: Iterable[Review], plans: Mapping[str, Plan], today: date) -> list[str]:
    """What is due and overdue, in words, the oldest first."""
    pending = [(review.due(plan), review, plan) for review in reviews for plan in [plans[review.category]]]
    told = []
    for due, review, plan in sorted(pending, key=lambda one: (one[0], one[1].category)):
        standing = review.standing(plan, today)
        if standing in (Standing.DUE, Standing.OVERDUE):
            told.append(f"{review.category}: {standing}, by {due}, {plan.owner.value.replace('_', ' ')}")
    return told


# -- how fresh the data are: from the manifests of the snapshots, the newest first ---------------------------------


@dataclass(frozen=True)
class Freshness:
    """`loaded_at`: with the snapshot that readers see; `changed_at`: since when it has been as it is now."""

    name: str
    loaded_at: datetime
    changed_at: datetime

    def days_old(self, today: date) -> int:
        return max((today - self.changed_at.date()).days, 0)

    def is_stale(self, plan: Plan, today: date) -> bool:
        return plan.fresh_days is not None and self.days_old(today) > plan.fresh_days


def freshness_of_sources(manifests: Sequence[Mapping[str, Any]]) -> list[Freshness]:
    """Of each source of the current snapshot. One that is loaded again without a change has not become fresher."""
    return _freshness([(_made(each), _sources(each)) for each in manifests])


def freshness_of_categories(
    manifests: Sequence[Mapping[str, Any]], category_of: Mapping[str, str]
) -> dict[str, Freshness]:
    """Of each category that has rows: that of its table which changed last."""
    tables = _freshness([(_made(each), _filled(each)) for each in manifests])
    found: dict[str, Freshness] = {}
    for table in tables:
        category = category_of.get(table.name)
        if category is not None and (category not in found or found[category].changed_at < table.changed_at):
            found[category] = Freshness(category, table.loaded_at, table.changed_at)
    return found


def _freshness(states: Sequence[tuple[datetime, Mapping[str, str]]]) -> list[Freshness]:
    if not states:
        return []
    loaded_at, now = states[0]
    return [Freshness(name, loaded_at, _since(name, state, states)) for name, state in sorted(now.items())]


def _since(name: str, state: str, states: Sequence[tuple[datetime, Mapping[str, str]]]) -> datetime:
    """When the first of the snapshots was made in which it has been the same, without a break, until now."""
    since = states[0][0]
    for made_at, known in states:
        if known.get(name) != state:
            break
        since = made_at
    return since


def _made(manifest: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(manifest["made_at"])


def _sources(manifest: Mapping[str, Any]) -> dict[str, str]:
    """What each source held, as the digests of its files."""
    return {
        f"{source['path_name']} ({source['format']})": "".join(file["sha256"] for file in source["files"])
        for source in manifest["sources"]
    }


def _filled(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {name: table["sha256"] for name, table in manifest["tables"].items() if table["rows"]}
