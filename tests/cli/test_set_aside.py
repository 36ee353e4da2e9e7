"""What is told of the rows that a load set aside: where they stand and which rule, and no value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from expectations.page import render_page
from governance.cli import app
from governance.cli.set_aside import MOST_SHOWN, columns_at_fault
from governance.warehouse.expectation_report import ExpectationReport
from tests.oracle.csv_district import write_csv_district
from tests.spec.small_district import SMALL_DISTRICT

VALUE = "Zanzibar"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    report = ExpectationReport((), render_page((), ()))
    monkeypatch.setattr("governance.cli.data.expect", lambda _: report)
    write_csv_district(tmp_path / "sources", SMALL_DISTRICT)
    return tmp_path


def dbims(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--state", str(folder / "state")])
    assert result.exit_code == 0, result.output
    return result.output


def spoil_schools(folder: Path, count: int) -> int:
    """Add schools of a level that does not exist; the line of the first."""
    file = folder / "sources" / "school.csv"
    before = file.read_text().count("\n")
    with file.open("a") as text:
        text.writelines(f"bad{n},bad{n},Bad,{VALUE}\n" for n in range(count))
    return before + 1


def test_a_load_and_a_check_say_where_the_rows_stand_that_were_set_aside(folder: Path) -> None:
    line = spoil_schools(folder, 1)
    place = f"school.csv, line {line}: school_level: unknown code"
    loaded, checked = dbims(folder, "load", str(folder / "sources")), dbims(folder, "check")
    as_json = json.loads(dbims(folder, "check", "--json", "--html", str(folder / "page.html")))
    page = (folder / "page.html").read_text()
    for told in (loaded, checked, page):
        assert place in told
        assert "quarantine.parquet" in told
        assert VALUE not in told
    assert "1 row was set aside" in page
    assert "This snapshot is current" in page
    assert "promoted" not in page
    assert (as_json["set_aside"]["rows"], as_json["set_aside"]["first"][0]["line"]) == (1, line)


def test_of_many_rows_the_first_are_shown(folder: Path) -> None:
    spoil_schools(folder, MOST_SHOWN + 5)
    told = dbims(folder, "load", str(folder / "sources"))
    assert told.count("school.csv, line") == MOST_SHOWN
    assert f"the first {MOST_SHOWN} of {MOST_SHOWN + 5}" in told


def test_columns_that_the_catalog_does_not_know_are_named_if_they_look_like_names(folder: Path) -> None:
    spoil_schools(folder, MOST_SHOWN)
    lines = (folder / "sources" / "staff.csv").read_text().splitlines()
    spoiled = [f"{lines[0]},colour,Ada Quillfeather", *(f"{line},," for line in lines[1:])]
    (folder / "sources" / "staff.csv").write_text("\n".join(spoiled) + "\n")
    told = dbims(folder, "load", str(folder / "sources"))
    assert "staff/unknown column: 2 (colour)" in told
    assert "Quillfeather" not in told


@pytest.mark.parametrize(
    ("reason", "columns"),
    [
        ("first_name: missing value; sex: unknown code", ("first_name", "sex")),
        ("missing: staff_key, begin_date", ("staff_key", "begin_date")),
        ("colour: the catalog has no such column", ("colour",)),
        ("Ada Quillfeather: the catalog has no such column", ()),
        (f"{'a' * 41}: the catalog has no such column", ()),
        ("the primary key repeats an earlier row of the same source", ()),
    ],
)
def test_only_what_looks_like_a_name_of_a_column_is_told(reason: str, columns: tuple[str, ...]) -> None:
    assert columns_at_fault(reason) == columns
