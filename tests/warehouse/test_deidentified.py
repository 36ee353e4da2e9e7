"""De-identified rows of whole districts: nobody stands out, in one answer or in all of them joined."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deidentified_districts import draw_district
from deidentified_recount import (
    QUASI,
    Answers,
    carriers,
    extreme_row_counts,
    identifying_cells,
    lonely_facts,
    person_records,
    rare_facts,
    rare_in_its_year,
)

from governance.catalog import Treatment, Unit, load_catalog
from governance.vocabulary import Among, Between, DateDetail, FrameQuery
from governance.warehouse.cell import Cell
from governance.warehouse.deidentified import (
    DeidentifiedReader,
    NotInThisForm,
    NotReleasable,
    Release,
)
from governance.warehouse.deidentified_words import WORDS, table_in_form, words_in_form
from governance.warehouse.synth import write_district
from governance.warehouse.wire import WorkerFault
from tests.bench.peers import demand_peers
from tests.loaded_district import load_district
from tests.oracle.csv_district import District, read_csv_district, write_csv_district

CATALOG = load_catalog()
TODAY = date(2026, 11, 23)
STUDENT_TABLES = {table.name: table.names for table in CATALOG.tables.values() if table.unit is Unit.STUDENT}
STAFF_TABLES = {table.name: table.names for table in CATALOG.tables.values() if table.unit is Unit.STAFF}
SECRET = bytes(range(32))


@dataclass
class House:
    """A district as its sources tell it, and its snapshot."""

    told: District
    folder: Path

    @cached_property
    def kept(self) -> DeidentifiedReader:
        """One reader for all tests that do not ask for a new one."""
        return self.reader()

    def reader(self) -> DeidentifiedReader:
        return DeidentifiedReader(self.folder, CATALOG)

    def keys(self) -> set[str]:
        """Every random key of a person, a section or a course, as text."""
        found: set[str] = set()
        for name, column in (("student", "student_key"), ("staff", "staff_key"), ("section", "section_key")):
            found |= {str(key) for key in pq.read_table(self.folder / f"{name}.parquet")[column].to_pylist()}
        return found


def make_house(folder: Path, told: District) -> House:
    write_csv_district(folder / "source", told)
    return House(told, load_district(folder / "state", folder / "source").snapshot.path)


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, House]:
    """A synthetic district, and three drawn at random: too small to hide much, small, and larger."""
    folder = tmp_path_factory.mktemp("houses")
    write_district(folder / "synthetic" / "source", students=300, seed=5, today=TODAY)
    told = read_csv_district(folder / "synthetic" / "source")
    snapshot = load_district(folder / "synthetic" / "state", folder / "synthetic" / "source").snapshot
    drawn = {f"drawn {n}": make_house(folder / f"drawn{n}", draw_district(n, n)) for n in (14, 60, 160)}
    return {"synthetic": House(told, snapshot.path), **drawn}


@pytest.fixture(scope="module")
def house(houses: dict[str, House]) -> House:
    return houses["drawn 160"]


NAMES = ("synthetic", "drawn 14", "drawn 60", "drawn 160")


def whole_release(**changes: Any) -> Release:
    return replace(Release("grant", 5, SECRET, {**STUDENT_TABLES}), **changes)


def some_release(chance: random.Random) -> Release:
    """Tables and columns as somebody may happen to be granted."""
    tables = {
        name: tuple(column for column in columns if chance.random() < 0.7)
        for name, columns in STUDENT_TABLES.items()
        if chance.random() < 0.6
    }
    dates = chance.choice(list(DateDetail))
    return Release(f"grant {chance.random()}", chance.choice([2, 3, 5, 7]), chance.randbytes(32), tables, dates)


def all_answers(reader: DeidentifiedReader, release: Release, names: Sequence[str] | None = None) -> Answers:
    asked = release.tables if names is None else names
    return {name: reader.frame(release, FrameQuery(name), TODAY)[0].to_pylist() for name in asked}


def releases(count: int) -> Iterator[Release]:
    yield whole_release()
    for seed in range(count):
        yield some_release(random.Random(seed))


def assert_nobody_stands_out(house: House, release: Release) -> None:
    answers = all_answers(house.kept, release)
    records = person_records(answers)
    together = carriers((code, record) for code, record in records.items())
    assert all(len(who) >= release.k for who in together.values())
    for name, answer in answers.items():
        assert rare_facts(answer, release.k) == [], name
        assert rare_in_its_year(answer, release.k) == [], name
        assert not extreme_row_counts(answer, release.k), name
        assert all(len(row) == len(answer[0]) for row in answer)
    assert identifying_cells(answers, house.told, house.keys()) == []


@pytest.mark.parametrize("name", NAMES)
def test_nobody_stands_out_in_any_release(houses: dict[str, House], name: str) -> None:
    for release in releases(6):
        assert_nobody_stands_out(houses[name], release)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1060))
def test_nobody_stands_out_in_any_district(tmp_path: Path, seed: int) -> None:
    house = make_house(tmp_path, draw_district(seed, random.Random(seed).randrange(10, 250)))
    for release in (whole_release(k=random.Random(seed).randrange(2, 11)), some_release(random.Random(seed))):
        assert_nobody_stands_out(house, release)


def test_whoever_is_shown_nowhere_hides_nobody(tmp_path: Path) -> None:
    """Two students are in a program and have no discipline: of those shown, nobody else has no school."""
    told = draw_district(21, 80)
    disciplined = {row["student_key"] for row in told["discipline_action"]}
    others = [row["student_key"] for row in told["student"] if row["student_key"] not in disciplined]
    told["program_participation"] = [
        {"student_key": key, "program_type": "Section504", "program_name": "Plan", "begin_date": "2026-09-01"}
        for key in [*sorted(disciplined)[:8], *others[:2]]
    ]
    granted = {"discipline_action": ("school_key", "discipline"), "program_participation": ("program_type",)}
    assert_nobody_stands_out(make_house(tmp_path, told), whole_release(tables=granted))


def test_students_of_a_table_that_is_emptied_hide_nobody(tmp_path: Path) -> None:
    """The program of three who are enrolled and two who have left is not shown: its students count nowhere."""
    told = draw_district(21, 120)
    school = {row["student_key"]: row["school_key"] for row in told["enrollment"] if row["school_year"] == "2027"}
    low, high = ([key for key, place in school.items() if place == name] for name in ("low", "high"))
    left = [row["student_key"] for row in told["student"] if row["student_key"] not in school]
    told["discipline_action"] = [
        {"student_key": key, "action_id": f"ACT{key}", "incident_id": "INC7", "school_key": school[key],
         "school_year": "2027", "action_date": "2026-09-01", "discipline": "Detention"}
        for key in [*low[:18], *high[:2]]
    ]  # fmt: skip
    told["program_participation"] = [
        {"student_key": key, "program_type": "Section504", "program_name": "Plan", "begin_date": "2026-09-01"}
        for key in [*high[2:5], *left[:2]]
    ]
    granted = {"discipline_action": ("school_key", "discipline"), "program_participation": ("program_type",)}
    house, release = make_house(tmp_path, told), whole_release(tables=granted)
    assert_nobody_stands_out(house, release)
    assert len(all_answers(house.kept, release)["discipline_action"]) == 20


@pytest.mark.parametrize("name", NAMES)
def test_what_others_may_know_is_shared_by_students_who_look_alike(houses: dict[str, House], name: str) -> None:
    answers = all_answers(houses[name].kept, whole_release())
    records = person_records(answers)
    for table, answer in answers.items():
        assert lonely_facts(table, answer, records, 5) == [], table


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_joined_at_least_k_students_come_into_question(houses: dict[str, House], name: str) -> None:
    """Any answers with any columns, joined by code: each combination fits at least k students of the release."""
    reader, chance = houses[name].kept, random.Random(1)
    for release in releases(3):
        everything, records = joined_records(reader, release, list(release.tables))
        for _ in range(4):
            names = [table for table in release.tables if chance.random() < 0.5]
            columns, seen = joined_records(reader, release, names)
            places = [everything.index(column) for column in columns]
            for record in set(seen.values()):
                told = [(place, value) for place, value in zip(places, record, strict=True) if value is not None]
                candidates = [all(other[place] == value for place, value in told) for other in records.values()]
                assert sum(candidates) >= release.k


def joined_records(
    reader: DeidentifiedReader, release: Release, names: Sequence[str]
) -> tuple[list[str], dict[str, tuple[Any, ...]]]:
    """The quasi-identifiers that some tables show, and those of each code."""
    answers = all_answers(reader, release, names)
    return sorted({name for answer in answers.values() if answer for name in answer[0]} & set(QUASI)), person_records(
        answers
    )


JUDGE = """
import json, sys
import pandas as pd
from pycanon import anonymity
print(json.dumps([anonymity.k_anonymity(pd.read_json(path, dtype=str).fillna("*"), columns)
                  for path, columns in json.load(open(sys.argv[1]))]))
