"""Ed-Fi's first generation (2012, namespace http://ed-fi.org/0100): what each of its records becomes."""

from __future__ import annotations

from governance.warehouse.sources import edfi_both as both
from governance.warehouse.sources.edfi_2012_references import NOTES, organization, section, staff, student
from governance.warehouse.sources.edfi_2012_rows import (
    action_rows,
    calendar_rows,
    credential_rows,
    demographic_rows,
    guardian_rows,
    incident_rows,
    score_rows,
    section_rows,
    transcript_rows,
)
from governance.warehouse.sources.edfi_mapping import (
    Dialect,
    Rows,
    at,
    changed,
    constant,
    course_key,
    preferred,
    race_ethnicity,
    row,
)
from governance.warehouse.sources.edfi_records import year_of_day

OF_SECTION = "SectionReference/SectionIdentity"
OF_GRADE = "StudentSectionAssociationReference/StudentSectionAssociationIdentity"

STAFF: Rows = row(
    "staff",
    {
        "staff_key": "StaffUniqueStateId",
        "staff_id": "StaffUniqueStateId",
        **both.PERSON,
        "birth_date": "BirthDate",
        "sex": "Sex",
        "race_ethnicity": lambda record, _known: race_ethnicity(
            record.texts("Race/RacialCategory"), record.text("HispanicLatinoEthnicity")
        ),
        "email": lambda record, _known: preferred(
            list(record.groups("ElectronicMail")), "EmailAddress", "@EmailAddressType", ("Work",)
        ),
        "highest_education": "HighestLevelOfEducationCompleted",
        "years_of_experience": both.EXPERIENCE,
    },
)

STUDENT: Rows = row(
    "student",
    {
        "student_key": "StudentUniqueStateId",
        "student_id": "StudentUniqueStateId",
        "first_name": "Name/FirstName",
        "middle_name": "Name/MiddleName",
        "last_name": "Name/LastSurname",
        "birth_date": "BirthData/BirthDate",
        "sex": "Sex",
    },
)

ROWS: dict[str, tuple[Rows, ...]] = {
    "School": (
        row(
            "school",
            {
                "school_key": "StateOrganizationId",
                "school_id": "StateOrganizationId",
                "school_name": "NameOfInstitution",
                "school_level": "SchoolCategories/SchoolCategory",
                "town": lambda record, _known: preferred(
                    list(record.groups("Address")), "City", "@AddressType", ("Physical",)
                ),
            },
        ),
    ),
    "Course": (
        row(
            "course",
            {
                "course_key": lambda record, known: course_key(
                    known, organization("EducationOrganizationReference")(record, known), record.text("CourseCode/ID")
                ),
                "course_code": "CourseCode/ID",
                "course_title": "CourseTitle",
                "academic_subject": "SubjectArea",
                "credits": "MaximumAvailableCredit/Credit",
            },
        ),
    ),
    "CalendarDate": (Rows("calendar_date", calendar_rows),),
    "Section": (Rows("section", section_rows),),
    "Staff": (STAFF, Rows("credential", credential_rows)),
    "Teacher": (STAFF, Rows("credential", credential_rows)),
    "StaffEducationOrgEmploymentAssociation": (both.employment(staff()),),
    "StaffEducationOrgAssignmentAssociation": (
        both.staff_assignment(staff(), organization("EducationOrganizationReference")),
    ),
    "TeacherSectionAssociation": (both.section_staff(section(OF_SECTION), staff("TeacherReference")),),
    "Student": (STUDENT, Rows("student_demographic", demographic_rows)),
    "StudentParentAssociation": (Rows("guardian", guardian_rows),),
    "StudentSchoolAssociation": (both.enrollment(student(), organization("SchoolReference"), constant("true")),),
    "StudentSectionAssociation": (both.section_enrollment(student(), section(OF_SECTION), f"{OF_SECTION}/SchoolYear"),),
    "AttendanceEvent": (
        row(
            "attendance",
            {
                "student_key": student(),
                "school_key": lambda record, known: (
                    record.text(f"{OF_SECTION}/StateOrganizationId") or organization("SchoolReference")(record, known)
                ),
                "section_key": section(OF_SECTION),
                "school_year": changed(year_of_day, "EventDate"),
                "attendance_date": "EventDate",
                "attendance_event": "AttendanceEventCategory",
                "reason": "AttendanceEventReason",
            },
        ),
    ),
    "Grade": (
        both.grade(
            at(f"{OF_GRADE}/StudentIdentity/StudentUniqueStateId"),
            section(f"{OF_GRADE}/SectionIdentity"),
            f"{OF_GRADE}/SectionIdentity/SchoolYear",
        ),
    ),
    "CourseTranscript": (Rows("transcript", transcript_rows),),
    "StudentAssessment": (Rows("assessment_result", score_rows),),
    "StudentDisciplineIncidentAssociation": (Rows("discipline_incident", incident_rows),),
    "DisciplineAction": (Rows("discipline_action", action_rows),),
    "StudentProgramAssociation": (
        row(
            "program_participation",
            {
                "student_key": student(),
                "program_type": "ProgramReference/ProgramIdentity/ProgramType",
                "program_name": "ProgramReference/ProgramIdentity/ProgramType",
                "begin_date": "BeginDate",
                "end_date": "EndDate",
                "reason_exited": "ReasonExited",
            },
        ),
    ),
}

NOTING = ("EducationOrganization", "EducationOrgCalendar", "MasterSchedule", "StaffAssociation", "StudentParent")
NOTING_TOO = ("StudentGrade", "StudentDiscipline", "StudentAssessment")

ED_FI_2012 = Dialect(rows=ROWS, notes=NOTES, noting=frozenset((*NOTING, *NOTING_TOO)))
