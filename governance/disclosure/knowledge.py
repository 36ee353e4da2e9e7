"""All that one audience was told about one quantity, and what a further answer would add to it.

Units are cut into atoms: units that no statement tells apart. What was said is a set of equations over atoms. Three
things are kept up to date, so that the thousandth answer is weighed as quickly as the first: the atoms, a basis of
the equations, and worlds: other amounts that agree with all that was printed, two of which keep each secret open. A
new answer only has to find worlds in place of those that it rules out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from pyroaring import BitMap, FrozenBitMap

from governance.disclosure.implied import MAX_ATOMS, Equations
from governance.disclosure.said import Ints, Said, sets_of
from governance.disclosure.worlds import World

Floats = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]
FOLLOWS = 1e-7
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass
class Knowledge:
    """What was said, in order. Changed by `admit` alone, with a draft made from its present state.

    `printed`: groups whose totals are known, and the answer that first said so; `smallest`: the fewest persons that
    were shown under the rules by which each was printed. `secrets`: groups that are not shown, and how wide the
    interval of their totals must remain (0: it only must not be printed). `marks`: what the marks of
    such groups say of their totals. `worlds` keep the secrets open for who reads the numbers, `doubts` for who also
    reads the marks. `equations`: all that was printed; `lenient`: of each threshold below the strictest, what was
    printed under rules that show groups of that many persons.
    """

    quantity: str
    keys: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    persons: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    hashes: Hashes = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    amounts: Floats = field(default_factory=lambda: np.empty(0))
    printed: dict[FrozenBitMap, int] = field(default_factory=dict)
    smallest: dict[FrozenBitMap, int] = field(default_factory=dict)
    secrets: dict[FrozenBitMap, float] = field(default_factory=dict)
    marks: dict[FrozenBitMap, tuple[float, float]] = field(default_factory=dict)
    worlds: tuple[World, ...] = ()
    doubts: tuple[World, ...] = ()
    equations: Equations = field(default_factory=Equations.none)
    lenient: dict[int, Equations] = field(default_factory=dict)
    atom_of: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    answers: int = 0
    _order: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def place(self, units: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """The place of each unit, new ones behind those known; and which are new."""
        if len(self._order) == 0:
            return np.arange(len(units), dtype=np.int64), np.ones(len(units), dtype=bool)
        at = np.minimum(np.searchsorted(self.keys, units, sorter=self._order), len(self._order) - 1)
        places = self._order[at].astype(np.int64)
        new = self.keys[places] != units
        places[new] = len(self.keys) + np.arange(int(new.sum()))
        return places, new

    def draft(self, said: Said, amounts: Floats) -> Draft:
        """What the answer would cut and say. `amounts`: of each unit of `said`, as the measure has it."""
        return Draft(self, said, amounts)

    def admit(self, draft: Draft, worlds: tuple[World, ...] = (), doubts: tuple[World, ...] = ()) -> None:
        """The answer was given and recorded: it is known from now on."""
        said = draft.said
        # What may fail comes first: nothing is half admitted.
        equations = draft.equations(said.printed) if draft.exact else Equations.none()
        lenient = draft.lenient(said.printed) if draft.exact else {}
        marks, order = draft.marks(), np.argsort(draft.keys, kind="stable")
        self.keys, self.persons, self._order = draft.keys, draft.persons, order
        self.hashes, self.amounts, self.atom_of = draft.hashes, draft.amounts, draft.atom_of
        self.equations, self.lenient, self.marks = equations, lenient, marks
        for at, units in enumerate(draft.sets):
            if said.printed[at]:
                self.printed.setdefault(units, self.answers)
                self.smallest[units] = min(said.smallest, self.smallest.get(units, said.smallest))
            else:
                self.secrets[units] = max(float(said.width[at]), self.secrets.get(units, 0.0))
        self.worlds, self.doubts = worlds, doubts
        self.answers += 1


class Told:
    """All that one audience was told, of every quantity."""

    def __init__(self) -> None:
        self._known: dict[str, Knowledge] = {}

    def of(self, quantity: str) -> Knowledge:
        return self._known.setdefault(quantity, Knowledge(quantity))


class Draft:
    """A further answer, seen together with all that was said before; nothing of it is admitted yet.

    `sets`: its statements as places of units. `atoms`: one unit that stands for each atom; `weights`: units in each;
    `crowd`: distinct persons in each. `groups`: statements × atoms, 0/1, of this answer.
    """

    def __init__(self, known: Knowledge, said: Said, amounts: Floats) -> None:
        self.known, self.said = known, said
        places, new = known.place(said.units)
        self.keys = np.concatenate([known.keys, said.units[new]])
        self.persons = np.concatenate([known.persons, said.persons[new]])
        self.amounts = np.concatenate([known.amounts, np.zeros(int(new.sum()))])
        self.amounts[places] = amounts
        member = said.member()
        renamed = sp.csr_array(
            (member.data, places[member.indices], member.indptr), shape=(member.shape[0], len(self.keys))
        )
        renamed.sort_indices()
        self.sets = sets_of(renamed)
        self.hashes = np.concatenate([known.hashes, np.zeros(int(new.sum()), dtype=np.uint64)])
        self.hashes[places] = _mix(self.hashes[places], _signatures(member, known.answers))
        self._cut(renamed, places)

    def _cut(self, renamed: sp.csr_array, places: Ints) -> None:
        known = self.known
        told = np.concatenate([known.atom_of >= 0, np.zeros(len(self.keys) - len(known.keys), dtype=bool)])
        told[places] = True
        mentioned = np.flatnonzero(told)
        _, first, inverse, counts = np.unique(
            self.hashes[mentioned], return_index=True, return_inverse=True, return_counts=True
        )
        self.atoms = mentioned[first]
        self.weights = counts.astype(np.float64)
        self.atom_of = np.full(len(self.keys), -1, dtype=np.int64)
        self.atom_of[mentioned] = inverse
        self.crowd = _crowds(inverse, self.persons[mentioned], len(self.atoms))
        totals = np.bincount(inverse, self.amounts[mentioned], minlength=len(self.atoms))
        self.totals: Floats = np.asarray(totals, dtype=np.float64)
        self.parent = np.full(len(self.atoms), -1, dtype=np.int64)
        old = self.atoms < len(known.keys)
        self.parent[old] = known.atom_of[self.atoms[old]]
        self.groups = sp.csr_array(renamed[:, self.atoms])

    @property
    def most_units(self) -> int:
        """The most units that one person has: 1 where units are persons."""
        return int(self.units_of_persons[0]) if len(self.units_of_persons) else 1

    @cached_property
    def units_of_persons(self) -> Ints:
        """How many units each person has, the most first."""
        return np.sort(np.unique(self.persons, return_counts=True)[1])[::-1].astype(np.int64)

    def smallest_of(self, units: FrozenBitMap) -> int:
        """The fewest persons that are shown under the rules by which the group was, or would be, printed."""
        own = self.said.smallest if units in self._own else self.known.smallest[units]
        return min(own, self.known.smallest.get(units, own))

    @cached_property
    def _own(self) -> frozenset[FrozenBitMap]:
        return frozenset(self.sets)

    @cached_property
    def strictest(self) -> int:
        """The largest of the smallest numbers of persons that any of the rules shows."""
        return max(self.said.smallest, *self.known.smallest.values(), 0)

    @property
    def exact(self) -> bool:
        """Whether the atoms are few enough for the equations to be kept."""
        return len(self.atoms) <= MAX_ATOMS

    def equations(self, printed: npt.NDArray[np.bool_]) -> Equations:
        """All that was printed, this answer's `printed` statements included."""
        return self._with_own(self.known.equations, printed)

    def lenient(self, printed: npt.NDArray[np.bool_]) -> dict[int, Equations]:
        """Of each threshold below the strictest: all that was printed under rules at least as lenient."""
        thresholds = set(self.known.smallest.values())
        found: dict[int, Equations] = {}
        for persons in sorted({*thresholds, self.said.smallest} - {self.strictest}):
            below = [threshold for threshold in thresholds if threshold <= persons]
            if not below:
                known = Equations.none()
            elif len(below) == len(thresholds):
                known = self.known.equations
            else:
                known = self.known.lenient[max(below)]
            found[persons] = self._with_own(known, printed) if self.said.smallest <= persons else known.cut(self.parent)
        return found

    def _with_own(self, known: Equations, printed: npt.NDArray[np.bool_]) -> Equations:
        shown = np.flatnonzero(printed)
        before = known.cut(self.parent)
        return before.also(self.groups[shown].toarray(), self.weights) if len(shown) else before

    def marks(self) -> dict[FrozenBitMap, tuple[float, float]]:
        """What is said by marks of groups that are not printed, earlier marks of the same groups included."""
        marks = dict(self.known.marks)
        for at in np.flatnonzero(~self.said.printed & (self.said.low > -np.inf)):
            low, high = marks.get(self.sets[at], (-np.inf, np.inf))
            marks[self.sets[at]] = max(low, float(self.said.low[at])), min(high, float(self.said.high[at]))
        return marks

    def known_before(self) -> npt.NDArray[np.bool_]:
        """Which of this answer's groups were printed, or follow from what was: not to print them hides nothing."""
        printed = np.array([units in self.known.printed for units in self.sets], dtype=bool)
        if not self.exact or not len(self.known.equations.rows):
            return printed
        changes = self.known.equations.cut(self.parent).changes(self.weights)
        moved = np.abs(self.groups @ changes.T).max(axis=1)
        sizes = np.array([len(units) for units in self.sets])
        return np.asarray(printed | (moved < FOLLOWS * np.maximum(sizes, 1)))

    def all_printed(self, printed: npt.NDArray[np.bool_]) -> Iterator[FrozenBitMap]:
        yield from self.known.printed
        yield from (units for units, shown in zip(self.sets, printed, strict=True) if shown)

    def units_of(self, groups: Iterable[Ints]) -> list[FrozenBitMap]:
        """All units of each group of atoms."""
        mentioned = np.flatnonzero(self.atom_of >= 0)
        order = mentioned[np.argsort(self.atom_of[mentioned], kind="stable")]
        ends = np.cumsum(self.weights).astype(np.int64)
        parts = np.split(order, ends[:-1])
        return [
            FrozenBitMap(np.sort(np.concatenate([parts[at] for at in group])).astype(np.uint32)) for group in groups
        ]

    def over_atoms(self, sets: Iterable[FrozenBitMap | BitMap], atoms: Ints) -> sp.csr_array:
        """Sets × the given atoms, 0/1."""
        standing = FrozenBitMap(self.atoms[atoms].astype(np.uint32))
        column = np.full(len(self.keys), -1, dtype=np.int64)
        column[self.atoms[atoms]] = np.arange(len(atoms))
        parts = [column[np.asarray((each & standing).to_array(), dtype=np.int64)] for each in sets]
        ends = np.cumsum([0, *map(len, parts)])
        flat = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        return sp.csr_array((np.ones(len(flat)), flat, ends), shape=(len(parts), len(atoms)))


