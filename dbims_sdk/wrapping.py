"""Where a label may be broken: at blanks, and inside codes such as HispanicOrLatino, of which no letter is changed."""

from __future__ import annotations

import re

_INSIDE_CODES = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[/_-])(?=\w)")


def pieces(word: str) -> list[str]:
    """A word in the pieces between which a line may end."""
    return _INSIDE_CODES.split(word)


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` letters; a piece that is longer has a line of its own. At least one line."""
    lines = [""]
    for word in text.split():
        blank = " "
        for piece in pieces(word):
            longer = lines[-1] + blank + piece if lines[-1] else piece
            if lines[-1] and len(longer) > width:
                lines.append(piece)
            else:
                lines[-1] = longer
            blank = ""
    return lines
