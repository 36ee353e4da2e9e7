"""Rules about school years and calendars."""

from __future__ import annotations

from expectations.rule import BreakingRows, Rule
from governance.catalog import Severity

CALENDAR_RULES: tuple[Rule, ...] = (
    Rule(
        "school_year",
        "dates_in_order",
        Severity.STOP,
        "A school year ends after it begins: what is current depends on it.",
        "Correct the dates of the school year in the source.",
        BreakingRows("SELECT * FROM school_year WHERE end_date <= begin_date"),
    ),
    Rule(
        "school_year",
        "one_at_a_time",
        Severity.STOP,
        "School years do not overlap: a day belongs to one school year.",
        "Correct the dates of the school years in the source.",
        BreakingRows("""
            SELECT * FROM school_year
            QUALIFY begin_date <= max(end_date) OVER (
                ORDER BY begin_date, school_year ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        """),
    ),
    Rule(
        "calendar_date",
        "in_its_school_year",
        Severity.WARN,
        "A day of a school's calendar lies in its school year.",
        "Correct the day, or the year it is entered under.",
        BreakingRows("""
            SELECT * FROM calendar_date JOIN school_year USING (school_year)
            WHERE calendar_date.calendar_date NOT BETWEEN begin_date AND end_date
        """),
    ),
)
