"""What a source format is: something that recognizes a path, and reads it into a staging area row by row.

Source rows are text. Every row names a catalog table and gives its columns by their catalog names, with one
difference: a key column (`student_key`, `section_key` …) holds *the source's own identifier* of the thing, and
the build replaces it by the surrogate key. Codes and dates are given as the source spells them (dates ISO 8601,
school years as the year in which they end); the build reads them by the catalog's code sets.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa


class Rule(enum.StrEnum):
    """Why a source row was set aside. Reasons name columns and rules, never a value."""

    UNREADABLE = "unreadable"
    UNKNOWN_CODE = "unknown code"
    WRONG_TYPE = "wrong type"
    MISSING_VALUE = "missing value"
    DANGLING_REFERENCE = "dangling reference"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded by a later source"
    UNKNOWN_TABLE = "unknown table"
    UNKNOWN_COLUMN = "unknown column"


class SourceError(Exception):
    """A source that cannot be read at all. The message says which file, what is wrong, and what to do."""


@dataclass(frozen=True)
class Place:
    """Where a source row stands: file name (inside a zip: `archive.zip/entry`), and line, or record for CSV."""

    file: str
    line: int


class Sink(Protocol):
    """Where a source puts what it reads. Nothing is dropped: what cannot be put is rejected, with its reason."""

    def put(self, table: str, place: Place, values: Mapping[str, str | None]) -> None:
        """One row; absent columns are missing values."""

    def put_batch(self, table: str, file: str, first_line: int, rows: pa.RecordBatch) -> None:
        """Consecutive records of one file, all columns text, named as in the catalog."""

    def reject(self, table: str, place: Place, rule: Rule, reason: str) -> None:
        """A record that could not be made into a row."""


class Source(Protocol):
    """A format."""

    name: str

    def recognizes(self, path: Path, scratch: Path) -> bool:
        """Whether the folder or file at `path` looks like this format; cheap, and never raises."""

    def read(self, path: Path, sink: Sink, scratch: Path) -> None:
        """Put every row of `path` into `sink`, in constant memory; `SourceError` if it cannot be read at all.

        What does not fit in memory goes to the folder `scratch`: never to the system's own.
        """
