"""What a snapshot tells of staff: employment, positions and certificates, as of a day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from governance.policy.eligibility import Certification, Position
from governance.vocabulary import Employment
from governance.warehouse.staff_facts import StaffRegisters
from tests.signed import write_staff

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)
LONG_AGO = date(2015, 8, 20)
HILL, CODY = 1, 2
STAFF = [{"staff_key": HILL}, {"staff_key": CODY}]


def employed(end: date | None, begin: date = LONG_AGO, staff_key: int = HILL) -> dict[str, Any]:
    return {"staff_key": staff_key, "hire_date": begin, "end_date": end}


def position(end: date | None = None, begin: date = LONG_AGO, title: str = "Teacher") -> dict[str, Any]:
    dates = {"begin_date": begin, "end_date": end}
    return {"staff_key": HILL, "staff_classification": "Teacher", "position_title": title, "school_key": 7, **dates}


def certificate(kind: str, expires: date | None) -> dict[str, Any]:
    return {"staff_key": HILL, "credential_type": kind, "issuance_date": LONG_AGO, "expiration_date": expires}


def registers(warehouse: Path, **tables: list[dict[str, Any]]) -> StaffRegisters:
    write_staff(warehouse, {"staff": STAFF, **tables})
    return StaffRegisters(warehouse)


E, N, U = Employment.EMPLOYED, Employment.NOT_EMPLOYED, Employment.UNTOLD


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"employment": [employed(None)]}, E),
        ({"employment": [employed(TODAY)]}, E),
        ({"employment": [employed(TODAY - DAY)]}, N),
        ({"employment": [employed(None, begin=TODAY)]}, E),
        ({"employment": [employed(None, begin=TODAY + DAY)]}, N),
        ({"employment": [employed(TODAY - DAY), employed(None, begin=TODAY)]}, E),
        ({"employment": [employed(None, staff_key=CODY)]}, N),
        # An ended employment counts, whatever position was left open.
        ({"employment": [employed(TODAY - DAY)], "staff_assignment": [position()]}, N),
        # Where nothing is told of anybody's employment, a position tells.
        ({"staff_assignment": [position()]}, E),
        ({"staff_assignment": [position(TODAY - DAY)]}, N),
        ({}, U),
    ],
)
def test_who_is_employed_on_a_day(tmp_path: Path, tables: dict[str, list[dict[str, Any]]], told: Employment) -> None:
    assert registers(tmp_path, **tables).employment(HILL, TODAY) is told


def test_nothing_is_told_of_who_is_no_staff_nor_before_the_first_load(tmp_path: Path) -> None:
    none = StaffRegisters(tmp_path)
    assert (none.employment(HILL, TODAY), none.facts(HILL, TODAY)) == (U, None)
    known = registers(tmp_path, employment=[employed(None)])
    assert (known.employment(None, TODAY), known.facts(None, TODAY), known.facts(99, TODAY)) == (U, None, None)
    assert known.employment(99, TODAY) is N


def test_a_snapshot_that_lacks_the_tables_tells_nothing(tmp_path: Path) -> None:
    known = registers(tmp_path, employment=[employed(None)])
    for table in tmp_path.rglob("*.parquet"):
        table.unlink()
    assert (known.employment(HILL, TODAY), known.facts(HILL, TODAY)) == (U, None)


def test_positions_are_those_held_on_the_day(tmp_path: Path) -> None:
    held = [position(), position(TODAY - DAY, title="gone"), position(begin=TODAY + DAY, title="to come")]
    facts = registers(tmp_path, staff_assignment=held).facts(HILL, TODAY)
    assert facts is not None and facts.positions == (Position("Teacher", "Teacher", 7),)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([certificate("Certification", None)], Certification.CERTIFIED),
        ([certificate("Licensure", TODAY)], Certification.CERTIFIED),
        ([certificate("Certification", TODAY - DAY)], Certification.NOT_CERTIFIED),
        ([certificate("Certification", None) | {"staff_key": CODY}], Certification.NOT_CERTIFIED),
        ([certificate("Certification", None) | {"staff_key": CODY}, certificate("Endorsement", None)],
         Certification.NOT_CERTIFIED),
        ([certificate("Certification", None) | {"staff_key": CODY},
          certificate("Certification", None) | {"credential_level": "Standard Paraprofessional"}],
         Certification.NOT_CERTIFIED),
        ([], Certification.UNTOLD),
    ],
)  # fmt: skip
def test_who_is_certified_on_a_day(tmp_path: Path, rows: list[dict[str, Any]], expected: Certification) -> None:
    facts = registers(tmp_path, credential=rows).facts(HILL, TODAY)
    assert facts is not None and facts.certification is expected


def test_a_new_snapshot_is_read_when_it_is_current(tmp_path: Path) -> None:
    known = registers(tmp_path, employment=[employed(None)])
    assert known.employment(HILL, TODAY) is E
    write_staff(tmp_path, {"staff": STAFF, "employment": [employed(TODAY - DAY)]}, name="second")
    assert known.employment(HILL, TODAY) is N
    found = known.facts(HILL, TODAY)
    assert found is not None and found.snapshot == "second"
