"""Grand Bend in the Ed-Fi Data Standard v6, school year 2021-22: the relations that scopes follow from.

The sample holds no enrolments, so that nobody of 2021-22 is in a class or a building: only programs name students.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import Element

from tests.oracle.csv_district import District
from tests.oracle.edfi_documents import Documents, rows, school_at, school_year, text, word, year_at

STUDENT, STAFF = "StudentUniqueId", "StaffUniqueId"
ENDS = ("EndDate", "SpecialEducationExitDate")


def read_v6(archive: Path) -> District:
    """What scopes need, from `edfi-v6-sample.zip`."""
    read = Documents(archive, "sample_xml")
    schools = read("EducationOrganization.xml").findall("School")
    district: District = {
        "school_year": [school_year("2021-2022")],
        "school": rows(schools, school_key="SchoolId", school_id="SchoolId", school_name="NameOfInstitution"),
        "student": rows(read("Student.xml").findall("Student"), student_key=STUDENT, student_id=STUDENT),
    }
    _read_sections(read, district)
    _read_staff(read("StaffAssociation.xml"), district)
    _read_programs(read("StudentProgram.xml"), district)
    return district


def _section(element: Element) -> str:
    names = ("SchoolId", "LocalCourseCode", "SchoolYear", "SessionName", "SectionIdentifier")
    return "|".join(text(element, name) for name in names)


def _read_sections(read: Documents, district: District) -> None:
    sessions = {
        (text(session, "SchoolId"), text(session, "SessionName")): session
        for session in read("EducationOrgCalendar.xml").findall("Session")
    }

    def in_session(name: str) -> Callable[[Element], str]:
        return lambda section: text(sessions[text(section, "SchoolId"), text(section, "SessionName")], name)

    district["section"] = rows(
        read("MasterSchedule.xml").findall("Section"),
        section_key=_section,
        section_id="SectionIdentifier",
        course_key="LocalCourseCode",
        school_key="SchoolId",
        school_year=year_at("SchoolYear"),
        begin_date=in_session("BeginDate"),
        end_date=in_session("EndDate"),
    )


def _read_staff(document: Element, district: District) -> None:
    district["staff"] = rows(document.findall("Staff"), staff_key=STAFF, staff_id=STAFF)
    district["staff_assignment"] = rows(
        document.findall("StaffEducationOrganizationAssignmentAssociation"),
        staff_key=STAFF,
        school_key=school_at("EducationOrganizationId", district["school"]),
        staff_classification=word("StaffClassification"),
        begin_date="BeginDate",
        end_date="EndDate",
    )
    district["section_staff"] = rows(
        document.findall("StaffSectionAssociation"),
        staff_key=STAFF,
        section_key=_section,
        begin_date="BeginDate",
        end_date="EndDate",
    )


def _read_programs(document: Element, district: District) -> None:
    """A participation in special education ends with it or with the exit from it, whichever comes first.

    The sample has both, eight times on different days: nobody is shown for longer than both dates allow.
    """
    district["program_participation"] = rows(
        list(document),
        student_key=STUDENT,
        program_type=word("ProgramType"),
        begin_date="BeginDate",
        end_date=lambda program: min(filter(None, (text(program, name) for name in ENDS)), default=""),
    )
