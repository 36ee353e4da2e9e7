"""Grand Bend in the Ed-Fi dialect of 2012, school year 2010-11, as plain rows.

Things are identified by what the files themselves say: a student by the State's number, a section by school,
course, year, term, period and room, for its "unique" code is not unique.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import Element

from tests.oracle.csv_district import District, Row
from tests.oracle.edfi_documents import Documents, rows, school_at, school_year, text, word, year_at, year_of_day_at

STUDENT, STAFF, SCHOOL = "StudentUniqueStateId", "StaffUniqueStateId", "StateOrganizationId"


def read_2012(archive: Path) -> District:
    """Everything that is compared, from `EdFiSampleData.zip`."""
    read = Documents(archive, "Sample Data")
    district: District = {"school_year": [school_year("2010-2011")]}
    _read_organization(read, district)
    _read_staff(read("StaffAssociation.xml"), district)
    _read_enrolment(read("StudentEnrollment.xml"), district)
    _read_families(read("StudentParent.xml"), district)
    _read_programs(read("StudentProgram.xml"), district)
    _read_attendance(read("StudentAttendance.xml"), district)
    _read_marks(read("StudentGrade.xml"), district)
    return district


def section_in(room: str) -> Callable[[Element], str]:
    """How a section is told apart; its room has another name in the master schedule than elsewhere."""
    names = (SCHOOL, "LocalCourseCode", "SchoolYear", "Term", "ClassPeriodName", room)
    return lambda element: "|".join(text(element, name) for name in names)


def _read_organization(read: Documents, district: District) -> None:
    organization = read("EducationOrganization.xml")
    district["school"] = rows(
        organization.findall("School"), school_key=SCHOOL, school_id=SCHOOL, school_name="NameOfInstitution"
    )
    code = "CourseCode/ID"
    district["course"] = rows(
        organization.findall("Course"), course_key=code, course_code=code, course_title="CourseTitle"
    )
    terms = {
        (text(session, SCHOOL), text(session, "Term")): session
        for session in read("EducationOrgCalendar.xml").findall("Session")
    }

    def in_term(name: str) -> Callable[[Element], str]:
        return lambda section: text(terms[text(section, SCHOOL), text(section, "Term")], name)

    district["section"] = rows(
        read("MasterSchedule.xml").findall("Section"),
        section_key=section_in("ClassroomIdentificationCode"),
        section_id="UniqueSectionCode",
        course_key="LocalCourseCode",
        school_key=SCHOOL,
        school_year=year_at("SchoolYear"),
        term="Term",
        class_period="ClassPeriodName",
        begin_date=in_term("BeginDate"),
        end_date=in_term("EndDate"),
    )


def _read_staff(document: Element, district: District) -> None:
    people = document.findall("Staff") + document.findall("Teacher")
    district["staff"] = rows(people, staff_key=STAFF, staff_id=STAFF, first_name="FirstName", last_name="LastSurname")
    district["employment"] = rows(
        document.findall("StaffEducationOrgEmploymentAssociation"), staff_key=STAFF, hire_date="HireDate"
    )
    district["staff_assignment"] = rows(
        document.findall("StaffEducationOrgAssignmentAssociation"),
        staff_key=STAFF,
        school_key=school_at(SCHOOL, district["school"]),
        staff_classification=word("StaffClassification"),
        position_title="PositionTitle",
        begin_date="BeginDate",
        end_date="EndDate",
    )
    district["section_staff"] = rows(
        document.findall("TeacherSectionAssociation"),
        staff_key=STAFF,
        section_key=section_in("Location"),
        begin_date="BeginDate",
        end_date="EndDate",
    )


def _read_enrolment(document: Element, district: District) -> None:
    district["enrollment"] = rows(
        document.findall("StudentSchoolAssociation"),
        student_key=STUDENT,
        school_key=SCHOOL,
        school_year=year_of_day_at("EntryDate"),
        entry_date="EntryDate",
        exit_date="ExitWithdrawDate",
    )
    district["section_enrollment"] = rows(
        document.findall("StudentSectionAssociation"),
        student_key=STUDENT,
        section_key=section_in("Location"),
        school_year=year_at("SchoolYear"),
        begin_date="BeginDate",
        end_date="EndDate",
    )


def _read_families(document: Element, district: District) -> None:
    students = document.findall("Student")
    district["student"] = rows(
        students,
        student_key=STUDENT,
        student_id=STUDENT,
        first_name="Name/FirstName",
        last_name="Name/LastSurname",
        birth_date="BirthDate",
        sex="Sex",
    )
    people: dict[str | None, Element] = {person.get("id"): person for person in document}
    district["guardian"] = [_guardian(relation, people) for relation in document.findall("StudentParentAssociation")]


def _guardian(relation: Element, people: dict[str | None, Element]) -> Row:
    """A relation points at both its ends by the elements' ids."""
    student, parent = (people[relation.find(end).get("ref")] for end in ("StudentReference", "ParentReference"))
    return {
        "student_key": text(student, STUDENT),
        "guardian_id": text(parent, "ParentUniqueStateId"),
        "first_name": text(parent, "Name/FirstName"),
        "last_name": text(parent, "Name/LastSurname"),
        "relation": text(relation, "Relation"),
    }


def _read_programs(document: Element, district: District) -> None:
    district["program_participation"] = rows(
        document.findall("StudentProgramAssociation"),
        student_key=STUDENT,
        program_type=word("ProgramType"),
        begin_date="BeginDate",
        end_date="EndDate",
        reason_exited="ReasonExited",
    )


def _read_attendance(document: Element, district: District) -> None:
    district["attendance"] = rows(
        document.findall("AttendanceEvent"),
        student_key=STUDENT,
        school_key=SCHOOL,
        section_key=section_in("Location"),
        school_year=year_at("SchoolYear"),
        attendance_date="EventDate",
        attendance_event=word("AttendanceEventCategory"),
        reason="AttendanceEventReason",
    )


def _read_marks(document: Element, district: District) -> None:
    district["grade"] = rows(
        document.findall("Grade"),
        student_key=STUDENT,
        section_key=section_in("Location"),
        school_year=year_at("SectionIdentity/SchoolYear"),
        grading_period="GradingPeriodIdentity/GradingPeriod",
        numeric_grade="NumericGradeEarned",
        letter_grade="LetterGradeEarned",
    )
    records = {record.get("id"): record for record in document.findall("StudentAcademicRecord")}

    def on_record(path: str) -> Callable[[Element], str]:
        return lambda course: text(records[course.find("StudentAcademicRecordReference").get("ref")], path)

    district["transcript"] = rows(
        document.findall("CourseTranscript"),
        student_key=on_record(STUDENT),
        school_year=lambda course: on_record("SchoolYear")(course).rpartition("-")[2],
        term=on_record("Term"),
        course_key="CourseCode/ID",
        credits_attempted="CreditsAttempted/Credit",
        credits_earned="CreditsEarned/Credit",
        final_numeric_grade="FinalNumericGradeEarned",
        final_letter_grade="FinalLetterGradeEarned",
    )
