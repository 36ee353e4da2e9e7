"""Who may log in. However people prove who they are, whoever is not a person in the ledger is refused."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import re
import time
from typing import Any

from jupyterhub.auth import Authenticator
from tornado.web import HTTPError

from governance.vocabulary import USERNAME_PATTERN
from hub_config.people import People
from hub_config.settings import AuthenticationKind, Settings, SettingsError
from hub_config.throttle import CrowdedError, Queue, Throttle

PASSWORDS_AT_ONCE = 2
"""Checking one costs memory and a core on purpose."""
CROWDED = "There are too many attempts to log in with this user name just now. Wait a minute and try again."

PROVIDERS = {
    AuthenticationKind.GOOGLE: ("oauthenticator.google", "GoogleOAuthenticator", "oauth"),
    AuthenticationKind.ENTRA_ID: ("oauthenticator.azuread", "AzureAdOAuthenticator", "oauth"),
    AuthenticationKind.OPENID: ("oauthenticator.generic", "GenericOAuthenticator", "oauth"),
    AuthenticationKind.LDAP: ("ldapauthenticator", "LDAPAuthenticator", "ldap"),
}
"""Where each authenticator is, and which extra of this distribution installs it."""


class PeopleOnly(Authenticator):
    """Mixed in before any authenticator: a name the ledger does not know is nobody, at login and ever after."""

    people: People

    async def authenticate(self, handler: Any, data: Any = None, **options: Any) -> Any:
        """A name is taken as it is or not at all: JupyterHub would make one name of two that differ in case."""
        answer = await awaited(super().authenticate(handler, data, **options))
        name = answer["name"] if isinstance(answer, dict) else answer
        return answer if name is not None and self.is_username(name) else None

    def is_username(self, name: str) -> bool:
        """In our form, or one that the operator has mapped to a name (`username_map`)."""
        return name == name.lower() and is_username(self.username_map.get(name, name))

    async def check_blocked_users(self, username: str, authentication: Any = None) -> bool:
        """Asked here too: JupyterHub does not ask `check_allowed` where everybody is allowed."""
        free = await awaited(super().check_blocked_users(username, authentication))
        return bool(free) and await self.check_allowed(username, authentication)

    async def check_allowed(self, username: str, authentication: Any = None) -> bool:
        allowed = await awaited(super().check_allowed(username, authentication))
        return bool(allowed) and self.people.is_known(username)

    async def refresh_user(self, user: Any, handler: Any = None, **options: Any) -> Any:
        """Asked again every few minutes: a person taken out of the ledger is logged out."""
        if not self.people.is_known(user.name):
            return False
        return await super().refresh_user(user, handler, **options)


class LocalAccounts(Authenticator):
    """User names and passwords of the ledger."""

    people: People

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._throttle = Throttle()
        self._queue = Queue()
        self._checking = asyncio.Semaphore(PASSWORDS_AT_ONCE)

    async def authenticate(self, handler: Any, data: dict[str, str] | None = None) -> str | None:  # noqa: ARG002
        username, password = (data or {}).get("username", ""), (data or {}).get("password", "")
        if not is_username(username):
            return None
        try:
            async with self._queue.turn(username):
                return username if await self.verify(username, password) else None
        except CrowdedError:
            raise refused(429, CROWDED) from None

    async def verify(self, username: str, password: str) -> bool:
        """Wait, look and remember: in the name's turn, so that no try reads the wait before the last is remembered."""
        await asyncio.sleep(self._throttle.wait(username, time.monotonic()))
        async with self._checking:
            verified = await asyncio.to_thread(self.people.verify_password, username, password)
        if verified:
            self._throttle.succeeded(username)
        else:
            self._throttle.failed(username, time.monotonic())
        return verified


def is_username(name: str) -> bool:
    return re.fullmatch(USERNAME_PATTERN, name) is not None


async def awaited(answer: Any) -> Any:
    """Authenticators' methods may be coroutines or not."""
    return await answer if inspect.isawaitable(answer) else answer


def refused(status: int, message: str) -> HTTPError:
    error = HTTPError(status, message)
    error.jupyterhub_message = message
    return error


def authenticator_class(settings: Settings, people: People) -> type[Authenticator]:
    """The chosen authenticator, limited to people of the ledger. Only the chosen one is imported."""
    base = base_class(settings.authentication.kind)
    return type(f"People{base.__name__}", (PeopleOnly, base), {"people": people})


def base_class(kind: AuthenticationKind) -> type[Authenticator]:
    if kind is AuthenticationKind.LOCAL:
        return LocalAccounts
    module, name, extra = PROVIDERS[kind]
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise SettingsError(
            f"[authentication] kind = {kind.value!r} needs the extra {extra!r}: pip install 'dbims[{extra}]'"
        ) from error
