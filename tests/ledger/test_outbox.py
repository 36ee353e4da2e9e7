"""Letters by e-mail against a real mail server: sent once, tried again, on record, and covered by the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from governance.audit import Event
from governance.ledger import Ledger, LedgerError
from governance.ledger.outbox import AT_ONCE, TOO_OLD, WAITS, queue
from governance.ledger.store import Store
from governance.mail import Mail
from tests.mail_server import MailServer

TO = "family@example.org"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(tmp_path / "ledger")) as store:
        yield store


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path) as server:
        yield server


@pytest.fixture
def queued(store: Store) -> Callable[..., None]:
    def queued(subject: str = "Your request", to: str = TO) -> None:
        with store.write() as connection:
            queue(connection, to, subject, "It was decided.\n\nThe Office")

    return queued


def events(ledger: Ledger) -> list[str]:
    return [entry.event for entry in ledger.entries()]


def soon() -> datetime:
    return datetime.now(UTC) + MINUTE


def test_a_letter_is_sent_once(ledger: Ledger, server: MailServer, queued: Callable[..., None]) -> None:
    queued()
    assert ledger.outbox.deliver(server.mail, soon()) == 1
    assert ledger.outbox.deliver(server.mail, soon() + timedelta(days=30)) == 0
    (taken,) = server.taken
    assert (taken["To"], taken["From"], taken["Subject"]) == (TO, "dbims@example.org", "Your request")
    assert taken.get_content().splitlines() == ["It was decided.", "", "The Office"]
    assert events(ledger) == [Event.LETTER_QUEUED, Event.LETTER_SENT]
    assert ledger.verify().breaks == ()


def test_letters_go_out_in_their_order(ledger: Ledger, server: MailServer, queued: Callable[..., None]) -> None:
    for number in range(AT_ONCE + 1):
        queued(f"Letter {number}")
    assert [ledger.outbox.deliver(server.mail, soon()) for _ in range(3)] == [AT_ONCE, 1, 0]
    assert [taken["Subject"] for taken in server.taken] == [f"Letter {number}" for number in range(AT_ONCE + 1)]


def test_an_act_that_fails_sends_nothing(store: Store, ledger: Ledger, server: MailServer) -> None:
    with pytest.raises(LedgerError), store.write() as connection:
        queue(connection, TO, "Your request", "It was decided.")
        raise LedgerError("No.")
    assert ledger.outbox.deliver(server.mail, soon()) == 0
    assert (events(ledger), server.taken) == ([], [])


def test_a_letter_that_fails_is_tried_at_growing_distances_and_given_up(
    ledger: Ledger, server: MailServer, queued: Callable[..., None]
) -> None:
    server.refuses = True
    queued()
    at, tried = soon(), []
    while len(tried) <= len(WAITS):
        before = ledger.newest()
        ledger.outbox.deliver(server.mail, at)
        tried += [at] if ledger.newest() > before else []
        at += MINUTE
        if tried and len(tried) <= len(WAITS):
            at = max(at, tried[-1] + WAITS[len(tried) - 1] - MINUTE)
    assert [after - before for before, after in pairwise(tried)] == [*WAITS]
    assert events(ledger) == [Event.LETTER_QUEUED] + [Event.LETTER_NOT_SENT] * (len(WAITS) + 1)
    server.refuses = False
    assert ledger.outbox.deliver(server.mail, at + timedelta(days=30)) == 0
    assert ledger.verify().breaks == ()


def test_a_letter_that_failed_goes_out_when_it_can(
    ledger: Ledger, server: MailServer, queued: Callable[..., None]
) -> None:
    server.refuses = True
    queued()
    ledger.outbox.deliver(server.mail, soon())
    server.refuses = False
    assert ledger.outbox.deliver(server.mail, soon() + WAITS[0]) == 1
    assert events(ledger) == [Event.LETTER_QUEUED, Event.LETTER_NOT_SENT, Event.LETTER_SENT]
    assert ledger.verify().breaks == ()


def test_one_bad_letter_does_not_hold_up_the_others(
    ledger: Ledger, server: MailServer, queued: Callable[..., None]
) -> None:
    queued(to="nobody@example.org\nBcc: everybody@example.org")
    queued(to="")
    queued("An evil\r\nBcc: everybody@example.org")
    assert ledger.outbox.deliver(server.mail, soon()) == 1
    (taken,) = server.taken
    assert (taken["To"], taken["Bcc"], taken["Subject"]) == (TO, None, "An evil Bcc: everybody@example.org")


def test_a_server_that_is_away_is_asked_once_in_a_round(
    ledger: Ledger, server: MailServer, queued: Callable[..., None]
) -> None:
    queued()
    queued()
    away = Mail(replace(server.mail.settings, port=1))
    assert ledger.outbox.deliver(away, soon()) == 0
    assert events(ledger).count(Event.LETTER_NOT_SENT) == 1
    assert ledger.outbox.deliver(server.mail, soon() + WAITS[0]) == 2


def test_a_letter_being_tried_by_one_process_is_not_tried_by_another(
    tmp_path: Path, ledger: Ledger, server: MailServer, queued: Callable[..., None]
) -> None:
    queued()
    with closing(Ledger.open(tmp_path / "ledger")) as other:
        server.meanwhile = lambda: other.outbox.deliver(server.mail, soon())
        assert ledger.outbox.deliver(server.mail, soon()) == 1
    assert len(server.taken) == 1


def test_old_news_is_given_up(ledger: Ledger, server: MailServer, queued: Callable[..., None]) -> None:
    server.refuses = True
    queued()
    ledger.outbox.deliver(server.mail, soon() + TOO_OLD)
    assert ledger.outbox.deliver(server.mail, soon() + TOO_OLD * 2) == 0
    assert events(ledger).count(Event.LETTER_NOT_SENT) == 1


def test_the_log_holds_neither_addresses_nor_words(
    ledger: Ledger, server: MailServer, queued: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    server.refuses = True
    queued()
    ledger.outbox.deliver(server.mail, soon())
    told = "".join(f"{entry.actor}{entry.detail}" for entry in ledger.entries()) + caplog.text
    assert not [word for word in (TO, "family", "decided", "Your request") if word in told]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE outbox SET text = 'Another.'",
        "UPDATE outbox SET recipient = 'else@example.org'",
        "DELETE FROM outbox_delivery",
        "UPDATE outbox_delivery SET ended = NULL",
        "UPDATE outbox_delivery SET tries = 9",
        "INSERT INTO outbox VALUES (9, 'a@b', 'c', 'd', 'e')",
    ],
)
def test_letters_changed_behind_the_log_are_found(
    tmp_path: Path, ledger: Ledger, server: MailServer, queued: Callable[..., None], statement: str
) -> None:
    queued()
    ledger.outbox.deliver(server.mail, soon())
    with closing(sqlite3.connect(tmp_path / "ledger" / "ledger.sqlite")) as raw:
        raw.executescript("DROP TRIGGER outbox_no_update;" + statement)
    assert "letter by e-mail" in " ".join(found.what for found in ledger.verify().breaks)


def test_letters_are_append_only(tmp_path: Path, ledger: Ledger, queued: Callable[..., None]) -> None:
    queued()
    with closing(sqlite3.connect(tmp_path / "ledger" / "ledger.sqlite")) as raw:
        for statement in ("UPDATE outbox SET text = 'Another.'", "DELETE FROM outbox"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(statement)
