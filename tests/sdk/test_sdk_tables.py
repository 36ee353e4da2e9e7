"""Protected tables: three parallel frames, a face, and exports in which what is hidden stays hidden."""

from __future__ import annotations

import copy
import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from html_outline import Outline, hostile
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response
from wire_gateway import PROTECTION, WireGateway, one_column, table_answer

import dbims_sdk as dbims
from dbims_sdk import ProtectedTable

HIDDEN = "Black or African American"


def four_dimensions() -> dict[str, Any]:
    rows = [[school, sex] for school in ("North", "South", "Total") for sex in ("Female", "Male", "Total")]
    columns = [[grade, el] for grade in ("09", "10", "Total") for el in ("No", "Yes", "Total")]
    cells = [[100 * i + j for j in range(9)] for i in range(9)]
    return table_answer(
        rows=["school_name", "sex"],
        columns=["grade_level", "is_english_learner"],
        row_labels=rows,
        column_labels=columns,
        values=cells,
        texts=[[str(cell) for cell in row] for row in cells],
        reasons=[[None] * 9] * 9,
    )


ANSWERS = {"two": table_answer(), "one": one_column(), "four": four_dimensions(), "exact": table_answer(None)}


@pytest.fixture(params=list(ANSWERS), ids=list(ANSWERS))
def table(request: pytest.FixtureRequest) -> ProtectedTable:
    return ProtectedTable.from_wire(ANSWERS[request.param])


# The frames ---------------------------------------------------------------------------------------


def test_three_parallel_frames(session: dbims.Session) -> None:
    table = session.tabulate("enrollment", rows="school_name", columns="race_ethnicity")
    assert table.frame.loc["Total", "White"] == 409 and np.isnan(table.frame.loc["Black Rock School", "Asian"])
    assert set(map(str, table.frame.dtypes)) == {"float64"}
    assert table.frame.index.name == "school_name" and table.frame.columns.name == "race_ethnicity"
    assert table.texts.loc["Black Rock School"].tolist() == ["*", "*", "197", "260"]
    assert table.reasons.loc["Black Rock School"].tolist() == ["primary", "complementary", None, None]
    assert table.frame.attrs["dbims"]["answer_id"] == "a-1"
    assert (table.statistic, table.value, table.unprotected) == ("count", None, False)


def test_one_column_is_named_after_the_statistic() -> None:
    table = ProtectedTable.from_wire(one_column())
    assert list(table.frame.columns) == ["percent"] and table.frame.percent["07"] == 62.5
    assert table.texts.percent.tolist() == ["62.5 %", "≥ 95 %", "*", "N/A", "71 %"]
    assert table.reasons.percent.tolist() == [None, "coded", "primary", None, None]


def test_several_dimensions_are_multi_indexes() -> None:
    frame = ProtectedTable.from_wire(four_dimensions()).frame
    assert frame.index.names == ["school_name", "sex"] and frame.columns.names == ["grade_level", "is_english_learner"]
    assert frame.loc[("South", "Male"), ("10", "Yes")] == 404
    assert frame.loc["North"].shape == (3, 9)


def test_what_is_done_to_a_frame_does_not_change_the_table() -> None:
    table = ProtectedTable.from_wire(table_answer())
    frame = table.frame
    frame.loc[:] = 0.0
    assert table.frame.loc["Total", "White"] == 409
    with pytest.raises(AttributeError):
        table.protection = None  # type: ignore[misc]


def test_no_rows_are_a_table_all_the_same() -> None:
    empty: dict[str, Any] = {"row_labels": [], "values": [], "texts": [], "reasons": []}
    for table in (table_answer(**empty), one_column() | empty):
        shown = ProtectedTable.from_wire(table)
        assert shown.frame.shape[0] == 0 and shown.frame.index.name
        assert shown.statement.title in " ".join(repr(shown).split()) and Outline(shown._repr_html_())
        with pytest.raises(dbims.BadQuery, match="nothing to draw"):
            shown.plot()


def test_what_a_newer_gateway_adds_is_passed_over() -> None:
    said = copy.deepcopy(table_answer()) | {"added": 1}
    said["protection"] = PROTECTION | {"added": 1}
    assert ProtectedTable.from_wire(said) == ProtectedTable.from_wire(table_answer())


def test_a_reason_of_a_newer_gateway_is_shown_by_its_name() -> None:
    said = one_column()
    said["reasons"][2] = ["novel"]
    assert "novel" in repr(ProtectedTable.from_wire(said))


# Answers that are not shown -----------------------------------------------------------------------


