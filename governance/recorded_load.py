"""A load and the events that tell of it: the only way a snapshot, or another day, comes to a state folder.

Begin and end are recorded while the load holds the warehouse's lock. Whoever holds it after finds of every earlier load
how it ended; or sees that it was killed, and records that.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from governance.audit import Entry, Event
from governance.ledger import Ledger
from governance.state import State
from governance.warehouse.errors import LoadInProgress
from governance.warehouse.load import Expectations, LoadReport, Progress, load
from governance.warehouse.load_lock import LoadLock
from governance.warehouse.snapshot import Warehouse

CALENDAR = "calendar"
"""In the place of a fixed day: the district follows the calendar."""
RECONCILIATION = "reconciliation"
KILLED = "killed"
_PROMOTIONS = (Event.SNAPSHOT_PROMOTED, Event.SNAPSHOT_FOUND)


def load_and_record(
    state: State,
    actor: str,
    paths: Sequence[Path],
    *,
    source: str | None = None,
    without: Collection[str] = (),
    day: date | str | None = None,
    expectations: Expectations,
    progress: Progress,
) -> LoadReport:
    """Load `paths` (see `governance.warehouse.load`), and record that it begins and how it ends, whatever the end.

    `day`: the district's day from the new snapshot on, or `CALENDAR`; readers never see the snapshot on another.
    """
    with closing(state.ledger()) as ledger, _locked(state.warehouse, ledger, actor) as held:
        reconcile(state.warehouse, ledger)
        begun = ledger.record(Event.LOAD_BEGUN, actor, {"without": sorted(without)} if without else {})
        try:
            report = load(
                state.warehouse,
                paths,
                source=source,
                without=without,
                added=ledger.requests.added_categories(),
                expectations=expectations,
                progress=progress,
                held=held,
                before_promotion=lambda: None if day is None else record_day(state, ledger, actor, day),
            )
            ledger.record(Event.SNAPSHOT_PROMOTED, actor, {"load": begun, "snapshot": report.snapshot.id})
        except BaseException as error:
            # What broke off behind its promotion has failed for nobody: readers see its snapshot.
            if not _record_found(state.warehouse, ledger, {"load": begun}):
                ledger.record(Event.LOAD_FAILED, actor, {"load": begun, "kind": type(error).__name__})
            raise
    return report


@contextmanager
def _locked(warehouse: Warehouse, ledger: Ledger, actor: str) -> Iterator[LoadLock]:
    try:
        with warehouse.locked() as lock:
            yield lock
    except LoadInProgress as error:
        ledger.record(Event.LOAD_FAILED, actor, {"kind": type(error).__name__})
        raise


def record_day(state: State, ledger: Ledger, actor: str, day: date | str) -> None:
    """Fix the district's day, or with `CALENDAR` let it follow the calendar again. The record comes first."""
    fixed = day if isinstance(day, date) else None
    ledger.record(Event.DAY_SET, actor, {"today": CALENDAR if fixed is None else fixed.isoformat()})
    state.set_today(fixed)


def reconcile_loads(state: State) -> None:
    """Record what loads that were killed have left unsaid; nothing while another load is running."""
    try:
        with closing(state.ledger()) as ledger, state.warehouse.locked():
            reconcile(state.warehouse, ledger)
    except LoadInProgress:
        return


def reconcile(warehouse: Warehouse, ledger: Ledger) -> None:
    """For who holds the warehouse's lock: no load is running, so every load without an end was killed."""
    unended = _unended(ledger)
    # Loads run one after the other, so that only the last can have come as far as the current snapshot.
    if _record_found(warehouse, ledger, {"load": unended[-1]} if unended else {}):
        unended = unended[:-1]
    for begun in unended:
        ledger.record(Event.LOAD_FAILED, RECONCILIATION, {"load": begun, "kind": KILLED})


def _record_found(warehouse: Warehouse, ledger: Ledger, load_begun: dict[str, int]) -> bool:
    """Whether the current snapshot was promoted without its event; then it gets one that says so."""
    current = warehouse.current()
    if current is None or current.id in {_told(entry).get("snapshot") for entry in ledger.entries(kinds=_PROMOTIONS)}:
        return False
    ledger.record(Event.SNAPSHOT_FOUND, RECONCILIATION, {**load_begun, "snapshot": current.id})
    return True


def _unended(ledger: Ledger) -> list[int]:
    """The numbers of the loads that have begun, and of which no end is recorded."""
    ended = {_told(entry).get("load") for entry in ledger.entries(kinds=(*_PROMOTIONS, Event.LOAD_FAILED))}
    return [entry.sequence for entry in ledger.entries(kinds=(Event.LOAD_BEGUN,)) if entry.sequence not in ended]


def _told(entry: Entry) -> dict[str, object]:
    detail: dict[str, object] = json.loads(entry.detail)
    return detail
