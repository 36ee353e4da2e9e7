"""The first page: what one may do here, what waits, and what one holds."""

from __future__ import annotations

from governance.console.asked import Asked, Draw, Reply
from governance.console.cases import headline, waiting
from governance.console.office import Office
from governance.console.page import EVERYBODY, Page
from governance.requests import WORKFLOWS
from governance.vocabulary import Capacity


def draw_home(office: Office, asked: Asked) -> Reply:
    levels = [level for level in office.ledger.levels.of(asked.visitor.username) if level.is_current(asked.today)]
    grants = [each for each in office.ledger.studies.grants(asked.visitor.username) if each.is_current(asked.today)]
    mine = office.ledger.requests.listing(applicant=asked.visitor.username)
    shown = {
        "levels": levels,
        "grants": grants,
        "waiting": _waiting(office, asked),
        "mine": [(each, headline(each)) for each in mine if WORKFLOWS[each.case.kind].rule(each.case.state).owner],
    }
    return Draw("home.html", shown)


def _waiting(office: Office, asked: Asked) -> list[tuple[str, int, str]]:
    """What waits for this person: in words, how many, and where."""
    if not asked.visitor.holds(Capacity.SUPERINTENDENT, Capacity.EXECUTIVE_SECRETARY):
        return []
    theirs, ours = waiting(office, asked)
    overdue = sum(1 for row in (*theirs, *ours) if row.deadline and row.deadline.overdue)
    return [
        ("wait for the Superintendent", len(theirs), "desk"),
        ("wait for the office", len(ours), "desk"),
        ("are overdue", overdue, "desk"),
    ]


PAGES = (Page("", "Home", EVERYBODY, draw=draw_home, menu="Console"),)
