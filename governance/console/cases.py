"""Requests as pages need them: who may read one, what they may do, what was told, and what is filled in already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from governance.console.asked import Asked
from governance.console.office import Office
from governance.ledger import LedgerError, RequestRecord
from governance.requests import WORKFLOWS, Deadline, Field, FieldKind, Known, Move, Role, State, deadline
from governance.vocabulary import Capacity

HEADLINES = ("title", "question", "request")
"""The fields that say in a line what a request is about, whichever of them its kind has."""
LONGEST_HEADLINE = 90
SIGNED_ALONE = (Role.SUPERINTENDENT,)


@dataclass(frozen=True)
class ToldRow:
    """One thing that was told: the question, and the answer as it was typed, or the document."""

    field: Field
    text: str
    digest: str = ""


@dataclass(frozen=True)
class WaitingRow:
    """A request on the desk: for how many days it waits, and what is due of it."""

    record: RequestRecord
    headline: str
    days: int
    deadline: Deadline | None


def known(office: Office, asked: Asked) -> Known:
    return Known(asked.today, office.catalog)


def case_of(office: Office, asked: Asked) -> RequestRecord | None:
    """The request in the address, if there is one and the person may read it."""
    try:
        record = office.ledger.requests.get(asked.number)
    except LedgerError:
        return None
    return record if may_read(office, asked, record) else None


def may_read(office: Office, asked: Asked, record: RequestRecord) -> bool:
    """A draft, whoever may write it; else whoever has a step in requests of the kind. One's own always."""
    roles = office.ledger.requests.roles(asked.visitor.username, record, asked.today)
    flow = WORKFLOWS[record.case.kind]
    if Role.APPLICANT in roles:
        return True
    moves = flow.moves_from(State.DRAFT) if record.case.state is State.DRAFT else flow.moves
    return any(roles & set(move.roles) for move in moves)


def acts_of(office: Office, asked: Asked, record: RequestRecord) -> tuple[list[Move], list[Move]]:
    """The steps that the person may take now: as who is signed in, and those that the Superintendent signs."""
    flow, state = WORKFLOWS[record.case.kind], record.case.state
    roles = office.ledger.requests.roles(asked.visitor.username, record, asked.today)
    open_now = [move for move in flow.open_to(state, roles) if not move.partial and move.roles != SIGNED_ALONE]
    if not asked.visitor.holds(Capacity.SUPERINTENDENT):
        return open_now, []
    return open_now, [move for move in flow.moves_from(state) if move.roles == SIGNED_ALONE]


def move_named(office: Office, asked: Asked, record: RequestRecord, act: str, *, signed: bool) -> Move | None:
    """The step of that name in the address, if it is one that the person may take now."""
    found = acts_of(office, asked, record)[1 if signed else 0]
    return next((move for move in found if move.act.name.lower() == act), None)


def headline(record: RequestRecord) -> str:
    """What it is about, in a line; by its kind and number until anything is typed."""
    text = next((record.case.fields[name] for name in HEADLINES if record.case.fields.get(name)), "")
    line = " ".join(text.split())
    if not line:
        return f"{WORKFLOWS[record.case.kind].title}, no title yet"
    return line if len(line) <= LONGEST_HEADLINE else f"{line[:LONGEST_HEADLINE].rstrip()} …"


def waiting(office: Office, asked: Asked) -> tuple[list[WaitingRow], list[WaitingRow]]:
    """What waits for the Superintendent, and what for the office: the oldest first."""
    found: dict[Role, list[WaitingRow]] = {Role.SUPERINTENDENT: [], Role.EXECUTIVE_SECRETARY: []}
    for record in office.ledger.requests.listing():
        owner = WORKFLOWS[record.case.kind].rule(record.case.state).owner
        if owner in found and may_read(office, asked, record):
            due = deadline(record.case, asked.today)
            found[owner].append(WaitingRow(record, headline(record), (asked.today - record.since).days, due))
    for rows in found.values():
        rows.sort(key=lambda row: (row.record.since, row.record.request_id))
    return found[Role.SUPERINTENDENT], found[Role.EXECUTIVE_SECRETARY]


def told_rows(record: RequestRecord) -> list[ToldRow]:
    """Everything that was told so far, in the order in which the workflow asks for it."""
    return list(_told(record))


def _told(record: RequestRecord) -> Iterator[ToldRow]:
    asked_for: dict[str, Field] = {}
    for move in WORKFLOWS[record.case.kind].moves:
        for field in move.form.fields:
            asked_for.setdefault(field.name, field)
    for name, field in asked_for.items():
        if field.kind is FieldKind.DOCUMENT:
            if name in record.documents:
                yield ToldRow(field, record.documents[name].name, record.documents[name].digest)
        elif record.case.fields.get(name):
            yield ToldRow(field, record.case.fields[name])


def prefilled(record: RequestRecord, move: Move) -> dict[str, str]:
    """What is in the form to begin with: what was saved, where it counts; else what is usual."""
    return {**blanks(move), **_saved(record, move)}


def blanks(move: Move) -> dict[str, str]:
    return {field.name: field.usual for field in move.form.fields}


def _saved(record: RequestRecord, move: Move) -> dict[str, str]:
    if move.own:
        return {name: record.case.fields[name] for name in move.form.names if name in record.case.fields}
    # An approval in another form begins with what was applied for.
    asked_for = {f"granted_{name}": text for name, text in record.case.fields.items()}
    return {name: asked_for[name] for name in move.form.names if name in asked_for}
