"""Pages drawn: Jinja templates that escape everything, and what every page shows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from governance.console.asked import Done, Draw, Visitor
from governance.console.page import Page
from governance.ledger import RequestRecord
from governance.policy import CAPACITIES
from governance.requests import WORKFLOWS, Workflow
from governance.vocabulary import Capacity

HERE = Path(__file__).parent
STATIC = HERE / "static"
LANGUAGE_OF_DATES = "%-d %B %Y"


class Drawing:
    """The templates, and the frame around every page."""

    def __init__(self, pages: Sequence[Page], prefix: str, hub: str, today: Callable[[], date]) -> None:
        self._pages = pages
        self._prefix = prefix
        self._today = today
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        style = hashlib.sha256((STATIC / "console.css").read_bytes()).hexdigest()[:12]
        self._templates.globals.update(
            prefix=prefix, hub=hub, style=style, title_of=_title_of, Capacity=Capacity, pairs=_pairs, flow_of=_flow_of
        )
        self._templates.filters.update(
            day=_day, moment=_moment, words=_words, typed_day=_typed_day, capitalize_first=_capitalize_first
        )

    def draw(self, request: Request, visitor: Visitor, reply: Draw, page: str, *, stale: bool) -> Response:
        """A page for somebody. `page`: the name that its forms carry; `stale`: it answers a form that was too old."""
        frame = {
            "visitor": visitor,
            "menu": self._menu(visitor),
            "here": self._here(request.url.path.removeprefix(self._prefix)),
            "page_name": page,
            "stale": stale,
            "done": _done(request.query_params.get("done")),
            "today": self._today(),
        }
        status = 409 if stale and reply.status != 404 else reply.status
        return self._html(reply.template, {**frame, **reply.shown}, status)

    def plain(self, template: str, status: int) -> Response:
        """A page for nobody in particular: it holds nothing of anybody."""
        frame = {"visitor": None, "menu": (), "here": "", "page_name": "", "stale": False, "done": None, "today": None}
        return self._html(template, frame, status)

    def _html(self, template: str, shown: dict[str, Any], status: int) -> Response:
        return HTMLResponse(self._templates.get_template(template).render(shown), status)

    def _here(self, path: str) -> str:
        """The page of the menu that is open, or that the open one belongs to."""
        within = [page.path for page in self._pages if page.menu and (page.path == path or _belongs(path, page.path))]
        return max(within, key=len, default="nowhere")

    def _menu(self, visitor: Visitor) -> list[tuple[str, list[Page]]]:
        """What this person may open, under its headings."""
        headings: dict[str, list[Page]] = {}
        for page in self._pages:
            if page.menu and page.is_for(visitor):
                headings.setdefault(page.menu, []).append(page)
        return list(headings.items())


def _belongs(path: str, to: str) -> bool:
    # A request may be anybody's: it belongs to no entry of the menu.
    return bool(to) and to != "requests" and path.startswith(f"{to}/")


_TITLES = {capacity: rule.title for capacity, rule in CAPACITIES.items()}


def _title_of(capacity: Capacity) -> str:
    return _TITLES[capacity]


def _done(name: str | None) -> str | None:
    """What was done, from the closed list: nothing of the address itself is shown."""
    return Done.__members__[name.upper()].value if name and name.upper() in Done.__members__ else None


def _day(day: date | None) -> str:
    return "" if day is None else day.strftime(LANGUAGE_OF_DATES)


def _typed_day(text: str) -> str:
    """A day as somebody typed it, in words where it is one."""
    try:
        return _day(date.fromisoformat(text))
    except ValueError:
        return text


def _moment(at: str) -> str:
    """A time of the record (UTC, ISO 8601), to the minute."""
    return f"{at[:10]} {at[11:16]} UTC"


def _pairs(choices: Sequence[str]) -> list[tuple[str, str]]:
    return [(each, each) for each in choices]


def _flow_of(record: RequestRecord) -> Workflow:
    return WORKFLOWS[record.case.kind]


def _capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _words(text: str) -> str:
    return text.replace("_", " ")
