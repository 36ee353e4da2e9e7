"""What holds for every answer and every request, whatever the page: headers, origins, sizes."""

from __future__ import annotations

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

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        own = scope["method"] in SAFE_METHODS or is_own(Headers(scope=scope), self._origin)
        app = self._app if own else self._refuse
        await app(scope, limited(receive), send_guarded)


def is_own(headers: Headers, origin: str) -> bool:
    """Whether a form was sent from one of the console's own pages, as the browser says. Who says nothing is refused."""
    if headers.get("origin") != origin:
        return False
    return headers.get("sec-fetch-site", "same-origin") == "same-origin"


def limited(receive: Receive) -> Receive:
    """The body, as far as it is not too large."""
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > LARGEST_BODY:
            raise BodyTooLargeError
        return message

    return receive_limited


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
