"""The synthetic district, read back with pandas: the rules every file keeps, and the shape of what it tells."""

from __future__ import annotations

import filecmp
import json
import tomllib
from bisect import bisect_left, bisect_right
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import governance.catalog
from governance.warehouse.synth import demo_today, write_district

TODAY = date(2026, 3, 3)
CATALOG = Path(governance.catalog.__file__).parent
TABLES = {path.stem: tomllib.loads(path.read_text()) for path in sorted((CATALOG / "tables").glob("*.toml"))}
CODES = {
    name: {code["code"] for code in declared["codes"]}
    for name, declared in tomllib.loads((CATALOG / "codes.toml").read_text()).items()
}
# What may lie after today: the plans of the district, and the validity of certificates.
PLANNED = {
    ("calendar_date", "calendar_date"), ("school_year", "end_date"), ("section", "end_date"),
    ("section_enrollment", "end_date"), ("credential", "expiration_date"),
}  # fmt: skip

Files = dict[str, pd.DataFrame]


def read(folder: Path) -> Files:
    return {
        name: pd.read_csv(folder / f"{name}.csv", dtype="string", keep_default_na=False, na_values=[""])
        for name in TABLES
    }


def make(folder: Path, students: int = 750, seed: int = 1, today: date = TODAY, **more: object) -> Files:
    write_district(folder, students=students, seed=seed, today=today, **more)  # type: ignore[arg-type]
    return read(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("district")


@pytest.fixture(scope="module")
def district(folder: Path) -> Files:
    return make(folder)


# --- the rules of the catalog -------------------------------------------------------------------


def check_catalog(files: Files, today: date) -> None:
    owners = {
        table["columns"][0]["entity"]: name
        for name, table in TABLES.items()
        if len(table["key"]) == 1 and "entity" in table["columns"][0]
    }
    for name, table in TABLES.items():
        frame = files[name]
        assert list(frame.columns) == [column["name"] for column in table["columns"]], name
        assert not frame.duplicated(table["key"]).any(), f"{name}: a key occurs twice"
        for column in table["columns"]:
            check_column(files, name, column, owners, today)
        if "period" in table and len(frame):
            begin, end = (frame[column] for column in table["period"])
            assert (end.isna() | (begin <= end)).all(), f"{name}: a period ends before it begins"


def check_column(files: Files, name: str, column: dict[str, str], owners: dict[str, str], today: date) -> None:
    values = files[name][column["name"]]
    where = f"{name}.{column['name']}"
    known = values.dropna()
    if column.get("required"):
        assert len(known) == len(values), f"{where}: missing"
    if column["type"] == "code":
        assert set(known) <= CODES[column["codes"]], where
    if column["type"] == "key":
        owner = owners[column["entity"]]
        assert set(known) <= set(files[owner][TABLES[owner]["key"][0]]), f"{where}: dangling"
    if column["type"] == "date":
        assert known.str.fullmatch(r"\d{4}-\d\d-\d\d").all(), where
        if (name, column["name"]) not in PLANNED:
            assert (known <= today.isoformat()).all(), f"{where}: after today"
    if column["type"] == "boolean":
        assert set(known) <= {"true", "false"}, where
    if column["type"] in {"number", "integer"}:
        assert pd.to_numeric(known).notna().all(), where


def check_within_enrollment(files: Files) -> None:
    """What happens to a student in a school happens on days of enrolment in that school."""
    enrollment = files["enrollment"].fillna({"exit_date": "9999-12-31"})
    days = files["calendar_date"].query("is_instructional_day == 'true'")
    instructional = set(zip(days.school_key, days.calendar_date, strict=True))
    spells = enrollment[["student_key", "school_key", "entry_date", "exit_date"]]
    for name, column in (
        ("attendance", "attendance_date"),
        ("discipline_incident", "incident_date"),
        ("discipline_action", "action_date"),
    ):
        frame = files[name].reset_index()
        joined = frame.merge(spells, on=["student_key", "school_key"])
        inside = joined[(joined.entry_date <= joined[column]) & (joined[column] <= joined.exit_date)]
        assert set(inside["index"]) == set(frame["index"]), f"{name}: outside enrolment"
        assert set(zip(frame.school_key, frame[column], strict=True)) <= instructional, f"{name}: no school that day"
    seats = (
        files["section_enrollment"]
        .reset_index()
        .merge(
            files["section"][["section_key", "school_key", "begin_date", "end_date"]],
            on="section_key",
            suffixes=("", "_s"),
        )
    )
    assert (seats.begin_date >= seats.begin_date_s).all() and (seats.end_date <= seats.end_date_s).all()
    joined = seats.merge(spells, on=["student_key", "school_key"])
    inside = joined[(joined.entry_date <= joined.begin_date) & (joined.end_date <= joined.exit_date)]
    assert set(inside["index"]) == set(seats["index"]), "section_enrollment: outside enrolment"


def check_one_primary(files: Files) -> None:
    frame = files["enrollment"].query("is_primary == 'true'").fillna({"exit_date": "9999-12-31"})
    frame = frame.sort_values(["student_key", "entry_date"])
    same = frame.student_key == frame.student_key.shift()
    assert not (same & (frame.entry_date <= frame.exit_date.shift())).any(), "two primary enrolments at a time"


def check_school_years(files: Files) -> None:
    years = files["school_year"].set_index("school_year")
    for name, column in (
        ("enrollment", "entry_date"), ("attendance", "attendance_date"), ("section", "begin_date"),
        ("section_enrollment", "begin_date"), ("assessment_result", "administration_date"),
        ("calendar_date", "calendar_date"), ("discipline_incident", "incident_date"),
    ):  # fmt: skip
        dates, of_year = files[name][column], files[name].school_year
        begin, end = of_year.map(years.begin_date), of_year.map(years.end_date)
        assert ((begin <= dates) & (dates <= end)).all(), f"{name}: outside its school year"


def check_section_staff(files: Files) -> None:
    joined = files["section_staff"].merge(files["section"], on="section_key", suffixes=("", "_s"))
    assert (joined.begin_date >= joined.begin_date_s).all()
    assert (joined.end_date.isna() | (joined.end_date <= joined.end_date_s)).all()
    employed = files["employment"].fillna({"end_date": "9999-12-31"})[["staff_key", "hire_date", "end_date"]]
    rows = joined[["staff_key", "begin_date"]].drop_duplicates()
    held = rows.merge(employed, on="staff_key").query("hire_date <= begin_date <= end_date")
    assert len(held.drop_duplicates(["staff_key", "begin_date"])) == len(rows), "somebody teaches unemployed"


def check_everything(files: Files, today: date) -> None:
    check_catalog(files, today)
    check_within_enrollment(files)
    check_one_primary(files)
    check_school_years(files)
    check_section_staff(files)


def test_a_district_keeps_every_rule(district: Files) -> None:
    check_everything(district, TODAY)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    students=st.integers(60, 150),
    seed=st.integers(0, 10_000),
    today=st.dates(date(2016, 1, 1), date(2040, 12, 31)),
    years=st.integers(1, 4),
)
def test_small_districts_of_any_date_keep_every_rule(
    tmp_path_factory: pytest.TempPathFactory, students: int, seed: int, today: date, years: int
) -> None:
    folder = tmp_path_factory.mktemp("small")
    files = make(folder, students, seed, today, years=years)
    check_everything(files, today)
    assert members(files).school_year.nunique() == years


