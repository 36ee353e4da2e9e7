"""For every declared rule: changes to the small snapshot that break it, and changes that look alike and do not."""

from __future__ import annotations

from datetime import date
from typing import Any

from expectations.rule import NotBlank, OneOf, Rule
from governance.catalog import ColumnType, Table, load_catalog
from tests.expectations.small_snapshot import BEGIN, END, Change, Edit

Examples = dict[str, tuple[Change, ...]]


def one(table: str, row: int = 0, **values: Any) -> tuple[Change, ...]:
    return (Edit(table, values, row),)


def more(table: str, row: int = 0, **values: Any) -> tuple[Change, ...]:
    return (Edit(table, values, row, again=True),)


BREAKING: Examples = {
    "school_year.dates_in_order": one("school_year", begin_date=date(2025, 6, 30)),
    "school_year.one_at_a_time": one("school_year", 1, begin_date=date(2025, 6, 30)),
    "calendar_date.in_its_school_year": one("calendar_date", calendar_date=date(2026, 7, 1)),
    "enrollment.one_primary_at_a_time": one("enrollment", 2, entry_date=date(2025, 12, 31)),
    "enrollment.in_its_school_year": one("enrollment", 2, exit_date=date(2026, 7, 1)),
    "enrollment.plausible_age": one("student", birth_date=date(2001, 8, 28)),
    "enrollment.age_fits_the_grade": one("student", birth_date=date(2016, 1, 2)),
    "attendance.on_an_instructional_day": one("attendance", attendance_date=date(2025, 9, 1)),
    "attendance.within_an_enrollment": one("attendance", student_key=12, attendance_date=date(2026, 1, 1)),
    "attendance.in_its_school_year": one("attendance", school_year=2025),
    "attendance.fraction_absent_from_0_to_1": one("attendance", fraction_absent=1.01),
    "section.in_its_school_year": one("section", end_date=date(2026, 7, 1)),
    "section.has_a_teacher_of_record": one("section_staff", classroom_position="CoTeacher"),
    "section_enrollment.within_the_section": one("section_enrollment", end_date=date(2026, 6, 13)),
    "section_enrollment.year_of_the_section": one("section_enrollment", school_year=2025),
    "section_enrollment.enrolled_in_the_school": one("section", school_key=2),
    "section_staff.within_the_section": one("section_staff", begin_date=date(2025, 8, 27)),
    "grade.numeric_grade_from_0_to_100": one("grade", numeric_grade=100.5),
    "grade.has_a_place_in_the_section": one("grade", student_key=12),
    "grade.year_of_the_section": one("grade", school_year=2025),
    "transcript.final_grade_from_0_to_100": one("transcript", final_numeric_grade=-1.0),
    "transcript.earned_within_attempted": one("transcript", credits_earned=1.5),
    "assessment_result.in_its_school_year": one("assessment_result", administration_date=date(2026, 7, 1)),
    "discipline_incident.in_its_school_year": one("discipline_incident", incident_date=date(2025, 6, 30)),
    "discipline_action.answers_a_known_incident": one("discipline_action", incident_id="I-2"),
    "discipline_action.not_before_the_incident": one("discipline_action", action_date=date(2025, 9, 30)),
    "discipline_action.length_from_0_to_200_days": one("discipline_action", length_days=201.0),
    "program_participation.disability_in_special_education": one("program_participation", program_type="TitleI"),
    "caseload.counselor_is_employed": one("employment", hire_date=date(2025, 8, 29)),
    "service_assignment.provider_is_employed": one("employment", end_date=date(2025, 8, 27)),
    "staff_assignment.within_employment": one("employment", end_date=date(2030, 6, 29)),
    "staff_assignment.full_time_equivalency_from_0_to_1": one("staff_assignment", full_time_equivalency=100.0),
    "credential.dates_in_order": one("credential", expiration_date=date(2015, 6, 30)),
    "employment.one_at_a_time": more("employment", hire_date=date(2030, 6, 30), end_date=None),
}

