"""Single fields, read where a page has no declared form: a value, or what is wrong with what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date


def read_day(
    typed: Mapping[str, str], name: str, label: str, errors: dict[str, str], required: bool = True
) -> date | None:
    """The day in a field; None where there is none, and `errors` says so if there had to be."""
    text = typed.get(name, "").strip()
    if not text:
        if required:
            errors[name] = f"{label}: this is needed."
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= 2200:
        errors[name] = f"{label}: a day, written like 2027-06-30."
        return None
    return day


def read_number(typed: Mapping[str, str], name: str, most: int = 10**15) -> int | None:
    """A whole number above zero; anything else is none."""
    text = typed.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:16]) <= most else None
