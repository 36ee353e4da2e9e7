"""The weekly digests of use: made when a week is over, one for each, whoever makes it; kept, and sent."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from governance.audit import Event
from governance.ledger.events import now, record_event
from governance.ledger.outbox import queue
from governance.ledger.oversight import Oversight, UseFilter
from governance.ledger.reviews import Reviews
from governance.ledger.schema import audit_event, use_digest
from governance.ledger.store import Store
from governance.oversight.digest import WeekOfUse, digest_text, subject
from governance.oversight.periods import Period, Week
from governance.oversight.settings import OversightSettings
from governance.oversight.use import Use, read_time
from governance.oversight.volume import totals_by_capacity

ACTOR = "digest"
MOST_TIED = 1_000


@dataclass(frozen=True)
class Digest:
    """The digest of a week (`2026-W47`), as it was made and sent."""

    week: str
    content: str
    made_at: str


class Digests:
    """The part of the ledger about digests. Used through `Ledger`."""

    def __init__(self, store: Store, oversight: Oversight, reviews: Reviews) -> None:
        self._store = store
        self._oversight = oversight
        self._reviews = reviews

    def all(self) -> list[Digest]:
        """The newest first."""
        with self._store.read() as connection:
            rows = connection.execute(sa.select(use_digest).order_by(use_digest.c.week.desc())).all()
        return [Digest(row.week, row.content, row.made_at) for row in rows]

    def of(self, week: str) -> Digest | None:
        with self._store.read() as connection:
            row = connection.execute(sa.select(use_digest).where(use_digest.c.week == week)).one_or_none()
        return None if row is None else Digest(row.week, row.content, row.made_at)

    def make_due(self, at: datetime, settings: OversightSettings, today: date) -> Digest | None:
        """The digest of the last week that was over at that moment, if there was anything to record in it, or before,
        and nobody has made it yet."""
        week = Week.last_before(at, settings.hours.zone)
        period = week.period(settings.hours.zone)
        if self.of(week.name) is not None or not self._has_begun(period):
            return None
        text = digest_text(self._told(week, period, settings, today), settings.hours)
        return self._keep(week, text, settings.digest_to)

    def _has_begun(self, period: Period) -> bool:
        with self._store.read() as connection:
            at = connection.execute(sa.select(sa.func.min(audit_event.c.at))).scalar_one_or_none()
        return at is not None and read_time(at) < period.until

    def _told(self, week: Week, period: Period, settings: OversightSettings, today: date) -> WeekOfUse:
        findings = self._oversight.findings(period, settings.hours, today)
        marks = self._oversight.marks([finding.key for finding in findings])
        tied: Sequence[Use] = self._oversight.uses(UseFilter(period=period, tied=True), MOST_TIED)
        totals, due = totals_by_capacity(self._oversight.during(period)), self._reviews.due(today)
        return WeekOfUse(week, totals, findings, marks, tied, due)

    def _keep(self, week: Week, text: str, to: Sequence[str]) -> Digest | None:
        """And have it sent; unless another process was faster: who holds the lock of the store looks once more."""
        made = Digest(week.name, text, now())
        with self._store.write() as connection:
            taken = sa.select(use_digest.c.week).where(use_digest.c.week == week.name)
            if connection.execute(taken).one_or_none() is not None:
                return None
            connection.execute(use_digest.insert().values(**vars(made)))
            record_event(connection, Event.DIGEST_MADE, ACTOR, {"week": week.name, "content": content_digest(text)})
            for address in to:
                queue(connection, address, subject(week), text)
        return made


def content_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
