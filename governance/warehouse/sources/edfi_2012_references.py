"""Ed-Fi 2012: how records refer to one another, and what is remembered of each for that."""

from __future__ import annotations

from governance.warehouse.sources import edfi_both as both
from governance.warehouse.sources.edfi_mapping import (
    Note,
    Reading,
    assessment_subject,
    assessment_title,
    at,
    preferred,
    referred,
)
from governance.warehouse.sources.edfi_records import (
    Record,
    Registers,
    compound,
    year_ending,
)

SECTION_IDENTITY = ("StateOrganizationId", "LocalCourseCode", "SchoolYear", "Term", "ClassPeriodName", "Location")


def organization(reference: str) -> Reading:
    """The organization a reference names by its State's id, by another id code, or by a `ref`."""
    identity = f"{reference}/EducationalOrgIdentity"
    paths = (f"{identity}/StateOrganizationId", f"{identity}/EducationOrgIdentificationCode/ID")
    return referred(reference, paths, "organization")


def student(reference: str = "StudentReference") -> Reading:
    return referred(reference, (f"{reference}/StudentIdentity/StudentUniqueStateId",), "student")


def staff(reference: str = "StaffReference") -> Reading:
    return referred(reference, (f"{reference}/StaffIdentity/StaffUniqueStateId",), "staff")


def section(identity: str) -> Reading:
    """All the fields that make a section unique in this generation, or its unique code where only that is given."""

    def read(record: Record, known: Registers) -> str | None:
        parts = [record.text(f"{identity}/{name}") for name in SECTION_IDENTITY]
        parts[2] = year_ending(parts[2])
        code = record.text(f"{identity}/UniqueSectionCode")
        return compound(*parts) or known.find("section code", (parts[0], code)).get("section")

    return read


def incident(record: Record, known: Registers) -> dict[str, str | None]:
    return both.incident(record, known, "DisciplineIncidentReference", "StateOrganizationId")


def described(record: Record, known: Registers, group: str) -> str | None:
    """A behavior's or discipline's short name: in place, or from the district's list of codes."""
    listed = known.find(group, (record.text(f"{group}/CodeValue"),)).get("name")
    return record.text(f"{group}/ShortDescription") or listed or record.text(f"{group}/Description")


def section_values(record: Record, known: Registers) -> dict[str, str | None]:
    offering = "CourseOfferingReference/CourseOfferingIdentity"
    school = organization("SchoolReference")(record, known)
    local, term, year = (record.text(f"{offering}/{name}") for name in ("LocalCourseCode", "Term", "SchoolYear"))
    period = record.text("ClassPeriodReference/ClassPeriodIdentity/ClassPeriodName")
    room = record.text("LocationReference/LocationIdentity/ClassroomIdentificationCode")
    return {
        "section_key": compound(school, local, year_ending(year), term, period, room),
        "section_id": record.text("UniqueSectionCode"),
        "school_key": school,
        "school_year": year_ending(year),
        "term": term,
        "class_period": period,
    }


def assessment_entry(record: Record, prefix: str) -> dict[str, str | None]:
    """Title, subject and the grade assessed together identify an assessment of this generation."""
    subjects = record.texts(f"{prefix}AcademicSubject")
    title = assessment_title(record.text(f"{prefix}AssessmentTitle"), subjects)
    grade = record.text(f"{prefix}GradeLevelAssessed")
    return {
        "title": f"{title} - {grade}" if title and grade else title,
        "subject": assessment_subject(subjects),
    }


def note_course(record: Record, known: Registers) -> None:
    owner = organization("EducationOrganizationReference")(record, known)
    known.note("course", (record.text("CourseCode/ID"),), owner=owner)


def note_session(record: Record, known: Registers) -> None:
    school = organization("EducationOrganizationReference")(record, known)
    year = year_ending(record.text("SchoolYear"))
    begin, end = record.text("BeginDate"), record.text("EndDate")
    known.note("session", (school, year, record.text("Term")), begin=begin, end=end)
    known.note("school of year", (year,), school=school)
    for period in record.texts("GradingPeriodReference/@ref"):
        known.note("schools of period", (period,), school=school)


def note_grading_period(record: Record, known: Registers) -> None:
    for day in record.texts("CalendarDateReference/@ref"):
        known.note("period of day", (day,), period=record.text("@id"))


def note_offering(record: Record, known: Registers) -> None:
    school = organization("SchoolReference")(record, known)
    code = record.text("CourseReference/CourseIdentity/CourseCode/ID")
    known.note("offering", (school, record.text("LocalCourseCode")), code=code)


def note_section(record: Record, known: Registers) -> None:
    values = section_values(record, known)
    known.note("section code", (values["school_key"], values["section_id"]), section=values["section_key"])


def note_student(record: Record, known: Registers) -> None:
    identifier = record.text("StudentUniqueStateId", "StudentIdentity/StudentUniqueStateId")
    known.note("id:", (record.text("@id"),), student=identifier)


def note_parent(record: Record, known: Registers) -> None:
    telephones = list(record.groups("Telephone"))
    entry = {
        "guardian_id": record.text("ParentUniqueStateId"),
        **{name: record.text(path) for name, path in both.PERSON.items()},
        "telephone": preferred(telephones, "TelephoneNumber", "@PrimaryTelephoneNumberIndicator", ("true", "1")),
        "email": record.text("ElectronicMail/EmailAddress"),
    }
    both.note_named(record, known, "parent", (entry["guardian_id"],), entry)


def note_academic_record(record: Record, known: Registers) -> None:
    session = "SessionReference/SessionIdentity"
    entry = {
        "student": student()(record, known),
        "year": year_ending(record.text(f"{session}/SchoolYear")),
        "term": record.text(f"{session}/Term"),
        "organization": record.text(f"{session}/StateOrganizationId"),
    }
    known.note("id:", (record.text("@id"),), **entry)


def note_assessment(record: Record, known: Registers) -> None:
    known.note("id:", (record.text("@id"),), **assessment_entry(record, "AssessmentIdentity/"))


def note_code(group: str) -> Note:
    def note(record: Record, known: Registers) -> None:
        known.note(group, (record.text("CodeValue"),), name=record.text("ShortDescription", "Description"))

    return note


NOTES: dict[str, Note] = {
    "EducationServiceCenter": both.note_organization(at("StateOrganizationId")),
    "LocalEducationAgency": both.note_organization(at("StateOrganizationId")),
    "School": both.note_organization(at("StateOrganizationId")),
    "Course": note_course,
    "Session": note_session,
    "GradingPeriod": note_grading_period,
    "CourseOffering": note_offering,
    "Section": note_section,
    "Student": note_student,
    "StudentReference": note_student,
    "Parent": note_parent,
    "StaffEducationOrgEmploymentAssociation": both.note_employment(staff()),
    "CredentialFieldDescriptor": note_code("CredentialField"),
    "StudentAcademicRecord": note_academic_record,
    "DisciplineIncident": both.note_incident(
        organization("SchoolReference"), lambda record, known: described(record, known, "Behaviors")
    ),
    "BehaviorDescriptor": note_code("Behaviors"),
    "DisciplineDescriptor": note_code("Disciplines"),
    "AssessmentReference": note_assessment,
}
