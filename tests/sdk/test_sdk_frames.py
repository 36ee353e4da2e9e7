"""Frames: the types, the description, and never a shorter frame than the answer."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from starlette.responses import JSONResponse, Response, StreamingResponse
from wire_gateway import ARROW, TOKEN, WireGateway, arrow, describe, pieces, raw_server, stream_bytes

import dbims_sdk as dbims
from dbims_sdk import progress

KEY = 9_007_199_254_740_993  # one more than a float can count to


def ask(session: dbims.Session, gateway: WireGateway, table: pa.Table) -> pd.DataFrame:
    gateway.answers["/v1/frame"] = lambda _: arrow(table)
    return session.frame("student")


def test_types(session: dbims.Session, gateway: WireGateway) -> None:
    days = [datetime.date(2026, 9, 1), None]
    frame = ask(
        session,
        gateway,
        pa.table(
            {
                "student_key": pa.array([KEY, KEY + 2]),
                "section_key": pa.array([KEY, None]),
                "school_year": pa.array([2026, 2025], pa.int32()),
                "grade": pa.array([1, None], pa.int32()),
                "name": ["Zoë 名前 😀", None],
                "day": pa.array(days),
                "primary": [True, False],
                "homeless": [True, None],
                "score": [1.5, None],
                "total": pa.array([Decimal(7), Decimal(KEY)], pa.decimal128(38, 0)),
                "huge": pa.array([Decimal(10**30), None], pa.decimal128(38, 0)),
                "price": pa.array([Decimal("1.25"), None], pa.decimal128(10, 2)),
                "empty": pa.nulls(2),
            }
        ),
    )
    assert frame.dtypes.astype(str).to_dict() == {
        "student_key": "int64",
        "section_key": "Int64",
        "school_year": "int32",
        "grade": "Int32",
        "name": "str",
        "day": "datetime64[ms]",
        "primary": "bool",
        "homeless": "boolean",
        "score": "float64",
        "total": "int64",
        "huge": "float64",
        "price": "float64",
        "empty": "object",
    }
    assert frame.student_key.tolist() == [KEY, KEY + 2] and frame.section_key[0] == KEY
    assert frame.name[0] == "Zoë 名前 😀" and pd.isna(frame.name[1])
    assert frame.day.dt.month[0] == 9 and pd.isna(frame.day[1])
    assert frame.total.tolist() == [7, KEY] and frame.price[0] == 1.25


def test_a_frame_is_the_analysts_own_to_change(session: dbims.Session, gateway: WireGateway) -> None:
    frame = ask(session, gateway, pa.table({"a": [1, 2], "b": [0.5, 1.5], "c": ["x", "y"]}))
    frame.loc[0, ["a", "b", "c"]] = [9, 9.5, "z"]
    frame["a"] += 1
    assert frame.iloc[0].tolist() == [10, 9.5, "z"]


def test_joins_on_keys_with_and_without_missing_values(session: dbims.Session, gateway: WireGateway) -> None:
    full = ask(session, gateway, pa.table({"k": [KEY, KEY + 2], "x": [1, 2]}))
    gaps = ask(session, gateway, pa.table({"k": [KEY + 2, None], "y": [1, 2]}))
    assert full.merge(gaps, on="k").x.tolist() == [2]


def test_no_rows_keep_their_types(session: dbims.Session, gateway: WireGateway) -> None:
    schema = pa.schema({"k": pa.int64(), "s": pa.string(), "d": pa.date32(), "b": pa.bool_()})
    frame = ask(session, gateway, schema.empty_table())
    assert [str(dtype) for dtype in frame.dtypes] == ["int64", "str", "datetime64[ms]", "bool"]
    assert frame.empty and frame.attrs["dbims"]["rows"] == 0


def test_columns_of_the_same_name(session: dbims.Session, gateway: WireGateway) -> None:
    columns = [pa.array([1, None]), pa.array([3, 4]), pa.array([True, None])]
    frame = ask(session, gateway, pa.table(columns, names=["x", "x", "x"]))
    assert list(frame.columns) == ["x"] * 3 and [str(t) for t in frame.dtypes] == ["Int64", "int64", "boolean"]
    assert frame.iloc[0].tolist() == [1, 3, True]


def test_only_columns_with_gaps(session: dbims.Session, gateway: WireGateway) -> None:
    frame = ask(session, gateway, pa.table({"a": pa.array([1, None]), "b": pa.array([None, True])}))
    assert list(frame.columns) == ["a", "b"] and len(frame) == 2


def test_a_frame_carries_the_description_of_its_answer(session: dbims.Session, gateway: WireGateway) -> None:
    table = pa.table({"x": [1, 2]})
    said = describe(2, withheld=[{"what": "telephone", "rule": "Regulation 3, ‘contact’"}])
    gateway.answers["/v1/sql"] = lambda _: arrow(table, said)
    frame = session.sql("SELECT x FROM t")
    assert frame.attrs["dbims"] == said
    assert frame.head(1).attrs["dbims"]["answer_id"] == "a-1"
    assert gateway.questions[-1].body == {"sql": "SELECT x FROM t"}


def test_what_duckdb_writes_is_read(session: dbims.Session, gateway: WireGateway) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET produce_arrow_string_view = true")
        table = connection.sql(
            "SELECT i::BIGINT AS k, 'Zoë ' || i AS s, DATE '2026-09-01' + i::INTEGER AS d, sum(i) OVER () AS n, "
            "count(*) OVER () AS c, avg(i) OVER () AS a, i > 3 AS b, TIMESTAMP '2026-09-01 08:00:00' AS t, "
            "'x'::ENUM ('x', 'y') AS e FROM range(10) AS r(i)"
        ).to_arrow_table()
    frame = ask(session, gateway, table)
    assert str(frame.s.dtype) == "str" and frame.s[3] == "Zoë 3"
    assert str(frame.n.dtype) == "int64" and frame.n[0] == 45
    assert frame.d.dt.day.tolist()[:2] == [1, 2] and str(frame.b.dtype) == "bool"
    assert frame.t.dt.hour[0] == 8 and frame.e[0] == "x"


def test_a_long_answer(session: dbims.Session, gateway: WireGateway) -> None:
    rows = 1_500_000
    table = pa.table({"k": np.arange(rows), "x": np.linspace(0, 1, rows), "s": pa.array(["name"] * rows)})
    frame = ask(session, gateway, table)
    assert len(frame) == rows and frame.k.sum() == rows * (rows - 1) // 2


# Broken answers -----------------------------------------------------------------------------------

TABLE = pa.table({"k": np.arange(100_000)})


def broken(session: dbims.Session, gateway: WireGateway, answer: Response) -> str:
    gateway.answers["/v1/frame"] = lambda _: answer
    with pytest.raises(dbims.BrokenAnswer) as caught:
        session.frame("student")
    return str(caught.value)


def stream(body: Iterator[bytes], rows: int | None = None) -> Response:
    headers = {} if rows is None else {"X-DBIMS-Rows": str(rows)}
    return StreamingResponse(body, media_type=ARROW, headers=headers)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.5, 0.999])
def test_a_stream_that_ends_early_though_http_says_it_is_whole(
    share: float, session: dbims.Session, gateway: WireGateway
) -> None:
    body = stream_bytes(TABLE)
    assert "stopped before its end" in broken(session, gateway, stream(iter([body[: int(len(body) * share)]])))


def test_a_stream_cut_between_two_batches(session: dbims.Session, gateway: WireGateway) -> None:
    whole = describe(TABLE.num_rows)
    shorter = stream_bytes(TABLE.slice(0, 16_384), whole)
    assert "silently shorter" in broken(session, gateway, stream(iter([shorter])))
    assert "silently shorter" in broken(session, gateway, stream(iter([shorter[:-8]])))


def test_a_stream_that_is_not_as_long_as_its_header_says(session: dbims.Session, gateway: WireGateway) -> None:
    assert "silently shorter" in broken(session, gateway, stream(iter([stream_bytes(TABLE)]), rows=100_001))


@pytest.mark.parametrize("share", [0.3, 0.99])
def test_a_connection_that_is_lost(share: float, folder: Path) -> None:
    body = stream_bytes(TABLE)
    part = body[: int(len(body) * share)]
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {ARROW}\r\nTransfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n"
    with raw_server(folder, head.encode() + part) as url, pytest.raises(dbims.BrokenAnswer):
        dbims.connect(url=url, token=TOKEN).frame("student")


def test_a_connection_that_is_lost_after_the_last_row(folder: Path) -> None:
    body = stream_bytes(TABLE)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {ARROW}\r\nTransfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n"
    with raw_server(folder, head.encode() + body) as url, pytest.raises(dbims.BrokenAnswer):
        dbims.connect(url=url, token=TOKEN).frame("student")


def test_a_connection_that_is_lost_before_any_answer(folder: Path) -> None:
    with raw_server(folder, b"") as url, pytest.raises(dbims.Unavailable):
        dbims.connect(url=url, token=TOKEN).frame("student")


@pytest.mark.parametrize("body", [b"\x00" * 4096, b"not arrow at all", b"\xff\xff\xff\xff\xff\xff\xff\x7f" + b"x" * 64])
def test_bytes_that_are_not_arrow(body: bytes, session: dbims.Session, gateway: WireGateway) -> None:
    broken(session, gateway, stream(iter([body])))


def test_an_answer_of_another_kind(session: dbims.Session, gateway: WireGateway) -> None:
    assert "not in the form" in broken(session, gateway, JSONResponse({"rows": []}))


@pytest.mark.parametrize("said", [{}, {"rows": "2"}, {"rows": None}, {"rows": True}, []])
def test_an_answer_without_its_description(said: object, session: dbims.Session, gateway: WireGateway) -> None:
    body = stream_bytes(pa.table({"x": [1, 2]}), said)  # type: ignore[arg-type]
    broken(session, gateway, stream(iter([body])))


@pytest.mark.parametrize("path", ["/v1/whoami", "/v1/tables", "/v1/tables/student"])
@pytest.mark.parametrize("body", [{}, [], {"tables": [{}]}, {"columns": [3], "name": "x"}])
def test_json_of_another_shape(body: object, path: str, session: dbims.Session, gateway: WireGateway) -> None:
    gateway.answers[path] = lambda _: JSONResponse(body)
    ask = {
        "/v1/whoami": session.whoami,
        "/v1/tables": session.tables,
        "/v1/tables/student": lambda: session.describe("student"),
    }
    with pytest.raises(dbims.BrokenAnswer):
        ask[path]()


# Progress -----------------------------------------------------------------------------------------


class Seen:
    def __init__(self) -> None:
        self.said: list[str] = []

    def show(self, received: int, expected: int | None) -> None:
        self.said.append(progress.sentence(received, expected))

    def clear(self) -> None:
        self.said.append("cleared")


def test_a_long_transfer_shows_how_far_it_is(
    session: dbims.Session, gateway: WireGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Seen()
    monkeypatch.setattr("dbims_sdk.frames.find_display", lambda: seen)
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0)
    body = stream_bytes(TABLE)
    gateway.answers["/v1/frame"] = lambda _: stream(pieces(body, 4096), 100_000)
    session.frame("student")
    assert seen.said[0] == "16,384 of 100,000 rows" and seen.said[-1] == "cleared"


def test_a_short_transfer_shows_nothing(
    session: dbims.Session, gateway: WireGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Seen()
    monkeypatch.setattr("dbims_sdk.frames.find_display", lambda: seen)
    ask(session, gateway, TABLE)
    assert seen.said == []


def test_a_terminal_gets_one_line_that_goes_away(capsys: pytest.CaptureFixture[str]) -> None:
    display = progress.TerminalDisplay()
    display.show(5, 1000)
    display.clear()
    assert capsys.readouterr().err == "\r5 of 1,000 rows\x1b[K\r\x1b[K"


def test_a_notebook_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, str]] = []

    class Handle:
        def update(self, data: dict[str, str], raw: bool) -> None:
            shown.append(data)

    def display(data: dict[str, str], raw: bool, display_id: bool) -> Handle:
        shown.append(data)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    notebook = progress.NotebookDisplay()
    notebook.show(5, 10)
    notebook.clear()
    assert '<progress value="5" max="10">' in shown[0]["text/html"] and shown[1]["text/html"] == ""
