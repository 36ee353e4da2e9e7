"""What was used, read from the audit log: one `Use` for each question, whichever way it ended."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, assert_never

from governance.audit import Entry, Event, detail_of
from governance.vocabulary import STUDY_SESSION, Capacity, Form, Purpose

M = TypeVar("M", bound=enum.StrEnum)


class Outcome(enum.StrEnum):
    """How a question ended."""

    GIVEN = "answered"
    REFUSED = "refused"
    FAILED = "failed"

    @property
    def event(self) -> Event:
        match self:
            case Outcome.GIVEN:
                return Event.ANSWER_GIVEN
            case Outcome.REFUSED:
                return Event.ANSWER_REFUSED
            case Outcome.FAILED:
                return Event.ANSWER_FAILED
            case _:
                assert_never(self)


OUTCOME_OF = {outcome.event.value: outcome for outcome in Outcome}


@dataclass(frozen=True)
class Use:
    """One question: who asked for what, as what and why, and what became of it. No value that anybody typed is in it.

    `session`: as the Hub names it, after the capacity or the grant. `students`: the digest of the set of whom the
    answer was about. `reason`: why it was refused, or how it failed. What the record does not tell is None, or empty.
    """

    sequence: int
    at: datetime
    username: str
    session: str
    purpose: Purpose | None
    outcome: Outcome
    answer: str
    form: Form | None
    tables: tuple[str, ...]
    question: Mapping[str, Any]
    rows: int | None = None
    student_count: int = 0
    students: str | None = None
    withheld: tuple[str, ...] = ()
    reason: str | None = None
    ties_outcomes_to_staff: bool = False

    @property
    def capacity(self) -> Capacity | None:
        return Capacity.of_server(self.session)

    @property
    def grant(self) -> str | None:
        """The grant that it was asked under; None outside studies."""
        return self.session.removeprefix(STUDY_SESSION) if self.capacity is Capacity.STUDY else None

    @property
    def identifies_students(self) -> bool:
        """Whether records of students were given in a form that tells who they are."""
        return self.outcome is Outcome.GIVEN and self.form is Form.SCOPED_ROWS and self.student_count > 0

    @property
    def query(self) -> str:
        """The question in words, without any value."""
        return in_words(self.question)


def uses(entries: Iterable[Entry]) -> Iterator[Use]:
    """The uses in a stretch of the log, in the order in which they ended; other events are passed over.

    Of an intent that lies before the stretch only what its outcome repeats is known; one without an outcome is no use.
    """
    intents: dict[str, Entry] = {}
    for entry in entries:
        if entry.event == Event.ANSWER_INTENDED:
            intents[_text(detail_of(entry), "answer")] = entry
        elif entry.event in OUTCOME_OF:
            yield read_use(entry, intents.pop(_text(detail_of(entry), "answer"), None))


def read_use(outcome: Entry, intent: Entry | None) -> Use:
    """The use that an outcome ends. What was tampered with gives a use of which little is known, and no error."""
    detail = {**({} if intent is None else detail_of(intent)), **detail_of(outcome)}
    question = detail.get("question")
    students = detail.get("students")
    return Use(
        outcome.sequence,
        read_time(outcome.at),
        outcome.actor,
        _text(detail, "capacity"),
        member(Purpose, detail.get("purpose")),
        OUTCOME_OF[outcome.event],
        _text(detail, "answer"),
        member(Form, detail.get("form")),
        _texts(detail.get("tables")),
        question if isinstance(question, dict) else {},
        _whole(detail.get("rows")),
        _whole(detail.get("student_count")) or 0,
        students if isinstance(students, str) else None,
        _texts(detail.get("withheld")),
        _text(detail, "refusal") or _text(detail, "code") or None,
        detail.get("ties_outcomes_to_staff") is True,
    )


def intent_of(outcome: Entry) -> int:
    """The sequence number of the intent that an outcome ends; 0 where there is none, or it does not say."""
    return _whole(detail_of(outcome).get("intent")) or 0


def read_time(at: str) -> datetime:
    """A time of the log. What is none any more was long ago: it is found by the verification, not here."""
    try:
        read = datetime.fromisoformat(at)
    except (TypeError, ValueError):
        return datetime.min.replace(tzinfo=UTC)
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def in_words(question: Mapping[str, Any]) -> str:
    """A masked question as a person reads it."""
    match question.get("kind"):
        case "sql":
            return _text(question, "sql") or "SQL that was refused before it was understood"
        case "frame":
            columns = ", ".join(_texts(question.get("columns"))) or "all columns"
            return f"rows of {_text(question, 'table')}: {columns}{_conditions(question)}"
        case "table":
            by = ", ".join((*_texts(question.get("rows")), *_texts(question.get("columns"))))
            of = f" of {question['value']}" if question.get("value") else ""
            return f"{_text(question, 'statistic')}{of} of {_text(question, 'table')} by {by}{_conditions(question)}"
        case "model":
            columns = ", ".join(_texts(question.get("columns")))
            return f"{_text(question, 'family')} of {_text(question, 'table')}: {columns}{_conditions(question)}"
        case "explain":
            return f"why one student is, or is not, in {_text(question, 'table')}"
        case "any":
            return "any question: refused before it was looked at"
        case _:
            return json.dumps(question, sort_keys=True) if question else "not told by the record"


def _conditions(question: Mapping[str, Any]) -> str:
    where = _texts(question.get("where"))
    return f", where {'; '.join(where)}" if where else ""


def _text(detail: Mapping[str, Any], name: str) -> str:
    found = detail.get(name)
    return found if isinstance(found, str) else ""


def texts_of(text: str) -> tuple[str, ...]:
    """A list of texts that is kept as JSON; nothing, of what is none."""
    try:
        return _texts(json.loads(text))
    except ValueError:
        return ()


def _texts(found: Any) -> tuple[str, ...]:
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()


def _whole(found: Any) -> int | None:
    return found if type(found) is int else None


def member(kind: type[M], found: Any) -> M | None:
    """The member of that value; None for what is none."""
    return next((member for member in kind if member.value == found), None)
