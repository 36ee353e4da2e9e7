"""What the console asks the Hub: who this is, and to end a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, unquote

import httpx
from jupyterhub.services.auth import HubOAuth
from tornado.httputil import url_concat
from tornado.web import HTTPError

ACCESS = "access:services!service=dbims"


class HubUnreachableError(Exception):
    """The Hub does not answer, so that nobody can be told apart."""


@dataclass(frozen=True)
class Begun:
    """A sign-in on its way: where the browser goes, and what it brings back."""

    address: str
    state: str


@dataclass(frozen=True)
class Returned:
    """What the browser came back with was good: the Hub's token, and the page that was asked for."""

    token: str
    page: str


class Hub(Protocol):
    """The Hub, as far as the console knows it. `address`: where browsers find it."""

    @property
    def address(self) -> str: ...

    def begin(self, page: str) -> Begun: ...

    async def finish(self, state: str, code: str) -> Returned | None: ...

    async def username(self, token: str) -> str | None: ...

    def end_session(self, username: str, server: str) -> bool: ...


class JupyterHub:
    """The real one. Its addresses and the console's own token are in the environment that the Hub gives a service."""

    def __init__(self, hub_url: str, redirect_uri: str) -> None:
        self.address = hub_url
        self._oauth = HubOAuth(hub_host=hub_url, oauth_redirect_uri=redirect_uri)
        self._client = _client(self._oauth.api_url)

    def begin(self, page: str) -> Begun:
        verifier, challenge, method = self._oauth.generate_pkce_code_challenge()
        state = self._oauth.generate_state(page, code_verifier=verifier)
        asked = {"state": state, "code_challenge": challenge, "code_challenge_method": method}
        return Begun(url_concat(self._oauth.login_url, asked), state)

    async def finish(self, state: str, code: str) -> Returned | None:
        """None for a sign-in that was not begun here, or too long ago, or that the Hub does not know."""
        verifier = self._oauth.get_code_verifier(state)
        if verifier is None:
            return None
        page = self._oauth.get_next_url(state)
        self._oauth.clear_oauth_state(state)
        try:
            token = await self._oauth.token_for_code(code, code_verifier=verifier, sync=False)
        except HTTPError:
            return None
        return Returned(token, page)

    async def username(self, token: str) -> str | None:
        """Whose token it is, asked anew every time: who has signed out at the Hub is nobody here."""
        try:
            model = await self._oauth.user_for_token(token, use_cache=False, sync=False)
        except HTTPError as error:
            raise HubUnreachableError from error
        if model is None or model.get("kind") != "user" or ACCESS not in model.get("scopes", ()):
            return None
        return str(model["name"])

    def end_session(self, username: str, server: str) -> bool:
        """Whether none of that name runs any more, or will in a moment."""
        address = f"/hub/api/users/{quote(username)}/servers/{quote(server)}"
        try:
            answer = self._client.delete(address, headers={"Authorization": f"token {self._oauth.api_token}"})
        except httpx.HTTPError:
            return False
        # Ended; ending; there was none.
        return answer.status_code in (202, 204, 404)


def _client(api_url: str) -> httpx.Client:
    if not api_url.startswith("http+unix://"):
        return httpx.Client(base_url=api_url.removesuffix("/hub/api"), timeout=20, trust_env=False)
    path = unquote(api_url.removeprefix("http+unix://").split("/", 1)[0])
    transport = httpx.HTTPTransport(uds=path, retries=1)
    return httpx.Client(transport=transport, base_url="http://hub", timeout=20, trust_env=False)
