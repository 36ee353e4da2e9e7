"""What somebody can work out who was shown many protected tables, and keeps them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tests.attack.program import NEGLIGIBLE, System, Vector, distinct_rows, ranges
from tests.attack.small_groups import determined_groups

COUNT = "students"
ANYTHING = (-np.inf, np.inf)
# A small group's total counts as known if its ends lie within a tenth of it, up or down (the p % rule at 10).
CLOSE = 0.2


@dataclass(frozen=True)
class Statement:
    """One place of a printed table, as somebody knows it who holds the raw rows.

    persons   whom it is about; `measure` is what is added up over them (by default, they are counted)
    printed   the least and the most that what was printed leaves open; a number has both alike; None is a star
    per       where what was printed is a mean, a rate or a percent: of whom
    width     how far apart the values have to remain that could stand behind the star
    told      what the star itself tells to one who knows the rules, and the width that is left to that reader
    """

    persons: frozenset[int]
    printed: tuple[float, float] | None
    measure: str = COUNT
    per: frozenset[int] | None = None
    width: float = 0.0
    told: tuple[float, float] = ANYTHING
    told_width: float = 0.0
    name: str = ""

    @property
    def exact(self) -> bool:
        return self.printed is not None and self.printed[1] - self.printed[0] <= NEGLIGIBLE


@dataclass(frozen=True)
class Find:
    """Something worked out: `low`..`high` is what it can be."""

    what: str
    low: float
    high: float
    persons: frozenset[int] = field(repr=False)


@dataclass(frozen=True)
class Findings:
    """What an attack came to. `stars` were attacked, in `readers` ways."""

    stars: int
    recovered: tuple[Find, ...]
    narrow: tuple[Find, ...]
    implied: tuple[Find, ...]

    @property
    def nothing(self) -> bool:
        return not (self.recovered or self.narrow or self.implied)


@dataclass(frozen=True)
class Measure:
    """A number that each person has, and what is publicly known of anybody's (a scale's ends, whole numbers)."""

    amounts: Mapping[int, float]
    least: float = -np.inf
    most: float = np.inf
    whole: bool = False


def attack(
    statements: Sequence[Statement],
    threshold: int,
    measures: Mapping[str, Measure] | None = None,
    *,
    reads_marks: bool = False,
    whole: bool = False,
) -> Findings:
    """Everything that follows from the statements together.

    `threshold`: a group of fewer persons is small. `reads_marks`: the attacker also uses what a star tells.
    `whole`: uses that persons come in whole numbers, for stars that are not yet known to be safe (slow).
    """
    if not statements:
        return Findings(0, (), (), ())
    known = _Knowledge(_worked_out(statements, measures or {}), measures or {})
    system = known.system(reads_marks)
    stars = [place for place, statement in enumerate(known.statements) if statement.printed is None]
    targets = known.amounts[stars]
    promised = [known.statements[place] for place in stars]
    enough = np.array([(one.told_width if reads_marks else one.width) for one in promised], dtype=float)
    # Two whole numbers lie within any two ends that are 2 apart: a search that ends before that has not shown both.
    span = ranges(system, targets, np.maximum(enough, 2.0) - NEGLIGIBLE, whole=whole)
    found = [Find(one.name, low, high, one.persons) for one, (low, high) in zip(promised, span, strict=True)]
    widths = span[:, 1] - span[:, 0]
    exactly = np.array([bool(one.persons) for one in promised], dtype=bool) & (
        (widths < NEGLIGIBLE * 10) | _one_whole_number(promised, span)
    )
    narrowly = ~exactly & (widths < enough - NEGLIGIBLE)
    return Findings(
        len(stars),
        tuple(find for find, yes in zip(found, exactly, strict=True) if yes),
        tuple(find for find, yes in zip(found, narrowly, strict=True) if yes),
        tuple(_implied(known, system, threshold)),
    )


def _one_whole_number(stars: Sequence[Statement], span: Vector) -> NDArray[np.bool_]:
    """Persons come in whole numbers: where a single one lies between the ends, it is known."""
    counts = np.array([star.measure == COUNT for star in stars], dtype=bool)
    fits = np.floor(span[:, 1] + NEGLIGIBLE) - np.ceil(span[:, 0] - NEGLIGIBLE) < 0.5
    return counts & fits


def _worked_out(statements: Sequence[Statement], measures: Mapping[str, Measure]) -> list[Statement]:
    """A mean times its n, a percent times its denominator: where the n was printed, the total follows."""
    sizes = {one.persons: one.printed[0] for one in statements if one.exact and one.measure == COUNT and not one.per}
    return [_multiplied(one, sizes, one.measure == COUNT or measures[one.measure].whole) for one in statements]


def _multiplied(one: Statement, sizes: Mapping[frozenset[int], float], whole: bool) -> Statement:
    if one.per is None or one.printed is None or one.per not in sizes:
        return one
    low, high = (end * sizes[one.per] for end in one.printed)
    if whole:
        low, high = float(ceil(low - NEGLIGIBLE)), float(floor(high + NEGLIGIBLE))
    return Statement(one.persons, (low, high), one.measure, name=one.name)


class _Knowledge:
    """The statements over atoms: persons whom no statement tells apart. One block of unknowns for each measure."""

    def __init__(self, statements: Sequence[Statement], measures: Mapping[str, Measure]) -> None:
        self.statements, self.measures = statements, measures
        self.blocks = {name: place for place, name in enumerate((COUNT, *measures))}
        sets = [one.persons for one in statements] + [one.per or frozenset() for one in statements]
        self._members, self.atoms = _cut_into_atoms(sets)
        self.sizes = np.array([len(atom) for atom in self.atoms], dtype=np.int64)
        self.truth = np.concatenate([self._truth(name) for name in self.blocks])
        self.amounts = sparse.csr_array(sparse.vstack([self._row(place) for place in range(len(statements))]))

    def _truth(self, name: str) -> Vector:
        if name == COUNT:
            return self.sizes.astype(float)
        amounts = self.measures[name].amounts
        return np.array([sum(amounts.get(person, 0.0) for person in atom) for atom in self.atoms], dtype=float)

    def _row(self, place: int) -> sparse.csr_array:
        return self._placed(place, self.statements[place].measure)

    def _heads(self, place: int) -> sparse.csr_array:
        return self._placed(len(self.statements) + place, COUNT)

    def _placed(self, place: int, measure: str) -> sparse.csr_array:
        """The atoms of a set, in the block of a measure."""
        unknowns = len(self.atoms) * len(self.blocks)
        columns = self._members[place] + len(self.atoms) * self.blocks[measure]
        data = (np.ones(len(columns)), (np.zeros(len(columns), dtype=int), columns))
        return sparse.csr_array(data, shape=(1, unknowns))

    def system(self, reads_marks: bool) -> System:
        rows = [row for place in range(len(self.statements)) for row in self._told(place, reads_marks)]
        rows += [row for name in self.measures for row in self._scale(name)]
        matrices, low, high = zip(*rows, strict=True)
        count, rest = len(self.atoms), len(self.atoms) * len(self.measures)
        least = np.concatenate([np.zeros(count), np.full(rest, -np.inf)])
        matrix = sparse.csr_array(sparse.vstack(matrices))
        return System(matrix, np.array(low), np.array(high), least, np.full(count + rest, np.inf), self.truth)

    def _told(self, place: int, reads_marks: bool) -> list[tuple[sparse.csr_array, float, float]]:
        """What one statement tells, as rows with their bounds."""
        one, row = self.statements[place], self.amounts[[place]]
        if one.printed is None:
            return [(row, *one.told)] if reads_marks and one.told != ANYTHING else []
        if one.per is None:
            return [(row, *one.printed)]
        low, high = one.printed
        return [(row - low * self._heads(place), 0.0, np.inf), (row - high * self._heads(place), -np.inf, 0.0)]

    def _scale(self, name: str) -> list[tuple[sparse.csr_array, float, float]]:
        """Nobody's number lies outside of the measure's scale."""
        measure, count, start = self.measures[name], len(self.atoms), len(self.atoms) * self.blocks[name]
        heads = sparse.eye_array(count, len(self.truth), format="csr")
        sums = sparse.eye_array(count, len(self.truth), k=start, format="csr")
        rows = []
        for end, low, high in ((measure.least, 0.0, np.inf), (measure.most, -np.inf, 0.0)):
            if np.isfinite(end):
                rows += [(sums[[atom]] - end * heads[[atom]], low, high) for atom in range(count)]
        return rows

    def known_rows(self, measure: str) -> sparse.csr_array:
        """The statements of a measure that are known, statements × atoms: exactly, or a mean's total to rounding."""
        start = len(self.atoms) * self.blocks[measure]
        known = [
            place
            for place, one in enumerate(self.statements)
            if one.measure == measure and one.per is None and (one.exact or (measure != COUNT and one.printed))
        ]
        return distinct_rows(self.amounts[known][:, start : start + len(self.atoms)])