"""


def test_an_outside_judge_finds_k(houses: dict[str, House], tmp_path: Path) -> None:
    """pycanon, on the join of everything that a release shows of each student."""
    python, jobs, promised = demand_peers(), [], []
    for house in houses.values():
        for release in releases(6):
            records = person_records(all_answers(house.kept, release))
            rows = [
                {f"column {place}": str(value) for place, value in enumerate(record)} for record in records.values()
            ]
            if rows and rows[0]:
                path = tmp_path / f"{len(jobs)}.json"
                path.write_text(json.dumps(rows))
                jobs.append((str(path), list(rows[0])))
                promised.append(release.k)
    (tmp_path / "jobs.json").write_text(json.dumps(jobs))
    judged = subprocess.run([python, "-c", JUDGE, tmp_path / "jobs.json"], capture_output=True, text=True)
    assert judged.returncode == 0, judged.stderr
    found = json.loads(judged.stdout.splitlines()[-1])
    assert len(found) >= 12, judged.stderr
    assert all(k >= asked for k, asked in zip(found, promised, strict=True))


def test_diversity_is_kept(house: House) -> None:
    release = whole_release(diversity=2, sensitive=("student_demographic.meal_eligibility",))
    reader = house.kept
    codes = dict(zip(code_of_keys(reader, release), codes_in_order(reader, release), strict=True))
    meals: dict[str, set[str]] = {}
    key_of = {row["student_key"]: row["student_id"] for row in house.told["student"]}
    ids = {key: str(i) for i, key in student_ids(house).items()}
    assert set(key_of.values()) == set(ids.values())
    for row in house.told["student_demographic"]:
        meals.setdefault(row["student_key"], set()).add(row["meal_eligibility"])
    records = person_records(all_answers(reader, release))
    together = carriers((code, records[code]) for code in records)
    by_code = {codes[key]: frozenset(meals.get(name, set())) for key, name in ids.items() if key in codes}
    assert all(len({by_code[code] for code in who}) >= 2 for who in together.values())


def student_ids(house: House) -> dict[str, int]:
    table = pq.read_table(house.folder / "student.parquet", columns=["student_id", "student_key"])
    return dict(zip(table["student_id"].to_pylist(), table["student_key"].to_pylist(), strict=True))


def code_of_keys(reader: DeidentifiedReader, release: Release) -> list[int]:
    """The key of each student, in the order in which the rows of `student` come: known inside only."""
    table = reader._released(CATALOG.tables["student"], release, TODAY)
    return table._all.keys[table._whose].tolist()


def codes_in_order(reader: DeidentifiedReader, release: Release) -> list[str]:
    return reader.rows(release, "student", ["student_key"], TODAY)[0]["student_key"].to_pylist()


def test_each_row_is_still_about_its_own_student(house: House) -> None:
    """What is shown of each student is true: the row's facts are those of the sources, as far as they are shown."""
    release, reader = whole_release(), house.kept
    codes = dict(zip(codes_in_order(reader, release), code_of_keys(reader, release), strict=True))
    name_of = {key: name for name, key in student_ids(house).items()}
    told = carriers((row["student_key"], (row["attendance_event"], row["attendance_date"][:7]))
                    for row in house.told["attendance"])  # fmt: skip
    shown = reader.frame(release, FrameQuery("attendance"), TODAY)[0].to_pylist()
    assert len(shown) > 500
    for row in shown:
        fact = (row["attendance_event"], row["attendance_date"])
        assert None in fact or name_of[codes[row["student_key"]]] in told[fact]
    races = {row["student_key"]: row["race_ethnicity"] for row in house.told["student_demographic"]}
    for row in reader.frame(release, FrameQuery("student_demographic"), TODAY)[0].to_pylist():
        exact = races[name_of[codes[row["student_key"]]]]
        assert row["race_ethnicity"] in (exact or None, None, "Another group")


