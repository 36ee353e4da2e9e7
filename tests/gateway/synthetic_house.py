"""A synthetic district behind a running gateway, for answers that need more than a handful of students."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from governance.state import State
from governance.warehouse.snapshot import Snapshot
from governance.warehouse.synth import write_district
from tests.gateway.conftest import TODAY, House, keys_of, make_state
from tests.gateway.running import SmallHub, running_gateway


def make_synthetic_state(folder: Path, students: int, seed: int = 1) -> Snapshot:
    """A state folder with a district of so many students in it."""
    sources = folder / "sources"
    sources.mkdir(parents=True)
    write_district(sources, students=students, seed=seed, today=TODAY)
    return make_state(folder / "state", sources)


@contextmanager
def running_house(state: Path, snapshot: Snapshot) -> Iterator[House]:
    """The gateway over a state folder. What was told before is in its ledger."""
    hub = SmallHub()
    with tempfile.TemporaryDirectory() as folder, running_gateway(state, Path(folder), hub) as url:
        ledger = State(state).ledger()
        staff = keys_of(snapshot, "staff", "staff_id", "staff_key")
        yield House(state, url, hub, ledger, staff, keys_of(snapshot, "student", "student_id", "student_key"))
        ledger.close()
