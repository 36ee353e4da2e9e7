"""What the ledger asks of the place that it is kept in."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import sqlalchemy as sa


class Place(Protocol):
    """A file, or a database of a server."""

    def is_there(self) -> bool:
        """Whether a ledger is there already."""

    def make(self) -> None:
        """Whatever must be there before the first connection."""

    def engine(self) -> sa.Engine:
        """Its transactions hold the write lock from their begin, and are on the disk when their commit returns."""

    def reader(self, engine: sa.Engine) -> sa.Engine:
        """The same, for those who only read: they wait for nobody."""

    def moment(self, reader: sa.Engine) -> AbstractContextManager[sa.Connection]:
        """Several reads that see one moment, whatever is written meanwhile."""

    def back_up(self, revision: str, connection: sa.Connection) -> None:
        """A copy of what is there, before the transaction of `connection` brings it up to date."""