def test_the_keys_for_the_record_are_those_of_the_rows(house: House) -> None:
    release, reader = whole_release(), house.kept
    codes = dict(zip(codes_in_order(reader, release), code_of_keys(reader, release), strict=True))
    rows, keys = reader.frame(release, FrameQuery("discipline_action", ("student_key",)), TODAY)
    assert keys.tolist() == sorted({codes[code] for code in rows["student_key"].to_pylist()})
    assert reader.frame(release, FrameQuery("student", (), (Among("sex", ("nobody",)),)), TODAY)[1].tolist() == []


def codes_of(reader: DeidentifiedReader, release: Release, table: str = "student", today: date = TODAY) -> set[str]:
    return set(reader.rows(release, table, ["student_key"], today)[0]["student_key"].to_pylist())


def test_codes_agree_between_tables_of_a_grant(house: House) -> None:
    reader, release = house.kept, whole_release()
    everybody = codes_of(reader, release)
    assert len(everybody) == len(house.told["student"])
    for table in STUDENT_TABLES:
        assert codes_of(reader, release, table) <= everybody, table


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": bytes(reversed(SECRET))},
        {"grant": "another"},
        {"k": 6},
        {"dates": DateDetail.WEEK},
        {"staff_as_codes": False},
        {"tables": {**STUDENT_TABLES, "student": ("sex",)}},
    ],
)
def test_two_releases_share_no_code(house: House, changes: dict[str, Any]) -> None:
    """Not even two of one grant: joining them by code would undo both."""
    reader = house.kept
    assert not codes_of(reader, whole_release()) & codes_of(reader, whole_release(**changes))


