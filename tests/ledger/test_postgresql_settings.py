"""`[ledger]` in dbims.toml, a state folder whose ledger is in PostgreSQL, and a server that is not there."""

from __future__ import annotations

import ssl
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
import tomli_w

from governance.ledger import Ledger, LedgerError, PostgresqlServer
from governance.state import State
from hub_config.people import People
from hub_config.settings import Run, read_settings
from tests.ledger.postgresql import PASSWORD, RunningServer

URL = "postgresql+pg8000://dbims@db.example.org/dbims"


def test_without_the_section_the_ledger_is_a_file() -> None:
    assert PostgresqlServer.of({}) is None


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("a url", "knows url, password_file and ca_file"),
        ({"url": URL, "password": "secret"}, "knows url, password_file and ca_file"),
        ({"password_file": "/etc/dbims/password"}, "of the form"),
        ({"url": 5}, "of the form"),
        ({"url": "no url"}, "of the form"),
        ({"url": "sqlite:///ledger.sqlite"}, "of the form"),
        ({"url": "postgresql://dbims@db.example.org/dbims"}, "of the form"),
        ({"url": "postgresql+pg8000://dbims@db.example.org"}, "of the form"),
        ({"url": "postgresql+pg8000://dbims:secret@db.example.org/dbims"}, "without a password"),
        ({"url": URL, "password_file": "password"}, "whole path"),
        ({"url": URL, "ca_file": "ca.pem"}, "whole path"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(section: object, words: str) -> None:
    with pytest.raises(LedgerError, match=words) as refused:
        PostgresqlServer.of({"ledger": section})
    assert "secret" not in str(refused.value)


def test_a_state_folder_may_have_its_ledger_in_postgresql(tmp_path: Path, postgresql: RunningServer) -> None:
    state, server = State.at(tmp_path / "state"), postgresql.make_database()
    section = {"url": server.url, "password_file": str(server.password_file)}
    state.settings_file.write_text(tomli_w.dumps({"ledger": section}))
    with pytest.raises(LedgerError, match="no ledger"):
        state.existing_ledger()
    with closing(state.ledger()) as ledger:
        ledger.add_person("op", "alice", None, "a good password")
    with closing(state.existing_ledger()) as ledger:
        assert [person.username for person in ledger.people()] == ["alice"]
        assert ledger.verify().breaks == ()
    assert not list((state.folder / "ledger").iterdir())
    # The Hub asks the same ledger.
    people = People.open(read_settings(state.folder, Run(tmp_path, 8000)))
    assert (people.is_known("alice"), people.is_known("nobody")) == (True, False)
    people._ledger.close()


def test_failures_say_their_kind_and_no_secret(tmp_path: Path, postgresql: RunningServer) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not the password")
    good = postgresql.make_database()
    for server in (
        PostgresqlServer(good.url, wrong),
        PostgresqlServer(good.url, tmp_path / "gone"),
        PostgresqlServer("postgresql+pg8000://dbims@127.0.0.1:1/dbims", good.password_file),
        postgresql.settings("no_such_database"),
    ):
        with pytest.raises(LedgerError, match=r"cannot be (reached|read)") as failed:
            Ledger.open(tmp_path / "ledger", server=server)
        assert not [word for word in (PASSWORD, "not the password") if word in f"{failed.value!r} {server!r}"]


@pytest.mark.parametrize(
    ("host", "protected"), [("localhost", False), ("127.0.0.1", False), ("db.example.org", True), ("10.0.0.7", True)]
)
def test_another_machine_is_reached_encrypted_and_by_its_certificate(host: str, protected: bool) -> None:
    url = f"postgresql+pg8000://dbims@{host}/ledger"
    context = PostgresqlServer(url)._protection(sa.make_url(url)).get("ssl_context")
    assert (context is not None) is protected
    if context is not None:
        assert context.check_hostname
        assert context.verify_mode is ssl.CERT_REQUIRED
