"""The Board's policy on who may see whom, in the plainest words a program can say it in.

Dates are ISO texts, which compare as dates do. A relation counts from its first day through its last;
an empty last day means that it is still open.
"""

from __future__ import annotations

from tests.oracle.csv_district import District, Row

SCOPED = ("teacher", "counselor", "support_services", "principal", "special_education_office")
DISTRICT_WIDE = ("superintendent", "executive_secretary")
NAMES_STUDENTS = SCOPED + DISTRICT_WIDE

ABOUT_NOBODY = ("school", "school_year", "calendar_date", "course", "section")
ABOUT_STUDENTS = (
    "student",
    "student_demographic",
    "guardian",
    "enrollment",
    "attendance",
    "section_enrollment",
    "grade",
    "transcript",
    "assessment_result",
    "discipline_incident",
    "discipline_action",
    "program_participation",
    "caseload",
    "service_assignment",
)
ABOUT_STAFF = ("staff", "employment", "staff_assignment", "section_staff", "credential")
ALL_TABLES = ABOUT_NOBODY + ABOUT_STUDENTS + ABOUT_STAFF

Reason = tuple[str, ...]


def holds(row: Row, begin: str, end: str, today: str) -> bool:
    """Whether `today` is neither before the first day nor after the last."""
    if today < row[begin]:
        return False
    return row.get(end, "") == "" or today <= row[end]


def reasons(district: District, me: str, capacity: str, today: str) -> dict[str, set[Reason]]:
    """Every student (by the source's identifier) that `me` may see today, and each reason why.

    The last word of a reason is the day since when the relation to the student holds.
    """
    why: dict[str, set[Reason]] = {}
    for student, reason in _pairs(district, me, capacity, today):
        why.setdefault(student, set()).add(reason)
    return why


def students(district: District, me: str, capacity: str, today: str) -> set[str]:
    return set(reasons(district, me, capacity, today))


def rows(district: District, table: str, me: str, capacity: str, today: str) -> list[Row]:
    """The rows of one table that `me` may see today."""
    everything = district.get(table, [])
    if table in ABOUT_NOBODY or capacity in DISTRICT_WIDE:
        return everything
    if table in ABOUT_STAFF:
        return [row for row in everything if row["staff_key"] == me]
    mine = students(district, me, capacity, today)
    return [row for row in everything if row["student_key"] in mine]


def _pairs(district: District, me: str, capacity: str, today: str) -> list[tuple[str, Reason]]:
    if capacity == "teacher":
        return in_my_classes(district, me, today)
    if capacity == "counselor":
        return on_my_caseload(district, me, today)
    if capacity == "support_services":
        return in_my_service(district, me, today)
    if capacity == "principal":
        return in_my_buildings(district, me, today)
    if capacity == "special_education_office":
        return in_special_education(district, today)
    if capacity in DISTRICT_WIDE:
        return [(row["student_key"], ("district",)) for row in district.get("student", [])]
    return []


def in_my_classes(district: District, me: str, today: str) -> list[tuple[str, Reason]]:
    """Students who are today in a section that is held today and that I teach today."""
    my_sections = set()
    for teaching in district.get("section_staff", []):
        if teaching["staff_key"] == me and holds(teaching, "begin_date", "end_date", today):
            my_sections.add(teaching["section_key"])
    held = set()
    for section in district.get("section", []):
        if section["section_key"] in my_sections and holds(section, "begin_date", "end_date", today):
            held.add(section["section_key"])
    found = []
    for place in district.get("section_enrollment", []):
        if place["section_key"] in held and holds(place, "begin_date", "end_date", today):
            found.append((place["student_key"], ("section", place["section_key"], place["begin_date"])))
    return found


def on_my_caseload(district: District, me: str, today: str) -> list[tuple[str, Reason]]:
    """Students assigned to me as counselor today."""
    found = []
    for case in district.get("caseload", []):
        if case["staff_key"] == me and holds(case, "begin_date", "end_date", today):
            found.append((case["student_key"], ("caseload", case["begin_date"])))
    return found


def in_my_service(district: District, me: str, today: str) -> list[tuple[str, Reason]]:
    """Students whom I serve today, or am assigned to evaluate."""
    found = []
    for case in district.get("service_assignment", []):
        if case["staff_key"] == me and holds(case, "begin_date", "end_date", today):
            kind = case["assignment_type"]
            found.append((case["student_key"], ("service", case["service"], kind, case["begin_date"])))
    return found


def in_my_buildings(district: District, me: str, today: str) -> list[tuple[str, Reason]]:
    """Students enrolled today, in the school year that today is in, in a school that I lead today."""
    this_year = set()
    for year in district.get("school_year", []):
        if year["begin_date"] <= today <= year["end_date"]:
            this_year.add(year["school_year"])
    my_schools = set()
    for post in district.get("staff_assignment", []):
        leads = post["staff_classification"] in ("Principal", "AssistantPrincipal")
        if post["staff_key"] == me and leads and holds(post, "begin_date", "end_date", today):
            my_schools.add(post["school_key"])
    my_schools.discard("")
    found = []
    for place in district.get("enrollment", []):
        mine = place["school_key"] in my_schools and place["school_year"] in this_year
        if mine and holds(place, "entry_date", "exit_date", today):
            found.append((place["student_key"], ("school", place["school_key"], place["entry_date"])))
    return found


def in_special_education(district: District, today: str) -> list[tuple[str, Reason]]:
    """Students who are today in special education, or protected under Section 504."""
    found = []
    for program in district.get("program_participation", []):
        counts = program["program_type"] in ("SpecialEducation", "Section504")
        if counts and holds(program, "begin_date", "end_date", today):
            found.append((program["student_key"], ("program", program["program_type"], program["begin_date"])))
    return found
