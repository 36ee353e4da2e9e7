"""What all tests share: where the real data are, and what their absence means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Nothing timed is a pass/fail test.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

REAL_DATA = Path(os.environ.get("DBIMS_REAL_DATA") or Path(__file__).parents[2] / "shared" / "data")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without the real data their tests are skipped for a user. In CI nothing is skipped: they run, and fail."""
    if REAL_DATA.is_dir() or os.environ.get("CI"):
        return
    reason = "the real data sets are not here; $DBIMS_REAL_DATA says where they are"
    for item in items:
        if item.get_closest_marker("real"):
            item.add_marker(pytest.mark.skip(reason=reason))
