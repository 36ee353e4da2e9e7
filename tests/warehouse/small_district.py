"""A district of a few rows as the catalog's CSV, and what tests ask of a load of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from governance.warehouse.expectation_report import ExpectationReport
from governance.warehouse.load import LoadReport, load
from governance.warehouse.snapshot import Snapshot, Warehouse

FILES = {
    "school": "school_key,school_id,school_name,school_level\nA,A,Alpha School,High\nB,B,Beta School,Middle\n",
    "student": (
        "student_key,student_id,first_name,last_name,birth_date,sex\n"
        "s1,900001,Ada,Quillfeather,2010-01-02,F\n"
        "s2,900002,Ben,Brandywine,2010-02-03,Male\n"
        "s3,900003,Cleo,Marchbanks,2010-03-04,\n"
    ),
    "enrollment": (
        "student_key,school_key,school_year,grade_level,entry_date,exit_date,is_primary\n"
        "s1,A,2026,9,2025-08-28,,true\n"
        "s2,A,2026,9,2025-08-28,2025-12-01,true\n"
        "s2,B,2026,9,2025-12-02,,TRUE\n"
        "s3,B,2026,8,2025-08-28,,1\n"
    ),
}


def all_pass(candidate: Snapshot) -> ExpectationReport:
    return ExpectationReport((), "<p>all pass</p>")


def write_files(folder: Path, **changes: str | bytes) -> Path:
    """The district's files, some of them replaced or added."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {**FILES, **changes}.items():
        (folder / f"{name}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def load_files(tmp_path: Path, **changes: str | bytes) -> LoadReport:
    source = write_files(tmp_path / "source", **changes)
    return load(Warehouse(tmp_path / "warehouse"), [source], expectations=all_pass)


def rows(snapshot: Snapshot, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    path = snapshot.table_path(table)
    return duckdb.sql(f"SELECT {columns} FROM read_parquet('{path}') ORDER BY ALL").fetchall()


def quarantine(snapshot: Snapshot, table: str | None = None) -> list[tuple[str, str, int, str, str]]:
    path = snapshot.path / "quarantine.parquet"
    found = duckdb.sql(f"""SELECT * FROM read_parquet('{path}') ORDER BY ALL""").fetchall()
    return [row for row in found if table in (None, row[0])]


def rules(snapshot: Snapshot, table: str) -> list[tuple[int, str]]:
    """Line and rule of each row of the table in quarantine."""
    return [(row[2], row[3]) for row in quarantine(snapshot, table)]


def keys_of(warehouse: Path) -> dict[tuple[str, str], int]:
    path = max((warehouse / "keys").glob("*.parquet"))
    found = duckdb.sql(f"SELECT entity, source_id, key FROM read_parquet('{path}')").fetchall()
    return {(entity, source_id): key for entity, source_id, key in found}
