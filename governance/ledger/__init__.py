"""THE ONE DOOR TO STORED STATE. Nothing changes without its audit event in the same transaction."""

from __future__ import annotations

from governance.ledger.events import LedgerError
from governance.ledger.export import verify_export
from governance.ledger.ledger import Ledger
from governance.ledger.store import AUDIT_FOLDER
from governance.ledger.studies import ReleaseTaken, StatisticRelease
from governance.ledger.verified import Verified
from governance.ledger.witness import read_public_key

__all__ = [
    "AUDIT_FOLDER",
    "Ledger",
    "LedgerError",
    "ReleaseTaken",
    "StatisticRelease",
    "Verified",
    "read_public_key",
    "verify_export",
]
