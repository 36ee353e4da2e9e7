"""Which token the running session of a person and capacity was given, in which network namespace it runs, and for which
purpose it was started.

The Hub lets people make further tokens for their own servers. Such a token would outlive its session and could be
lent to somebody else, so the gateway takes only the one that the spawner gave the session when it started it, and only
from inside that session. What is kept is a digest of the token, a number and the purpose, outside every sandbox: the
purpose is what the person declared when the session started, and no caller changes it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import shutil
from pathlib import Path

from governance.vocabulary import Identity, Purpose


class SessionTokens:
    """Written by the spawner, read by the gateway; a folder that only their account can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of_state(cls, state: Path) -> SessionTokens:
        return cls(state / "hub" / "session-tokens")

    def remember(self, identity: Identity, token: str, network: int, purpose: Purpose) -> None:
        """The session starts, with this token, in this network namespace (its inode number), for this purpose."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(identity)
        scratch = path.with_suffix(f".{secrets.token_hex(4)}")
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"{_line(token, network)} {purpose.name}")
        scratch.replace(path)

    def forget(self, identity: Identity) -> None:
        """The session has ended: from now on its token opens nothing."""
        self._path(identity).unlink(missing_ok=True)

    def forget_all(self) -> None:
        """No session runs: none outlives the Hub that started it, however that ended."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def purpose(self, identity: Identity, token: str, network: int | None) -> Purpose | None:
        """What the running session was started for; None unless this is its token, and comes from it."""
        if network is None:
            return None
        try:
            known, _, declared = self._path(identity).read_text(encoding="ascii").rpartition(" ")
        except OSError:
            return None
        is_held = hmac.compare_digest(known, _line(token, network))
        return next((purpose for purpose in Purpose if is_held and purpose.name == declared), None)

    def _path(self, identity: Identity) -> Path:
        # Names come from the Hub; as digests they cannot be a path to anywhere else.
        return self._folder / hashlib.sha256(f"{identity.username}/{identity.server}".encode()).hexdigest()


def _line(token: str, network: int) -> str:
    return f"{hashlib.sha256(token.encode()).hexdigest()} {network}"
