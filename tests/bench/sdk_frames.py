"""`python -m tests.bench.sdk_frames [ROWS]`: what the wire and the SDK cost, against DuckDB → pandas directly.

A server in another process runs the same query on the same Parquet file, and streams the answer over a Unix socket.
All is measured in one run, the ways taking turns, so that the ratios hold on a busy machine.
"""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

ROUNDS = 15
ROW = """
    (i * 7919 + 1000000000000)::BIGINT AS student_key, (i % 400)::BIGINT AS school_key,
    CASE WHEN i % 5 > 0 THEN i % 900 END::BIGINT AS section_key, 'SEC-' || (i % 900) AS section_id,
    2026::INTEGER AS school_year, DATE '2025-09-01' + (i % 180)::INTEGER AS attendance_date,
    CASE WHEN i % 3 = 0 THEN 'Tardy' ELSE 'UnexcusedAbsence' END AS attendance_event,
    (i % 10) / 10.0::DOUBLE AS fraction_absent, 'reason ' || (i % 11) AS reason, i % 2 = 0 AS is_whole_day
"""


def read(path: Path) -> duckdb.DuckDBPyRelation:
    return duckdb.sql(f"SELECT * FROM '{path}'")


def serve_file(path: Path, socket_path: Path) -> None:
    """The least that a server of this wire format can do."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from tests.sdk.wire_gateway import arrow

    async def frame(_request: Request) -> Response:
        return arrow(read(path).to_arrow_table())

    app = Starlette(routes=[Route("/v1/frame", frame, methods=["POST"])])
    uvicorn.run(app, uds=str(socket_path), log_level="critical")


def timed(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median milliseconds of each way; they take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - begin)
    return {name: statistics.median(times) * 1000 for name, times in seconds.items()}


def main(rows: int) -> None:
    import dbims_sdk

    with tempfile.TemporaryDirectory() as folder:
        path, socket_path = Path(folder) / "rows.parquet", Path(folder) / "s"
        duckdb.sql(f"COPY (SELECT {ROW} FROM range({rows}) AS r(i)) TO '{path}' (FORMAT parquet)")
        server = multiprocessing.get_context("spawn").Process(target=serve_file, args=(path, socket_path))
        server.start()
        while not socket_path.exists():
            time.sleep(0.05)
        session = dbims_sdk.connect(url=f"http+unix://{str(socket_path).replace('/', '%2F')}", token="bench")
        session.frame("attendance")
        ways: dict[str, Callable[[], object]] = {
            "DuckDB → pandas": lambda: read(path).df(),
            "DuckDB → Arrow → pandas": lambda: read(path).to_arrow_table().to_pandas(date_as_object=False),
            "SDK over a Unix socket": lambda: session.frame("attendance"),
        }
        results = timed(ways)
        server.terminate()
        server.join()
    direct = results["DuckDB → pandas"]
    print(f"{rows:,} rows x 10 columns, median of {ROUNDS}")
    for name, milliseconds in results.items():
        print(f"  {name:<26}{milliseconds:8.1f} ms {milliseconds / direct:6.2f} x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
