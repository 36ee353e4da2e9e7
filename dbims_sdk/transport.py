"""Questions and answers over HTTP, through a Unix socket or TCP.

Python's own client is used because it hands the socket to pyarrow as a file: an answer is parsed while it
arrives, which took half the time of collecting the pieces of a general HTTP library first.
Each question has its own connection: threads share nothing, and a gateway may restart between two questions.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from dbims_sdk.discovery import Address, Token
from dbims_sdk.errors import BrokenAnswer, DbimsError, TimedOut, Unavailable, from_wire

# The gateway ends a question that takes too long; this is for a gateway that has stopped altogether.
SILENCE_SECONDS = 900
ARROW_STREAM = "application/vnd.apache.arrow.stream"


@dataclass(frozen=True)
class Transport:
    """One way to one gateway, as one session."""

    address: Address
    token: Token
    purpose: str | None = None

    def ask_json(self, method: str, path: str, payload: Any = None) -> dict[str, Any]:
        """The JSON object that answers."""
        with self._answer(method, path, payload) as response, _complete():
            body = json.loads(response.read())
        if not isinstance(body, dict):
            raise unreadable_answer()
        return body

    @contextmanager
    def open_stream(self, path: str, payload: Any) -> Iterator[http.client.HTTPResponse]:
        """The answer as a file that an Arrow reader reads while it arrives."""
        with self._answer("POST", path, payload) as response:
            if response.headers.get_content_type() != ARROW_STREAM:
                raise unreadable_answer()
            with _complete():
                yield response

    @contextmanager
    def _answer(self, method: str, path: str, payload: Any) -> Iterator[http.client.HTTPResponse]:
        connection = _connection(self.address)
        try:
            response = self._send(connection, method, path, payload)
            if response.status != http.HTTPStatus.OK:
                raise self._error(response)
            yield response
        finally:
            connection.close()

    def _send(
        self, connection: http.client.HTTPConnection, method: str, path: str, payload: Any
    ) -> http.client.HTTPResponse:
        body = None if payload is None else json.dumps(payload, allow_nan=False).encode()
        try:
            # A gateway that refuses a question half-way through reading it has answered all the same.
            with suppress(BrokenPipeError):
                connection.request(method, path, body, self._headers())
            return connection.getresponse()
        except TimeoutError as reason:
            raise TimedOut("The gateway was silent for too long.", next="Ask for less at once.") from reason
        except (OSError, http.client.HTTPException) as reason:
            raise _unreachable(self.address) from reason

    def _headers(self) -> dict[str, str]:
        headers = {"Authorization": f"token {self.token.text}", "Content-Type": "application/json"}
        return headers | ({"X-DBIMS-Purpose": self.purpose} if self.purpose else {})

    def _error(self, response: http.client.HTTPResponse) -> DbimsError:
        try:
            # A body that repeats the caller's token must not carry it on into a notebook.
            body = json.loads(response.read().decode().replace(self.token.text, "[token]"))
        except (ValueError, OSError, http.client.HTTPException):
            body = None
        return from_wire(response.status, body)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=SILENCE_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connection(address: Address) -> http.client.HTTPConnection:
    if address.socket_path:
        return _UnixConnection(address.socket_path)
    kind = http.client.HTTPSConnection if address.tls else http.client.HTTPConnection
    return kind(address.host, address.port, timeout=SILENCE_SECONDS)


@contextmanager
def _complete() -> Iterator[None]:
    """Whatever goes wrong while an answer is read, the answer is broken."""
    try:
        yield
    except (OSError, ValueError, http.client.HTTPException) as reason:
        # pyarrow's ArrowInvalid is a ValueError.
        raise broken_answer() from reason


def broken_answer() -> BrokenAnswer:
    return BrokenAnswer(
        "The answer stopped before its end. Nothing of it was kept, so that no frame is silently shorter.",
        next="Ask again. If it happens again, ask for fewer columns or rows at once.",
    )


def unreadable_answer() -> BrokenAnswer:
    return BrokenAnswer(
        "The answer is not in the form that this version of dbims_sdk reads.",
        next="Check that the address is the gateway's; restart the session, so that both are of one version.",
    )


def _unreachable(address: Address) -> Unavailable:
    return Unavailable(
        f"The gateway cannot be reached at {address}.",
        next="Try again in a minute. If it persists, tell the people who run DBIMS.",
    )
