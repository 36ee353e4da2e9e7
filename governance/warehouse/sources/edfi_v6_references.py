"""Ed-Fi Data Standard v6: how records refer to one another, and what is remembered of each for that."""

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

OF_OFFERING = "CourseOfferingReference/CourseOfferingIdentity"
OF_SESSION = f"{OF_OFFERING}/SessionReference/SessionIdentity"


def student(reference: str = "StudentReference") -> Reading:
    return referred(reference, (f"{reference}/StudentIdentity/StudentUniqueId",), "student")


def staff(reference: str = "StaffReference") -> Reading:
    return referred(reference, (f"{reference}/StaffIdentity/StaffUniqueId",), "staff")


def school(reference: str = "SchoolReference") -> Reading:
    return referred(reference, (f"{reference}/SchoolIdentity/SchoolId",), "organization")


def organization(reference: str = "EducationOrganizationReference") -> Reading:
    path = f"{reference}/EducationOrganizationIdentity/EducationOrganizationId"
    return referred(reference, (path,), "organization")


def section(prefix: str = "SectionReference/SectionIdentity/") -> Reading:
    """All the fields of a section's identity: its identifier alone comes up to twice."""
    session = f"{prefix}{OF_SESSION}"
    paths = (
        f"{prefix}{OF_OFFERING}/SchoolReference/SchoolIdentity/SchoolId",
        f"{prefix}SectionIdentifier",
        f"{prefix}{OF_OFFERING}/LocalCourseCode",
        f"{session}/SchoolYear",
        f"{session}/SessionName",
    )

    def read(record: Record, _known: Registers) -> str | None:
        where, identifier, course, year, name = (record.text(path) for path in paths)
        return compound(where, identifier, course, year_ending(year), name)

    return read


def incident(record: Record, known: Registers, prefix: str = "") -> dict[str, str | None]:
    reference = f"{prefix}DisciplineIncidentReference"
    return both.incident(record, known, reference, "SchoolReference/SchoolIdentity/SchoolId")


def identifier(record: Record, _known: Registers) -> str | None:
    """An organization's, which is called after its kind."""
    return record.text(f"{record.name}Id")


def note_session(record: Record, known: Registers) -> None:
    where, year = school()(record, known), year_ending(record.text("SchoolYear"))
    entry = {"begin": record.text("BeginDate"), "end": record.text("EndDate"), "term": record.text("Term")}
    known.note("session", (where, year, record.text("SessionName")), **entry)
    known.note("school of year", (year,), school=where)


def note_calendar(record: Record, known: Registers) -> None:
    key = (school()(record, known), record.text("CalendarCode"))
    known.note("calendar", key, type=record.text("CalendarType"))


def note_course(record: Record, known: Registers) -> None:
    known.note("course", (record.text("CourseCode"),), owner=organization()(record, known))


def note_offering(record: Record, known: Registers) -> None:
    course = "CourseReference/CourseIdentity"
    entry = {
        "code": record.text(f"{course}/CourseCode"),
        "owner": organization(f"{course}/EducationOrganizationReference")(record, known),
    }
    known.note("offering", (school()(record, known), record.text("LocalCourseCode")), **entry)


def note_credential(record: Record, known: Registers) -> None:
    entry = {
        "credential_type": record.text("CredentialType"),
        "credential_field": record.text("CredentialField"),
        "credential_level": record.text("TeachingCredential"),
        "issuance_date": record.text("IssuanceDate"),
        "expiration_date": record.text("ExpirationDate"),
    }
    known.note("credential", (record.text("CredentialIdentifier"),), **entry)


def note_student(record: Record, known: Registers) -> None:
    known.note("id:", (record.text("@id"),), student=record.text("StudentUniqueId"))


def note_contact(record: Record, known: Registers) -> None:
    telephones = list(record.groups("Telephone"))
    entry = {
        "guardian_id": record.text("ContactUniqueId"),
        **{name: record.text(path) for name, path in both.PERSON.items()},
        "telephone": preferred(telephones, "TelephoneNumber", "OrderOfPriority", ("1", "2")),
        "email": record.text("ElectronicMail/ElectronicMailAddress"),
    }
    both.note_named(record, known, "contact", (entry["guardian_id"],), entry)


def note_assessment(record: Record, known: Registers) -> None:
    subjects = record.texts("AcademicSubject")
    entry = {
        "title": assessment_title(record.text("AssessmentTitle"), subjects),
        "subject": assessment_subject(subjects),
    }
    known.note("assessment", (record.text("AssessmentIdentifier"), record.text("Namespace")), **entry)


NOTES: dict[str, Note] = {
    "EducationServiceCenter": both.note_organization(identifier),
    "LocalEducationAgency": both.note_organization(identifier),
    "OrganizationDepartment": both.note_organization(identifier),
    "StateEducationAgency": both.note_organization(identifier),
    "School": both.note_organization(identifier),
    "Session": note_session,
    "Calendar": note_calendar,
    "Course": note_course,
    "CourseOffering": note_offering,
    "StaffEducationOrganizationEmploymentAssociation": both.note_employment(staff()),
    "Credential": note_credential,
    "Student": note_student,
    "Contact": note_contact,
    "DisciplineIncident": both.note_incident(school(), at("Behavior/Behavior")),
    "Assessment": note_assessment,
}
