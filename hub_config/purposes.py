"""For which purpose a session is started: the page that asks, and the answer, read once.

The Hub shows what `purpose_form` gives, and hands back what was sent from it, or through its interface by a program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from governance.policy.purposes import NOT_A_PURPOSE, PURPOSES, USUAL
from governance.vocabulary import Capacity, Purpose
from hub_config.pages import TEMPLATES

FIELD = "purpose"
UNDECLARED = "Say for which purpose you start the session: choose one of those that the page shows, and start it again."

_pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)


def purpose_form(server: str, title: str) -> str:
    """The question, for a session of that name; the usual purpose of its capacity is chosen beforehand."""
    capacity = Capacity.of_server(server)
    usual = None if capacity is None else USUAL.get(capacity)
    page = _pages.get_template("purposes.html")
    return page.render(field=FIELD, title=title, purposes=PURPOSES, usual=usual, not_a_purpose=NOT_A_PURPOSE)


def sent_options(form: Mapping[str, list[str]]) -> dict[str, str]:
    """What was sent from the page. What is wrong with it is said when the session is to start, as for every sender."""
    sent = form.get(FIELD, [])
    return {FIELD: sent[0]} if len(sent) == 1 else {}


def declared_purpose(options: Mapping[str, Any]) -> Purpose | None:
    """The purpose that was declared; None if none was, or none of the system's."""
    return next((purpose for purpose in Purpose if options.get(FIELD) == purpose.value), None)
