"""Rules about incidents and what was done about them."""

from __future__ import annotations

from expectations.rule import Between, BreakingRows, Rule
from governance.catalog import Severity

DISCIPLINE_RULES: tuple[Rule, ...] = (
    Rule(
        "discipline_incident",
        "in_its_school_year",
        Severity.WARN,
        "An incident happens in its school year.",
        "Correct the day, or the year it is entered under.",
        BreakingRows("""
            SELECT * FROM discipline_incident JOIN school_year USING (school_year)
            WHERE incident_date < begin_date OR incident_date > end_date
        """),
    ),
    Rule(
        "discipline_action",
        "answers_a_known_incident",
        Severity.WARN,
        "An action answers an incident of the table discipline_incident.",
        "Enter the incident, or correct its number in the action.",
        BreakingRows("""
            SELECT * FROM discipline_action ANTI JOIN discipline_incident USING (incident_id)
            WHERE incident_id IS NOT NULL
        """),
    ),
    Rule(
        "discipline_action",
        "not_before_the_incident",
        Severity.WARN,
        "An action begins on the day of its incident, or later.",
        "Correct the day of the action, or of the incident.",
        BreakingRows("""
            SELECT * FROM discipline_action
            JOIN (SELECT incident_id, min(incident_date) AS incident_date
                  FROM discipline_incident GROUP BY incident_id) AS incident USING (incident_id)
            WHERE action_date < incident_date
        """),
    ),
    Rule(
        "discipline_action",
        "length_from_0_to_200_days",
        Severity.WARN,
        "An action lasts from 0 to 200 school days: Connecticut's longest expulsion is one calendar year.",
        "Correct the length in the source.",
        Between("length_days", 0, 200),
    ),
)
