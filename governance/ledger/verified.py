"""What a verification of the audit log came to."""

from __future__ import annotations

from dataclasses import dataclass

from governance.audit import Break


@dataclass(frozen=True)
class Verified:
    """`newest`: how far the log goes; `signed`: the newest event that a checkpoint is of; 0: none."""

    newest: int
    signed: int
    breaks: tuple[Break, ...]

    @property
    def anchored(self) -> int:
        """Up to which event signed checkpoints vouch for the log: for those before it an unbroken chain has to."""
        return 0 if self.breaks else self.signed
