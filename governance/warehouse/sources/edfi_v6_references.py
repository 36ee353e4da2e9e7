"""Ed-Fi Data Standard v6: how records refer to one another, and what is remembered of each for that."""

from __future__ import annotations

from governance.warehouse.sources.edfi_mapping import (
    Note,
    Reading,
    assessment_subject,
    assessment_title,
    look_up,
    preferred,
    referred,
)
from governance.warehouse.sources.edfi_records import (
    DanglingReferenceError,
    Record,
    Registers,
    compound,
    year_ending,
    year_of_day,
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
    """What is known of the incident a record refers to, by `ref` or by number and school."""
    reference = f"{prefix}DisciplineIncidentReference"
    found = look_up(record, known, reference)
    identity = f"{reference}/DisciplineIncidentIdentity"
    where = record.text(f"{identity}/SchoolReference/SchoolIdentity/SchoolId")
    found = found or known.find("incident", (where, record.text(f"{identity}/IncidentIdentifier")))
    if not found:
        raise DanglingReferenceError("DisciplineIncidentReference refers to no incident of the source")
    return found


def note_organization(record: Record, known: Registers) -> None:
    identifier = record.text(f"{record.name}Id")
    known.note("id:", (record.text("@id"),), organization=identifier)
    if record.name != "School":
        known.note("agency", (identifier,))


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


def note_employment(record: Record, known: Registers) -> None:
    known.note("employment", (staff()(record, known),), share=record.text("FullTimeEquivalency"))


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
        "first_name": record.text("Name/FirstName"),
        "last_name": record.text("Name/LastSurname"),
        "telephone": preferred(telephones, "TelephoneNumber", "OrderOfPriority", ("1", "2")),
        "email": record.text("ElectronicMail/ElectronicMailAddress"),
    }
    known.note("id:", (record.text("@id"),), **entry)
    known.note("contact", (entry["guardian_id"],), **entry)


def note_incident(record: Record, known: Registers) -> None:
    where, number, day = school()(record, known), record.text("IncidentIdentifier"), record.text("IncidentDate")
    entry = {
        # Districts may count incidents anew each year.
        "incident_id": compound(where, year_of_day(day), number),
        "school_key": where,
        "incident_date": day,
        "school_year": year_of_day(day),
        "behavior": record.text("Behavior/Behavior"),
        "location": record.text("IncidentLocation"),
    }
    known.note("id:", (record.text("@id"),), **entry)
    known.note("incident", (where, number), **entry)


def note_assessment(record: Record, known: Registers) -> None:
    subjects = record.texts("AcademicSubject")
    entry = {
        "title": assessment_title(record.text("AssessmentTitle"), subjects),
        "subject": assessment_subject(subjects),
    }
    known.note("assessment", (record.text("AssessmentIdentifier"), record.text("Namespace")), **entry)


NOTES: dict[str, Note] = {
    "EducationServiceCenter": note_organization,
    "LocalEducationAgency": note_organization,
    "OrganizationDepartment": note_organization,
    "StateEducationAgency": note_organization,
    "School": note_organization,
    "Session": note_session,
    "Calendar": note_calendar,
    "Course": note_course,
    "CourseOffering": note_offering,
    "StaffEducationOrganizationEmploymentAssociation": note_employment,
    "Credential": note_credential,
    "Student": note_student,
    "Contact": note_contact,
    "DisciplineIncident": note_incident,
    "Assessment": note_assessment,
}