def test_a_new_snapshot_is_a_new_anonymization(house: House, tmp_path: Path) -> None:
    shutil.copytree(house.folder, tmp_path / "later")
    later = DeidentifiedReader(tmp_path / "later", CATALOG)
    assert not codes_of(house.reader(), whole_release()) & codes_of(later, whole_release())


def test_the_same_answer_twice_and_on_any_day_of_the_snapshots_last_school_year(house: House) -> None:
    """Ages and who is enrolled do not move from day to day: that would tell birthdays."""
    release = whole_release()
    first = {name: house.kept.frame(release, FrameQuery(name), TODAY)[0] for name in STUDENT_TABLES}
    for today in (TODAY + timedelta(days=120), TODAY + timedelta(days=900)):
        reader = house.reader()
        # In another order, and column by column: no answer depends on those before it.
        for name in reversed(STUDENT_TABLES):
            for column in first[name].column_names:
                again, _ = reader.frame(release, FrameQuery(name, (column,)), today)
                assert again[column].equals(first[name][column]), (name, column)


def test_an_earlier_school_year_is_another_anonymization(house: House) -> None:
    reader = house.kept
    assert not codes_of(reader, whole_release()) & codes_of(reader, whole_release(), today=date(2026, 3, 1))


def test_the_order_of_rows_tells_nothing(house: House) -> None:
    reader, release = house.kept, whole_release()
    order = code_of_keys(reader, release)
    assert sorted(order) != order
    in_file = pq.read_table(house.folder / "student.parquet")["student_key"].to_pylist()
    assert sum(a == b for a, b in zip(order, in_file, strict=True)) < len(order) / 10


