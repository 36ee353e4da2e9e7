"""Which columns a path of tables is joined by."""

from __future__ import annotations

import pytest

from governance.catalog import load_catalog
from governance.catalog.related import carrier, carriers, reach

CATALOG = load_catalog()


@pytest.mark.parametrize(
    ("table", "column", "expected"),
    [
        ("enrollment", "grade_level", []),
        ("enrollment", "school_name", [("enrollment", "school_key")]),
        ("enrollment", "sex", [("enrollment", "student_key")]),
        ("grade", "race_ethnicity", [("grade", "student_key"), ("grade", "school_year")]),
        ("grade", "course_title", [("grade", "section_key"), ("section", "course_key")]),
    ],
)
def test_every_column_that_leads_on_is_named(table: str, column: str, expected: list[tuple[str, str]]) -> None:
    path = reach(CATALOG, CATALOG.tables[table], column).path
    assert list(carriers(CATALOG, path)) == expected


def test_a_key_is_taken_from_the_nearest_table() -> None:
    assert carrier(CATALOG, ("section_enrollment", "section"), "school_key") == ("section_enrollment", "section")
    assert carrier(CATALOG, ("section_enrollment", "section"), "student_key") == ("section_enrollment",)
