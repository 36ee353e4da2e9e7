"""What one audience was told, kept ready in memory and caught up from the ledger: the ledger is what counts."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from pyroaring import FrozenBitMap

from governance.disclosure.knowledge import Knowledge, Told
from governance.disclosure.models import coverage_conflict
from governance.disclosure.released import Protected, stands_in_the_way
from governance.disclosure.said import Said, decode, encode
from governance.gateway.statistic_questions import CheckedModel
from governance.ledger import Ledger, StatisticRelease

MODELS = "model:"


class Audience:
    """`number`: releases known so far. Everything here is used under `lock`."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.number = 0
        self.told = Told()
        self._models: defaultdict[str, list[Any]] = defaultdict(list)
        self._labels: defaultdict[str, list[str]] = defaultdict(list)

    def catch_up(self, ledger: Ledger, name: str) -> None:
        """Take in what was recorded since: after a start all of it, else what another gateway answered."""
        for release in ledger.studies.releases(name, self.number):
            for said in decode(release.statements):
                if said.quantity.startswith(MODELS):
                    models = self._models[said.quantity.removeprefix(MODELS)]
                    models += [said.units[np.asarray(each.to_array())] for each in said.sets]
                else:
                    self._labels[said.quantity].append(release.label)
                    self._take(said)
            self.number = release.number

    def _take(self, said: Said) -> None:
        """Amounts are not recorded: for counts they are known, of measures the least is taken to be possible."""
        known = self.told.of(said.quantity)
        known.admit(known.draft(said, np.full(len(said.units), 1.0 if said.counts else 0.0)))

    def labels(self, quantity: str, answers: frozenset[int]) -> tuple[str, ...]:
        """What those answers were, in the catalog's words, each once."""
        told = self._labels[quantity]
        return tuple(dict.fromkeys(told[answer] for answer in sorted(answers)))[:3]

    def next_release(self, name: str, answer_id: str, label: str, said: Sequence[Said]) -> StatisticRelease:
        return StatisticRelease(name, self.number + 1, answer_id, label, encode(said))

    def admit(self, made: Protected, label: str) -> None:
        made.admit(self.told)
        for said in made.said:
            self._labels[said.quantity].append(label)
        self.number += 1

    def is_near_what_was_told(self, quantity: str, sets: list[Any]) -> bool:
        """Whether a set of persons of a model is nearly one of an earlier model, or table, of the same outcome."""
        before = [*self._models[quantity], *_persons_behind(self.told.of(quantity))]
        return any(coverage_conflict(each, before) for each in sets)

    def demand_apart_from_models(self, made: Protected) -> None:
        """That no cell of a measure is about nearly the persons of a model of it: their difference would be a value."""
        said = made.draft.said
        models = self._models[said.quantity]
        shown = (each for each, is_shown in zip(said.sets, said.printed, strict=True) if is_shown)
        if models and any(coverage_conflict(_persons(said.persons, each), models) for each in shown):
            raise stands_in_the_way(frozenset(), said.quantity)

    def admit_model(self, checked: CheckedModel, sets: list[Any]) -> None:
        self._models[checked.quantity] += sets
        self.number += 1


def _persons_behind(known: Knowledge) -> list[Any]:
    """Whom each printed group of a measure is about."""
    return [_persons(known.persons, units) for units in known.printed]


def _persons(persons: Any, units: FrozenBitMap) -> Any:
    return np.unique(persons[np.asarray(units.to_array(), dtype=np.int64)])
