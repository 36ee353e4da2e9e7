"""Requests: every step with its event; a decision with its grant and its letter, in one transaction or not at all."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import sqlalchemy as sa

from governance.audit import Event
from governance.ledger.authority import Authority, Signature
from governance.ledger.events import LedgerError, demand_known, now, record_event
from governance.ledger.request_rows import (
    RequestRecord,
    StepRecord,
    next_request_id,
    read_request,
    read_requests,
    read_steps,
    row_digest,
)
from governance.ledger.request_steps import CALENDAR, Acted, Taking, Told
from governance.ledger.schema import access_level, person, person_lock, request, request_step
from governance.ledger.store import Store
from governance.requests import (
    WORKFLOWS,
    Act,
    Kind,
    Known,
    NotMoved,
    Reason,
    Role,
    State,
    calendar_act,
    roles_of,
)
from governance.vocabulary import Capacity, Employment

log = logging.getLogger(__name__)
OUTSIDE = (
    "An application is for those who work for the district (34 CFR 99.31(a)(1)), and whose account is linked to staff. "
    "Whoever is outside makes an external request, which is given under a written agreement."
)


class Requests:
    """The part of the ledger about requests. Used through `Ledger`."""

    def __init__(self, store: Store, authority: Authority) -> None:
        self._store = store
        self._authority = authority

    # -- reading ---------------------------------------------------------------------------------

    def get(self, request_id: int) -> RequestRecord:
        with self._store.read() as connection:
            return _demand(connection, request_id)

    def listing(
        self, kind: Kind | None = None, state: State | None = None, applicant: str | None = None
    ) -> list[RequestRecord]:
        """All requests, or some, the oldest first."""
        conditions = [request.c.kind == kind.value] if kind else []
        conditions += [request.c.applicant == applicant] if applicant else []
        with self._store.moment() as connection:
            found = read_requests(connection, *conditions)
        return [record for record in found if state is None or record.case.state is state]

    def history(self, request_id: int) -> list[StepRecord]:
        """Every step, the first one first."""
        with self._store.read() as connection:
            return read_steps(connection, request_step.c.request_id == request_id)

    def added_categories(self) -> tuple[str, ...]:
        """The declarations of the categories of data that were added, in the order of their requests."""
        added = self.listing(Kind.NEW_CATEGORY, State.APPROVED)
        return tuple(record.case.fields["declaration"] for record in added)

    def roles(self, username: str, record: RequestRecord, today: date) -> frozenset[Role]:
        """As what somebody may act on a request without signing."""
        with self._store.read() as connection:
            return roles_today(connection, username, record.case.applicant, today, _is_registered(record))

    # -- acting ----------------------------------------------------------------------------------

    def begin_draft(
        self, actor: str, kind: Kind, today: date, *, applicant: str | None = None, page: str | None = None
    ) -> int:
        """A new request, whose it is: the actor's own, or one that the office registers. Returns its number."""
        owner = applicant or actor
        with self._store.write() as connection:
            demand_known(connection, owner)
            if page and (known := _opened_with(connection, page, actor)):
                return known
            if not roles_today(connection, actor, owner, today) & set(WORKFLOWS[kind].openers):
                raise LedgerError("Requests of that kind are opened by: " + ", ".join(WORKFLOWS[kind].openers) + ".")
            if kind is Kind.APPLICATION and (why := self._why_outside(connection, owner, today)):
                raise LedgerError(why)
            return _open(connection, actor, kind, owner, today, page)

    def save_draft(self, actor: str, request_id: int, told: Told, known: Known) -> Acted | NotMoved:
        """What was typed so far, complete or not."""
        return self.act(actor, request_id, Act.SAVE, told, known)

    def act(
        self, who: str | Signature, request_id: int, act: Act, told: Told, known: Known, snapshot: str | None = None
    ) -> Acted | NotMoved:
        """One step, or the reason why not; then nothing has changed. Only a signed act is the Superintendent's.

        `snapshot`: the current one, which a grant is of.
        """
        with self._acting(who, known.today) as (connection, actor):
            if told.page and (done := _done_with(connection, told.page, request_id, act, actor)):
                return done
            record = _demand(connection, request_id)
            if told.seen_steps not in (None, record.steps):
                return NotMoved(Reason.MEANWHILE)
            if isinstance(who, Signature):
                roles = roles_of((), is_applicant=False, signed=True)
            else:
                roles = roles_today(connection, actor, record.case.applicant, known.today, _is_registered(record))
            outside = self._why_outside(connection, record.case.applicant, known.today)
            return Taking(connection, record, actor, known, snapshot, outside).take(act, roles, told)

    def is_official(self, username: str, today: date) -> bool:
        """Whether somebody may apply as a school official; whoever is outside makes an external request."""
        with self._store.read() as connection:
            return not self._why_outside(connection, username, today)

    def _why_outside(self, connection: sa.Connection, username: str, today: date) -> str:
        """Why somebody is given nothing as a school official; nothing, if they may be. Untold is not outside."""
        linked = sa.select(person.c.staff_key).where(person.c.username == username)
        staff_key = connection.execute(linked).scalar_one_or_none()
        employed = staff_key is not None and self._authority.employment(staff_key, today)
        return "" if employed in (Employment.EMPLOYED, Employment.UNTOLD) else OUTSIDE

    def catch_up(self, known: Known) -> list[Acted]:
        """What the calendar does: grants that are over, certificates that did not come. Each in its own transaction."""
        done = [self._caught_up(record, known) for record in self.listing()]
        return [acted for acted in done if isinstance(acted, Acted)]

    def _caught_up(self, record: RequestRecord, known: Known) -> Acted | NotMoved | None:
        """One request that cannot be read, or moved, does not keep the others from being over when they are."""
        try:
            act = calendar_act(record.case, known.today)
            return None if act is None else self._by_calendar(record.request_id, act, known)
        except Exception as error:
            log.error("what the calendar does to a request failed (%s): %s", record.case.kind, type(error).__name__)
            return None

    def _by_calendar(self, request_id: int, act: Act, known: Known) -> Acted | NotMoved:
        with self._store.write() as connection:
            record = _demand(connection, request_id)
            if calendar_act(record.case, known.today) is not act:
                return NotMoved(Reason.NO_SUCH_STEP)
            return Taking(connection, record, CALENDAR, known, None).take(act, frozenset({Role.CALENDAR}), Told())

    @contextmanager
    def _acting(self, who: str | Signature, today: date) -> Iterator[tuple[sa.Connection, str]]:
        if isinstance(who, Signature):
            with self._authority.deciding(who, today) as signed:
                yield signed
        else:
            with self._store.write() as connection:
                yield connection, who


