"""Who sees what: the policy's own decision, made over everybody's levels and grants; nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import pyarrow.compute as pc
import pyarrow.parquet as pq

from governance.catalog import Catalog
from governance.console.asked import Visitor
from governance.console.office import Office
from governance.policy import (
    CAPACITIES,
    Allowed,
    Deidentified,
    Refused,
    current_capacities,
    decide,
    explain_rows,
)
from governance.vocabulary import Asker, ExplainQuery, Identity
from governance.warehouse.explain import explain
from governance.warehouse.scoped import ScopedReader
from governance.warehouse.snapshot import Snapshot


@dataclass(frozen=True)
class Sight:
    """What one person sees in one of their sessions: of each table, which rows. `refusal`: nothing, and why."""

    session: str
    title: str
    form: str
    tables: tuple[tuple[str, str], ...]
    refusal: str | None = None


@dataclass(frozen=True)
class Seer:
    """Somebody who sees a student by name today: as what, and why."""

    username: str
    title: str
    reasons: tuple[str, ...]


def sight_of(office: Office, username: str, today: date) -> list[Sight]:
    """Of every table of the catalog, what a person sees in each of their sessions."""
    return [_sight(office, asker, title, today) for asker, title in askers(office, username, today)]


def seers(office: Office, snapshot: Snapshot, student_key: int, viewer: Visitor, today: date) -> Iterator[Seer]:
    """Everybody who sees the student by name today.

    The reasons tell what rows say of the student: a viewer whose own level is narrowed is not told them.
    """
    catalog, narrowed = office.catalog, _is_narrowed(office, viewer, today)
    reader = ScopedReader(snapshot.path, catalog, threads=1)
    for person in office.ledger.people():
        for asker, title in askers(office, person.username, today):
            reasons = _reasons(catalog, reader, asker, student_key, today)
            if reasons:
                yield Seer(person.username, title, () if narrowed else reasons)


def _is_narrowed(office: Office, viewer: Visitor, today: date) -> bool:
    """Whether a regulation keeps some category from the viewer."""
    regulations = office.ledger.levels.regulations()
    return any(each.capacity in viewer.capacities and each.is_current(today) for each in regulations)


def _reasons(catalog: Catalog, reader: ScopedReader, asker: Asker, student_key: int, today: date) -> tuple[str, ...]:
    """Why rows of the student are in the asker's answers by name; none, if they are not."""
    found: dict[str, None] = {}
    for table in _about_students(asker):
        decision = decide(asker, (table,), catalog, today)
        if isinstance(decision, Allowed) and not isinstance(decision.rows[table], Deidentified):
            found |= dict.fromkeys(explain(reader, decision, ExplainQuery(table, student_key), today))
    return tuple(found)


def _about_students(asker: Asker) -> tuple[str, ...]:
    """The tables in which a student may be seen: a level has all of them alike, a study those that it was granted."""
    granted = next((grant for grant in asker.grants if grant.server == asker.identity.server), None)
    return ("student",) if granted is None else tuple(granted.tables)


def student_key(snapshot: Snapshot, student_id: str) -> int | None:
    """The key of the student of that state identifier; None if there is no such student."""
    table = pq.read_table(snapshot.table_path("student"), columns=["student_id", "student_key"])
    found = table.filter(pc.equal(table.column("student_id"), student_id)).column("student_key").to_pylist()
    return int(found[0]) if len(found) == 1 else None


def askers(office: Office, username: str, today: date) -> Iterator[tuple[Asker, str]]:
    """The person as each session of theirs would ask, and what the session is called."""
    person, levels = office.ledger.standing(username)
    grants = office.ledger.studies.grants(username)
    asker = Asker(
        Identity(username, ""),
        person,
        levels,
        grants,
        regulations=office.ledger.levels.regulations(),
        employment=office.staff.employment(None if person is None else person.staff_key, today),
    )
    for capacity in current_capacities(levels, today):
        yield replace(asker, identity=Identity(username, capacity.server)), CAPACITIES[capacity].title
    for grant in grants:
        if grant.is_current(today):
            consents = {} if grant.request is None else office.ledger.consents.holding(grant.request, today)
            identity = Identity(username, grant.server)
            yield replace(asker, identity=identity, consents=consents), f"Study {grant.name}"


def _sight(office: Office, asker: Asker, title: str, today: date) -> Sight:
    session, catalog = asker.identity.server, office.catalog
    at_all = decide(asker, (), catalog, today)
    if isinstance(at_all, Refused):
        return Sight(session, title, "", (), at_all.refusal.message)
    found = []
    for name in catalog.tables:
        decision = decide(asker, (name,), catalog, today)
        if isinstance(decision, Allowed):
            found.append((name, explain_rows(decision.rows[name])))
    return Sight(session, title, at_all.form.value, tuple(found))
