"""The closed list of events, and the chain that proves their order. Pure: no clock, no store.

Every entry carries the digest of the one before it, so that an edited, inserted, reordered or removed entry breaks
the chain at its place. No entry holds a student's data: students appear only as digests of sets of opaque keys, and
queries are recorded without anything their writers made up.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BEFORE_THE_FIRST = "0" * 64


class Event(enum.StrEnum):
    """What can be recorded. Tests demand an emitter for each."""

    PERSON_ADDED = "person added"
    PASSWORD_SET = "password set"  # noqa: S105 - the name of an event
    PERSON_LOCKED = "person locked"
    PERSON_UNLOCKED = "person unlocked"
    SUPERINTENDENT_INSTALLED = "SUPERINTENDENT INSTALLED"
    AUTHORITY_PROVED = "authority proved by the Superintendent"
    DECISION_REFUSED = "decision refused: authority not proved"
    LEVEL_GRANTED = "access level granted"
    LEVEL_REVOKED = "access level revoked"
    LEVEL_REGULATED = "access level regulated"
    REGULATION_ENDED = "regulation of an access level ended"
    STUDY_GRANTED = "study granted"
    STUDY_ENDED = "study grant ended"
    REQUEST_BEGUN = "request begun"
    REQUEST_MOVED = "request moved"
    REQUEST_DECIDED = "request decided"
    DOCUMENT_KEPT = "document kept"
    CONSENT_RECORDED = "consent recorded"
    CONSENT_WITHDRAWN = "consent withdrawn"
    LETTER_QUEUED = "letter queued"
    LETTER_SENT = "letter sent"
    LETTER_NOT_SENT = "letter could not be sent"
    CODE_KEY_MADE = "key of codes made"
    LOAD_BEGUN = "load begun"
    SNAPSHOT_PROMOTED = "snapshot promoted"
    SNAPSHOT_FOUND = "snapshot found promoted without its event"
    LOAD_FAILED = "load failed"
    DAY_SET = "district's day set"
    CHECKPOINTS_RENEWED = "checkpoints begun anew"
    ANSWER_REFUSED = "answer refused"
    ANSWER_INTENDED = "answer intended"
    ANSWER_GIVEN = "answer given"
    ANSWER_FAILED = "answer failed"
    DISCLOSURE_RECORD_SHOWN = "disclosure record of a student shown"
    USE_MARKED = "use marked"
    DIGEST_MADE = "digest of use made"
    REVIEW_PLANNED = "data review planned"
    REVIEW_OPENED = "data review opened"
    REVIEW_SIGNED = "data review signed off"


ABOUT_STUDENTS = frozenset(
    {Event.ANSWER_GIVEN, Event.DISCLOSURE_RECORD_SHOWN, Event.CONSENT_RECORDED, Event.CONSENT_WITHDRAWN}
)
"""The events that name a set of students."""
KNOWN = frozenset(event.value for event in Event)


@dataclass(frozen=True)
class Entry:
    """One recorded event. `at` is UTC in ISO 8601; `detail` is canonical JSON; digests are SHA-256 in hex.

    `event` is the text that the store holds: one that was tampered with may be no `Event`.
    """

    sequence: int
    at: str
    event: str
    actor: str
    detail: str
    previous: str
    digest: str


@dataclass(frozen=True)
class Break:
    """Where the record does not hold, and how. `sequence`: of the event concerned; 0, where there is none."""

    sequence: int
    what: str


def encode(detail: Mapping[str, Any]) -> str:
    """Canonical JSON: keys sorted, no white space, no NaN; the same detail is always the same text."""
    return json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def seal(previous: Entry | None, *, at: str, event: Event, actor: str, detail: Mapping[str, Any]) -> Entry:
    """The entry that follows `previous`."""
    sequence = 1 if previous is None else previous.sequence + 1
    before = BEFORE_THE_FIRST if previous is None else previous.digest
    text = encode(detail)
    digest = _digest(sequence, at, event.value, actor, text, before)
    return Entry(sequence, at, event.value, actor, text, before, digest)


def find_breaks(entries: Iterable[Entry], kept: Container[str | None]) -> Iterator[Break]:
    """Every place where the chain, read in the order of its sequence numbers, does not hold.

    `kept`: the digests of the sets of students that are kept, and are what their digests say.
    """
    expected, before = 1, BEFORE_THE_FIRST
    for entry in entries:
        if entry.sequence != expected:
            yield Break(expected, "missing, or out of order")
        if entry.previous != before:
            yield Break(entry.sequence, "does not follow the entry before it")
        if entry.digest != _digest(entry.sequence, entry.at, entry.event, entry.actor, entry.detail, entry.previous):
            yield Break(entry.sequence, "was changed after it was recorded")
        if entry.event not in KNOWN:
            yield Break(entry.sequence, "is of no known kind")
        if entry.event in ABOUT_STUDENTS and students_of(entry) not in kept:
            yield Break(entry.sequence, "names a set of students that is missing, or was changed")
        expected, before = entry.sequence + 1, entry.digest


def students_of(entry: Entry) -> str | None:
    """The digest of the set of students that an event was about; None if the entry names none."""
    digest = detail_of(entry).get("students")
    return digest if isinstance(digest, str) else None


def detail_of(entry: Entry) -> Mapping[str, Any]:
    """What an entry tells; nothing, where it was tampered with and is no object of JSON any more."""
    try:
        detail = json.loads(entry.detail)
    except (TypeError, ValueError):
        return {}
    return detail if isinstance(detail, dict) else {}


def _digest(sequence: int, at: str, event: str, actor: str, detail: str, previous: str) -> str:
    # A store that was tampered with may give back something other than text: that is no reason to stop verifying.
    fields = json.dumps([sequence, at, event, actor, detail, previous], separators=(",", ":"), default=repr)
    return hashlib.sha256(fields.encode("ascii")).hexdigest()
