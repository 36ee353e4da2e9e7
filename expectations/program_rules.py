"""Rules about programs and about those who serve students."""

from __future__ import annotations

from expectations.rule import BreakingRows, Rule
from governance.catalog import Severity

PROGRAM_RULES: tuple[Rule, ...] = (
    Rule(
        "program_participation",
        "disability_in_special_education",
        Severity.WARN,
        "A primary disability is recorded for special education only: elsewhere nobody looks for it.",
        "Move the disability to the student's special education record.",
        BreakingRows("""
            SELECT * FROM program_participation
            WHERE primary_disability IS NOT NULL AND program_type <> 'SpecialEducation'
        """),
    ),
    Rule(
        "caseload",
        "counselor_is_employed",
        Severity.WARN,
        "A counselor is employed when an assignment to a student begins.",
        "Correct the assignment, or the employment.",
        BreakingRows("""
            SELECT * FROM caseload
            ANTI JOIN employment
                ON caseload.staff_key = employment.staff_key
                AND caseload.begin_date >= employment.hire_date
                AND caseload.begin_date <= coalesce(employment.end_date, DATE '9999-12-31')
        """),
    ),
    Rule(
        "service_assignment",
        "provider_is_employed",
        Severity.WARN,
        "A psychologist or social worker is employed when an assignment to a student begins.",
        "Correct the assignment, or the employment.",
        BreakingRows("""
            SELECT * FROM service_assignment AS assignment
            ANTI JOIN employment
                ON assignment.staff_key = employment.staff_key
                AND assignment.begin_date >= employment.hire_date
                AND assignment.begin_date <= coalesce(employment.end_date, DATE '9999-12-31')
        """),
    ),
)
