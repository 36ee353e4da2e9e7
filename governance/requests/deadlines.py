"""What is due, by when, and what the calendar itself does to a request. Days only; the day it is, is an argument."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from governance.requests.workflow import Act, Case, Kind, State

FOI_BUSINESS_DAYS = 4
"""C.G.S. 1-206(a)."""
SATURDAY = 5
GRANTED = frozenset({State.APPROVED, State.MODIFIED, State.IN_FORCE})
GRANTING = frozenset({Kind.APPLICATION, Kind.EXTERNAL})
"""The kinds whose approval gives a grant, which has a last day."""


@dataclass(frozen=True)
class Deadline:
    """What has to be done by the end of a day. `days_left` is negative once it is overdue."""

    what: str
    source: str
    on: date
    days_left: int

    @property
    def overdue(self) -> bool:
        return self.days_left < 0


def business_day_after(day: date, number: int, holidays: Collection[date] = ()) -> date:
    """The last of so many business days after a day. Without holidays the answer is the earlier one, which is safe."""
    while number:
        day += timedelta(days=1)
        if day.weekday() < SATURDAY and day not in holidays:
            number -= 1
    return day


def deadline(case: Case, today: date, holidays: Collection[date] = ()) -> Deadline | None:
    """What is due of this request, if anything is."""
    if case.kind is Kind.FREEDOM_OF_INFORMATION and case.state in (State.REGISTERED, State.FORWARDED, State.CHECKED):
        due = business_day_after(date.fromisoformat(case.fields["received_on"]), FOI_BUSINESS_DAYS, holidays)
        return Deadline("an answer in writing", "C.G.S. 1-206(a): four business days", due, (due - today).days)
    if case.state in (State.DESTRUCTION_DUE, State.DESTRUCTION_OVERDUE):
        due = date.fromisoformat(case.fields["destruction_by"])
        return Deadline("the certificate of destruction", "34 CFR 99.31(a)(6)(iii)(C)(4)", due, (due - today).days)
    if is_granted(case):
        due = last_day(case)
        return Deadline("the end of the grant", "the decision", due, (due - today).days)
    return None


def is_granted(case: Case) -> bool:
    return case.kind in GRANTING and case.state in GRANTED


def last_day(case: Case) -> date:
    """The last day of what was granted."""
    return date.fromisoformat(case.fields.get("granted_end") or case.fields["end"])


def calendar_act(case: Case, today: date) -> Act | None:
    """What the calendar does to the request today, if anything."""
    if is_granted(case) and last_day(case) < today:
        return Act.EXPIRE
    if case.state is State.DESTRUCTION_DUE and date.fromisoformat(case.fields["destruction_by"]) < today:
        return Act.ESCALATE
    return None