def changed(**changes: Any) -> Any:
    return copy.deepcopy(table_answer()) | changes


MALFORMED = {
    "nothing": {},
    "a list": [],
    "no protection, and not marked": changed(protection=None),
    "protected, and marked as not": changed(description=table_answer(None)["description"]),
    "no description": changed(description=None),
    "a mark that is no flag": changed(description={"unprotected": "no"}),
    "a number that is hidden": changed(values=[[3, None, 197, 260], *table_answer()["values"][1:]]),
    "a number too many": changed(values=[[None, None, 197, 260, 1], *table_answer()["values"][1:]]),
    "a row too few": changed(values=table_answer()["values"][1:]),
    "a label too few": changed(row_labels=[["Total"]]),
    "a label too deep": changed(row_labels=[["a", "b"]] * 3),
    "a column too many": changed(column_labels=[["a"]] * 5),
    "no rows": changed(rows=[]),
    "a text as number": changed(values=[[None, None, "197", 260], *table_answer()["values"][1:]]),
    "a flag as number": changed(values=[[None, None, True, 260], *table_answer()["values"][1:]]),
    "not finite": changed(values=[[None, None, float("inf"), 260], *table_answer()["values"][1:]]),
    "a number as text": changed(texts=[["*", "*", 197, "260"], *table_answer()["texts"][1:]]),
    "a number as reason": changed(reasons=[["primary", "primary", None, 3], *table_answer()["reasons"][1:]]),
    "no texts": changed(texts=None),
    "protection of another shape": changed(protection=[1]),
    "no rules": changed(protection={"policy": "p", "version": "v"}),
    "rules in one text": changed(protection=PROTECTION | {"rules": "all"}),
    "rules that are numbers": changed(protection=PROTECTION | {"rules": [1]}),
    "cells in words": changed(protection=PROTECTION | {"cells": "many"}),
    "suppressed in words": changed(protection=PROTECTION | {"suppressed": "many"}),
    "suppressed by reason in words": changed(protection=PROTECTION | {"suppressed": {"primary": "many"}}),
    "no unit": changed(unit=None),
    "a table that is a number": changed(table=3),
    "a value that is a list": changed(value=["score"]),
    "dimensions that are numbers": changed(rows=[1]),
}


@pytest.mark.parametrize("said", MALFORMED.values(), ids=MALFORMED)
def test_an_answer_of_another_shape_is_not_shown(said: Any, session: dbims.Session, gateway: WireGateway) -> None:
    import json

    gateway.answers["/v1/tabulate"] = lambda _: Response(json.dumps(said), media_type="application/json")
    with pytest.raises(dbims.BrokenAnswer):
        session.tabulate("enrollment", rows="school_name")


# The face -----------------------------------------------------------------------------------------


def test_the_face_is_accessible(table: ProtectedTable) -> None:
    tags = Outline(table._repr_html_()).tags
    names = [tag for tag, _ in tags]
    assert names.count("caption") == 1 and names.count("table") == 1
    headers = [attributes for tag, attributes in tags if tag == "th"]
    assert headers and all(header["scope"] in ("col", "row", "colgroup", "rowgroup") for header in headers)
    region = tags[0][1]
    assert region["role"] == "region" and region["tabindex"] == "0" and region["aria-label"] == table.title


def test_every_row_of_the_face_is_as_wide_as_the_table(table: ProtectedTable) -> None:
    """Spans counted, as a browser lays them out."""
    open_spans: list[int] = []
    widths = []
    for row in table._repr_html_().split("<tr")[1:]:
        spans = [
            (int(attributes.get("colspan") or 1), int(attributes.get("rowspan") or 1))
            for tag, attributes in Outline("<tr" + row.split("</tr>")[0] + "</tr>").tags
            if tag in ("th", "td")
        ]
        widths.append(len(open_spans) + sum(columns for columns, _ in spans))
        open_spans = [left - 1 for left in open_spans if left > 1]
        open_spans += [rows - 1 for columns, rows in spans for _ in range(columns) if rows > 1]
    assert set(widths) == {len(table.rows) + len(table.column_labels)}


def test_a_hidden_cell_says_why_to_the_eye_and_to_the_ear() -> None:
    html = ProtectedTable.from_wire(table_answer())._repr_html_()
    tags = Outline(html).tags
    titles = [attributes["title"] for tag, attributes in tags if tag == "td" and "title" in attributes]
    labels = [attributes["aria-label"] for tag, attributes in tags if tag == "span"]
    assert titles == labels and len(titles) == 4
    assert titles[0] == "*: not shown: too few people, or too telling about them"
    assert "(1 cell)" in html and "(3 cells)" in html


