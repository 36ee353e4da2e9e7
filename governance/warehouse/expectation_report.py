"""What the expectations say of a candidate snapshot: one result per rule, and the report as a page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from governance.catalog import Severity


@dataclass(frozen=True)
class ExpectationResult:
    """One rule over one table. `unexpected` of `total` rows break it; never which values."""

    table: str
    rule: str
    severity: Severity
    passed: bool
    unexpected: int
    total: int
    description: str


@dataclass(frozen=True)
class ExpectationReport:
    """All results, and the same as HTML."""

    results: tuple[ExpectationResult, ...]
    html: str = ""

    @property
    def failed(self) -> tuple[ExpectationResult, ...]:
        return tuple(result for result in self.results if not result.passed)

    @property
    def stopping(self) -> tuple[ExpectationResult, ...]:
        """The failed rules that keep a candidate from being promoted."""
        return tuple(result for result in self.failed if result.severity is Severity.STOP)

    @property
    def stops(self) -> bool:
        return bool(self.stopping)

    def to_json(self) -> dict[str, Any]:
        """What `expectations.json` holds."""
        return {"stops": self.stops, "results": [asdict(result) for result in self.results]}

    def summary(self) -> dict[str, int]:
        """What the manifest holds: how many rules passed, warn, and stop."""
        stopping = len(self.stopping)
        failed = len(self.failed)
        return {"passed": len(self.results) - failed, "warn": failed - stopping, "stop": stopping}
