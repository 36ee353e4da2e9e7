"""How the system was used, read from the audit log by time and person; and what was said of it, on record."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from governance.audit import Entry, Event
from governance.ledger.disclosures import KEY_BYTES
from governance.ledger.events import LedgerError, demand_known, now, read_entry, record_event
from governance.ledger.levels import read_level
from governance.ledger.schema import access_level, audit_event, disclosure_index, disclosure_set, study_grant, use_mark
from governance.ledger.store import Store
from governance.ledger.studies import read_grant
from governance.oversight.marks import Mark, Marking, is_about_answer, refusal_of_mark
from governance.oversight.periods import Period, UsualHours
from governance.oversight.thresholds import THRESHOLDS, Thresholds
from governance.oversight.unusual import Finding, ending, unusual
from governance.oversight.use import OUTCOME_OF, Outcome, Use, intent_of, read_use, uses
from governance.oversight.volume import Past, Total, Who
from governance.vocabulary import STUDY_SESSION, Capacity, Form, Purpose

LONGEST_ANSWER = timedelta(minutes=15)
"""An answer takes less: the intent of one that ended in a period lies at most so long before it."""
AT_ONCE = 500


@dataclass(frozen=True)
class UseFilter:
    """Which uses are wanted; what is None is not asked of them. `tied`: outcomes of students beside named staff."""

    period: Period | None = None
    username: str | None = None
    capacity: Capacity | None = None
    purpose: Purpose | None = None
    outcome: Outcome | None = None
    tied: bool = False

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        outcomes = OUTCOME_OF if self.outcome is None else (self.outcome.event.value,)
        yield audit_event.c.event.in_(list(outcomes))
        if self.period is not None:
            yield from _in_period(self.period)
        if self.username is not None:
            yield audit_event.c.actor == self.username
        # The detail is canonical: what it says of a thing is one text. Questions in it quote their own marks.
        if self.capacity is not None:
            study = self.capacity is Capacity.STUDY
            yield _says(f'"capacity":"{STUDY_SESSION}' if study else f'"capacity":"{self.capacity.server}"')
        if self.purpose is not None:
            yield _says(f'"purpose":"{self.purpose.value}"')
        if self.tied:
            yield _says('"ties_outcomes_to_staff":true')


class Oversight:
    """The part of the ledger about its use. Used through `Ledger`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # -- reading ---------------------------------------------------------------------------------

    def uses(self, wanted: UseFilter, limit: int = 100, before: int | None = None) -> list[Use]:
        """The newest uses; with `before`, the sequence number of the last one shown, those that come after it."""
        with self._store.moment() as connection:
            question = sa.select(audit_event).where(*wanted.conditions(), *_older(connection, before))
            newest = question.order_by(audit_event.c.at.desc(), audit_event.c.sequence.desc()).limit(limit)
            outcomes = [read_entry(row) for row in connection.execute(newest)]
            intents = _intents(connection, outcomes)
        return [read_use(outcome, intents.get(intent_of(outcome))) for outcome in outcomes]

    def during(self, period: Period) -> Iterator[Use]:
        """All uses that ended in the period, in their order."""
        around = Period(period.since - LONGEST_ANSWER, period.until)
        with self._store.moment() as connection:
            yield from (use for use in uses(_stretch(connection, around)) if period.holds(use.at))

    def findings(
        self, period: Period, hours: UsualHours, today: date, thresholds: Thresholds = THRESHOLDS
    ) -> list[Finding]:
        """What is unusual in the period, against its peers and the weeks before it; and what ends soon."""
        past = Past(period, thresholds)
        with self._store.moment() as connection:
            for number, earlier in enumerate(past.periods):
                for who, total in _given(connection, earlier):
                    past.put(number, who, total)
            grants = [read_grant(row) for row in connection.execute(_standing(study_grant))]
            levels = [read_level(row) for row in connection.execute(_standing(access_level))]
        found = unusual(self.during(period), past, period, hours, thresholds)
        return [*found, *ending(grants, levels, period, today, thresholds)]

    def marks(self, about: Collection[str] | None = None) -> dict[str, list[Mark]]:
        """What was said of findings and answers, by their key, in the order in which it was said."""
        question = sa.select(use_mark).order_by(use_mark.c.number)
        if about is not None:
            question = question.where(use_mark.c.about.in_(list(about)))
        found: dict[str, list[Mark]] = {}
        with self._store.read() as connection:
            for row in connection.execute(question):
                found.setdefault(row.about, []).append(_mark(row))
        return found

    # -- acting ----------------------------------------------------------------------------------

    def mark(self, actor: str, about: str, username: str, marking: Marking, note: str) -> Mark:
        """Say something of a finding, or of an answer (`about`: its key, or its id), of somebody else's use."""
        refusal = refusal_of_mark(actor, about, username, note)
        if refusal is not None:
            raise LedgerError(refusal)
        with self._store.write() as connection:
            demand_known(connection, username)
            _demand_theirs(connection, about, username)
            number = (connection.execute(sa.select(sa.func.max(use_mark.c.number))).scalar_one() or 0) + 1
            made = Mark(number, about, username, marking, note.strip(), actor, now())
            connection.execute(use_mark.insert().values(**vars(made) | {"marking": marking.name}))
            record_event(connection, Event.USE_MARKED, actor, mark_detail(made))
        return made


