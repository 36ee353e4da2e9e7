"""What was typed into a form, read field by field: values, or what is wrong with them, in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from governance.catalog import Catalog
from governance.catalog.declaration import DeclarationError
from governance.requests.declarations import read_declaration
from governance.requests.forms import CONFIRMED, Errors, Field, FieldKind, Form, Known, Typed, Values
from governance.vocabulary import GRANT_PATTERN

EMAIL_PATTERN = r"[A-Za-z0-9!#$%&*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,190}[A-Za-z0-9])?\Z"
KEPT_CONTROLS = "\n\t"


class Unreadable(ValueError):
    """What was typed is not what the field takes; the message says why, and what to do."""


@dataclass(frozen=True)
class Read:
    """The values that could be read, and what is wrong with the others."""

    values: Values = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)


def tidy(text: str) -> str:
    """As it was typed, but for the ends and the kinds of line breaks."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def read_form(form: Form, typed: Typed, documents: Typed, known: Known) -> Read:
    """Every field by itself, then what the fields must be to each other."""
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for each in form.fields:
        given = documents if each.kind is FieldKind.DOCUMENT else typed
        try:
            values[each.name] = read_field(each, given.get(each.name, ""), known)
        except Unreadable as error:
            errors[each.name] = str(error)
    values = {name: value for name, value in values.items() if value is not None}
    for check in form.checks:
        errors = {**check(values, known), **errors}
    return Read(values, errors)


def read_draft(form: Form, typed: Typed) -> Errors:
    """What even a draft cannot keep: texts that are too long, or no texts."""
    errors = {}
    for each in form.fields:
        try:
            _demand_text(each, tidy(typed.get(each.name, "")))
        except Unreadable as error:
            errors[each.name] = str(error)
    return errors


def read_field(asked: Field, typed: str, known: Known) -> Any:
    """The value; None where nothing was given, and nothing had to be. `Unreadable` says what is wrong."""
    text = tidy(typed)
    _demand_text(asked, text)
    if not text:
        if asked.required:
            raise Unreadable(f"{asked.label}: this is needed. {asked.help}")
        return None
    return _READERS[asked.kind](asked, text, known)


def _demand_text(asked: Field, text: str) -> None:
    if len(text) > asked.longest:
        raise Unreadable(f"{asked.label}: at most {asked.longest:,} characters, and these are {len(text):,}.")
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in KEPT_CONTROLS for char in text):
        raise Unreadable(f"{asked.label}: it holds characters that are no text. Type it anew.")


def _line(asked: Field, text: str, _known: Known) -> str:
    if "\n" in text:
        raise Unreadable(f"{asked.label}: one line, please.")
    return text


def _text(asked: Field, text: str, _known: Known) -> str:
    if len(text) < (asked.least or 0):
        raise Unreadable(f"{asked.label}: at least {asked.least} characters. {asked.help}")
    return text


def _date(asked: Field, text: str, known: Known) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"{asked.label}: a day, written like 2027-06-30.") from None
    if asked.not_future and day > known.today:
        raise Unreadable(f"{asked.label}: a day that has been, and this one is still to come.")
    if not 1900 <= day.year <= known.today.year + 30:
        raise Unreadable(f"{asked.label}: no day of that year can be meant.")
    return day


def _number(asked: Field, text: str, _known: Known) -> int:
    if re.fullmatch(r"[0-9]{1,9}", text) is None:
        raise Unreadable(f"{asked.label}: a whole number.")
    number = int(text)
    if not (asked.least or 0) <= number <= (asked.most or 0):
        raise Unreadable(f"{asked.label}: at least {asked.least}, and at most {asked.most}.")
    return number


def _choice(asked: Field, text: str, _known: Known) -> str:
    if text not in asked.choices:
        raise Unreadable(f"{asked.label}: one of {', '.join(asked.choices)}.")
    return text


def _confirmation(asked: Field, text: str, _known: Known) -> bool:
    if text != CONFIRMED:
        raise Unreadable(f"{asked.label}: this has to be confirmed. {asked.help}")
    return True


def _email(asked: Field, text: str, _known: Known) -> str:
    if re.fullmatch(EMAIL_PATTERN, text) is None:
        raise Unreadable(f"{asked.label}: an address like name@example.org.")
    return text


def _grant_name(asked: Field, text: str, _known: Known) -> str:
    if re.fullmatch(GRANT_PATTERN, text) is None:
        raise Unreadable(f"{asked.label}: lower-case letters, digits and single hyphens between them, at most 24.")
    return text


def _columns(asked: Field, text: str, known: Known) -> dict[str, tuple[str, ...]]:
    """A table on each line, with its columns: `attendance: attendance_date, attendance_event`."""
    found: dict[str, list[str]] = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        name, colon, listed = line.partition(":")
        columns = [column.strip() for column in listed.split(",") if column.strip()]
        if not colon or not columns:
            raise Unreadable(f"{asked.label}: a table on each line, and its columns: TABLE: COLUMN, COLUMN.")
        _demand_columns(asked, name.strip(), columns, known.catalog)
        found.setdefault(name.strip(), []).extend(columns)
    return {name: tuple(dict.fromkeys(columns)) for name, columns in found.items()}


def _demand_columns(asked: Field, name: str, columns: list[str], catalog: Catalog) -> None:
    table = catalog.tables.get(name)
    if table is None:
        raise Unreadable(f"{asked.label}: there is no table of the name {name}. The data dictionary says which are.")
    for column in columns:
        if column not in table.names:
            raise Unreadable(
                f"{asked.label}: the table {name} has no column {column}. It has {', '.join(table.names)}."
            )


def _declaration(asked: Field, text: str, known: Known) -> str:
    try:
        read_declaration(text, known.catalog)
    except DeclarationError as error:
        raise Unreadable(f"{asked.label}: {error}.") from None
    return text


def _document(_asked: Field, digest: str, _known: Known) -> str:
    return digest


_READERS: dict[FieldKind, Callable[[Field, str, Known], Any]] = {
    FieldKind.LINE: _line,
    FieldKind.TEXT: _text,
    FieldKind.DATE: _date,
    FieldKind.NUMBER: _number,
    FieldKind.CHOICE: _choice,
    FieldKind.CONFIRMATION: _confirmation,
    FieldKind.EMAIL: _email,
    FieldKind.GRANT_NAME: _grant_name,
    FieldKind.COLUMNS: _columns,
    FieldKind.DECLARATION: _declaration,
    FieldKind.DOCUMENT: _document,
}
