"""From a formula's terms to the columns of its design matrix, by treatment coding.

A factor has a column for each of its levels but the commonest, which is the reference; and for each of its levels,
where the rest of its term is not in the model (Chambers and Hastie, Statistical Models in S, chapter 2).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import assert_never

import numpy as np

from governance.disclosure.formulas import Formula, Term, Variable
from governance.disclosure.model_columns import Floats, Levels, Numbers, Values
from governance.disclosure.model_rules import ModelRefusal, ModelRefused, ModelRules

INTERCEPT = "Intercept"


@dataclass(frozen=True)
class Design:
    """`matrix`: rows x columns; of each column its name, and the part of the formula that it comes from."""

    matrix: Floats
    names: tuple[str, ...]
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.matrix.shape[1:] != (len(self.names),) or len(self.names) != len(self.sources):
            raise ValueError("every column of a design has a name and a source")

    @cached_property
    def has_constant(self) -> bool:
        """Whether the columns add up to one for every row: an intercept, or every level of a factor."""
        if INTERCEPT in self.names:
            return True
        rows = np.ones(len(self.matrix))
        near, *_ = np.linalg.lstsq(self.matrix, rows)
        return bool(np.allclose(self.matrix @ near, rows))


@dataclass(frozen=True)
class _Piece:
    """One variable's share in one column: the number itself, or a level's indicator."""

    name: str
    values: Values
    level: int | None = None

    def column(self) -> Floats:
        match self.values:
            case Numbers(values=values):
                return values
            case Levels(codes=codes):
                return np.asarray(codes == self.level, dtype=np.float64)
            case _:
                assert_never(self.values)


def build_design(formula: Formula, values: Mapping[Variable, Values], rows: int, rules: ModelRules) -> Design:
    """The design matrix, the intercept first and interactions last, or `ModelRefused` if it is too wide."""
    coded = [(term, _pieces(term, values, whole)) for term, whole in _codings(formula, values)]
    width = formula.intercept + sum(math.prod(map(len, pieces)) for _, pieces in coded)
    if width > rules.columns:
        raise ModelRefused(ModelRefusal.MANY_COLUMNS, rules)
    matrix = np.ones((rows, width), order="F")
    names, sources = [INTERCEPT] * formula.intercept, [INTERCEPT] * formula.intercept
    for term, pieces in coded:
        for combination in itertools.product(*pieces):
            for piece in combination:
                matrix[:, len(names)] *= piece.column()
            names.append(":".join(piece.name for piece in combination))
            sources.append(str(term))
    return Design(matrix, tuple(names), tuple(sources))


def _codings(formula: Formula, values: Mapping[Variable, Values]) -> Iterator[tuple[Term, set[Variable]]]:
    """Every term, lower orders first, and its factors that get a column for each of their levels."""
    in_model: set[frozenset[Variable]] = {frozenset(term.variables) for term in formula.terms}
    if formula.intercept:
        in_model.add(frozenset())
    for term in sorted(formula.terms, key=lambda term: len(term.variables)):
        variables = frozenset(term.variables)
        whole = {
            variable
            for variable in term.variables
            if isinstance(values[variable], Levels) and variables - {variable} not in in_model
        }
        # With all its levels a factor spans what the term is without it.
        in_model |= {variables - {variable} for variable in whole}
        yield term, whole


def _pieces(term: Term, values: Mapping[Variable, Values], whole: set[Variable]) -> list[list[_Piece]]:
    return [_pieces_of(variable, values[variable], variable in whole) for variable in term.variables]


def _pieces_of(variable: Variable, values: Values, whole: bool) -> list[_Piece]:
    match values:
        case Numbers():
            return [_Piece(str(variable), values)]
        case Levels(codes=codes, names=names):
            reference = None if whole else int(np.argmax(np.bincount(codes, minlength=len(names))))
            return [
                _Piece(f"{variable}[{name}]", values, level) for level, name in enumerate(names) if level != reference
            ]
        case _:
            assert_never(values)
