"""Answers through the gateway's socket against the same rows read directly: `python -m tests.bench.gateway [STUDENTS]`.

The gateway is a process of its own, as in a district. Ways take turns within one run; figures are medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

import dbims_sdk
from governance.gateway.peers import own_network
from governance.ledger import Ledger
from governance.session_tokens import SessionTokens
from governance.vocabulary import Capacity, Identity, Purpose
from governance.warehouse.expectation_report import ExpectationReport
from governance.warehouse.load import load
from governance.warehouse.snapshot import Snapshot, Warehouse
from governance.warehouse.synth import write_district
from tests.gateway.running import SmallHub, serving
from tests.signed import grant

TODAY = date(2026, 11, 20)
ROWS = 100_000
ROUNDS = 15
WHOLE_TABLE = 5_000_000


def main() -> None:
    students = int(sys.argv[1]) if len(sys.argv) > 1 else 750
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), students)


def measure(folder: Path, students: int) -> None:
    state = folder / "state"
    snapshot = prepare(folder, state, students)
    hub = SmallHub()
    socket = folder / "gateway.sock"
    with serving(hub.app(), folder / "hub.sock"):
        hub_url = "http+unix://" + str(folder / "hub.sock").replace("/", "%2F")
        command = [sys.executable, "-m", "governance.gateway", "--state", str(state), "--socket", str(socket)]
        gateway = subprocess.Popen([*command, "--hub", hub_url])
        try:
            wait_for(socket)
            url = "http+unix://" + str(socket).replace("/", "%2F")
            report(students, *sessions(state, snapshot, hub, url), snapshot)
        finally:
            gateway.terminate()
            gateway.wait(30)


def prepare(folder: Path, state: Path, students: int) -> Snapshot:
    sources = folder / "sources"
    sources.mkdir()
    write_district(sources, students=students, seed=1, today=TODAY)
    state.mkdir()
    (state / "dbims.toml").write_text(f"today = {TODAY.isoformat()}\n", encoding="utf-8")
    return load(Warehouse(state / "warehouse"), [sources], expectations=lambda _s: ExpectationReport(())).snapshot


def sessions(state: Path, snapshot: Snapshot, hub: SmallHub, url: str) -> tuple[dbims_sdk.Session, dbims_sdk.Session]:
    """A teacher's and the Superintendent's."""
    ledger = Ledger.open(state / "ledger")
    found = duckdb.sql(
        f"SELECT staff_key FROM read_parquet('{snapshot.table_path('section_staff')}') JOIN "
        f"read_parquet('{snapshot.table_path('section')}') AS s USING (section_key) "
        f"WHERE s.begin_date <= '{TODAY}' AND s.end_date >= '{TODAY}' GROUP BY ALL ORDER BY count(*) DESC LIMIT 1"
    ).fetchall()[0]
    made = []
    for name, capacity, key in [("tina", Capacity.TEACHER, found[0]), ("sue", Capacity.SUPERINTENDENT, None)]:
        ledger.add_person("bench", name, key, None)
        grant(ledger, name, capacity, date(2020, 1, 1))
        hub.tokens[name * 4] = (name, capacity.server)
        SessionTokens.of_state(state).remember(
            Identity(name, capacity.server), name * 4, own_network(), Purpose.INSTRUCTION
        )
        made.append(dbims_sdk.connect(url=url, token=name * 4))
    ledger.close()
    return made[0], made[1]


def wait_for(socket: Path) -> None:
    deadline = time.monotonic() + 60
    while not socket.exists():
        if time.monotonic() > deadline:
            raise RuntimeError("the gateway did not start")
        time.sleep(0.05)
    time.sleep(2)


def report(students: int, teacher: dbims_sdk.Session, chief: dbims_sdk.Session, snapshot: Snapshot) -> None:
    path = snapshot.table_path("grade")
    rows = pq.read_metadata(path).num_rows
    years = sorted(duckdb.sql(f"SELECT DISTINCT school_year FROM read_parquet('{path}')").fetchall())
    columns = ", ".join(name for name in pq.read_schema(path).names)
    limit = min(rows, ROWS)
    direct = f"SELECT {columns} FROM read_parquet('{path}') LIMIT {limit}"
    governed = f"SELECT {columns} FROM grade LIMIT {limit}"
    print(
        f"{students} students; grade has {rows:,} rows over {len(years)} years; medians of {ROUNDS} turns, milliseconds"
    )
    if rows <= WHOLE_TABLE:
        show_whole_tables(chief, str(path), direct, governed, limit)
    else:
        print(f"the whole table is not asked for: more than {WHOLE_TABLE:,} rows are not one answer")
    show("a teacher's students, frame()", lambda: teacher.frame("student"), "whoami()", lambda: teacher.whoami())
    show("a teacher's absences, sql()",
         lambda: teacher.sql("SELECT count(*) AS n FROM attendance JOIN student USING (student_key)"),
         "whoami()", lambda: teacher.whoami())  # fmt: skip


def show_whole_tables(chief: dbims_sdk.Session, path: str, direct: str, governed: str, limit: int) -> None:
    show("frame of the whole table, governed", lambda: chief.frame("grade"), "DuckDB to pandas, directly",
         lambda: duckdb.sql(f"SELECT * FROM read_parquet('{path}')").df())  # fmt: skip
    show(f"{limit:,} rows by sql(), governed", lambda: chief.sql(governed), "DuckDB to pandas, directly",
         lambda: duckdb.sql(direct).df())  # fmt: skip


def show(name: str, one: Callable[[], object], peer: str, other: Callable[[], object]) -> None:
    """Both ways in turn, after one of each that is not counted."""
    one(), other()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        for taken, act in ((ours, one), (theirs, other)):
            start = time.perf_counter()
            act()
            taken.append((time.perf_counter() - start) * 1000)
            time.sleep(0.05)
    a, b = statistics.median(ours), statistics.median(theirs)
    print(f"{name:<40} {a:9.1f}   {peer:<30} {b:9.1f}   ratio {a / b:5.2f}")


if __name__ == "__main__":
    main()
