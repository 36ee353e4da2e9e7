"""The first page: what one may do here, what waits, and what one holds."""

from __future__ import annotations

from governance.console.asked import Asked, Draw, Reply
from governance.console.office import Office
from governance.console.page import EVERYBODY, Page


def draw_home(office: Office, asked: Asked) -> Reply:
    levels = [level for level in office.ledger.levels.of(asked.visitor.username) if level.is_current(asked.today)]
    grants = [each for each in office.ledger.studies.grants(asked.visitor.username) if each.is_current(asked.today)]
    return Draw("home.html", {"levels": levels, "grants": grants})


PAGES = (Page("", "Home", EVERYBODY, draw=draw_home, menu="Console"),)
