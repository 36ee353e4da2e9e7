"""Unusual use: findings for people to look at, each with its rule and the numbers behind it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from governance.oversight.marks import whose
from governance.oversight.periods import Period, UsualHours
from governance.oversight.thresholds import Rule, Thresholds
from governance.oversight.use import Outcome, Use
from governance.oversight.volume import Past, Total, Usual, Who, peers_of, totals, usual
from governance.vocabulary import AccessLevel, Grant

Evidence = Mapping[str, float | str]


@dataclass(frozen=True)
class Finding:
    """What is unusual, of whom, in which session. `evidence`: the numbers, by what they are."""

    rule: Rule
    username: str
    session: str
    period: Period
    sentence: str
    evidence: Evidence

    @property
    def key(self) -> str:
        """The same for the same finding, however often it is looked for: marks are kept under it. Begins with whose."""
        about = {name: value for name, value in self.evidence.items() if isinstance(value, str)}
        named = [self.rule.name, self.username, self.session, self.period.since.isoformat(), about]
        return whose(self.username) + hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Measure:
    """A number of each total that volume is judged by."""

    name: str
    words: str

    def of(self, total: Total) -> int:
        return total.answers if self.name == "answers" else total.students

    def floor(self, thresholds: Thresholds) -> float:
        return thresholds.floor_of_answers if self.name == "answers" else thresholds.floor_of_students


MEASURES = (Measure("answers", "answers"), Measure("students", "records of students by name"))


def unusual(
    uses: Iterable[Use], past: Past, period: Period, hours: UsualHours, thresholds: Thresholds
) -> list[Finding]:
    """What is unusual among the uses of a period, in the order of the rules, then of the people."""
    held = [use for use in uses if period.holds(use.at)]
    found = [
        *volume_findings(totals(held), past, period, thresholds),
        *denial_findings(held, period, hours, thresholds),
        *near_identical_findings(held, period, thresholds),
        *hour_findings(held, period, hours, thresholds),
    ]
    order = list(Rule)
    return sorted(found, key=lambda finding: (order.index(finding.rule), finding.username, finding.session))


def volume_findings(now: dict[Who, Total], past: Past, period: Period, thresholds: Thresholds) -> Iterator[Finding]:
    for who, total in now.items():
        for measure in MEASURES:
            floor = measure.floor(thresholds)
            peers = [float(measure.of(each)) for each in peers_of(who, now)]
            if len(peers) >= thresholds.fewest_peers:
                bar = usual(peers, floor, thresholds)
                yield from _volume(Rule.VOLUME_AGAINST_PEERS, who, total, measure, bar, len(peers), period)
            earlier = [float(measure.of(each)) for each in past.of(who)]
            if len(earlier) >= thresholds.fewest_past_weeks:
                bar = usual(earlier, floor, thresholds)
                yield from _volume(Rule.VOLUME_AGAINST_OWN_PAST, who, total, measure, bar, len(earlier), period)


def _volume(
    rule: Rule, who: Who, total: Total, measure: Measure, bar: Usual, compared: int, period: Period
) -> Iterator[Finding]:
    number = measure.of(total)
    if number <= bar.limit:
        return
    with_whom = "others of the capacity" if rule is Rule.VOLUME_AGAINST_PEERS else "weeks of their own before"
    sentence = (
        f"{number:,} {measure.words}; the median of {compared} {with_whom} is {bar.median:,.0f}, "
        f"and more than {bar.limit:,.0f} is unusual."
    )
    numbers: dict[str, float] = {"number": number, "median": bar.median, "deviation": bar.deviation, "limit": bar.limit}
    yield Finding(rule, *who, period, sentence, {"measure": measure.name, **numbers, "compared_with": compared})


def denial_findings(
    uses: Iterable[Use], period: Period, hours: UsualHours, thresholds: Thresholds
) -> Iterator[Finding]:
    refused: defaultdict[tuple[Who, date], int] = defaultdict(int)
    for use in uses:
        if use.outcome is Outcome.REFUSED:
            refused[(use.username, use.session), use.at.astimezone(hours.zone).date()] += 1
    for (who, day), number in refused.items():
        if number >= thresholds.denials_in_a_day:
            sentence = f"{number} questions were refused on {day}."
            limit = thresholds.denials_in_a_day
            evidence: Evidence = {"day": day.isoformat(), "refused": number, "limit": limit}
            yield Finding(Rule.REPEATED_DENIALS, *who, period, sentence, evidence)


def near_identical_findings(uses: Iterable[Use], period: Period, thresholds: Thresholds) -> Iterator[Finding]:
    """Of each statistic of a person, the conditions that the most others are near to, and how many those are."""
    asked: defaultdict[tuple[Who, str], defaultdict[frozenset[str], int]] = defaultdict(lambda: defaultdict(int))
    for use in uses:
        if (same := _statistic(use)) is not None:
            asked[(use.username, use.session), same][_conditions(use)] += 1
    for (who, same), conditions in asked.items():
        number = max(sum(times for other, times in conditions.items() if len(one ^ other) <= 1) for one in conditions)
        if number >= thresholds.near_identical:
            sentence = f"{number} times {same}, under conditions that differ in one column at the most."
            evidence: Evidence = {"statistic": same, "near_identical": number, "limit": thresholds.near_identical}
            yield Finding(Rule.NEAR_IDENTICAL_STATISTICS, *who, period, sentence, evidence)


def _statistic(use: Use) -> str | None:
    """Which statistic, whatever its conditions are; None where none was asked for."""
    question = use.question
    if question.get("kind") not in ("table", "model"):
        return None
    names = [str(name) for axis in ("rows", "columns") for name in question.get(axis) or ()]
    measure = question.get("statistic") or question.get("family")
    of = f" of {question['value']}" if question.get("value") else ""
    return f"{measure}{of} of {question.get('table')} by {', '.join(sorted(names))}"


def _conditions(use: Use) -> frozenset[str]:
    return frozenset(str(column) for column in use.question.get("where") or ())


def hour_findings(uses: Iterable[Use], period: Period, hours: UsualHours, thresholds: Thresholds) -> Iterator[Finding]:
    outside: defaultdict[Who, int] = defaultdict(int)
    for use in uses:
        if not hours.hold(use.at):
            outside[use.username, use.session] += 1
    for who, number in outside.items():
        if number >= thresholds.outside_hours:
            when = f"{hours.first:%H:%M} to {hours.last:%H:%M} on working days, {hours.zone.key}"
            sentence = f"{number} questions outside usual hours ({when})."
            evidence: Evidence = {"questions": number, "limit": thresholds.outside_hours}
            yield Finding(Rule.OUTSIDE_USUAL_HOURS, *who, period, sentence, evidence)


def ending(
    grants: Iterable[Grant], levels: Iterable[AccessLevel], period: Period, today: date, thresholds: Thresholds
) -> list[Finding]:
    """Grants and access levels that hold today, and end within a few days."""
    ends = [(grant.username, grant.server, grant.end_date) for grant in grants if grant.is_current(today)]
    ends += [
        (level.username, level.capacity.server, level.end_date)
        for level in levels
        if level.end_date is not None and level.is_current(today)
    ]
    found = []
    for username, session, last in sorted(ends):
        days = (last - today).days
        if days <= thresholds.grant_ends_within_days:
            sentence = f"Ends with {last}: {'today' if days == 0 else f'in {days} days'}."
            evidence: Evidence = {
                "last_day": last.isoformat(),
                "days": days,
                "limit": thresholds.grant_ends_within_days,
            }
            found.append(Finding(Rule.GRANT_ABOUT_TO_END, username, session, period, sentence, evidence))
    return found
