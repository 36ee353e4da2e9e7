"""Which snapshot answers a question: the one that a study was granted on, or else the current one.

The current one is looked up for every question: a load needs no restart.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from governance.gateway.errors import unavailable
from governance.vocabulary import Grant
from governance.warehouse.staff_facts import StaffRegisters

ONE_SNAPSHOT = (
    "All answers to a study are of the snapshot it was granted on, as of its first day: later loads are not in."
)


class Snapshots:
    """Those of one warehouse. Reads the pointer that a promotion replaces in one step."""

    def __init__(self, warehouse: Path) -> None:
        self._warehouse = warehouse
        self.staff = StaffRegisters(warehouse)

    @property
    def folder(self) -> Path:
        return self._warehouse / "snapshots"

    def of(self, grant: Grant | None) -> str:
        """The grant's; where there is none, the current one. Raises `GatewayError` if no data were loaded yet."""
        if grant is not None and grant.snapshot is not None:
            return grant.snapshot
        try:
            return (self._warehouse / "CURRENT").read_text(encoding="ascii").strip()
        except OSError:
            raise unavailable("There is no data yet: no snapshot was promoted.") from None

    def is_gone(self, grant: Grant | None) -> bool:
        """Whether the grant names a snapshot that is not in the warehouse."""
        if grant is None or grant.snapshot is None:
            return False
        return not (self.folder / grant.snapshot / "manifest.json").is_file()


def as_of(grant: Grant | None, today: date) -> date:
    """The day that answers are as of: with the days ages would change, and the codes of one grant with them."""
    return today if grant is None else grant.begin_date
