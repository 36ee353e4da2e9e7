"""What a rule is: which rows of a table break it, how much that matters, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from governance.catalog import Severity


@dataclass(frozen=True)
class NotBlank:
    """Breaks on a row where `column` is blank."""

    column: str


@dataclass(frozen=True)
class OneOf:
    """Breaks on a row where `column` is neither blank nor one of `values`."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Between:
    """Breaks on a row where `column` is neither blank nor from `low` to `high`, both included."""

    column: str
    low: float
    high: float


@dataclass(frozen=True)
class BreakingRows:
    """Breaks on each row that `sql` returns; the SQL names tables of the catalog, all of one snapshot."""

    sql: str


Test = NotBlank | OneOf | Between | BreakingRows


@dataclass(frozen=True)
class Rule:
    """One rule over one table. `reason` says what must hold, and why; `remedy` what to do when it does not."""

    table: str
    id: str
    severity: Severity
    reason: str
    remedy: str
    test: Test

    @property
    def name(self) -> str:
        return f"{self.table}.{self.id}"
