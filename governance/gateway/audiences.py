"""What one audience was told, kept ready in memory and caught up from the ledger: the ledger is what counts."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from governance.disclosure.knowledge import Told
from governance.disclosure.said import Said, decode, encode
from governance.ledger import Ledger, StatisticRelease


class Releasable(Protocol):
    """A table, or a model, that was found safe: what it says, and how it becomes known."""

    @property
    def said(self) -> tuple[Said, ...]: ...

    def admit(self, told: Told) -> None: ...


class Audience:
    """`number`: releases known so far. Everything here is used under `lock`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = asyncio.Lock()
        self._forget()

    def _forget(self) -> None:
        self.number = 0
        self.told = Told()
        self._labels: defaultdict[str, list[str]] = defaultdict(list)

    def catch_up(self, ledger: Ledger) -> None:
        """Take in what was recorded since: after a start all of it, else what another gateway answered."""
        with self._wholly():
            for release in ledger.studies.releases(self.name, self.number):
                for said in decode(release.statements):
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

    def next_release(self, answer_id: str, label: str, said: Sequence[Said]) -> StatisticRelease:
        return StatisticRelease(self.name, self.number + 1, answer_id, label, encode(said))

    def admit(self, made: Releasable, label: str) -> None:
        """It was recorded, and will be shown."""
        with self._wholly():
            made.admit(self.told)
            for said in made.said:
                self._labels[said.quantity].append(label)
            self.number += 1

    @contextlib.contextmanager
    def _wholly(self) -> Iterator[None]:
        """What is only half known is forgotten, and caught up with the next time."""
        try:
            yield
        except BaseException:
            self._forget()
            raise
