"""Who carries what: persons behind values, levels and combinations, and the outcomes within groups of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from governance.disclosure.formulas import Formula, Variable
from governance.disclosure.model_columns import Codes, Flags, Floats, Levels, Numbers, Values
from governance.disclosure.model_design import Design
from governance.disclosure.model_rules import Family, ModelRefusal, ModelRefused, ModelRules

# A number with at most so many values may be a factor in disguise.
FEW_VALUES = 60


def codes_of(values: Values) -> Codes | None:
    """The value each row has, as a code; None for a number with many values."""
    if isinstance(values, Levels):
        return values.codes
    distinct, codes = np.unique(values.values, return_inverse=True)
    return codes.astype(np.int64) if len(distinct) <= FEW_VALUES else None


def joint_codes(codes: Sequence[Codes], rows: int) -> Codes:
    """The combination of values each row has, numbered from 0 without gaps."""
    joint = np.zeros(rows, dtype=np.int64)
    for one in codes:
        joint = np.unique(joint * (one.max(initial=0) + 1) + one, return_inverse=True)[1].astype(np.int64)
    return joint


def persons_in(group: Codes, person: Codes) -> Codes:
    """Of each group of rows, how many persons it is about. `person`: of each row, numbered from 0."""
    count = int(group.max(initial=-1)) + 1
    people = int(person.max(initial=0)) + 1
    return np.bincount(np.unique(group * people + person) // people, minlength=count).astype(np.int64)


def demand_carried(
    formula: Formula, values: Mapping[Variable, Values], design: Design, person: Codes, rules: ModelRules
) -> None:
    """Refuses levels, combinations of levels, and columns of the design, that set apart too few persons."""
    for term in formula.terms:
        factors = [codes for one in term.variables if (codes := _sides(values[one])) is not None]
        if factors and not _all_cells_carried(factors, person, rules):
            raise ModelRefused(ModelRefusal.FEW_CARRY, rules, term)
    with_numbers = {
        str(term) for term in formula.terms if any(isinstance(values[one], Numbers) for one in term.variables)
    }
    for place, source in enumerate(design.sources):
        if source in with_numbers and not _column_carried(design.matrix[:, place], person, rules):
            raise ModelRefused(ModelRefusal.FEW_CARRY, rules, source)


def _sides(values: Values) -> Codes | None:
    """Codes of a factor, or of a number that has two values only, which is one in disguise."""
    codes = codes_of(values)
    return codes if codes is not None and (isinstance(values, Levels) or codes.max(initial=0) <= 1) else None


def _all_cells_carried(factors: Sequence[Codes], person: Codes, rules: ModelRules) -> bool:
    cells = joint_codes(factors, len(person))
    possible = int(np.prod([one.max() + 1 for one in factors]))
    carried = persons_in(cells, person)
    # A combination that nobody has is refused like one that few have, so that none can be told from few.
    return 1 < possible == len(carried) and bool(carried.min() >= rules.threshold)


def _column_carried(column: Floats, person: Codes, rules: ModelRules) -> bool:
    distinct, codes, rows = np.unique(column, return_inverse=True, return_counts=True)
    away = (codes != np.argmax(rows)).astype(np.int64)
    sides = persons_in(away, person)
    # A number with three values and more may be another for everybody.
    return len(sides) == 2 and bool(sides[1] >= rules.threshold and (len(distinct) > 2 or sides[0] >= rules.threshold))


def partitions(formula: Formula, values: Mapping[Variable, Values], rows: int) -> Iterator[Codes]:
    """Groupings of the rows whose sums a fit may give away: all, each variable, each term, all variables at once."""
    few = {variable: codes for variable in formula.variables if (codes := codes_of(values[variable])) is not None}
    sets = [frozenset(term.variables).intersection(few) for term in formula.terms]
    singles = [frozenset({variable}) for variable in few]
    whole = [frozenset(few)] if len(few) == len(formula.variables) else []
    for chosen in dict.fromkeys([frozenset[Variable](), *singles, *sets, *whole]):
        yield joint_codes([few[variable] for variable in chosen], rows)


def determined_groups(basis: Floats, groupings: Iterable[Codes], rules: ModelRules) -> Iterator[tuple[Codes, Flags]]:
    """Of each grouping, the groups whose sum of outcomes follows from the fit, nearly or exactly.

    `basis`: rows x columns, orthonormal, spanning the design. A sum follows as far as its group's indicator lies in
    that span: its projection's square over the group's size is 1 if it does.
    """
    for group in groupings:
        size = np.bincount(group)
        sums = np.stack([np.bincount(group, weights=column) for column in basis.T], axis=1)
        determined = np.square(sums).sum(axis=1) / size >= rules.group_share
        if determined.any():
            yield group, determined


def demand_outcomes(outcome: Floats, person: Codes, family: Family, rules: ModelRules) -> None:
    """Refuses a response that hardly varies among all; of a logit, one with too few persons on either side."""
    everybody = np.zeros(len(outcome), dtype=np.int64)
    demand_uneven(outcome, person, everybody, np.ones(1, dtype=np.bool_), rules)
    if family is Family.LOGIT and persons_in((outcome > 0).astype(np.int64), person).min() < rules.threshold:
        raise ModelRefused(ModelRefusal.EVEN_OUTCOMES, rules)


def demand_shown_counts(
    formula: Formula, values: Mapping[Variable, Values], outcome: Floats, person: Codes, rules: ModelRules
) -> None:
    """Of an outcome of two values, a fit by levels tells how many have it: in every level, and combination of levels,
    it is had, and lacked, by nobody or by as many as a count shows."""
    if len(np.unique(outcome)) != 2:
        return
    high = outcome == outcome.max()
    for group in _groupings_by_levels(formula, values, len(person)):
        for side in (high, ~high):
            persons = persons_in(group[side], person[side])
            if np.any((persons > 0) & (persons < rules.outcomes)):
                raise ModelRefused(ModelRefusal.EVEN_OUTCOMES, rules)


def _groupings_by_levels(formula: Formula, values: Mapping[Variable, Values], rows: int) -> Iterator[Codes]:
    sides = {variable: codes for variable in formula.variables if (codes := _sides(values[variable])) is not None}
    together = [frozenset(term.variables).intersection(sides) for term in formula.terms]
    for chosen in dict.fromkeys([*(frozenset({variable}) for variable in sides), *together]):
        yield joint_codes([sides[variable] for variable in chosen], rows)


def demand_uneven(outcome: Floats, person: Codes, group: Codes, determined: Flags, rules: ModelRules) -> None:
    """Refuses groups whose sum follows from the fit and says what one or a few persons' outcome is."""
    uneven = _persons_off_commonest(outcome, person, group) >= rules.outcomes
    shared = _share_of_two(outcome, person, group) < rules.dominant_two
    if not np.all((uneven & shared)[determined]):
        raise ModelRefused(ModelRefusal.EVEN_OUTCOMES, rules)


