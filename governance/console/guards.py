"""What holds for every answer and every request, whatever the page: headers, origins, sizes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 64 * 1024 * 1024
"""Of a whole form, its documents included. Well above what a document may have, so that too large a one is told of by
its field, and nothing else of the form is lost."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Nothing to others. `no-referrer` would make browsers send no origin with the console's own forms.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
SAFE_METHODS = frozenset({"GET", "HEAD"})


class BodyTooLargeError(Exception):
    """More was sent than any form may hold."""


class Guards:
    """Outermost: sets the headers, refuses what comes from elsewhere, and stops reading what is too large."""

    def __init__(self, app: ASGIApp, refuse: ASGIApp, origin: str) -> None:
        self._app = app
        self._refuse = refuse
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        body = Body(receive)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                await body.read_to_the_end()
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        own = scope["method"] in SAFE_METHODS or is_own(Headers(scope=scope), self._origin)
        app = self._app if own else self._refuse
        await app(scope, body.receive, send_guarded)


def is_own(headers: Headers, origin: str) -> bool:
    """Whether a form was sent from one of the console's own pages, as the browser says. Who says nothing is refused."""
    if headers.get("origin") != origin:
        return False
    return headers.get("sec-fetch-site", "same-origin") == "same-origin"


class Body:
    """What a request brings, as far as it is not too large.

    It is read to its end before an answer begins, also where nobody looks at it: a proxy that is still writing when the
    connection closes takes that for a fault, and shows one (503) in place of the answer.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._size = 0
        self._ended = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._size > LARGEST_BODY:
            raise BodyTooLargeError
        return message

    async def read_to_the_end(self) -> None:
        with contextlib.suppress(BodyTooLargeError):
            while not self._ended:
                await self.receive()


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
