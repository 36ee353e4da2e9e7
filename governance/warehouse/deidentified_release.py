"""What a grant allows of a snapshot in de-identified form, as the policy hands it over; and what is not in the form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from governance.vocabulary import DateDetail

SECRET_BYTES = 16


class NotInThisForm(KeyError):
    """A table or column that does not exist in this release. Carries their names, which are the catalog's."""

    def __init__(self, table: str, column: str = "") -> None:
        super().__init__(f"{table}.{column}" if column else table)
        self.table = table
        self.column = column


class NotReleasable(Exception):
    """Nobody can be hidden: there are too few persons, or too few different sensitive values. Carries no number."""


@dataclass(frozen=True)
class Release:
    """The tables and columns of one grant, and how its persons are protected.

    `grant` is an opaque name, `secret` the key material that belongs to it alone, from the operating system's random
    numbers. `sensitive` names the columns ("table.column") that take at least `diversity` values among the persons
    who share quasi-identifiers. `staff_as_codes`: whether staff are codes too, or shown in full.
    """

    grant: str
    k: int
    secret: bytes = field(repr=False)
    tables: Mapping[str, tuple[str, ...]]
    dates: DateDetail = DateDetail.MONTH
    staff_as_codes: bool = True
    diversity: int = 1
    sensitive: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.k < 2 or self.diversity < 1:
            raise ValueError("a release hides each person among at least two")
        if len(self.secret) < SECRET_BYTES:
            raise ValueError(f"a release's secret has at least {SECRET_BYTES} bytes")
        if not all("." in name for name in self.sensitive) or (self.diversity > 1) != bool(self.sensitive):
            raise ValueError("diversity above one, and only that, names sensitive columns as table.column")

    def key(self, *purpose: str | int) -> bytes:
        """32 bytes for one purpose. Two releases that differ in anything never share them, whatever their secrets.

        Rows of two different releases can thus not be joined by their codes, not even for one grant.
        """
        terms = [
            *(self.grant, self.k, self.diversity, sorted(self.sensitive), self.dates, self.staff_as_codes),
            sorted((table, sorted(columns)) for table, columns in self.tables.items()),
        ]
        data = json.dumps([terms, purpose]).encode()
        # Long secrets are shortened by the hash itself; none is cut off.
        return hashlib.blake2b(data, key=hashlib.blake2b(self.secret).digest(), digest_size=32).digest()