# Conditions as they arrive from the wire: the form shows these columns as texts.
@pytest.mark.parametrize(
    "where",
    [
        (Among("grade_level", ("03-05", None)),),
        (Among("school_year", (2026,)), Between("entry_date", "2025-08-15", "2026-09-30")),
        (Between("school_year", 2025, 2026), Among("student_key", ("S-NOBODY",))),
        (Among("is_primary", (True,)),),
        (Among("exit_date", ("2026-06-30T00:00:00", None)),),
        (Between("entry_date", None, "2025-09-01"),),
        (Between("entry_date", "2025-09-02", "2025-09"),),
        (Among("school_key", ("Low School",)), Among("school_year", (2025, 2027))),
    ],
)
def test_conditions_are_on_what_is_shown(house: House, where: tuple) -> None:
    reader, release = house.kept, whole_release()
    shown = reader.frame(release, FrameQuery("enrollment"), TODAY)[0].to_pylist()
    found = reader.frame(release, FrameQuery("enrollment", (), where), TODAY)[0].to_pylist()
    assert found == [row for row in shown if all(fulfils(row, condition) for condition in where)]
    assert found or where[-1].column == "student_key"


def fulfils(row: dict[str, Any], condition: Among | Between) -> bool:
    value = row[condition.column]
    if isinstance(condition, Among):
        return value in [spelled(wanted) for wanted in condition.values]
    low, high = spelled(condition.low), spelled(condition.high)
    return value is not None and (low is None or low <= value) and (high is None or value <= high)


def spelled(value: Any) -> Any:
    return value[:7] if isinstance(value, str) and value.startswith("20") else value


@pytest.mark.parametrize("dates", DateDetail)
def test_a_range_of_days_finds_every_month_or_week_of_which_it_has_a_day(house: House, dates: DateDetail) -> None:
    reader, release = house.kept, whole_release(dates=dates)
    rows = reader.frame(release, FrameQuery("attendance", ("attendance_date",)), TODAY)[0]
    shown = sorted(value for value in rows["attendance_date"].to_pylist() if value is not None)
    first, last = date(2025, 10, 15), date(2025, 12, 1)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    wanted = {day.strftime("%Y-%m" if dates is DateDetail.MONTH else "%G-W%V") for day in days}
    where = (Between("attendance_date", first.isoformat(), last.isoformat()),)
    found = reader.frame(release, FrameQuery("attendance", ("attendance_date",), where), TODAY)[0]
    assert sorted(found["attendance_date"].to_pylist()) == [value for value in shown if value in wanted]
    assert found.num_rows


@pytest.mark.parametrize(
    ("table", "condition"),
    [
        ("attendance", Among("attendance_date", ("2025-11-31",))),
        ("attendance", Among("attendance_date", ("November", None))),
        ("attendance", Between("attendance_date", "2025", None)),
        ("attendance", Between("attendance_date", None, "2025-W40")),
        ("student", Among("birth_date", ("2015-03-01",))),
        ("student", Between("birth_date", "2015-03-01", "2015-03-31")),
        ("enrollment", Between("grade_level", "03", "05")),
    ],
)
def test_what_no_row_could_fulfil_is_refused_and_not_answered_with_nothing(
    house: House, table: str, condition: Among | Between
) -> None:
    with pytest.raises(WorkerFault) as caught:
        house.kept.frame(whole_release(), FrameQuery(table, (), (condition,)), TODAY)
    assert caught.value.code == "bad_query"
    assert condition.column in caught.value.message


def test_weeks_where_the_grant_says_so(house: House) -> None:
    release = whole_release(dates=DateDetail.WEEK)
    shown = house.kept.frame(release, FrameQuery("attendance", ("attendance_date",)), TODAY)[0]
    weeks = {value for value in shown["attendance_date"].to_pylist() if value is not None}
    days = {date.fromisoformat(row["attendance_date"]) for row in house.told["attendance"]}
    assert weeks
    assert weeks <= {f"{day.isocalendar().year}-W{day.isocalendar().week:02d}" for day in days}


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("student", "last_name"),
        ("student", "student_id"),
        ("student_demographic", "postal_code"),
        ("attendance", "section_key"),
        ("attendance", "reason"),
        ("discipline_action", "incident_id"),
        ("student", "no_such_column"),
        ("no_such_table", "student_key"),
        ("staff", "staff_key"),
    ],
)
def test_what_is_dropped_does_not_exist(house: House, table: str, column: str) -> None:
    reader, release = house.kept, whole_release()
    for query in (FrameQuery(table, (column,)), FrameQuery(table, (), (Among(column, ("x",)),))):
        with pytest.raises(NotInThisForm):
            reader.frame(release, query, TODAY)
    with pytest.raises(NotInThisForm):
        reader.rows(release, table, [column], TODAY)


