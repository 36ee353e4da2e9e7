"""A load replaces the whole snapshot: what keeps one file of a district from replacing the district."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from governance.warehouse.build import BuildReport
from governance.warehouse.errors import LoadError
from governance.warehouse.snapshot import Snapshot

WHAT_TO_DO = (
    "A load replaces everything, so all sources are to be given together, in one `dbims load`. If these tables are "
    "meant to have no rows any more, name each: --without TABLE (repeatable)."
)


class TablesEmptied(LoadError):
    """Tables that readers have rows of would have none; `kept` is the folder with the quarantine of the load."""

    def __init__(self, tables: tuple[str, ...], kept: Path) -> None:
        super().__init__(
            "nothing was promoted: these tables have rows in the current snapshot and would have none: "
            f"{', '.join(tables)}. {WHAT_TO_DO} What was set aside of this load is in {kept}."
        )
        self.tables = tables
        self.kept = kept


def emptied_tables(current: Snapshot | None, built: BuildReport, without: Collection[str]) -> tuple[str, ...]:
    """The tables, not in `without`, with rows in `current` and none in what was built."""
    if current is None:
        return ()
    empty = [name for name, count in built.tables.items() if not count.accepted and name not in without]
    return tuple(sorted(name for name in empty if _has_rows(current.path / f"{name}.parquet")))


def _has_rows(path: Path) -> bool:
    """By the file itself: a damaged manifest must not let a table go. A damaged table counts as one with rows."""
    try:
        return bool(pq.read_metadata(path).num_rows)
    except FileNotFoundError:
        return False
    except (OSError, pa.ArrowException):
        return True
