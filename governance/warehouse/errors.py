"""What can stop a load, besides a source that cannot be read (`SourceError`). No message holds a value."""

from __future__ import annotations

from pathlib import Path


class LoadError(Exception):
    """A load that did not come to a new snapshot. What readers see has not changed."""


class LoadInProgress(LoadError):
    """Another load holds the warehouse."""


class BuildError(LoadError):
    """The tables could not be built."""


class WarehouseError(Exception):
    """The warehouse folder is not as loads leave it."""


class ExpectationsFailed(LoadError):
    """Rules that stop a load have failed; `kept` is the folder with the report and the quarantine."""

    def __init__(self, rules: tuple[str, ...], kept: Path) -> None:
        listed = "; ".join(rules)
        super().__init__(f"nothing was promoted, since these rules failed: {listed}. The report is in {kept}.")
        self.rules = rules
        self.kept = kept