def test_the_face_escapes_every_text() -> None:
    said = hostile(table_answer())
    html = ProtectedTable.from_wire(said)._repr_html_() + str(ProtectedTable.from_wire(said).to_html())
    assert "<img" not in html and "&lt;img" in html and 'onerror="' not in html


def test_colours_are_the_themes(table: ProtectedTable) -> None:
    html = table._repr_html_()
    assert "color:#" not in html and "background:#" not in html


def test_totals_are_set_apart() -> None:
    html = ProtectedTable.from_wire(table_answer())._repr_html_()
    total_row = html.split("<tr")[-1]
    assert "border-top" in total_row and "font-weight:600" in total_row
    assert html.count("border-left") == 4


def test_the_statement_says_by_which_rules_and_what_was_checked() -> None:
    table = ProtectedTable.from_wire(table_answer())
    for shown in (table._repr_html_(), " ".join(repr(table).split()), repr(table.protection)):
        shown = " ".join(shown.split())
        assert "Policy District statistics, version 2026-11." in shown
        assert "Of its 12 cells 4 show no plain number (1 primary, 3 complementary)." in shown
        assert "was checked for 4 hidden numbers, with 1 earlier answer to the same audience" in shown
        assert "Counts of fewer than 6 persons are suppressed." in shown
    assert (
        "answer a-1" in table._repr_html_() and table.protection and "<details open>" in table.protection._repr_html_()
    )


def test_a_table_without_anything_hidden_says_so() -> None:
    untouched = PROTECTION | {"suppressed": {"primary": 0}, "intervals_checked": 0}
    said = " ".join(repr(ProtectedTable.from_wire(table_answer(untouched | {"earlier_releases": 0}))).split())
    assert "with no earlier answers to the same audience" in said
    assert "All of its 12 cells are shown." in said and "wide" not in said


def test_what_was_withheld_is_said() -> None:
    said = copy.deepcopy(table_answer())
    said["description"]["withheld"] = ["primary: 1 cell", "Regulation 3: no discipline."]
    shown = " ".join(repr(ProtectedTable.from_wire(said)).split())
    assert "Withheld: Regulation 3: no discipline." in shown and "Withheld: primary" not in shown


def test_exact_statistics_are_marked(tmp_path: Path) -> None:
    table = ProtectedTable.from_wire(table_answer(None))
    assert table.unprotected and table.protection is None
    exports = (table._repr_html_(), repr(table), table.to_csv(), table.to_markdown(), table.to_html())
    for shown in map(str, exports):
        assert "Not protected: exact statistics" in shown and "may not leave as they are" in shown


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_plain_text_fits_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    shown = repr(ProtectedTable.from_wire(four_dimensions()))
    if width > 40:
        assert max(map(len, shown.splitlines()[2:])) <= width
    assert shown.count(" 404") == 1 and shown.count("South") == shown.count("North")


def test_plain_text_is_aligned() -> None:
    lines = repr(ProtectedTable.from_wire(table_answer())).splitlines()
    rows = [line for line in lines if line.startswith(("  Black", "  Thomaston", "  Total"))]
    assert len({len(line) for line in rows}) == 1 and rows[0].split()[-4:] == ["*", "*", "197", "260"]


def test_wide_letters_are_counted_twice() -> None:
    said = table_answer(row_labels=[["名前の学校"], ["Zoë"], ["Total"]])
    lines = [line for line in repr(ProtectedTable.from_wire(said)).splitlines() if line.endswith(("260", "301"))]
    assert len(lines[1]) - len(lines[0]) == 5


# Exports ------------------------------------------------------------------------------------------


def test_csv_keeps_the_marks_and_carries_the_statement(tmp_path: Path) -> None:
    table = ProtectedTable.from_wire(one_column())
    path = tmp_path / "table.csv"
    assert table.to_csv(path) is None
    frame = pd.read_csv(path, comment="#", dtype=str, keep_default_na=False)
    assert frame.iloc[:, 1].tolist() == ["62.5 %", "≥ 95 %", "*", "N/A", "71 %"]
    assert frame.iloc[:, 0].tolist() == ["07", "08", "09", "10", "Total"]
    text = str(table.to_csv())
    assert "# Policy District statistics, version 2026-11.\n" in text and "# * = not shown" in text


def test_csv_has_numbers_as_numbers() -> None:
    said = table_answer(texts=[["*", "*", "1,197", "26.50"], *table_answer()["texts"][1:]])
    frame = pd.read_csv(io.StringIO(str(ProtectedTable.from_wire(said).to_csv())), comment="#")
    assert frame["White"].tolist() == [1197, 212, 409] and frame["Total"][0] == 26.5


