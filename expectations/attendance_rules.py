"""Rules about attendance: on a school day, where the student is enrolled, never more than the whole day."""

from __future__ import annotations

from expectations.rule import Between, BreakingRows, Rule
from governance.catalog import Severity

ATTENDANCE_RULES: tuple[Rule, ...] = (
    Rule(
        "attendance",
        "on_an_instructional_day",
        Severity.WARN,
        "Attendance is taken on the instructional days of the school: no student is absent on a holiday.",
        "Correct the date, or the school's calendar.",
        BreakingRows("""
            SELECT * FROM attendance
            ANTI JOIN (SELECT * FROM calendar_date WHERE is_instructional_day) AS school_day
                ON attendance.school_key = school_day.school_key
                AND attendance.attendance_date = school_day.calendar_date
        """),
    ),
    Rule(
        "attendance",
        "within_an_enrollment",
        Severity.WARN,
        "A student's attendance lies within an enrolment in that school: other days are not days of membership.",
        "Correct the date or the school, or the student's enrolment.",
        BreakingRows("""
            SELECT * FROM attendance
            ANTI JOIN enrollment
                ON attendance.student_key = enrollment.student_key
                AND attendance.school_key = enrollment.school_key
                AND attendance.attendance_date >= enrollment.entry_date
                AND attendance.attendance_date <= coalesce(enrollment.exit_date, DATE '9999-12-31')
        """),
    ),
    Rule(
        "attendance",
        "in_its_school_year",
        Severity.WARN,
        "The day of an attendance event lies in its school year.",
        "Correct the date, or the year it is entered under.",
        BreakingRows("""
            SELECT * FROM attendance JOIN school_year USING (school_year)
            WHERE attendance_date < begin_date OR attendance_date > end_date
        """),
    ),
    Rule(
        "attendance",
        "fraction_absent_from_0_to_1",
        Severity.WARN,
        "The part of the day, or class, that was missed is from 0 to 1: attendance rates are made of it.",
        "Find out whether the source gives hours or minutes, and convert them.",
        Between("fraction_absent", 0, 1),
    ),
)