def test_a_column_that_is_not_granted_does_not_exist(house: House) -> None:
    release = whole_release(tables={"student": ("sex",)})
    rows, _ = house.kept.frame(release, FrameQuery("student"), TODAY)
    assert rows.column_names == ["student_key", "sex"]
    with pytest.raises(NotInThisForm) as caught:
        house.kept.frame(release, FrameQuery("student", ("birth_date",)), TODAY)
    assert (caught.value.table, caught.value.column) == ("student", "birth_date")


def test_too_few_students_are_not_released(tmp_path: Path) -> None:
    house = make_house(tmp_path, draw_district(1, 4))
    with pytest.raises(NotReleasable) as caught:
        house.kept.frame(whole_release(), FrameQuery("student"), TODAY)
    assert str(caught.value) == ""


def test_the_few_who_have_left_are_left_out_where_they_cannot_be_hidden(house: House) -> None:
    everybody = len(house.told["student"])
    left = everybody - len({row["student_key"] for row in house.told["enrollment"] if row["school_year"] == "2027"})
    release = whole_release(k=left + 1, tables={"student": ("sex",)})
    reader = house.kept
    assert len(codes_of(reader, release)) == everybody - left
    assert any("left out" in note for note in reader.loss(release, TODAY)["notes"])


def test_staff_are_codes_and_nothing_private(houses: dict[str, House]) -> None:
    house = houses["synthetic"]
    release = whole_release(tables={**STUDENT_TABLES, **STAFF_TABLES})
    reader = house.kept
    answers = {name: reader.frame(release, FrameQuery(name), TODAY)[0].to_pylist() for name in STAFF_TABLES}
    assert set(answers["staff"][0]) == {"staff_key"}
    assert identifying_cells(answers, house.told, house.keys()) == []
    for name, answer in answers.items():
        assert rare_facts(answer, release.k, "staff_key") == [], name
        assert all(row["staff_key"].startswith("T-") for row in answer)
        assert reader.frame(release, FrameQuery(name), TODAY)[1].tolist() == []
    codes = {row["staff_key"] for row in answers["staff"]}
    cases = reader.frame(release, FrameQuery("caseload"), TODAY)[0].to_pylist()
    assert {row["staff_key"] for row in cases} - {None} <= codes


def test_staff_in_full_for_their_own_office(houses: dict[str, House]) -> None:
    house = houses["synthetic"]
    release = whole_release(tables={**STUDENT_TABLES, **STAFF_TABLES}, staff_as_codes=False)
    rows, keys = house.kept.frame(release, FrameQuery("staff"), TODAY)
    assert rows.num_rows == len(house.told["staff"])
    assert rows.column_names == list(CATALOG.tables["staff"].names)
    assert keys.tolist() == []
    cases = house.kept.frame(release, FrameQuery("caseload"), TODAY)[0]["staff_key"].to_pylist()
    assert set(cases) - {None} <= set(rows["staff_key"].to_pylist())


def test_tables_about_nobody_are_as_they_are(house: House) -> None:
    release = whole_release(tables={"course": CATALOG.tables["course"].names})
    rows, keys = house.kept.frame(release, FrameQuery("course", (), (Among("academic_subject", ("Science",)),)), TODAY)
    assert rows.num_rows == 13
    assert keys.tolist() == []


