"""The catalog's CSV: what is read, what is set aside with its record, and what fails with one message."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from small_district import FILES, load_files, quarantine, rows, rules, write_files

from governance.warehouse.sources import SourceError, catalog_csv, find_source
from governance.warehouse.sources.catalog_csv import CatalogCsvSource
from governance.warehouse.sources.protocol import Place, Rule

HEADER = "school_key,school_id,school_name\n"


class Collected:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, str | None]] = {}
        self.rejected: list[tuple[str, int, Rule]] = []

    def put(self, table: str, place: Place, values: object) -> None:
        raise NotImplementedError

    def put_batch(self, table: str, file: str, first_line: int, rows: pa.RecordBatch) -> None:
        for number, row in enumerate(rows.to_pylist(), first_line):
            assert number not in self.rows
            self.rows[number] = row

    def reject(self, table: str, place: Place, rule: Rule, reason: str) -> None:
        self.rejected.append((table, place.line, rule))


def read_school(tmp_path: Path, content: str | bytes) -> Collected:
    path = tmp_path / "school.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    collected = Collected()
    CatalogCsvSource().read(path, collected, path)
    return collected


def test_values_are_text_and_blanks_are_missing(tmp_path: Path) -> None:
    read = read_school(tmp_path, HEADER + '007,"1,5",""\n')
    assert read.rows == {2: {"school_key": "007", "school_id": "1,5", "school_name": None}}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_byte_order_mark_and_quoted_newlines(tmp_path: Path, ends: str, mark: str) -> None:
    content = mark + (HEADER + 'A,A,"Alpha\nSchool"\nB\nC,C,"The ""C"""\n').replace("\n", ends)
    read = read_school(tmp_path, content)
    assert {number: row["school_id"] for number, row in read.rows.items()} == {2: "A", 4: "C"}
    assert read.rows[4]["school_name"] == 'The "C"'
    assert read.rejected == [("school", 3, Rule.UNREADABLE)]


def test_places_are_records_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Malformed records at the beginning, in runs, at a block's edge and at the end shift no other row's place."""
    monkeypatch.setattr(catalog_csv, "BLOCK_BYTES", 64)
    bad = {2, 3, 10, 11, 12, 30, 41, 60, 61}
    lines = ["x" if number in bad else f"K{number},{number},name" for number in range(2, 62)]
    read = read_school(tmp_path, HEADER + "\n".join(lines) + "\n")
    assert {line for _, line, _ in read.rejected} == bad
    assert {number: row["school_id"] for number, row in read.rows.items()} == {
        number: str(number) for number in range(2, 62) if number not in bad
    }


def test_empty_lines_are_not_records(tmp_path: Path) -> None:
    assert sorted(read_school(tmp_path, HEADER + "\nA,A,a\n\n\nB,B,b\n\n").rows) == [2, 3]


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    assert read_school(tmp_path, HEADER).rows == {}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"school_key,school_id\nA,A\n", "school_name"),
        (b"school_key,school_id,school_name,school_id\n", "twice"),
        (HEADER.encode() + b"A,A,Caf\xe9\n", "UTF-8"),
        ((HEADER + "A,A,a\n").encode("utf-16"), "UTF-8"),
        (HEADER.encode() + b'A,A,"Zanzibar\nB,B,b\nC,C,c\n', "line 2"),
        (HEADER.encode() + b'A,A,a\nB,B,"Zanzibar\nC,C,"c"\n', "line 3"),
    ],
)
def test_what_cannot_be_read_at_all_says_so_once(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(SourceError, match=says) as raised:
        read_school(tmp_path, content)
    assert "school.csv" in str(raised.value)
    assert "Zanzibar" not in str(raised.value)


def test_a_mark_inside_an_unquoted_value_is_no_mistake(tmp_path: Path) -> None:
    assert read_school(tmp_path, HEADER + 'A,A,5" School\nB,B,b\n').rows[2]["school_name"] == '5" School'


def test_a_record_longer_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_csv, "BLOCK_BYTES", 64)
    with pytest.raises(SourceError, match="no end"):
        read_school(tmp_path, HEADER + f'A,A,"{"long" * 100}"\n')


def test_unknown_columns_and_tables_are_reported_not_loaded(tmp_path: Path) -> None:
    extra = FILES["school"].replace("school_level", "colour")
    report = load_files(tmp_path, school=extra, notes="a,b\n1,2\n")
    assert quarantine(report.snapshot, "school") == [
        ("school", "school.csv", 1, "unknown column", "colour: the catalog has no such column")
    ]
    assert rules(report.snapshot, "notes") == [(1, "unknown table")]
    assert len(rows(report.snapshot, "school")) == 2


def test_formats_are_found(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "source")
    assert find_source(folder, tmp_path).name == "csv"
    assert find_source(folder / "school.csv", tmp_path).name == "csv"
    (tmp_path / "letter.txt").write_text("Dear Sir")
    for path, name in [(tmp_path / "letter.txt", None), (tmp_path / "nothing", None), (folder, "xls")]:
        with pytest.raises(SourceError):
            find_source(path, tmp_path, name)
