"""THE ONE DOOR TO STORED STATE. Nothing changes without its audit event in the same transaction."""

from __future__ import annotations

from governance.ledger.events import LedgerError
from governance.ledger.ledger import Ledger
from governance.ledger.studies import ReleaseTaken, StatisticRelease

__all__ = ["Ledger", "LedgerError", "ReleaseTaken", "StatisticRelease"]
