"""Data reviews: the plans that the Superintendent sets, the reviews that are open, and how they were signed off."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from governance.audit import Event
from governance.ledger.authority import Authority, Signature
from governance.ledger.events import LedgerError, now, record_event
from governance.ledger.request_rows import row_digest
from governance.ledger.schema import access_level, data_review, person_lock, review_plan, review_sign_off
from governance.ledger.store import Store
from governance.oversight.reviews import Conclusion, Plan, Review, SignOff, due_lines, refusal_of_sign_off, usual_plan
from governance.vocabulary import Capacity

ACTOR = "schedule"


class Reviews:
    """The part of the ledger about data reviews. Used through `Ledger`."""

    def __init__(self, store: Store, authority: Authority) -> None:
        self._store = store
        self._authority = authority

    # -- reading ---------------------------------------------------------------------------------

    def plan(self, category: str) -> Plan:
        """The one that holds: set last, or the usual one."""
        with self._store.read() as connection:
            return _plan(connection, category)

    def open(self) -> list[Review]:
        """Those that are not signed off, one of each category, in the order of their categories."""
        with self._store.read() as connection:
            found = _reviews(connection, review_sign_off.c.number.is_(None))
        return sorted(found, key=lambda review: review.category)

    def history(self, category: str | None = None) -> list[Review]:
        """Those that were signed off, the newest first."""
        conditions = [] if category is None else [data_review.c.category == category]
        with self._store.read() as connection:
            found = _reviews(connection, review_sign_off.c.number.is_not(None), *conditions)
        return found[::-1]

    def due(self, today: date) -> list[str]:
        """What is due, and overdue, in words."""
        reviews = self.open()
        return due_lines(reviews, {review.category: self.plan(review.category) for review in reviews}, today)

    # -- acting ----------------------------------------------------------------------------------

    def set_plan(self, signature: Signature, plan: Plan, today: date) -> None:
        """How often a category is reviewed, and by whom: from now on, also of the review that is open."""
        with self._authority.deciding(signature, today) as (connection, signer):
            number = _next(connection, review_plan.c.number)
            row = {
                "number": number,
                "category": plan.category,
                "every_months": plan.every_months,
                "owner": plan.owner.value,
                "fresh_days": plan.fresh_days,
                "set_by": signer,
                "set_at": now(),
            }
            connection.execute(review_plan.insert().values(**row))
            told = {name: row[name] for name in ("category", "every_months", "owner", "fresh_days")}
            record_event(
                connection, Event.REVIEW_PLANNED, signer, {"plan": number, "row": row_digest(row.values()), **told}
            )

    def catch_up(self, categories: Iterable[str], today: date) -> list[Review]:
        """Open the first review of each category that has had none. Returns those that were opened."""
        wanted = set(categories)
        with self._store.read() as connection:
            if not wanted - _known(connection):
                return []
        with self._store.write() as connection:
            return [_begin(connection, category, today) for category in sorted(wanted - _known(connection))]

    def sign_off(self, actor: str, number: int, conclusion: Conclusion, findings: str, today: date) -> Review:
        """The owner's act: it ends the review, and opens the next of the category. Returns the next."""
        with self._store.write() as connection:
            review = next(iter(_reviews(connection, data_review.c.number == number)), None)
            owner = Capacity.SUPERINTENDENT if review is None else _plan(connection, review.category).owner
            refusal = refusal_of_sign_off(review, owner, _held(connection, actor, today), findings)
            if review is None or refusal is not None:
                raise LedgerError(refusal or "There is no such review.")
            _sign(connection, review, SignOff(conclusion, findings.strip(), actor, today))
            return _begin(connection, review.category, today)


def _sign(connection: sa.Connection, review: Review, signed: SignOff) -> None:
    row = {
        "number": review.number,
        "conclusion": signed.conclusion.name,
        "findings": signed.findings,
        "signed_by": signed.signed_by,
        "signed_on": signed.day,
        "signed_at": now(),
    }
    connection.execute(review_sign_off.insert().values(**row))
    # Findings may name students: of them there is only the digest.
    told = {"review": review.number, "category": review.category, "conclusion": signed.conclusion.name}
    findings = hashlib.sha256(signed.findings.encode()).hexdigest()
    detail = {**told, "findings": findings, "row": row_digest(row.values())}
    record_event(connection, Event.REVIEW_SIGNED, signed.signed_by, detail)


def _begin(connection: sa.Connection, category: str, today: date) -> Review:
    row = {"number": _next(connection, data_review.c.number), "category": category, "opened_on": today}
    connection.execute(data_review.insert().values(**row))
    detail = {"review": row["number"], "category": category, "row": row_digest(row.values())}
    record_event(connection, Event.REVIEW_OPENED, ACTOR, detail)
    return Review(int(str(row["number"])), category, today)


def _plan(connection: sa.Connection, category: str) -> Plan:
    question = sa.select(review_plan).where(review_plan.c.category == category).order_by(review_plan.c.number.desc())
    row = connection.execute(question.limit(1)).one_or_none()
    if row is None:
        return usual_plan(category)
    return Plan(row.category, row.every_months, Capacity(row.owner), row.fresh_days)


def _reviews(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Review]:
    signed = review_sign_off.c
    question = (
        sa.select(data_review, signed.conclusion, signed.findings, signed.signed_by, signed.signed_on)
        .select_from(data_review.outerjoin(review_sign_off, signed.number == data_review.c.number))
        .where(*conditions)
        .order_by(data_review.c.number)
    )
    return [_review(row) for row in connection.execute(question)]


def _review(row: sa.Row[tuple[object, ...]]) -> Review:
    told = row._mapping
    signed = told["conclusion"] and SignOff(
        Conclusion[told["conclusion"]], told["findings"], told["signed_by"], told["signed_on"]
    )
    return Review(told["number"], told["category"], told["opened_on"], signed or None)


def _known(connection: sa.Connection) -> set[str]:
    return set(connection.execute(sa.select(data_review.c.category).distinct()).scalars())


def _held(connection: sa.Connection, username: str, today: date) -> list[Capacity]:
    """The capacities that somebody who is not locked holds on that day."""
    level = access_level.c
    locked = sa.exists().where(person_lock.c.username == level.username, person_lock.c.unlocked_at.is_(None))
    question = sa.select(level.capacity).where(
        level.username == username,
        level.revoked_at.is_(None),
        level.begin_date <= today,
        sa.or_(level.end_date.is_(None), level.end_date >= today),
        sa.not_(locked),
    )
    return [Capacity(held) for held in connection.execute(question).scalars()]


def _next(connection: sa.Connection, column: sa.Column[int]) -> int:
    return (connection.execute(sa.select(sa.func.max(column))).scalar_one() or 0) + 1
