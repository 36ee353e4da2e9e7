"""What an operator may set, read from STATE/dbims.toml, and where the parts of one run find each other."""

from __future__ import annotations

import enum
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyterhub.utils import subdomain_hook_idna

from governance.settings_file import FILE_NAME, SettingsError, district_day, fixed_day, read_document
from hub_config.sandbox import Limits

CONSOLE = "dbims"
"""The name of the console among the Hub's services."""
CONSOLE_PREFIX = f"/services/{CONSOLE}/"
LONGEST_SOCKET_PATH = 107
"""Linux: sockaddr_un.sun_path is 108 bytes with its final zero."""


class AuthenticationKind(enum.StrEnum):
    """How people prove who they are. Whoever is not a person in the ledger is refused by all of them."""

    LOCAL = "local"
    GOOGLE = "google"
    ENTRA_ID = "entra_id"
    OPENID = "openid"
    LDAP = "ldap"


DEMANDED = {
    AuthenticationKind.GOOGLE: ("hosted_domain", "the district's domain; without it every Google account may log in"),
    AuthenticationKind.ENTRA_ID: ("username_claim", "the claim that holds the user name and that people cannot change"),
    AuthenticationKind.OPENID: ("username_claim", "the claim that holds the user name and that people cannot change"),
}
"""The option without which the authenticator would fall back on a default that is not safe for us, and what it is."""


@dataclass(frozen=True)
class Authentication:
    """The way to log in, and that authenticator's own options (JupyterHub's names: client_id, tenant_id …)."""

    kind: AuthenticationKind = AuthenticationKind.LOCAL
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """The places of one run: a private folder for sockets, and the public port."""

    folder: Path
    port: int

    def __post_init__(self) -> None:
        if len(os.fsencode(self.session_socket("0" * 16))) > LONGEST_SOCKET_PATH:
            raise SettingsError(f"{self.folder} is too long a path for sockets; set XDG_RUNTIME_DIR to a shorter one")
        if not 0 < self.port < 65536:
            raise SettingsError(f"{self.port} is not a port: choose one from 1 to 65535")

    @property
    def sockets(self) -> Path:
        """Holds the Hub's and the gateway's sockets and nothing else: it is seen from inside every session."""
        return self.folder / "shared"

    @property
    def hub_socket(self) -> Path:
        return self.sockets / "hub.sock"

    @property
    def gateway_socket(self) -> Path:
        return self.sockets / "gateway.sock"

    @property
    def proxy_socket(self) -> Path:
        """Where the Hub tells the proxy its routes; outside the folder that sessions see."""
        return self.folder / "proxy.sock"

    @property
    def console_socket(self) -> Path:
        """Where the proxy finds the console; outside the folder that sessions see."""
        return self.folder / "console.sock"

    def session_folder(self, session: str) -> Path:
        return self.folder / session

    def listening(self, session: str) -> Path:
        """Where the session's server makes its socket: the session can put anything there."""
        return self.session_folder(session) / "socket"

    def session_socket(self, session: str) -> Path:
        """Where the proxy connects; outside what the session can change."""
        return self.session_folder(session) / "server.sock"

    @property
    def hub_url(self) -> str:
        return socket_url(self.hub_socket)

    @property
    def public_url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def console_host(self) -> str:
        """An origin of its own, as every session has one. No user name has two hyphens in a row."""
        return subdomain_hook_idna(CONSOLE, "localhost", "service")

    @property
    def console_url(self) -> str:
        return f"http://{self.console_host}:{self.port}{CONSOLE_PREFIX}"


@dataclass(frozen=True)
class Settings:
    """Everything the configuration of the Hub depends on."""

    state: Path
    run: Run
    authentication: Authentication = field(default_factory=Authentication)
    limits: Limits = field(default_factory=Limits)
    idle_minutes: int = 60

    def __post_init__(self) -> None:
        if not self.state.is_absolute():
            raise SettingsError("the state folder is given as an absolute path")
        if self.idle_minutes < 1:
            raise SettingsError("idle_minutes is at least 1")

    @property
    def hub_folder(self) -> Path:
        return self.state / "hub"

    @property
    def ledger_folder(self) -> Path:
        return self.state / "ledger"

    @property
    def warehouse_folder(self) -> Path:
        return self.state / "warehouse"

    def home(self, username: str, capacity: str) -> Path:
        return self.state / "homes" / username / capacity

    def today(self) -> date:
        """The day on which levels are looked at, as the gateway has it."""
        return district_day(self.state)


def socket_url(path: Path | str) -> str:
    """`http+unix://` and the whole path as one quoted host, as JupyterHub and httpx-like clients write it."""
    return f"http+unix://{quote(str(path), safe='')}"


def read_settings(state: Path, run: Run) -> Settings:
    """Settings of a state folder. A missing file means the defaults; an unknown name is an error."""
    document = read_document(state)
    fixed_day(document)
    session = document.pop("session", {})
    try:
        return Settings(
            state=state,
            run=run,
            authentication=authentication_from(document.pop("authentication", {})),
            idle_minutes=session.pop("idle_minutes", 60),
            limits=limits_from(session),
        )
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{FILE_NAME}: {error}") from error


def authentication_from(table: dict[str, Any]) -> Authentication:
    kind = table.get("kind", AuthenticationKind.LOCAL)
    if kind not in list(AuthenticationKind):
        choices = ", ".join(AuthenticationKind)
        raise ValueError(f"[authentication] kind is one of: {choices}")
    unknown = sorted(set(table) - {"kind", "options"})
    if unknown:
        raise ValueError(f"[authentication] does not know {unknown[0]}")
    options = table.get("options", {})
    if not isinstance(options, dict):
        raise ValueError("[authentication] options is a table")
    demand_options(AuthenticationKind(kind), options)
    return Authentication(AuthenticationKind(kind), options)


def demand_options(kind: AuthenticationKind, options: Mapping[str, Any]) -> None:
    name, meaning = DEMANDED.get(kind, (None, ""))
    if name is None:
        return
    given = options.get(name)
    values = given if isinstance(given, list) else [given]
    if not values or not all(isinstance(value, str) and value.strip() for value in values):
        raise ValueError(f"[authentication] kind = {kind.value!r} needs {name} in options: {meaning}")


def limits_from(table: dict[str, Any]) -> Limits:
    known = {item.name for item in fields(Limits)}
    unknown = sorted(set(table) - known)
    if unknown:
        raise ValueError(f"[session] does not know {unknown[0]}; it knows idle_minutes, {', '.join(sorted(known))}")
    wrong = sorted(name for name, value in table.items() if type(value) is not int)
    if wrong:
        raise ValueError(f"[session] {wrong[0]} is a whole number")
    return Limits(**table)