@pytest.mark.parametrize("today", [date(2025, 7, 4), date(2025, 8, 20), date(2025, 8, 31), date(2025, 12, 25)])
def test_days_without_school_will_do(tmp_path: Path, today: date) -> None:
    files = make(tmp_path, 120, 3, today, years=2)
    check_everything(files, today)
    people = json.loads((tmp_path / "DISTRICT.json").read_text())["staff"]
    assert set(people.values()) <= set(files["staff"].staff_key)
    assert {"superintendent", "teacher", "principal", "counselor"} <= set(people)


@pytest.mark.long
def test_a_district_of_several_towns_keeps_every_rule(tmp_path: Path) -> None:
    check_everything(make(tmp_path, 11_000, 5, TODAY, years=2), TODAY)


# --- the same again --------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        write_district(tmp_path / name, students=90, seed=seed, today=TODAY, years=2)
    files = [f"{name}.csv" for name in TABLES] + ["DISTRICT.json"]
    same, different, errors = filecmp.cmpfiles(tmp_path / "a", tmp_path / "b", files, shallow=False)
    assert (sorted(same), different, errors) == (sorted(files), [], [])
    assert not filecmp.cmp(tmp_path / "a" / "student.csv", tmp_path / "c" / "student.csv", shallow=False)


# --- a believable district ----------------------------------------------------------------------------


def members(files: Files, year: int | None = None) -> pd.DataFrame:
    """Primary enrolments, of one school year or of all."""
    frame = files["enrollment"].query("is_primary == 'true'")
    return frame if year is None else frame[frame.school_year == str(year)]


def test_three_schools_and_the_number_of_students_asked_for(district: Files) -> None:
    assert sorted(district["school"].school_level) == ["Elementary", "High", "Middle"]
    for year in (2023, 2024, 2025, 2026):
        first = members(district, year).entry_date.min()
        assert (members(district, year).entry_date == first).sum() == 750
    assert district["enrollment"].grade_level.nunique() == 14


def test_state_identifiers_are_ten_digits_and_unique(district: Files) -> None:
    ids = district["student"].student_id
    assert ids.str.fullmatch(r"[1-9]\d{9}").all() and ids.is_unique


