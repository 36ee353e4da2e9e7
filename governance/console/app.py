"""The console as an application: every request is guarded, its person identified, its page drawn, or acted."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope
from starlette.types import Send as SendMessage

from governance.console.asked import NOT_HERE, Asked, Draw, Go, Reply, Send, Visitor
from governance.console.guards import BodyTooLargeError, Guards, origin_of
from governance.console.hub import HubUnreachableError
from governance.console.office import Office
from governance.console.page import Page
from governance.console.pages_sent import PagesSent, Standing
from governance.console.posted import read_posted
from governance.console.reauthentication import Reauthentication
from governance.console.rendering import STATIC, Drawing
from governance.console.signing_in import SignIn
from governance.console.visits import Visit
from governance.ledger import LedgerError

_log = logging.getLogger(__name__)
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'"


class Console:
    """The pages, and what they draw on, behind the doors that hold for all of them."""

    def __init__(self, office: Office, pages: Sequence[Page], sign_in: SignIn, url: str) -> None:
        self._office = office
        self._pages = pages
        self._sign_in = sign_in
        self._url = url
        self._sent = PagesSent()
        self._reauthentication = Reauthentication(office.ledger)
        self.drawing = Drawing(pages, sign_in.prefix, sign_in.hub.address, office.today)

    def app(self, close: Callable[[], Awaitable[None]]) -> ASGIApp:
        prefix = self._sign_in.prefix
        routes = [
            Mount(f"{prefix}static", StaticFiles(directory=STATIC)),
            Route(f"{prefix}oauth_callback", self._signed_in),
            *(Route(f"{prefix}{page.path}", self._serving(page), methods=page.methods) for page in self._pages),
        ]

        @contextlib.asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            yield
            await close()

        missing = {404: self._missing, 405: self._missing}
        inner = Starlette(routes=routes, lifespan=lifespan, exception_handlers=missing)
        inner.router.redirect_slashes = False
        return Guards(inner, self._refuse_foreign, origin_of(self._url))

    # -- one request -----------------------------------------------------------------------------

    def _serving(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            try:
                visit = await self._sign_in.visit(request)
                return await self._begin(request) if visit is None else await self._serve(page, request, visit)
            except HubUnreachableError:
                return self.drawing.plain("unreachable.html", 503)
            except BodyTooLargeError:
                return self.drawing.plain("too_large.html", 413)
            except Exception as error:
                return self._broken(error)

        return serve

    async def _begin(self, request: Request) -> Response:
        if request.method == "POST":
            return self.drawing.plain("signed_out.html", 401)
        query = f"?{request.url.query}" if request.url.query else ""
        return self._sign_in.begin(f"{quote(request.url.path)}{query}")

    async def _serve(self, page: Page, request: Request, visit: Visit) -> Response:
        visitor = await run_in_threadpool(self._office.visitor, visit.username)
        if visitor.bar is not None:
            return self._answer(request, visit, visitor, Draw("nobody.html", {"bar": visitor.bar}, 403))
        if not page.is_for(visitor):
            return self._answer(request, visit, visitor, NOT_HERE)
        today = await run_in_threadpool(self._office.today)
        asked = Asked(visitor, today, dict(request.path_params), dict(request.query_params))
        if request.method == "POST" and page.act is not None:
            return await self._act(page, request, visit, asked)
        assert page.draw is not None
        reply = await run_in_threadpool(page.draw, self._office, asked)
        return self._answer(request, visit, visitor, reply)

    async def _act(self, page: Page, request: Request, visit: Visit, asked: Asked) -> Response:
        """A form that came back: acted on once, if the console sent it to this person; else shown again as typed."""
        assert page.act is not None
        try:
            posted, password = await read_posted(request)
        except (MultiPartException, HTTPException):
            return self.drawing.plain("unreadable.html", 400)
        standing = self._sent.standing(posted.page, visit.key, visit.username, request.url.path)
        if standing is not Standing.GOOD:
            reply = await run_in_threadpool(page.act, self._office, replace(asked, posted=replace(posted, fresh=False)))
            return self._answer(request, visit, asked.visitor, reply, stale=True)
        posted = replace(posted, seen=self._sent.seen(posted.page))
        used = self._sent.take(posted.page)
        if used is not None:
            return self._again(request, visit, asked.visitor, used.led_to)
        led_to = None
        try:
            asked = await self._sign(page, replace(asked, posted=posted), password)
            reply = await run_in_threadpool(page.act, self._office, asked)
            led_to = self._address(reply) if isinstance(reply, Go) else None
        finally:
            self._sent.settle(posted.page, led_to)
        return self._answer(request, visit, asked.visitor, reply)

    async def _sign(self, page: Page, asked: Asked, password: str) -> Asked:
        if not page.signed:
            return asked
        signed = await self._reauthentication.sign(asked.visitor.username, password, asked.today)
        return replace(asked, unsigned=signed) if isinstance(signed, str) else replace(asked, signature=signed)

    def _again(self, request: Request, visit: Visit, visitor: Visitor, led_to: str | None) -> Response:
        """The same form a second time: to where the first led; if that is on its way yet, said so."""
        if led_to is not None:
            return RedirectResponse(led_to, status_code=303)
        return self._answer(request, visit, visitor, Draw("on_its_way.html", {}, 409))

    # -- answers ---------------------------------------------------------------------------------

    def _answer(
        self, request: Request, visit: Visit, visitor: Visitor, reply: Reply, *, stale: bool = False
    ) -> Response:
        match reply:
            case Draw():
                name = self._sent.name(visit.key, visit.username, request.url.path, reply.seen)
                return self.drawing.draw(request, visitor, reply, name, stale=stale)
            case Go():
                return RedirectResponse(self._address(reply), status_code=303)
            case Send():
                return _file(reply)

    def _address(self, reply: Go) -> str:
        done = f"?done={reply.done.name.lower()}" if reply.done else ""
        return f"{self._sign_in.prefix}{reply.to}{done}"

    async def _signed_in(self, request: Request) -> Response:
        try:
            answer = await self._sign_in.finish(request)
        except HubUnreachableError:
            return self.drawing.plain("unreachable.html", 503)
        return self.drawing.plain("not_signed_in.html", 400) if answer is None else answer

    async def _missing(self, _request: Request, _error: Exception) -> Response:
        return self.drawing.plain("nothing.html", 404)

    def _broken(self, error: Exception) -> Response:
        # Of the error its kind and place alone are logged: its message may repeat what somebody typed.
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
        _log.error("a page failed: %s at %s", type(error).__name__, place)
        if isinstance(error, LedgerError):
            return self.drawing.plain("not_recorded.html", 503)
        return self.drawing.plain("broken.html", 500)

    async def _refuse_foreign(self, scope: Scope, receive: Receive, send: SendMessage) -> None:
        await self.drawing.plain("foreign.html", 403)(scope, receive, send)


def _file(reply: Send) -> Response:
    # Names of files come from whoever handed them in.
    name = quote(reply.name, safe="")
    how = "inline" if reply.inline else "attachment"
    headers = {
        "Content-Disposition": f"{how}; filename*=UTF-8''{name}",
        "Content-Security-Policy": LETTER_POLICY,
    }
    return Response(reply.content, media_type=reply.media_type, headers=headers)
