"""Who sees which students' rows. The district these examples speak of stands in `small_district.py`.

Each example asks as one person, in one capacity, on one day: nearly always Monday, 23 November 2026.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from governance.policy import Allowed, Deidentified, Refusal, Refused
from tests.loaded_district import LoadedDistrict, compared_columns, load_district
from tests.oracle import scopes
from tests.oracle.csv_district import write_csv_district
from tests.oracle.natural import Naturalizer
from tests.spec.small_district import SMALL_DISTRICT

TODAY = date(2026, 11, 23)
YESTERDAY = TODAY - timedelta(days=1)
TOMORROW = TODAY + timedelta(days=1)

ANA, BEN, CAM, DEE, ELI = "1001", "1002", "1003", "1004", "1005"
FAY, GUS, HAL, IVY = "1006", "1007", "1008", "1009"
STUDENT_IDS = {row["student_key"]: row["student_id"] for row in SMALL_DISTRICT["student"]}
EVERYONE = {ANA, BEN, CAM, DEE, ELI, FAY, GUS, HAL, IVY}

HILL, CODY, REED, ROSS = "T1", "T2", "T3", "T4"
PARK, QUIN, DUKE = "P1", "P2", "P3"
CRUZ, WARD, SPED_OFFICE, SUPERINTENDENT = "C1", "W1", "O1", "S1"


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> LoadedDistrict:
    folder = tmp_path_factory.mktemp("small")
    write_csv_district(folder / "source", SMALL_DISTRICT)
    return load_district(folder / "state", folder / "source")


def test_no_row_of_the_district_was_set_aside(district: LoadedDistrict) -> None:
    assert district.quarantined() == []


# --- a teacher: the students who are currently in their classes


def test_a_teacher_sees_the_students_of_their_class(district: LoadedDistrict) -> None:
    assert district.students(HILL, "teacher", TODAY) == {ANA, BEN}


def test_a_co_teacher_counts_from_the_first_day(district: LoadedDistrict) -> None:
    assert district.students(CODY, "teacher", date(2026, 9, 30)) == set()
    assert district.students(CODY, "teacher", date(2026, 10, 1)) == {ANA, BEN, CAM, DEE}
    assert district.students(CODY, "teacher", TODAY) == {ANA, BEN}


def test_a_teacher_who_stopped_teaching_the_class_yesterday_sees_nothing_today(district: LoadedDistrict) -> None:
    assert district.students(REED, "teacher", YESTERDAY) == {ANA, BEN, DEE}
    assert district.students(REED, "teacher", TODAY) == set()


def test_a_section_whose_term_is_over_gives_nothing(district: LoadedDistrict) -> None:
    """Gus was in Art only, which ended yesterday, though neither his place nor the teacher's has a last day."""
    assert district.students(ROSS, "teacher", YESTERDAY) == {CAM, ELI, GUS}
    assert district.students(ROSS, "teacher", TODAY) == {CAM, ELI}


def test_a_class_of_last_year_gives_nothing_however_open_its_roster_was_left(district: LoadedDistrict) -> None:
    assert FAY in district.students(ROSS, "teacher", date(2026, 6, 15))
    assert FAY not in district.students(ROSS, "teacher", date(2026, 6, 16))


def test_before_the_school_year_begins_a_teacher_sees_nobody(district: LoadedDistrict) -> None:
    assert district.students(HILL, "teacher", date(2026, 8, 26)) == set()
    assert district.students(HILL, "teacher", date(2026, 8, 27)) == {ANA, BEN, CAM, DEE}


def test_a_student_who_left_the_class_is_gone_the_day_after(district: LoadedDistrict) -> None:
    assert DEE in district.students(HILL, "teacher", YESTERDAY)
    assert DEE not in district.students(HILL, "teacher", TODAY)


@pytest.mark.parametrize("table", scopes.ABOUT_STUDENTS)
def test_rosters_of_another_school_never_appear_in_a_list(district: LoadedDistrict, table: str) -> None:
    """The teachers of Elm see in no table a student who is at Oak, and the other way round."""
    at_elm = _students_of(district, HILL, "teacher", table) | _students_of(district, CRUZ, "teacher", table)
    at_oak = _students_of(district, ROSS, "teacher", table)
    assert at_elm <= {ANA, BEN}
    assert at_oak <= {CAM, ELI}


def test_a_teacher_sees_rows_of_all_years_of_their_students(district: LoadedDistrict) -> None:
    columns = ["student_key", "attendance_date", "attendance_event"]
    assert dict(district.rows(HILL, "teacher", "attendance", TODAY, columns)) == {
        (ANA, "2026-02-10", "ExcusedAbsence"): 1,
        (ANA, "2026-10-05", "Tardy"): 1,
    }


