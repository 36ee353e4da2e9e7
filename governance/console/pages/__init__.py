"""All pages of the console, in the order in which the menu shows them."""

from __future__ import annotations

from governance.console.page import Page
from governance.console.pages import audit, consents, desk, home, levels, requests, reviews, student, use

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *(desk.DESK, *requests.PAGES, *consents.PAGES, *desk.PAGES),
    *levels.PAGES,
    *student.PAGES,
    *use.PAGES,
    *reviews.PAGES,
    *audit.PAGES,
)
