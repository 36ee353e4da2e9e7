"""One Ed-Fi record as text by path, and the registers in which a record finds the ones it refers to."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any


class DanglingReferenceError(Exception):
    """A record refers to one that is not there. The message names the reference, never its value."""


class Record:
    """The texts of one XML element and everything in it, by path from the element: `Name/FirstName`, `@id`.

    Blank texts count as missing, and of an Ed-Fi descriptor (`uri://ed-fi.org/SexDescriptor#Male`) only the
    value after the `#` is kept.
    """

    __slots__ = ("_element", "_gathered", "line", "name")

    def __init__(self, element: Any) -> None:
        self._element = element
        self._gathered: dict[str, list[str]] | None = None
        self.name: str = _local(element.tag)
        self.line = _line(element)

    @property
    def _texts(self) -> dict[str, list[str]]:
        """Gathered when first asked for: most records of a file, in one of its readings, never are."""
        if self._gathered is None:
            self._gathered = {}
            _gather(self._element, "", self._gathered)
        return self._gathered

    def text(self, *paths: str) -> str | None:
        """The first text at the first of the paths that has one."""
        texts = self._texts
        for path in paths:
            found = texts.get(path)
            if found:
                return found[0]
        return None

    def texts(self, path: str) -> list[str]:
        """Every text at the path, in the order of the file."""
        return self._texts.get(path, [])

    def groups(self, name: str) -> Iterator[Record]:
        """The child elements of that name, each as a record of its own."""
        return (Record(child) for child in self._element if _local(child.tag) == name)


class Registers:
    """What has been read that later records refer to: sessions, courses, contacts, incidents, `id`s.

    Kept in a SQLite file in the load's scratch folder, so that memory stays the same however many contacts a state has.
    `id` attributes hold within their file, everything else for the load.
    """

    def __init__(self, scratch: Path) -> None:
        self._path = scratch / f"registers-{secrets.token_hex(4)}.sqlite"
        self._store = sqlite3.connect(self._path, isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "temp_store = MEMORY"):
            self._store.execute(f"PRAGMA {pragma}")
        self._store.execute("CREATE TABLE noted (kind TEXT, key TEXT, entry TEXT)")
        self._store.execute("CREATE INDEX noted_key ON noted (kind, key)")
        self._store.execute("BEGIN")

    def close(self) -> None:
        self._store.close()
        self._path.unlink(missing_ok=True)

    def begin_file(self) -> None:
        """Forget the `id`s of the file before."""
        self._store.execute("DELETE FROM noted WHERE kind LIKE 'id:%'")

    def note(self, kind: str, key: Iterable[str | None], **entry: str | None) -> None:
        """Remember an entry, unless part of its key is missing."""
        parts = tuple(key)
        if all(parts):
            values = (kind, json.dumps(parts), json.dumps(entry))
            self._store.execute("INSERT INTO noted VALUES (?, ?, ?)", values)

    def find_all(self, kind: str, key: Iterable[str | None]) -> list[dict[str, str | None]]:
        found = self._store.execute(
            "SELECT entry FROM noted WHERE kind = ? AND key = ? ORDER BY rowid", (kind, json.dumps(tuple(key)))
        )
        return [json.loads(entry) for (entry,) in found]

    def find(self, kind: str, key: Iterable[str | None]) -> dict[str, str | None]:
        """The first entry, or an empty one."""
        found = self.find_all(kind, key)
        return found[0] if found else {}

    def keys(self, kind: str) -> list[str | None]:
        """The first part of every key noted of a kind, once, in order."""
        found = self._store.execute("SELECT DISTINCT key FROM noted WHERE kind = ? ORDER BY key", (kind,))
        return [json.loads(key)[0] for (key,) in found]


def year_ending(text: str | None) -> str | None:
    """`2010-2011` is the school year 2011; `2011` is itself."""
    return text.rpartition("-")[2].strip() if text else None


def year_of_day(text: str | None) -> str | None:
    """The school year a day falls in: from 1 July on, the one that ends in the next calendar year."""
    try:
        day = date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
    return str(day.year + (day.month >= 7))


def day_of(text: str | None) -> str | None:
    """The day of a date and time."""
    return text.partition("T")[0] if text else None


def compound(*parts: str | None) -> str | None:
    """One source identifier of several fields; missing if any of them is."""
    return "|".join(part for part in parts if part) if all(parts) else None


def truth(text: str | None) -> str | None:
    """XML Schema's four spellings of a boolean; anything else is left for the load to judge."""
    return {"1": "true", "0": "false"}.get(text, text) if text else None


def _line(element: Any) -> int:
    """Where the element begins. libxml2 keeps 65,535 lines in an element, and beyond gives its text's last line."""
    line = int(element.sourceline or 1)
    return line - (element.text or "").count("\n") if line >= 65535 else line


def _gather(element: Any, prefix: str, texts: dict[str, list[str]]) -> None:
    for name, value in element.attrib.items():
        texts.setdefault(f"{prefix}@{name}", []).append(value)
    for child in element:
        path = prefix + _local(child.tag)
        text = _clean(child.text)
        if text:
            texts.setdefault(path, []).append(text)
        if len(child) or child.attrib:
            _gather(child, path + "/", texts)


@lru_cache(maxsize=4096)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _clean(text: str | None) -> str:
    stripped = text.strip() if text else ""
    return stripped.partition("#")[2].strip() if stripped.startswith("uri://") and "#" in stripped else stripped
