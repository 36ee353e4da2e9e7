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
    JsonOption,
    StateOption,
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


@user_app.command("add")
def user_add(
    username: str,
    state: StateOption = STATE,
    staff_id: Annotated[str | None, typer.Option(help="The staff member's identifier in the sources.")] = None,
    external: Annotated[bool, typer.Option(help="Signs in through the configured provider: no password.")] = False,
) -> None:
    """Add a person, who holds nothing yet. The password is asked for, or read from standard input."""
    password = None if external else _password()
    with plain_errors():
        place = State.at(state)
        staff_key = None if staff_id is None else place.staff_key(staff_id)
        with closing(place.ledger()) as ledger:
            ledger.add_person(OPERATOR, username, staff_key, password)
    out.print(f"Added {username}. Access levels are granted by the Superintendent.")
    if staff_key is None:
        said = f"{username} is linked to no staff record (--staff-id ID): levels are for staff."
        say("note:", "yellow", said)


@user_app.command("superintendent")
def user_superintendent(
    username: str,
    reason: Annotated[str, typer.Option(help="By which act of the Board: the meeting, and where its minutes are.")],
    state: StateOption = STATE,
    new_password: Annotated[
        bool, typer.Option(help="Give a password to sign with: for who has none, or lost it.")
    ] = False,
) -> None:
    """Install whom the Board appointed Superintendent. A former one's level ends. On record."""
    password = _password() if new_password else None
    with plain_errors():
        place = existing_state(state)
        with closing(place.existing_ledger()) as ledger:
            ledger.levels.install_superintendent(OPERATOR, username, reason, place.today(), password)
    out.print(f"{username} is the Superintendent. It is on record that this was done here, and why.")


@user_app.command("lock")
def user_lock(username: str, reason: Annotated[str, typer.Option(help="Why.")], state: StateOption = STATE) -> None:
    """Lock an account: its next question and sign-in are refused. What the person holds stays as it is."""
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        ledger.lock_person(OPERATOR, username, reason)
    out.print(f"{username} is locked.")


@user_app.command("unlock")
def user_unlock(username: str, state: StateOption = STATE) -> None:
    """Lift a lock: the person has what the Superintendent gave, and has not taken."""
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        ledger.unlock_person(OPERATOR, username)
    out.print(f"{username} is not locked any more.")


@user_app.command("password")
def user_password(username: str, state: StateOption = STATE) -> None:
    """Set a new password, for anybody but the Superintendent."""
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        ledger.set_password(OPERATOR, username, _password())
    out.print("The password is set.")


@user_app.command("list")
def user_list(state: StateOption = STATE, as_json: JsonOption = False) -> None:
    """Who is registered, whether linked to a staff member of the sources, locked, and which levels they hold."""
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        people = [(person, ledger.levels.of(person.username)) for person in ledger.people()]
    if as_json:
        print(json.dumps([_listed(person, held) for person, held in people]))
        return
    table = folded_table("user name", "linked to staff", "capacity", "from", "through", "signed by")
    for person, held in people:
        linked = "no" if person.staff_key is None else "yes"
        for each in held or [None]:
            level = {} if each is None else _level(each)
            name = f"{person.username} (locked)" if person.locked else person.username
            dates = (level.get(fact) or "" for fact in _DATED)
            signer = "" if each is None else _signer(each)
            table.add_row(name, linked, level.get("capacity") or "-", *dates, signer)
    out.print(table)


def _listed(person: Person, held: Sequence[AccessLevel]) -> dict[str, Any]:
    linked = person.staff_key is not None
    levels = [_level(each) for each in held]
    return {"username": person.username, "linked_to_staff": linked, "locked": person.locked, "levels": levels}


def _level(level: AccessLevel) -> dict[str, str | None]:
    end = None if level.end_date is None else level.end_date.isoformat()
    begin = level.begin_date.isoformat()
    return {"capacity": level.capacity.value, "begin_date": begin, "end_date": end, "signed_by": level.signed_by}


def _signer(level: AccessLevel) -> str:
    """Levels that an operator set before there were signatures hold on: they are to be seen for what they are."""
    if level.capacity is Capacity.SUPERINTENDENT:
        return level.signed_by or "appointed by the Board"
    return level.signed_by or "not signed by the Superintendent"


_DATED = ("begin_date", "end_date")


def _password() -> str:
    if not sys.stdin.isatty():
        given = sys.stdin.readline().rstrip("\n")
    else:
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    if len(given) < 10:
        fail("A password has at least 10 characters.")
    return given
