"""From text to tables: each rule, the accounting, the keys; and a slow, obvious oracle over random defects."""

from __future__ import annotations

import datetime
import itertools
import tempfile
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_district import FILES, all_pass, keys_of, load_files, quarantine, rows, rules, write_files

from governance.catalog import Catalog, ColumnType, load_catalog
from governance.warehouse.build import Rooms, build_tables
from governance.warehouse.errors import BuildError
from governance.warehouse.keys import draw_keys
from governance.warehouse.layout import sort_columns
from governance.warehouse.load import load
from governance.warehouse.snapshot import Warehouse
from governance.warehouse.sources.protocol import Place
from governance.warehouse.staging import Staging

STUDENT = FILES["student"]
ENROLLMENT = FILES["enrollment"]
PARQUET = {
    ColumnType.KEY: "BIGINT",
    ColumnType.TEXT: "VARCHAR",
    ColumnType.CODE: "VARCHAR",
    ColumnType.INTEGER: "INTEGER",
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.DATE: "DATE",
    ColumnType.BOOLEAN: "BOOLEAN",
}


def test_a_good_district_is_accepted_whole(tmp_path: Path) -> None:
    report = load_files(tmp_path)
    assert quarantine(report.snapshot) == []
    assert rows(report.snapshot, "student", "student_id, birth_date, sex") == [
        ("900001", datetime.date(2010, 1, 2), "Female"),
        ("900002", datetime.date(2010, 2, 3), "Male"),
        ("900003", datetime.date(2010, 3, 4), None),
    ]
    assert rows(report.snapshot, "enrollment", "grade_level, is_primary") == [("08", True), *[("09", True)] * 3]


def test_every_table_is_there_with_its_columns_and_types(tmp_path: Path) -> None:
    snapshot = load_files(tmp_path).snapshot
    for table in load_catalog().tables.values():
        described = duckdb.sql(f"DESCRIBE SELECT * FROM read_parquet('{snapshot.table_path(table.name)}')").fetchall()
        assert [(row[0], row[1]) for row in described] == [
            (column.name, PARQUET[column.type]) for column in table.columns
        ]


@pytest.mark.parametrize(
    ("row", "rule", "column"),
    [
        ("s9,9,,Zanzibar,2010-01-01,F", "missing value", "first_name"),
        ("s9,9,  ,Zanzibar,2010-01-01,F", "missing value", "first_name"),
        (",9,X,Zanzibar,2010-01-01,F", "missing value", "student_key"),
        ("s9,9,X,Zanzibar,,F", "missing value", "birth_date"),
        ("s9,9,X,Zanzibar,2010-02-30,F", "wrong type", "birth_date"),
        ("s9,9,X,Zanzibar,01/02/2010,F", "wrong type", "birth_date"),
        ("s9,9,X,Zanzibar,epoch,F", "wrong type", "birth_date"),
        ("s9,9,X,Zanzibar,2010-01-01,Q", "unknown code", "sex"),
    ],
)
def test_a_bad_value_is_quarantined_with_its_place(tmp_path: Path, row: str, rule: str, column: str) -> None:
    snapshot = load_files(tmp_path, student=STUDENT + row + "\n").snapshot
    assert quarantine(snapshot) == [("student", "student.csv", 5, rule, f"{column}: {rule}")]
    assert len(rows(snapshot, "student")) == 3


@pytest.mark.parametrize("year", ["2026.5", "1e3", "2_026", "99999999999", "next"])
def test_integers_are_plain(tmp_path: Path, year: str) -> None:
    content = ENROLLMENT + f"s1,B,{year},9,2025-09-09,,true\n"
    assert rules(load_files(tmp_path, enrollment=content).snapshot, "enrollment") == [(6, "wrong type")]


@pytest.mark.parametrize(
    ("number", "good"), [("0.5", True), (".5", True), ("1e-1", True), ("NaN", False), ("1e999", False)]
)
def test_numbers_are_finite(tmp_path: Path, number: str, good: bool) -> None:
    content = f"course_key,course_code,course_title,credits\nc,c,Algebra,{number}\n"
    assert len(rows(load_files(tmp_path, course=content).snapshot, "course")) == good