def test_the_new_teacher_sees_the_marks_from_the_old_school(district: LoadedDistrict) -> None:
    columns = ["student_key", "section_key", "numeric_grade"]
    assert dict(district.rows(ROSS, "teacher", "grade", TODAY, columns)) == {
        (CAM, "M100-1 0011 M100 2027", "77"): 1,
    }


# --- a principal, or assistant principal: the students currently enrolled in their buildings


def test_a_principal_sees_the_students_enrolled_in_the_building(district: LoadedDistrict) -> None:
    assert district.students(PARK, "principal", TODAY) == {ANA, BEN, HAL}


def test_a_transfer_within_the_year_moves_the_student_to_the_new_principal(district: LoadedDistrict) -> None:
    moved = date(2026, 11, 2)
    assert CAM in district.students(PARK, "principal", date(2026, 10, 30))
    assert CAM not in district.students(PARK, "principal", date(2026, 10, 31))
    # Quin's own assignment ended with October; Duke, of both buildings, has Cam again when Oak has.
    assert CAM not in district.students(DUKE, "principal", moved - timedelta(days=1))
    assert CAM in district.students(DUKE, "principal", moved)


def test_a_principal_with_two_buildings_sees_both(district: LoadedDistrict) -> None:
    assert district.students(DUKE, "principal", TODAY) == {ANA, BEN, CAM, ELI, GUS, HAL, IVY}


def test_a_principal_whose_assignment_ended_sees_nobody(district: LoadedDistrict) -> None:
    assert district.students(QUIN, "principal", date(2026, 10, 31)) == {ELI, GUS, IVY}
    assert district.students(QUIN, "principal", date(2026, 11, 1)) == set()


def test_a_leaver_is_gone_the_day_after_the_last_day(district: LoadedDistrict) -> None:
    assert DEE in district.students(PARK, "principal", YESTERDAY)
    assert DEE not in district.students(PARK, "principal", TODAY)


def test_an_enrollment_left_open_from_last_school_year_does_not_count(district: LoadedDistrict) -> None:
    assert FAY in district.students(PARK, "principal", date(2026, 6, 30))
    assert FAY not in district.students(PARK, "principal", date(2026, 7, 1))


def test_who_leads_no_building_sees_nobody_as_a_principal(district: LoadedDistrict) -> None:
    """A counselor and a teacher are assigned to Elm, the Superintendent to no school: none of them leads it."""
    for somebody in (HILL, CRUZ, SUPERINTENDENT):
        assert district.students(somebody, "principal", TODAY) == set()


# --- counselors, psychologists and social workers: the students assigned to them


def test_a_caseload_that_begins_tomorrow_gives_nothing_today(district: LoadedDistrict) -> None:
    assert district.students(CRUZ, "counselor", TODAY) == {ANA}
    assert district.students(CRUZ, "counselor", TOMORROW) == {ANA, ELI}


def test_a_caseload_that_ended_yesterday_gives_nothing_today(district: LoadedDistrict) -> None:
    assert district.students(CRUZ, "counselor", YESTERDAY) == {ANA, DEE}
    assert DEE not in district.students(CRUZ, "counselor", TODAY)


def test_serving_and_evaluating_both_count_through_the_last_day(district: LoadedDistrict) -> None:
    assert district.students(WARD, "support_services", TODAY) == {HAL, GUS}
    assert district.students(WARD, "support_services", TOMORROW) == {HAL, IVY}


def test_a_person_with_two_capacities_sees_in_each_session_one_of_them(district: LoadedDistrict) -> None:
    """Carla Cruz is a counselor who also teaches a class: no session of hers shows the students of both."""
    assert district.students(CRUZ, "teacher", TODAY) == {BEN}
    assert district.students(CRUZ, "counselor", TODAY) == {ANA}


# --- the offices


def test_the_special_education_office_sees_special_education_and_section_504(district: LoadedDistrict) -> None:
    assert district.students(SPED_OFFICE, "special_education_office", TODAY) == {HAL, IVY}


def test_special_education_exited_yesterday_ends_the_access_today(district: LoadedDistrict) -> None:
    assert GUS in district.students(SPED_OFFICE, "special_education_office", YESTERDAY)
    assert GUS not in district.students(SPED_OFFICE, "special_education_office", TODAY)


@pytest.mark.parametrize("capacity", ["superintendent", "executive_secretary"])
def test_the_superintendent_and_the_executive_secretary_see_everyone(district: LoadedDistrict, capacity: str) -> None:
    assert district.students(SUPERINTENDENT, capacity, TODAY) == EVERYONE


