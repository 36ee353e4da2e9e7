"""The checkpoints of the audit log, in a folder beside the store: written after every event, asked before the next.

`newest` always holds the checkpoint of the newest event; `checkpoints.jsonl` grows by a line for every few hundred
events, or each hour in which there was one. Copies of both go wherever `[audit] copies` in dbims.toml says: another
machine's disk is where they are worth most, since whoever can write this folder can also take its key.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from governance.audit import BEFORE_THE_FIRST, Break
from governance.checkpoints import Checkpoint, NotSigned, find_loose, line_digest, read_line, signed_line
from governance.durable import FILE_MODE, locked_folder, make_folder, replace_text, sync
from governance.ledger.events import LedgerError

SIGNING_KEY, PUBLIC_KEY = "signing-key.pem", "public-key.pem"
NEWEST, SERIES = "newest", "checkpoints.jsonl"
EVENTS, PERIOD = 256, timedelta(hours=1)
"""How many events, and how much time, lie at most between two lines of the series while there are events."""
SLOT_BYTES = 512
"""`newest` has two slots, written in turn: of a write that a crash has torn, the other is left."""


@dataclass(frozen=True)
class Kept:
    """What a folder holds: the checkpoints whose signatures hold, and where it does not hold."""

    checkpoints: tuple[Checkpoint, ...]
    breaks: tuple[Break, ...]


class Witness:
    """Signs checkpoints. `folder` holds the key, and its own copy; `copies` are folders of others."""

    def __init__(self, folder: Path, copies: Sequence[Path] = ()) -> None:
        self._folder = folder
        self.places = (folder, *copies)
        self._key: tuple[tuple[int, int], Ed25519PrivateKey] | None = None

    def newest(self) -> Checkpoint | None:
        """The newest event that was signed, as the folder beside the store tells it."""
        newest = _newest(self._folder, self.public_key()) if (self._folder / PUBLIC_KEY).exists() else None
        return newest[0] if newest else None

    def series_through(self, newest: Checkpoint) -> list[str]:
        """The series up to an event that is the newest of something, with a checkpoint of that event at its end."""
        key = self._signing_key()
        try:
            signed = [(line, read_line(line, key.public_key())) for line in read_series(self._folder)]
        except NotSigned:
            raise LedgerError(
                "The checkpoints of the audit log were changed: `dbims audit verify` tells more."
            ) from None
        lines = [line for line, checkpoint in signed if checkpoint.sequence < newest.sequence]
        return [*lines, signed_line(replace(newest, previous=_after(lines[-1] if lines else "")), key)]

    def public_key(self) -> Ed25519PublicKey:
        return read_public_key(self._folder / PUBLIC_KEY)

    def make_key(self) -> None:
        """A key, where there is none."""
        make_folder(self._folder)
        with locked_folder(self._folder):
            if not (self._folder / SIGNING_KEY).exists():
                self._make_key()

    def begin_anew(self) -> None:
        """Another series, with the key that there is or a new one. What was signed before is put aside, and kept."""
        make_folder(self._folder)
        with locked_folder(self._folder):
            for place in self.places:
                _put_aside(place)
            if not (self._folder / SIGNING_KEY).exists():
                self._make_key()

    def _make_key(self) -> None:
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        for name, content in ((PUBLIC_KEY, public), (SIGNING_KEY, private)):
            replace_text(self._folder / name, content.decode("ascii"))

    def note(self, sequence: int, digest: str, at: str) -> None:
        """The event is on the disk and the newest that is known of: in every place, or an OSError."""
        key = self._signing_key()
        with locked_folder(self._folder):
            for place in self.places:
                _note(place, Checkpoint(sequence, digest, at), key)

    def _signing_key(self) -> Ed25519PrivateKey:
        """Read anew when its file is another one: another process may have begun anew with a new key."""
        try:
            path = self._folder / SIGNING_KEY
            status = path.stat()
            edition = (status.st_ino, status.st_mtime_ns)
            if self._key is None or self._key[0] != edition:
                key = load_pem_private_key(path.read_bytes(), password=None)
                if not isinstance(key, Ed25519PrivateKey):
                    raise ValueError("a key of another kind")
                self._key = edition, key
        except (FileNotFoundError, ValueError):
            raise LedgerError(
                "The key that signs the audit log is gone, or cannot be read: nothing is recorded without it. "
                "Restore it from a backup, or make another one: `dbims audit renew`, on record."
            ) from None
        return self._key[1]


def read_public_key(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (FileNotFoundError, ValueError):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise LedgerError("The public key of the audit log is not there, or is none: it is a file public-key.pem.")
    return key


def read_kept(folder: Path, key: Ed25519PublicKey) -> Kept:
    """Everything that a folder of checkpoints holds, the newest included."""
    # The newest first: the line that it continues is in the series by then, whatever is recorded meanwhile.
    newest = _newest(folder, key)
    lines = read_series(folder)
    found = list(find_loose(lines, key))
    if newest is None:
        found.append(Break(0, "the checkpoint of the newest event is not there, or not signed with this key"))
    else:
        found += _newest_beside(newest, lines)
    sound = tuple(one for one in found if isinstance(one, Checkpoint))
    return Kept(sound, tuple(one for one in found if isinstance(one, Break)))


def read_series(folder: Path) -> list[str]:
    """The lines of a series. One at its end that a crash has cut off was never finished."""
    try:
        text = (folder / SERIES).read_bytes().decode("ascii", "replace")
    except FileNotFoundError:
        return []
    return text.split("\n")[:-1]


def _newest_beside(newest: tuple[Checkpoint, str], lines: Sequence[str]) -> list[Checkpoint | Break]:
    """The newest checkpoint continues the series, unless a crash of the machine has left an older one."""
    checkpoint, line = newest
    digests = [BEFORE_THE_FIRST, *map(line_digest, lines)]
    if checkpoint.previous in digests or line in lines:
        return [checkpoint]
    return [checkpoint, Break(checkpoint.sequence, "the newest checkpoint continues a line that was removed")]


def _newest(folder: Path, key: Ed25519PublicKey) -> tuple[Checkpoint, str] | None:
    """The newest checkpoint of a folder, and its line."""
    try:
        content = (folder / NEWEST).read_bytes()
    except FileNotFoundError:
        return None
    slots = [content[at : at + SLOT_BYTES].decode("ascii", "replace").strip() for at in (0, SLOT_BYTES)]
    found = []
    for line in slots:
        with suppress(NotSigned):
            found.append((read_line(line, key), line))
    return max(found, key=lambda one: one[0].sequence, default=None)


def _note(place: Path, event: Checkpoint, key: Ed25519PrivateKey) -> None:
    newest = _newest(place, key.public_key())
    if newest is not None and newest[0].sequence >= event.sequence:
        # Another process was faster: what it has noted came after.
        return
    series = place / SERIES
    last = _last_line(series)
    checkpoint = replace(event, previous=_after(last))
    line = signed_line(checkpoint, key)
    if _is_due(checkpoint, read_line(last, key.public_key()) if last else None):
        _append(series, line)
    slot = SLOT_BYTES * (event.sequence % 2)
    descriptor = os.open(place / NEWEST, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        # Not forced onto the disk: after a crash of the machine the newest is an older one, and nothing else is wrong.
        os.pwrite(descriptor, line.ljust(SLOT_BYTES - 1).encode("ascii") + b"\n", slot)
    finally:
        os.close(descriptor)


def _after(line: str) -> str:
    """What the checkpoint after a line has to carry; after none, if that is empty."""
    return line_digest(line) if line else BEFORE_THE_FIRST


def _is_due(checkpoint: Checkpoint, last: Checkpoint | None) -> bool:
    if last is None or checkpoint.sequence >= last.sequence + EVENTS:
        return True
    # Whichever way the clock was set: its distance counts.
    return abs(datetime.fromisoformat(checkpoint.at) - datetime.fromisoformat(last.at)) >= PERIOD


def _last_line(series: Path) -> str:
    """The last finished line; empty, if there is none."""
    try:
        with series.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 2 * SLOT_BYTES))
            lines = file.read().split(b"\n")[:-1]
    except FileNotFoundError:
        return ""
    return lines[-1].decode("ascii", "replace") if lines else ""


def _append(series: Path, line: str) -> None:
    made = not series.exists()
    with open(os.open(series, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE), "r+b") as file:  # noqa: PTH123
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 2 * SLOT_BYTES))
        # A line that a crash has cut off makes place for a whole one.
        file.truncate(size - len(file.read().rpartition(b"\n")[2]))
        file.seek(0, os.SEEK_END)
        file.write(line.encode("ascii") + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if made:
        sync(series.parent)


def _put_aside(place: Path) -> None:
    names = (SERIES, NEWEST, PUBLIC_KEY)
    number = next(number for number in count(1) if not any((place / f"{name}.{number}").exists() for name in names))
    for name in (SERIES, NEWEST):
        with suppress(FileNotFoundError):
            (place / name).rename(place / f"{name}.{number}")
    if (place / PUBLIC_KEY).exists():
        # It may be needed to read them, should a new one follow.
        shutil.copyfile(place / PUBLIC_KEY, place / f"{PUBLIC_KEY}.{number}")
