"""What recording costs an answer, and how long proving the record takes: `python -m tests.bench.audit [EVENTS]`.

Recording is timed with and without the signed checkpoint after it, one after the other on the same disk.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from unittest.mock import patch

import sqlalchemy as sa

from governance.audit import Entry, Event, seal
from governance.ledger import Ledger, read_public_key, verify_export
from governance.ledger.disclosures import fill_disclosure_index
from governance.ledger.schema import audit_event, disclosure_set
from governance.ledger.store import Store
from governance.ledger.witness import Witness

ANSWERS = 400
BATCH = 10_000
STUDENTS = bytes(8 * 25)


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        recording(Path(folder) / "recording")
        proving(Path(folder) / "proving", events)


def recording(folder: Path) -> None:
    """An intent and an outcome, as every answer has them."""
    with closing(Ledger.open(folder / "ledger")) as ledger:
        signed, unsigned = [], []
        for _ in range(ANSWERS):
            signed.append(seconds(lambda: answer(ledger)))
            with patch.object(Witness, "note"):
                unsigned.append(seconds(lambda: answer(ledger)))
    print(f"recording an answer, with checkpoints    {median(signed) * 1e3:6.2f} ms")
    print(f"                     without them        {median(unsigned) * 1e3:6.2f} ms")


def answer(ledger: Ledger) -> None:
    ledger.record(Event.ANSWER_INTENDED, "alice", {"table": "student"})
    ledger.record_answer("alice", {"rows": 25}, os.urandom(8) + STUDENTS)


def proving(folder: Path, events: int) -> None:
    fill(folder / "ledger", events)
    with closing(Ledger.open_existing(folder / "ledger")) as ledger:
        ledger.record(Event.ANSWER_INTENDED, "alice", {})
        told = f"of {events:,} events"
        print(f"verifying the ledger {told:<20} {seconds(lambda: demand_whole(ledger.verify().breaks)):6.1f} s")
        export = folder / "export.jsonl"
        print(f"exporting it         {'':<20} {seconds(lambda: export.write_text(''.join(ledger.export()))):6.1f} s")
    key = read_public_key(folder / "audit" / "public-key.pem")
    spent = seconds(lambda: demand_whole(verify_export(export, key).breaks))
    print(f"verifying the export {export.stat().st_size / 2**20:,.0f} MB{'':<14} {spent:6.1f} s")


def fill(folder: Path, events: int) -> None:
    """A long log, put into the store at once: its events are what recording would have made."""
    with closing(Ledger.open(folder)) as ledger:
        # Whose checkpoint the log goes on from.
        ledger.record(Event.ANSWER_INTENDED, "alice", {})
        last: Entry = next(iter(ledger.entries()))
    store = Store.open(folder)
    students = hashlib.sha256(STUDENTS).hexdigest()
    batch: list[dict[str, object]] = []
    with store.write() as connection:
        connection.execute(disclosure_set.insert().values(digest=students, student_keys=STUDENTS))
        for number in range(events):
            kind = Event.ANSWER_GIVEN if number % 2 else Event.ANSWER_INTENDED
            detail = {"answer": f"{number:032x}", "table": "attendance", "rows": 25, "students": students}
            last = seal(last, at="2026-11-23T08:00:00.000000+00:00", event=kind, actor="alice", detail=detail)
            batch.append(vars(last))
            if len(batch) == BATCH or number == events - 1:
                connection.execute(sa.insert(audit_event), batch)
                batch = []
        fill_disclosure_index(connection)
    store.close()


def demand_whole(breaks: tuple[object, ...]) -> None:
    assert not breaks, breaks


def seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
