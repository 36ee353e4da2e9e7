"""Ed-Fi 2012: the rows that take more than paths: joined, repeated, or one for each of several things."""

from __future__ import annotations

from collections.abc import Iterator

from governance.warehouse.sources import edfi_both as both
from governance.warehouse.sources.edfi_2012_references import (
    assessment_entry,
    described,
    incident,
    organization,
    section_values,
    student,
)
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
    compound,
    truth,
    year_ending,
    year_of_day,
)


def section_rows(record: Record, known: Registers) -> Iterator[Values]:
    values = section_values(record, known)
    offering = "CourseOfferingReference/CourseOfferingIdentity"
    local, term, year = (record.text(f"{offering}/{name}") for name in ("LocalCourseCode", "Term", "SchoolYear"))
    session = known.find("session", (values["school_key"], year_ending(year), term))
    if not session:
        raise DanglingReferenceError("CourseOfferingReference names a school, year and term without a Session")
    code = known.find("offering", (values["school_key"], local)).get("code") or local
    values["course_key"] = course_key(known, values["school_key"], code)
    yield {**values, "begin_date": session["begin"], "end_date": session["end"]}


def calendar_rows(record: Record, known: Registers) -> Iterator[Values]:
    """A day belongs to the schools whose sessions' grading periods hold it; a day in none, to every school."""
    day, event = record.text("Date"), record.text("CalendarEvent")
    periods = known.find_all("period of day", (record.text("@id"),))
    sessions = [entry for period in periods for entry in known.find_all("schools of period", (period["period"],))]
    everyone = [] if sessions else known.find_all("school of year", (year_of_day(day),))
    schools = sorted({entry["school"] or "" for entry in sessions or everyone})
    for school in schools or (None,):
        yield {
            "school_key": school,
            "calendar_date": day,
            "school_year": year_of_day(day),
            "is_instructional_day": str(event in ("Instructional day", "Make-up day")).lower() if event else None,
            "calendar_event": event,
        }


def demographic_rows(record: Record, known: Registers) -> Iterator[Values]:
    """One row for each school year that the source has a calendar of."""
    addresses = list(record.groups("Address"))
    english = {"Limited": "true", "NotLimited": "false"}
    values = {
        "student_key": record.text("StudentUniqueStateId"),
        "race_ethnicity": race_ethnicity(record.texts("Race/RacialCategory"), record.text("HispanicLatinoEthnicity")),
        "home_language": record.text("HomeLanguages/Language"),
        "is_english_learner": english.get(record.text("LimitedEnglishProficiency") or ""),
        "meal_eligibility": record.text("SchoolFoodServicesEligibility"),
        **both.traits(record.texts("StudentCharacteristics/Characteristic")),
        "town": preferred(addresses, "City", "@AddressType", both.HOME_FIRST),
        "postal_code": preferred(addresses, "PostalCode", "@AddressType", both.HOME_FIRST),
    }
    yield from both.of_every_year(values, known)


def guardian_rows(record: Record, known: Registers) -> Iterator[Values]:
    parent = look_up(record, known, "ParentReference")
    if not parent:
        identity = record.text("ParentReference/ParentIdentity/ParentUniqueStateId")
        parent = known.find("parent", (identity,))
    if not parent:
        raise DanglingReferenceError("ParentReference refers to no Parent of the source")
    yield both.guardian(parent, student(), record, known)


def credential_rows(record: Record, known: Registers) -> Iterator[Values]:
    """Credentials have no number here: type, field and day of issue stand for it."""
    for credential in record.groups("Credentials"):
        kind, issued = credential.text("CredentialType"), credential.text("CredentialIssuanceDate")
        listed = known.find("CredentialField", (credential.text("CredentialField/CodeValue"),)).get("name")
        field = credential.text("CredentialField/Description", "CredentialField/ShortDescription") or listed
        yield {
            "staff_key": record.text("StaffUniqueStateId"),
            "credential_id": compound(kind, field or "any field", issued),
            "credential_type": kind,
            "credential_field": field,
            "credential_level": credential.text("TeachingCredentialType"),
            "issuance_date": issued,
            "expiration_date": credential.text("CredentialExpirationDate"),
        }


def transcript_rows(record: Record, known: Registers) -> Iterator[Values]:
    academic = look_up(record, known, "StudentAcademicRecordReference")
    owner = organization("EducationOrganizationReference")(record, known)
    code = record.text("CourseReference/CourseIdentity/CourseCode/ID")
    yield {
        "student_key": academic.get("student"),
        "school_year": academic.get("year"),
        "term": academic.get("term"),
        "course_key": course_key(known, owner or academic.get("organization"), code),
        "grade_level": record.text("GradeLevelWhenTaken"),
        "credits_attempted": record.text("CreditsAttempted/Credit"),
        "credits_earned": record.text("CreditsEarned/Credit"),
        "final_numeric_grade": record.text("FinalNumericGradeEarned"),
        "final_letter_grade": record.text("FinalLetterGradeEarned"),
    }


def score_rows(record: Record, known: Registers) -> Iterator[Values]:
    """One row per overall score; the levels reached stand beside each of them."""
    assessment = look_up(record, known, "AssessmentReference") or assessment_entry(
        record, "AssessmentReference/AssessmentIdentity/"
    )
    day = record.text("AdministrationDate")
    met = [g.text("Description", "CodeValue") for g in record.groups("PerformanceLevels") if met_level(g)]
    values = {
        "student_key": student()(record, known),
        "assessment_title": assessment["title"],
        "academic_subject": assessment["subject"],
        "school_year": year_of_day(day),
        "administration_date": day,
        "grade_level": record.text("GradeLevelWhenAssessed"),
        "performance_level": "; ".join(level for level in met if level) or None,
    }
    scores = [(g.text("@AssessmentReportingMethod"), g.text("Result")) for g in record.groups("ScoreResults")]
    for metric, score in scores or [("Performance level" if met else None, None)]:
        yield {**values, "score_metric": metric, "score": score}


def met_level(group: Record) -> bool:
    return truth(group.text("PerformanceLevelMet")) == "true"


def incident_rows(record: Record, known: Registers) -> Iterator[Values]:
    happened = incident(record, known)
    yield {
        **happened,
        "student_key": student()(record, known),
        "behavior": described(record, known, "Behaviors") or happened["behavior"],
        "participation": record.text("StudentParticipationCode"),
    }


def action_rows(record: Record, known: Registers) -> Iterator[Values]:
    """One row for each student whom the action is taken against."""
    values = {
        **both.action(organization("ResponsibilitySchoolReference"), record, known),
        "incident_id": incident(record, known)["incident_id"],
        "discipline": described(record, known, "Disciplines"),
    }
    for reference in record.groups("StudentReference"):
        listed = known.find("id:", (reference.text("@ref"),)).get("student")
        yield {**values, "student_key": reference.text("StudentIdentity/StudentUniqueStateId") or listed}
