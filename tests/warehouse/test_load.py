"""A load as a whole: what stops it, what it leaves, and that readers see nothing of a failed one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_district import FILES, all_pass, load_files, rows, rules, write_files

from governance.catalog import Severity
from governance.warehouse.errors import BuildError, ExpectationsFailed
from governance.warehouse.expectation_report import ExpectationReport, ExpectationResult
from governance.warehouse.load import load
from governance.warehouse.load_emptied import TablesEmptied
from governance.warehouse.snapshot import Snapshot, Warehouse
from governance.warehouse.sources import SourceError


def report_of(*failed: Severity) -> ExpectationReport:
    return ExpectationReport(
        tuple(
            ExpectationResult("student", f"rule {n}", severity, False, 1, 3, "") for n, severity in enumerate(failed)
        ),
        "<p>report</p>",
    )


def warehouse_state(folder: Path) -> dict[str, bytes]:
    kept = [path for path in folder.rglob("*") if path.is_file() and "failed" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def test_a_warning_does_not_stop(tmp_path: Path) -> None:
    source = write_files(tmp_path / "source")
    report = load(Warehouse(tmp_path / "w"), [source], expectations=lambda _: report_of(Severity.WARN))
    assert report.snapshot.manifest["expectations"] == {"passed": 0, "warn": 1, "stop": 0}
    assert (report.snapshot.path / "expectations.html").read_text() == "<p>report</p>"


def test_a_stop_promotes_nothing_and_says_which_rules(tmp_path: Path) -> None:
    load_files(tmp_path)
    warehouse = Warehouse(tmp_path / "warehouse")
    before = warehouse_state(warehouse.folder)
    with pytest.raises(ExpectationsFailed, match="student: rule 1") as raised:
        load(
            warehouse,
            [tmp_path / "source"],
            expectations=lambda _: report_of(Severity.WARN, Severity.STOP),
        )
    assert raised.value.rules == ("student: rule 1",)
    assert warehouse_state(warehouse.folder) == before
    kept = {path.name for path in raised.value.kept.iterdir()}
    assert kept == {"manifest.json", "quarantine.parquet", "expectations.json", "expectations.html"}
    assert json.loads((raised.value.kept / "expectations.json").read_text())["stops"] is True


def test_expectations_see_the_candidate(tmp_path: Path) -> None:
    seen: list[int] = []

    def look(candidate: Snapshot) -> ExpectationReport:
        seen.append(len(rows(candidate, "student")))
        assert candidate.manifest["tables"]["student"]["rows"] == 3
        return all_pass(candidate)

    load(Warehouse(tmp_path / "w"), [write_files(tmp_path / "source")], expectations=look)
    assert seen == [3]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"first_name\nZanzibar\n"])
def test_an_unreadable_source_leaves_everything_as_it_was(tmp_path: Path, content: bytes) -> None:
    load_files(tmp_path)
    warehouse = tmp_path / "warehouse"
    before = warehouse_state(warehouse)
    with pytest.raises(SourceError, match=r"student\.csv") as raised:
        load_files(tmp_path, student=content)
    assert "Zanzibar" not in str(raised.value)
    assert warehouse_state(warehouse) == before
    assert not list((warehouse / "scratch").iterdir())


def test_an_error_in_the_expectations_leaves_everything_as_it_was(tmp_path: Path) -> None:
    load_files(tmp_path)
    before = warehouse_state(tmp_path / "warehouse")

    def broken(candidate: Snapshot) -> ExpectationReport:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        load(Warehouse(tmp_path / "warehouse"), [tmp_path / "source"], expectations=broken)
    assert warehouse_state(tmp_path / "warehouse") == before


@pytest.mark.parametrize("paths", [[], ["headers"]])
def test_a_load_of_nothing_is_refused(tmp_path: Path, paths: list[str]) -> None:
    headers = {name: text.splitlines()[0] + "\n" for name, text in FILES.items()}
    write_files(tmp_path / "headers", **headers)
    with pytest.raises(SourceError, match="not one row"):
        load(Warehouse(tmp_path / "w"), [tmp_path / path for path in paths], expectations=all_pass)


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    changes = {"student": FILES["student"] + "s9,9,,,x,Q\ns1,1,A,B,2010-01-01,F\nshort\n"}
    report = load_files(tmp_path, **changes)
    count = report.build.tables["student"]
    assert (count.staged, count.accepted, count.quarantined) == (5, 3, 2)
    assert rules(report.snapshot, "student") == [(5, "missing value"), (6, "duplicate"), (7, "unreadable")]
    assert sum(report.build.quarantine.values()) == 3
    assert report.snapshot.manifest["quarantine"] == report.build.quarantine


def test_no_value_reaches_the_message_of_a_failed_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> str:
        return "SELECT CAST('Zanzibar' AS INTEGER)"

    monkeypatch.setattr("governance.warehouse.build.reading_query", fail)
    with pytest.raises(BuildError) as raised:
        load_files(tmp_path)
    assert "Zanzibar" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_a_load_keeps_to_its_memory(tmp_path: Path) -> None:
    """More rows than the limit could hold: the rest goes to the scratch folder."""
    lines = "".join(
        f"s{n % 3 + 1},A,2026,{1900 + n // 300}-{n // 25 % 12 + 1:02}-{n % 25 + 1:02},Tardy\n" for n in range(100_000)
    )
    header = "student_key,school_key,school_year,attendance_date,attendance_event\n"
    source = write_files(tmp_path / "source", attendance=header + lines)
    report = load(Warehouse(tmp_path / "w"), [source], expectations=all_pass, memory_limit="128MB")
    count = report.build.tables["attendance"]
    assert count.staged == 100_000 == count.accepted + count.quarantined


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    load(Warehouse(tmp_path / "w"), [write_files(tmp_path / "source")], expectations=all_pass, progress=told.append)
    assert told[0] == "source"
    assert told[-2:] == ["expectations", "promotion"]


def load_students_only(tmp_path: Path, *without: str) -> Snapshot:
    source = tmp_path / "source" / "student.csv"
    return load(Warehouse(tmp_path / "warehouse"), [source], without=without, expectations=all_pass).snapshot


def test_a_load_of_one_file_does_not_replace_the_district(tmp_path: Path) -> None:
    load_files(tmp_path)
    before = warehouse_state(tmp_path / "warehouse")
    for without in ((), ("section",)):
        with pytest.raises(TablesEmptied, match=r"enrollment, school\. .*--without") as raised:
            load_students_only(tmp_path, *without)
        assert raised.value.tables == ("enrollment", "school")
    with pytest.raises(TablesEmptied) as raised:
        load_students_only(tmp_path, "school")
    assert raised.value.tables == ("enrollment",)
    assert {path.name for path in raised.value.kept.iterdir()} == {"manifest.json", "quarantine.parquet"}
    assert warehouse_state(tmp_path / "warehouse") == before


def test_a_table_may_be_emptied_by_name(tmp_path: Path) -> None:
    load_files(tmp_path)
    snapshot = load_students_only(tmp_path, "enrollment", "school")
    assert snapshot.manifest["tables"]["enrollment"]["rows"] == 0
    assert load_students_only(tmp_path).manifest["tables"]["student"]["rows"] == 3


def test_a_table_of_which_every_row_is_set_aside_counts_as_emptied(tmp_path: Path) -> None:
    load_files(tmp_path)
    with pytest.raises(TablesEmptied) as raised:
        load_files(tmp_path, enrollment=FILES["enrollment"].replace("2026,", "x,"))
    assert raised.value.tables == ("enrollment",)


def test_a_damaged_current_snapshot_lets_no_table_go_unasked(tmp_path: Path) -> None:
    current = load_files(tmp_path).snapshot
    (current.path / "manifest.json").unlink()
    (current.path / "school.parquet").write_bytes(b"damaged")
    with pytest.raises(TablesEmptied) as raised:
        load_students_only(tmp_path)
    assert raised.value.tables == ("enrollment", "school")
    assert load_files(tmp_path).snapshot.id > current.id
