"""What I may ask for, and what a table is: the catalog as one asker sees it."""

from __future__ import annotations

from typing import Any

from governance.catalog import Catalog, Table
from governance.gateway.begun import EVALUATION_NOTICE
from governance.gateway.errors import refused
from governance.gateway.forms import words_of_form
from governance.gateway.service import Service
from governance.gateway.snapshots import as_of
from governance.policy import CAPACITIES, Allowed, CapacityRule, Decision, Refusal, Refused, explain_rows, form_of_rows
from governance.vocabulary import Asker, Capacity

NOTICE = f"Data are used for the purpose of this session only. {EVALUATION_NOTICE}"


# Who holds a level is told who they are, even while there is nothing that they may be answered.
_KNOWN_ALL_THE_SAME = (
    *(Refusal.NO_GRANT, Refusal.NO_SNAPSHOT_GRANTED, Refusal.SNAPSHOT_GONE),
    *(Refusal.NO_DATA_IN_THIS_CAPACITY, Refusal.NO_STAFF_RECORD),
)


def whoami(asker: Asker, service: Service) -> dict[str, Any]:
    decision = service.decide(asker, ())
    if isinstance(decision, Refused) and decision.refusal not in _KNOWN_ALL_THE_SAME:
        raise refused(decision.refusal)
    capacity = Capacity.of_server(asker.identity.server)
    if capacity is None:
        raise refused(Refusal.UNKNOWN_CAPACITY)
    rule = CAPACITIES[capacity]
    grant = decision.grant if isinstance(decision, Allowed) else None
    return {
        "username": asker.identity.username,
        "capacity": capacity.value,
        "title": rule.title,
        "purpose": asker.purpose.value,
        "study": None if grant is None else grant.name,
        "snapshot": service.snapshot(grant),
        "today": as_of(grant, service.today()).isoformat(),
        "form": _form_of(rule, decision),
        "notice": decision.refusal.message if isinstance(decision, Refused) else NOTICE,
    }


def _form_of(rule: CapacityRule, decision: Decision) -> str:
    if isinstance(decision, Allowed):
        return decision.form.value
    return "none" if rule.form is None else rule.form.value


def tables(asker: Asker, service: Service, catalog: Catalog) -> list[dict[str, Any]]:
    """The tables the asker may ask for, each with its form and why; the others do not appear."""
    _standing(asker, service)
    listed = []
    for table in catalog.tables.values():
        decision = service.decide(asker, (table.name,))
        if isinstance(decision, Allowed):
            listed.append(_summary(table, decision))
    return sorted(listed, key=lambda entry: (entry["category"], entry["name"]))


def describe(name: str, asker: Asker, service: Service, catalog: Catalog) -> dict[str, Any]:
    """One table, its columns, and what becomes of each in the asker's form."""
    decision = service.decide(asker, (name,))
    if isinstance(decision, Refused):
        raise refused(decision.refusal)
    become = words_of_form(name, asker, service.today(), catalog)
    table = catalog.tables[name] if become else service.catalog_of(asker).tables[name]
    return {**_summary(table, decision), "key": list(table.key), "columns": _columns(table, become)}


def _standing(asker: Asker, service: Service) -> Allowed:
    decision = service.decide(asker, ())
    if isinstance(decision, Refused):
        raise refused(decision.refusal)
    return decision


def _summary(table: Table, decision: Allowed) -> dict[str, Any]:
    return {
        "name": table.name,
        "category": table.category.value,
        "unit": table.unit.value,
        "description": table.description,
        "form": form_of_rows(decision).value,
        "why": f"You see {explain_rows(decision.rows[table.name])}.",
    }


def _columns(table: Table, become: dict[str, str] | None) -> list[dict[str, str]]:
    return [
        {
            "name": column.name,
            "type": column.type.value,
            "class": column.class_.value,
            "description": column.description,
            "standard": column.standard,
            "in_my_form": "as it is" if become is None else become[column.name],
        }
        for column in table.columns
    ]