def _open(connection: sa.Connection, actor: str, kind: Kind, owner: str, today: date, page: str | None) -> int:
    head = {
        "request_id": next_request_id(connection),
        "kind": kind.value,
        "applicant": owner,
        "opened_by": actor,
        "opened_at": now(),
        "opened_on": today,
        "page": page,
    }
    connection.execute(request.insert().values(**head))
    detail = {"request": head["request_id"], "kind": kind.value, "applicant": owner, "head": row_digest(head.values())}
    record_event(connection, Event.REQUEST_BEGUN, actor, detail)
    return int(str(head["request_id"]))


def _opened_with(connection: sa.Connection, page: str, actor: str) -> int | None:
    question = sa.select(request.c.request_id).where(request.c.page == page, request.c.opened_by == actor)
    return connection.execute(question).scalar_one_or_none()


def _done_with(connection: sa.Connection, page: str, request_id: int, act: Act, actor: str) -> Acted | None:
    """What that page's act has done already."""
    found = read_steps(connection, request_step.c.page == page)
    if not found:
        return None
    done = found[0]
    if (done.request_id, done.act, done.actor) != (request_id, act, actor):
        raise LedgerError("This page was used for another act. Open it anew.")
    return Acted(done.request_id, done.after, done.letter, done.grant)


def _demand(connection: sa.Connection, request_id: int) -> RequestRecord:
    record = read_request(connection, request_id)
    if record is None:
        raise LedgerError("There is no such request.")
    return record


def _is_registered(record: RequestRecord) -> bool:
    """Whether the office opened it for somebody else."""
    return record.opened_by != record.case.applicant


def roles_today(
    connection: sa.Connection, username: str, applicant: str, today: date, registered: bool = False
) -> frozenset[Role]:
    """Nobody's who is locked."""
    locked = sa.exists().where(person_lock.c.username == username, person_lock.c.unlocked_at.is_(None))
    if connection.execute(sa.select(locked)).scalar_one():
        return frozenset()
    level = access_level
    held = sa.select(level.c.capacity).where(
        level.c.username == username,
        level.c.revoked_at.is_(None),
        level.c.begin_date <= today,
        sa.or_(level.c.end_date.is_(None), level.c.end_date >= today),
    )
    capacities = {Capacity(capacity) for capacity in connection.execute(held).scalars()}
    return roles_of(capacities, is_applicant=username == applicant, signed=False, registered=registered)
