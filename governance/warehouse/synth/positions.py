"""The positions of a town's schools and of the central office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from governance.warehouse.synth.chance import Ints
from governance.warehouse.synth.curriculum import (
    CLASSROOM,
    CURRICULUM,
    DEPARTMENTS,
    ELEMENTARY,
    GRADES,
    HIGH,
    LEVEL_OF_GRADE,
    MIDDLE,
)  # fmt: skip
from governance.warehouse.synth.layout import Town
from governance.warehouse.synth.staffing import CENTRAL, Slot

SPECIAL_EDUCATION = "SPED"
_SECTIONS_A_TEACHER = 5
_CERTIFICATES = {
    CLASSROOM: "Elementary (305)", "ELA": "English 7-12 (015)", "MAT": "Mathematics 7-12 (029)",
    "SCI": "General Science 7-12 (034)", "SOC": "History and Social Studies 7-12 (026)", "LAN": "Spanish 7-12 (023)",
    "ART": "Art PK-12 (042)", "MUS": "Music PK-12 (049)", "PED": "Physical Education PK-12 (044)",
    "CTE": "Technology Education PK-12 (047)", SPECIAL_EDUCATION: "Comprehensive Special Education K-12 (165)",
}  # fmt: skip
CENTRAL_OFFICE = (
    ("superintendent", "Superintendent", "Superintendent of Schools"),
    ("executive_secretary", "Secretary", "Executive Secretary to the Superintendent"),
    ("personnel_office", "DistrictAdministrator", "Director of Personnel"),
    ("", "Secretary", "Secretary to the Director of Personnel"),
    ("budget_office", "DistrictAdministrator", "Director of Finance and Operations"),
    ("", "Secretary", "Secretary to the Director of Finance and Operations"),
    ("curriculum_office", "DistrictAdministrator", "Director of Curriculum and Instruction"),
    ("", "Secretary", "Secretary to the Director of Curriculum and Instruction"),
    ("special_education_office", "DistrictAdministrator", "Director of Special Education and Pupil Services"),
    ("", "Secretary", "Secretary to the Director of Special Education and Pupil Services"),
    ("operator", "InformationTechnology", "Director of Information Technology"),
    ("", "InformationTechnology", "Systems Technician"),
)


def central_office() -> list[Slot]:
    return [Slot(CENTRAL, kind, title, turnover=0.06) for _, kind, title in CENTRAL_OFFICE]


@dataclass
class Positions:
    """A town's slots, and where to find them: by school and department, and by service."""

    slots: list[Slot] = field(default_factory=list)
    teachers: dict[tuple[int, str], Ints] = field(default_factory=dict)
    counselors: dict[int, Ints] = field(default_factory=dict)
    guidance_secretaries: dict[int, Ints] = field(default_factory=dict)
    services: dict[str, Ints] = field(default_factory=dict)
    principals: list[int] = field(default_factory=list)

    def add(self, slot: Slot, count: int = 1) -> Ints:
        first = len(self.slots)
        self.slots.extend([slot] * count)
        return np.arange(first, first + count)

    def add_teachers(self, school: int, department: str, count: int) -> None:
        words = {CLASSROOM: "Elementary", SPECIAL_EDUCATION: "Special Education"}
        name = words.get(department) or DEPARTMENTS[department][0]
        slot = Slot(school, "Teacher", f"{name} Teacher", _CERTIFICATES[department], on_leave=0.045)
        self.teachers[school, department] = self.add(slot, count)


def departments_of(grade: int) -> dict[str, int]:
    """How many courses of each department a grade takes; elementary classrooms teach the core themselves."""
    counts: dict[str, int] = {}
    for course in CURRICULUM[grade]:
        if course.department == "HOM" and LEVEL_OF_GRADE[grade] != ELEMENTARY:
            continue
        counts[course.department] = counts.get(course.department, 0) + 1
    return counts


def _sections(groups: Ints, department: str) -> int:
    """The sections of a department in a school, given the number of groups in each grade."""
    return sum(int(groups[grade]) * departments_of(grade).get(department, 0) for grade in range(len(GRADES)))


def _staff_school(positions: Positions, school: int, level: int, groups: Ints, students: int) -> None:
    """`groups[year, grade]` of one school."""
    positions.principals.extend(positions.add(Slot(school, "Principal", "Principal", turnover=0.06)).tolist())
    if students > 180:
        positions.add(Slot(school, "AssistantPrincipal", "Assistant Principal"), 1 + students // 700)
    positions.add(Slot(school, "Secretary", "School Secretary"))
    positions.add(Slot(school, "Nurse", "School Nurse"))
    positions.add(Slot(school, "Librarian", "Library Media Specialist", "Library Media Specialist (062)"))
    positions.add(Slot(school, "Paraprofessional", "Paraprofessional"), max(1, students // 60))
    if level == ELEMENTARY:
        positions.add_teachers(school, CLASSROOM, int(groups.sum(axis=1).max()))
    for department in DEPARTMENTS:
        most = max(_sections(year, department) for year in groups)
        if department != "HOM" and most and not (level == ELEMENTARY and department in {"ELA", "MAT", "SCI", "SOC"}):
            load = 12 if level == ELEMENTARY else _SECTIONS_A_TEACHER
            positions.add_teachers(school, department, -(-most // load))
    positions.add_teachers(school, SPECIAL_EDUCATION, max(1, students // 90))
    if level in (MIDDLE, HIGH):
        positions.counselors[school] = positions.add(
            Slot(school, "Counselor", "School Counselor"), max(1, round(students / 230))
        )
    if level == HIGH:
        positions.guidance_secretaries[school] = positions.add(Slot(school, "Secretary", "Guidance Secretary"))


def staff_town(town: Town, groups: Sequence[Ints]) -> Positions:
    """The positions of a town, enough for every year. `groups[year][school, grade]`: classes of students."""
    positions = Positions()
    through = np.stack(groups)
    for school, level in enumerate(town.levels):
        students = int(through[:, school].sum(axis=1).max()) * 20
        _staff_school(positions, school, level, through[:, school], students)
    for name, kind, title in (
        ("Psychological", "Psychologist", "School Psychologist"),
        ("SocialWork", "SocialWorker", "School Social Worker"),
    ):
        # They serve every school of a town, and are assigned to the first.
        positions.services[name] = positions.add(Slot(0, kind, title), max(1, round(town.students / 600)))
    return positions
