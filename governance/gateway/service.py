"""The path of an answer: identify → decide → record the intent → run → protect → record the outcome → answer.

If the record cannot be written there is no answer. Every method here reads like that line.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn, assert_never

import pyarrow as pa

from governance.catalog import Catalog
from governance.catalog.related import carriers
from governance.gateway.begun import Begun, Prepared
from governance.gateway.errors import ErrorCode, GatewayError, faulted, refused
from governance.gateway.forms import catalog_for, catalog_in_form, release_for
from governance.gateway.record import Record
from governance.gateway.snapshots import Snapshots, as_of
from governance.ledger import Ledger, StatisticRelease
from governance.policy import Allowed, Decision, Deidentified, Refusal, Refused, RowsOfStudents, decide
from governance.vocabulary import (
    Among,
    Asker,
    Capacity,
    Condition,
    ExplainQuery,
    FrameQuery,
    Grant,
    Identity,
    Purpose,
    SqlQuery,
)
from governance.warehouse.pool import WorkerAnswer, WorkerPool
from governance.warehouse.user_sql import SqlRefused, UnknownTables, UserSql, parse_user_sql
from governance.warehouse.wire import Job, PreparedSql, WorkerFault

Question = FrameQuery | SqlQuery | ExplainQuery
QUESTIONS_AT_ONCE = 2


@dataclass(frozen=True)
class Answer:
    """An answer already recorded: its description, and the stream of its rows."""

    description: dict[str, Any]
    reasons: tuple[str, ...]
    chunks: AsyncIterator[bytes]


class Service:
    """Answers questions. Holds no one's identity: each question brings its asker."""

    def __init__(
        self,
        ledger: Ledger,
        catalog: Catalog,
        pool: WorkerPool,
        snapshots: Snapshots,
        today: Callable[[], date],
    ) -> None:
        self._ledger = ledger
        self._record = Record(ledger)
        self._catalog = catalog
        self._pool = pool
        self._snapshots = snapshots
        self._today = today
        # One person's questions never take every worker.
        self._places: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(QUESTIONS_AT_ONCE))

    async def asker(self, identity: Identity, purpose: Purpose) -> Asker:
        """What the ledger knows about who asks, read anew for every question: revocation bites at once."""
        return await asyncio.to_thread(self._look_up, identity, purpose)

    def _look_up(self, identity: Identity, purpose: Purpose) -> Asker:
        person, levels = self._ledger.standing(identity.username)
        is_study = Capacity.of_server(identity.server) is Capacity.STUDY
        grants = self._ledger.studies.grants(identity.username) if is_study else ()
        employment = self._snapshots.staff.employment(None if person is None else person.staff_key, self._today())
        regulations = self._ledger.levels.regulations()
        consents = self._consents(grants, identity.server)
        return Asker(identity, person, levels, grants, purpose, regulations, employment=employment, consents=consents)

    def _consents(self, grants: tuple[Grant, ...], server: str) -> dict[str, tuple[int, ...]]:
        """Those to the session's study, if it is given identified rows. Withdrawn ones count no more at once."""
        request = next((grant.request for grant in grants if grant.server == server and grant.identified), None)
        return {} if request is None else self._ledger.consents.holding(request, self._today())

    async def demand(self, asker: Asker, *tables: str) -> None:
        """That the asker may be answered at all, and from these tables; else recorded and refused.

        Asked before a question is looked at more closely, so that a mistake in one says nothing of what exists.
        """
        decision = self.decide(asker, tables)
        if isinstance(decision, Refused):
            await self._refuse(asker, {"kind": "any"}, decision.refusal)

    def decide(self, asker: Asker, tables: tuple[str, ...]) -> Decision:
        """What the policy says, if the data that it allows are still there."""
        decision = decide(asker, tables, self._catalog, self._today())
        if isinstance(decision, Allowed) and self._snapshots.is_gone(decision.grant):
            return Refused(Refusal.SNAPSHOT_GONE)
        return decision

    def today(self) -> date:
        return self._today()

    def snapshot(self, grant: Grant | None) -> str:
        return self._snapshots.of(grant)

    @contextlib.asynccontextmanager
    async def answer(self, asker: Asker, question: Question) -> AsyncIterator[Answer]:
        """The answer to one question, recorded before its first byte; raises `GatewayError`."""
        async with self.place(asker):
            prepared = await self._prepare(asker, question)
            async with self.begin(asker, prepared) as begun, self._run(begun, prepared.job) as given:
                description = begun.description(given)
                await self.record_outcome(begun, given)
                await given.chunks.release(description)
                yield Answer(description, tuple(given.about.get("reasons", ())), given.chunks)

    def place(self, asker: Asker) -> asyncio.Semaphore:
        """One of the few questions that a person may have answered at a time."""
        return self._places[asker.identity.username]

    @contextlib.asynccontextmanager
    async def begin(self, asker: Asker, prepared: Prepared) -> AsyncIterator[Begun]:
        """Decide, and record the intent; what happens inside has an outcome on the record, whichever way it ends.

        Refused questions are recorded and raised.
        """
        decision = self.decide(asker, prepared.tables)
        if isinstance(decision, Refused):
            await self._refuse(asker, prepared.record, decision.refusal)
        if not self._are_granted(decision, prepared):
            await self._refuse(asker, prepared.record, Refusal.COLUMN_NOT_GRANTED)
        snapshot, record = self._snapshots.of(decision.grant), prepared.record
        begun = Begun(asker, secrets.token_hex(8), decision, self._catalog, record, snapshot, self._today())
        try:
            async with self._record.intent(begun):
                yield begun
        except WorkerFault as fault:
            raise faulted(fault) from None

    def _are_granted(self, allowed: Allowed, prepared: Prepared) -> bool:
        """A study's statistics use the columns of its grant, and no other: to arrive at a column neither."""
        used = {(step.path[-1], step.column) for step in prepared.used}
        used.update(*(carriers(self._catalog, step.path) for step in prepared.used))
        limited = (
            (name, rule) for name, rule in allowed.rows.items() if isinstance(rule, Deidentified | RowsOfStudents)
        )
        limits = {name: rule.columns for name, rule in limited}
        return all((columns := limits.get(table)) is None or column in columns for table, column in used)

    def catalog_of(self, asker: Asker) -> Catalog:
        """The catalog as the asker's form of answer has it: what is not in the form does not exist."""
        return catalog_in_form(asker, self._catalog, self._today())

    def catalog_for(self, asker: Asker) -> Catalog:
        """Everything that exists for the asker: added categories only where they are given to the asker."""
        return catalog_for(asker, self._catalog, self._today())

    async def _prepare(self, asker: Asker, question: Question) -> Prepared:
        match question:
            case FrameQuery(table=table) | ExplainQuery(table=table):
                return Prepared((table,), question, _masked(question))
            case SqlQuery(text=text):
                try:
                    query = await asyncio.to_thread(parse_user_sql, text, self.catalog_of(asker))
                except UnknownTables:
                    await self._refuse(asker, {"kind": "sql"}, Refusal.UNKNOWN_TABLE)
                except SqlRefused as error:
                    await self._refuse_sql(asker, str(error))
                return _sql(query)
            case _:
                assert_never(question)

    @contextlib.asynccontextmanager
    async def _run(self, begun: Begun, job: Job) -> AsyncIterator[WorkerAnswer]:
        """The answer in its worker."""
        release = await asyncio.to_thread(release_for, begun.asker, self._catalog, begun.today, self._ledger)
        day = as_of(begun.allowed.grant, begun.today)
        async with self._pool.run(begun.snapshot, begun.allowed, job, day, release) as given:
            yield given

    async def take(self, begun: Begun, job: Job) -> tuple[WorkerAnswer, pa.Table]:
        """What the gateway makes a statistic of. The worker is free again."""
        async with self._run(begun, job) as given:
            return given, await given.take()

    async def record_outcome(
        self,
        begun: Begun,
        given: WorkerAnswer,
        release: StatisticRelease | None = None,
        withheld: Sequence[str] | None = None,
    ) -> None:
        """What was answered, about whom; a statistic together with what it tells its audience. `ReleaseTaken`."""
        await self._record.given(begun, given, release, withheld)

    async def refuse_exact(self, begun: Begun) -> NoReturn:
        """Exact statistics were asked for by somebody who is shown no exact rows."""
        refusal = Refusal.NO_EXACT_STATISTICS
        await self._record.withheld(begun, refusal.name, refused(refusal))

    async def withhold(self, begun: Begun, message: str, rule: str, next_step: str) -> NoReturn:
        """A statistic that would tell too much: recorded, and not released."""
        error = GatewayError(ErrorCode.NOT_RELEASED, message, rule, next_step)
        await self._record.withheld(begun, error.code.name, error)

    async def _refuse(self, asker: Asker, question: dict[str, Any], refusal: Refusal) -> NoReturn:
        await self._record.refused(asker, secrets.token_hex(8), question, refusal.name, refused(refusal))

    async def _refuse_sql(self, asker: Asker, message: str) -> NoReturn:
        error = GatewayError(
            ErrorCode.SQL_REFUSED,
            message,
            "SQL is limited to SELECT over the tables you may see, with a list of allowed functions.",
            "Write it another way, or fetch frames and compute in the notebook.",
        )
        await self._record.refused(asker, secrets.token_hex(8), {"kind": "sql"}, error.code.name, error)


def _sql(query: UserSql) -> Prepared:
    record = {"kind": "sql", "sql": query.masked, "tables": sorted(query.columns)}
    return Prepared(tuple(query.columns), PreparedSql(query.text, query.columns), record)


def _masked(question: FrameQuery | ExplainQuery) -> dict[str, Any]:
    match question:
        case FrameQuery():
            where = [_masked_condition(condition) for condition in question.where]
            return {"kind": "frame", "table": question.table, "columns": list(question.columns), "where": where}
        case ExplainQuery():
            return {"kind": "explain", "table": question.table}
        case _:
            assert_never(question)


def _masked_condition(condition: Condition) -> str:
    return f"{condition.column} {'among' if isinstance(condition, Among) else 'between'} ?"
