"""Frames are those of the oracle: for everybody, in every capacity, on days around everything that changes.

By default two small synthetic districts and a sample of Grand Bend; `-m long` sweeps larger ones, and all of it.
"""

from __future__ import annotations

import os
import random
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.catalog import load_catalog
from governance.warehouse.synth.district import write_district
from tests.loaded_district import load_district
from tests.oracle import scopes
from tests.oracle.compared_district import ComparedDistrict
from tests.oracle.csv_district import read_csv_district
from tests.oracle.edfi_2012 import read_2012
from tests.oracle.edfi_documents import both
from tests.oracle.edfi_v6 import read_v6

REAL_DATA = Path(os.environ.get("DBIMS_REAL_DATA") or Path(__file__).parents[3] / "shared" / "data")
GRAND_BEND_2012 = REAL_DATA / "edfi-grand-bend-2012" / "EdFiSampleData.zip"
GRAND_BEND_V6 = REAL_DATA / "edfi-v6" / "edfi-v6-sample.zip"

SMALL = {1: (120, date(2026, 11, 23)), 2: (160, date(2026, 3, 2))}
LARGE = {3: (400, date(2026, 7, 15)), 4: (750, date(2027, 1, 4)), 5: (500, date(2026, 8, 31))}

# What the oracle does not read from Ed-Fi: more than one way of writing them down would be right.
NOT_READ_2012 = ("school_year", "calendar_date", "assessment_result", "student_demographic", "credential")
NOT_READ_2012 += ("discipline_incident", "discipline_action", "caseload", "service_assignment")

sampled = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


def _synthetic(folder: Path, seed: int, students: int, today: date) -> ComparedDistrict:
    write_district(folder / "source", students=students, seed=seed, today=today, years=3)
    loaded = load_district(folder / "state", folder / "source")
    return ComparedDistrict(f"seed {seed}", read_csv_district(folder / "source"), loaded)


@pytest.fixture(scope="module", params=sorted(SMALL))
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ComparedDistrict:
    return _synthetic(tmp_path_factory.mktemp("small"), request.param, *SMALL[request.param])


@pytest.fixture(scope="module", params=sorted(LARGE))
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ComparedDistrict:
    return _synthetic(tmp_path_factory.mktemp("large"), request.param, *LARGE[request.param])


@pytest.fixture(scope="module")
def grand_bend(tmp_path_factory: pytest.TempPathFactory) -> ComparedDistrict:
    loaded = load_district(tmp_path_factory.mktemp("grand-bend"), GRAND_BEND_2012)
    return ComparedDistrict("Grand Bend", read_2012(GRAND_BEND_2012), loaded, NOT_READ_2012)


@pytest.fixture(scope="module")
def grand_bend_both(tmp_path_factory: pytest.TempPathFactory) -> ComparedDistrict:
    """Both dialects together: of what each person sees, the oracle knows the students; the rows are the product's."""
    loaded = load_district(tmp_path_factory.mktemp("grand-bend-both"), GRAND_BEND_2012, GRAND_BEND_V6)
    told = both(read_2012(GRAND_BEND_2012), read_v6(GRAND_BEND_V6))
    return ComparedDistrict("Grand Bend, both dialects", told, loaded, scopes.ALL_TABLES)


def test_the_oracle_knows_every_table_of_the_catalog() -> None:
    assert sorted(scopes.ALL_TABLES) == sorted(load_catalog().tables)


# --- synthetic districts


def test_nothing_of_a_synthetic_district_is_lost_or_changed_on_the_way(small: ComparedDistrict) -> None:
    assert _mismatches(small, ["superintendent"], small.days[:1], scopes.ALL_TABLES) == []


@sampled
@given(data=st.data())
def test_anybody_on_any_day_sees_what_the_oracle_says(small: ComparedDistrict, data: st.DataObject) -> None:
    _compare_any(small, data)


def test_everybody_today_sees_what_the_oracle_says(small: ComparedDistrict) -> None:
    today = [SMALL[int(small.name.removeprefix("seed "))][1]]
    assert _student_mismatches(small, sorted(small.staff), scopes.SCOPED, today) == []


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_whole_sweep_of_larger_districts(large: ComparedDistrict) -> None:
    """Everybody who has students, every table, on ninety days; and everybody else on three."""
    chosen = random.Random(large.name).sample(large.days, k=min(90, len(large.days)))
    assert _mismatches(large, ["superintendent"], chosen[:1], scopes.ALL_TABLES) == []
    assert _mismatches(large, scopes.SCOPED, chosen[:3], scopes.ABOUT_STUDENTS) == []
    for capacity in scopes.SCOPED:
        assert _student_mismatches(large, large.holders(capacity), [capacity], chosen) == []
    assert _student_mismatches(large, sorted(large.staff), scopes.SCOPED, chosen[:3]) == []


