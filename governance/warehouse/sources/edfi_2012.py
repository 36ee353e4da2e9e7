"""Ed-Fi's first generation (2012, namespace http://ed-fi.org/0100): what each of its records becomes."""

from __future__ import annotations

from governance.warehouse.sources.edfi_2012_references import NOTES, organization, section, staff, student
from governance.warehouse.sources.edfi_2012_rows import (
    action_rows,
    assigned_share,
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
    changed,
    constant,
    course_key,
    preferred,
    race_ethnicity,
    row,
    school_or_office,
)
from governance.warehouse.sources.edfi_records import truth, year_ending, year_of_day

OF_SECTION = "SectionReference/SectionIdentity"
OF_GRADE = "StudentSectionAssociationReference/StudentSectionAssociationIdentity"

STAFF: Rows = row(
    "staff",
    {
        "staff_key": "StaffUniqueStateId",
        "staff_id": "StaffUniqueStateId",
        "first_name": "Name/FirstName",
        "last_name": "Name/LastSurname",
        "birth_date": "BirthDate",
        "sex": "Sex",
        "race_ethnicity": lambda record, _known: race_ethnicity(
            record.texts("Race/RacialCategory"), record.text("HispanicLatinoEthnicity")
        ),
        "email": lambda record, _known: preferred(
            list(record.groups("ElectronicMail")), "EmailAddress", "@EmailAddressType", ("Work",)
        ),
        "highest_education": "HighestLevelOfEducationCompleted",
        "years_of_experience": ("YearsOfPriorTeachingExperience", "YearsOfPriorProfessionalExperience"),
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
    "StaffEducationOrgEmploymentAssociation": (
        row(
            "employment",
            {
                "staff_key": staff(),
                "employment_status": "EmploymentStatus",
                "hire_date": "EmploymentPeriod/HireDate",
                "end_date": "EmploymentPeriod/EndDate",
                "separation_reason": "EmploymentPeriod/SeparationReason",
            },
        ),
    ),
    "StaffEducationOrgAssignmentAssociation": (
        row(
            "staff_assignment",
            {
                "staff_key": staff(),
                "school_key": lambda record, known: school_or_office(
                    organization("EducationOrganizationReference")(record, known), known
                ),
                "staff_classification": "StaffClassification",
                "position_title": "PositionTitle",
                "full_time_equivalency": assigned_share,
                "begin_date": "BeginDate",
                "end_date": "EndDate",
            },
        ),
    ),
    "TeacherSectionAssociation": (
        row(
            "section_staff",
            {
                "section_key": section(OF_SECTION),
                "staff_key": staff("TeacherReference"),
                "classroom_position": "ClassroomPosition",
                "begin_date": "BeginDate",
                "end_date": "EndDate",
            },
        ),
    ),
    "Student": (STUDENT, Rows("student_demographic", demographic_rows)),
    "StudentParentAssociation": (Rows("guardian", guardian_rows),),
    "StudentSchoolAssociation": (
        row(
            "enrollment",
            {
                "student_key": student(),
                "school_key": organization("SchoolReference"),
                "school_year": changed(year_of_day, "EntryDate"),
                "grade_level": "EntryGradeLevel",
                "entry_date": "EntryDate",
                "entry_type": "EntryType",
                "exit_date": "ExitWithdrawDate",
                "exit_type": "ExitWithdrawType",
                "is_primary": constant("true"),
            },
        ),
    ),
    "StudentSectionAssociation": (
        row(
            "section_enrollment",
            {
                "student_key": student(),
                "section_key": section(OF_SECTION),
                "school_year": changed(year_ending, f"{OF_SECTION}/SchoolYear"),
                "begin_date": "BeginDate",
                "end_date": "EndDate",
                "is_homeroom": changed(truth, "HomeroomIndicator"),
            },
        ),
    ),
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
        row(
            "grade",
            {
                "student_key": f"{OF_GRADE}/StudentIdentity/StudentUniqueStateId",
                "section_key": section(f"{OF_GRADE}/SectionIdentity"),
                "school_year": changed(year_ending, f"{OF_GRADE}/SectionIdentity/SchoolYear"),
                "grading_period": "GradingPeriodReference/GradingPeriodIdentity/GradingPeriod",
                "grade_type": "GradeType",
                "numeric_grade": "NumericGradeEarned",
                "letter_grade": "LetterGradeEarned",
            },
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
