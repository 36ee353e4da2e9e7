"""The guided tour, executed in a kernel as each capacity, against a running gateway."""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import notebooks
from governance.state import State
from governance.vocabulary import Capacity
from governance.warehouse.pool import WorkerLimits
from governance.warehouse.synth import write_district
from tests.gateway.conftest import TODAY, House, keys_of, make_state
from tests.gateway.running import SmallHub, running_gateway
from tests.gateway.test_statistics import somebody

TOUR = Path(notebooks.__file__).parent / "guided_tour.ipynb"

# Somebody for each capacity, and how many students are named to them.
WHO = {
    Capacity.TEACHER: ("T1", 2),
    Capacity.COUNSELOR: ("C1", 1),
    Capacity.SUPPORT_SERVICES: ("W1", 2),
    Capacity.PRINCIPAL: ("P1", 3),
    Capacity.SPECIAL_EDUCATION_OFFICE: ("O1", 2),
    Capacity.SUPERINTENDENT: ("S1", 9),
    Capacity.EXECUTIVE_SECRETARY: ("S1", 9),
    Capacity.PERSONNEL_OFFICE: ("O1", 0),
    Capacity.BUDGET_OFFICE: ("O1", 0),
    Capacity.CURRICULUM_OFFICE: ("O1", 0),
    Capacity.STUDY: ("O1", 0),
    Capacity.REVIEWER: ("O1", 0),
    Capacity.OPERATOR: ("O1", 0),
}
SAMPLE = {Capacity.TEACHER, Capacity.BUDGET_OFFICE, Capacity.REVIEWER}
OFFICES = (Capacity.PERSONNEL_OFFICE, Capacity.BUDGET_OFFICE, Capacity.CURRICULUM_OFFICE)
# They are given no data at all: reviewers, operators, and a study that nobody granted.
GIVEN_NOTHING = {Capacity.REVIEWER, Capacity.OPERATOR, Capacity.STUDY}
STATISTICS = ("statistics", "difference", "model-refused", "model")


def test_somebody_takes_the_tour_in_each_capacity() -> None:
    assert set(WHO) == set(Capacity)


@pytest.fixture(scope="module")
def whole_district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A district of the model's size, where statistics of some groups can be shown, and of others not."""
    sources, state = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("state")
    write_district(sources, students=750, seed=7, today=TODAY, years=2)
    staff = keys_of(make_state(state, sources), "staff", "staff_id", "staff_key")
    hub = SmallHub()
    with tempfile.TemporaryDirectory() as folder, running_gateway(state, Path(folder), hub, WorkerLimits()) as url:
        ledger = State(state).ledger()
        yield House(state, url, hub, ledger, staff, {})
        ledger.close()


def take_tour(house: House, staff_id: str, capacity: Capacity, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The code cells of the tour, by their names, run from the first to the last."""
    monkeypatch.setenv("DBIMS_GATEWAY", house.url)
    monkeypatch.setenv("DBIMS_TOKEN", house.token(staff_id, capacity, level=capacity is not Capacity.STUDY))
    monkeypatch.setenv("PYTHONWARNINGS", "error::FutureWarning:__main__")
    tour = nbformat.read(TOUR, as_version=4)
    NotebookClient(tour, timeout=120, kernel_name="python3").execute()
    return {cell["id"]: cell for cell in tour.cells if cell.cell_type == "code"}


@pytest.mark.parametrize(
    "capacity",
    [pytest.param(c, marks=() if c in SAMPLE else pytest.mark.long, id=c.value) for c in Capacity],
)
def test_the_tour(capacity: Capacity, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    staff_id, students = WHO[capacity]
    cells = take_tour(house, staff_id, capacity, monkeypatch)
    shown = {name: shown_by(cell) for name, cell in cells.items()}
    assert f"Students named to you today: {students}" in shown["students"]
    refusals = (
        "There is no table of that name",
        "given no data",
        "belongs to no study",
        "not tied to a staff record",
    )
    assert any(refusal in shown["refused"] for refusal in refusals)
    assert ("You see this student's rows" in shown["why"]) == bool(students)
    assert capacity.value.replace("_", " ") in shown["who"]
    assert bool(shown["coded"]) == bool(shown["lost"]) == (capacity in OFFICES)
    assert all(shown[name] for name in STATISTICS)
    for name in STATISTICS:
        assert ("given no data" in shown[name] or "belongs to no study" in shown[name]) == (capacity in GIVEN_NOTHING)
    assert ("Not protected: exact statistics" in shown["statistics"]) == bool(students)


@pytest.mark.parametrize(
    "capacity", [pytest.param(c, marks=() if c in SAMPLE else pytest.mark.long, id=c.value) for c in OFFICES]
)
def test_an_office_sees_everybody_and_recognises_nobody(
    capacity: Capacity, whole_district: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = take_tour(whole_district, somebody(whole_district), capacity, monkeypatch)
    shown = {name: " ".join(shown_by(cell).split()) for name, cell in cells.items()}
    assert "shared by at least 5 people" in shown["lost"] and "people" in shown["linked"]
    assert "Protected statistics:" in shown["statistics"] and " * " in shown["statistics"]
    # Which cells go with the small ones varies with the random keys of a load.
    assert "primary" in shown["reasons"]
    assert "image/png" in kinds_of(cells["chart"])
    asked_twice = ("Together with", "However many", "or in an earlier answer")
    assert any(words in shown["difference"] for words in asked_twice)
    assert "What to do next:" in shown["model-refused"] and "regression" not in shown["model-refused"]
    assert "regression: " in shown["model"] and "image/png" in kinds_of(cells["model"])


def kinds_of(cell: Any) -> set[str]:
    return {kind for output in cell.outputs for kind in output.get("data", {})}


def shown_by(cell: Any) -> str:
    """All that a code cell shows, as text."""
    return "\n".join(str(o.get("text") or o.get("data", {}).get("text/plain", "")) for o in cell.outputs)


def test_it_holds_no_outputs() -> None:
    code = [cell for cell in nbformat.read(TOUR, as_version=4).cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


def test_it_imports_the_sdk_and_what_draws() -> None:
    source = "\n".join(cell.source for cell in nbformat.read(TOUR, as_version=4).cells if cell.cell_type == "code")
    nodes = list(ast.walk(ast.parse(source)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert names == {"dbims_sdk", "pandas", "matplotlib.pyplot", "IPython.display"}
