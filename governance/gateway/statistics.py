"""Statistics: exact for those who may see the rows by name, protected for everybody else, and always recorded.

identify → decide → record the intent → compute in a worker → protect, given all that the audience was told → record the
outcome together with what it tells → answer. Two answers to one audience are never weighed at the same time; another
gateway's answer is noticed when the record is written, and this one is weighed again.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeVar

import numpy as np
import pyarrow as pa

from governance.catalog import Unit
from governance.disclosure.cells import MAX_CELLS, Contributions
from governance.disclosure.knowledge import Told
from governance.disclosure.model_weighing import ModelRows, weigh_model
from governance.disclosure.printed import exact_table
from governance.disclosure.protection import protect
from governance.disclosure.released import NotReleased, Protected, Question
from governance.disclosure.rules import Rules, rules_for
from governance.gateway.audiences import Audience, Releasable
from governance.gateway.begun import Begun
from governance.gateway.errors import ErrorCode, GatewayError, unavailable
from governance.gateway.record import to_the_end
from governance.gateway.service import Service
from governance.gateway.statistic_answers import model_body, table_body, withheld_cells
from governance.gateway.statistic_questions import CheckedModel, CheckedTable
from governance.ledger import Ledger, ReleaseTaken
from governance.policy import Deidentified
from governance.vocabulary import Asker, Capacity, Statistic
from governance.warehouse.pool import WorkerAnswer

TRIES = 4
WEIGHED_AT_ONCE = 2
PERSONS = (Unit.STUDENT, Unit.STAFF)
RULE = "Statistics tell of groups, never of fewer persons than may be shown."
PICKS_OUT = "A condition on {columns} could pick out single persons."
WHOLE_MONTHS = "Ask for whole months, for codes, or for everybody; days of birth and amounts are no conditions."
TOO_FINE = "Discipline and disability are not shown by school, race and sex at once."

T = TypeVar("T")
R = TypeVar("R", bound=Releasable)


@dataclass(frozen=True)
class _Table:
    """The exact rows of a table that have a value, and the labels of its axes."""

    rows: Contributions
    levels: list[list[str]]


class Statistics:
    """Tables and models, for any asker."""

    def __init__(self, service: Service, ledger: Ledger) -> None:
        self._service, self._ledger = service, ledger
        self._audiences: dict[str, Audience] = {}
        # Of their own: what takes long to weigh keeps nobody from being looked up, or recorded, or told exact rows.
        self._threads = ThreadPoolExecutor(WEIGHED_AT_ONCE, thread_name_prefix="weighing")

    def close(self) -> None:
        self._threads.shutdown()

    async def table(self, asker: Asker, checked: CheckedTable) -> dict[str, Any]:
        """The answer's body; raises `GatewayError`."""
        async with self._service.place(asker), self._service.begin(asker, checked.prepared()) as begun:
            is_protected = await self._is_protected(begun, checked)
            rules = _rules(begun, checked)
            if is_protected:
                await self._demand_coarse(begun, checked)
            job = replace(checked.job, merge_below=rules.smallest if is_protected else 0)
            given, rows = await self._service.take(begun, job)
            table = await to_the_end(None, _read, rows, _demand_few(given.about["levels"]))
            if not is_protected:
                exact = await to_the_end(None, exact_table, table.rows, *_of(checked))
                await self._service.record_outcome(begun, given)
                return table_body(checked, begun, given, table.levels, exact, None, 0)
            question = Question(checked.quantity, checked.unit.value, *_of(checked), rules)
            made, before = await self._release(
                begun, given, checked.label, lambda told: protect(table.rows, question, told)
            )
            return table_body(checked, begun, given, table.levels, made, rules, before)

    async def model(self, asker: Asker, checked: CheckedModel) -> dict[str, Any]:
        """The answer's body; raises `GatewayError`."""
        async with self._service.place(asker), self._service.begin(asker, checked.prepared()) as begun:
            await self._demand_coarse(begun, checked)
            rules = _rules(begun, checked)
            given, rows = await self._service.take(begun, replace(checked.job, smallest=rules.smallest))
            if "refused" in given.about:
                told = given.about["refused"]
                await self._service.withhold(begun, told["message"], told["rule"], told["next"])
            model, counted = await to_the_end(None, _model_rows, rows), begun.catalog.tables[checked.table].unit.value
            await self._release(
                begun, given, checked.label, lambda told: weigh_model(model, checked.quantity, counted, rules, told)
            )
            return model_body(checked, begun, given, rules)

    async def _is_protected(self, begun: Begun, checked: CheckedTable) -> bool:
        """Rows about nobody, and rows that the asker may see by name, are told exactly."""
        if checked.unit not in PERSONS:
            return False
        identifies_nobody = any(isinstance(rule, Deidentified) for rule in begun.allowed.rows.values())
        if identifies_nobody and checked.query.protected is False:
            await self._service.refuse_exact(begun)
        return identifies_nobody or checked.query.protected is True

    async def _demand_coarse(self, begun: Begun, checked: CheckedTable | CheckedModel) -> None:
        """Decided by the question alone, whatever the data are."""
        if checked.is_too_fine:
            await self._withhold(begun, TOO_FINE)
        if checked.picks_out and any(isinstance(rule, Deidentified) for rule in begun.allowed.rows.values()):
            await self._withhold(begun, PICKS_OUT.format(columns=", ".join(checked.picks_out)), WHOLE_MONTHS)

    async def _release(
        self, begun: Begun, given: WorkerAnswer, label: str, weigh: Callable[[Told], R]
    ) -> tuple[R, int]:
        """What was weighed, recorded and admitted; and how many releases there were before it."""
        audience = self._audiences.setdefault(begun.allowed.audience, Audience(begun.allowed.audience))
        async with audience.lock:
            for _ in range(TRIES):
                made = await self._weighed(begun, audience, weigh)
                before = audience.number
                release = await self._aside(audience.next_release, begun.answer_id, label, made.said)
                try:
                    await self._service.record_outcome(begun, given, release, _withheld(made))
                except ReleaseTaken:
                    continue
                await self._aside(audience.admit, made, label)
                return made, before
        raise unavailable("The same audience is told too much at once just now.")

    async def _weighed(self, begun: Begun, audience: Audience, weigh: Callable[[Told], R]) -> R:
        """Against all that the audience was told until now; if it would tell too much, recorded and withheld."""
        await self._aside(audience.catch_up, self._ledger)
        try:
            return await self._aside(weigh, audience.told)
        except NotReleased as error:
            earlier = audience.labels(error.quantity, error.earlier)
            await self._withhold(begun, error.message, error.next_step, earlier)

    async def _withhold(
        self, begun: Begun, message: str, next_step: str = "", earlier: tuple[str, ...] = ()
    ) -> NoReturn:
        answers = f" It stands against: {'; '.join(earlier)}." if earlier else ""
        remedy = next_step or "Ask for fewer or coarser dimensions."
        await self._service.withhold(begun, message + answers, RULE, remedy)

    async def _aside(self, act: Callable[..., T], *arguments: Any) -> T:
        """Where it keeps nobody else waiting."""
        return await to_the_end(self._threads, act, *arguments)