def test_a_reason_names_every_column_at_fault_and_no_value(tmp_path: Path) -> None:
    bad = "s9,9,,Zanzibar,someday,Zebra\n"
    snapshot = load_files(tmp_path, student=STUDENT + bad).snapshot
    [(_, _, _, rule, reason)] = quarantine(snapshot)
    assert rule == "missing value"
    assert reason == "first_name: missing value; birth_date: wrong type; sex: unknown code"


def test_a_reference_to_a_row_that_was_not_accepted_dangles(tmp_path: Path) -> None:
    broken = STUDENT.replace("2010-02-03", "2010-02-33")
    snapshot = load_files(tmp_path, student=broken).snapshot
    assert rules(snapshot, "student") == [(3, "wrong type")]
    assert rules(snapshot, "enrollment") == [(3, "dangling reference"), (4, "dangling reference")]


def test_references_cascade_through_registers(tmp_path: Path) -> None:
    """A bad school takes its sections, and these the places in them."""
    snapshot = load_files(
        tmp_path,
        school=FILES["school"].replace("Alpha School", ""),
        course="course_key,course_code,course_title\nc,c,Algebra\n",
        section=(
            "section_key,section_id,course_key,school_key,school_year,begin_date,end_date\n"
            "x,x,c,A,2026,2025-08-28,2026-06-10\ny,y,c,B,2026,2025-08-28,2026-06-10\n"
        ),
        section_enrollment=(
            "student_key,section_key,school_year,begin_date\ns1,x,2026,2025-08-28\ns1,y,2026,2025-08-28\n"
        ),
    ).snapshot
    assert rules(snapshot, "section") == [(2, "dangling reference")]
    assert rules(snapshot, "section_enrollment") == [(2, "dangling reference")]
    assert len(rows(snapshot, "section_enrollment")) == 1


def test_the_first_of_a_source_stays(tmp_path: Path) -> None:
    snapshot = load_files(tmp_path, student=STUDENT + "s1,900001,Second,Zanzibar,2011-01-01,F\n" * 2).snapshot
    assert rules(snapshot, "student") == [(5, "duplicate"), (6, "duplicate")]
    assert ("Ada",) in rows(snapshot, "student", "first_name")


def test_a_row_set_aside_for_another_reason_takes_no_key(tmp_path: Path) -> None:
    bad_first = STUDENT.replace("s1,900001,Ada", "s1,900001,") + "s1,900001,Ada,Quillfeather,2010-01-02,F\n"
    snapshot = load_files(tmp_path, student=bad_first).snapshot
    assert rules(snapshot, "student") == [(2, "missing value")]


def test_blank_parts_of_a_primary_key_are_equal(tmp_path: Path) -> None:
    header = "student_key,school_key,school_year,attendance_date,attendance_event\n"
    snapshot = load_files(tmp_path, attendance=header + "s1,A,2026,2025-09-01,Tardy\n" * 2).snapshot
    assert rules(snapshot, "attendance") == [(3, "duplicate")]


def test_the_later_source_wins(tmp_path: Path) -> None:
    first = write_files(tmp_path / "first")
    second = tmp_path / "second"
    second.mkdir()
    line = "s1,900001,{},Quillfeather,2010-01-02,F\n"
    (second / "student.csv").write_text(STUDENT.splitlines()[0] + "\n" + line.format("New") + line.format("Newer"))
    snapshot = load(Warehouse(tmp_path / "w"), [first, second], expectations=all_pass).snapshot
    assert sorted(rules(snapshot, "student")) == [(2, "superseded by a later source"), (3, "duplicate")]
    assert ("New",) in rows(snapshot, "student", "first_name")
    assert quarantine(snapshot, "enrollment") == []


def test_tables_are_sorted_for_their_readers(tmp_path: Path) -> None:
    report = load_files(tmp_path)
    for table in load_catalog().tables.values():
        found = pq.read_table(report.snapshot.table_path(table.name)).select(sort_columns(table)).to_pylist()
        order = [tuple((value is None, value) for value in row.values()) for row in found]
        assert order == sorted(order)


def test_a_lost_row_fails_the_load(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="accounted"):
        staging = Staging(tmp_path / "staging", load_catalog())
        staging.put("school", Place("f", 2), {"school_key": "A", "school_id": "A", "school_name": "Alpha"})
        staging.close()
        (tmp_path / "tables").mkdir()
        staging._files["school"].rows += 1
        build_tables(load_catalog(), staging, Rooms(tmp_path / "tables", tmp_path / "keys.parquet", tmp_path))


