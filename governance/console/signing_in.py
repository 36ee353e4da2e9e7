"""Signing in through the Hub (OAuth 2 with PKCE), and who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from governance.console.hub import Hub
from governance.console.visits import LONGEST_SECONDS, Visit, Visits

COOKIE = "dbims-console"
STATE_COOKIE = "dbims-signing-in"
STATE_SECONDS = 600


@dataclass(frozen=True)
class SignIn:
    """`prefix`: the console's path, to which every cookie is bound. `secure`: whether browsers come by HTTPS."""

    hub: Hub
    visits: Visits
    prefix: str
    secure: bool

    async def visit(self, request: Request) -> Visit | None:
        """Who is signed in, asked of the Hub anew: whoever has signed out there has here. `HubUnreachableError`."""
        visit = self.visits.find(request.cookies.get(COOKIE, ""))
        if visit is None:
            return None
        if await self.hub.username(visit.token) != visit.username:
            self.visits.end(visit)
            return None
        return visit

    def begin(self, page: str) -> Response:
        """To the Hub, and back to that page."""
        begun = self.hub.begin(page)
        answer = RedirectResponse(begun.address, status_code=302)
        self._set(answer, _state_cookie(begun.state), begun.state, STATE_SECONDS)
        return answer

    async def finish(self, request: Request) -> Response | None:
        """Back from the Hub. None: this browser began no such sign-in. `HubUnreachableError`."""
        state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
        cookie = _state_cookie(state)
        # What another site begins, and lets somebody come back with, is nobody's sign-in.
        if not state or request.cookies.get(cookie) != state:
            return None
        returned = await self.hub.finish(state, code)
        username = None if returned is None else await self.hub.username(returned.token)
        if returned is None or username is None:
            return None
        before = self.visits.find(request.cookies.get(COOKIE, ""))
        if before is not None:
            self.visits.end(before)
        answer = RedirectResponse(returned.page, status_code=303)
        self._set(answer, COOKIE, self.visits.begin(username, returned.token), int(LONGEST_SECONDS))
        answer.delete_cookie(cookie, path=self.prefix)
        return answer

    def _set(self, answer: Response, name: str, value: str, seconds: int) -> None:
        bound: dict[str, Any] = {"path": self.prefix, "httponly": True, "samesite": "lax", "secure": self.secure}
        answer.set_cookie(name, value, max_age=seconds, **bound)


def _state_cookie(state: str) -> str:
    """One for each sign-in on its way: two pages opened at once do not disturb each other."""
    return f"{STATE_COOKIE}-{''.join(char for char in state[:8] if char.isalnum())}"
