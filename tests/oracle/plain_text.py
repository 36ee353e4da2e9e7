"""One spelling for a value, whether it was read from a source file or answered by the product."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Any

_DECIMAL = re.compile(r"-?\d+\.\d+")


@cache
def _spell(text: str) -> str:
    """A decimal number without idle zeros; true and false in lower case; anything else as it is."""
    text = text.strip()
    if _DECIMAL.fullmatch(text):
        return repr(float(text)).removesuffix(".0")
    return text.lower() if text.lower() in ("true", "false") else text


def plain_text(value: Any) -> str:
    """`value` as text: a missing value is empty, dates are ISO, 1.50 is 1.5 and 2.0 is 2."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return _spell(str(value))
