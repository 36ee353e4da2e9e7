"""Ed-Fi Data Standard v6 (namespaces http://ed-fi.org/5.x and 6.x): what each of its records becomes."""

from __future__ import annotations

from governance.warehouse.sources.edfi_mapping import (
    Dialect,
    Rows,
    changed,
    preferred,
    race_ethnicity,
    row,
    school_or_office,
)
from governance.warehouse.sources.edfi_records import truth, year_ending, year_of_day
from governance.warehouse.sources.edfi_v6_references import (
    NOTES,
    OF_SESSION,
    organization,
    school,
    section,
    staff,
    student,
)
from governance.warehouse.sources.edfi_v6_rows import (
    action_rows,
    assigned_share,
    calendar_rows,
    course_of_record,
    credential_rows,
    demographic_rows,
    guardian_rows,
    incident_rows,
    program_rows,
    score_rows,
    section_rows,
)

IN_SECTION = "SectionReference/SectionIdentity/"
SECTION_SCHOOL = f"{IN_SECTION}CourseOfferingReference/CourseOfferingIdentity/SchoolReference"
GRADED = "StudentSectionAssociationReference/StudentSectionAssociationIdentity/"

STAFF: Rows = row(
    "staff",
    {
        "staff_key": "StaffUniqueId",
        "staff_id": "StaffUniqueId",
        "first_name": "Name/FirstName",
        "last_name": "Name/LastSurname",
        "birth_date": "BirthDate",
        "sex": "Sex",
        "race_ethnicity": lambda record, _known: race_ethnicity(
            record.texts("Race"), record.text("HispanicLatinoEthnicity")
        ),
        "email": lambda record, _known: preferred(
            list(record.groups("ElectronicMail")), "ElectronicMailAddress", "ElectronicMailType", ("Work",)
        ),
        "highest_education": "HighestCompletedLevelOfEducation",
        "years_of_experience": ("YearsOfPriorTeachingExperience", "YearsOfPriorProfessionalExperience"),
    },
)

PROGRAMS = (
    "Student",
    "StudentCTE",
    "StudentHomeless",
    "StudentLanguageInstruction",
    "StudentMigrantEducation",
    "StudentNeglectedOrDelinquent",
    "StudentSchoolFoodService",
    "StudentSection504",
    "StudentSpecialEducation",
    "StudentTitleIPartA",
)

