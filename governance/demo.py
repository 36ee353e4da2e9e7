"""A state folder to try things in: a synthetic district, loaded like any other, and one account per capacity."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from governance.durable import write_text
from governance.ledger import AUDIT_FOLDER, Ledger, Signature
from governance.policy.eligibility import relation_of
from governance.recorded_load import load_and_record
from governance.state import State, StateError
from governance.vocabulary import AccessLevel, Capacity, Relation
from governance.warehouse.load import Expectations
from governance.warehouse.staff_facts import StaffRegisters
from governance.warehouse.synth import demo_today, write_district

ACTOR = "demonstration"
ACCOUNTS_FILE = "demo-accounts.txt"
SOURCES_FOLDER = "demo-sources"
# There from the first step of making a demonstration until its last.
UNFINISHED_FILE = "demo-unfinished"
# Easily confused characters are left out: people type these from a terminal.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Account:
    username: str
    password: str
    capacity: Capacity
    staff_id: str


def demo_is_due(state: State) -> bool:
    """Whether the state is empty, or holds a demonstration that was interrupted, and nothing by anybody else."""
    with closing(state.ledger()) as ledger:
        if any(entry.actor != ACTOR for entry in ledger.entries()):
            return False
        unfinished = (state.folder / UNFINISHED_FILE).exists()
        return unfinished or (state.warehouse.current() is None and not ledger.people())


def refuse_beside_demo(state: State) -> None:
    """No data but its own may come to a demonstration: its accounts, the Superintendent's too, were printed.

    They stay valid for good, since the ledger forgets nobody.
    """
    traces = (state.folder / ACCOUNTS_FILE, state.folder / UNFINISHED_FILE)
    with closing(state.ledger()) as ledger:
        if not ledger.acted(ACTOR) and not any(trace.exists() for trace in traces):
            return
    raise StateError(
        f"The state folder {state.folder} holds the demonstration, whose passwords are in a file: your own data do not "
        "belong there. Load them into a folder of their own: --state NEWFOLDER, here and with every later command "
        "(or set $DBIMS_STATE)."
    )


def make_demo(
    state: State,
    *,
    students: int,
    seed: int,
    actual: date,
    expectations: Expectations,
    progress: Callable[[str], None],
) -> list[Account]:
    """Write a district, load it, fix its day, and add its people. The day is one on which classes are in session."""
    today = demo_today(actual, seed)
    sources = _begin(state)
    progress("source files")
    write_district(sources, students=students, seed=seed, today=today)
    load_and_record(state, ACTOR, [sources], day=today, expectations=expectations, progress=progress)
    people = json.loads((sources / "DISTRICT.json").read_text(encoding="utf-8"))["staff"]
    accounts = [_account(Capacity(name), staff_id) for name, staff_id in people.items()]
    # Before there is anybody who could sign in with them.
    write_text(state.folder / ACCOUNTS_FILE, accounts_text(accounts))
    _add(state, accounts, today)
    (state.folder / UNFINISHED_FILE).unlink()
    return accounts


def _begin(state: State) -> Path:
    """The empty folder for the source files; what an interrupted demonstration left is gone."""
    unfinished = state.folder / UNFINISHED_FILE
    sources = state.folder / SOURCES_FOLDER
    if unfinished.exists():
        for leftover in (state.folder / AUDIT_FOLDER, state.folder / "ledger", state.warehouse.folder):
            shutil.rmtree(leftover, ignore_errors=True)
    write_text(unfinished, "")
    shutil.rmtree(sources, ignore_errors=True)
    sources.mkdir(mode=0o700)
    return sources


def _account(capacity: Capacity, staff_id: str) -> Account:
    password = "".join(secrets.choice(ALPHABET) for _ in range(12))
    return Account(capacity.server, password, capacity, staff_id)


def _add(state: State, accounts: list[Account], today: date) -> None:
    """The people, and, signed by the demonstration's own Superintendent, what they hold."""
    with closing(state.ledger()) as ledger:
        for account in accounts:
            ledger.add_person(ACTOR, account.username, state.staff_key(account.staff_id), account.password)
        chief = next(account for account in accounts if account.capacity is Capacity.SUPERINTENDENT)
        ledger.levels.install_superintendent(ACTOR, chief.username, "a demonstration: no Board", today)
        signature = ledger.authority.sign(chief.username, chief.password, today)
        for account in accounts:
            if account is not chief:
                _grant(ledger, StaffRegisters(state.warehouse.folder), signature, account, today)


def _grant(ledger: Ledger, staff: StaffRegisters, signature: Signature, account: Account, today: date) -> None:
    person = ledger.person(account.username)
    facts = staff.facts(None if person is None else person.staff_key, today)
    relation = Relation() if facts is None else relation_of(account.capacity, facts)
    level = AccessLevel(account.username, account.capacity, today, relation=relation)
    ledger.levels.grant(signature, level, facts, today)


def accounts_text(accounts: list[Account]) -> str:
    lines = [f"{'user name':<26}{'password':<16}capacity"]
    lines += [f"{account.username:<26}{account.password:<16}{account.capacity.value}" for account in accounts]
    return "\n".join(lines) + "\n"
