"""A new category of data: proposed as a declaration, approved, loaded, and seen by nobody until a grant names it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import dbims_sdk
from dbims_sdk import errors
from governance.catalog import load_catalog
from governance.ledger import Acted, Ledger, Told
from governance.policy import CAPACITIES
from governance.recorded_load import load_and_record
from governance.requests import Act, Kind, Known, NotMoved, State
from governance.state import State as StateFolder
from governance.vocabulary import Capacity, Grant
from governance.warehouse.expectation_report import ExpectationReport
from governance.warehouse.snapshot import Snapshot
from governance.warehouse.synth import write_district
from tests.gateway.conftest import TODAY, House
from tests.gateway.synthetic_house import running_house
from tests.gateway.test_statistics import study_token
from tests.granting import application_for, decision_on
from tests.requests.filled import DECLARATION, given_for
from tests.signed import CHIEF, superintendent

KNOWN = Known(TODAY, load_catalog())

BUS_PASS = """
name = "bus_pass"
category = "student"
unit = "student"
description = "The bus pass of a student: one row for each, keyed by the student."
key = ["student_key"]
columns = [
    { name = "student_key", type = "key", entity = "student", required = true, description = "The student." },
    { name = "pass_kind", type = "text", description = "The kind of pass." },
    { name = "sex", type = "text", description = "As printed on the pass." },
]
"""


def propose(ledger: Ledger, declaration: str = DECLARATION) -> int:
    superintendent(ledger)
    number = ledger.requests.begin_draft(CHIEF, Kind.NEW_CATEGORY, TODAY)
    given = given_for(Kind.NEW_CATEGORY, State.DRAFT, Act.SUBMIT, declaration=declaration)
    assert isinstance(ledger.requests.act(CHIEF, number, Act.SUBMIT, Told(given.fields), KNOWN), Acted)
    return number


def approve(ledger: Ledger, number: int) -> Acted | NotMoved:
    return ledger.requests.act(superintendent(ledger), number, Act.APPROVE, Told({"reason": "Needed."}), KNOWN)


def write_transport(sources: Path) -> None:
    """A bus, and a bus pass, for every student of the district; one pass is of a student who is not known."""
    with (sources / "student.csv").open(newline="") as file:
        students = [row["student_key"] for row in csv.DictReader(file)]
    with (sources / "transport.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("student_key", "begin_date", "end_date", "bus_route"))
        rows.writerows((key, "2026-09-01", "", f"Route {place % 3}") for place, key in enumerate(students))
    with (sources / "bus_pass.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("student_key", "pass_kind"))
        rows.writerows((key, "Yearly") for key in [*students, "nobody-1"])


def load(state: StateFolder, sources: Path) -> Snapshot:
    nothing = ExpectationReport(())
    report = load_and_record(
        state, "op", [sources], expectations=lambda _snapshot: nothing, progress=lambda _what: None
    )
    return report.snapshot


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("added")
    (folder / "sources").mkdir()
    write_district(folder / "sources", students=200, seed=1, today=TODAY)
    write_transport(folder / "sources")
    state = StateFolder.at(folder / "state")
    state.settings_file.write_text(f"today = {TODAY}\n")
    with closing(state.ledger()) as ledger:
        for declaration in (DECLARATION, BUS_PASS):
            assert isinstance(approve(ledger, propose(ledger, declaration)), Acted)
    return load(state, folder / "sources")


@pytest.fixture(scope="module")
def house(snapshot: Snapshot) -> Iterator[House]:
    with running_house(snapshot.path.parents[2], snapshot) as running:
        yield running


def test_before_it_is_approved_its_rows_are_set_aside(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    write_district(tmp_path / "sources", students=60, seed=1, today=TODAY)
    write_transport(tmp_path / "sources")
    state = StateFolder.at(tmp_path / "state")
    with closing(state.ledger()) as ledger:
        propose(ledger)
    loaded = load(state, tmp_path / "sources")
    assert "transport" not in loaded.manifest["tables"] and loaded.added == ()
    assert "transport" in {row["table"] for row in pq.read_table(loaded.path / "quarantine.parquet").to_pylist()}


def test_approved_it_is_loaded_like_any_other(snapshot: Snapshot) -> None:
    rows = {name: table["rows"] for name, table in snapshot.manifest["tables"].items()}
    assert rows["transport"] == rows["student"] > 0
    assert set(snapshot.added) == {DECLARATION.strip(), BUS_PASS.strip()}
    assert snapshot.verify() == ()


def test_one_row_for_each_student_makes_no_second_register_of_students(snapshot: Snapshot) -> None:
    """Its rows are of students whom the register has, under the register's keys."""
    students, passes = (pq.read_table(snapshot.table_path(name)) for name in ("student", "bus_pass"))
    assert sorted(passes["student_key"].to_pylist()) == sorted(students["student_key"].to_pylist())
    assert load_catalog(snapshot.added).owners()["student"] == "student"
    assert "bus_pass" in {row["table"] for row in pq.read_table(snapshot.path / "quarantine.parquet").to_pylist()}


