"""Documents, by the hash of their content: kept once, never changed, read back only if they are what they were."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import sqlalchemy as sa

from governance.audit import Event
from governance.ledger.events import LedgerError, now, record_event
from governance.ledger.schema import document
from governance.ledger.store import Store
from governance.requests import Upload, media_type_of

LETTER_TYPE = "text/html"
"""Of letters, which the system writes itself. Nobody can hand in a page."""


@dataclass(frozen=True)
class Document:
    """One kept document. `digest`: SHA-256 of its content, in hex."""

    digest: str
    media_type: str
    content: bytes = field(repr=False)


class Documents:
    """The part of the ledger that keeps documents. Used through `Ledger`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, digest: str) -> Document:
        """The document of that hash; raises if there is none, or if it is not what it was."""
        with self._store.read() as connection:
            row = connection.execute(sa.select(document).where(document.c.digest == digest)).one_or_none()
        if row is None:
            raise LedgerError("There is no such document.")
        if digest_of(row.content) != digest:
            raise LedgerError("That document is not what was handed in. `dbims audit verify` tells more.")
        return Document(row.digest, row.media_type, row.content)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def keep_upload(connection: sa.Connection, actor: str, upload: Upload) -> str:
    """What somebody handed in; `Mislabelled` if it is not taken. Returns its hash."""
    return keep(connection, actor, media_type_of(upload).value, upload.content)


def keep(connection: sa.Connection, actor: str, media_type: str, content: bytes) -> str:
    """The document, once however often it comes, with its event. Returns its hash."""
    digest = digest_of(content)
    known = sa.select(document.c.digest).where(document.c.digest == digest)
    if connection.execute(known).one_or_none() is None:
        size = len(content)
        connection.execute(
            document.insert().values(
                digest=digest, media_type=media_type, size=size, content=content, kept_by=actor, kept_at=now()
            )
        )
        detail = {"document": digest, "media_type": media_type, "size": size}
        record_event(connection, Event.DOCUMENT_KEPT, actor, detail)
    return digest