def test_sql_runs_over_the_rows(house: House) -> None:
    """The tables as a query's cell gets them: plain types, and codes that join."""
    reader, release = house.kept, whole_release()
    tables = {name: reader.rows(release, name, (), TODAY)[0] for name in ("student", "enrollment", "attendance")}
    cell = Cell("1GB", 1, 10_000_000)
    text = (
        "SELECT sex, grade_level, count(DISTINCT student_key) AS students, sum(fraction_absent) AS days FROM student "
        "JOIN enrollment USING (student_key) JOIN attendance USING (student_key, school_year) GROUP BY ALL"
    )
    assert cell.run(text, tables).num_rows > 3
    cell.close()


def test_no_value_that_was_taken_out_is_left_in_a_dictionary(house: House) -> None:
    for table in STUDENT_TABLES:
        for column in house.kept.rows(whole_release(), table, (), TODAY)[0].columns:
            assert not pa.types.is_dictionary(column.type)
            assert not pa.types.is_date(column.type)


def test_the_loss_is_told(house: House) -> None:
    reader, release = house.kept, whole_release()
    loss = reader.loss(release, TODAY)
    records = person_records(all_answers(reader, release))
    fewest = min(len(who) for who in carriers((code, record) for code, record in records.items()).values())
    assert loss["k"] == 5 <= loss["k_reached"] <= fewest
    assert set(loss["levels"]) == set(loss["suppressed"]) == set(QUASI)
    declared = {name: CATALOG.hierarchies[column.hierarchy].words for table in STUDENT_TABLES
                for name, column in ((c.name, c) for c in CATALOG.tables[table].columns)
                if column.deidentified is Treatment.GENERALIZED}  # fmt: skip
    assert all(words in declared[name] for name, words in loss["levels"].items())
    assert all(count == 0 or count >= 1 for count in loss["suppressed"].values())
    assert json.loads(json.dumps(loss)) == loss


@pytest.mark.parametrize("as_codes", [True, False])
@pytest.mark.parametrize("name", [*STUDENT_TABLES, *STAFF_TABLES, "school", "course"])
def test_what_becomes_of_each_column_is_said_beforehand(house: House, name: str, as_codes: bool) -> None:
    reader = house.kept
    table = CATALOG.tables[name]
    release = whole_release(tables={name: table.names}, staff_as_codes=as_codes)
    said, form = words_in_form(table, release, CATALOG), table_in_form(table, release)
    assert list(said) == list(table.names)
    assert form.names == tuple(column for column in table.names if not said[column].startswith("dropped"))
    rows, _ = reader.rows(release, name, (), TODAY)
    assert rows.column_names == list(form.names)
    for column in form.columns:
        assert said[column.name] and "{" not in said[column.name], column.name
        assert (rows.schema.field(column.name).type == pa.string()) == (column.type.value in ("text", "code"))


def test_every_treatment_has_its_words() -> None:
    assert set(WORDS) == set(Treatment)
    attendance, caseload = CATALOG.tables["attendance"], CATALOG.tables["caseload"]
    release = whole_release(tables={name: CATALOG.tables[name].names for name in ("attendance", "caseload")})
    assert words_in_form(attendance, release, CATALOG)["attendance_event"] == (
        "as it is; missing where fewer than 5 students have it in that year"
    )
    # Nothing is said of years where a row has none.
    assert words_in_form(caseload, release, CATALOG)["staff_key"] == (
        "a random code of this grant, where at least 5 students of the same group share it"
    )


def test_a_sensitive_column_is_one_about_students(house: House) -> None:
    for name in ("student_demographic.no_such", "staff.sex", "nothing.sex"):
        with pytest.raises(NotInThisForm):
            house.kept.loss(whole_release(diversity=2, sensitive=(name,)), TODAY)


def test_a_release_says_what_it_protects(house: House) -> None:
    with pytest.raises(ValueError, match="two"):
        whole_release(k=1)
    with pytest.raises(ValueError, match="bytes"):
        whole_release(secret=b"short")
    with pytest.raises(ValueError, match="diversity"):
        whole_release(diversity=2)
    assert SECRET.hex() not in repr(whole_release()) and str(SECRET) not in repr(whole_release())


def test_nothing_is_written_down(house: House) -> None:
    before = sorted(path.name for path in house.folder.iterdir())
    all_answers(house.reader(), whole_release())
    assert sorted(path.name for path in house.folder.iterdir()) == before