# --- Grand Bend


@pytest.mark.real
def test_everything_the_oracle_reads_of_grand_bend_is_in_the_warehouse(grand_bend: ComparedDistrict) -> None:
    day = [date(2010, 10, 5)]
    assert _mismatches(grand_bend, ["superintendent"], day, scopes.ALL_TABLES) == []


@pytest.mark.real
@pytest.mark.parametrize("capacity", ["teacher", "principal"])
def test_every_teacher_and_principal_of_grand_bend(grand_bend: ComparedDistrict, capacity: str) -> None:
    days = random.sample(_school_year(grand_bend), k=4)
    assert _student_mismatches(grand_bend, grand_bend.holders(capacity), [capacity], days) == []


@pytest.mark.real
@pytest.mark.parametrize("day", [date(2010, 10, 5), date(2011, 5, 27)])
def test_every_section_of_grand_bend_gives_its_teacher_its_roster(grand_bend: ComparedDistrict, day: date) -> None:
    assert grand_bend.roster_mismatches(day) == []


@pytest.mark.real
@sampled
@given(data=st.data())
def test_anybody_of_grand_bend_on_any_day(grand_bend: ComparedDistrict, data: st.DataObject) -> None:
    _compare_any(grand_bend, data)


@pytest.mark.real
@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_whole_sweep_of_grand_bend(grand_bend: ComparedDistrict) -> None:
    for capacity in scopes.SCOPED:
        holders = grand_bend.holders(capacity)
        assert _student_mismatches(grand_bend, holders, [capacity], _school_year(grand_bend)) == []
    days = [date(2010, 10, 5), date(2010, 12, 17), date(2010, 12, 18), date(2011, 5, 27), date(2011, 5, 28)]
    assert _mismatches(grand_bend, scopes.SCOPED, days, scopes.ALL_TABLES) == []


@pytest.mark.real
@pytest.mark.long
@pytest.mark.timeout(3600)
def test_both_dialects_of_grand_bend_together(grand_bend_both: ComparedDistrict) -> None:
    for capacity in scopes.SCOPED:
        holders, days = grand_bend_both.holders(capacity), grand_bend_both.days
        assert _student_mismatches(grand_bend_both, holders, [capacity], days) == []
    days = [date(2010, 10, 5), date(2021, 10, 1)]
    assert _mismatches(grand_bend_both, scopes.SCOPED, days, scopes.ABOUT_STUDENTS) == []


# --- how they are compared


def _compare_any(district: ComparedDistrict, data: st.DataObject) -> None:
    capacity = data.draw(st.sampled_from(scopes.SCOPED), "capacity")
    me = data.draw(st.sampled_from(district.holders(capacity)) | st.sampled_from(sorted(district.staff)), "person")
    first, last = district.days[0], district.days[-1]
    today = data.draw(st.sampled_from(district.days) | st.dates(first, last), "day")
    table = data.draw(st.sampled_from(scopes.ALL_TABLES), "table")
    mine = sorted(scopes.students(district.told, me, capacity, today.isoformat()))
    student = data.draw(st.sampled_from(mine or sorted(district.students)) | _anyone(district), "student")
    assert district.differs_in_rows(me, capacity, table, today) is None
    assert district.differs_in_students(me, capacity, today) is None
    assert district.differs_in_reasons(me, capacity, student, today) is None


def _school_year(district: ComparedDistrict) -> list[date]:
    """Its days of change in the school year that Grand Bend tells of, and just outside of it."""
    return [day for day in district.days if date(2010, 6, 1) < day < date(2011, 8, 1)]


def _anyone(district: ComparedDistrict) -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(district.students))


def _student_mismatches(
    district: ComparedDistrict, people: list[str], capacities: list[str] | tuple[str, ...], days: list[date]
) -> list[str]:
    found = [
        district.differs_in_students(me, capacity, today) for today in days for capacity in capacities for me in people
    ]
    return [difference for difference in found if difference]


def _mismatches(
    district: ComparedDistrict,
    capacities: list[str] | tuple[str, ...],
    days: list[date],
    tables: tuple[str, ...],
) -> list[str]:
    """Of everybody whom the sources could give students in the capacity, every table."""
    found = [
        district.differs_in_rows(me, capacity, table, today)
        for capacity in capacities
        for me in district.holders(capacity)[: 1 if capacity in scopes.DISTRICT_WIDE else None]
        for today in days
        for table in tables
    ]
    return [difference for difference in found if difference]
