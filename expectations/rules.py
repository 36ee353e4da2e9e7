"""All rules: what follows from the catalog, and what is declared, one module to a concern."""

from __future__ import annotations

from expectations.achievement_rules import ACHIEVEMENT_RULES
from expectations.attendance_rules import ATTENDANCE_RULES
from expectations.calendar_rules import CALENDAR_RULES
from expectations.discipline_rules import DISCIPLINE_RULES
from expectations.enrollment_rules import ENROLLMENT_RULES
from expectations.personnel_rules import PERSONNEL_RULES
from expectations.program_rules import PROGRAM_RULES
from expectations.rule import Rule
from expectations.section_rules import SECTION_RULES
from expectations.skeleton import derived_rules
from governance.catalog import Catalog

DECLARED_RULES: tuple[Rule, ...] = (
    *CALENDAR_RULES,
    *ENROLLMENT_RULES,
    *ATTENDANCE_RULES,
    *SECTION_RULES,
    *ACHIEVEMENT_RULES,
    *DISCIPLINE_RULES,
    *PROGRAM_RULES,
    *PERSONNEL_RULES,
)


def all_rules(catalog: Catalog) -> tuple[Rule, ...]:
    """The rules of every table, in the catalog's order: a table's skeleton first, then what is declared of it."""
    rules = (*derived_rules(catalog), *DECLARED_RULES)
    return tuple(rule for table in catalog.tables for rule in rules if rule.table == table)
