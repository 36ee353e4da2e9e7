"""Ed-Fi v6: the rows that take more than paths: joined, repeated, or one for each of several things."""

from __future__ import annotations

from collections.abc import Iterator

from governance.warehouse.sources import edfi_both as both
from governance.warehouse.sources.edfi_mapping import (
    Values,
    course_key,
    look_up,
    preferred,
    race_ethnicity,
)
from governance.warehouse.sources.edfi_records import (
    DanglingReferenceError,
    Record,
    Registers,
    day_of,
    truth,
    year_ending,
    year_of_day,
)
from governance.warehouse.sources.edfi_v6_references import (
    OF_OFFERING,
    OF_SESSION,
    incident,
    organization,
    school,
    section,
    student,
)

CREDENTIAL = "CredentialIdentity/CredentialIdentifier"
INSTRUCTIONAL = frozenset({"Instructional day", "Make-up day"})


def calendar_rows(record: Record, known: Registers) -> Iterator[Values]:
    """A day of a school's calendar; a calendar of one student's own says nothing about the school."""
    identity = "CalendarReference/CalendarIdentity"
    where = school(f"{identity}/SchoolReference")(record, known)
    if known.find("calendar", (where, record.text(f"{identity}/CalendarCode"))).get("type") == "Student Specific":
        return
    events = record.texts("CalendarEvent")
    yield {
        "school_key": where,
        "calendar_date": record.text("Date"),
        "school_year": year_ending(record.text(f"{identity}/SchoolYear")),
        "is_instructional_day": str(not INSTRUCTIONAL.isdisjoint(events)).lower() if events else None,
        "calendar_event": ", ".join(events) or None,
    }


def section_rows(record: Record, known: Registers) -> Iterator[Values]:
    where = school(f"{OF_OFFERING}/SchoolReference")(record, known)
    year, name = year_ending(record.text(f"{OF_SESSION}/SchoolYear")), record.text(f"{OF_SESSION}/SessionName")
    session = known.find("session", (where, year, name))
    offering = known.find("offering", (where, record.text(f"{OF_OFFERING}/LocalCourseCode")))
    if not session or not offering:
        raise DanglingReferenceError("CourseOfferingReference names no CourseOffering, or no Session, of the source")
    periods = record.texts("ClassPeriodReference/ClassPeriodIdentity/ClassPeriodName")
    yield {
        "section_key": section("")(record, known),
        "section_id": record.text("SectionIdentifier"),
        "course_key": course_key(known, offering["owner"], offering["code"]),
        "school_key": where,
        "school_year": year,
        "term": session["term"],
        "class_period": ", ".join(periods) or None,
        "begin_date": session["begin"],
        "end_date": session["end"],
    }


def credential_rows(record: Record, known: Registers) -> Iterator[Values]:
    """The credentials that a staff member's record refers to."""
    for reference in record.groups("CredentialReference"):
        identifier = reference.text(CREDENTIAL)
        credential = known.find("credential", (identifier,))
        if not credential:
            raise DanglingReferenceError("CredentialReference refers to no Credential of the source")
        who = record.text("StaffUniqueId")
        yield {**credential, "staff_key": who, "credential_id": identifier}


def demographic_rows(record: Record, known: Registers) -> Iterator[Values]:
    """One row for each school year that the source has a calendar of."""
    addresses = list(record.groups("Address"))
    english = {"Limited": "true", "NotLimited": "false", "Not Limited": "false"}
    values = {
        "student_key": student()(record, known),
        "race_ethnicity": race_ethnicity(record.texts("Race"), record.text("HispanicLatinoEthnicity")),
        "home_language": record.text("Language/Language"),
        "is_english_learner": english.get(record.text("LimitedEnglishProficiency") or ""),
        **both.traits(record.texts("StudentCharacteristic/StudentCharacteristic")),
        "town": preferred(addresses, "City", "AddressType", both.HOME_FIRST),
        "postal_code": preferred(addresses, "PostalCode", "AddressType", both.HOME_FIRST),
    }
    yield from both.of_every_year(values, known)


def guardian_rows(record: Record, known: Registers) -> Iterator[Values]:
    identifier = record.text("ContactReference/ContactIdentity/ContactUniqueId")
    contact = look_up(record, known, "ContactReference") or known.find("contact", (identifier,))
    if not contact:
        raise DanglingReferenceError("ContactReference refers to no Contact of the source")
    yield both.guardian(contact, student(), record, known)


def program_rows(record: Record, known: Registers) -> Iterator[Values]:
    """A student leaves special education on its exit date, even where the participation is closed later.

    Whoever was found not eligible under Section 504 takes no part in it.
    """
    if truth(record.text("Section504Eligibility")) == "false":
        return
    identity = "ProgramReference/ProgramIdentity"
    ends = [end for path in ("EndDate", "SpecialEducationExitDate") if (end := record.text(path))]
    yield {
        "student_key": student()(record, known),
        "program_type": record.text(f"{identity}/ProgramType"),
        "program_name": record.text(f"{identity}/ProgramName"),
        "begin_date": record.text("BeginDate"),
        "end_date": min(ends, default=None),
        "primary_disability": preferred(
            list(record.groups("Disability")), "Disability", "OrderOfDisability", ("1", "2")
        ),
        "reason_exited": record.text("ReasonExited", "SpecialEducationExitReason"),
    }


def incident_rows(record: Record, known: Registers) -> Iterator[Values]:
    happened = incident(record, known)
    yield {
        **happened,
        "student_key": student()(record, known),
        "behavior": record.text("Behavior") or happened["behavior"],
        "participation": record.text("DisciplineIncidentParticipationCode"),
    }


def action_rows(record: Record, known: Registers) -> Iterator[Values]:
    association = "StudentDisciplineIncidentBehaviorAssociation"
    of_incident = f"{association}Reference/{association}Identity/"
    yield {
        **both.action(school("ResponsibilitySchoolReference"), record, known),
        "student_key": student()(record, known),
        "incident_id": incident(record, known, of_incident)["incident_id"],
        "discipline": record.text("Discipline"),
    }


def score_rows(record: Record, known: Registers) -> Iterator[Values]:
    """One row per overall score, with the level given for its metric, or the only level there is."""
    identity = "AssessmentReference/AssessmentIdentity"
    key = (record.text(f"{identity}/AssessmentIdentifier"), record.text(f"{identity}/Namespace"))
    assessment = known.find("assessment", key)
    if not assessment:
        raise DanglingReferenceError("AssessmentReference refers to no Assessment of the source")
    levels = {
        g.text("AssessmentReportingMethod"): g.text("PerformanceLevel") for g in record.groups("PerformanceLevel")
    }
    only = next(iter(levels.values())) if len(levels) == 1 else None
    day = day_of(record.text("AdministrationDate"))
    values = {
        "student_key": student()(record, known),
        "assessment_title": assessment["title"],
        "academic_subject": assessment["subject"],
        "school_year": year_of_day(day),
        "administration_date": day,
        "grade_level": record.text("WhenAssessedGradeLevel"),
    }
    scores = [(g.text("AssessmentReportingMethod"), g.text("Result")) for g in record.groups("ScoreResult")]
    for metric, score in scores or [(method, None) for method in levels] or [(None, None)]:
        level = levels.get(metric) or only
        yield {**values, "score_metric": metric, "score": score, "performance_level": level}


def course_of_record(record: Record, known: Registers) -> str | None:
    owner = organization()(record, known)
    return course_key(known, owner, record.text("CourseCode"))
