"""Forms as declared data: what is asked, of which kind, within which limits. Consoles draw them, `reading` checks them.

What was typed is always a text, and is kept as it was typed; markup in it is text like any other.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from governance.catalog import Catalog
from governance.requests.uploads import MediaType

Typed = Mapping[str, str]
"""What somebody typed, by field."""
Values = Mapping[str, Any]
"""The same, read: texts, dates, numbers, tables with their columns."""
Errors = Mapping[str, str]
"""What is wrong, by field: a sentence that says what, and what to do."""

LINE_MOST, TEXT_MOST = 200, 10_000


class FieldKind(enum.StrEnum):
    """What a field takes."""

    LINE = "line"
    TEXT = "text"
    DATE = "date"
    NUMBER = "number"
    CHOICE = "choice"
    CONFIRMATION = "confirmation"
    EMAIL = "e-mail address"
    GRANT_NAME = "name of a grant"
    COLUMNS = "tables and columns"
    DECLARATION = "declaration of a table"
    DOCUMENT = "document"


CONFIRMED = "yes"
"""What a confirmation holds once it is given."""


@dataclass(frozen=True)
class Known:
    """What a form is read against: the district's day, and what exists."""

    today: date
    catalog: Catalog


@dataclass(frozen=True)
class Field:
    """One question. `least` and `most` bound a number, or the length of a text; `choices` are a choice's only answers.

    `media_types`: what a document may be; `not_future`: a day that has been; `usual`: what is there to begin with.
    """

    name: str
    label: str
    help: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = True
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    not_future: bool = False
    usual: str = ""
    media_types: tuple[MediaType, ...] = (MediaType.PDF,)

    def __post_init__(self) -> None:
        if (self.kind is FieldKind.CHOICE) != bool(self.choices):
            raise ValueError(f"field {self.name}: a choice, and only a choice, has answers to choose from")
        if self.kind is FieldKind.NUMBER and (self.least is None or self.most is None):
            raise ValueError(f"field {self.name}: a number has its bounds")

    @property
    def longest(self) -> int:
        """The most characters that are kept of it."""
        if self.kind in (FieldKind.TEXT, FieldKind.COLUMNS, FieldKind.DECLARATION):
            return self.most or TEXT_MOST
        return self.most if self.kind is FieldKind.LINE and self.most else LINE_MOST


Check = Callable[[Values, Known], Errors]
"""What fields must be to each other. Given only the values that could be read."""


@dataclass(frozen=True)
class Form:
    """Fields in the order in which they are asked, and what they must be to each other."""

    fields: tuple[Field, ...] = ()
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.names)) < len(self.fields):
            raise ValueError("a form asks each thing once")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    def media_types(self, name: str) -> tuple[MediaType, ...]:
        """What a document may be in the field of that name; nothing, where there is no such field."""
        return next((field.media_types for field in self.fields if field.name == name), ())

    @property
    def documents(self) -> tuple[str, ...]:
        """The fields that take a document."""
        return tuple(field.name for field in self.fields if field.kind is FieldKind.DOCUMENT)

    def also(self, *fields: Field, checks: tuple[Check, ...] = ()) -> Form:
        """This form, with more."""
        return Form((*self.fields, *fields), (*self.checks, *checks))


NOTHING = Form()


def in_order(first: str, second: str, error: str) -> Check:
    """That one day is not before another; the error is told by the second."""

    def check(values: Values, _known: Known) -> Errors:
        begin, end = values.get(first), values.get(second)
        return {second: error} if begin is not None and end is not None and end < begin else {}

    return check


def not_past(name: str, error: str) -> Check:
    """That a day is today or later."""

    def check(values: Values, known: Known) -> Errors:
        day = values.get(name)
        return {name: error} if day is not None and day < known.today else {}

    return check