def test_calendars_have_181_days_of_school_and_none_on_holidays(district: Files) -> None:
    days = district["calendar_date"].query("is_instructional_day == 'true'")
    assert set(days.groupby(["school_key", "school_year"]).size()) == {181}
    dates = pd.to_datetime(days.calendar_date)
    assert dates.dt.day_of_week.max() == 4
    assert not set(days.calendar_date) & {"2025-09-01", "2025-11-27", "2025-12-25", "2026-01-19", "2026-05-25"}
    assert "Snow day" in set(district["calendar_date"].calendar_event)


def test_students_transfer_within_the_year_leave_enter_and_come_back(district: Files) -> None:
    primary = district["enrollment"].query("is_primary == 'true'")
    schools = primary.groupby(["student_key", "school_year"]).school_key.nunique()
    assert set(schools[schools > 1].index.get_level_values(1)) == {"2023", "2024", "2025", "2026"}
    assert {"Graduated", "Dropped out", "To another Connecticut district"} <= set(primary.exit_type.dropna())
    assert {"Re-entered", "Transferred within the district"} <= set(primary.entry_type)
    assert (district["enrollment"].is_primary == "false").any()


def test_some_are_held_back_and_most_are_promoted(district: Files) -> None:
    grades = members(district, 2024).groupby("student_key").grade_level.last()
    following = members(district, 2025).groupby("student_key").grade_level.first()
    both = pd.concat([grades, following], axis=1, keys=["before", "after"]).dropna()
    held = (both.before == both.after).mean()
    assert 0.0 < held < 0.05


def test_small_cells_exist(district: Files) -> None:
    race = district["student_demographic"].query("school_year == '2026'").race_ethnicity.value_counts()
    assert race["AmericanIndianOrAlaskaNative"] == 2
    assert 1 <= race["NativeHawaiianOrPacificIslander"] <= 5
    assert race["White"] > 300


def absence_rates(files: Files, year: int) -> pd.Series:
    """Share of the days enrolled that were missed, by student; prekindergarten left out."""
    days = files["calendar_date"].query("is_instructional_day == 'true'")
    days = sorted(set(days[days.school_year == str(year)].calendar_date))
    spells = members(files, year)[lambda f: f.grade_level != "PK"].fillna({"exit_date": TODAY.isoformat()})
    lasts = spells.exit_date.map(lambda last: bisect_right(days, last))
    enrolled = lasts - spells.entry_date.map(lambda first: bisect_left(days, first))
    enrolled = enrolled.groupby(spells.student_key).sum()
    events = files["attendance"].query(f"school_year == '{year}'")
    missed = events[events.attendance_event.str.endswith("Absence")].groupby("student_key").size()
    return (missed.reindex(enrolled.index).fillna(0) / enrolled)[enrolled >= 20]


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_chronic_absence_is_what_connecticut_sees(district: Files, year: int) -> None:
    rates = absence_rates(district, year)
    assert 0.08 <= (rates >= 0.10).mean() <= 0.20
    assert 0.03 <= rates.mean() <= 0.08


def test_absences_follow_the_week_and_the_season(district: Files) -> None:
    events = district["attendance"][
        district["attendance"].attendance_event.isin(["ExcusedAbsence", "UnexcusedAbsence"])
    ]
    days = district["calendar_date"].query("is_instructional_day == 'true' and calendar_date <= @TODAY.isoformat()")
    per_day = pd.to_datetime(events.attendance_date).dt.day_of_week.value_counts().sort_index()
    held = pd.to_datetime(days.calendar_date.drop_duplicates()).dt.day_of_week.value_counts().sort_index()
    rate = per_day / held
    assert rate[0] > rate[2] and rate[4] > rate[2]
    months = pd.to_datetime(events.attendance_date).dt.month.value_counts()
    of_month = months / pd.to_datetime(days.calendar_date.drop_duplicates()).dt.month.value_counts()
    assert of_month[2] > 1.2 * of_month[9]


def test_achievement_hangs_together(district: Files) -> None:
    results = district["assessment_result"].query(
        "assessment_title == 'Smarter Balanced Math' and school_year == '2025'"
    )
    score = results.set_index("student_key").score.astype(float) - 24 * results.set_index(
        "student_key"
    ).grade_level.astype(float)
    marks = district["grade"].query("school_year == '2025' and grade_type == 'Final'").dropna(subset=["numeric_grade"])
    mark = marks.assign(mark=marks.numeric_grade.astype(float)).groupby("student_key").mark.mean()
    assert score.corr(mark) > 0.4
    assert score.corr(absence_rates(district, 2025)) < -0.15
    meals = district["student_demographic"].query("school_year == '2025'").set_index("student_key").meal_eligibility
    means = score.groupby(meals.reindex(score.index)).mean()
    assert means["FullPrice"] > means["Free"] + 20


