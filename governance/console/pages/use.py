"""Use of the data system: how much, by whom and for what; what is unusual; and what was said of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import urlencode

from governance.console.asked import NOT_HERE, Asked, Done, Draw, Go, Reply
from governance.console.charts import Chart, bars
from governance.console.office import Office
from governance.console.page import THE_OFFICE, Page
from governance.console.reading import read_number
from governance.ledger import LedgerError
from governance.ledger.oversight import UseFilter
from governance.oversight.marks import LONGEST_NOTE, Marking, may_be_about
from governance.oversight.periods import Period, UsualHours, Week
from governance.oversight.use import Outcome, Use
from governance.oversight.volume import totals_by_capacity
from governance.policy import CAPACITIES
from governance.vocabulary import Capacity, Purpose

AT_ONCE = 25
FILTERS = ("week", "person", "capacity", "purpose", "outcome", "tied")


def draw(office: Office, asked: Asked) -> Reply:
    """One week: its figures, its charts, its findings."""
    hours = office.oversight().hours
    week = _week(asked.query.get("week", "")) or _this_week(office)
    period = week.period(hours.zone)
    uses = list(office.ledger.oversight.during(period))
    findings = office.ledger.oversight.findings(period, hours, asked.today)
    marks = office.ledger.oversight.marks([finding.key for finding in findings])
    shown = {
        "week": week,
        "earlier": Week(week.monday - timedelta(days=7)).name,
        "later": Week(week.monday + timedelta(days=7)).name,
        "figures": _figures(uses),
        "charts": [_by_capacity(uses), _by_day(uses, week, hours), _by_purpose(uses)],
        "findings": [(each, marks.get(each.key, []), _mark_link(each.key, each.username)) for each in findings],
        "digest": office.ledger.digests.of(week.name),
    }
    return Draw("use.html", shown)


def _this_week(office: Office) -> Week:
    """The record's own week: it goes by the clock, not by the district's day."""
    newest = office.ledger.oversight.uses(UseFilter(), limit=1)
    return Week.of(newest[0].at.astimezone(office.oversight().hours.zone).date()) if newest else Week.of(office.today())


def _week(name: str) -> Week | None:
    """`2026-W47`."""
    if re.fullmatch(r"20[0-9]{2}-W[0-5][0-9]", name) is None:
        return None
    try:
        return Week(date.fromisocalendar(int(name[:4]), int(name[6:]), 1))
    except ValueError:
        return None


def _figures(uses: list[Use]) -> list[tuple[str, int]]:
    return [
        ("answers", sum(use.outcome is Outcome.GIVEN for use in uses)),
        ("people", len({use.username for use in uses})),
        ("records of students by name", sum(use.student_count for use in uses if use.identifies_students)),
        ("refused", sum(use.outcome is Outcome.REFUSED for use in uses)),
        ("tied outcomes to named staff", sum(use.ties_outcomes_to_staff for use in uses)),
    ]


def _by_capacity(uses: list[Use]) -> Chart:
    totals = totals_by_capacity(uses)
    rows = [(CAPACITIES[each].title if each else "none known", total.answers) for each, total in totals.items()]
    return bars("Answers by capacity", "answers", sorted(rows, key=lambda row: -row[1]))


def _by_day(uses: list[Use], week: Week, hours: UsualHours) -> Chart:
    days = Counter(use.at.astimezone(hours.zone).date() for use in uses)
    each = [week.monday + timedelta(days=number) for number in range(7)]
    return bars("Questions by day", "questions", [(f"{day:%A}, {day.day} {day:%B}", days[day]) for day in each])


def _by_purpose(uses: list[Use]) -> Chart:
    purposes = Counter(use.purpose.value if use.purpose else "none declared" for use in uses)
    return bars("Questions by purpose", "questions", purposes.most_common())


# -- single uses -----------------------------------------------------------------------------------


def draw_list(office: Office, asked: Asked) -> Reply:
    """The questions, one by one, the newest first."""
    wanted = _filter(office, asked.query)
    try:
        uses = office.ledger.oversight.uses(wanted, AT_ONCE + 1, read_number(asked.query, "before"))
    except LedgerError:
        return NOT_HERE
    kept = {name: asked.query[name] for name in FILTERS if asked.query.get(name)}
    shown = uses[:AT_ONCE]
    older = urlencode({**kept, "before": shown[-1].sequence}) if len(uses) > AT_ONCE else ""
    marks = office.ledger.oversight.marks([use.answer for use in shown])
    return Draw(
        "uses.html",
        {
            "uses": [(use, marks.get(use.answer, []), _mark_link(use.answer, use.username)) for use in shown],
            "typed": kept,
            "capacities": [(each.value, CAPACITIES[each].title) for each in Capacity],
            "purposes": [(each.value, each.value) for each in Purpose],
            "outcomes": [(each.value, each.value) for each in Outcome],
            "older": older,
        },
    )


def _filter(office: Office, query: Mapping[str, str]) -> UseFilter:
    week = _week(query.get("week", ""))
    period: Period | None = None if week is None else week.period(office.oversight().hours.zone)
    return UseFilter(
        period,
        query.get("person") or None,
        next((each for each in Capacity if each.value == query.get("capacity")), None),
        next((each for each in Purpose if each.value == query.get("purpose")), None),
        next((each for each in Outcome if each.value == query.get("outcome")), None),
        tied=query.get("tied") == "yes",
    )


def _mark_link(about: str, username: str) -> str:
    return urlencode({"about": about, "person": username})


def draw_mark(office: Office, asked: Asked) -> Reply:
    return _mark_form(office, asked, {}, {})


def act_mark(office: Office, asked: Asked) -> Reply:
    """Said of a finding or an answer, on record; a mark is never taken back, another one follows it."""
    typed = asked.posted.fields
    marking = next((each for each in Marking if each.name.lower() == typed.get("marking")), None)
    errors = {} if marking else {"marking": "Choose what you say of it."}
    if not typed.get("note", "").strip():
        errors["note"] = "Say why, in a note."
    if errors or marking is None or not asked.posted.fresh:
        return _mark_form(office, asked, typed, errors)
    about, person = asked.query.get("about", ""), asked.query.get("person", "")
    try:
        office.ledger.oversight.mark(asked.visitor.username, about, person, marking, typed["note"])
    except LedgerError as error:
        return _mark_form(office, asked, typed, {"note": str(error)})
    return Go("use", Done.MARKED)


def _mark_form(office: Office, asked: Asked, typed: Mapping[str, str], errors: Mapping[str, str]) -> Reply:
    about, person = asked.query.get("about", ""), asked.query.get("person", "")
    if not may_be_about(about, person) or office.ledger.person(person) is None:
        return NOT_HERE
    shown = {
        "about": about,
        "person": person,
        "markings": [(each.name.lower(), f"{each.title}: {each.sentence}") for each in Marking],
        "marks": office.ledger.oversight.marks([about]).get(about, []),
        "typed": typed,
        "errors": errors,
        "most": LONGEST_NOTE,
    }
    return Draw("mark.html", shown, 400 if errors else 200)


PAGES = (
    Page("use", "Use and monitoring", THE_OFFICE, draw=draw, menu="The record"),
    Page("use/questions", "Single questions", THE_OFFICE, draw=draw_list),
    Page("use/mark", "Say something of a use", THE_OFFICE, draw_mark, act_mark),
)
