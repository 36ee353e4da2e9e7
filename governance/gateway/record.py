"""The record of a question: its intent, and exactly one outcome, whichever way it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, NoReturn, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from governance.audit import Event
from governance.gateway.begun import KEY_BYTES, Begun, who, withheld_from_rows
from governance.gateway.errors import GatewayError, unavailable
from governance.ledger import Ledger, StatisticRelease
from governance.vocabulary import Asker, Form
from governance.warehouse.pool import WorkerAnswer
from governance.warehouse.wire import WorkerFault

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Record:
    """Written through the ledger, before anybody is told. What cannot be recorded is `unavailable`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        # Answers that were begun and have no outcome yet, and the events of their intents.
        self._open: dict[str, int] = {}

    @contextlib.asynccontextmanager
    async def intent(self, begun: Begun) -> AsyncIterator[None]:
        """From the intent to the outcome. Whoever leaves without one has failed, and that is recorded."""
        try:
            await _recorded(self._intend, begun)
            yield
        except BaseException as error:
            await self._end_open(begun, _code(error))
            raise
        await self._end_open(begun, "internal")

    async def given(
        self,
        begun: Begun,
        given: WorkerAnswer,
        release: StatisticRelease | None = None,
        withheld: Sequence[str] | None = None,
    ) -> None:
        """What was answered, about whom, in which form; a statistic together with what it tells its audience.

        `withheld`: of a statistic. `ReleaseTaken`.
        """
        form = begun.form if release is None else Form.PROTECTED_STATISTICS
        detail = {
            **self._of(begun),
            **begun.noted,
            "form": form.value,
            "rows": given.about["rows"],
            "student_count": len(given.students) // KEY_BYTES,
            "withheld": withheld_from_rows(given) if withheld is None else list(withheld),
        }
        await _recorded(self._give, begun, detail, given.students, release)

    async def withheld(self, begun: Begun, refusal: str, error: GatewayError) -> NoReturn:
        """Refused after it was begun."""
        detail = {**self._of(begun), "question": begun.record, "refusal": refusal}
        await _recorded(self._end, begun, Event.ANSWER_REFUSED, detail)
        raise error

    async def refused(
        self, asker: Asker, answer_id: str, question: Mapping[str, Any], refusal: str, error: GatewayError
    ) -> NoReturn:
        """Refused before it was begun."""
        detail = {"answer": answer_id, "question": question, "refusal": refusal, **who(asker)}
        await _recorded(self._ledger.record, Event.ANSWER_REFUSED, asker.identity.username, detail)
        raise error

    # -- in a thread: an answer counts as open, or ended, as soon as it is on the disk ----------------------------

    def _intend(self, begun: Begun) -> None:
        detail = {**begun.about, "question": begun.record}
        sequence = self._ledger.record(Event.ANSWER_INTENDED, begun.asker.identity.username, detail)
        self._open[begun.answer_id] = sequence

    def _give(self, begun: Begun, detail: Mapping[str, Any], students: bytes, release: StatisticRelease | None) -> None:
        username = begun.asker.identity.username
        if release is None:
            self._ledger.record_answer(username, detail, students)
        else:
            self._ledger.studies.record_release(username, detail, students, release)
        self._open.pop(begun.answer_id, None)

    def _end(self, begun: Begun, event: Event, detail: Mapping[str, Any]) -> None:
        self._ledger.record(event, begun.asker.identity.username, detail)
        self._open.pop(begun.answer_id, None)

    def _of(self, begun: Begun) -> dict[str, Any]:
        """What an outcome says of its intent: which it was, so that it is found without looking for it; and whose."""
        return {"answer": begun.answer_id, "intent": self._open.get(begun.answer_id), **begun.who}

    async def _end_open(self, begun: Begun, code: str) -> None:
        if begun.answer_id not in self._open:
            return
        try:
            await _recorded(self._end, begun, Event.ANSWER_FAILED, {**self._of(begun), "code": code})
        except GatewayError:
            # There is no answer, and its intent is on the record.
            _log.error("a failure could not be recorded")
        finally:
            self._open.pop(begun.answer_id, None)


def _code(error: BaseException) -> str:
    match error:
        case GatewayError():
            return error.code.code
        case WorkerFault():
            return error.code
        case Exception():
            return "internal"
        case _:
            return "cancelled"


async def _recorded(act: Callable[..., object], *arguments: Any) -> None:
    try:
        await to_the_end(None, act, *arguments)
    except (SQLAlchemyError, OSError):
        raise unavailable("The use of the system cannot be recorded just now, so there is no answer.") from None


async def to_the_end(executor: Executor | None, act: Callable[..., T], *arguments: Any) -> T:
    """The act, in a thread. Who is called away meanwhile goes when it has ended: then it is known what took place, and
    nothing is left running behind a lock."""
    running = asyncio.get_running_loop().run_in_executor(executor, act, *arguments)
    called_away: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError as cancelled:
            called_away = cancelled
    if called_away is not None:
        if not running.cancelled():
            running.exception()
        raise called_away
    return running.result()
