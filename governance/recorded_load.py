"""A load and its audit event: the only way a snapshot comes to a state folder."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from governance.audit import Event
from governance.state import State
from governance.warehouse.errors import LoadError, WarehouseError
from governance.warehouse.load import Expectations, LoadReport, Progress, load
from governance.warehouse.sources import SourceError


def load_and_record(
    state: State,
    actor: str,
    paths: Sequence[Path],
    *,
    source: str | None = None,
    expectations: Expectations,
    progress: Progress,
) -> LoadReport:
    """Load `paths` (see `governance.warehouse.load`), and record that it was promoted, or that it failed."""
    with closing(state.ledger()) as ledger:
        try:
            report = load(state.warehouse, paths, source=source, expectations=expectations, progress=progress)
        except (LoadError, SourceError, WarehouseError) as error:
            ledger.record(Event.LOAD_FAILED, actor, {"kind": type(error).__name__})
            raise
        ledger.record(Event.SNAPSHOT_PROMOTED, actor, {"snapshot": report.snapshot.id})
    return report
