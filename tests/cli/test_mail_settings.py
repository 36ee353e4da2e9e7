"""`[mail]` in dbims.toml, and what is never said about a mail server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from governance.mail import Letter, Mail, MailError
from governance.settings_file import SettingsError
from tests.mail_server import PASSWORD, MailServer

LETTER = Letter("family@example.org", "Your request", "It was decided.", "1.abc")
GOOD: dict[str, Any] = {"host": "mail.example.org", "sender": "dbims@example.org"}


def test_without_the_section_there_is_no_mail() -> None:
    assert Mail.of({}) is None


def test_what_is_not_set_is_strict() -> None:
    mail = Mail.of({"mail": GOOD})
    assert mail is not None
    assert (mail.settings.port, mail.settings.starttls, mail.settings.username) == (587, True, None)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("mail.example.org", "table"),
        ({"host": "mail.example.org"}, "host and sender"),
        ({**GOOD, "sender": "nobody"}, "e-mail address"),
        ({**GOOD, "sender": "a@b\nBcc: c@d"}, "e-mail address"),
        ({**GOOD, "port": "25"}, "port"),
        ({**GOOD, "port": 0}, "port"),
        ({**GOOD, "password": "secret"}, "no setting password"),
        ({**GOOD, "starttls": False}, "on this machine"),
        ({**GOOD, "username": "dbims"}, "together"),
        ({**GOOD, "username": "dbims", "password_file": "password"}, "whole paths"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(section: object, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Mail.of({"mail": section})


def test_without_encryption_only_on_this_machine() -> None:
    for host in ("localhost", "127.0.0.1", "::1"):
        assert Mail.of({"mail": {**GOOD, "host": host, "starttls": False}}) is not None


def test_failures_say_their_kind_and_no_secret(tmp_path: Path) -> None:
    with MailServer(tmp_path) as server:
        wrong = tmp_path / "wrong"
        wrong.write_text("not it")
        tries = {
            "SMTPAuthenticationError 535": replace(server.settings, password_file=wrong),
            "FileNotFoundError": replace(server.settings, password_file=tmp_path / "gone"),
            "SSLCertVerificationError": replace(server.settings, authority=None),
            "ConnectionRefusedError": replace(server.settings, port=1),
            "SMTPSenderRefused 530": replace(server.settings, starttls=False, username=None, password_file=None),
        }
        for kind, settings in tries.items():
            with pytest.raises(MailError) as failed:
                Mail(settings).send(LETTER)
            assert str(failed.value) == failed.value.kind == kind
        server.refuses = True
        with pytest.raises(MailError) as failed:
            server.mail.send(LETTER)
        assert (failed.value.kind, failed.value.server_away) == ("SMTPRecipientsRefused", False)
        assert PASSWORD not in repr(server.mail)
        assert server.taken == []
