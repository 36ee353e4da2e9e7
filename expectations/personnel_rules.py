"""Rules about staff: their employment, their positions, their credentials."""

from __future__ import annotations

from expectations.rule import Between, BreakingRows, Rule
from governance.catalog import Severity

PERSONNEL_RULES: tuple[Rule, ...] = (
    Rule(
        "staff_assignment",
        "within_employment",
        Severity.WARN,
        "A position is held within a period of employment, from its first day through its last.",
        "Correct the dates of the position, or of the employment.",
        BreakingRows("""
            SELECT * FROM staff_assignment AS position
            ANTI JOIN employment
                ON position.staff_key = employment.staff_key
                AND position.begin_date >= employment.hire_date
                AND coalesce(position.end_date, position.begin_date)
                    <= coalesce(employment.end_date, DATE '9999-12-31')
        """),
    ),
    Rule(
        "staff_assignment",
        "full_time_equivalency_from_0_to_1",
        Severity.WARN,
        "A share of a full position is from 0 to 1: some sources count in hundredths.",
        "Convert the share in the source.",
        Between("full_time_equivalency", 0, 1),
    ),
    Rule(
        "credential",
        "dates_in_order",
        Severity.WARN,
        "A credential does not expire before it is issued.",
        "Correct the dates of the credential.",
        BreakingRows("SELECT * FROM credential WHERE expiration_date < issuance_date"),
    ),
    Rule(
        "employment",
        "one_at_a_time",
        Severity.WARN,
        "Periods of employment of one person do not overlap: years of service are counted from them.",
        "End the earlier period on its last day.",
        BreakingRows("""
            SELECT * FROM employment
            QUALIFY hire_date <= max(coalesce(end_date, DATE '9999-12-31')) OVER (
                PARTITION BY staff_key ORDER BY hire_date
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        """),
    ),
)
