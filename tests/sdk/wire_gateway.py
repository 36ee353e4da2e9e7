"""A gateway for the SDK's tests: a real HTTP server on a Unix socket that speaks the wire format, deciding nothing."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

TOKEN = "0123456789abcdef-of-a-session"
ARROW = "application/vnd.apache.arrow.stream"

WHOAMI = {
    "username": "rosa",
    "capacity": "teacher",
    "purpose": "instruction",
    "study": None,
    "snapshot": "20261123T224501Z-ab12",
    "today": "2026-11-23",
    "form": "scoped rows",
    "notice": None,
}
TABLES = {
    "tables": [
        {
            "name": name,
            "category": "student",
            "unit": "student",
            "description": f"The {name} table.",
            "form": "scoped rows",
            "why": "Your students are named to you.",
        }
        for name in ("student", "attendance")
    ]
}
STUDENT = {
    "name": "student",
    "description": "A person who is, or was, a student.",
    "unit": "student",
    "key": ["student_key"],
    "columns": [
        {
            "name": "student_key",
            "type": "key",
            "class": "plain",
            "description": "The student.",
            "standard": None,
            "in_my_form": "as it is",
        },
        {
            "name": "first_name",
            "type": "text",
            "class": "direct identifier",
            "description": "First name.",
            "standard": "CEDS First Name",
            "in_my_form": "as it is",
        },
    ],
}
EXPLANATION = {
    "answer_id": "a-1",
    "allowed": True,
    "reasons": ["You teach this student in section ALG-1."],
    "next": "",
}
PROTECTION = {
    "policy": "District statistics",
    "version": "2026-11",
    "rules": [
        "Counts of fewer than 6 persons are suppressed.",
        "Further cells are suppressed until no suppressed one can be recovered.",
    ],
    "cells": 12,
    "suppressed": {"primary": 1, "complementary": 3, "differencing": 0, "coded": 0},
    "intervals_checked": 4,
    "earlier_releases": 1,
}


def table_answer(protection: dict[str, Any] | None = PROTECTION, **more: Any) -> dict[str, Any]:
    """A table of three schools by three groups, margins included; four cells are not shown."""
    description = describe(0, form="protected statistics", unprotected=protection is None)
    return {
        "description": description,
        "table": "enrollment",
        "statistic": "count",
        "value": None,
        "unit": "student",
        "rows": ["school_name"],
        "columns": ["race_ethnicity"],
        "row_labels": [["Black Rock School"], ["Thomaston High School"], ["Total"]],
        "column_labels": [["Asian"], ["Black or African American"], ["White"], ["Total"]],
        "values": [[None, None, 197, 260], [None, None, 212, 301], [38, 74, 409, 521]],
        "texts": [["*", "*", "197", "260"], ["*", "*", "212", "301"], ["38", "74", "409", "521"]],
        "reasons": [["primary", "complementary", None, None], ["complementary"] * 2 + [None] * 2, [None] * 4],
        "protection": protection,
    } | more


def one_column(**more: Any) -> dict[str, Any]:
    """A percent by grade: one coded, one suppressed, one that there is nothing to compute from."""
    said: dict[str, Any] = {
        "statistic": "percent",
        "columns": [],
        "rows": ["grade_level"],
        "row_labels": [["07"], ["08"], ["09"], ["10"], ["Total"]],
        "column_labels": [[]],
        "values": [[62.5], [None], [None], [None], [71.0]],
        "texts": [["62.5 %"], ["≥ 95 %"], ["*"], ["N/A"], ["71 %"]],
        "reasons": [[None], ["coded"], ["primary"], [None], [None]],
    }
    return table_answer(**said | more)


def model_answer(protection: dict[str, Any] | None = PROTECTION, **more: Any) -> dict[str, Any]:
    """A linear regression with an intercept and two terms."""
    terms = [
        ("Intercept", 2510.0, 6.2, 404.8, 0.0, 2497.8, 2522.2),
        ("C(grade_level)[07]", 18.4, 8.1, 2.27, 0.0236, 2.5, 34.3),
        ("is_english_learner[True]", -3.25, 9.0, -0.361, 0.718, -20.9, 14.4),
    ]
    names = ("name", "estimate", "std_error", "statistic", "p_value", "low", "high")
    about = ("policy", "version", "rules")
    return {
        "description": describe(0, form="protected statistics", unprotected=protection is None),
        "family": "ols",
        "formula": "score ~ C(grade_level) + is_english_learner",
        "table": "assessment_result",
        "observations": 1204,
        "students": 398,
        "terms": [dict(zip(names, term, strict=True)) for term in terms],
        "fit": {"r_squared": 0.1234567, "observations": 1204, "standard_errors": "clustered by person"},
        "protection": None if protection is None else {name: protection[name] for name in about},
    } | more


def describe(rows: int, **more: Any) -> dict[str, Any]:
    """The description that every answer carries."""
    return {
        "answer_id": "a-1",
        "form": "scoped rows",
        "capacity": "teacher",
        "purpose": "instruction",
        "snapshot": "20261123T224501Z-ab12",
        "today": "2026-11-23",
        "rows": rows,
        "students": rows,
        "withheld": [],
        "unprotected": True,
    } | more


def stream_bytes(table: pa.Table, description: dict[str, Any] | None = None, chunk: int = 16_384) -> bytes:
    said = describe(table.num_rows) if description is None else description
    table = table.replace_schema_metadata({b"dbims": json.dumps(said).encode()})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=chunk)
    return sink.getvalue()


def arrow(table: pa.Table, description: dict[str, Any] | None = None) -> Response:
    body = stream_bytes(table, description)
    return StreamingResponse(pieces(body), media_type=ARROW, headers={"X-DBIMS-Rows": str(table.num_rows)})


def pieces(body: bytes, size: int = 1 << 20) -> Iterator[bytes]:
    for begin in range(0, len(body), size):
        yield body[begin : begin + size]


def refusal(status: int, code: str, message: str = "No.", rule: str = "", next: str = "") -> Response:
    said = {"code": code, "message": message, "rule": rule, "next": next}
    return JSONResponse({"error": said}, status_code=status)


@dataclass(frozen=True)
class Question:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


Answer = Callable[[Question], Response]


@dataclass
class WireGateway:
    """What was asked, and how each path is answered. Tests put their own answers in `answers`."""

    socket_path: Path
    questions: list[Question] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http+unix://{quote(str(self.socket_path), safe='')}"

    def reset(self) -> None:
        self.questions.clear()
        self.answers = {
            "/v1/whoami": lambda _: JSONResponse(WHOAMI),
            "/v1/tables": lambda _: JSONResponse(TABLES),
            "/v1/tables/student": lambda _: JSONResponse(STUDENT),
            "/v1/explain": lambda _: JSONResponse(EXPLANATION),
            "/v1/tabulate": lambda _: JSONResponse(table_answer()),
            "/v1/model": lambda _: JSONResponse(model_answer()),
        }

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        question = Question(
            request.method,
            request.scope["raw_path"].decode(),
            dict(request.headers),
            json.loads(body) if body else None,
        )
        self.questions.append(question)
        if request.headers.get("authorization") != f"token {TOKEN}":
            return refusal(401, "not_authenticated", "The Hub does not know this token.")
        known = self.answers.get(question.path)
        return known(question) if known else refusal(404, "not_found", "There is nothing here.")


@contextmanager
def serve(app: Any, *, uds: str) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, uds=uds, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=20)


@contextmanager
def running_gateway(folder: Path) -> Iterator[WireGateway]:
    gateway = WireGateway(folder / "gateway.sock")
    gateway.reset()
    app = Starlette(routes=[Route("/{path:path}", gateway.answer, methods=["GET", "POST"])])
    with serve(app, uds=str(gateway.socket_path)):
        yield gateway


@contextmanager
def raw_server(folder: Path, reply: bytes) -> Iterator[str]:
    """A server that answers one connection with exactly these bytes, then hangs up."""
    path = folder / "raw.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)
        thread = threading.Thread(target=_reply_once, args=(listener, reply), daemon=True)
        thread.start()
        yield f"http+unix://{quote(str(path), safe='')}"
        thread.join(timeout=10)


def _reply_once(listener: socket.socket, reply: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(reply)
