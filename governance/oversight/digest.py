"""The weekly digest of use: one page of plain text that somebody reads. It names staff, and never a student."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from governance.oversight.marks import Mark
from governance.oversight.periods import UsualHours, Week
from governance.oversight.thresholds import Rule
from governance.oversight.unusual import Finding
from governance.oversight.use import Use
from governance.oversight.volume import Total
from governance.vocabulary import Capacity

MOST = 50
"""Of one kind; the rest is told as a number, and shown in the console."""


@dataclass(frozen=True)
class WeekOfUse:
    """What a digest tells. `tied`: answers that tie outcomes of students to named staff."""

    week: Week
    totals: Mapping[Capacity | None, Total]
    findings: Sequence[Finding]
    marks: Mapping[str, Sequence[Mark]]
    tied: Sequence[Use]
    reviews: Sequence[str] = ()


def subject(week: Week) -> str:
    return f"DBIMS: use of the data system, week of {week.monday:%B} {week.monday.day}, {week.monday.year}"


def digest_text(told: WeekOfUse, hours: UsualHours) -> str:
    """The whole text, its lines ended."""
    title = subject(told.week)
    parts = (
        [title, "=" * len(title), f"{told.week.monday} through {told.week.sunday}, {hours.zone.key}"],
        _use(told),
        _unusual(told),
        _tied(told, hours),
        _reviews(told),
        ["What stands here is in the record; the console shows each answer, and takes your marks."],
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _use(told: WeekOfUse) -> list[str]:
    if not told.totals:
        return ["Use", "Nobody asked anything."]
    heads = ("capacity", "people", "answers", "refused", "failed", "student records by name")
    rows = [_row(capacity, total) for capacity, total in sorted(told.totals.items(), key=lambda one: _name(one[0]))]
    return ["Use", *_table([heads, *rows])]


def _row(capacity: Capacity | None, total: Total) -> tuple[str, ...]:
    numbers = (len(total.people), total.answers, total.refused, total.failed, total.students)
    return (_name(capacity), *(f"{number:,}" for number in numbers))


def _name(capacity: Capacity | None) -> str:
    return "no known capacity" if capacity is None else capacity.value.replace("_", " ")


def _unusual(told: WeekOfUse) -> list[str]:
    if not told.findings:
        return ["Unusual use", "None was found."]
    return ["Unusual use: to be looked at, not yet wrong", *(line for rule in Rule for line in _of_rule(told, rule))]


def _of_rule(told: WeekOfUse, rule: Rule) -> Iterator[str]:
    found = [finding for finding in told.findings if finding.rule is rule]
    if not found:
        return
    yield f"* {rule.title[0].upper()}{rule.title[1:]}"
    for finding in found[:MOST]:
        marks = [mark.marking.title for mark in told.marks.get(finding.key, ())]
        marked = f" [{marks[-1]}]" if marks else ""
        yield f"  - {finding.username} as {finding.session}: {finding.sentence}{marked}"
    if len(found) > MOST:
        yield f"  - and {len(found) - MOST} more"


def _tied(told: WeekOfUse, hours: UsualHours) -> list[str]:
    head = "Answers that tie outcomes of students to named staff (never the sole or primary portion of an evaluation)"
    if not told.tied:
        return [head, "None."]
    lines = [
        f"  - {use.at.astimezone(hours.zone):%Y-%m-%d %H:%M} {use.username} as {use.session}, for "
        f"{use.purpose or 'no known purpose'}: {', '.join(use.tables)}"
        for use in told.tied[:MOST]
    ]
    more = len(told.tied) - MOST
    return [head, *lines, *([f"  - and {more} more"] if more > 0 else [])]


def _reviews(told: WeekOfUse) -> list[str]:
    return ["Data reviews", *(f"  - {line}" for line in told.reviews or ("None is due.",))]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  " + "  ".join(cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in cells).rstrip()
        for row in rows
        if (cells := list(enumerate(zip(row, widths, strict=True))))
    ]
