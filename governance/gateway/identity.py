"""Who asks, and for which purpose: the gateway believes the Hub, never the caller."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from urllib.parse import unquote

import httpx

from governance.gateway.errors import GatewayError, not_authenticated, unavailable
from governance.session_tokens import SessionTokens
from governance.vocabulary import Identity, Purpose

# Short: a server that was stopped is found out within so many seconds. Levels are read anew for every question.
REMEMBERED_SECONDS = 3.0
MAX_REMEMBERED = 10_000
_SERVER_SCOPE = re.compile(r"^access:servers!server=([^/]+)/(.+)$")


class HubIdentities:
    """Asks the Hub whose token it is, and which server it was made for. Remembers an answer for a few seconds.

    The token must also be the one that the running session was started with (see `SessionTokens`).
    """

    def __init__(self, hub_url: str, sessions: SessionTokens) -> None:
        self._client = _hub_client(hub_url)
        self._sessions = sessions
        self._remembered: dict[bytes, tuple[float, Identity]] = {}

    async def identify(self, token: str, network: int | None) -> tuple[Identity, Purpose]:
        """The identity behind a running session's own token, used in that session: in its network namespace; and the
        purpose that the session was started for.

        Raises if it is none, or the Hub cannot be asked.
        """
        identity = await self._hub_says(token)
        purpose = self._sessions.purpose(identity, token, network)
        if purpose is None:
            raise not_authenticated()
        return identity, purpose

    async def _hub_says(self, token: str) -> Identity:
        # Tokens themselves are not kept.
        digest = hashlib.sha256(token.encode()).digest()
        found = self._remembered.get(digest)
        if found is not None and time.monotonic() - found[0] < REMEMBERED_SECONDS:
            return found[1]
        identity = await self._ask(token)
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[digest] = (time.monotonic(), identity)
        return identity

    async def _ask(self, token: str) -> Identity:
        try:
            answer = await self._client.get("/hub/api/user", headers={"Authorization": f"token {token}"})
        except httpx.HTTPError:
            raise unavailable("The Hub cannot be asked who you are.") from None
        if answer.status_code in (401, 403):
            raise not_authenticated()
        if answer.status_code != 200:
            raise unavailable("The Hub cannot be asked who you are.")
        return _identity(answer)

    async def close(self) -> None:
        await self._client.aclose()


def _identity(answer: httpx.Response) -> Identity:
    """The one server that the token is for, as the Hub says. A token for several, or for none, is nobody's."""
    model = answer.json()
    servers = [match for scope in model.get("scopes", []) if (match := _SERVER_SCOPE.match(scope))]
    if model.get("kind") != "user" or len(servers) != 1 or servers[0][1] != model.get("name"):
        raise not_authenticated()
    return Identity(username=model["name"], server=servers[0][2])


def _hub_client(hub_url: str) -> httpx.AsyncClient:
    if hub_url.startswith("http+unix://"):
        path = unquote(hub_url.removeprefix("http+unix://").split("/", 1)[0])
        transport = httpx.AsyncHTTPTransport(uds=path, retries=1)
        return httpx.AsyncClient(transport=transport, base_url="http://hub", timeout=10, trust_env=False)
    return httpx.AsyncClient(base_url=hub_url.rstrip("/"), timeout=10, trust_env=False)


async def identify_or_refuse(
    identities: HubIdentities, header: str | None, network: int | None
) -> tuple[Identity, Purpose]:
    """The identity behind an `Authorization` header that comes from a network namespace, and its session's purpose."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.casefold() not in ("token", "bearer") or not token.strip() or not token.isascii():
        raise not_authenticated()
    try:
        return await identities.identify(token.strip(), network)
    except (GatewayError, asyncio.CancelledError):
        raise
    except Exception:
        # Whatever the Hub answered, it did not say who this is.
        raise not_authenticated() from None
