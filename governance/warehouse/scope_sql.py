"""Policy's scopes and a person's question, as SQL over the files of one snapshot.

Every value is a parameter or an integer; every name comes from the catalog. No text of a user gets here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, assert_never

from governance.catalog import Catalog
from governance.policy import ConsentingStudents, EveryStudent, NoStudent, Scope, ScopeStep, StudentsAlong, StudentsIn
from governance.vocabulary import Among, Between, Condition
from governance.warehouse import sql


@dataclass
class Sql:
    """A text and its parameters, in the order of their places."""

    text: str
    parameters: list[Any] = field(default_factory=list)


def relation(folder: Path, table: str) -> str:
    """The table of a snapshot, as something to select from."""
    return f"read_parquet({sql.text(folder / f'{table}.parquet')})"


@dataclass(frozen=True)
class Link:
    """A path through tables: `sql` selects the begin of each row at its end, which is `alias`, of `table`."""

    table: str
    alias: str
    begin: str
    source: Sql

    def select(self, what: str) -> Sql:
        return Sql(f"SELECT {what} {self.source.text}", list(self.source.parameters))

    @property
    def sql(self) -> Sql:
        return self.select(f"{self.alias}.{self.begin}")


def students_in_scope(scope: Scope, catalog: Catalog, folder: Path, staff_key: int | None, today: date) -> Sql:
    """`SELECT DISTINCT student_key` of the students in the scope."""
    match scope:
        case EveryStudent():
            return Sql(f"SELECT student_key FROM {relation(folder, 'student')}")
        case NoStudent():
            return Sql("SELECT 0::BIGINT AS student_key WHERE false")
        case ConsentingStudents(keys=keys):
            # Integers of the ledger, and of students who are in this snapshot.
            listed = ", ".join(str(int(key)) for key in keys) or "NULL"
            return Sql(f"SELECT student_key FROM {relation(folder, 'student')} WHERE student_key IN ({listed})")
        case StudentsAlong() | StudentsIn():
            link = path(scope, catalog, folder, staff_key, today)
            return link.select(f"DISTINCT {link.alias}.student_key")
        case _:
            assert_never(scope)


def last_link(scope: Scope, catalog: Catalog, folder: Path, staff_key: int | None, today: date) -> Link | None:
    """The path of a scope that has one."""
    return path(scope, catalog, folder, staff_key, today) if isinstance(scope, StudentsAlong | StudentsIn) else None


def path(scope: StudentsAlong | StudentsIn, catalog: Catalog, folder: Path, staff_key: int | None, today: date) -> Link:
    """The scope's tables joined, each row bound to today, starting at the asker's own record where it does."""
    steps = (
        scope.steps
        if isinstance(scope, StudentsAlong)
        else (ScopeStep(scope.table, on="student_key", where=scope.where),)
    )
    joins: list[str] = []
    conditions: list[str] = []
    parameters: list[Any] = []
    for number, step in enumerate(steps):
        alias, above = f"s{number}", f"s{number - 1}"
        source = f"{relation(folder, step.table)} AS {alias}"
        joins.append(source if number == 0 else f"JOIN {source} ON {alias}.{step.on} = {above}.{step.on}")
        if step.mine:
            # A person without a staff record equals nobody: NULL is never equal.
            conditions.append(f"{alias}.staff_key = ?::BIGINT")
            parameters.append(staff_key)
            if isinstance(scope, StudentsAlong) and scope.schools:
                conditions.append(f"{alias}.school_key IN ({', '.join(str(int(key)) for key in scope.schools)})")
        holds = _holds(step, alias, catalog, folder, today)
        conditions.append(holds.text)
        parameters += holds.parameters
    last = steps[-1]
    period = catalog.tables[last.table].period
    if period is None:
        raise ValueError(f"scope step {last.table}: the table declares no period")
    text = f"FROM {' '.join(joins)} WHERE {' AND '.join(conditions)}"
    return Link(last.table, f"s{len(steps) - 1}", period[0], Sql(text, parameters))


def _holds(step: ScopeStep, alias: str, catalog: Catalog, folder: Path, today: date) -> Sql:
    """That a row of the step counts today."""
    parts, parameters = ["true"], list[Any]()
    for column, values in step.where:
        parts.append(f"{alias}.{column} IN ({', '.join('?' for _ in values)})")
        parameters += values
    if step.current:
        period = catalog.tables[step.table].period
        if period is None:
            raise ValueError(f"scope step {step.table}: the table declares no period")
        begin, end = period
        parts.append(f"{alias}.{begin} <= ?::DATE AND ({alias}.{end} IS NULL OR ?::DATE <= {alias}.{end})")
        parameters += [today, today]
    if step.this_year:
        parts.append(
            f"{alias}.school_year IN (SELECT school_year FROM {relation(folder, 'school_year')} "
            "WHERE begin_date <= ?::DATE AND ?::DATE <= end_date)"
        )
        parameters += [today, today]
    return Sql(" AND ".join(parts), parameters)


def conditions_sql(conditions: Sequence[Condition]) -> Sql:
    """The asker's own filter. The columns were checked against the catalog, the values to the columns' types."""
    parts, parameters = ["true"], list[Any]()
    for condition in conditions:
        part = _condition(condition)
        parts.append(part.text)
        parameters += part.parameters
    return Sql(" AND ".join(parts), parameters)


def _condition(condition: Condition) -> Sql:
    column = sql.identifier(condition.column)
    match condition:
        case Among(values=values):
            known = [value for value in values if value is not None]
            text = f"{column} IN ({', '.join('?' for _ in known)})" if known else "false"
            if len(known) < len(values):
                text = f"({text} OR {column} IS NULL)"
            return Sql(text, known)
        case Between(low=low, high=high):
            parts, parameters = [f"{column} IS NOT NULL"], list[Any]()
            for comparison, bound in ((">=", low), ("<=", high)):
                if bound is not None:
                    parts.append(f"{column} {comparison} ?")
                    parameters.append(bound)
            return Sql(f"({' AND '.join(parts)})", parameters)
        case _:
            assert_never(condition)
