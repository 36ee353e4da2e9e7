"""Rules about marks, transcripts and assessments."""

from __future__ import annotations

from expectations.rule import Between, BreakingRows, Rule
from governance.catalog import Severity

ACHIEVEMENT_RULES: tuple[Rule, ...] = (
    Rule(
        "grade",
        "numeric_grade_from_0_to_100",
        Severity.WARN,
        "A mark in numbers is from 0 to 100: averages are made of it.",
        "Correct the mark, or convert it to the scale of 0 to 100.",
        Between("numeric_grade", 0, 100),
    ),
    Rule(
        "grade",
        "has_a_place_in_the_section",
        Severity.WARN,
        "A student with a mark has, or had, a place in the section.",
        "Enter the student's place in the section, or correct the section of the mark.",
        BreakingRows("SELECT * FROM grade ANTI JOIN section_enrollment USING (student_key, section_key)"),
    ),
    Rule(
        "grade",
        "year_of_the_section",
        Severity.WARN,
        "A mark is of the section's school year.",
        "Correct the school year of the mark, or of the section.",
        BreakingRows("""
            SELECT * FROM grade JOIN section USING (section_key)
            WHERE grade.school_year <> section.school_year
        """),
    ),
    Rule(
        "transcript",
        "final_grade_from_0_to_100",
        Severity.WARN,
        "A final mark in numbers is from 0 to 100: averages are made of it.",
        "Correct the mark, or convert it to the scale of 0 to 100.",
        Between("final_numeric_grade", 0, 100),
    ),
    Rule(
        "transcript",
        "earned_within_attempted",
        Severity.WARN,
        "Credits are not negative, and nobody earns more of them than were attempted.",
        "Correct the credits in the source.",
        BreakingRows("""
            SELECT * FROM transcript
            WHERE credits_earned > credits_attempted OR credits_earned < 0 OR credits_attempted < 0
        """),
    ),
    Rule(
        "assessment_result",
        "in_its_school_year",
        Severity.WARN,
        "An assessment is taken in its school year.",
        "Correct the day, or the year it is entered under.",
        BreakingRows("""
            SELECT * FROM assessment_result JOIN school_year USING (school_year)
            WHERE administration_date < begin_date OR administration_date > end_date
        """),
    ),
)
