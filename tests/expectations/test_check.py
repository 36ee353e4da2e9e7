"""A check as a whole: what it says of a folder, what it never says, and what it leaves alone."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy

import expectations
from expectations import check
from expectations.page import render_page
from expectations.rules import all_rules
from expectations.validation import _opened, validate
from governance.catalog import Severity, load_catalog
from governance.warehouse.errors import LoadError
from tests.expectations.rule_examples import BREAKING, one
from tests.expectations.small_snapshot import FIRST, LAST, edited, write_snapshot

CATALOG = load_catalog()
TABLES = tuple(CATALOG.tables)
RULES = all_rules(CATALOG)
# What identifies people in the small snapshot: names, and the sources' numbers.
VALUES = (FIRST, LAST, "7730011", "7730012", "8840011", "5550041", "6660041", "NoSuchCode", "2015")


def test_a_kept_snapshot_is_promotable_and_the_check_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    here, scratch = tmp_path / "here", tmp_path / "scratch"
    here.mkdir()
    scratch.mkdir()
    monkeypatch.chdir(here)
    report = check(write_snapshot(tmp_path / "snapshot"), CATALOG, scratch)
    assert (report.stops, report.failed, len(report.results)) == (False, (), len(RULES))
    assert list(here.iterdir()) == list(scratch.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_what_does_not_fit_in_memory_goes_to_the_scratch_folder_and_nowhere_else(tmp_path: Path) -> None:
    with _opened(write_snapshot(tmp_path), TABLES, tmp_path) as url:
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            spill = connection.exec_driver_sql("SELECT current_setting('temp_directory')").scalar_one()
        engine.dispose()
    assert Path(spill).parent == tmp_path
    assert not Path(spill).exists()


def test_a_check_that_is_ended_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expectations, "validate_here", _end)
    with pytest.raises(LoadError, match="want of memory"):
        check(write_snapshot(tmp_path), CATALOG, tmp_path)


def _end(*_: object) -> None:
    os._exit(9)


def test_a_warning_does_not_stop_and_a_broken_key_does(tmp_path: Path) -> None:
    rules = tuple(rule for rule in RULES if rule.table == "grade")
    warned = validate(write_snapshot(tmp_path, edited(one("grade", numeric_grade=101.0))), TABLES, rules, tmp_path)
    assert [(result.rule, result.severity) for result in warned if not result.passed] == [
        ("numeric_grade_from_0_to_100", Severity.WARN)
    ]
    stopped = validate(write_snapshot(tmp_path, edited(one("grade", student_key=999))), TABLES, rules, tmp_path)
    assert ("student_key_reference", Severity.STOP) in [
        (result.rule, result.severity) for result in stopped if not result.passed
    ]


def test_a_report_of_everything_broken_holds_no_value_of_the_data(tmp_path: Path) -> None:
    changes = [change for changes in BREAKING.values() for change in changes]
    folder = write_snapshot(tmp_path, edited((*changes, *one("student", sex="NoSuchCode"))))
    results = tuple(validate(folder, TABLES, RULES, tmp_path))
    words = render_page(results, RULES) + json.dumps([str(result) for result in results])
    assert sum(not result.passed for result in results) > len(BREAKING) / 2
    assert [value for value in VALUES if value in words] == []


def test_a_missing_table_or_column_or_another_type_stops(tmp_path: Path) -> None:
    folder = write_snapshot(tmp_path)
    (folder / "grade.parquet").unlink()
    _rewrite(folder / "caseload.parquet", lambda table: table.drop_columns(["end_date"]))
    _rewrite(folder / "school.parquet", lambda table: table.set_column(0, "school_key", [[True, False]]))
    rules = tuple(rule for rule in RULES if rule.table in {"grade", "caseload", "school"})
    broken = {
        f"{result.table}.{result.rule}": result
        for result in validate(folder, TABLES, rules, tmp_path)
        if not result.passed
    }
    for table in ("grade", "caseload", "school"):
        assert broken[f"{table}.declared_columns"].severity is Severity.STOP
    assert broken["grade.numeric_grade_from_0_to_100"].severity is Severity.STOP
    assert broken["caseload.period_in_order"].description.startswith("Could not be checked.")


def _rewrite(path: Path, change) -> None:  # type: ignore[no-untyped-def]
    pq.write_table(change(pq.read_table(path)), path)


def test_no_network_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    rules = tuple(rule for rule in RULES if rule.table == "school")
    assert all(result.passed for result in validate(write_snapshot(tmp_path), TABLES, rules, tmp_path))


def test_the_page_needs_nothing_else_and_shows_what_is_broken_first(tmp_path: Path) -> None:
    rules = tuple(rule for rule in RULES if rule.table in {"grade", "school"})
    changes = one("grade", numeric_grade=101.0, student_key=999)
    results = tuple(validate(write_snapshot(tmp_path, edited(changes)), TABLES, rules, tmp_path))
    page = render_page(results, rules)
    assert re.findall(r"https?:|src=|href=|url\(|@import|<script", page) == []
    assert "must not be promoted" in page
    assert page.index("student key reference") < page.index("numeric grade from 0 to 100")
    assert page.index("numeric grade from 0 to 100") < page.index("Every rule, by table")
    for result in results:
        assert result.passed or result.description in page


@pytest.mark.parametrize("module", ["governance.gateway", "governance.warehouse", "governance.cli", "expectations"])
def test_great_expectations_is_imported_by_a_check_alone(module: str) -> None:
    program = f"import sys, {module}; sys.exit('great_expectations' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
