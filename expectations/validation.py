"""Running the rules: one Great Expectations suite per table, over the Parquet files of one folder."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, assert_never

import sqlalchemy

from expectations.duckdb_source import ExpectNoBreakingRows, gx, gxe
from expectations.rule import Between, BreakingRows, NotBlank, OneOf, Rule
from governance.catalog import Severity
from governance.warehouse.expectation_report import ExpectationResult

MEMORY = "1GB"
SOURCE = "snapshot"
ALL_ROWS = "all rows"

# Counts only: neither a value nor a row of the data is ever in a result.
COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}

SEVERITIES = {Severity.STOP: "critical", Severity.WARN: "warning"}


def validate(folder: Path, tables: tuple[str, ...], rules: tuple[Rule, ...], scratch: Path) -> list[ExpectationResult]:
    """The result of each rule on the Parquet files of `tables` in `folder`, table by table.

    What the engine cannot hold in memory goes to the folder `scratch`: it is rows of persons.
    """
    suites: defaultdict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        suites[rule.table].append(rule)
    with _opened(folder, tables, scratch) as url, _source(url, tuple(suites)) as source:
        return [result for table, suite in suites.items() for result in _run(source, table, suite)]


@contextmanager
def _opened(folder: Path, tables: tuple[str, ...], scratch: Path) -> Iterator[str]:
    """A database in memory, with a view over each file; it is there as long as one connection to it is open."""
    url = f"duckdb:///:memory:expectations-{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(url)
    with TemporaryDirectory(dir=scratch) as spill, engine.connect() as connection:
        connection.exec_driver_sql(f"SET GLOBAL memory_limit = '{MEMORY}'")
        connection.exec_driver_sql(f"SET GLOBAL temp_directory = {_quoted(spill)}")
        for table in tables:
            connection.exec_driver_sql(f'CREATE VIEW "{table}" AS {_rows(folder / f"{table}.parquet")}')
        connection.commit()
        yield url
    engine.dispose()


def _rows(path: Path) -> str:
    # Without its file a table has no column, and its rules say so.
    return f"FROM read_parquet({_quoted(str(path))})" if path.exists() else "SELECT NULL AS missing WHERE false"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def _source(url: str, tables: tuple[str, ...]) -> Iterator[Any]:
    """The tables as Great Expectations knows them, in a context that keeps nothing and draws nothing."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    # Given together: added one by one, each would write down the whole configuration again.
    assets = [
        {"type": "table", "name": table, "table_name": table, "batch_definitions": [{"name": ALL_ROWS}]}
        for table in tables
    ]
    source = context.data_sources.add_duckdb(SOURCE, connection_string=url, assets=assets)
    try:
        yield source
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()


def _run(source: Any, table: str, rules: list[Rule]) -> Iterator[ExpectationResult]:
    """The suite of one table, run by Great Expectations."""
    batch = source.get_asset(table).get_batch_definition(ALL_ROWS).get_batch()
    suite = gx.ExpectationSuite(table, expectations=[_expectation(rule) for rule in rules])
    answer = batch.validate(suite, result_format=COUNTS_ONLY)
    found = {result.expectation_config.meta["rule"]: result for result in answer.results}
    return (_result(rule, found[rule.id]) for rule in rules)


def _expectation(rule: Rule) -> Any:
    common = {"meta": {"rule": rule.id}, "severity": SEVERITIES[rule.severity], "description": rule.reason}
    match rule.test:
        case NotBlank(column):
            return gxe.ExpectColumnValuesToNotBeNull(column=column, **common)
        case OneOf(column, values):
            return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(values), **common)
        case Between(column, low, high):
            return gxe.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high, **common)
        case BreakingRows(sql):
            return ExpectNoBreakingRows(unexpected_rows_query=sql, **common)
        case unknown:
            assert_never(unknown)


def _result(rule: Rule, found: Any) -> ExpectationResult:
    counts = found.result
    if "unexpected_count" not in counts:
        return _not_checked(rule)
    return ExpectationResult(
        table=rule.table,
        rule=rule.id,
        severity=rule.severity,
        passed=bool(found.success),
        unexpected=counts["unexpected_count"],
        total=counts["element_count"],
        description=rule.reason,
    )


def _not_checked(rule: Rule) -> ExpectationResult:
    """A rule that could not be run, a column being absent for one, is broken: it stops, whatever it is about."""
    return ExpectationResult(rule.table, rule.id, Severity.STOP, False, 0, 0, f"Could not be checked. {rule.reason}")
