"""Which snapshot is current, looked up for every question: a load needs no restart."""

from __future__ import annotations

from pathlib import Path

from governance.gateway.errors import unavailable


class CurrentSnapshot:
    """Reads the pointer that a promotion replaces in one step."""

    def __init__(self, warehouse: Path) -> None:
        self._warehouse = warehouse

    @property
    def folder(self) -> Path:
        return self._warehouse / "snapshots"

    def id(self) -> str:
        try:
            return (self._warehouse / "CURRENT").read_text(encoding="ascii").strip()
        except OSError:
            raise unavailable("There is no data yet: no snapshot was promoted.") from None