ROWS: dict[str, tuple[Rows, ...]] = {
    "School": (
        row(
            "school",
            {
                "school_key": "SchoolId",
                "school_id": "SchoolId",
                "school_name": "NameOfInstitution",
                "school_level": "SchoolCategory",
                "town": lambda record, _known: preferred(
                    list(record.groups("Address")), "City", "AddressType", ("Physical",)
                ),
            },
        ),
    ),
    "Course": (
        row(
            "course",
            {
                "course_key": course_of_record,
                "course_code": "CourseCode",
                "course_title": "CourseTitle",
                "academic_subject": "AcademicSubject",
                "credits": "MaximumAvailableCredits/Credits",
            },
        ),
    ),
    "CalendarDate": (Rows("calendar_date", calendar_rows),),
    "Section": (Rows("section", section_rows),),
    "Staff": (STAFF, Rows("credential", credential_rows)),
    "StaffEducationOrganizationEmploymentAssociation": (
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
    "StaffEducationOrganizationAssignmentAssociation": (
        row(
            "staff_assignment",
            {
                "staff_key": staff(),
                "school_key": lambda record, known: school_or_office(organization()(record, known), known),
                "staff_classification": "StaffClassification",
                "position_title": "PositionTitle",
                "full_time_equivalency": assigned_share,
                "begin_date": "BeginDate",
                "end_date": "EndDate",
            },
        ),
    ),
    "StaffSectionAssociation": (
        row(
            "section_staff",
            {
                "section_key": section(),
                "staff_key": staff(),
                "classroom_position": "ClassroomPosition",
                "begin_date": "BeginDate",
                "end_date": "EndDate",
            },
        ),
    ),
    "Student": (
        row(
            "student",
            {
                "student_key": "StudentUniqueId",
                "student_id": "StudentUniqueId",
                "first_name": "Name/FirstName",
                "middle_name": "Name/MiddleName",
                "last_name": "Name/LastSurname",
                "birth_date": "BirthData/BirthDate",
                "sex": "BirthData/BirthSex",
            },
        ),
    ),
    "StudentEducationOrganizationAssociation": (Rows("student_demographic", demographic_rows),),
    "StudentContactAssociation": (Rows("guardian", guardian_rows),),
    "StudentSchoolAssociation": (
        row(
            "enrollment",
            {
                "student_key": student(),
                "school_key": school(),
                "school_year": changed(year_of_day, "EntryDate"),
                "grade_level": "EntryGradeLevel",
                "entry_date": "EntryDate",
                "entry_type": "EntryType",
                "exit_date": "ExitWithdrawDate",
                "exit_type": "ExitWithdrawType",
                "is_primary": lambda record, _known: truth(record.text("PrimarySchool")) or "true",
            },
        ),
    ),
    "StudentSectionAssociation": (
        row(
            "section_enrollment",
            {
                "student_key": student(),
                "section_key": section(),
                "school_year": changed(year_ending, f"{IN_SECTION}{OF_SESSION}/SchoolYear"),
                "begin_date": "BeginDate",
                "end_date": "EndDate",
                "is_homeroom": changed(truth, "HomeroomIndicator"),
            },
        ),
    ),
    "StudentSchoolAttendanceEvent": (
        row(
            "attendance",
            {
                "student_key": student(),
                "school_key": school(),
                "school_year": changed(year_of_day, "AttendanceEvent/EventDate"),
                "attendance_date": "AttendanceEvent/EventDate",
                "attendance_event": "AttendanceEvent/AttendanceEventCategory",
                "fraction_absent": "AttendanceEvent/EventDuration",
                "reason": "AttendanceEvent/AttendanceEventReason",
            },
        ),
    ),
    "StudentSectionAttendanceEvent": (
        row(
            "attendance",
            {
                "student_key": student(),
                "school_key": school(SECTION_SCHOOL),
                "section_key": section(),
                "school_year": changed(year_of_day, "AttendanceEvent/EventDate"),
                "attendance_date": "AttendanceEvent/EventDate",
                "attendance_event": "AttendanceEvent/AttendanceEventCategory",
                "fraction_absent": "AttendanceEvent/EventDuration",
                "reason": "AttendanceEvent/AttendanceEventReason",
            },
        ),
    ),
    "Grade": (
        row(
            "grade",
            {
                "student_key": student(f"{GRADED}StudentReference"),
                "section_key": section(f"{GRADED}{IN_SECTION}"),
                "school_year": changed(year_ending, f"{GRADED}{IN_SECTION}{OF_SESSION}/SchoolYear"),
                "grading_period": "GradingPeriodReference/GradingPeriodIdentity/GradingPeriod",
                "grade_type": "GradeType",
                "numeric_grade": "NumericGradeEarned",
                "letter_grade": "LetterGradeEarned",
            },
        ),
    ),
    "StudentAssessment": (Rows("assessment_result", score_rows),),
    "StudentDisciplineIncidentBehaviorAssociation": (Rows("discipline_incident", incident_rows),),
    "StudentDisciplineIncidentNonOffenderAssociation": (Rows("discipline_incident", incident_rows),),
    "DisciplineAction": (Rows("discipline_action", action_rows),),
    **{f"{program}ProgramAssociation": (Rows("program_participation", program_rows),) for program in PROGRAMS},
}

NOTING = ("EducationOrganization", "EducationOrgCalendar", "MasterSchedule", "StaffAssociation", "Student", "Contact")
NOTING_TOO = ("StudentDiscipline", "AssessmentMetadata")

ED_FI_V6 = Dialect(rows=ROWS, notes=NOTES, noting=frozenset((*NOTING, *NOTING_TOO)))
