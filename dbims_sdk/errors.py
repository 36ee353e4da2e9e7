"""Everything that can go wrong, as one tree.

DbimsError
 ├─ Refused            NotAuthenticated · NotAllowed · NotReleased · WrongCapacity · WrongPurpose
 ├─ QuestionError      UnknownTable · UnknownColumn · BadQuery · SqlRefused · SqlFailed · TooLarge · NotFound
 │                     · SessionClosed
 └─ NoAnswer           TimedOut · Unavailable · InternalError · BrokenAnswer

Each says what happened, by which rule, and what to do next; in a notebook it is shown as those sentences,
without a stack of internals.
"""

from __future__ import annotations

import linecache
import traceback
from pathlib import Path
from typing import Any, ClassVar

from dbims_sdk import markup

_HERE = str(Path(__file__).parent)


class DbimsError(Exception):
    """A question that got no answer. `code` is stable; `message`, `rule` and `next` are for people."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, rule: str = "", next: str = "") -> None:
        super().__init__(message, rule, next)
        self.message, self.rule, self.next = message, rule, next

    def __str__(self) -> str:
        return "\n".join(f"{label}{text}" for label, text in self._parts())

    def _parts(self) -> list[tuple[str, str]]:
        labelled = [("", self.message), ("Rule: ", self.rule), ("What to do next: ", self.next)]
        return [(label, text) for label, text in labelled if text]

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in place of a traceback."""
        return [*str(self).splitlines(), *_asking_line(self)]

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        return markup.notice(self._parts())


def _asking_line(error: BaseException) -> list[str]:
    """The line of the analyst's own code that asked, if its text is known."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not frame.filename.startswith(_HERE)]
    line = linecache.getline(theirs[-1].filename, theirs[-1].lineno or 0).strip() if theirs else ""
    return [f"(asked in line {theirs[-1].lineno}: {line})"] if line else []


class Refused(DbimsError):
    """The Board's policy, or the state of an access level, does not allow it."""

    code = "refused"


class NotAuthenticated(Refused):
    """The gateway does not know who asks."""

    code = "not_authenticated"


class NotAllowed(Refused):
    """The capacity of this session does not allow the question."""

    code = "not_allowed"


class NotReleased(Refused):
    """The statistic, alone or with what was answered before, would tell too much about a few people."""

    code = "not_released"


class WrongCapacity(Refused):
    """The session acts in another capacity than the notebook asked for."""

    code = "wrong_capacity"


class WrongPurpose(Refused):
    """The session was started for another purpose than the notebook states."""

    code = "wrong_purpose"


class QuestionError(DbimsError):
    """The question has to be put differently."""

    code = "question"


class UnknownTable(QuestionError):
    """No table of that name may be asked for."""

    code = "unknown_table"


class UnknownColumn(QuestionError):
    """The table has no column of that name."""

    code = "unknown_column"


class BadQuery(QuestionError):
    """The question is not well formed."""

    code = "bad_query"


class SqlRefused(QuestionError):
    """The SQL uses something that is not allowed here."""

    code = "sql_refused"


class SqlFailed(QuestionError):
    """The SQL is allowed, and failed when it ran."""

    code = "sql_failed"


class TooLarge(QuestionError):
    """The answer is larger than one answer may be."""

    code = "too_large"


class NotFound(QuestionError):
    """There is nothing of that name, or nothing that this session may see."""

    code = "not_found"


class SessionClosed(QuestionError):
    """The session was closed before it was asked."""

    code = "session_closed"


class NoAnswer(DbimsError):
    """The question was put, and no complete answer came."""

    code = "no_answer"


class TimedOut(NoAnswer):
    """The answer took longer than an answer may take."""

    code = "timed_out"


class Unavailable(NoAnswer):
    """The gateway cannot be reached, or cannot answer now."""

    code = "unavailable"


class InternalError(NoAnswer):
    """Something failed inside the gateway."""

    code = "internal"


class BrokenAnswer(NoAnswer):
    """The answer stopped before its end, or cannot be read. Nothing of it is kept."""

    code = "broken_answer"


def _leaves(kind: type[DbimsError]) -> list[type[DbimsError]]:
    children = kind.__subclasses__()
    return [leaf for child in children for leaf in _leaves(child)] if children else [kind]


BY_CODE: dict[str, type[DbimsError]] = {leaf.code: leaf for leaf in _leaves(DbimsError)}


def from_wire(status: int, body: Any) -> DbimsError:
    """The error that the gateway's JSON describes. Of another body, only the HTTP status tells."""
    said = body.get("error") if isinstance(body, dict) else None
    if not isinstance(said, dict) or not isinstance(said.get("message"), str):
        return _from_status(status)
    kind = BY_CODE.get(str(said.get("code")), InternalError)
    return kind(said["message"], str(said.get("rule") or ""), str(said.get("next") or ""))


def _from_status(status: int) -> DbimsError:
    next_step = "Try again in a minute. If it persists, tell the people who run DBIMS the time and this status."
    if status in (502, 503, 504):
        return Unavailable(f"The gateway cannot answer now (HTTP status {status}).", next=next_step)
    return InternalError(f"The gateway answered in an unexpected way (HTTP status {status}).", next=next_step)
