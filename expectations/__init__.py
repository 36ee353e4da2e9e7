"""What a snapshot must keep to be promoted: Great Expectations suites, one per table, and rules across tables."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from expectations.page import render_page
from expectations.rules import all_rules
from expectations.separate import validate_here
from governance.catalog import Catalog
from governance.warehouse.errors import LoadError
from governance.warehouse.expectation_report import ExpectationReport

__all__ = ["check"]


def check(folder: Path, catalog: Catalog, scratch: Path) -> ExpectationReport:
    """What every rule says of the Parquet files (TABLE.parquet) in `folder`: counts, never a value.

    `scratch`: a folder of the district's for what does not fit in memory.

    Runs in a process of its own, which gives back what Great Expectations takes: hundreds of megabytes.
    """
    rules = all_rules(catalog)
    try:
        with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
            results = tuple(process.submit(validate_here, folder, tuple(catalog.tables), rules, scratch).result())
    except BrokenProcessPool:
        raise LoadError(
            "The process that checks the expectations was ended, perhaps for want of memory. Free some and try again."
        ) from None
    return ExpectationReport(results, render_page(results, rules))
