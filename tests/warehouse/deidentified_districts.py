"""Small districts drawn at random, with all that makes a person stand out: rare groups, long suspensions, odd towns."""

from __future__ import annotations

import random
from datetime import date, timedelta

from tests.oracle.csv_district import District, Row

YEARS = (2025, 2026, 2027)
GRADES = ("KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12")
RACES = ["White"] * 12 + ["HispanicOrLatino"] * 5 + ["Asian", "BlackOrAfricanAmerican", "TwoOrMoreRaces", ""]
SEXES = ["Female"] * 10 + ["Male"] * 10 + ["NotSelected", ""]
LANGUAGES = ["English"] * 10 + ["Spanish"] * 3 + ["Urdu", "Polish", ""]
TOWNS = ["Harborough"] * 15 + ["Elsewhere", "Farther Off", ""]
PROGRAMS = ["SpecialEducation"] * 5 + ["Section504"] * 3 + ["Homeless", "Migrant"]
DISABILITIES = ["SpecificLearningDisability"] * 6 + ["Autism"] * 2 + ["DeafBlindness", ""]
DISCIPLINES = ["Detention"] * 6 + ["OutOfSchoolSuspension"] * 3 + ["Expulsion"]
SUBJECTS = ("Mathematics", "Science")


def draw_district(seed: int, students: int) -> District:
    """The same district for the same seed. Students leave and come in all three years."""
    chance = random.Random(seed)
    district: District = {
        "school": [
            {"school_key": "low", "school_id": "1", "school_name": "Low School", "school_level": "Elementary",
             "town": "Harborough"},
            {"school_key": "high", "school_id": "2", "school_name": "High School", "school_level": "High",
             "town": "Harborough"},
        ],
        "school_year": [
            {"school_year": str(year), "begin_date": f"{year - 1}-07-01", "end_date": f"{year}-06-30"}
            for year in YEARS
        ],
        "staff": [{"staff_key": f"T{n}", "staff_id": f"T{n}", "first_name": f"Stafford{n}", "last_name": f"Teach{n}"}
                  for n in range(4)],
        "staff_assignment": [{"staff_key": f"T{n}", "school_key": "low", "staff_classification": "Teacher",
                              "begin_date": "2020-08-20"} for n in range(4)],
    }  # fmt: skip
    courses = [(grade, subject) for grade in GRADES for subject in SUBJECTS]
    district["course"] = [
        {"course_key": f"{subject}{grade}", "course_code": f"{subject[:3]}{grade}",
         "course_title": f"{subject} {grade}", "academic_subject": subject} for grade, subject in courses
    ]  # fmt: skip
    district["section"] = [
        {"section_key": f"{year}{subject}{grade}", "section_id": f"SECT-{year}-{subject}-{grade}",
         "course_key": f"{subject}{grade}", "school_key": school_of(grade), "school_year": str(year),
         "begin_date": f"{year - 1}-08-27", "end_date": f"{year}-06-12"} for year in YEARS for grade, subject in courses
    ]  # fmt: skip
    for number in range(students):
        for table, rows in _student(chance, number).items():
            district.setdefault(table, []).extend(rows)
    return district


def school_of(grade: str) -> str:
    return "low" if grade in GRADES[:9] else "high"


def _student(chance: random.Random, number: int) -> District:
    key = f"SASID{number:06d}"
    place = chance.randrange(len(GRADES))
    born = date(2027 - 5 - place - 1, 1, 1) + timedelta(days=chance.randrange(365))
    own: Row = {"student_key": key}
    first, last = sorted((chance.randrange(3), 2 if chance.random() < 0.8 else chance.randrange(3)))
    years = [year for year in YEARS[first : last + 1] if place - (YEARS[last] - year) >= 0]
    found: District = {
        "student": [own | {"student_id": key, "first_name": f"Firstborn{number}", "middle_name": f"Midway{number}",
                           "last_name": f"Lastling{number}", "birth_date": born.isoformat(),
                           "sex": chance.choice(SEXES)}],
        "guardian": [own | {"guardian_id": f"GUARD{number}", "first_name": f"Parental{number}",
                            "last_name": f"Lastling{number}", "relation": chance.choice(["Mother", "Uncle"]),
                            "telephone": f"203-555-{number:04d}", "email": f"p{number}@example.org",
                            "is_primary_contact": "true", "lives_with_student": chance.choice(["true", "false"])}],
    }  # fmt: skip
    race, language, town = chance.choice(RACES), chance.choice(LANGUAGES), chance.choice(TOWNS)
    for year in years:
        grade = GRADES[place - (YEARS[last] - year)]
        background = {"race_ethnicity": race, "home_language": language, "town": town}
        for table, row in _year(chance, year, grade, background):
            found.setdefault(table, []).append(own | {"school_year": str(year)} | row)
    for table, row in _relations(chance, number):
        found.setdefault(table, []).append(own | row)
    return found


