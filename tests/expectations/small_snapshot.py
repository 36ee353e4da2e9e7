"""A snapshot of one short list of rows per table, in which every rule is kept, and ways to change it."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from governance.catalog import ColumnType, Table, load_catalog

Rows = dict[str, list[dict[str, Any]]]

ARROW_TYPES = {
    ColumnType.KEY: pa.int64(),
    ColumnType.TEXT: pa.string(),
    ColumnType.CODE: pa.string(),
    ColumnType.INTEGER: pa.int32(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.DATE: pa.date32(),
    ColumnType.BOOLEAN: pa.bool_(),
}

BEGIN, END = date(2025, 8, 28), date(2026, 6, 12)
# Words that no report may repeat.
FIRST, LAST = "Quillivere", "Thrombaxter"
PERSON = {"first_name": FIRST, "last_name": LAST}
YEAR = {"school_year": 2026}

KEPT: Rows = {
    "school_year": [
        {"school_year": 2025, "begin_date": date(2024, 7, 1), "end_date": date(2025, 6, 30)},
        {"school_year": 2026, "begin_date": date(2025, 7, 1), "end_date": date(2026, 6, 30)},
    ],
    "school": [
        {"school_key": 1, "school_id": "901", "school_name": "Black Rock", "school_level": "Elementary"},
        {"school_key": 2, "school_id": "902", "school_name": "Center", "school_level": "Middle"},
    ],
    "calendar_date": [
        {"school_key": 1, "calendar_date": date(2025, 9, 2), "is_instructional_day": True, **YEAR},
        {"school_key": 1, "calendar_date": date(2025, 9, 1), "is_instructional_day": False, **YEAR},
    ],
    "student": [
        {"student_key": 11, "student_id": "7730011", "birth_date": date(2015, 3, 1), "sex": "Female", **PERSON},
        {"student_key": 12, "student_id": "7730012", "birth_date": date(2015, 4, 1), "sex": "Male", **PERSON},
    ],
    "student_demographic": [
        {"student_key": 11, "race_ethnicity": "Asian", "meal_eligibility": "Free", **YEAR},
    ],
    "guardian": [{"student_key": 11, "guardian_id": "8840011", **PERSON}],
    "enrollment": [
        {"student_key": 11, "school_key": 1, "grade_level": "05", "entry_date": BEGIN, "is_primary": True, **YEAR},
        {
            "student_key": 12,
            "school_key": 1,
            "grade_level": "05",
            "entry_date": BEGIN,
            "exit_date": date(2025, 12, 31),
            "is_primary": True,
            **YEAR,
        },
        {
            "student_key": 12,
            "school_key": 2,
            "grade_level": "05",
            "entry_date": date(2026, 1, 1),
            "exit_date": END,
            "is_primary": True,
            **YEAR,
        },
    ],
    "course": [
        {"course_key": 21, "course_code": "M5", "course_title": "Mathematics 5", "academic_subject": "Mathematics"}
    ],
    "section": [
        {
            "section_key": 31,
            "section_id": "M5-1",
            "course_key": 21,
            "school_key": 1,
            "begin_date": BEGIN,
            "end_date": END,
            **YEAR,
        }
    ],
    "section_enrollment": [{"student_key": 11, "section_key": 31, "begin_date": BEGIN, "end_date": END, **YEAR}],
    "section_staff": [
        {
            "section_key": 31,
            "staff_key": 41,
            "classroom_position": "TeacherOfRecord",
            "begin_date": BEGIN,
            "end_date": END,
        }
    ],
    "attendance": [
        {
            "student_key": 11,
            "school_key": 1,
            "section_key": 31,
            "attendance_date": date(2025, 9, 2),
            "attendance_event": "ExcusedAbsence",
            "fraction_absent": 1.0,
            **YEAR,
        }
    ],
    "grade": [
        {
            "student_key": 11,
            "section_key": 31,
            "grading_period": "Q1",
            "grade_type": "Grading period",
            "numeric_grade": 91.0,
            **YEAR,
        }
    ],
    "transcript": [
        {
            "student_key": 11,
            "term": "Year",
            "course_key": 21,
            "grade_level": "05",
            "credits_attempted": 1.0,
            "credits_earned": 1.0,
            "final_numeric_grade": 91.0,
            **YEAR,
        }
    ],
    "assessment_result": [
        {
            "student_key": 11,
            "assessment_title": "Smarter Balanced",
            "academic_subject": "Mathematics",
            "administration_date": date(2026, 5, 5),
            "grade_level": "05",
            "score_metric": "Scale score",
            "score": 2500.0,
            **YEAR,
        }
    ],
    "discipline_incident": [
        {
            "student_key": 11,
            "incident_id": "I-1",
            "school_key": 1,
            "incident_date": date(2025, 10, 1),
            "behavior": "Theft",
            "participation": "Perpetrator",
            **YEAR,
        }
    ],
    "discipline_action": [
        {
            "student_key": 11,
            "action_id": "A-1",
            "incident_id": "I-1",
            "school_key": 1,
            "action_date": date(2025, 10, 1),
            "discipline": "Detention",
            "length_days": 1.0,
            **YEAR,
        }
    ],
    "program_participation": [
        {
            "student_key": 11,
            "program_type": "SpecialEducation",
            "program_name": "Special education",
            "begin_date": BEGIN,
            "end_date": END,
            "primary_disability": "Autism",
        }
    ],
    "caseload": [{"student_key": 11, "staff_key": 41, "begin_date": BEGIN, "end_date": END}],
    "service_assignment": [
        {
            "student_key": 11,
            "staff_key": 41,
            "service": "Counseling",
            "assignment_type": "Service",
            "begin_date": BEGIN,
            "end_date": END,
        }
    ],
    "staff": [{"staff_key": 41, "staff_id": "5550041", "sex": "Female", "race_ethnicity": "White", **PERSON}],
    "employment": [{"staff_key": 41, "hire_date": date(2015, 8, 1), "end_date": date(2030, 6, 30)}],
    "staff_assignment": [
        {
            "staff_key": 41,
            "school_key": 1,
            "staff_classification": "Teacher",
            "full_time_equivalency": 1.0,
            "begin_date": date(2015, 8, 1),
            "end_date": date(2030, 6, 30),
        }
    ],
    "credential": [
        {
            "staff_key": 41,
            "credential_id": "6660041",
            "credential_type": "Certification",
            "issuance_date": date(2015, 7, 1),
            "expiration_date": date(2030, 7, 1),
        }
    ],
}


@dataclass(frozen=True)
class Edit:
    """Row number `row` of `table` with `values` in place of its own; or that row once more, if `again`."""

    table: str
    values: dict[str, Any] = field(default_factory=dict)
    row: int = 0
    again: bool = False


@dataclass(frozen=True)
class Emptied:
    """`table` without a row."""

    table: str


Change = Edit | Emptied


def edited(changes: Iterable[Change]) -> Rows:
    rows = copy.deepcopy(KEPT)
    for change in changes:
        match change:
            case Emptied(table):
                rows[table] = []
            case Edit(table, values, row, again):
                new = rows[table][row] | values
                rows[table] = [*rows[table], new] if again else [*rows[table][:row], new, *rows[table][row + 1 :]]
    return rows


def write_snapshot(folder: Path, rows: Rows = KEPT) -> Path:
    """`folder`, with one Parquet file for each table of the catalog."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in load_catalog().tables.values():
        write_table(folder, table, rows[table.name])
    return folder


def write_table(folder: Path, table: Table, rows: list[dict[str, Any]]) -> None:
    schema = pa.schema([(column.name, ARROW_TYPES[column.type]) for column in table.columns])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{table.name}.parquet")
