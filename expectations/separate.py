"""What the separate process of a check runs. Great Expectations is imported there, and nowhere else."""

from __future__ import annotations

import atexit
import os
import sys
import tempfile
from pathlib import Path

from expectations.rule import Rule
from governance.warehouse.expectation_report import ExpectationResult


def validate_here(
    folder: Path, tables: tuple[str, ...], rules: tuple[Rule, ...], scratch: Path
) -> list[ExpectationResult]:
    """The result of each rule; for a process that ends soon after."""
    # Takes seconds to import, and only a check needs it.
    from expectations.validation import validate

    # Whatever a library puts aside is put aside there too.
    tempfile.tempdir = str(scratch)
    atexit.register(end_quietly)
    return validate(folder, tables, rules, scratch)


def end_quietly() -> None:
    # With duckdb-engine beside it, DuckDB's binding lists objects on stderr while the interpreter is taken down.
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