def _signatures(member: sp.csr_array, answer: int) -> Hashes:
    """For each unit, a hash of the sets it is in. Of no two answers alike: a unit that only the first speaks of is not
    one that only the second does."""
    words = np.random.default_rng((20261124, answer)).integers(1, 2**63, size=member.shape[0], dtype=np.uint64)
    by_unit = member.tocsc()
    by_unit.sort_indices()
    sums = np.zeros(member.shape[1], dtype=np.uint64)
    filled = np.diff(by_unit.indptr) > 0
    if filled.any():
        sums[filled] = np.add.reduceat(words[by_unit.indices], by_unit.indptr[:-1][filled])
    return sums


def _mix(before: Hashes, added: Hashes) -> Hashes:
    mixed = (before * np.uint64(3) + added + np.uint64(1)) * _GOLDEN
    return np.asarray(mixed ^ (mixed >> np.uint64(29)))


def _crowds(atom: Ints, persons: Ints, count: int) -> Ints:
    """Distinct persons in each atom."""
    if len(np.unique(persons)) == len(persons):
        return np.bincount(atom, minlength=count).astype(np.int64)
    whom, codes = np.unique(persons, return_inverse=True)
    pairs = np.unique(atom * np.int64(len(whom)) + codes)
    return np.bincount(pairs // len(whom), minlength=count).astype(np.int64)
