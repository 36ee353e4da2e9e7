"""Statistics: exact for those who may see the rows by name, protected for everybody else, and always recorded.

identify → decide → record the intent → compute in a worker → protect, given all that the audience was told → record the
outcome together with what it tells → answer. Two answers to one audience are never weighed at the same time; another
gateway's answer is noticed when the record is written, and this one is weighed again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa

from governance.catalog import Catalog, Unit
from governance.disclosure.cells import MAX_CELLS, Contributions
from governance.disclosure.printed import exact_table
from governance.disclosure.protection import protect
from governance.disclosure.released import NotReleased, Protected, Question
from governance.disclosure.rules import Rules, rules_for
from governance.disclosure.said import sets_of_keys
from governance.gateway.audiences import MODELS, Audience
from governance.gateway.errors import ErrorCode, GatewayError, unavailable
from governance.gateway.service import Begun, Service
from governance.gateway.statistic_answers import model_body, table_body
from governance.gateway.statistic_questions import CheckedModel, CheckedTable
from governance.ledger import Ledger, ReleaseTaken
from governance.policy import Deidentified
from governance.vocabulary import Asker, Capacity
from governance.warehouse.pool import WorkerAnswer
from governance.warehouse.wire import Step

TRIES = 4
PERSONS = (Unit.STUDENT, Unit.STAFF)
RULE = "Statistics tell of groups, never of fewer persons than may be shown."


@dataclass(frozen=True)
class _Table:
    """The exact rows of a table: those with a value, and all; and the labels of its axes."""

    rows: Contributions
    everybody: Contributions
    levels: list[list[str]]


class Statistics:
    """Tables and models, for any asker."""

    def __init__(self, service: Service, ledger: Ledger, catalog: Catalog) -> None:
        self._service, self._ledger, self._catalog = service, ledger, catalog
        self._audiences: defaultdict[str, Audience] = defaultdict(Audience)

    async def table(self, asker: Asker, checked: CheckedTable) -> dict[str, Any]:
        """The answer's body; raises `GatewayError`."""
        async with self._service.place(asker):
            begun = await self._service.begin(asker, checked.prepared())
            _demand_granted(begun, checked.used)
            is_protected = await self._is_protected(begun, checked)
            rules = rules_for(checked.topic, outside=begun.allowed.capacity is Capacity.STUDY)
            job = replace(checked.job, merge_below=rules.smallest if is_protected else 0)
            if is_protected and checked.is_too_fine:
                await self._withhold(begun, "Discipline and disability are not shown by school, race and sex at once.")
            async with self._service.run(begun, job) as given:
                table = _read(await given.take(), _demand_few(given.about["levels"]))
                if not is_protected:
                    exact = await asyncio.to_thread(exact_table, table.rows, *_of(checked))
                    await self._service.record_outcome(begun, given)
                    return table_body(checked, begun, given, table.levels, exact, None, 0)
                made, before = await self._protected(begun, checked, given, table, rules)
                return table_body(checked, begun, given, table.levels, made, rules, before)

    async def _is_protected(self, begun: Begun, checked: CheckedTable) -> bool:
        """Rows about nobody, and rows that the asker may see by name, are told exactly."""
        if checked.unit not in PERSONS:
            return False
        identifies_nobody = any(isinstance(rule, Deidentified) for rule in begun.allowed.rows.values())
        if identifies_nobody and checked.query.protected is False:
            await self._service.refuse_exact(begun)
        return identifies_nobody or checked.query.protected is True

    async def _protected(
        self, begun: Begun, checked: CheckedTable, given: WorkerAnswer, table: _Table, rules: Rules
    ) -> tuple[Protected, int]:
        statistic, columns = _of(checked)
        question = Question(checked.quantity, checked.unit.value, statistic, columns, rules)
        audience = self._audiences[begun.allowed.audience]
        async with audience.lock:
            for _ in range(TRIES):
                await asyncio.to_thread(audience.catch_up, self._ledger, begun.allowed.audience)
                try:
                    made = await asyncio.to_thread(protect, table.rows, question, audience.told, table.everybody)
                    audience.demand_apart_from_models(made)
                except NotReleased as error:
                    await self._withhold(
                        begun, error.message, error.next_step, audience.labels(error.quantity, error.earlier)
                    )
                before = audience.number
                release = audience.next_release(begun.allowed.audience, begun.answer_id, checked.label, made.said)
                try:
                    await self._service.record_outcome(begun, given, release)
                except ReleaseTaken:
                    continue
                audience.admit(made, checked.label)
                return made, before
        raise unavailable("The same audience is told too much at once just now.")

    async def model(self, asker: Asker, checked: CheckedModel) -> dict[str, Any]:
        """The answer's body; raises `GatewayError`."""
        async with self._service.place(asker):
            begun = await self._service.begin(asker, checked.prepared())
            _demand_granted(begun, checked.used)
            async with self._service.run(begun, checked.job) as given:
                sets = _sets(await given.take())
                if "refused" in given.about:
                    told = given.about["refused"]
                    await self._service.withhold(begun, told["message"], told["rule"], told["next"])
                await self._admit_model(begun, checked, given, sets)
                return model_body(checked, begun, given)

    async def _admit_model(self, begun: Begun, checked: CheckedModel, given: WorkerAnswer, sets: list[Any]) -> None:
        audience = self._audiences[begun.allowed.audience]
        async with audience.lock:
            for _ in range(TRIES):
                await asyncio.to_thread(audience.catch_up, self._ledger, begun.allowed.audience)
                if await asyncio.to_thread(audience.is_near_what_was_told, checked.quantity, sets):
                    await self._withhold(
                        begun,
                        "An earlier answer is about nearly the same persons: both together would tell of the few "
                        "by whom they differ.",
                        "Ask for the population of the earlier answer, or for one that differs by more persons.",
                    )
                said = [sets_of_keys(MODELS + checked.quantity, sets)]
                release = audience.next_release(begun.allowed.audience, begun.answer_id, checked.label, said)
                try:
                    await self._service.record_outcome(begun, given, release)
                except ReleaseTaken:
                    continue
                audience.admit_model(checked, sets)
                return
        raise unavailable("The same audience is told too much at once just now.")

    async def _withhold(
        self, begun: Begun, message: str, next_step: str = "", earlier: tuple[str, ...] = ()
    ) -> NoReturn:
        tables = f" It stands against: {'; '.join(earlier)}." if earlier else ""
        remedy = next_step or "Ask for fewer or coarser dimensions."
        await self._service.withhold(begun, message + tables, RULE, remedy)


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


def _demand_granted(begun: Begun, used: tuple[Step, ...]) -> None:
    """A study's statistics use the columns of its grant, and no other."""
    if all(_is_granted(begun, step) for step in used):
        return
    raise GatewayError(
        ErrorCode.UNKNOWN_COLUMN,
        "A column that is asked for is not part of the grant.",
        "A study has what its grant names.",
        "describe() lists the columns granted.",
    )


def _is_granted(begun: Begun, step: Step) -> bool:
    rule = begun.allowed.rows[step.path[-1]]
    return not isinstance(rule, Deidentified) or rule.columns is None or step.column in rule.columns


def _of(checked: CheckedTable) -> tuple[Any, int]:
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
    return _Table(everybody.only(np.isfinite(values)), everybody, levels)


def _sets(table: pa.Table) -> list[Any]:
    number, person = (table.column(name).to_numpy() for name in ("set", "person"))
    ends = np.flatnonzero(np.diff(number)) + 1
    return np.split(person, ends)