def _cut_into_atoms(sets: Sequence[frozenset[int]]) -> tuple[list[NDArray[np.intp]], list[list[int]]]:
    """The atoms that each set consists of, and the persons in each atom."""
    persons = sorted(frozenset().union(*sets))
    place = {person: number for number, person in enumerate(persons)}
    inside = np.zeros((len(sets), len(persons)), dtype=bool)
    for number, members in enumerate(sets):
        inside[number, [place[person] for person in members]] = True
    signatures, atom_of = np.unique(np.packbits(inside, axis=0), axis=1, return_inverse=True)
    members_of = np.zeros((len(sets), signatures.shape[1]), dtype=bool)
    members_of[:, atom_of] = inside
    atoms: list[list[int]] = [[] for _ in range(signatures.shape[1])]
    for person, atom in zip(persons, atom_of, strict=True):
        atoms[atom].append(person)
    return [np.flatnonzero(row) for row in members_of], atoms


def _implied(known: _Knowledge, system: System, threshold: int) -> list[Find]:
    """Small groups whose size, or whose total of a measure, follows from what was printed."""
    finds = []
    for measure in known.blocks:
        for group in determined_groups(known.known_rows(measure), known.sizes, threshold):
            target = np.zeros(len(known.truth))
            target[group + len(known.atoms) * known.blocks[measure]] = 1.0
            span = _span(system, target, follows_exactly=measure == COUNT)
            if span[1] - span[0] <= CLOSE * abs(span.mean()) + NEGLIGIBLE:
                persons = frozenset(person for atom in group for person in known.atoms[atom])
                finds.append(Find(measure, span[0], span[1], persons))
    return finds


def _span(system: System, target: Vector, *, follows_exactly: bool) -> Vector:
    if follows_exactly:
        assert system.truth is not None
        return np.repeat(target @ system.truth, 2)
    return ranges(system, sparse.csr_array(target[None, :]), np.array([np.inf]))[0]