@pytest.mark.parametrize("capacity", ["personnel_office", "budget_office", "curriculum_office"])
def test_central_offices_see_every_student_and_no_name(district: LoadedDistrict, capacity: str) -> None:
    decision = district.decide(SPED_OFFICE, capacity, "student", TODAY)
    assert isinstance(decision, Allowed)
    assert decision.rows == {"student": Deidentified()}
    with pytest.raises(TypeError, match="only de-identified"):
        district.frame(SPED_OFFICE, capacity, "student", TODAY)


def test_without_a_grant_a_study_sees_nothing(district: LoadedDistrict) -> None:
    assert district.decide(SPED_OFFICE, "study", "student", TODAY) == Refused(Refusal.NO_GRANT)


@pytest.mark.parametrize("capacity", ["reviewer", "operator"])
def test_reviewers_and_operators_get_no_data(district: LoadedDistrict, capacity: str) -> None:
    assert district.decide(SPED_OFFICE, capacity, "student", TODAY) == Refused(Refusal.NO_DATA_IN_THIS_CAPACITY)


# --- rows about staff, and about nobody


def test_of_rows_about_staff_one_sees_ones_own(district: LoadedDistrict) -> None:
    for capacity in scopes.SCOPED:
        assert dict(district.rows(HILL, capacity, "staff", TODAY, ["staff_id"])) == {(HILL,): 1}


def test_everybody_sees_the_schools_and_the_courses(district: LoadedDistrict) -> None:
    for capacity in scopes.NAMES_STUDENTS:
        assert dict(district.rows(HILL, capacity, "school", TODAY, ["school_id"])) == {("0011",): 1, ("0061",): 1}


# --- denied and non-existent look the same


def test_a_student_who_is_not_mine_and_one_who_does_not_exist_look_the_same(district: LoadedDistrict) -> None:
    not_mine = district.why(HILL, "teacher", "student", ELI, TODAY)
    nobody = district.why(HILL, "teacher", "student", "9999", TODAY)
    assert not_mine == nobody == []


def test_a_table_that_is_not_mine_and_one_that_does_not_exist_look_the_same(district: LoadedDistrict) -> None:
    """Somebody without a staff record has no own rows in `credential`."""
    unknown_person = "nobody's staff number"
    not_mine = district.decide(unknown_person, "special_education_office", "credential", TODAY)
    no_such_table = district.decide(unknown_person, "special_education_office", "salaries", TODAY)
    assert not_mine == no_such_table == Refused(Refusal.UNKNOWN_TABLE)


def test_whom_one_sees_one_is_told_why(district: LoadedDistrict) -> None:
    assert district.why(HILL, "teacher", "student", ANA, TODAY)
    assert district.why(SUPERINTENDENT, "superintendent", "student", FAY, TODAY)


# --- and all of it at once


def test_every_person_and_capacity_on_every_day_on_which_something_changes(district: LoadedDistrict) -> None:
    """The examples above are few. Here the oracle answers for everybody, on the days around every date."""
    for today in days_of_change():
        for person in SMALL_DISTRICT["staff"]:
            for capacity in scopes.SCOPED:
                expected = scopes.students(SMALL_DISTRICT, person["staff_key"], capacity, today.isoformat())
                answered = district.students(person["staff_id"], capacity, today)
                assert answered == {STUDENT_IDS[key] for key in expected}, (person, capacity, today)


@pytest.mark.parametrize("table", scopes.ALL_TABLES)
def test_every_table_on_the_day(district: LoadedDistrict, table: str) -> None:
    natural = Naturalizer(SMALL_DISTRICT)
    columns = compared_columns(SMALL_DISTRICT, table)
    for person in SMALL_DISTRICT["staff"]:
        for capacity in scopes.NAMES_STUDENTS:
            expected = scopes.rows(SMALL_DISTRICT, table, person["staff_key"], capacity, TODAY.isoformat())
            answered = district.rows(person["staff_id"], capacity, table, TODAY, columns)
            assert answered == natural.rows(expected, columns), (person, capacity)


def days_of_change() -> list[date]:
    """The day before, of and after each first and last day of a relation."""
    relations = ("section", "section_staff", "section_enrollment", "staff_assignment", "enrollment")
    relations += ("caseload", "service_assignment", "program_participation", "school_year")
    days = set()
    for table in relations:
        for row in SMALL_DISTRICT[table]:
            for column in ("begin_date", "end_date", "entry_date", "exit_date"):
                if row.get(column):
                    day = date.fromisoformat(row[column])
                    days |= {day - timedelta(days=1), day, day + timedelta(days=1)}
    return sorted(days)


def _students_of(district: LoadedDistrict, me: str, capacity: str, table: str) -> set[str]:
    return {row[0] for row in district.rows(me, capacity, table, TODAY, ["student_key"])}
