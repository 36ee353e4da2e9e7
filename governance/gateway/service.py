"""The path of an answer: identify → decide → record the intent → run → protect → record the outcome → answer.

If the record cannot be written there is no answer. Every method here reads like that line.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn, assert_never

from sqlalchemy.exc import SQLAlchemyError

from governance.audit import Event
from governance.catalog import Catalog
from governance.gateway.errors import ErrorCode, GatewayError, faulted, refused, unavailable
from governance.gateway.forms import catalog_in_form, release_for
from governance.gateway.snapshots import ONE_SNAPSHOT, Snapshots, as_of
from governance.ledger import Ledger, StatisticRelease
from governance.policy import Allowed, Decision, Refusal, Refused, decide
from governance.vocabulary import (
    Among,
    Asker,
    Capacity,
    Condition,
    ExplainQuery,
    Form,
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
KEY_BYTES = 8


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
        return Asker(identity, person, levels, grants, purpose)

    async def demand(self, asker: Asker, *tables: str) -> None:
        """That the asker may be answered at all, and from these tables; else recorded and refused.

        Asked before a question is looked at more closely, so that a mistake in one says nothing of what exists.
        """
        decision = self.decide(asker, tables)
        if isinstance(decision, Refused):
            await self._refuse(asker, secrets.token_hex(8), {"kind": "any"}, decision.refusal)

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
            begun = await self.begin(asker, prepared)
            async with self.run(begun, prepared.job) as given:
                description = begun.description(given)
                await self.record_outcome(begun, given)
                await given.chunks.release(description)
                yield Answer(description, tuple(given.about.get("reasons", ())), given.chunks)

    def place(self, asker: Asker) -> asyncio.Semaphore:
        """One of the few questions that a person may have answered at a time."""
        return self._places[asker.identity.username]

    async def begin(self, asker: Asker, prepared: Prepared) -> Begun:
        """Decide, and record the intent; refused questions are recorded and raised."""
        answer_id, today = secrets.token_hex(8), self._today()
        decision = self.decide(asker, prepared.tables)
        if isinstance(decision, Refused):
            await self._refuse(asker, answer_id, prepared.record, decision.refusal)
        allowed = _granted(decision)
        begun = Begun(asker, answer_id, allowed, prepared.record, self._snapshots.of(allowed.grant), today)
        await self._record(Event.ANSWER_INTENDED, asker, {**begun.about, "question": prepared.record})
        return begun

    def catalog_of(self, asker: Asker) -> Catalog:
        """The catalog as the asker's form of answer has it: what is not in the form does not exist."""
        return catalog_in_form(asker, self._catalog, self._today())

    async def _prepare(self, asker: Asker, question: Question) -> Prepared:
        match question:
            case FrameQuery(table=table) | ExplainQuery(table=table):
                return Prepared((table,), question, _masked(question))
            case SqlQuery(text=text):
                answer_id = secrets.token_hex(8)
                try:
                    query = await asyncio.to_thread(parse_user_sql, text, self.catalog_of(asker))
                except UnknownTables:
                    await self._refuse(asker, answer_id, {"kind": "sql"}, Refusal.UNKNOWN_TABLE)
                except SqlRefused as error:
                    await self._refuse_sql(asker, answer_id, str(error))
                return _sql(query)
            case _:
                assert_never(question)

    @contextlib.asynccontextmanager
    async def run(self, begun: Begun, job: Job) -> AsyncIterator[WorkerAnswer]:
        """The answer in its worker; a failure is recorded."""
        try:
            release = await asyncio.to_thread(release_for, begun.asker, self._catalog, begun.today, self._ledger)
            day = as_of(begun.allowed.grant, begun.today)
            async with self._pool.run(begun.snapshot, begun.allowed, job, day, release) as given:
                yield given
        except WorkerFault as fault:
            await self._record(Event.ANSWER_FAILED, begun.asker, {"answer": begun.answer_id, "code": fault.code})
            raise faulted(fault) from None
        except GatewayError:
            raise
        except Exception:
            await self._record(Event.ANSWER_FAILED, begun.asker, {"answer": begun.answer_id, "code": "internal"})
            raise

    async def refuse_exact(self, begun: Begun) -> NoReturn:
        """Exact statistics were asked for by somebody who is shown no exact rows."""
        await self._refuse(begun.asker, begun.answer_id, begun.record, Refusal.NO_EXACT_STATISTICS)
        raise AssertionError("a refusal raises")

    async def withhold(self, begun: Begun, message: str, rule: str, next_step: str) -> NoReturn:
        """A statistic that would tell too much: recorded, and not released."""
        detail = {"answer": begun.answer_id, "question": begun.record, "refusal": "NOT_RELEASED"}
        await self._record(Event.ANSWER_REFUSED, begun.asker, {**detail, **_who(begun.asker, begun.allowed)})
        raise GatewayError(ErrorCode.NOT_RELEASED, message, rule, next_step)

    async def _refuse(self, asker: Asker, answer_id: str, record: Mapping[str, Any], refusal: Refusal) -> None:
        detail = {"answer": answer_id, "question": record, "refusal": refusal.name, **_who(asker, None)}
        await self._record(Event.ANSWER_REFUSED, asker, detail)
        raise refused(refusal)

    async def _refuse_sql(self, asker: Asker, answer_id: str, message: str) -> None:
        detail = {"answer": answer_id, "question": {"kind": "sql"}, "refusal": "SQL_REFUSED", **_who(asker, None)}
        await self._record(Event.ANSWER_REFUSED, asker, detail)
        raise GatewayError(
            ErrorCode.SQL_REFUSED,
            message,
            "SQL is limited to SELECT over the tables you may see, with a list of allowed functions.",
            "Write it another way, or fetch frames and compute in the notebook.",
        )

    async def _record(self, event: Event, asker: Asker, detail: Mapping[str, Any]) -> None:
        await recorded(self._ledger.record, event, asker.identity.username, detail)

    async def record_outcome(self, begun: Begun, given: WorkerAnswer, release: StatisticRelease | None = None) -> None:
        """What was answered, about whom; a statistic together with what it tells its audience. `ReleaseTaken`."""
        detail = {
            "answer": begun.answer_id,
            "rows": given.about["rows"],
            "student_count": len(given.students) // KEY_BYTES,
        }
        username = begun.asker.identity.username
        if release is None:
            await recorded(self._ledger.record_answer, username, detail, given.students)
        else:
            await recorded(self._ledger.studies.record_release, username, detail, given.students, release)


