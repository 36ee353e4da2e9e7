"""Ed-Fi Data Standard v6 (namespaces http://ed-fi.org/5.x and 6.x): what each of its records becomes."""

from __future__ import annotations

from governance.warehouse.sources import edfi_both as both
from governance.warehouse.sources.edfi_mapping import (
    Columns,
    Dialect,
    Rows,
    changed,
    preferred,
    race_ethnicity,
    row,
)
from governance.warehouse.sources.edfi_records import truth, year_of_day
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
        **both.PERSON,
        "birth_date": "BirthDate",
        "sex": "Sex",
        "race_ethnicity": lambda record, _known: race_ethnicity(
            record.texts("Race"), record.text("HispanicLatinoEthnicity")
        ),
        "email": lambda record, _known: preferred(
            list(record.groups("ElectronicMail")), "ElectronicMailAddress", "ElectronicMailType", ("Work",)
        ),
        "highest_education": "HighestCompletedLevelOfEducation",
        "years_of_experience": both.EXPERIENCE,
    },
)

ATTENDANCE: Columns = {
    "student_key": student(),
    "school_year": changed(year_of_day, "AttendanceEvent/EventDate"),
    "attendance_date": "AttendanceEvent/EventDate",
    "attendance_event": "AttendanceEvent/AttendanceEventCategory",
    "fraction_absent": "AttendanceEvent/EventDuration",
    "reason": "AttendanceEvent/AttendanceEventReason",
}

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
    "StaffEducationOrganizationEmploymentAssociation": (both.employment(staff()),),
    "StaffEducationOrganizationAssignmentAssociation": (both.staff_assignment(staff(), organization()),),
    "StaffSectionAssociation": (both.section_staff(section(), staff()),),
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
        both.enrollment(student(), school(), lambda record, _known: truth(record.text("PrimarySchool")) or "true"),
    ),
    "StudentSectionAssociation": (
        both.section_enrollment(student(), section(), f"{IN_SECTION}{OF_SESSION}/SchoolYear"),
    ),
    "StudentSchoolAttendanceEvent": (row("attendance", {"school_key": school(), **ATTENDANCE}),),
    "StudentSectionAttendanceEvent": (
        row("attendance", {"school_key": school(SECTION_SCHOOL), "section_key": section(), **ATTENDANCE}),
    ),
    "Grade": (
        both.grade(
            student(f"{GRADED}StudentReference"),
            section(f"{GRADED}{IN_SECTION}"),
            f"{GRADED}{IN_SECTION}{OF_SESSION}/SchoolYear",
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
