"""k-anonymity of persons: columns generalized along hierarchies, and single cells suppressed where that is not enough.

Sources: L. Sweeney (2002), k-anonymity; A. Machanavajjhala et al. (2007), l-diversity (here: distinct l-diversity);
V. Iyengar (2002), Transforming data to satisfy privacy constraints (the general loss metric).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from governance.disclosure.anonymity_classes import Combinations, Counts, Rule, count_combinations, label, total
from governance.disclosure.anonymity_hierarchy import Codes, Hierarchy, Ladder
from governance.disclosure.anonymity_suppression import Suppression, at_least, suppress
from governance.disclosure.lattice import Found, Levels, Price, cheapest

__all__ = ["Anonymized", "Hierarchy", "NotAnonymizable", "anonymize"]

CALL_WORK = 4_000
MOST_WORK = 4_000_000
"""The search ends when pricing nodes took more work than that. Work is counted in combinations, with so many for each
node as pricing the smallest takes; where it ends does not depend on the machine. Some seconds."""

MOST_KEPT = 4_000_000
"""So many combinations of coarser nodes are kept to count others from; beyond it they are counted again."""


class NotAnonymizable(Exception):
    """There is no release of these persons that fulfils the rule, not even one that says nothing of them."""


@dataclass(frozen=True)
class Anonymized:
    """What may be released of the quasi-identifiers, row by row as the persons came.

    `codes`: (persons, columns), the group at the chosen level, or -1 where suppressed; `levels`: the chosen level of
    each column; `suppressed`: the cells suppressed of each column; `k`: the persons of the smallest class, where a
    class is all that share a combination, -1 counted as a value; `diversity`: the fewest different values of a
    sensitive column in a class, None if there is no sensitive column; `loss`: 0 (nothing) to 1 (everything), the
    weighted mean over all cells of (codes in the cell's group - 1) / (codes of the column - 1), 1 where suppressed;
    `proven`: that no node of the lattice loses less. It is False only where so many columns meet so few persons that
    the search reached its limit: then no node next to the chosen one loses less.
    """

    codes: Codes
    levels: tuple[int, ...]
    suppressed: tuple[int, ...]
    k: int
    diversity: int | None
    loss: float
    proven: bool = True


def anonymize(columns: Sequence[Codes], hierarchies: Sequence[Hierarchy], k: int, *, sensitive: Sequence[Codes] = (),
              diversity: int = 1) -> Anonymized:  # fmt: skip
    """Generalize and suppress until every released combination has `k` persons and `diversity` sensitive values.

    `columns`: for each quasi-identifier the persons' codes, (persons,), each below the number of codes of its
    hierarchy; `sensitive`: further columns of codes, which are read, not released.

    What is optimal: a node of the lattice says one level for each column; at each node the cells to suppress follow
    from the procedure in `anonymity_suppression`; of all nodes that one is chosen whose loss, suppression included, is
    smallest (then the fewest suppressed cells, the smallest sum of levels, the lexicographically first levels). The
    procedure itself is greedy: fewest cells are not promised, nor that a larger k loses more (only that the loss is at
    most that of the best release without suppression, which does grow with k). Persons with equal codes are treated
    alike, and the order of the persons does not matter.
    Raises NotAnonymizable where nothing can be released, ValueError for malformed input.
    """
    length = _check(columns, hierarchies, k, sensitive, diversity)
    rule = Rule(k, diversity)
    sizes = [hierarchy.size for hierarchy in hierarchies]
    exact, person = count_combinations(
        [_wide(column) for column in columns], sizes, [_wide(c) for c in sensitive], length
    )
    _demand_possible(exact, rule)
    dearest = max((hierarchy.weight for hierarchy in hierarchies), default=1.0)
    nodes = _Nodes(exact, [Ladder.of(hierarchy, dearest) for hierarchy in hierarchies], rule)
    return nodes.release(cheapest(nodes.losses(), nodes), person)


def _check(columns: Sequence[Codes], hierarchies: Sequence[Hierarchy], k: int, sensitive: Sequence[Codes],
           diversity: int) -> int:  # fmt: skip
    """How many persons there are."""
    if len(columns) != len(hierarchies) or not columns:
        raise ValueError("there is at least one column, and every column has its hierarchy")
    if not all(isinstance(number, int) and number >= 1 for number in (k, diversity)):
        raise ValueError("k and diversity are whole numbers, at least 1")
    if diversity > 1 and not sensitive:
        raise ValueError("diversity is asked of sensitive columns, and there is none")
    if not all(_is_column(column) for column in (*columns, *sensitive)):
        raise ValueError("a column is a one-dimensional array of integer codes")
    if len({len(column) for column in (*columns, *sensitive)}) > 1:
        raise ValueError("all columns are of the same persons")
    if any(column.size and column.min() < 0 for column in (*columns, *sensitive)):
        raise ValueError("codes are not negative; a missing value has a code of its own")
    if any(column.size and column.max() >= h.size for column, h in zip(columns, hierarchies, strict=True)):
        raise ValueError("every code of a column is in its hierarchy")
    return len(columns[0])


def _is_column(column: object) -> bool:
    return isinstance(column, np.ndarray) and column.ndim == 1 and column.dtype.kind == "i"


def _wide(column: Codes) -> Counts:
    return column.astype(np.int64)


def _demand_possible(exact: Combinations, rule: Rule) -> None:
    together = np.zeros(len(exact), np.int64)
    if len(exact) == 0 or not exact.fulfil(rule, together, 1)[0]:
        raise NotAnonymizable("fewer persons, or fewer different sensitive values, than every class must have")


class _Nodes:
    """The lattice over one set of combinations: what each node loses, and what it releases."""

    def __init__(self, exact: Combinations, ladders: Sequence[Ladder], rule: Rule) -> None:
        self.exact = exact
        self.ladders = ladders
        self.rule = rule
        self._kept = {(0,) * len(ladders): exact}
        self._room = MOST_KEPT
        self._work = 0

    @property
    def is_spent(self) -> bool:
        return self._work > MOST_WORK

    def losses(self) -> list[tuple[int, ...]]:
        """What the levels of each column lose by themselves."""
        return [
            ladder.level_losses(total(column, self.exact.persons, len(ladder.groups[0])))
            for ladder, column in zip(self.ladders, self.exact.columns, strict=True)
        ]

    def at_least(self, levels: Levels) -> int:
        classes = self._classes(levels)
        return at_least(classes, self.rule, self._remaining(classes, levels))

    def exactly(self, levels: Levels, ceiling: int | None) -> Price | None:
        classes = self._classes(levels)
        self._work += CALL_WORK + len(classes)
        found = suppress(classes, self.rule, self._remaining(classes, levels), ceiling)
        return None if found is None else Price(found.loss, int((classes.persons @ found.cells).sum()))

    def _classes(self, levels: Levels) -> Combinations:
        """Counted from the node one step finer, of those that are kept, which has the fewest combinations."""
        if levels in self._kept:
            return self._kept[levels]
        below = [(*levels[:number], level - 1, *levels[number + 1 :]) for number, level in enumerate(levels)]
        finer = [fine for fine in below if fine in self._kept]
        source = min(finer, key=lambda fine: (len(self._kept[fine]), fine), default=(0,) * len(levels))
        counted, _ = self._coarsened(source, levels)
        self._room -= len(counted)
        if self._room > 0:
            self._kept[levels] = counted
        return counted

    def _coarsened(self, fine: Levels, coarse: Levels) -> tuple[Combinations, Counts]:
        source = self._kept[fine]
        steps = [ladder.step(a, b) for ladder, a, b in zip(self.ladders, fine, coarse, strict=True)]
        columns = [step[column] for step, column in zip(steps, source.columns, strict=True)]
        radices = [len(ladder.names[level]) for ladder, level in zip(self.ladders, coarse, strict=True)]
        return source.grouped(columns, radices)

    def _remaining(self, classes: Combinations, levels: Levels) -> Counts:
        return np.column_stack([
            (ladder.whole - ladder.losses[level])[column]
            for ladder, level, column in zip(self.ladders, levels, classes.columns, strict=True)
        ])  # fmt: skip

    def release(self, found: Found, person: Counts) -> Anonymized:
        """The release at the node found; `person` says which exact combination each person has."""
        levels = found.levels
        classes, place = self._coarsened((0,) * len(levels), levels)
        suppression = suppress(classes, self.rule, self._remaining(classes, levels))
        if suppression is None:
            raise NotAnonymizable("no cells were found that could be suppressed")
        faces = self._faces(classes, levels, suppression)
        fewest, diversity = self._judge(classes, faces)
        persons = classes.persons @ suppression.cells
        return Anonymized(
            codes=faces[place[person]],
            levels=levels,
            suppressed=tuple(int(count) for count in persons),
            k=fewest,
            diversity=diversity,
            loss=self._loss(levels, suppression),
            proven=found.proven,
        )

    def _faces(self, classes: Combinations, levels: Levels, suppression: Suppression) -> Codes:
        named = [ladder.names[level][column] for ladder, level, column in
                 zip(self.ladders, levels, classes.columns, strict=True)]  # fmt: skip
        faces: Codes = np.where(suppression.cells, np.int32(-1), np.column_stack(named))
        return faces

    def _judge(self, classes: Combinations, faces: Codes) -> tuple[int, int | None]:
        """Count what is about to be released: the rule holds, or nothing is."""
        columns = [column.astype(np.int64) + 1 for column in faces.T]
        labels, number = label(columns, [int(column.max()) + 1 for column in columns], len(classes))
        if not np.all(classes.fulfil(self.rule, labels, number)):
            raise NotAnonymizable("the release did not fulfil its rule, and was stopped")
        values = [np.bincount(pairs.grouped(labels).combination, minlength=number) for pairs in classes.sensitive]
        fewest = min((int(count.min()) for count in values), default=None)
        return int(total(labels, classes.persons, number).min()), fewest

    def _loss(self, levels: Levels, suppression: Suppression) -> float:
        own = sum(loss[level] for loss, level in zip(self.losses(), levels, strict=True))
        everything = int(self.exact.persons.sum()) * sum(ladder.whole for ladder in self.ladders)
        return (own + suppression.loss) / everything