def mark_detail(made: Mark) -> dict[str, Any]:
    """What the log holds of a mark. The note may name students, so that of it there is only the digest."""
    note = hashlib.sha256(made.note.encode()).hexdigest()
    return {
        "mark": made.number,
        "about": made.about,
        "username": made.username,
        "marking": made.marking.name,
        "note": note,
    }


def _mark(row: sa.Row[Any]) -> Mark:
    marking = Marking[row.marking]
    return Mark(row.number, row.about, row.username, marking, row.note, row.marked_by, row.marked_at)


def _demand_theirs(connection: sa.Connection, about: str, username: str) -> None:
    """Whose an answer was is the log's to say, not the page's: nobody marks their own under another's name."""
    if not is_about_answer(about):
        return
    answered = audit_event.c.event.in_(list(OUTCOME_OF))
    question = sa.select(audit_event.c.actor).where(answered, _says(f'"answer":"{about}"'))
    if set(connection.execute(question).scalars()) != {username}:
        raise LedgerError("There is no such answer, or it was given to somebody else.")


def _says(text: str) -> sa.ColumnElement[bool]:
    return audit_event.c.detail.contains(text, autoescape=True)


def _in_period(period: Period) -> Iterator[sa.ColumnElement[bool]]:
    yield audit_event.c.at >= _text(period.since)
    yield audit_event.c.at < _text(period.until)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _older(connection: sa.Connection, before: int | None) -> Iterator[sa.ColumnElement[bool]]:
    """Than the event of that number, by time, and among those of one time by number."""
    if before is None:
        return
    at = connection.execute(sa.select(audit_event.c.at).where(audit_event.c.sequence == before)).scalar_one_or_none()
    if at is None:
        raise LedgerError("There is no such event to go on from. Begin with the newest.")
    same = sa.and_(audit_event.c.at == at, audit_event.c.sequence < before)
    yield sa.or_(audit_event.c.at < at, same)


def _given(connection: sa.Connection, period: Period) -> Iterator[tuple[Who, Total]]:
    """How many answers each person got in each session, and how many records of students by name: added up by the store
    from the index of disclosures."""
    ends = sa.select(sa.func.min(audit_event.c.sequence), sa.func.max(audit_event.c.sequence))
    first, last = connection.execute(ends.where(*_in_period(period))).one()
    if first is None:
        return
    index, size = disclosure_index.c, sa.func.length(disclosure_set.c.student_keys)
    students = sa.func.sum(sa.case((index.form == Form.SCOPED_ROWS.value, size), else_=0)) / KEY_BYTES
    question = (
        sa.select(index.username, index.session, sa.func.count().label("answers"), students.label("students"))
        .select_from(disclosure_index.join(disclosure_set, disclosure_set.c.digest == index.digest))
        .where(index.sequence >= first, index.sequence <= last, index.event == Event.ANSWER_GIVEN.value)
        .where(index.at >= _text(period.since), index.at < _text(period.until))
        .group_by(index.username, index.session)
    )
    for row in connection.execute(question):
        yield (row.username, row.session), Total(answers=row.answers, students=int(row.students), people={row.username})


def _stretch(connection: sa.Connection, period: Period) -> Iterator[Entry]:
    question = sa.select(audit_event).where(*_in_period(period)).order_by(audit_event.c.sequence)
    for row in connection.execution_options(yield_per=10_000).execute(question):
        yield read_entry(row)


def _intents(connection: sa.Connection, outcomes: Sequence[Entry]) -> dict[int, Entry]:
    numbers = sorted({number for outcome in outcomes if (number := intent_of(outcome))})
    found: dict[int, Entry] = {}
    for start in range(0, len(numbers), AT_ONCE):
        some = audit_event.c.sequence.in_(numbers[start : start + AT_ONCE])
        rows = connection.execute(sa.select(audit_event).where(some))
        found.update({row.sequence: read_entry(row) for row in rows})
    return found


def _standing(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table).where(table.c.revoked_at.is_(None))
