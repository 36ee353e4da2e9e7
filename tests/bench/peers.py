"""The environment of the peers: packages that pin old libraries, asked in a process of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def peers_python() -> Path | None:
    """The interpreter that has them (see `peers.txt`); None if nobody made it."""
    python = Path(os.environ.get("DBIMS_PEERS", ROOT / ".venv-peers")) / "bin" / "python"
    return python if python.exists() else None


def demand_peers() -> Path:
    """The interpreter, for a test: its absence is a failure in CI, and for a user a skip."""
    python = peers_python()
    if python is None:
        if os.environ.get("CI"):
            pytest.fail("the peers are not installed: see tests/bench/peers.txt")
        pytest.skip("the peers are not installed: see tests/bench/peers.txt")
    return python
