"""The routes of the gateway. Each identifies, asks the service, and writes one of two shapes: an answer, an error."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from governance.catalog import Catalog
from governance.gateway import listings
from governance.gateway.errors import ErrorCode, GatewayError, bad_query, internal, wrong_purpose
from governance.gateway.identity import HubIdentities, identify_or_refuse
from governance.gateway.peers import caller_network
from governance.gateway.questions import explain_question, frame_question, named_table, sql_question
from governance.gateway.service import Question, Service
from governance.gateway.statistic_questions import model_question, table_question
from governance.gateway.statistics import Statistics
from governance.vocabulary import Asker

ARROW = "application/vnd.apache.arrow.stream"
MAX_BODY = 1 << 20
STALLED_SECONDS = 15.0
SLOWEST = 256 * 1024
"""Bytes a second that a reader takes at least, once its first seconds are over."""
WHOLE_ANSWER_SECONDS = 600.0
WHOLE_QUESTION_SECONDS = 20.0
_log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


class Routes:
    def __init__(self, service: Service, statistics: Statistics, identities: HubIdentities, catalog: Catalog) -> None:
        self._service = service
        self._statistics = statistics
        self._identities = identities
        self._catalog = catalog

    def app(self, lifespan: Any) -> Starlette:
        routes = [
            Route("/v1/health", self.health),
            Route("/v1/whoami", _safely(self.whoami)),
            Route("/v1/tables", _safely(self.tables)),
            Route("/v1/tables/{name}", _safely(self.describe)),
            Route("/v1/frame", _safely(self.frame), methods=["POST"]),
            Route("/v1/sql", _safely(self.sql), methods=["POST"]),
            Route("/v1/tabulate", _safely(self.tabulate), methods=["POST"]),
            Route("/v1/model", _safely(self.model), methods=["POST"]),
            Route("/v1/explain", _safely(self.explain), methods=["POST"]),
        ]
        handlers = {404: _not_found, 405: _not_found}
        return Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)

    async def health(self, _request: Request) -> Response:
        """That the gateway runs; says nothing else."""
        return JSONResponse({"ready": True})

    async def whoami(self, request: Request) -> Response:
        return JSONResponse(listings.whoami(await self._asker(request), self._service))

    async def tables(self, request: Request) -> Response:
        return JSONResponse({"tables": listings.tables(await self._asker(request), self._service, self._catalog)})

    async def describe(self, request: Request) -> Response:
        asker = await self._asker(request)
        return JSONResponse(listings.describe(request.path_params["name"], asker, self._service, self._catalog))

    async def frame(self, request: Request) -> Response:
        asker = await self._asker(request)
        body = await _body(request)
        await self._service.demand(asker, named_table(body))
        return RowsResponse(self._service, asker, frame_question(body, self._service.catalog_of(asker)))

    async def sql(self, request: Request) -> Response:
        asker = await self._asker(request)
        await self._service.demand(asker)
        return RowsResponse(self._service, asker, sql_question(await _body(request)))

    async def tabulate(self, request: Request) -> Response:
        asker = await self._asker(request)
        body = await _body(request)
        await self._service.demand(asker, named_table(body))
        return _told(await self._statistics.table(asker, table_question(body, self._service.catalog_for(asker))))

    async def model(self, request: Request) -> Response:
        asker = await self._asker(request)
        body = await _body(request)
        await self._service.demand(asker, named_table(body))
        return _told(await self._statistics.model(asker, model_question(body, self._service.catalog_for(asker))))

    async def explain(self, request: Request) -> Response:
        asker = await self._asker(request)
        body = await _body(request)
        await self._service.demand(asker, named_table(body))
        question = explain_question(body, self._service.catalog_for(asker))
        async with self._service.answer(asker, question) as answer:
            return JSONResponse(_explanation(answer.description["answer_id"], answer.reasons))

    async def _asker(self, request: Request) -> Asker:
        network = caller_network(request.client)
        identity, purpose = await identify_or_refuse(self._identities, request.headers.get("authorization"), network)
        if request.headers.get("x-dbims-purpose", purpose.value) != purpose.value:
            raise wrong_purpose(purpose)
        return await self._service.asker(identity, purpose)


class RowsResponse(Response):
    """Rows as an Arrow stream. The worker stays ours until the last byte was taken, or the reader went away."""

    def __init__(self, service: Service, asker: Asker, question: Question) -> None:
        super().__init__()
        self._service = service
        self._asker = asker
        self._question = question

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False
        try:
            async with (
                asyncio.timeout(WHOLE_ANSWER_SECONDS),
                self._service.answer(self._asker, self._question) as answer,
            ):
                started = True
                reader = Patience()
                await reader.take(send(_start(answer.description)), 0)
                async for chunk in answer.chunks:
                    body = {"type": "http.response.body", "body": chunk, "more_body": True}
                    await reader.take(send(body), len(chunk))
                await reader.take(send({"type": "http.response.body", "body": b"", "more_body": False}), 0)
        except Exception as error:
            if started or not isinstance(error, GatewayError):
                _log.error("an answer failed: %s", type(error).__name__)
            if started:
                # The connection is cut, so that a part is never taken for the whole.
                raise ConnectionAbortedError("the answer broke off") from None
            await _error(error if isinstance(error, GatewayError) else internal())(scope, receive, send)


class Patience:
    """With a reader: one that takes nothing for long, or little for longer, keeps a worker from everybody else."""

    def __init__(self) -> None:
        self._waited, self._taken = 0.0, 0

    async def take(self, sending: Awaitable[None], size: int) -> None:
        """Raises TimeoutError when it is at its end. `size`: bytes that are sent."""
        begin = time.monotonic()
        async with asyncio.timeout(STALLED_SECONDS):
            await sending
        self._waited += time.monotonic() - begin
        self._taken += size
        if self._waited > STALLED_SECONDS + self._taken / SLOWEST:
            raise TimeoutError


def _start(description: dict[str, Any]) -> dict[str, Any]:
    headers = [
        (b"content-type", ARROW.encode()),
        (b"x-dbims-rows", str(description["rows"]).encode()),
        (b"cache-control", b"no-store"),
    ]
    return {"type": "http.response.start", "status": 200, "headers": headers}


def _told(body: dict[str, Any]) -> Response:
    return JSONResponse(body, headers={"cache-control": "no-store"})


def _explanation(answer_id: str, reasons: tuple[str, ...]) -> dict[str, Any]:
    if reasons:
        return {"answer_id": answer_id, "allowed": True, "reasons": list(reasons), "next": ""}
    return {
        "answer_id": answer_id,
        "allowed": False,
        "reasons": ["This student is not among those you may see today, or does not exist."],
        "next": "If you think this is wrong, ask your school's office to check the class list or the assignment.",
    }


def _safely(handler: Handler) -> Handler:
    """Every error of a handler in the one shape; what is not expected is logged by its kind alone."""

    async def safe(request: Request) -> Response:
        try:
            return await handler(request)
        except GatewayError as error:
            return _error(error)
        except Exception as error:
            _log.error("a request failed: %s", type(error).__name__)
            return _error(internal())

    return safe


def _error(error: GatewayError) -> Response:
    return JSONResponse(error.body(), status_code=error.code.status, headers={"cache-control": "no-store"})


async def _not_found(_request: Request, _: Exception) -> Response:
    return _error(GatewayError(ErrorCode.NOT_FOUND, "There is nothing at this address.", "", "Use dbims_sdk."))


async def _body(request: Request) -> Any:
    data = bytearray()
    try:
        async with asyncio.timeout(WHOLE_QUESTION_SECONDS):
            async for chunk in request.stream():
                data += chunk
                if len(data) > MAX_BODY:
                    raise bad_query("The question is too long.")
    except TimeoutError:
        raise bad_query("The question took too long to arrive.") from None
    return _read(bytes(data))


def _read(data: bytes) -> Any:
    try:
        body = json.loads(data)
        # JSON can spell half a character (a lone surrogate). It is no text: nothing behind this could write it down.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise bad_query("A question is a JSON object, and its texts are made of whole characters.") from None
    return body
