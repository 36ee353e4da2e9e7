"""Rules about enrolment: who is where, and when."""

from __future__ import annotations

from expectations.rule import BreakingRows, Rule
from governance.catalog import Severity

ENROLLMENT_RULES: tuple[Rule, ...] = (
    Rule(
        "enrollment",
        "one_primary_at_a_time",
        Severity.WARN,
        "A student has one primary enrolment at a time: two of them are counted, and seen by principals, twice.",
        "End the earlier enrolment on the last day there, or mark one of the two as not primary.",
        # An enrolment is of one school year, so one without an exit ends with its year at the latest.
        BreakingRows("""
            SELECT * FROM enrollment JOIN school_year USING (school_year)
            WHERE is_primary
            QUALIFY entry_date <= max(coalesce(exit_date, end_date)) OVER (
                PARTITION BY student_key ORDER BY entry_date, school_key
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        """),
    ),
    Rule(
        "enrollment",
        "in_its_school_year",
        Severity.WARN,
        "An enrolment begins no earlier, and ends no later, than its school year.",
        "Correct the entry or exit date, or divide the enrolment by school year.",
        BreakingRows("""
            SELECT * FROM enrollment JOIN school_year USING (school_year)
            WHERE entry_date < begin_date OR entry_date > end_date OR exit_date > end_date
        """),
    ),
    Rule(
        "enrollment",
        "plausible_age",
        Severity.WARN,
        "A student is from 2 to 23 years old on the day of entry: another age points to a wrong date of birth.",
        "Compare the date of birth with the student's record.",
        BreakingRows("""
            SELECT * FROM enrollment JOIN student USING (student_key)
            WHERE entry_date < birth_date + INTERVAL 2 YEAR OR entry_date >= birth_date + INTERVAL 24 YEAR
        """),
    ),
    Rule(
        "enrollment",
        "age_fits_the_grade",
        Severity.WARN,
        "A student of kindergarten is 5 by 1 January of the school year, of first grade 6, and so on, "
        "and less than five years older: another age points to a wrong date of birth, or grade.",
        "Compare the date of birth, and the grade, with the student's record.",
        BreakingRows("""
            SELECT * FROM (
                SELECT *, make_date(school_year, 1, 1) AS new_year,
                    5 + CASE grade_level WHEN 'KG' THEN 0 ELSE TRY_CAST(grade_level AS INTEGER) END AS age
                FROM enrollment JOIN student USING (student_key))
            WHERE birth_date + to_years(age) > new_year OR birth_date + to_years(age + 5) <= new_year
        """),
    ),
)