def test_csv_labels_are_never_formulas_nor_comments_nor_lines() -> None:
    labels = [['=HYPERLINK("http://x")'], ["#1 school, the\nbest"], ["Total"]]
    text = str(ProtectedTable.from_wire(table_answer(row_labels=labels)).to_csv())
    frame = pd.read_csv(io.StringIO(text), comment="#")
    assert frame["school name"].tolist() == ['\'=HYPERLINK("http://x")', "#1 school, the\nbest", "Total"]


def test_html_is_a_page_of_its_own(tmp_path: Path) -> None:
    table = ProtectedTable.from_wire(table_answer())
    assert table.to_html(tmp_path / "table.html") is None
    page = (tmp_path / "table.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and "color-scheme: light dark" in page and "width=device-width" in page
    assert "<details open>" in page and page.count(">*</span>") == 4
    assert "<script" not in page and "http" not in page


def test_markdown_keeps_the_marks_and_escapes_the_rest(tmp_path: Path) -> None:
    said = one_column(row_labels=[["a|b"], ["<b>"], ["*x*_y_"], ["[l](u)"], ["Total"]])
    table = ProtectedTable.from_wire(said)
    text = str(table.to_markdown())
    assert "| \\*x\\*\\_y\\_ | * |" in text and "| N/A |" in text and "a\\|b" in text and "\\<b\\>" in text
    assert "Policy District statistics" in text
    assert table.to_markdown(tmp_path / "table.md") is None
    assert (tmp_path / "table.md").read_text(encoding="utf-8") == text


def test_no_export_has_what_is_hidden(table: ProtectedTable) -> None:
    """Each cell that is hidden is a mark in each export, and nothing else."""
    hidden = sum(cell.text == "*" for row in table.cells for cell in row)
    csv, html, markdown = (str(export()) for export in (table.to_csv, table.to_html, table.to_markdown))
    assert csv.split("\n#")[0].count('"*"') == hidden
    assert html.count(">*</span>") == hidden
    assert sum(line.count(" * |") for line in markdown.splitlines() if line.startswith("|")) == hidden


# Whatever the labels are ---------------------------------------------------------------------------

LABEL = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Tables of one to four dimensions with any labels, some of their cells hidden."""
    deep, wide = draw(st.integers(1, 2)), draw(st.integers(0, 2))
    rows = draw(st.lists(st.lists(LABEL, min_size=deep, max_size=deep), min_size=1, max_size=5))
    columns = draw(st.lists(st.lists(LABEL, min_size=wide, max_size=wide), min_size=1, max_size=5)) if wide else [[]]
    reason = st.sampled_from([None, None, "primary", "complementary", "differencing"])
    reasons = [[draw(reason) for _ in columns] for _ in rows]
    numbers = [[1000.0 * i + j for j in range(len(columns))] for i in range(len(rows))]
    values = [[None if why else n for n, why in zip(*row, strict=True)] for row in zip(numbers, reasons, strict=True)]
    return table_answer(
        rows=["a", "b"][:deep],
        columns=["c", "d"][:wide],
        row_labels=rows,
        column_labels=columns,
        reasons=reasons,
        values=values,
        texts=[["*" if value is None else f"{value:,.0f}" for value in row] for row in values],
    )


@given(tables())
def test_every_table_prints_and_no_print_loses_a_cell(said: dict[str, Any]) -> None:
    table = ProtectedTable.from_wire(said)
    hidden = sum(value is None for row in said["values"] for value in row)
    assert table.frame.isna().sum().sum() == hidden == table.reasons.notna().sum().sum()
    html = table._repr_html_()
    assert Outline(html) and html.count(">*</span>") == hidden
    cells = [attributes for tag, attributes in Outline(html).tags if tag == "td"]
    assert len(cells) == len(said["row_labels"]) * len(table.column_labels)
    assert repr(table)
    lines = list(csv.reader(io.StringIO(str(table.to_csv()).split("\n# ")[0], newline="")))
    assert [line[: len(table.rows)] for line in lines[1:]] == [
        [safe(label) for label in row] for row in said["row_labels"]
    ]
    shown = [[text.replace(",", "") for text in row] for row in said["texts"]]
    assert [line[len(table.rows) :] for line in lines[1:]] == shown
    body = [line for line in str(table.to_markdown()).splitlines() if line.startswith("| ")]
    assert len(body) == len(said["row_labels"]) + 2


def safe(label: str) -> str:
    return f"'{label}" if label[0] in "=+-@\t\r" else label
