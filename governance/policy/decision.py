"""MAY THIS PERSON? One pure function, which answers with a value and its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from governance.catalog import Catalog, Table, Unit
from governance.policy.capacities import CAPACITIES, CapacityRule
from governance.policy.refusals import Refusal
from governance.policy.scopes import ConsentingStudents, EveryStudent, NoStudent, Scope, StudentsAlong, StudentsIn
from governance.vocabulary import AccessLevel, Asker, Capacity, Employment, Form, Grant, Person


@dataclass(frozen=True)
class AllRows:
    """Every row."""


@dataclass(frozen=True)
class RowsOfStudents:
    """The rows whose student is in the scope. `columns`: those granted; None for all that there are."""

    scope: Scope
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True)
class OwnRows:
    """The rows about the asker."""

    staff_key: int


@dataclass(frozen=True)
class Deidentified:
    """Every row, telling of nobody who it is. `columns`: those granted; None for all that the form has."""

    columns: tuple[str, ...] | None = None


RowRule = AllRows | RowsOfStudents | OwnRows | Deidentified


@dataclass(frozen=True)
class Allowed:
    """Yes: in this form, and of each table these rows. `staff_key` is the asker's own, as the path's start.

    `grant` is the study's, in a study's session. `audience`: who learns of the answer; what was told to one audience
    is weighed together.
    """

    capacity: Capacity
    form: Form
    staff_key: int | None
    rows: dict[str, RowRule]
    audience: str = ""
    grant: Grant | None = None


@dataclass(frozen=True)
class Refused:
    """No, and why."""

    refusal: Refusal


Decision = Allowed | Refused


def decide(asker: Asker, tables: Iterable[str], catalog: Catalog, today: date) -> Decision:
    """Whether, and with which rows of each, the asker may be answered from `tables` today."""
    standing = _standing(asker, today)
    if isinstance(standing, Refused):
        return standing
    rows: dict[str, RowRule] = {}
    for name in tables:
        table = catalog.tables.get(name)
        row_rule = None if table is None else _row_rule(table, standing)
        if row_rule is None:
            return Refused(Refusal.UNKNOWN_TABLE)
        rows[name] = row_rule
    return Allowed(
        standing.rule.capacity, standing.form, standing.person.staff_key, rows, standing.audience, standing.grant
    )


@dataclass(frozen=True)
class _Standing:
    """Who the asker is today. `narrowed`: the categories that a regulation takes from the capacity."""

    rule: CapacityRule
    person: Person
    form: Form
    students: Scope
    narrowed: frozenset[str]
    grant: Grant | None = None
    consents: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def audience(self) -> str:
        """Central offices talk to each other within an office; a study is its grant; others are themselves."""
        if self.grant is not None:
            return f"study:{self.grant.name}"
        if self.form is Form.DEIDENTIFIED_ROWS:
            return f"office:{self.rule.capacity.value}"
        return f"person:{self.person.username}:{self.rule.capacity.value}"


def barred(person: Person | None, employment: Employment) -> Refusal | None:
    """Why nobody who is this person may have anything, whatever they hold; None if they may."""
    if person is None:
        return Refusal.UNKNOWN_PERSON
    if person.locked:
        return Refusal.LOCKED
    if person.staff_key is None:
        return None
    match employment:
        case Employment.EMPLOYED:
            return None
        case Employment.NOT_EMPLOYED:
            return Refusal.NO_LONGER_EMPLOYED
        case Employment.UNTOLD:
            return Refusal.EMPLOYMENT_NOT_TOLD
        case _:
            assert_never(employment)


def _standing(asker: Asker, today: date) -> Refused | _Standing:
    """Who the asker is today, or why they are nobody."""
    why = barred(asker.person, asker.employment)
    if why is not None or asker.person is None:
        return Refused(why or Refusal.UNKNOWN_PERSON)
    capacity = Capacity.of_server(asker.identity.server)
    if capacity is None:
        return Refused(Refusal.UNKNOWN_CAPACITY)
    held = _held(asker, asker.person, capacity, today)
    # A grant is by itself the access level of a study: decided, dated, and ended like one.
    if capacity is not Capacity.STUDY and not held:
        return Refused(Refusal.LEVEL_NOT_HELD)
    rule = CAPACITIES[capacity]
    if rule.form is None:
        return Refused(Refusal.NO_DATA_IN_THIS_CAPACITY)
    if isinstance(rule.students, StudentsAlong) and asker.person.staff_key is None:
        return Refused(Refusal.NO_STAFF_RECORD)
    standing = _Standing(rule, asker.person, rule.form, _students(rule, held), _narrowed(asker, capacity, today))
    return _granted(asker, standing, today) if capacity is Capacity.STUDY else standing


def _held(asker: Asker, person: Person, capacity: Capacity, today: date) -> tuple[AccessLevel, ...]:
    """The levels of the capacity that hold today, and relate to the staff record that the person is."""
    return tuple(
        level
        for level in asker.levels
        if level.capacity is capacity
        and level.is_current(today)
        and level.relation.staff_key in (None, person.staff_key)
    )


def _students(rule: CapacityRule, held: tuple[AccessLevel, ...]) -> Scope:
    """Those of the capacity; of the schools that the levels name, where every one names some."""
    named = [level.relation.schools for level in held]
    if not isinstance(rule.students, StudentsAlong) or not named or not all(named):
        return rule.students
    return replace(rule.students, schools=tuple(sorted({school for schools in named for school in schools})))


def _narrowed(asker: Asker, capacity: Capacity, today: date) -> frozenset[str]:
    """The categories that regulations take from the capacity today."""
    regulations = (each for each in asker.regulations if each.capacity is capacity)
    return frozenset(each.category for each in regulations if each.is_current(today))


def _granted(asker: Asker, standing: _Standing, today: date) -> Refused | _Standing:
    """The standing of a study, which its grant gives."""
    grant = _grant(asker, today)
    if grant is None:
        return Refused(Refusal.NO_GRANT)
    if grant.snapshot is None:
        return Refused(Refusal.NO_SNAPSHOT_GRANTED)
    if not grant.identified:
        return replace(standing, grant=grant)
    return replace(standing, grant=grant, form=Form.SCOPED_ROWS, consents=asker.consents)


def _grant(asker: Asker, today: date) -> Grant | None:
    """The grant that the session is named after, if it is the asker's own and holds today."""
    current = (grant for grant in asker.grants if grant.is_current(today) and grant.username == asker.identity.username)
    return next((grant for grant in current if grant.server == asker.identity.server), None)