def test_rows_put_one_by_one_and_unknown_ones(tmp_path: Path) -> None:
    staging = Staging(tmp_path, load_catalog())
    for _ in range(2):
        staging.put("school", Place("f", 2), {"school_key": "A", "color": "red"})
    staging.put("scool", Place("f", 3), {})
    staging.close()
    rejected = pq.read_table(staging.rejects).select(["table", "line", "rule"]).to_pylist()
    assert rejected == [
        {"table": "school", "line": 2, "rule": "unknown column"},
        {"table": "scool", "line": 3, "rule": "unknown table"},
    ]
    assert pq.read_table(staging.path("school"))["_row"].to_pylist() == [0, 1]


# --- keys


def test_keys_are_stable_across_loads_and_new_for_the_new(tmp_path: Path) -> None:
    load_files(tmp_path)
    before = keys_of(tmp_path / "warehouse")
    changed = STUDENT.replace("Quillfeather", "Married") + "s4,900004,Dee,Newcomer,2010-05-05,F\n"
    snapshot = load_files(tmp_path, student=changed).snapshot
    after = keys_of(tmp_path / "warehouse")
    assert before.items() <= after.items()
    assert after.keys() - before.keys() == {("student", "s4")}
    assert set(rows(snapshot, "student", "student_key")) == {(after["student", f"s{n}"],) for n in (1, 2, 3, 4)}


def test_keys_cannot_be_derived_from_what_they_stand_for(tmp_path: Path) -> None:
    """The same files in another warehouse give other keys, all of them, in no telling order."""
    many = STUDENT.splitlines()[0] + "\n" + "".join(f"t{n:03},{n},X,Y,2010-01-01,F\n" for n in range(200))
    load_files(tmp_path / "one", student=many, enrollment=ENROLLMENT.splitlines()[0] + "\n")
    load_files(tmp_path / "two", student=many, enrollment=ENROLLMENT.splitlines()[0] + "\n")
    one, two = keys_of(tmp_path / "one" / "warehouse"), keys_of(tmp_path / "two" / "warehouse")
    assert one.keys() == two.keys()
    assert not set(one.values()) & set(two.values())
    in_order = [one["student", f"t{n:03}"] for n in range(200)]
    rising = sum(a < b for a, b in itertools.pairwise(in_order))
    assert 60 < rising < 140


def test_keys_are_unique_positive_and_wide() -> None:
    keys = draw_keys(50_000, np.empty(0, dtype=np.int64))
    assert len(np.unique(keys)) == 50_000
    assert keys.min() > 0
    assert 2**61 < keys.max() < 2**62
    assert len(draw_keys(0, keys)) == 0


# --- the oracle

SPELLED = {
    "school_key": ["A", "B", "C", " A ", ""],
    "school_id": ["A", "B", ""],
    "school_name": ["Alpha", "Beta", "Beta ", ""],
    "school_level": ["High", "high", "junk", ""],
    "student_key": ["s1", "s2", "s3", ""],
    "student_id": ["1", "2", ""],
    "first_name": ["Ada", "Ben"],
    "last_name": ["Q", "\t"],
    "birth_date": ["2010-01-01", "2010-02-30", "x", ""],
    "sex": ["F", "male", "?", ""],
    "school_year": ["2026", " 2026", "2026.0", ""],
    "grade_level": ["9", "09", "KG", "77"],
    "entry_date": ["2025-08-28", "2025-09-01", "20250901"],
    "exit_date": ["", "2026-06-10", "open"],
    "is_primary": ["true", "0", "yes", ""],
}
TABLES = {
    "school": ["school_key", "school_id", "school_name", "school_level"],
    "student": ["student_key", "student_id", "first_name", "last_name", "birth_date", "sex"],
    "enrollment": ["student_key", "school_key", "school_year", "grade_level", "entry_date", "exit_date", "is_primary"],
}
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def small_source() -> st.SearchStrategy[dict[str, list[dict[str, str]]]]:
    """Mostly good values (the first of each list), some bad ones."""
    tables = {
        name: st.lists(
            st.fixed_dictionaries(
                {column: st.one_of(st.just(SPELLED[column][0]), st.sampled_from(SPELLED[column])) for column in columns}
            ),
            max_size=6,
        )
        for name, columns in TABLES.items()
    }
    return st.fixed_dictionaries(tables)


