"""What a verification of the audit log came to."""

from __future__ import annotations

from dataclasses import dataclass

from governance.audit import Break


@dataclass(frozen=True)
class Verified:
    """`newest`: how far the log goes; `anchored`: up to which event signed checkpoints vouch for it. 0: not at all."""

    newest: int
    anchored: int
    breaks: tuple[Break, ...]