def test_every_section_has_a_teacher_and_students_through_its_term(district: Files) -> None:
    sections = set(district["section"].section_key)
    assert set(district["section_enrollment"].section_key) == sections
    staff = district["section_staff"]
    assert set(staff[staff.classroom_position == "TeacherOfRecord"].section_key) == sections
    assert set(staff.classroom_position) == {"TeacherOfRecord", "CoTeacher", "SubstituteTeacher"}
    homerooms = district["section_enrollment"].query("is_homeroom == 'true'")
    assert {"KG", "03"} <= set(district["enrollment"].set_index("student_key").grade_level[homerooms.student_key])


def test_nobody_sits_in_two_sections_at_one_period(district: Files) -> None:
    seats = district["section_enrollment"].merge(district["section"], on="section_key", suffixes=("", "_s"))
    seats = seats.merge(
        district["enrollment"]
        .query("is_primary == 'true'")[["student_key", "school_key", "school_year"]]
        .drop_duplicates(),
        on=["student_key", "school_key", "school_year"],
    ).dropna(subset="class_period")
    day = "2025-11-03"
    now = seats[(seats.begin_date <= day) & (day <= seats.end_date)]
    assert not now.duplicated(["student_key", "class_period"]).any()


def test_programs_have_their_shares_and_ends(district: Files) -> None:
    programs = district["program_participation"]
    now = programs[programs.end_date.isna()].program_type.value_counts() / 750
    assert 0.10 <= now["SpecialEducation"] <= 0.20
    assert 0.03 <= now["Section504"] <= 0.07
    assert {"EnglishLearner", "GiftedAndTalented"} <= set(now.index)
    assert programs.groupby("program_type").end_date.count().min() > 0


def test_discipline_is_skewed(district: Files) -> None:
    offences = district["discipline_incident"].query("participation == 'Perpetrator'").student_key.value_counts()
    assert len(offences) < 0.25 * len(district["student"])
    assert offences.head(len(offences) // 5).sum() > 0.4 * offences.sum()
    assert set(district["discipline_action"].incident_id) <= set(district["discipline_incident"].incident_id)


def test_relations_have_ended_and_go_on(district: Files) -> None:
    for name in ("caseload", "service_assignment", "section_staff", "employment", "staff_assignment"):
        ends = district[name].end_date
        assert ends.notna().any() and ends.isna().any(), name
    assert set(district["service_assignment"].assignment_type) == {"Service", "Evaluation"}


def test_demo_accounts_are_people_with_somebody_to_see(folder: Path, district: Files) -> None:
    today = TODAY.isoformat()
    people = json.loads((folder / "DISTRICT.json").read_text())["staff"]

    def current(name: str) -> pd.DataFrame:
        frame = district[name]
        return frame[(frame.begin_date <= today) & (frame.end_date.isna() | (today <= frame.end_date))]

    teaches = current("section_staff").query(f"staff_key == '{people['teacher']}'").section_key
    assert current("section_enrollment").section_key.isin(teaches).sum() > 20
    assert (current("caseload").staff_key == people["counselor"]).sum() > 20
    assert (current("service_assignment").staff_key == people["support_services"]).sum() > 2
    held = current("staff_assignment").set_index("staff_key")
    assert held.staff_classification[people["principal"]] == "Principal"
    assert held.staff_classification[people["superintendent"]] == "Superintendent"
    assert held.position_title[people["executive_secretary"]] == "Executive Secretary to the Superintendent"
    offices = {"personnel_office", "budget_office", "curriculum_office", "special_education_office"}
    assert {held.staff_classification[people[office]] for office in offices} == {"DistrictAdministrator"}
    assert held.staff_classification[people["operator"]] == "InformationTechnology"


def test_every_day_writes_the_days_attended_in_full_too(tmp_path: Path) -> None:
    files = make(tmp_path, 60, 2, TODAY, years=1, every_day=True)
    check_everything(files, TODAY)
    present = (files["attendance"].attendance_event == "Present").mean()
    assert 0.8 < present < 0.98


@pytest.mark.parametrize("actual", [date(2026, 7, 15), date(2026, 3, 1), date(2026, 12, 27), date(2026, 9, 5)])
def test_a_demo_day_has_classes(tmp_path: Path, actual: date) -> None:
    today = demo_today(actual, seed=4)
    assert actual - timedelta(days=120) < today <= actual
    files = make(tmp_path, 60, 4, today, years=1)
    days = files["calendar_date"].query("is_instructional_day == 'true'").calendar_date
    assert today.isoformat() in set(days)
    seats = files["section_enrollment"]
    assert ((seats.begin_date <= today.isoformat()) & (today.isoformat() <= seats.end_date)).any()


def test_a_district_too_small_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 60"):
        write_district(tmp_path, students=10, seed=1, today=TODAY)
