"""Where the gateway is, and whose token speaks: read from the arguments, else from the environment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from dbims_sdk.errors import NotAuthenticated, Unavailable

DEFAULT_SOCKET = "/run/dbims/gateway.sock"
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Address:
    """A Unix socket, or a host and port (with TLS or without)."""

    socket_path: str = ""
    host: str = "localhost"
    port: int | None = None
    tls: bool = False

    def __str__(self) -> str:
        if self.socket_path:
            return f"the socket {self.socket_path}"
        return f"{self.host}:{self.port}" if self.port else self.host


@dataclass(frozen=True)
class Token:
    """A session's token. Its text appears in no representation."""

    text: str = field(repr=False)


def find_address(url: str | None) -> Address:
    """The address in `url`, else in DBIMS_GATEWAY, else the socket that a session has."""
    given = url or os.environ.get("DBIMS_GATEWAY")
    return _parse(given) if given else Address(socket_path=DEFAULT_SOCKET)


def _parse(url: str) -> Address:
    try:
        parts = urlsplit(url)
        socket_path, host, port = (
            unquote(parts.netloc),
            parts.hostname,
            parts.port if ":" in parts.netloc else None,
        )
    except ValueError:
        raise _unreadable() from None
    # The address itself is not repeated: it may hold a password.
    match parts.scheme:
        case "http+unix" if socket_path.startswith("/"):
            return Address(socket_path=socket_path)
        case "http" | "https" if host and "@" not in parts.netloc:
            return Address(host=host, port=port, tls=parts.scheme == "https")
        case _:
            raise _unreadable()


def _unreadable() -> Unavailable:
    return Unavailable(
        "The gateway's address cannot be read.",
        next="Give url= (or DBIMS_GATEWAY) as http://host:port, https://host or http+unix://%2Fpath%2Fto%2Fsocket.",
    )


def find_token(token: str | None) -> Token:
    """The token given, else DBIMS_TOKEN, else the one that the Hub gave the session."""
    text = (token or os.environ.get("DBIMS_TOKEN") or os.environ.get("JUPYTERHUB_API_TOKEN") or "").strip()
    if not text:
        raise NotAuthenticated(
            "There is no token that says who asks.",
            next="Open the notebook in a session started from the Hub's home page, or set DBIMS_TOKEN.",
        )
    if not _TOKEN.fullmatch(text):
        raise NotAuthenticated(
            "The token has characters that no token has.", next="Copy it again, in full and without blanks."
        )
    return Token(text)
