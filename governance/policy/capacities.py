"""The capacities of the Board's policy: one record each, and what each may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from governance.catalog import Category
from governance.policy.scopes import (
    IN_MY_BUILDINGS,
    IN_MY_CLASSES,
    IN_MY_SERVICE,
    IN_SPECIAL_EDUCATION,
    IN_THE_DISTRICT,
    ON_MY_CASELOAD,
    NoStudent,
    Scope,
)
from governance.vocabulary import AccessLevel, Capacity, Form


@dataclass(frozen=True)
class CapacityRule:
    """What the policy gives a capacity. `form` is None where it gives no data at all.

    `all_staff`: whether rows about personnel are those of everybody, or only one's own (in de-identified form: whether
    by name, or as codes). `categories`: what may be known of students in de-identified form.
    """

    capacity: Capacity
    title: str
    form: Form | None
    students: Scope
    all_staff: bool = False
    categories: frozenset[Category] = frozenset()


_PERFORMANCE = frozenset({Category.STUDENT, Category.ENROLLMENT, Category.ATTENDANCE, Category.ACHIEVEMENT})
_SERVICES = frozenset({Category.STUDENT, Category.ENROLLMENT, Category.PROGRAM})


_RULES = (
    CapacityRule(Capacity.TEACHER, "Teacher", Form.SCOPED_ROWS, IN_MY_CLASSES),
    CapacityRule(Capacity.COUNSELOR, "Guidance counselor, or guidance secretary", Form.SCOPED_ROWS, ON_MY_CASELOAD),
    CapacityRule(Capacity.SUPPORT_SERVICES, "School psychologist, or social worker", Form.SCOPED_ROWS, IN_MY_SERVICE),
    CapacityRule(Capacity.PRINCIPAL, "Principal, or assistant principal", Form.SCOPED_ROWS, IN_MY_BUILDINGS),
    CapacityRule(
        Capacity.PERSONNEL_OFFICE,
        "Central office: personnel",
        Form.DEIDENTIFIED_ROWS,
        IN_THE_DISTRICT,
        all_staff=True,
        categories=_PERFORMANCE,
    ),
    CapacityRule(
        Capacity.BUDGET_OFFICE,
        "Central office: budget",
        Form.DEIDENTIFIED_ROWS,
        IN_THE_DISTRICT,
        categories=_SERVICES,
    ),
    CapacityRule(
        Capacity.CURRICULUM_OFFICE,
        "Central office: curriculum",
        Form.DEIDENTIFIED_ROWS,
        IN_THE_DISTRICT,
        categories=_PERFORMANCE | {Category.PROGRAM},
    ),
    CapacityRule(
        Capacity.SPECIAL_EDUCATION_OFFICE,
        "Central office: special education",
        Form.SCOPED_ROWS,
        IN_SPECIAL_EDUCATION,
    ),
    CapacityRule(Capacity.SUPERINTENDENT, "Superintendent", Form.SCOPED_ROWS, IN_THE_DISTRICT, all_staff=True),
    CapacityRule(
        Capacity.EXECUTIVE_SECRETARY,
        "Executive Secretary to the Superintendent",
        Form.SCOPED_ROWS,
        IN_THE_DISTRICT,
        all_staff=True,
    ),
    CapacityRule(Capacity.STUDY, "Approved study", Form.DEIDENTIFIED_ROWS, NoStudent()),
    CapacityRule(Capacity.REVIEWER, "Reviewer of outputs", None, NoStudent()),
    CapacityRule(Capacity.OPERATOR, "Operator of the system", None, NoStudent()),
)

CAPACITIES: dict[Capacity, CapacityRule] = {rule.capacity: rule for rule in _RULES}


def current_capacities(levels: Iterable[AccessLevel], today: date) -> tuple[Capacity, ...]:
    """The capacities held on that day, each once, in the order they were granted."""
    return tuple(dict.fromkeys(level.capacity for level in levels if level.is_current(today)))
