"""Unusual use against a slow, obvious oracle; and what makes a finding the same finding."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.oversight.periods import Period, UsualHours, Week
from governance.oversight.thresholds import THRESHOLDS, Rule, Thresholds
from governance.oversight.unusual import Finding, ending, unusual
from governance.oversight.use import Outcome, Use, uses
from governance.oversight.volume import Past
from governance.vocabulary import AccessLevel, Capacity, Form, Grant
from tests.oversight.recorded import Asked, fill, log

HOURS = UsualHours(days_off=frozenset({date(2026, 11, 18)}))
WEEK = Week(date(2026, 11, 16))
PERIOD = WEEK.period(HOURS.zone)
LOW = Thresholds(
    deviations=1.0,
    floor_of_median=0.1,
    floor_of_answers=1.0,
    floor_of_students=2.0,
    fewest_peers=2,
    past_weeks=3,
    fewest_past_weeks=2,
    denials_in_a_day=2,
    near_identical=3,
    outside_hours=2,
    grant_ends_within_days=5,
)
"""So low that a handful of uses is enough for every rule."""


def table(rows: list[str], where: list[str]) -> dict[str, Any]:
    about = {"table": "enrollment", "columns": [], "statistic": "count", "value": None}
    return {"kind": "table", "rows": rows, "where": where, **about}


questions = st.one_of(
    st.just({"kind": "frame", "table": "student"}),
    st.builds(
        table,
        st.sampled_from([["sex"], ["sex", "grade"], ["grade", "sex"]]),
        st.lists(st.sampled_from("abc"), unique=True),
    ),
)
asked = st.builds(
    Asked,
    username=st.sampled_from(["ann", "bob", "cy", "dee"]),
    session=st.sampled_from(["teacher", "counselor", "study-one", "study-two"]),
    at=st.integers(-28 * 24, 7 * 24 + 5).map(lambda hours: PERIOD.since + timedelta(hours=hours, minutes=30)),
    outcome=st.sampled_from(Outcome),
    students=st.frozensets(st.integers(1, 9), max_size=9),
    form=st.sampled_from(Form),
    question=questions,
)


# --- the oracle: loops over everything, for every person and session


def amount(found: list[Use], measure: str) -> float:
    given_ = [use for use in found if use.outcome is Outcome.GIVEN]
    if measure == "answers":
        return len(given_)
    return sum(use.student_count for use in given_ if use.form is Form.SCOPED_ROWS)


def too_much(number: float, others: list[float], floor: float) -> bool:
    middle = median(others)
    spread = max(1.4826 * median([abs(x - middle) for x in others]), floor, LOW.floor_of_median * middle)
    return number > middle + LOW.deviations * spread


def expected(everything: list[Use]) -> set[tuple[Rule, str, str, str]]:
    now = [use for use in everything if PERIOD.since <= use.at < PERIOD.until]
    found: set[tuple[Rule, str, str, str]] = set()
    for who in {(use.username, use.session) for use in now}:
        mine = [use for use in now if (use.username, use.session) == who]
        found |= {(rule, *who, about) for rule, about in volume(who, mine, now, everything)}
        found |= {(rule, *who, about) for rule, about in others(mine)}
    return found


def volume(who: tuple[str, str], mine: list[Use], now: list[Use], everything: list[Use]) -> set[tuple[Rule, str]]:
    found = set()
    alike = {(use.username, use.session) for use in now if use.username != who[0] and use.capacity is mine[0].capacity}
    for measure, floor in (("answers", LOW.floor_of_answers), ("students", LOW.floor_of_students)):
        peers = [amount([u for u in now if (u.username, u.session) == peer], measure) for peer in alike]
        if len(peers) >= LOW.fewest_peers and too_much(amount(mine, measure), peers, floor):
            found.add((Rule.VOLUME_AGAINST_PEERS, measure))
        past: list[float] = []
        for back in range(LOW.past_weeks, 0, -1):
            begin = PERIOD.since - back * (PERIOD.until - PERIOD.since)
            week = [u for u in everything if begin <= u.at < begin + (PERIOD.until - PERIOD.since)]
            of_theirs = [u for u in week if (u.username, u.session) == who and u.outcome is Outcome.GIVEN]
            if of_theirs or past:
                past.append(amount(of_theirs, measure))
        if len(past) >= LOW.fewest_past_weeks and too_much(amount(mine, measure), past, floor):
            found.add((Rule.VOLUME_AGAINST_OWN_PAST, measure))
    return found


def others(mine: list[Use]) -> set[tuple[Rule, str]]:
    found = set()
    for use in mine:
        local = use.at.astimezone(HOURS.zone)
        on_that_day = [u for u in mine if u.at.astimezone(HOURS.zone).date() == local.date()]
        if sum(u.outcome is Outcome.REFUSED for u in on_that_day) >= LOW.denials_in_a_day:
            found.add((Rule.REPEATED_DENIALS, local.date().isoformat()))
        near = [u for u in mine if statistic(u) and statistic(u) == statistic(use) and distance(u, use) <= 1]
        if len(near) >= LOW.near_identical:
            found.add((Rule.NEAR_IDENTICAL_STATISTICS, statistic(use)))
    at_odd_times = [u for u in mine if is_odd(u.at.astimezone(HOURS.zone))]
    if len(at_odd_times) >= LOW.outside_hours:
        found.add((Rule.OUTSIDE_USUAL_HOURS, ""))
    return found


def statistic(use: Use) -> str:
    if use.question.get("kind") != "table":
        return ""
    return "count of enrollment by " + ", ".join(sorted(use.question["rows"]))


def distance(one: Use, other: Use) -> int:
    return len(set(one.question["where"]) ^ set(other.question["where"]))


def is_odd(local: datetime) -> bool:
    return local.weekday() >= 5 or local.date() == date(2026, 11, 18) or not 6 <= local.hour < 20


def named(finding: Finding) -> tuple[Rule, str, str, str]:
    about = next((value for value in finding.evidence.values() if isinstance(value, str)), "")
    return finding.rule, finding.username, finding.session, about


@settings(deadline=None)
@given(st.lists(asked, max_size=60))
def test_findings_are_those_of_a_slow_reading(answers: list[Asked]) -> None:
    # A refusal repeats its question, a failure does not: as statistics only what was intended counts.
    everything = list(uses(log(answers)))
    past = Past(PERIOD, LOW)
    past.add(everything)
    found = unusual(everything, past, PERIOD, HOURS, LOW)
    assert {named(finding) for finding in found} == expected(everything)
    assert len({finding.key for finding in found}) == len(found)


def test_findings_of_the_ledger_are_those_of_its_whole_log(tmp_path: Path) -> None:
    """It reads the weeks before by sums that its store makes."""
    chance = random.Random(11)
    answers = [
        Asked(
            chance.choice(["ann", "bob", "cy", "dee", "eve"]),
            chance.choice(["teacher", "teacher", "counselor", "study-one"]),
            PERIOD.since + timedelta(hours=chance.randrange(-30 * 24, 7 * 24)),
            chance.choice([Outcome.GIVEN, Outcome.GIVEN, Outcome.REFUSED, Outcome.FAILED]),
            frozenset(chance.sample(range(99), chance.randrange(12))),
            chance.choice(list(Form)),
            question=table(["sex"], chance.choice([[], ["a"], ["a", "b"]])),
        )
        for _ in range(900)
    ]
    everything = list(uses(log(answers)))
    past = Past(PERIOD, LOW)
    past.add(everything)
    expected_ = unusual(everything, past, PERIOD, HOURS, LOW)
    ledger = fill(tmp_path / "ledger", answers)
    found = ledger.oversight.findings(PERIOD, HOURS, date(2026, 11, 20), LOW)
    ledger.close()
    assert found == expected_ and {finding.rule for finding in found} == set(Rule) - {Rule.GRANT_ABOUT_TO_END}


@given(st.lists(asked, max_size=40), st.integers(1, 5))
def test_higher_thresholds_never_find_more(answers: list[Asked], factor: int) -> None:
    everything = list(uses(log(answers)))
    names = ("deviations", "denials_in_a_day", "near_identical", "outside_hours")
    higher = Thresholds(**{**vars(LOW), **{name: vars(LOW)[name] * factor for name in names}})
    past = Past(PERIOD, LOW)
    past.add(everything)
    low, high = (unusual(everything, past, PERIOD, HOURS, level) for level in (LOW, higher))
    assert {named(finding) for finding in high} <= {named(finding) for finding in low}


def test_a_finding_has_the_same_key_when_it_has_grown_and_another_in_another_week() -> None:
    def finding(times: int, week: Week) -> Finding:
        period = week.period(HOURS.zone)
        at = period.since + timedelta(hours=2)
        everything = list(uses(log([Asked("ann", at=at + timedelta(minutes=n)) for n in range(times)])))
        (found,) = unusual(everything, Past(period, THRESHOLDS), period, HOURS, THRESHOLDS)
        return found

    fewer, more, later = finding(6, WEEK), finding(9, WEEK), finding(6, Week(date(2026, 11, 23)))
    assert fewer.evidence != more.evidence
    assert fewer.key == more.key != later.key


DAY = date(2026, 11, 20)
ENDINGS: dict[str, tuple[date, date, bool]] = {
    "today": (DAY, DAY, True),
    "in a few days": (DAY - timedelta(days=90), DAY + timedelta(days=14), True),
    "in more days": (DAY - timedelta(days=90), DAY + timedelta(days=15), False),
    "over": (DAY - timedelta(days=90), DAY - timedelta(days=1), False),
    "not begun": (DAY + timedelta(days=1), DAY + timedelta(days=3), False),
}


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("make", ["grant", "level"])
def test_what_holds_and_ends_soon_is_found(name: str, make: str) -> None:
    begin, end, is_found = ENDINGS[name]
    grants = [Grant("reading", "rita", {"student": ("sex",)}, begin, end)] if make == "grant" else []
    levels = [AccessLevel("rita", Capacity.TEACHER, begin, end)] if make == "level" else []
    found = ending(grants, levels, PERIOD, DAY, THRESHOLDS)
    assert [finding.rule for finding in found] == [Rule.GRANT_ABOUT_TO_END] * is_found


def test_a_level_without_an_end_does_not_end() -> None:
    assert ending([], [AccessLevel("ann", Capacity.TEACHER, DAY)], PERIOD, DAY, THRESHOLDS) == []


WRONG: dict[str, Callable[[], object]] = {
    "a period that ends before it begins": lambda: Period(PERIOD.until, PERIOD.since),
    "a period without a time zone": lambda: Period(datetime(2026, 1, 1), datetime(2026, 1, 2, tzinfo=UTC)),  # noqa: DTZ001
    "hours that end before they begin": lambda: UsualHours(first=HOURS.last, last=HOURS.first),
    "a week that begins on another day": lambda: Week(date(2026, 11, 17)),
    "a threshold of nothing": lambda: Thresholds(denials_in_a_day=0),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_makes_no_sense_cannot_be_made(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        WRONG[name]()


def test_a_week_is_as_long_as_the_clocks_make_it() -> None:
    begins, ends = Week(date(2026, 3, 2)).period(HOURS.zone), Week(date(2026, 10, 26)).period(HOURS.zone)
    assert begins.until - begins.since == timedelta(days=7, hours=-1)
    assert ends.until - ends.since == timedelta(days=7, hours=1)
    assert Week.last_before(ends.until, HOURS.zone) == Week(date(2026, 10, 26))
    assert Week.last_before(ends.until - timedelta(seconds=1), HOURS.zone) == Week(date(2026, 10, 19))
