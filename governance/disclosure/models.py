"""Protected models: a regression that leaves only if its numbers are about many persons, whoever asks however often.

The order of the checks matters: what is said of a small population is decided before any outcome is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from governance.disclosure.formulas import Formula, Variable
from governance.disclosure.model_columns import Codes, Flags, Floats, Values, missing_rows, read_numbers, read_variable
from governance.disclosure.model_design import Design, build_design
from governance.disclosure.model_fit import Fit, ModelTerm, fit_rounded
from governance.disclosure.model_groups import (
    demand_carried,
    demand_outcomes,
    demand_uneven,
    determined_groups,
    partitions,
)
from governance.disclosure.model_leverage import demand_nobody_isolated, orthonormal_basis
from governance.disclosure.model_rules import Family, ModelRefusal, ModelRefused, ModelRules

__all__ = [
    *("Family", "FittedModel", "ModelRefusal", "ModelRefused", "ModelRules", "ModelTerm"),
    *("coverage_conflict", "fit_model"),
]


@dataclass(frozen=True)
class FittedModel:
    """A model that may leave: `terms`, `fit` and `observations` (rows). The rest stays inside, for the next question.

    `used`: of each row given, whether it was complete and so used. `persons_used`: whom those rows are about, sorted.
    `groups`: sets of persons, each sorted, whose sum of outcomes follows from the fit (all, every level, ...), as a
    table of sums would have told it.
    """

    terms: tuple[ModelTerm, ...]
    fit: Fit
    observations: int
    persons_used: NDArray[np.int64]
    used: Flags
    groups: tuple[NDArray[np.int64], ...]


@dataclass(frozen=True)
class _Question:
    """Complete rows as a model takes them. `person`: of each row, numbered from 0; `outcome`: the response."""

    formula: Formula
    values: Mapping[Variable, Values]
    design: Design
    outcome: Floats
    person: Codes


def fit_model(
    formula: Formula,
    family: Family,
    columns: Mapping[str, NDArray[Any]],
    persons: NDArray[np.int64],
    rules: ModelRules,
) -> FittedModel:
    """The fitted model, rounded, or `ModelRefused`.

    `columns`: of every column of the formula its values, one a row; missing are None, NaN, NaT or masked. `persons`:
    whom each row is about. Rows that lack a value are left out. Standard errors are classical, and robust to clusters
    of rows of one person where persons repeat.
    """
    used = _complete_rows(formula, columns, persons)
    known, person = np.unique(persons[used], return_inverse=True)
    if len(known) < rules.persons:
        raise ModelRefused(ModelRefusal.FEW_PERSONS, rules)
    complete = {name: columns[name][used] for name in formula.columns}
    question = _read(formula, family, complete, person.astype(np.int64), rules)
    basis, triangle = _demand_protected_design(question, rules)
    groups = _demand_protected_outcomes(question, family, basis, rules)
    terms, fit = fit_rounded(family, question.outcome, question.design, basis, triangle, question.person, rules)
    return FittedModel(terms, fit, int(used.sum()), known, used, tuple(known[members] for members in groups))


def coverage_conflict(
    used: NDArray[np.int64], earlier: Sequence[NDArray[np.int64]], threshold: int = ModelRules.threshold
) -> bool:
    """Whether a set of persons differs from any earlier one by somebody, but by fewer than `threshold`.

    All sorted, without repeats. The difference of two such models is about those few persons.
    """
    return any(0 < _differences(used, before, threshold) < threshold for before in earlier)


def _complete_rows(formula: Formula, columns: Mapping[str, NDArray[Any]], persons: NDArray[np.int64]) -> Flags:
    lengths = {len(columns[name]) for name in formula.columns if name in columns} | {len(persons)}
    if len(lengths) != 1 or any(name not in columns for name in formula.columns):
        raise ValueError("a model takes every column of its formula, one value for each row")
    used = np.ones(len(persons), dtype=np.bool_)
    for name in formula.columns:
        used &= ~missing_rows(columns[name])
    return used


def _read(
    formula: Formula, family: Family, columns: Mapping[str, NDArray[Any]], person: Codes, rules: ModelRules
) -> _Question:
    outcome = read_numbers(formula.response, columns[formula.response.column], rules)
    if family is Family.LOGIT and not np.isin(outcome, (0.0, 1.0)).all():
        raise ModelRefused(ModelRefusal.NOT_BINARY, rules)
    values = {variable: read_variable(variable, columns[variable.column], rules) for variable in formula.variables}
    return _Question(formula, values, build_design(formula, values, len(person), rules), outcome, person)


def _demand_protected_design(question: _Question, rules: ModelRules) -> tuple[Floats, Floats]:
    """Q and R of a design that sets apart nobody, decided without the outcomes."""
    design, person = question.design, question.person
    demand_carried(question.formula, question.values, design, person, rules)
    if int(person.max()) + 1 - len(design.names) < rules.residual_degrees:
        raise ModelRefused(ModelRefusal.FEW_PERSONS, rules)
    basis, triangle = orthonormal_basis(design.matrix, rules)
    demand_nobody_isolated(basis, person, rules)
    return basis, triangle


def _demand_protected_outcomes(question: _Question, family: Family, basis: Floats, rules: ModelRules) -> list[Codes]:
    """Of each group whose sum of outcomes follows from the fit, the persons; none of them tells of a few."""
    demand_outcomes(question.outcome, question.person, family, rules)
    found: dict[bytes, Codes] = {}
    groupings = partitions(question.formula, question.values, len(question.person))
    for group, determined in determined_groups(basis, groupings, rules):
        demand_uneven(question.outcome, question.person, group, determined, rules)
        for place in np.flatnonzero(determined):
            members = np.unique(question.person[group == place])
            found.setdefault(members.tobytes(), members)
    return list(found.values())


def _differences(one: NDArray[np.int64], other: NDArray[np.int64], limit: int) -> int:
    """How many persons are in one of the sets only, counted up to `limit`: both are walked along what they share."""
    i = j = count = 0
    while count < limit:
        length = min(len(one) - i, len(other) - j)
        if length == 0:
            return min(limit, count + len(one) - i + len(other) - j)
        shared = _shared_length(one[i : i + length], other[j : j + length])
        i, j = i + shared, j + shared
        if shared < length:
            first_is_smaller = bool(one[i] < other[j])
            i, j, count = i + first_is_smaller, j + (not first_is_smaller), count + 1
    return count


def _shared_length(one: NDArray[np.int64], other: NDArray[np.int64]) -> int:
    """How long two arrays of one length begin alike, looking at ever larger pieces."""
    start, piece = 0, 64
    while start < len(one):
        different = one[start : start + piece] != other[start : start + piece]
        if different.any():
            return start + int(np.argmax(different))
        start, piece = start + piece, piece * 2
    return len(one)
