"""What whoever watches over the use of the system says of a finding, or of one use."""

from __future__ import annotations

import enum
import hashlib
import re
import unicodedata
from dataclasses import dataclass

LONGEST_NOTE = 4_000
WHOSE = 12
"""How much of a finding's key tells whose use it is about."""
_ANSWER = re.compile(r"[0-9a-f]{16}")
_FINDING = re.compile(r"[0-9a-f]{36}")


class Marking(enum.Enum):
    """A mark is never taken back: another one follows it."""

    FOLLOWED_UP = ("followed up", "Somebody is looking into it: the person was asked, or will be.")
    EXPLAINED = ("explained", "There is a reason for it, within the guidelines.")
    OUTSIDE_GUIDELINES = ("outside the guidelines", "The use was outside the guidelines; the note says what followed.")

    def __init__(self, title: str, sentence: str) -> None:
        self.title = title
        self.sentence = sentence


@dataclass(frozen=True)
class Mark:
    """`about`: the key of a finding, or the id of an answer; `username`: whose use it was."""

    number: int
    about: str
    username: str
    marking: Marking
    note: str
    marked_by: str
    marked_at: str


def has_controls(text: str) -> bool:
    """Whether a text holds characters that only steer what shows it; line ends and tabs are none of them."""
    return any(unicodedata.category(each) in ("Cc", "Cf") and each not in "\r\n\t" for each in text)


def whose(username: str) -> str:
    """What the key of each finding about that person's use begins with: a mark under another's name does not fit it."""
    return hashlib.sha256(f"use by {username}".encode()).hexdigest()[:WHOSE]


def is_about_answer(about: str) -> bool:
    return _ANSWER.fullmatch(about) is not None


def may_be_about(about: str, username: str) -> bool:
    """Whether it has the form of an answer's id, or of the key of a finding about that person's use."""
    return is_about_answer(about) or (_FINDING.fullmatch(about) is not None and about.startswith(whose(username)))


def refusal_of_mark(actor: str, about: str, username: str, note: str) -> str | None:
    """Why such a mark is not made; None if it may be."""
    if not may_be_about(about, username):
        return "A mark is about a finding, or about an answer, by its key, and names the person whose use that is."
    if actor == username:
        return "Nobody marks their own use. Have somebody else look into it."
    if not note.strip():
        return "Say why, in a note."
    if len(note) > LONGEST_NOTE:
        return f"A note has at most {LONGEST_NOTE:,} characters."
    if has_controls(note):
        return "A note is plain text, without control characters."
    return None
