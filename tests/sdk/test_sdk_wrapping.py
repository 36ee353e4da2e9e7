"""Labels are broken at blanks and inside codes; no letter is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbims_sdk.wrapping import wrap


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Black or African American", ["Black or", "African", "American"]),
        ("NativeHawaiianOrPacificIslander", ["NativeHawaiian", "OrPacific", "Islander"]),
        ("Hispanic/Latino of any race", ["Hispanic/", "Latino of any", "race"]),
        ("Grades09To12", ["Grades09To12"]),
        ("incomprehensibilities", ["incomprehensibilities"]),
        ("", [""]),
    ],
)
def test_lines(text: str, lines: list[str]) -> None:
    assert wrap(text, 14) == lines


@given(st.text(max_size=60), st.integers(1, 20))
def test_no_letter_is_lost(text: str, width: int) -> None:
    assert "".join("".join(wrap(text, width)).split()) == "".join(text.split())