class Oracle:
    """One row after the other, in plain words."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.accepted: dict[str, set[str]] = {}

    def judge(self, table: str, staged: list[tuple[int, int, dict[str, str]]]) -> Counter[tuple[int, int, str]]:
        """(source, line, verdict) of each row, where a verdict is a rule or "accepted"."""
        verdicts: dict[int, str] = {}
        good: dict[int, tuple[object, ...]] = {}
        for number, (_, _, row) in enumerate(staged):
            rule, key = self.read(table, row)
            if rule:
                verdicts[number] = rule
            else:
                good[number] = key
        for number, key in good.items():
            source = staged[number][0]
            same = [other for other in good if good[other] == key]
            if any(other < number and staged[other][0] == source for other in same):
                verdicts[number] = "duplicate"
            elif any(staged[other][0] > source for other in same):
                verdicts[number] = "superseded by a later source"
            else:
                verdicts[number] = "accepted"
                self.accepted.setdefault(table, set()).add(str(key[0]))
        return Counter((staged[number][0], staged[number][1], verdict) for number, verdict in verdicts.items())

    def read(self, table: str, row: dict[str, str]) -> tuple[str | None, tuple[object, ...]]:
        declared = self.catalog.tables[table]
        found: set[str] = set()
        values: dict[str, object] = {}
        for column in declared.columns:
            text = row.get(column.name, "").strip(" \t\r\n")
            if not text:
                values[column.name] = None
                if column.required:
                    found.add("missing value")
                continue
            try:
                values[column.name] = self.value(table, column.name, text)
            except KeyError:
                found.add("unknown code")
            except LookupError:
                found.add("dangling reference")
            except ValueError:
                found.add("wrong type")
        for rule in ("missing value", "wrong type", "unknown code", "dangling reference"):
            if rule in found:
                return rule, ()
        return None, tuple(values[name] for name in declared.key)

    def value(self, table: str, name: str, text: str) -> object:
        column = self.catalog.tables[table].column(name)
        if column.type is ColumnType.KEY:
            if self.catalog.tables[table].owns != column.entity and text not in self.accepted.get(column.entity, ()):
                raise IndexError
            return text
        if column.type is ColumnType.CODE:
            return self.catalog.code_sets[column.codes].spellings()[text.casefold()]
        if column.type is ColumnType.DATE:
            return datetime.date.fromisoformat(text) if len(text) == 10 else int("no date")
        if column.type is ColumnType.INTEGER:
            return int(text)
        if column.type is ColumnType.BOOLEAN:
            return BOOLEANS[text.lower()] if text.lower() in BOOLEANS else int("no boolean")
        return text


def verdicts_of(tables: Path, table: str, sources: int) -> tuple[Counter[tuple[int, int, str]], int]:
    """What the build set aside, by the source in the file's name; and how many rows it accepted."""
    set_aside = duckdb.sql(
        f"""SELECT file, line, rule FROM read_parquet('{tables}/quarantine.parquet') WHERE "table" = '{table}'"""
    ).fetchall()
    accepted = pq.read_metadata(tables / f"{table}.parquet").num_rows
    return Counter((int(file), line, rule) for file, line, rule in set_aside), accepted


@settings(max_examples=25, deadline=None)
@given(st.lists(small_source(), min_size=1, max_size=3))
def test_the_build_agrees_with_the_oracle(sources: list[dict[str, list[dict[str, str]]]]) -> None:
    catalog = load_catalog()
    small = Catalog({name: catalog.tables[name] for name in TABLES}, catalog.code_sets, catalog.hierarchies)
    oracle = Oracle(small)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        staging = Staging(here / "staging", small)
        for number, source in enumerate(sources):
            staging.begin(number)
            for table, found in source.items():
                for line, row in enumerate(found, 2):
                    staging.put(table, Place(str(number), line), row)
        staging.close()
        tables = here / "tables"
        tables.mkdir()
        build_tables(small, staging, Rooms(tables, here / "keys.parquet", here))
        for table in TABLES:
            staged = [
                (number, line, row)
                for number, source in enumerate(sources)
                for line, row in enumerate(source[table], 2)
            ]
            expected = oracle.judge(table, staged)
            set_aside, accepted = verdicts_of(tables, table, len(sources))
            assert set_aside == Counter({key: n for key, n in expected.items() if key[2] != "accepted"})
            assert accepted == sum(n for key, n in expected.items() if key[2] == "accepted")