def _row_rule(table: Table, standing: _Standing) -> RowRule | None:
    if table.category.value in standing.narrowed or (table.added and not _is_named(table, standing.grant)):
        return None
    if standing.form is Form.DEIDENTIFIED_ROWS:
        return _deidentified_rows(table, standing)
    if standing.grant is not None:
        return _consented_rows(table, standing.grant, standing.consents)
    rule, person = standing.rule, standing.person
    match table.unit:
        case Unit.NONE | Unit.SCHOOL:
            return AllRows()
        case Unit.STUDENT:
            return _student_rows(standing.students)
        case Unit.STAFF:
            return _staff_rows(rule, person)
        case Unit.ACCOUNT:
            return AllRows() if rule.all_staff else None
        case _:
            assert_never(table.unit)


def _is_named(table: Table, grant: Grant | None) -> bool:
    """A category that was added is seen by nobody until a grant names it."""
    return grant is not None and table.name in grant.tables


def _deidentified_rows(table: Table, standing: _Standing) -> RowRule | None:
    """What a central office, or a study, is told of a table in which nobody may be identified."""
    if standing.grant is not None:
        return _granted_rows(table, standing.grant)
    match table.unit:
        case Unit.NONE | Unit.SCHOOL:
            return AllRows()
        case Unit.STUDENT:
            return Deidentified() if table.category in standing.rule.categories else None
        case Unit.STAFF:
            return AllRows() if standing.rule.all_staff else Deidentified()
        case Unit.ACCOUNT:
            return None
        case _:
            assert_never(table.unit)


def _granted_rows(table: Table, grant: Grant) -> RowRule | None:
    """Exactly what the grant names; what everybody sees of schools and courses needs no grant."""
    if table.name in grant.tables:
        return Deidentified(grant.tables[table.name])
    return AllRows() if table.unit in (Unit.NONE, Unit.SCHOOL) else None


def _consented_rows(table: Table, grant: Grant, consents: Mapping[str, tuple[int, ...]]) -> RowRule | None:
    """The columns that the grant names, in the rows of the students whose consent to it holds today."""
    if table.name in grant.tables and table.unit is Unit.STUDENT:
        return RowsOfStudents(ConsentingStudents(consents.get(table.name, ())), grant.tables[table.name])
    return AllRows() if table.unit in (Unit.NONE, Unit.SCHOOL) else None


def _student_rows(scope: Scope) -> RowRule | None:
    match scope:
        case EveryStudent():
            return AllRows()
        case StudentsAlong() | StudentsIn() | ConsentingStudents():
            return RowsOfStudents(scope)
        case NoStudent():
            return None
        case _:
            assert_never(scope)


def _staff_rows(rule: CapacityRule, person: Person) -> RowRule | None:
    if rule.all_staff:
        return AllRows()
    return None if person.staff_key is None else OwnRows(person.staff_key)


def explain_rows(row_rule: RowRule) -> str:
    """Which rows of a table these are, in words."""
    match row_rule:
        case AllRows():
            return "every row"
        case RowsOfStudents(scope=StudentsAlong(because=because) | StudentsIn(because=because)):
            return f"every row about a student who {because}"
        case RowsOfStudents(scope=ConsentingStudents(because=because)):
            return f"the columns of your grant in the rows about every student who {because}"
        case RowsOfStudents():
            return "no row"
        case OwnRows():
            return "your own rows"
        case Deidentified(columns=None):
            return "every row, and nothing that tells who anybody is"
        case Deidentified():
            return "the columns of your grant in every row of its snapshot, and nothing that tells who anybody is"
        case _:
            assert_never(row_rule)
