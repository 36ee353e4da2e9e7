"""Protected models: a regression that leaves only if its numbers are about many persons.

What it adds to what an audience was told before is weighed afterwards, from its `groups` (see `model_weighing`).

The order of the checks matters: what is said of a small population is decided before any outcome is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from governance.disclosure.formulas import Formula, Variable
from governance.disclosure.model_columns import Codes, Flags, Floats, Values, missing_rows, read_numbers, read_variable
from governance.disclosure.model_design import Design, build_design
from governance.disclosure.model_fit import fit_rounded
from governance.disclosure.model_groups import (
    demand_carried,
    demand_outcomes,
    demand_shown_counts,
    demand_uneven,
    determined_groups,
    partitions,
)
from governance.disclosure.model_leverage import demand_nobody_isolated, orthonormal_basis
from governance.disclosure.model_printed import Fit, ModelTerm
from governance.disclosure.model_rules import Family, ModelRefusal, ModelRefused, ModelRules

__all__ = [
    *("Family", "FittedModel", "ModelRefusal", "ModelRefused", "ModelRules", "ModelTerm"),
    "fit_model",
]


@dataclass(frozen=True)
class FittedModel:
    """A model that may leave: `terms`, `fit` and `observations` (rows). The rest stays inside, for the next question.

    `used`: of each row given, whether it was complete and so used. `persons_used`: whom those rows are about, sorted.
    `groups`: sets of used rows, all of them first, whose sum of outcomes follows from the fit (every level, ...), as a
    table of sums would have told it.
    """

    terms: tuple[ModelTerm, ...]
    fit: Fit
    observations: int
    persons_used: NDArray[np.int64]
    used: Flags
    groups: tuple[Flags, ...]


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
    return FittedModel(terms, fit, int(used.sum()), known, used, groups)


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


def _demand_protected_outcomes(
    question: _Question, family: Family, basis: Floats, rules: ModelRules
) -> tuple[Flags, ...]:
    """All rows, and each group of rows whose sum of outcomes follows from the fit; none of them tells of a few."""
    demand_outcomes(question.outcome, question.person, family, rules)
    demand_shown_counts(question.formula, question.values, question.outcome, question.person, rules)
    everything = np.ones(len(question.person), dtype=np.bool_)
    found = {everything.tobytes(): everything}
    groupings = partitions(question.formula, question.values, len(question.person))
    for group, determined in determined_groups(basis, groupings, rules):
        demand_uneven(question.outcome, question.person, group, determined, rules)
        for place in np.flatnonzero(determined):
            members = group == place
            found.setdefault(members.tobytes(), members)
    return tuple(found.values())
