"""Every intent has exactly one outcome on the record: however a question ends, whoever is called away, and when."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from governance.audit import Event
from governance.catalog import load_catalog
from governance.gateway.begun import Begun
from governance.gateway.errors import ErrorCode, GatewayError
from governance.gateway.record import Record, to_the_end
from governance.policy import Allowed, AllRows
from governance.vocabulary import Asker, Capacity, Form, Identity
from governance.warehouse.pool import WorkerAnswer
from governance.warehouse.wire import WorkerFault

CATALOG = load_catalog()


class SmallLedger:
    """Keeps events in a list. `gates`: events that are only written when their gate is opened."""

    def __init__(self) -> None:
        self.events: list[tuple[Event, Mapping[str, Any]]] = []
        self.gates: dict[Event, threading.Event] = {}
        self.full: set[Event] = set()
        self.started = threading.Event()
        self.studies = self

    def record(self, event: Event, _actor: str, detail: Mapping[str, Any]) -> int:
        self.started.set()
        if event in self.gates:
            assert self.gates[event].wait(10)
        if event in self.full:
            raise OperationalError("INSERT", {}, Exception("disk full"))
        self.events.append((event, detail))
        return len(self.events)

    def record_answer(self, actor: str, detail: Mapping[str, Any], _students: bytes) -> int:
        return self.record(Event.ANSWER_GIVEN, actor, detail)

    @property
    def names(self) -> list[Event]:
        return [event for event, _ in self.events]


def begun() -> Begun:
    allowed = Allowed(Capacity.SUPERINTENDENT, Form.SCOPED_ROWS, None, {"student": AllRows()})
    asker = Asker(Identity("somebody", "superintendent"), None)
    return Begun(asker, "answer-1", allowed, CATALOG, {"kind": "frame"}, "snapshot", date(2026, 11, 23))


GIVEN = WorkerAnswer({"rows": 1}, b"", None, 1.0)  # type: ignore[arg-type]


async def question(ledger: SmallLedger, act: Callable[[Record, Begun], Any]) -> None:
    record, asked = Record(ledger), begun()  # type: ignore[arg-type]
    async with record.intent(asked):
        await act(record, asked)


async def give(record: Record, asked: Begun) -> None:
    await record.given(asked, GIVEN)


async def withhold(record: Record, asked: Begun) -> None:
    await record.withheld(asked, "NOT_RELEASED", GatewayError(ErrorCode.NOT_RELEASED, "no"))


def raising(error: BaseException) -> Callable[[Record, Begun], Any]:
    async def act(_record: Record, _asked: Begun) -> None:
        raise error

    return act


async def give_and_break(record: Record, asked: Begun) -> None:
    await record.given(asked, GIVEN)
    raise ConnectionAbortedError


async def forget(_record: Record, _asked: Begun) -> None:
    """An outcome that nobody recorded."""


ENDS: dict[str, tuple[Callable[[Record, Begun], Any], type[BaseException] | None, Event, str | None]] = {
    "given": (give, None, Event.ANSWER_GIVEN, None),
    "withheld": (withhold, GatewayError, Event.ANSWER_REFUSED, None),
    "cut off later": (give_and_break, ConnectionAbortedError, Event.ANSWER_GIVEN, None),
    "forgotten": (forget, None, Event.ANSWER_FAILED, "internal"),
    "a fault": (raising(WorkerFault("timed_out", "")), WorkerFault, Event.ANSWER_FAILED, "timed_out"),
    "an error": (raising(GatewayError(ErrorCode.TOO_LARGE, "")), GatewayError, Event.ANSWER_FAILED, "too_large"),
    "a mistake": (raising(KeyError("x")), KeyError, Event.ANSWER_FAILED, "internal"),
    "called away": (raising(asyncio.CancelledError()), asyncio.CancelledError, Event.ANSWER_FAILED, "cancelled"),
}


@pytest.mark.parametrize("end", ENDS)
async def test_every_end_has_one_outcome(end: str) -> None:
    act, error, event, code = ENDS[end]
    ledger = SmallLedger()
    if error is None:
        await question(ledger, act)
    else:
        with pytest.raises(error):
            await question(ledger, act)
    assert ledger.names == [Event.ANSWER_INTENDED, event]
    assert ledger.events[-1][1].get("code") == code
    assert ledger.events[-1][1]["answer"] == "answer-1"


@pytest.mark.parametrize("during", [Event.ANSWER_INTENDED, Event.ANSWER_GIVEN])
async def test_who_is_called_away_while_it_is_written_leaves_one_outcome(during: Event) -> None:
    """Also when called away twice: what is on its way to the disk gets there, and counts."""
    ledger = SmallLedger()
    ledger.gates[during] = threading.Event()
    asked = asyncio.create_task(question(ledger, give))
    await asyncio.sleep(0.05)
    for _ in range(2):
        asked.cancel()
        await asyncio.sleep(0.02)
    assert not asked.done()
    ledger.gates[during].set()
    with pytest.raises(asyncio.CancelledError):
        await asked
    outcome = Event.ANSWER_FAILED if during is Event.ANSWER_INTENDED else Event.ANSWER_GIVEN
    assert ledger.names == [Event.ANSWER_INTENDED, outcome]


async def test_without_an_intent_there_is_nothing_and_without_an_outcome_no_answer() -> None:
    ledger = SmallLedger()
    ledger.full = {Event.ANSWER_INTENDED}
    with pytest.raises(GatewayError) as refused:
        await question(ledger, give)
    assert refused.value.code is ErrorCode.UNAVAILABLE and ledger.names == []
    ledger.full = {Event.ANSWER_GIVEN}
    with pytest.raises(GatewayError):
        await question(ledger, give)
    assert ledger.names == [Event.ANSWER_INTENDED, Event.ANSWER_FAILED]
    assert ledger.events[-1][1]["code"] == "unavailable"


async def test_what_cannot_be_recorded_at_all_is_still_told_as_what_it_was() -> None:
    ledger = SmallLedger()
    ledger.full = {Event.ANSWER_GIVEN, Event.ANSWER_FAILED}
    with pytest.raises(KeyError):
        await question(ledger, raising(KeyError("x")))
    assert ledger.names == [Event.ANSWER_INTENDED]


async def test_an_act_that_fails_after_its_caller_was_called_away_is_not_heard_of() -> None:
    gate = threading.Event()

    def act() -> None:
        gate.wait(10)
        raise ValueError

    asked = asyncio.create_task(to_the_end(None, act))
    await asyncio.sleep(0.02)
    asked.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await asked
