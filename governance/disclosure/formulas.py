"""A model's formula, as data. A small language of its own: what it cannot say cannot be asked, and nothing is run.

formula   = variable "~" sum
sum       = ["-" | "+"] summand {("+" | "-") summand}       only "1" may be taken away: it is the intercept
summand   = "0" | "1" | product
product   = chain {"*" chain}                               a*b means a + b + a:b
chain     = variable {":" variable}
variable  = column | "C" "(" column ")" | transform "(" column ")"
"""

from __future__ import annotations

import enum
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_LENGTH = 500
MAX_TERMS = 30
MAX_ORDER = 3

_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z_][A-Za-z0-9_]{0,99})|(?P<number>[0-9]+)|(?P<sign>[-+:*~()]))", re.ASCII)


class FormulaRefused(Exception):
    """A formula that is not read further; says what is not allowed, and never repeats what was written."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(f"{message} {next_step}")
        self.message = message
        self.next_step = next_step


class Transform(enum.StrEnum):
    """What may be done to a column before it enters a model."""

    LOG = "log"
    SQRT = "sqrt"
    SQUARE = "square"
    CENTER = "center"
    STANDARDIZE = "standardize"


@dataclass(frozen=True)
class Variable:
    """A column as it enters a model: as it is, transformed, or as a factor (a group for each of its values)."""

    column: str
    transform: Transform | None = None
    factor: bool = False

    def __post_init__(self) -> None:
        if not self.column.isidentifier() or (self.factor and self.transform is not None):
            raise ValueError("a variable is one column, either transformed or a factor")

    def __str__(self) -> str:
        function = "C" if self.factor else self.transform
        return f"{function}({self.column})" if function else self.column


@dataclass(frozen=True)
class Term:
    """One variable, or the interaction of two or three different ones."""

    variables: tuple[Variable, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(set(self.variables)) == len(self.variables) <= MAX_ORDER:
            raise ValueError("a term has one to three different variables")

    def __str__(self) -> str:
        return ":".join(map(str, self.variables))


@dataclass(frozen=True)
class Formula:
    """What is explained, by what, and whether there is an intercept."""

    response: Variable
    terms: tuple[Term, ...]
    intercept: bool

    def __post_init__(self) -> None:
        sets = [frozenset(term.variables) for term in self.terms]
        if self.response.factor or len(set(sets)) != len(sets) or not (self.terms or self.intercept):
            raise ValueError("a formula explains a number by something, each term named once")

    def __str__(self) -> str:
        parts = [*map(str, self.terms)] or ["1"]
        return f"{self.response} ~ {' + '.join(parts)}{'' if self.intercept else ' - 1'}"

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Every variable of the terms, in order of appearance."""
        return tuple(dict.fromkeys(variable for term in self.terms for variable in term.variables))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column, the response's first, in order of appearance."""
        return tuple(dict.fromkeys((self.response.column, *(variable.column for variable in self.variables))))


def parse_formula(text: str) -> Formula:
    """The formula behind `text`, or `FormulaRefused`."""
    parser = _Parser(_tokens(text))
    response = parser.variable()
    parser.demand("~", "A formula has one ~, with the response before it.")
    terms, intercept = parser.sum()
    parser.demand_end()
    return _checked(response, terms, intercept)


def _tokens(text: str) -> list[str]:
    if not isinstance(text, str) or not text.strip():
        raise FormulaRefused("A formula is a text that is not empty.", _EXAMPLE)
    if len(text) > MAX_LENGTH:
        raise FormulaRefused(f"A formula has at most {MAX_LENGTH} characters.", "Ask for fewer regressors at a time.")
    tokens: list[str] = []
    place, text = 0, text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise FormulaRefused("The formula holds something that formulas here are not made of.", _GRAMMAR)
        tokens.append(match[match.lastgroup or 0])
        place = match.end()
    return tokens


