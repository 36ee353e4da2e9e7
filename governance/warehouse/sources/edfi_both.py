"""What the records of both generations of Ed-Fi say in the same words; how each names a thing is an argument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from governance.warehouse.sources.edfi_mapping import (
    Columns,
    Note,
    Reading,
    Rows,
    Values,
    changed,
    full_time_equivalency,
    look_up,
    row,
    school_or_office,
)
from governance.warehouse.sources.edfi_records import (
    DanglingReferenceError,
    Record,
    Registers,
    compound,
    truth,
    year_ending,
    year_of_day,
)

HOME_FIRST = ("Home", "Physical", "Temporary", "Mailing")
PERSON = {"first_name": "Name/FirstName", "last_name": "Name/LastSurname"}
EXPERIENCE = ("YearsOfPriorTeachingExperience", "YearsOfPriorProfessionalExperience")
PERIOD = {"begin_date": "BeginDate", "end_date": "EndDate"}


def employment(staff: Reading) -> Rows:
    columns: Columns = {
        "staff_key": staff,
        "employment_status": "EmploymentStatus",
        "hire_date": "EmploymentPeriod/HireDate",
        "end_date": "EmploymentPeriod/EndDate",
        "separation_reason": "EmploymentPeriod/SeparationReason",
    }
    return row("employment", columns)


def staff_assignment(staff: Reading, organization: Reading) -> Rows:
    columns: Columns = {
        "staff_key": staff,
        "school_key": lambda record, known: school_or_office(organization(record, known), known),
        "staff_classification": "StaffClassification",
        "position_title": "PositionTitle",
        "full_time_equivalency": assigned_share(staff),
        **PERIOD,
    }
    return row("staff_assignment", columns)


def section_staff(section: Reading, staff: Reading) -> Rows:
    return row(
        "section_staff",
        {"section_key": section, "staff_key": staff, "classroom_position": "ClassroomPosition", **PERIOD},
    )


def enrollment(student: Reading, school: Reading, is_primary: Reading) -> Rows:
    columns: Columns = {
        "student_key": student,
        "school_key": school,
        "school_year": changed(year_of_day, "EntryDate"),
        "grade_level": "EntryGradeLevel",
        "entry_date": "EntryDate",
        "entry_type": "EntryType",
        "exit_date": "ExitWithdrawDate",
        "exit_type": "ExitWithdrawType",
        "is_primary": is_primary,
    }
    return row("enrollment", columns)


def section_enrollment(student: Reading, section: Reading, year: str) -> Rows:
    """`year`: where the school year stands."""
    columns: Columns = {
        "student_key": student,
        "section_key": section,
        "school_year": changed(year_ending, year),
        **PERIOD,
        "is_homeroom": changed(truth, "HomeroomIndicator"),
    }
    return row("section_enrollment", columns)


def grade(student: Reading, section: Reading, year: str) -> Rows:
    columns: Columns = {
        "student_key": student,
        "section_key": section,
        "school_year": changed(year_ending, year),
        "grading_period": "GradingPeriodReference/GradingPeriodIdentity/GradingPeriod",
        "grade_type": "GradeType",
        "numeric_grade": "NumericGradeEarned",
        "letter_grade": "LetterGradeEarned",
    }
    return row("grade", columns)


def assigned_share(staff: Reading) -> Reading:
    """The share of a full position: the assignment's own, or that of the employment."""

    def read(record: Record, known: Registers) -> str | None:
        person = known.find("employment", (staff(record, known),))
        return full_time_equivalency(record.text("FullTimeEquivalency") or person.get("share"))

    return read


def of_every_year(values: Values, known: Registers) -> Iterator[Values]:
    """One row for each school year that the source has a calendar of."""
    # Without a calendar there is no telling which year the source describes: the row is rejected for it.
    for year in known.keys("school of year") or (None,):
        yield {**values, "school_year": year}


def traits(listed: list[str]) -> dict[str, str | None]:
    """What is not listed is not recorded: absent, rather than false."""
    return {
        "is_homeless": "true" if "Homeless" in listed else None,
        "is_military_connected": "true" if "Parent in Military" in listed else None,
    }


def guardian(person: Values, student: Reading, record: Record, known: Registers) -> Values:
    return {
        **person,
        "student_key": student(record, known),
        "relation": record.text("Relation"),
        "is_primary_contact": truth(record.text("PrimaryContactStatus")),
        "lives_with_student": truth(record.text("LivesWith")),
    }


def action(school: Reading, record: Record, known: Registers) -> dict[str, str | None]:
    """An action, as far as it is nobody's and no incident's."""
    day = record.text("DisciplineDate")
    return {
        "action_id": compound(record.text("DisciplineActionIdentifier"), day),
        "school_key": school(record, known),
        "school_year": year_of_day(day),
        "action_date": day,
        "length_days": record.text("ActualDisciplineActionLength", "DisciplineActionLength"),
    }


def incident(record: Record, known: Registers, reference: str, school: str) -> dict[str, str | None]:
    """What is known of the incident a record refers to, by `ref` or by number and school."""
    found = look_up(record, known, reference)
    identity = f"{reference}/DisciplineIncidentIdentity"
    key = (record.text(f"{identity}/{school}"), record.text(f"{identity}/IncidentIdentifier"))
    found = found or known.find("incident", key)
    if not found:
        raise DanglingReferenceError("DisciplineIncidentReference refers to no incident of the source")
    return found


def note_organization(identifier: Reading) -> Note:
    def note(record: Record, known: Registers) -> None:
        named = identifier(record, known)
        known.note("id:", (record.text("@id"),), organization=named)
        if record.name != "School":
            known.note("agency", (named,))

    return note


def note_employment(staff: Reading) -> Note:
    return lambda record, known: known.note(
        "employment", (staff(record, known),), share=record.text("FullTimeEquivalency")
    )


def note_incident(school: Reading, behavior: Reading) -> Note:
    def note(record: Record, known: Registers) -> None:
        where, number, day = school(record, known), record.text("IncidentIdentifier"), record.text("IncidentDate")
        entry = {
            # Districts may count incidents anew each year.
            "incident_id": compound(where, year_of_day(day), number),
            "school_key": where,
            "incident_date": day,
            "school_year": year_of_day(day),
            "behavior": behavior(record, known),
            "location": record.text("IncidentLocation"),
        }
        note_named(record, known, "incident", (where, number), entry)

    return note


def note_named(
    record: Record, known: Registers, kind: str, key: tuple[str | None, ...], entry: Mapping[str, str | None]
) -> None:
    """An entry that others refer to by the `id` in this file, or by its key."""
    known.note("id:", (record.text("@id"),), **entry)
    known.note(kind, key, **entry)