KEPT_ALL_THE_SAME: Examples = {
    "school_year.dates_in_order": one("school_year", begin_date=date(2025, 6, 29)),
    "school_year.one_at_a_time": one("school_year", 1, begin_date=date(2025, 8, 1)),
    "calendar_date.in_its_school_year": one("calendar_date", calendar_date=date(2026, 6, 30)),
    "enrollment.one_primary_at_a_time": (
        # Open in an earlier year; a second school at once, which is not the primary one.
        *more("enrollment", entry_date=date(2024, 8, 28), school_year=2025),
        *more("enrollment", school_key=2, is_primary=False),
    ),
    "enrollment.in_its_school_year": one("enrollment", 2, exit_date=date(2026, 6, 30)),
    "enrollment.plausible_age": one("student", birth_date=date(2001, 8, 29)),
    "enrollment.age_fits_the_grade": (
        *one("student", birth_date=date(2016, 1, 1)),
        *one("enrollment", 1, grade_level="UG"),
        *one("enrollment", 2, grade_level="PK"),
    ),
    "attendance.on_an_instructional_day": one("attendance", section_key=None),
    "attendance.within_an_enrollment": one("attendance", student_key=12, attendance_date=date(2025, 12, 31)),
    "attendance.in_its_school_year": one("attendance", attendance_date=date(2025, 7, 1)),
    "attendance.fraction_absent_from_0_to_1": one("attendance", fraction_absent=None),
    "section.in_its_school_year": one("section", end_date=date(2026, 6, 30)),
    "section.has_a_teacher_of_record": more("section_staff", classroom_position="CoTeacher"),
    "section_enrollment.within_the_section": one("section_enrollment", end_date=None),
    "section_enrollment.year_of_the_section": (
        *one("section", school_year=2025),
        *one("section_enrollment", school_year=2025),
    ),
    "section_enrollment.enrolled_in_the_school": one("section_enrollment", student_key=12),
    "section_staff.within_the_section": one("section_staff", begin_date=END, end_date=None),
    "grade.numeric_grade_from_0_to_100": one("grade", numeric_grade=100.0),
    "grade.has_a_place_in_the_section": one("section_enrollment", begin_date=END),
    "grade.year_of_the_section": (*one("section", school_year=2025), *one("grade", school_year=2025)),
    "transcript.final_grade_from_0_to_100": one("transcript", final_numeric_grade=0.0),
    "transcript.earned_within_attempted": one("transcript", credits_earned=0.0),
    "assessment_result.in_its_school_year": one("assessment_result", administration_date=date(2026, 6, 30)),
    "discipline_incident.in_its_school_year": one("discipline_incident", incident_date=date(2025, 7, 1)),
    "discipline_action.answers_a_known_incident": one("discipline_action", incident_id=None),
    "discipline_action.not_before_the_incident": one("discipline_action", action_date=date(2025, 10, 2)),
    "discipline_action.length_from_0_to_200_days": one("discipline_action", length_days=None),
    "program_participation.disability_in_special_education": one(
        "program_participation", program_type="TitleI", primary_disability=None
    ),
    "caseload.counselor_is_employed": one("employment", hire_date=BEGIN),
    "service_assignment.provider_is_employed": one("employment", end_date=BEGIN),
    "staff_assignment.within_employment": (
        *one("employment", end_date=None),
        *one("staff_assignment", end_date=None),
    ),
    "staff_assignment.full_time_equivalency_from_0_to_1": one("staff_assignment", full_time_equivalency=0.5),
    "credential.dates_in_order": one("credential", expiration_date=None),
    "employment.one_at_a_time": more("employment", hire_date=date(2030, 7, 1), end_date=None),
}


def breaking(rule: Rule) -> tuple[Change, ...]:
    """Changes that break the rule: declared above, or, for a rule of the skeleton, made from the catalog."""
    return BREAKING.get(rule.name) or _breaking_skeleton(rule, load_catalog().tables[rule.table])


def _breaking_skeleton(rule: Rule, table: Table) -> tuple[Change, ...]:
    match rule.test:
        case NotBlank(column):
            return one(table.name, **{column: None})
        case OneOf(column, _):
            return one(table.name, **{column: "NoSuchCode"})
    if rule.id == "key_unique":
        return more(table.name)
    if rule.id == "period_in_order" and table.period:
        begin, end = table.period
        return one(table.name, **{begin: END, end: BEGIN})
    if rule.id == "school_year_known":
        return one(table.name, school_year=1999)
    for column in table.columns:
        if column.type is ColumnType.KEY and rule.id == f"{column.name}_reference":
            return one(table.name, **{column.name: 999})
    return ()
