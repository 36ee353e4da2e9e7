"""A console over a real ledger, and a browser for it. The Hub is played by its side of the sign-in."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from httpx import ASGITransport, AsyncClient, Response
from starlette.types import ASGIApp

from governance.catalog import Column, load_catalog
from governance.catalog.model import ColumnType
from governance.console.app import Console
from governance.console.hub import Begun, Returned
from governance.console.office import Office
from governance.console.pages import PAGES
from governance.console.signing_in import SignIn
from governance.console.visits import Visits
from governance.ledger import Ledger
from governance.vocabulary import Capacity
from governance.warehouse.snapshot import Warehouse
from governance.warehouse.staff_facts import StaffRegisters
from tests.signed import PASSWORD, TODAY

ORIGIN = "http://dbims--service.localhost:8000"
PREFIX = "/services/dbims/"
HOLDERS: dict[Capacity | None, str] = {None: "nobody"} | {each: f"a-{each.server}" for each in Capacity}
"""One person for each capacity, and one who holds none."""


@dataclass
class PlayedHub:
    """Believes whoever comes back: the code of a sign-in is the user's name."""

    address: str = "http://localhost:8000"
    known: set[str] = field(default_factory=lambda: set(HOLDERS.values()))
    ended: list[tuple[str, str]] = field(default_factory=list)
    begun: dict[str, str] = field(default_factory=dict)

    def begin(self, page: str) -> Begun:
        state = f"state{len(self.begun)}-and-more"
        self.begun[state] = page
        return Begun(f"{self.address}/hub/api/oauth2/authorize?state={state}", state)

    async def finish(self, state: str, code: str) -> Returned | None:
        page = self.begun.pop(state, None)
        return None if page is None else Returned(f"token of {code}", page)

    async def username(self, token: str) -> str | None:
        name = token.removeprefix("token of ")
        return name if name in self.known else None

    def end_session(self, username: str, server: str) -> bool:
        self.ended.append((username, server))
        return True


@dataclass
class House:
    """The console, what it draws on, and the Hub beside it."""

    ledger: Ledger
    hub: PlayedHub
    console: Console
    app: ASGIApp
    loop: asyncio.Runner = field(default_factory=asyncio.Runner)

    def browser(self, username: str | None = None) -> Browser:
        client = AsyncClient(transport=ASGITransport(self.app), base_url=ORIGIN)
        browser = Browser(client, self.loop)
        if username is not None:
            browser.sign_in(username)
        return browser


@dataclass
class Browser:
    """What a person's browser does: keeps cookies, says where a form comes from, sends the form's hidden fields."""

    client: AsyncClient
    loop: asyncio.Runner

    def ask(self, method: str, path: str, **options: Any) -> Response:
        return self.loop.run(self.client.request(method, f"{PREFIX}{path}", **options))

    def sign_in(self, username: str) -> Response:
        state = parse_qs(urlsplit(self.get("").headers["location"]).query)["state"][0]
        return self.come_back(state, username)

    def come_back(self, state: str, code: str) -> Response:
        """From the Hub, which knows by the code who it is."""
        return self.get(f"oauth_callback?state={state}&code={code}")

    def get(self, path: str) -> Response:
        return self.ask("GET", path)

    def post(self, path: str, fields: dict[str, str], origin: str | None = ORIGIN, **options: Any) -> Response:
        headers = {} if origin is None else {"origin": origin, "sec-fetch-site": "same-origin"}
        return self.ask("POST", path, data=fields, headers=headers, **options)

    def page_of(self, path: str) -> str:
        """The name that the form of a page carries."""
        return page_name(self.get(path).text)

    def send(self, path: str, fields: dict[str, str], **options: Any) -> Response:
        """Open the page, fill in its form, and send it."""
        return self.post(path, {"page": self.page_of(path), **fields}, **options)


def enroll(warehouse: Path, students: Mapping[str, int]) -> None:
    """Students of the current snapshot, who are in no class, on no caseload and in no building."""
    catalog = load_catalog()
    folder = warehouse / "snapshots" / (warehouse / "CURRENT").read_text(encoding="ascii")
    for name, table in catalog.tables.items():
        path = folder / f"{name}.parquet"
        if not path.exists():
            pq.write_table(pa.table({column.name: pa.array([], _arrow(column)) for column in table.columns}), path)
    rows = {column: [None] * len(students) for column in catalog.tables["student"].names}
    rows |= {"student_id": list(students), "student_key": list(students.values())}
    pq.write_table(pa.table(rows), folder / "student.parquet")
    manifest = {"made_at": "2026-11-20T06:00:00+00:00", "tables": {}, "files": {}, "sources": []}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _arrow(column: Column) -> pa.DataType:
    match column.type:
        case ColumnType.KEY | ColumnType.INTEGER:
            return pa.int64()
        case ColumnType.DATE:
            return pa.date32()
        case _:
            return pa.string()


def page_name(html: str) -> str:
    found = re.search(r'name="page" value="([^"]+)"', html)
    assert found is not None, "no form on this page"
    return unescape(found[1])


def words(html: str) -> str:
    """What a reader sees of a page."""
    text = re.sub(r"<(script|style|head)\b.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(text))


def make_house(ledger: Ledger, warehouse: Path, today: Callable[[], date] = lambda: TODAY) -> House:
    hub = PlayedHub()
    staff = StaffRegisters(warehouse)
    office = Office(ledger, Warehouse(warehouse), staff, today, hub.end_session)
    console = Console(office, PAGES, SignIn(hub, Visits(), PREFIX, secure=False), f"{ORIGIN}{PREFIX}")

    async def close() -> None:
        ledger.close()

    return House(ledger, hub, console, console.app(close))


__all__ = ["ORIGIN", "PASSWORD", "PREFIX", "TODAY", "Browser", "House", "make_house", "page_name", "words"]
