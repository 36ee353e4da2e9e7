"""From the exact rows of a question to a table that may be shown to an audience, or to the reason why none may.

The only maker of protected tables: compute → primary rules → the fewest further cells → the attack on everything the
audience was told, this table included → withhold what it blames, and again. A table that no round makes safe is
not released at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from pyroaring import BitMap

from governance.disclosure.cells import (
    Contributions,
    Floats,
    count_cells,
    distinct_columns,
    families,
    members,
    sums_of_units,
)
from governance.disclosure.complementary import NotProtectable, choose_complement
from governance.disclosure.knowledge import Draft, Told
from governance.disclosure.primary import Mask, rows_of_percents, too_small
from governance.disclosure.printed import print_cells, shown_by
from governance.disclosure.readers import IN_DOUBT
from governance.disclosure.released import COARSER, NOTHING_TO_SHOW, NotReleased, Protected, Question, stands_in_the_way
from governance.disclosure.rules import Reason
from governance.disclosure.said import Said, sets_of
from governance.disclosure.sizes import counts_behind, hidden_for_sizes
from governance.disclosure.statements import Attacker, Statements
from governance.disclosure.together import Together, together
from governance.disclosure.weighed import Measure, Weighed
from governance.disclosure.weighing import weigh
from governance.vocabulary import Statistic

ROUNDS = 6
SECONDS = 0.2
TINY = 1e-9

# Asked for when more is hidden, so that one whole number is left on one side at least.
ASKED_DOUBT = 2 * IN_DOUBT
SIZED = (Statistic.SUM, Statistic.MEAN, Statistic.RATE)
# More takes minutes to weigh, and nobody reads it.
MAX_PROTECTED_CELLS = 5_000


def protect(given: Contributions, question: Question, told: Told) -> Protected:
    """The protected table, or `NotReleased`. `told` is not changed. `given`: the rows that have a value.

    Several means give back how many persons are behind each, and rates how many of them: so a measure is shown only
    where those counts could be, and the counts count as told.
    """
    if len(np.unique(given.persons[given.inside])) < question.rules.smallest:
        raise NotReleased(NOTHING_TO_SHOW, COARSER)
    if np.prod([size + 1.0 for size in given.sizes]) > MAX_PROTECTED_CELLS:
        raise NotReleased(f"A protected table has at most {MAX_PROTECTED_CELLS:,} cells, totals included.", COARSER)
    try:
        if question.statistic not in SIZED:
            return _Protection(given, question, told).table()
        sizes = _Protection(counts_behind(given, question.statistic), _about_sizes(question), told).table()
        kept = hidden_for_sizes(given, question, sizes.reasons)
        return replace(_Protection(given, question, told, kept).table(), sizes=sizes)
    except (ArithmeticError, np.linalg.LinAlgError):
        # A program that was not solved has shown nothing to be safe.
        raise stands_in_the_way(frozenset(), question.quantity) from None


def _about_sizes(question: Question) -> Question:
    return replace(question, quantity=question.counted, statistic=Statistic.COUNT)


class _Protection:
    """One question against one audience. Cells that hold nobody are no statements: they are known to be empty."""

    def __init__(
        self, given: Contributions, question: Question, told: Told, kept: tuple[Reason | None, ...] = ()
    ) -> None:
        inside = given.only(given.inside)
        self.question, self.rules = question, question.rules
        self.cells = count_cells(given)
        self.shown = shown_by(given, self.cells, question.statistic, question.columns)
        self.additive = question.statistic is not Statistic.MEDIAN
        self.known = told.of(question.quantity)
        self.filled = np.flatnonzero(self.cells.rows > 0)
        self._gather(given, inside)
        self.primary = too_small(self.cells, self.shown, question.statistic, self.rules)[self.filled]
        # Cells of which the mark itself says that they are few.
        self.few = self.primary & self.counts & (self.cells.persons[self.filled] < self.rules.smallest)
        self.leaves_out_few = self._leaves_out_few(given)
        self.kept = [kept[place] if kept else None for place in self.filled]
        rows = rows_of_percents(self.cells.shape, question.statistic, question.columns)
        self.row_of, self.wholes = (each[self.filled] for each in rows)

    def _gather(self, given: Contributions, inside: Contributions) -> None:
        units, first = np.unique(inside.units, return_index=True)
        member = sp.csr_array(members(given, units)[self.filled])
        amounts = np.ones(len(units)) if self.counts else sums_of_units(inside, units)
        said = Said.of_printed(
            self.question.quantity,
            units,
            inside.persons[first],
            sets_of(member),
            self.rules.smallest,
            families(self.cells, self.filled),
        )
        self.said, self.amounts = said, amounts
        self.scale = 1.0 if self.counts else max(float(np.abs(inside.values).mean()), 1e-9)
        low, high = (0.0, 1.0) if self.counts else (float(given.values.min()), float(given.values.max()))
        self.measure = Measure(
            self.rules.smallest, self.counts, self.rules.open_width * self.scale, min(low, 0.0), max(high, 0.0)
        )
        self.draft = self.known.draft(said, amounts)
        self.known_before = self.draft.known_before()

    @property
    def counts(self) -> bool:
        return self.question.statistic in (Statistic.COUNT, Statistic.PERCENT)

    def _leaves_out_few(self, given: Contributions) -> Mask:
        """Groups that are nearly everybody who could have been in them: they tell who is not."""
        outside = replace(given, inside=~given.inside)
        if not outside.inside.any():
            return np.zeros(len(self.filled), dtype=bool)
        everybody = count_cells(replace(given, inside=np.ones(len(given.inside), dtype=bool)))
        left_out = (everybody.persons - self.cells.persons)[self.filled]
        return np.asarray((left_out > 0) & (left_out < self.rules.smallest))

    # -- rounds ------------------------------------------------------------------------------------------------

    def table(self) -> Protected:
        withheld = self._told_to_keep()
        secrets = self.primary | withheld
        hidden = self._hide(secrets)
        earlier: frozenset[int] = frozenset()
        for _ in range(ROUNDS):
            draft = self._with_widths(hidden)
            weighed = weigh(draft, ~hidden, self.measure)
            if weighed.is_safe:
                return self._released(draft, hidden, withheld, weighed)
            earlier |= self._answers_about(weighed)
            more = self._hide_more(hidden, weighed, earlier)
            withheld |= more & ~hidden
            hidden = hidden | more
        raise stands_in_the_way(earlier, self.question.quantity)

    def _told_to_keep(self) -> Mask:
        """Cells that were suppressed before: what was withheld from an audience is not shown to it later."""
        known = self.known
        kept = np.array([units in known.secrets and units not in known.printed for units in self.draft.sets])
        kept |= self.leaves_out_few | np.array([reason is not None for reason in self.kept])
        # Percents of a whole give it back: where it is not to be told, none of its parts is.
        hidden_wholes = (kept | self.primary) & self.wholes
        return np.asarray(kept | np.isin(self.row_of, self.row_of[hidden_wholes]))

    def _hide(self, secrets: Mask) -> Mask:
        """The cells that are not printed: the secrets, and the fewest that keep them open, by the table alone."""
        if not secrets.any() or not self.additive:
            return secrets
        statements, values = self._statements()
        try:
            found = choose_complement(
                statements, secrets, self._candidates(secrets), self._attackers(secrets), np.abs(values)
            )
        except NotProtectable:
            raise stands_in_the_way(frozenset(), self.question.quantity) from None
        return np.asarray(found.suppressed)

    def _hide_more(self, hidden: Mask, weighed: Weighed, earlier: frozenset[int]) -> Mask:
        """What else must not be printed, so that all hazards remain open, given everything told before."""
        forced = hidden.copy()
        forced[list(weighed.clashing)] = True
        if not self.additive or any(self.known_before[at] for at in weighed.clashing):
            raise stands_in_the_way(earlier, self.question.quantity)
        if not weighed.hazards:
            return forced
        problem = together(self.draft, weighed.hazards, self.measure)
        none, groups = np.zeros(problem.before, dtype=bool), np.ones(len(problem.low), dtype=bool)
        extra = np.concatenate([forced, none, groups])
        candidates = np.concatenate([self._candidates(forced), none, ~groups])
        width = np.zeros(len(extra))
        width[: len(hidden)] = np.where(forced, self._widths, 0.0)
        begin = len(hidden) + problem.before
        width[begin : begin + len(problem.widths)] = problem.widths
        readers = self._readers(extra, width, problem)
        statements = problem.statements
        try:
            found = choose_complement(
                statements, extra, candidates, readers, np.abs(statements.values), seconds=SECONDS
            )
        except NotProtectable:
            raise stands_in_the_way(earlier, self.question.quantity) from None
        return np.asarray(found.suppressed[: len(hidden)])

    def _candidates(self, hidden: Mask) -> Mask:
        free = ~hidden & ~self.known_before & (np.abs(self.cells.amounts[self.filled]) > TINY)
        return np.asarray(free & ~self.wholes)

    def _answers_about(self, weighed: Weighed) -> frozenset[int]:
        """The earlier answers that speak of the groups at stake."""
        stake = BitMap.union(BitMap(), *weighed.hazards, *(self.draft.sets[at] for at in weighed.clashing))
        return frozenset(answer for units, answer in self.known.printed.items() if not units.isdisjoint(stake))

    def _statements(self) -> tuple[Statements, Floats]:
        """The table by itself, over the atoms that it makes."""
        by_unit = self.said.member().tocsc()
        by_unit.sort_indices()
        atoms, atom_of = distinct_columns(by_unit)
        amounts = np.asarray(np.bincount(atom_of, self.amounts, minlength=len(atoms)), dtype=np.float64)
        weights = np.bincount(atom_of, minlength=len(atoms)).astype(np.float64)
        high = np.full(len(atoms), np.inf) if self.counts else np.maximum(weights * self.measure.high, amounts)
        low = np.minimum(weights * self.measure.low, amounts)
        statements = Statements(sp.csr_array(by_unit[:, atoms]), amounts, low, high)
        return statements, statements.values

    @property
    def _marks(self) -> tuple[Floats, Floats]:
        """What each cell's mark would say of a count: primary is few, and all others are not. A percent that is not
        shown because its whole is small says nothing."""
        smallest = float(self.rules.smallest)
        low, high = np.where(self.few, 1.0, smallest), np.where(self.few, smallest - 1.0, np.inf)
        silent = self.primary & ~self.few
        return np.where(silent, -np.inf, low), np.where(silent, np.inf, high)

    @property
    def _widths(self) -> Floats:
        """How much must remain open of each cell, if it is a secret."""
        return np.array([self.measure.width_of(len(units)) for units in self.draft.sets])

    def _attackers(self, targets: Mask) -> list[Callable[[Mask], Attacker]]:
        """Who reads the numbers; and, of counts, who also reads the marks: primary is few, complementary is not."""
        open_ended = np.full(len(targets), np.inf)
        readers: list[Callable[[Mask], Attacker]] = [
            lambda _hidden: Attacker(-open_ended, open_ended, np.where(targets, self._widths, 0.0))
        ]
        if self.counts:
            low, high = self._marks
            readers.append(lambda _hidden: Attacker(low, high, np.where(self.few, IN_DOUBT, 0.0)))
        return readers

    def _readers(self, hidden: Mask, width: Floats, problem: Together) -> list[Callable[[Mask], Attacker]]:
        """The same two, of this answer together with all before: whoever reads marks too is left in doubt."""
        ends = np.full(len(hidden), np.inf)
        numbers = Attacker(-ends, ends, width)
        if not self.counts:
            return [lambda _hidden: numbers]
        low, high = self._marks
        filler = np.full(problem.before, np.inf)
        believed = np.concatenate([low, -filler, problem.low]), np.concatenate([high, filler, problem.high])
        room = np.minimum(believed[1] - believed[0], ASKED_DOUBT)
        marks = Attacker(*believed, np.where(hidden & (width > 0), room, 0.0))
        return [lambda _hidden: numbers, lambda _hidden: marks]

    def _with_widths(self, hidden: Mask) -> Draft:
        """The draft of what would be said: everything hidden must remain open, whatever it is hidden for."""
        ends, says = np.full(len(hidden), np.inf), hidden & self.counts
        low, high = (np.where(says, mark, end) for mark, end in zip(self._marks, (-ends, ends), strict=True))
        width = np.where(hidden & self.additive, self._widths, 0.0)
        self.draft.said = replace(self.said, printed=~hidden, width=width, low=low, high=high)
        return self.draft

    # -- what is shown -----------------------------------------------------------------------------------------

    def _released(self, draft: Draft, hidden: Mask, differencing: Mask, weighed: Weighed) -> Protected:
        if hidden.all():
            raise NotReleased(NOTHING_TO_SHOW, COARSER)
        grid: list[Reason | None] = [None] * self.cells.size
        for at, place in enumerate(self.filled.tolist()):
            if hidden[at]:
                grid[place] = self._why(at, differencing)
        asked = self.question
        texts, values = print_cells(self.cells, self.shown, asked.statistic, asked.columns, self.rules, grid)
        return Protected(self.cells.shape, values, tuple(texts), tuple(grid), draft, weighed)

    def _why(self, at: int, differencing: Mask) -> Reason:
        if self.primary[at] or self.kept[at] is Reason.PRIMARY:
            return Reason.PRIMARY
        return Reason.DIFFERENCING if differencing[at] else Reason.COMPLEMENTARY
