"""THE ONE DOOR TO STORED STATE. Nothing changes without its audit event in the same transaction."""

from __future__ import annotations

from governance.ledger.authority import NotTheSuperintendent, Signature, Signing
from governance.ledger.documents import Document
from governance.ledger.engine_postgresql import PostgresqlServer
from governance.ledger.events import LedgerError
from governance.ledger.export import verify_export
from governance.ledger.ledger import Ledger
from governance.ledger.log_pages import LogFilter
from governance.ledger.request_rows import Filed, RequestRecord, StepRecord
from governance.ledger.request_steps import Acted, Told
from governance.ledger.store import AUDIT_FOLDER
from governance.ledger.studies import ReleaseTaken, StatisticRelease
from governance.ledger.verified import Verified
from governance.ledger.witness import read_public_key

__all__ = [
    "AUDIT_FOLDER",
    "Acted",
    "Document",
    "Filed",
    "Ledger",
    "LedgerError",
    "LogFilter",
    "NotTheSuperintendent",
    "PostgresqlServer",
    "ReleaseTaken",
    "RequestRecord",
    "Signature",
    "Signing",
    "StatisticRelease",
    "StepRecord",
    "Told",
    "Verified",
    "read_public_key",
    "verify_export",
]