@dataclass(frozen=True)
class Begun:
    """A question that was allowed, and of which the intent is recorded."""

    asker: Asker
    answer_id: str
    allowed: Allowed
    record: dict[str, Any]
    snapshot: str
    today: date

    @property
    def about(self) -> dict[str, Any]:
        about = {"answer": self.answer_id, "snapshot": self.snapshot, "today": self.today.isoformat()}
        return {**about, **_who(self.asker, self.allowed)}

    def description(self, given: WorkerAnswer) -> dict[str, Any]:
        """What travels with the answer and becomes `frame.attrs["dbims"]`."""
        loss = given.about.get("deidentification")
        if loss is not None and self.allowed.grant is not None:
            loss = {**loss, "notes": [*loss["notes"], ONE_SNAPSHOT]}
        return {
            "answer_id": self.answer_id,
            "form": self.allowed.form.value,
            "capacity": self.about["capacity"],
            "purpose": self.about["purpose"],
            "snapshot": self.snapshot,
            "today": as_of(self.allowed.grant, self.today).isoformat(),
            "rows": given.about["rows"],
            "students": len(given.students) // KEY_BYTES,
            "withheld": [] if loss is None else list(loss["notes"]),
            "unprotected": self.allowed.form is Form.SCOPED_ROWS,
            **({} if loss is None else {"deidentification": loss}),
        }


@dataclass(frozen=True)
class Prepared:
    """A question as it can be decided and run, and as it is recorded: without any value."""

    tables: tuple[str, ...]
    job: Job
    record: dict[str, Any]


async def recorded(act: Callable[..., int], *arguments: Any) -> None:
    try:
        await asyncio.to_thread(act, *arguments)
    except (SQLAlchemyError, OSError):
        raise unavailable("The use of the system cannot be recorded just now, so there is no answer.") from None


def _granted(decision: Decision) -> Allowed:
    if not isinstance(decision, Allowed):
        raise TypeError("a refusal was not carried out")
    return decision


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


def _who(asker: Asker, allowed: Allowed | None) -> dict[str, Any]:
    form = {} if allowed is None else {"form": allowed.form.value}
    # The Hub limits a server's name; until it is known to be a capacity it is kept short all the same.
    return {"capacity": asker.identity.server[:40], "purpose": asker.purpose.value, **form}
