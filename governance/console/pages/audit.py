"""The record: its events by kind, person and time, the newest first; and whether it holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import urlencode

from governance.audit import Entry, Event, detail_of
from governance.console.asked import Asked, Draw, Reply
from governance.console.office import Office
from governance.console.page import THE_RECORD, Page
from governance.console.reading import read_day, read_number
from governance.ledger import LogFilter

AT_ONCE = 50
DIGEST, SHOWN = 64, 12
"""Digits of a digest, and how many of them people are shown: enough to find it in an export."""
FILTERS = ("kind", "actor", "since", "until")


def draw(office: Office, asked: Asked) -> Reply:
    """One page of the log."""
    errors: dict[str, str] = {}
    wanted = _filter(asked.query, errors)
    before = read_number(asked.query, "before")
    entries = [] if errors else office.ledger.log.page(wanted, AT_ONCE + 1, before)
    more = len(entries) > AT_ONCE
    shown = entries[:AT_ONCE]
    kept = {name: asked.query[name] for name in FILTERS if asked.query.get(name)}
    older = urlencode({**kept, "before": shown[-1].sequence}) if more else ""
    return Draw(
        "audit.html",
        {
            "events": [(entry, what_it_tells(entry)) for entry in shown],
            "kinds": [(event.name.lower(), event.value) for event in Event],
            "people": [(person.username, person.username) for person in office.ledger.people()],
            "typed": kept,
            "errors": errors,
            "older": older,
            "begun": before is not None,
            "newest": urlencode(kept),
        },
        400 if errors else 200,
    )


def _filter(query: Mapping[str, str], errors: dict[str, str]) -> LogFilter:
    kind = Event.__members__.get(query.get("kind", "").upper())
    since = read_day(query, "since", "From", errors, False)
    until = read_day(query, "until", "Through", errors, False)
    if since is not None and until is not None and until < since:
        errors["until"] = "The last day comes on or after the first."
    kinds = () if kind is None else (kind,)
    return LogFilter(kinds, query.get("actor") or None, _begin(since), _begin(until and until + timedelta(days=1)))


def _begin(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def what_it_tells(entry: Entry) -> list[tuple[str, str]]:
    """What an event tells, name by name, as the record has it: texts and numbers, no student's data."""
    told = {name: value for name, value in detail_of(entry).items() if value not in (None, [], "")}
    return [(name.replace("_", " "), _plain(value)) for name, value in told.items()]


def _plain(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            known = {name: each for name, each in value.items() if each not in (None, [], "")}
            return "; ".join(f"{name}: {_plain(each)}" for name, each in known.items())
        case list():
            return ", ".join(map(_plain, value))
        case str() if len(value) == DIGEST and set(value) <= set("0123456789abcdef"):
            return f"{value[:SHOWN]}…"
        case _:
            return str(value)


def draw_verify(office: Office, asked: Asked) -> Reply:
    return Draw("verify.html", {"verified": None})


def act_verify(office: Office, asked: Asked) -> Reply:
    """The whole log, and all that stands beside it, looked at now."""
    return Draw("verify.html", {"verified": office.ledger.verify() if asked.posted.fresh else None})


PAGES = (
    Page("audit", "Audit log", THE_RECORD, draw=draw, menu="The record"),
    Page("audit/verify", "Verify the record", THE_RECORD, draw_verify, act_verify, menu="The record"),
)