def _year(chance: random.Random, year: int, grade: str, background: Row) -> list[tuple[str, Row]]:
    school = school_of(grade)
    day = date(year - 1, 9, 1)
    entry = day if chance.random() < 0.9 else day + timedelta(days=chance.randrange(200))
    rows = [
        ("enrollment", {"school_key": school, "grade_level": grade, "entry_date": entry.isoformat(),
                        "exit_date": f"{year}-06-12" if year < 2027 else "", "is_primary": "true",
                        "entry_type": chance.choice(["Continuing"] * 5 + ["From abroad"])}),
    ]  # fmt: skip
    if chance.random() < 0.95:
        rows.append(("student_demographic", background | {
            "postal_code": f"06{chance.randrange(100):03d}", "is_homeless": chance.choice(["false"] * 20 + ["true"]),
            "meal_eligibility": chance.choice(["Free", "FullPrice", "FullPrice"]),
        }))  # fmt: skip
    for absence in {chance.randrange(180) for _ in range(chance.choice([0, 1, 2, 3, 3, 12]))}:
        rows.append(("attendance", {
            "school_key": school, "attendance_date": (day + timedelta(days=absence)).isoformat(),
            "attendance_event": chance.choice(["ExcusedAbsence", "Tardy"]), "reason": "Flu",
            "fraction_absent": str(chance.choice([1, 1, 0.5, round(chance.random(), 3)])),
        }))  # fmt: skip
    for incident in range(chance.choice([0] * 8 + [1, 4])):
        rows.append(("discipline_action", {
            "action_id": f"ACT{chance.randrange(10**9)}-{incident}", "incident_id": "INC7", "school_key": school,
            "action_date": (day + timedelta(days=chance.randrange(200))).isoformat(),
            "discipline": chance.choice(DISCIPLINES), "length_days": str(chance.choice([1, 1, 2, 3, 10, 212])),
        }))  # fmt: skip
    for subject in SUBJECTS:
        section = f"{year}{subject}{grade}"
        rows.append(("section_enrollment", {"section_key": section, "begin_date": f"{year - 1}-08-27",
                                            "end_date": f"{year}-06-12", "is_homeroom": "false"}))  # fmt: skip
        rows.append(("grade", {"section_key": section, "grading_period": "Year", "grade_type": "Final",
                               "numeric_grade": str(chance.randrange(50, 101))}))  # fmt: skip
        rows.append(("assessment_result", {
            "assessment_title": f"Test of {grade}" if chance.random() < 0.2 else "Fall Test",
            "academic_subject": subject, "administration_date": (day + timedelta(days=40)).isoformat(),
            "grade_level": grade, "score_metric": f"Scale {subject}", "score": str(chance.randrange(2300, 2700)),
        }))  # fmt: skip
    return rows


def _relations(chance: random.Random, number: int) -> list[tuple[str, Row]]:
    rows: list[tuple[str, Row]] = []
    since = date(2026, 1, 1) + timedelta(days=chance.randrange(300))
    if chance.random() < 0.4:
        program = chance.choice(PROGRAMS)
        rows.append(("program_participation", {
            "program_type": program, "program_name": f"The {program} Program", "begin_date": since.isoformat(),
            "primary_disability": chance.choice(DISABILITIES),
        }))  # fmt: skip
    if chance.random() < 0.5:
        rows.append(("caseload", {"staff_key": f"T{number % 3}", "begin_date": since.isoformat()}))
    return rows