def _withheld(made: Releasable) -> list[str]:
    """Of a model nothing is: it is released whole, or not at all."""
    return withheld_cells(made.reasons) if isinstance(made, Protected) else []


def _rules(begun: Begun, checked: CheckedTable | CheckedModel) -> Rules:
    return rules_for(checked.topic, outside=begun.allowed.capacity is Capacity.STUDY)


def _demand_few(levels: list[list[str]]) -> list[list[str]]:
    """A table of more cells than anybody reads is asked for by mistake, or to wear the gateway out."""
    if np.prod([len(labels) + 1.0 for labels in levels]) > MAX_CELLS:
        raise GatewayError(
            ErrorCode.TOO_LARGE,
            "The table would have too many cells.",
            f"A table has at most {MAX_CELLS:,} cells, margins included.",
            "Ask for fewer dimensions, or for dimensions with fewer values.",
        )
    return levels


def _of(checked: CheckedTable) -> tuple[Statistic, int]:
    return checked.query.statistic, len(checked.query.columns)


def _read(table: pa.Table, levels: list[list[str]]) -> _Table:
    columns = {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}
    codes = [columns[f"d{axis}"] for axis in range(len(levels))]
    values = columns["value"].astype(np.float64)
    everybody = Contributions(
        persons=columns["person"].astype(np.int64),
        units=columns["unit"].astype(np.int64),
        codes=np.stack(codes, axis=1).astype(np.int32),
        sizes=tuple(max(len(labels), 1) for labels in levels),
        inside=columns["inside"].astype(np.bool_),
        values=np.where(np.isfinite(values), values, 0.0),
    )
    return _Table(everybody.only(np.isfinite(values)), levels)


def _model_rows(table: pa.Table) -> ModelRows:
    columns = {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}
    groups = tuple(columns[name].astype(np.bool_) for name in columns if name not in ("unit", "person", "value"))
    return ModelRows(columns["unit"], columns["person"], columns["value"], groups)
