"""The audit log as one file of JSON lines, and proving it with that file and the public key alone.

The sets of students (opaque keys) come first, then the checkpoints that were signed, then the events in their order.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from governance.audit import Break, Entry, find_breaks
from governance.checkpoints import Anchors, Checkpoint, find_loose
from governance.ledger.events import LedgerError
from governance.ledger.verified import Verified

FORMAT = "dbims audit export 1"


def export_lines(
    sets: Iterable[tuple[str, bytes]], checkpoints: Iterable[str], entries: Iterable[Entry]
) -> Iterator[str]:
    """The lines of an export, each with its end."""
    yield _json({"format": FORMAT})
    for digest, keys in sets:
        yield _json({"set": digest, "keys": base64.b64encode(keys).decode("ascii")})
    for line in checkpoints:
        yield _json({"checkpoint": line})
    for entry in entries:
        yield _json(vars(entry))


def verify_export(path: Path, key: Ed25519PublicKey) -> Verified:
    """Whether an export is what was recorded and signed. `LedgerError` if it is no export."""
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = _objects(file)
        if next(lines, {}).get("format") != FORMAT:
            raise LedgerError("That file is no export of an audit log: `dbims audit export FILE` makes one.")
        return _verify(lines, key)


def _verify(lines: Iterator[dict[str, Any]], key: Ed25519PublicKey) -> Verified:
    sets: set[str | None] = set()
    series: list[str] = []
    first: list[dict[str, Any]] = []
    for line in lines:
        if "set" in line:
            sets.add(_sound_set(line))
        elif "checkpoint" in line:
            series.append(str(line["checkpoint"]))
        else:
            first.append(line)
            break
    signed = list(find_loose(series, key))
    anchors = Anchors(one for one in signed if isinstance(one, Checkpoint))
    breaks = [one for one in signed if isinstance(one, Break)]
    events = (_entry(line) for part in (first, lines) for line in part)
    breaks += [*find_breaks(anchors.follow(events), sets), *anchors.compare()]
    if not anchors.newest:
        breaks.append(Break(0, "the export holds no event"))
    if anchors.anchored < anchors.newest:
        breaks.append(Break(anchors.newest, "is the newest of the export, whose end is always signed, and is not"))
    return Verified(anchors.newest, anchors.anchored, tuple(breaks))


def _sound_set(line: dict[str, Any]) -> str | None:
    """The digest of a set that is what its digest says."""
    try:
        keys = base64.b64decode(line["keys"], validate=True)
    except (KeyError, ValueError, TypeError):
        return None
    return str(line["set"]) if hashlib.sha256(keys).hexdigest() == line["set"] else None


def _entry(line: dict[str, Any]) -> Entry:
    """As it stands in the file: what was tampered with may be of any type, and breaks the chain."""
    sequence = line.get("sequence")
    texts = (str(line.get(name)) for name in ("at", "event", "actor", "detail", "previous", "digest"))
    return Entry(sequence if type(sequence) is int else 0, *texts)


def _objects(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = {}
        yield found if isinstance(found, dict) else {}


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, separators=(",", ":")) + "\n"
