"""Rules about sections: their dates, their students and their teachers."""

from __future__ import annotations

from expectations.rule import BreakingRows, Rule
from governance.catalog import Severity

SECTION_RULES: tuple[Rule, ...] = (
    Rule(
        "section",
        "in_its_school_year",
        Severity.WARN,
        "A section's term lies in its school year.",
        "Correct the term's dates, or the year the section is entered under.",
        BreakingRows("""
            SELECT * FROM section JOIN school_year USING (school_year)
            WHERE section.begin_date < school_year.begin_date OR section.end_date > school_year.end_date
        """),
    ),
    Rule(
        "section",
        "has_a_teacher_of_record",
        Severity.WARN,
        "Each section has a teacher of record: courses, marks and class sizes are reported by teacher.",
        "Enter the teacher of record in the source.",
        BreakingRows("""
            SELECT * FROM section
            ANTI JOIN (SELECT * FROM section_staff WHERE classroom_position = 'TeacherOfRecord') AS teacher
                USING (section_key)
        """),
    ),
    Rule(
        "section_enrollment",
        "within_the_section",
        Severity.WARN,
        "A student's place in a section begins and ends within the section's term.",
        "Correct the dates of the place, or of the term.",
        BreakingRows("""
            SELECT * FROM section_enrollment AS place JOIN section USING (section_key)
            WHERE place.begin_date NOT BETWEEN section.begin_date AND section.end_date
                OR place.end_date > section.end_date
        """),
    ),
    Rule(
        "section_enrollment",
        "year_of_the_section",
        Severity.WARN,
        "A place in a section is of the section's school year.",
        "Correct the school year of the place, or of the section.",
        BreakingRows("""
            SELECT * FROM section_enrollment AS place JOIN section USING (section_key)
            WHERE place.school_year <> section.school_year
        """),
    ),
    Rule(
        "section_enrollment",
        "enrolled_in_the_school",
        Severity.WARN,
        "A student with a place in a section is enrolled in the section's school on the first day.",
        "Correct the place, or the student's enrolment.",
        BreakingRows("""
            SELECT * FROM (SELECT place.*, school_key
                           FROM section_enrollment AS place JOIN section USING (section_key)) AS place
            ANTI JOIN enrollment
                ON place.student_key = enrollment.student_key
                AND place.school_key = enrollment.school_key
                AND place.begin_date >= enrollment.entry_date
                AND place.begin_date <= coalesce(enrollment.exit_date, DATE '9999-12-31')
        """),
    ),
    Rule(
        "section_staff",
        "within_the_section",
        Severity.WARN,
        "Somebody teaches a section within the section's term.",
        "Correct the dates of the teaching, or of the term.",
        BreakingRows("""
            SELECT * FROM section_staff AS teaching JOIN section USING (section_key)
            WHERE teaching.begin_date NOT BETWEEN section.begin_date AND section.end_date
                OR teaching.end_date > section.end_date
        """),
    ),
)
