"""What the gateway does beside answering, against a real mail server."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
import tomli_w

from governance.gateway.chores import Chore, Chores, chores_of, deliver_letters, follow_calendar
from governance.ledger import Ledger
from governance.ledger.outbox import queue
from governance.ledger.store import Store
from governance.requests import State as RequestState
from governance.state import State
from governance.vocabulary import Grant
from tests.granting import give_grant
from tests.mail_server import MailServer


def configure(state: State, server: MailServer) -> None:
    settings = server.settings
    mail = {
        "host": settings.host,
        "port": settings.port,
        "sender": settings.sender,
        "username": settings.username,
        "password_file": str(settings.password_file),
        "authority": str(settings.authority),
    }
    state.settings_file.write_text(tomli_w.dumps({"mail": mail}))


async def test_letters_go_out_by_themselves(tmp_path: Path) -> None:
    state = State.at(tmp_path / "state")
    with closing(Store.open(state.folder / "ledger")) as store, MailServer(tmp_path) as server:
        with store.write() as connection:
            queue(connection, "family@example.org", "Your request", "It was decided.")
        ledger = Ledger(store)
        assert deliver_letters(state, ledger) == 0
        configure(state, server)
        chores = Chores(chores_of(state, ledger))
        chores.start()
        for _ in range(200):
            await asyncio.sleep(0 if server.taken else 0.05)
        await chores.stop()
        assert [taken["To"] for taken in server.taken] == ["family@example.org"]


async def test_a_chore_that_fails_goes_on_and_says_the_kind_alone(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    def fail() -> None:
        done.append(1)
        raise ValueError("family@example.org")

    chores = Chores((Chore("letters", 0.01, fail),))
    chores.start()
    while len(done) < 3:
        await asyncio.sleep(0.01)
    await chores.stop()
    assert "letters: ValueError" in caplog.text
    assert "family" not in caplog.text


async def test_stopping_waits_for_what_is_being_done() -> None:
    done: list[str] = []

    def slow() -> None:
        done.append("begun")
        asyncio.run(asyncio.sleep(0.2))
        done.append("ended")

    chores = Chores((Chore("letters", 60, slow),))
    chores.start()
    while not done:
        await asyncio.sleep(0.01)
    await chores.stop()
    assert done == ["begun", "ended"]


def test_the_calendar_ends_what_is_over(tmp_path: Path) -> None:
    state = State.at(tmp_path / "state")
    first, last = date(2026, 11, 23), date(2026, 11, 30)
    with closing(state.ledger()) as ledger:
        ledger.add_person("op", "rita", 1, None)
        give_grant(ledger, Grant("reading", "rita", {"student": ("student_key", "sex")}, first, last))
        for today, stands in ((last, RequestState.APPROVED), (last + timedelta(days=1), RequestState.EXPIRED)):
            state.set_today(today)
            follow_calendar(state, ledger)
            assert ledger.requests.get(1).case.state is stands
