"""All pages of the console, in the order in which the menu shows them."""

from __future__ import annotations

from governance.console.page import Page
from governance.console.pages import audit, home, levels, student

PAGES: tuple[Page, ...] = (*home.PAGES, *levels.PAGES, *student.PAGES, *audit.PAGES)
