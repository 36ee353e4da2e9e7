"""Signed checkpoints of the audit log, for whoever keeps them where the log's store is not. Pure: no clock, no files.

A chain proves the order of what is there, and nothing of its end: a log that was cut off, or an older copy of the
store, is a sound chain too. A checkpoint says which event was the newest at a moment, and is signed (Ed25519, RFC 8032)
with a key that the store does not hold. Each one also carries the digest of the line before it, so that one that was
taken out of the series is missed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from governance.audit import BEFORE_THE_FIRST, Break, Entry

SIGNED_AS = b"dbims audit checkpoint 1\n"
"""In front of what is signed: a signature of one kind of thing is none of another."""
CUT_OFF = "was signed and is not there: the log was cut off, or an older copy was put in its place"


class NotSigned(ValueError):
    """A line is no checkpoint that this key has signed. The message says which of the two it is."""


@dataclass(frozen=True)
class Checkpoint:
    """The newest event at a moment: its number and its digest. `previous`: the digest of the line before this one."""

    sequence: int
    digest: str
    at: str
    previous: str = BEFORE_THE_FIRST


def signed_line(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The checkpoint as one line of JSON, without an end of line."""
    signature = base64.b64encode(key.sign(_message(checkpoint))).decode("ascii")
    return _json({**asdict(checkpoint), "signature": signature})


def read_line(line: str, key: Ed25519PublicKey) -> Checkpoint:
    """The checkpoint of a line; `NotSigned` if it is none, or is not signed with the key."""
    try:
        found = json.loads(line)
        checkpoint = Checkpoint(*(found[name] for name in ("sequence", "digest", "at", "previous")))
        signature = base64.b64decode(found["signature"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotSigned("is no checkpoint") from None
    try:
        key.verify(signature, _message(checkpoint))
    except InvalidSignature:
        raise NotSigned("is not signed with this key") from None
    return checkpoint


def line_digest(line: str) -> str:
    return hashlib.sha256(line.encode("utf-8", "replace")).hexdigest()


def find_loose(lines: Iterable[str], key: Ed25519PublicKey) -> Iterator[Checkpoint | Break]:
    """The checkpoints of a series in its order, and a break for each place where the series does not hold."""
    before, last = BEFORE_THE_FIRST, 0
    for number, line in enumerate(lines, start=1):
        try:
            checkpoint = read_line(line, key)
        except NotSigned as error:
            yield Break(0, f"line {number} of the checkpoints {error}")
            before = ""
            continue
        # After a line that could not be read, nothing says what the next one has to follow.
        if before and checkpoint.previous != before:
            yield Break(checkpoint.sequence, "the checkpoint does not follow the one before it: one was removed")
        if checkpoint.sequence < last:
            yield Break(checkpoint.sequence, "the checkpoint is older than the one before it")
        yield checkpoint
        before, last = line_digest(line), checkpoint.sequence


class Anchors:
    """Checkpoints beside the log that they are of."""

    def __init__(self, checkpoints: Iterable[Checkpoint]) -> None:
        self._signed: defaultdict[int, set[str]] = defaultdict(set)
        for checkpoint in checkpoints:
            self._signed[checkpoint.sequence].add(checkpoint.digest)
        self._found: dict[int, str] = {}
        self.newest = 0

    def follow(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries, each looked at on its way through."""
        for entry in entries:
            if entry.sequence in self._signed:
                self._found[entry.sequence] = entry.digest
            self.newest = entry.sequence
            yield entry

    @property
    def anchored(self) -> int:
        """The newest event that a checkpoint vouches for, and, by the chain, for all before it; 0 if there is none."""
        sound = (sequence for sequence, digests in self._signed.items() if digests == {self._found.get(sequence)})
        return max(sound, default=0)

    def compare(self) -> Iterator[Break]:
        """Where the log is not the one that was signed."""
        for sequence, digests in sorted(self._signed.items()):
            if sequence > self.newest:
                yield Break(sequence, CUT_OFF)
            elif digests != {self._found.get(sequence)}:
                yield Break(sequence, "is not the event that was signed")


def _message(checkpoint: Checkpoint) -> bytes:
    return SIGNED_AS + _json(asdict(checkpoint)).encode("ascii")


def _json(fields: dict[str, object]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