def _persons_off_commonest(outcome: Floats, person: Codes, group: Codes) -> Codes:
    """Of each group, how many persons have an outcome that is not the commonest of the group's rows."""
    kinds, kind = np.unique(outcome, return_inverse=True)
    pairs, pair, rows = np.unique(group * len(kinds) + kind, return_inverse=True, return_counts=True)
    by_size = np.lexsort((rows, pairs // len(kinds)))
    # Of each group the last in that order; groups are numbered without gaps.
    last = np.flatnonzero(np.diff(pairs[by_size] // len(kinds), append=-1))
    off = pair != by_size[last][group]
    counts = persons_in(group[off], person[off])
    return np.pad(counts, (0, int(group.max()) + 1 - len(counts)))


def _share_of_two(outcome: Floats, person: Codes, group: Codes) -> Floats:
    """Of each group, the two largest persons' part in the sum of its outcomes' sizes; 1 if that sum is 0."""
    people = int(person.max()) + 1
    cells, cell = np.unique(group * people + person, return_inverse=True)
    parts = np.bincount(cell, weights=np.abs(outcome))
    owner = cells // people
    order = np.lexsort((-parts, owner))
    rank = np.arange(len(order)) - np.searchsorted(owner[order], owner[order])
    total = np.bincount(owner, weights=parts)
    two = np.bincount(owner[order], weights=np.where(rank < 2, parts[order], 0.0))
    return np.divide(two, total, out=np.ones_like(total), where=total > 0)