def employed(house: House, snapshot: Snapshot) -> str:
    """The identifier of somebody who works here today."""
    rows = pq.read_table(snapshot.table_path("employment")).to_pylist()
    keys = {row["staff_key"] for row in rows if row["end_date"] is None and row["hire_date"] <= TODAY}
    return min(name for name, key in house.staff_keys.items() if key in keys)


@pytest.mark.parametrize("capacity", [c for c, rule in CAPACITIES.items() if rule.form and c is not Capacity.STUDY])
def test_no_level_sees_it(house: House, snapshot: Snapshot, capacity: Capacity) -> None:
    """Not the Superintendent's either. It looks like a table that does not exist."""
    session = house.session(employed(house, snapshot), capacity)
    assert "transport" not in session.tables().names
    for ask in (
        lambda: session.frame("transport"),
        lambda: session.describe("transport"),
        lambda: session.sql("SELECT * FROM transport"),
        lambda: session.tabulate("transport", rows="bus_route"),
    ):
        with pytest.raises(errors.UnknownTable):
            ask()


def test_statistics_are_as_if_it_were_not_there(house: House, snapshot: Snapshot) -> None:
    """Its key is every student's, so that its columns could be reached from any row about a student."""
    session = house.session(employed(house, snapshot), Capacity.CURRICULUM_OFFICE)
    for unknown in ("pass_kind", "nothing_of_the_kind"):
        with pytest.raises(errors.UnknownColumn):
            session.tabulate("attendance", rows=unknown)
        with pytest.raises(errors.UnknownColumn):
            session.ols(f"score ~ C({unknown})", table="assessment_result")
    # The pass has a column of that name too, as near to a row of attendance as the student's own.
    session.tabulate("attendance", rows="sex")


def test_a_name_of_no_column_tells_nothing_of_a_table_that_is_not_given(house: House, snapshot: Snapshot) -> None:
    session = house.session(employed(house, snapshot), Capacity.SUPERINTENDENT)
    with pytest.raises(errors.UnknownTable):
        session.sql("SELECT nothing_of_the_kind FROM transport")


def test_a_grant_that_names_it_gives_it(house: House, snapshot: Snapshot) -> None:
    house.token(employed(house, snapshot), Capacity.STUDY, level=False)
    username = f"user-{employed(house, snapshot).lower()}"
    tables = {"transport": ("student_key", "bus_route"), "bus_pass": ("student_key", "pass_kind")}
    buses = Grant("buses", username, tables, TODAY, TODAY + timedelta(days=9), snapshot=snapshot.id)
    ledger, known = house.ledger, Known(TODAY, load_catalog(snapshot.added))
    number = ledger.requests.begin_draft(username, Kind.APPLICATION, TODAY)
    for who, act, told in (
        (username, Act.SUBMIT, application_for(buses)),
        (superintendent(ledger), Act.APPROVE, decision_on(buses)),
    ):
        assert isinstance(ledger.requests.act(who, number, act, Told(told), known, snapshot.id), Acted)
    session = dbims_sdk.connect(url=house.url, token=study_token(house, username, buses.server))
    assert "transport" in session.tables().names
    assert set(session.frame("transport")["bus_route"].dropna()) == {"Route 0", "Route 1", "Route 2"}
    assert set(session.frame("bus_pass")["pass_kind"].dropna()) == {"Yearly"}


def test_of_two_of_one_name_one_is_added(tmp_path: Path) -> None:
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        first, second = propose(ledger), propose(ledger)
        assert isinstance(approve(ledger, first), Acted)
        refused = approve(ledger, second)
        assert isinstance(refused, NotMoved) and "already" in refused.errors["declaration"]
        assert len(ledger.requests.added_categories()) == 1


def test_nobody_but_the_superintendent_adds_one(tmp_path: Path) -> None:
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        number = propose(ledger)
        for who in (CHIEF, "operator (command line)"):
            refused = ledger.requests.act(who, number, Act.APPROVE, Told({"reason": "Needed."}), KNOWN)
            assert isinstance(refused, NotMoved)
        assert ledger.requests.added_categories() == ()
