"""What is taught: the courses of each grade, in the order of a student's day."""

from __future__ import annotations

from dataclasses import dataclass

GRADES = ("PK", "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12")
PK, GRADE_3, GRADE_5, GRADE_6, GRADE_8, GRADE_9, GRADE_11, GRADE_12 = 0, 4, 6, 7, 9, 10, 12, 13
ELEMENTARY, MIDDLE, HIGH = 0, 1, 2
LEVELS = ("Elementary", "Middle", "High")
LEVEL_OF_GRADE = (0,) * 7 + (1,) * 3 + (2,) * 4
CLASS_SIZE = (15, 19, 19, 20, 20, 21, 22, 23, 23, 23, 22, 22, 22, 21)
FULL_YEAR, FALL, SPRING = 0, 1, 2
TERMS = ("Full Year", "Fall Semester", "Spring Semester")

CLASSROOM = "Elementary"
DEPARTMENTS = {
    "ELA": ("English", "EnglishLanguageArts"),
    "MAT": ("Mathematics", "Mathematics"),
    "SCI": ("Science", "Science"),
    "SOC": ("Social Studies", "SocialStudies"),
    "LAN": ("World Languages", "WorldLanguages"),
    "ART": ("Art", "FineAndPerformingArts"),
    "MUS": ("Music", "FineAndPerformingArts"),
    "PED": ("Health and Physical Education", "HealthAndPhysicalEducation"),
    "CTE": ("Career and Technical Education", "CareerAndTechnicalEducation"),
    "HOM": ("Homeroom", "Other"),
}


@dataclass(frozen=True)
class Course:
    """A course. `honors` names the course that the strongest groups take in its place."""

    code: str
    title: str
    department: str
    sced: str
    credits: float | None = None
    term: int = FULL_YEAR
    honors: str = ""
    homeroom: bool = False

    @property
    def subject(self) -> str:
        return DEPARTMENTS[self.department][1]


def _elementary(grade: int) -> list[Course]:
    code = GRADES[grade]
    name = {"PK": "Prekindergarten", "KG": "Kindergarten"}.get(code, f"Grade {grade - 1}")
    courses = [Course(f"HOM-{code}", f"{name} Homeroom", "HOM", "73047", homeroom=True)]
    core = [("ELA", "Language Arts", "73028"), ("MAT", "Mathematics", "52030")]
    core += [("SCI", "Science", "73032"), ("SOC", "Social Studies", "73031")] if grade > PK else []
    special = [("ART", "Art", "55099"), ("MUS", "Music", "55130"), ("PED", "Physical Education", "58030")]
    return courses + [Course(f"{d}-{code}", f"{name} {title}", d, sced) for d, title, sced in core + special]


def _middle(grade: int) -> list[Course]:
    number = grade - 1
    names = [
        ("HOM", "Advisory", "72001"),
        ("ELA", "English", "51034"),
        ("MAT", "Mathematics", "52036"),
        ("SCI", "Science", "53235"),
        ("SOC", "Social Studies", "54436"),
        ("LAN", "Spanish", "56101"),
        ("PED", "Health and Physical Education", "58034"),
        ("MUS" if number % 2 else "ART", "Music" if number % 2 else "Art", "55034"),
    ]
    return [
        Course(f"{d}-{GRADES[grade]}", f"{title} {number}", d, sced, homeroom=d == "HOM") for d, title, sced in names
    ]


_HIGH = {
    10: (("English 9", "01001"), ("Algebra I", "02052"), ("Biology", "03051"), ("World History", "04051")),
    11: (("English 10", "01002"), ("Geometry", "02072"), ("Chemistry", "03101"), ("Civics", "04161")),
    12: (("American Literature", "01054"), ("Algebra II", "02056"), ("Physics", "03151"), ("US History", "04101")),
    13: (("English 12", "01004"), ("Statistics", "02201"), ("Environmental Science", "03003"), ("Economics", "04201")),
}
_ELECTIVES = (("Digital Design", "10203"), ("Culinary Arts", "16053"), ("Robotics", "21009"), ("Accounting", "12104"))


def _high(grade: int) -> list[Course]:
    code, step = GRADES[grade], grade - GRADE_9
    core = [
        Course(f"{d}-{code}", title, d, sced, 1.0, honors=f"{'AP' if step > 1 else 'Honors'} {title}")
        for d, (title, sced) in zip(("ELA", "MAT", "SCI", "SOC"), _HIGH[grade], strict=True)
    ]
    elective, sced = _ELECTIVES[step]
    return [
        *core,
        Course(f"LAN-{code}", f"Spanish {'I' * (step + 1) if step < 3 else 'IV'}", "LAN", f"0610{step + 1}", 1.0),
        Course(f"PED-{code}", "Physical Education and Wellness", "PED", "08001", 1.0),
        Course(f"CTE-{code}", elective, "CTE", sced, 0.5, FALL),
        Course(f"ART-{code}", f"Studio Art {step + 1}", "ART", "05154", 0.5, SPRING),
        Course(f"MUS-{code}", f"Music {step + 1}", "MUS", "05101", 1.0),
    ]


def courses_of(grade: int) -> list[Course]:
    level = LEVEL_OF_GRADE[grade]
    return (_elementary, _middle, _high)[level](grade)


CURRICULUM: tuple[tuple[Course, ...], ...] = tuple(tuple(courses_of(grade)) for grade in range(len(GRADES)))


def all_courses() -> list[Course]:
    """Every course once, an honors course after the one it stands for."""
    listed: list[Course] = []
    for course in (course for grade in CURRICULUM for course in grade):
        listed.append(course)
        if course.honors:
            listed.append(
                Course(f"{course.code}H", course.honors, course.department, course.sced, course.credits, course.term)
            )
    return listed
