"""The district's mail server: `[mail]` in its settings, and one message sent."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from governance.settings_file import FILE_NAME, SettingsError

SECONDS = 15


class MailError(Exception):
    """The message was not taken. It says the kind of the failure alone: neither an address nor a server's words.

    `server_away`: no message would have been taken.
    """

    def __init__(self, kind: str, *, server_away: bool) -> None:
        super().__init__(kind)
        self.kind = kind
        self.server_away = server_away


@dataclass(frozen=True)
class MailSettings:
    """`sender`: the address that letters come from. `authority`: a file of certificates, if not the system's."""

    host: str
    sender: str
    port: int = 587
    starttls: bool = True
    username: str | None = None
    password_file: Path | None = None
    authority: Path | None = None

    def __post_init__(self) -> None:
        if not 0 < self.port < 65536:
            raise ValueError("port is a number from 1 to 65535")
        if "@" not in self.sender or not self.sender.isprintable():
            raise ValueError("sender is an e-mail address")
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file are given together")
        if not self.starttls and not _is_this_machine(self.host):
            raise ValueError("starttls = false is for a server on this machine: 127.0.0.1 or localhost")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


KINDS: Mapping[str, type] = {
    "host": str,
    "sender": str,
    "port": int,
    "starttls": bool,
    "username": str,
    "password_file": str,
    "authority": str,
}


@dataclass(frozen=True)
class Letter:
    """`message_id`: the same at every try, so that a mail server that gets it twice can tell."""

    to: str
    subject: str
    text: str
    message_id: str


@dataclass(frozen=True)
class Mail:
    """Sends letters; each call is one connection."""

    settings: MailSettings = field(repr=False)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Mail | None:
        """From all settings of a district; None where it has no `[mail]`."""
        section = document.get("mail")
        if section is None:
            return None
        try:
            return cls(_read(section))
        except ValueError as error:
            raise SettingsError(f"{FILE_NAME}: [mail] cannot be used: {error}.") from None

    def send(self, letter: Letter) -> None:
        """Returns when the server has taken it; `MailError` else."""
        try:
            message = self._message(letter)
        except ValueError as error:
            raise MailError(type(error).__name__, server_away=False) from None
        with self._connect() as server:
            try:
                server.send_message(message)
            except (smtplib.SMTPException, OSError, ValueError) as error:
                raise MailError(_kind(error), server_away=False) from None

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(SMTP)
        message["From"] = self.settings.sender
        message["To"] = letter.to
        message["Subject"] = " ".join(letter.subject.split())
        message["Message-ID"] = f"<{letter.message_id}@{self.settings.sender.rsplit('@', 1)[1]}>"
        # What makes no answering machine answer.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message

    def _connect(self) -> _Server:
        server = None
        try:
            server = _Server(self.settings.host, self.settings.port, timeout=SECONDS)
            self._greet(server)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            if server is not None:
                server.close()
            raise MailError(_kind(error), server_away=True) from None
        return server

    def _greet(self, server: _Server) -> None:
        if self.settings.starttls:
            server.starttls(context=ssl.create_default_context(cafile=self.settings.authority))
        if self.settings.username is not None and self.settings.password_file is not None:
            server.login(self.settings.username, self.settings.password_file.read_text(encoding="utf-8").strip())


class _Server(smtplib.SMTP):
    def __exit__(self, *_: object) -> None:
        """A letter that was taken stays taken, however the server says good-bye."""
        try:
            self.quit()
        except (smtplib.SMTPException, OSError):
            self.close()


def _kind(error: Exception) -> str:
    """The failure without its words: those of a server repeat addresses."""
    code = getattr(error, "smtp_code", None)
    return type(error).__name__ + (f" {code}" if isinstance(code, int) else "")


def _read(section: Any) -> MailSettings:
    if not isinstance(section, dict):
        raise ValueError("it is a table")
    unknown = sorted(set(section) - set(KINDS))
    if unknown:
        raise ValueError(f"there is no setting {unknown[0]}; there are {', '.join(KINDS)}")
    for name, kind in KINDS.items():
        if name in section and type(section[name]) is not kind:
            raise ValueError(f"{name} is of another type")
    if not {"host", "sender"} <= set(section):
        raise ValueError("host and sender must be given")
    files = {name: Path(section[name]) for name in ("password_file", "authority") if name in section}
    if not all(path.is_absolute() for path in files.values()):
        raise ValueError("password_file and authority are whole paths")
    return MailSettings(**{**section, **files})
