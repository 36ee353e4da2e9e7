"""`dbims user`: people and their access levels."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from typing import Annotated, Any

import typer

from governance.cli.console import (
    OPERATOR,
    STATE,
    DayOption,
    JsonOption,
    StateOption,
    day,
    existing_state,
    fail,
    folded_table,
    out,
    plain_errors,
    say,
)
from governance.state import State
from governance.vocabulary import AccessLevel, Capacity, Person

user_app = typer.Typer(help="People and their access levels.", no_args_is_help=True)

THROUGH_STAFF = frozenset({Capacity.TEACHER, Capacity.COUNSELOR, Capacity.SUPPORT_SERVICES, Capacity.PRINCIPAL})
"""The capacities whose students are those of a staff member. The policy decides; a test holds these to it."""


@user_app.command("add")
def user_add(
    username: str,
    state: StateOption = STATE,
    staff_id: Annotated[str | None, typer.Option(help="The staff member's identifier in the sources.")] = None,
    capacity: Annotated[list[Capacity] | None, typer.Option(help="An access level to start with; repeatable.")] = None,
    external: Annotated[bool, typer.Option(help="Signs in through the configured provider: no password.")] = False,
) -> None:
    """Add a person. The password is asked for, or read from standard input."""
    password = None if external else _password()
    with plain_errors():
        place = State.at(state)
        staff_key = None if staff_id is None else place.staff_key(staff_id)
        with closing(place.ledger()) as ledger:
            ledger.add_person(OPERATOR, username, staff_key, password)
            for held in capacity or []:
                ledger.grant_level(OPERATOR, AccessLevel(username, held, place.today()))
    out.print(f"Added {username}.")
    for held in capacity or []:
        _warn_unlinked(username, held, staff_key)


@user_app.command("grant")
def user_grant(
    username: str, capacity: Capacity, state: StateOption = STATE, begin: DayOption = None, end: DayOption = None
) -> None:
    """Grant an access level, from a day on and through a last day."""
    with plain_errors():
        place = existing_state(state)
        try:
            level = AccessLevel(username, capacity, day(begin) or place.today(), day(end))
        except ValueError as error:
            fail(str(error))
        with closing(place.existing_ledger()) as ledger:
            ledger.grant_level(OPERATOR, level)
            person = ledger.person(username)
    out.print(f"{username} is {capacity.value} from {level.begin_date}.")
    _warn_unlinked(username, capacity, None if person is None else person.staff_key)


def _warn_unlinked(username: str, capacity: Capacity, staff_key: int | None) -> None:
    """Where a capacity's students are those of a staff member, and the person is none."""
    if staff_key is None and capacity in THROUGH_STAFF:
        say(
            "warning:",
            "yellow",
            f"{username} is not linked to staff, and as {capacity.value} will see no students. A person is linked when "
            "added: `dbims user add NAME --staff-id ID`.",
        )


@user_app.command("revoke")
def user_revoke(username: str, capacity: Capacity, state: StateOption = STATE) -> None:
    """Revoke an access level; the person's next question is refused."""
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        ledger.revoke_level(OPERATOR, username, capacity)
    out.print(f"{username} is no longer {capacity.value}.")


@user_app.command("password")
def user_password(username: str, state: StateOption = STATE) -> None:
    """Set a new password."""
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        ledger.set_password(OPERATOR, username, _password())
    out.print("The password is set.")


@user_app.command("list")
def user_list(state: StateOption = STATE, as_json: JsonOption = False) -> None:
    """Who is registered, whether linked to a staff member of the sources, and which levels they hold."""
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        people = [(person, ledger.levels(person.username)) for person in ledger.people()]
    if as_json:
        print(json.dumps([_listed(person, held) for person, held in people]))
        return
    table = folded_table("user name", "linked to staff", "capacity", "from", "through")
    for person, held in people:
        linked = "no" if person.staff_key is None else "yes"
        for each in held or [None]:
            level = _level(each) if each else {"capacity": "-", "begin_date": "", "end_date": None}
            table.add_row(person.username, linked, level["capacity"], level["begin_date"], level["end_date"] or "")
    out.print(table)


def _listed(person: Person, held: Sequence[AccessLevel]) -> dict[str, Any]:
    linked = person.staff_key is not None
    return {"username": person.username, "linked_to_staff": linked, "levels": [_level(each) for each in held]}


def _level(level: AccessLevel) -> dict[str, str | None]:
    end = None if level.end_date is None else level.end_date.isoformat()
    return {"capacity": level.capacity.value, "begin_date": level.begin_date.isoformat(), "end_date": end}


def _password() -> str:
    if not sys.stdin.isatty():
        given = sys.stdin.readline().rstrip("\n")
    else:
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    if len(given) < 10:
        fail("A password has at least 10 characters.")
    return given