def _checked(response: Variable, terms: Iterable[Term], intercept: bool) -> Formula:
    once = {frozenset(term.variables): term for term in reversed(list(terms))}
    kept = tuple(reversed(once.values()))
    if len(kept) > MAX_TERMS:
        raise FormulaRefused(f"A formula has at most {MAX_TERMS} terms.", "Leave some regressors out.")
    if response.factor:
        raise FormulaRefused("The response is a number, not a factor.", "Write C() around regressors only.")
    if not kept and not intercept:
        raise FormulaRefused("The formula has no regressor and no intercept.", _EXAMPLE)
    if any(variable.column == response.column for term in kept for variable in term.variables):
        raise FormulaRefused("The response is also a regressor.", "Take it out of the right side.")
    return Formula(response, kept, intercept)


class _Parser:
    """Reads tokens from left to right. No rule calls itself, so that no nesting can exhaust anything."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._place = 0

    def sum(self) -> tuple[list[Term], bool]:
        terms: list[Term] = []
        intercept = True
        sign: str | None = self._take("-", "+") or "+"
        while sign is not None:
            number = self._take("0", "1")
            if number is not None:
                intercept = (number == "1") == (sign == "+")
            elif sign == "-":
                raise FormulaRefused("Only 1, the intercept, can be taken away.", "Leave the regressor out instead.")
            else:
                terms += self._product()
            sign = self._take("-", "+")
        return terms, intercept

    def variable(self) -> Variable:
        word = self._word()
        if not self._take("("):
            return Variable(word)
        if word != "C" and word not in tuple(Transform):
            raise FormulaRefused("The formula calls a function that is not on the list of allowed ones.", _FUNCTIONS)
        column = self._word()
        self.demand(")", "A function is given one column and nothing else.")
        return Variable(column, factor=True) if word == "C" else Variable(column, Transform(word))

    def demand(self, sign: str, message: str) -> None:
        if not self._take(sign):
            raise FormulaRefused(message, _EXAMPLE)

    def demand_end(self) -> None:
        if self._place < len(self._tokens):
            raise FormulaRefused("The formula goes on where it should end.", _GRAMMAR)

    def _product(self) -> list[Term]:
        chains = [self._chain()]
        while self._take("*"):
            chains.append(self._chain())
            if len(chains) > MAX_ORDER:
                raise _too_many_factors()
        subsets = (some for size in range(1, len(chains) + 1) for some in itertools.combinations(chains, size))
        return [_interaction(variable for chain in some for variable in chain) for some in subsets]

    def _chain(self) -> list[Variable]:
        chain = [self.variable()]
        while self._take(":"):
            chain.append(self.variable())
        return chain

    def _word(self) -> str:
        token = self._tokens[self._place] if self._place < len(self._tokens) else ""
        if not token.isidentifier():
            raise FormulaRefused("The formula lacks a column where one is expected.", _GRAMMAR)
        self._place += 1
        return token

    def _take(self, *signs: str) -> str | None:
        """The next token, if it is one of these."""
        if self._place < len(self._tokens) and self._tokens[self._place] in signs:
            self._place += 1
            return self._tokens[self._place - 1]
        return None


def _interaction(variables: Iterable[Variable]) -> Term:
    different = tuple(dict.fromkeys(variables))
    if len(different) > MAX_ORDER:
        raise _too_many_factors()
    return Term(different)


def _too_many_factors() -> FormulaRefused:
    return FormulaRefused(f"An interaction has at most {MAX_ORDER} variables.", "Ask for interactions of fewer.")


_EXAMPLE = "Write a formula such as: score ~ attendance_rate + C(grade_level)."
_FUNCTIONS = f"Allowed are C, {', '.join(Transform)}, each with one column."
_GRAMMAR = (
    "Formulas are made of columns, C(column), +, - 1, a:b, a*b and " + ", ".join(f"{t}()" for t in Transform) + "."
)
