"""From the exact numbers of a fit to those that may be seen.

How many rows are behind a model, or a level of it, is a count like any other, and so is how many have an outcome of
two values: neither may follow. So the rows are counted in tens (N), what a level weighs is given in steps of about a
tenth, estimates are no finer than what one row's outcome moves them, and errors follow from these rounded numbers, not
from the exact ones. All else is computed from what is printed. What cannot be (the likelihoods of a logit) is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, assert_never

import numpy as np
from scipy import special, stats

from governance.disclosure.model_columns import Codes, Floats
from governance.disclosure.model_design import Design
from governance.disclosure.model_rules import Family, ModelRefusal, ModelRefused, ModelRules

CONFIDENCE = 0.95
# Of shares, what is smaller is rounding; of counts, shares of explained variation are counts themselves.
FINEST_SHARE = 1e-4
FINEST_SHARE_OF_COUNTS = 1e-2
SHARE_DIGITS = 2
ERROR_DIGITS = 3
PIECE = 1 << 16
# An estimate is rounded to what so many rows' outcomes move it: then as many rows as N may stand for can be behind it.
ROWS = 1.5
# The preferred numbers of IEC 60063 (E24): each about a tenth larger than the one before.
STEPS = np.array(
    [
        *(1.0, 1.1, 1.2, 1.3, 1.5, 1.6, 1.8, 2.0, 2.2, 2.4, 2.7, 3.0),
        *(3.3, 3.6, 3.9, 4.3, 4.7, 5.1, 5.6, 6.2, 6.8, 7.5, 8.2, 9.1, 10.0),
    ]
)

Fit = dict[str, float | str]


@dataclass(frozen=True)
class ModelTerm:
    """One coefficient, rounded. `low` and `high`: its 95 % confidence interval. All in units of the response."""

    name: str
    estimate: float
    std_error: float
    statistic: float
    p_value: float
    low: float
    high: float


@dataclass(frozen=True)
class Exact:
    """A fit that nobody may see. `columns`: what was fitted, `back`: from its coefficients to those of the design;
    `person`: of each row; `result`: statsmodels'."""

    family: Family
    outcome: Floats
    design: Design
    columns: Floats
    back: Floats
    person: Codes
    result: Any

    @cached_property
    def is_clustered(self) -> bool:
        return int(self.person.max()) + 1 < len(self.person)

    @cached_property
    def share(self) -> float:
        """How many rows there are for each one of those that are told of: about one."""
        return len(self.outcome) / in_tens(len(self.outcome))

    @cached_property
    def degrees(self) -> int:
        """Residual degrees of freedom, of which every model has ten at least, rounded down to tens."""
        exact = int(self.person.max()) if self.is_clustered else len(self.outcome) - len(self.design.names)
        return max(exact // 10, 1) * 10

    @cached_property
    def is_of_counts(self) -> bool:
        """Whether an outcome of two values is explained by levels alone: then all of it is counts of persons."""
        return len(np.unique(self.outcome)) == 2 and bool(np.isin(self.design.matrix, (0.0, 1.0)).all())


def print_fit(exact: Exact, rules: ModelRules) -> tuple[tuple[ModelTerm, ...], Fit]:
    """Coefficients and fit, rounded, or `ModelRefused` if an error is none."""
    errors = np.sqrt(_diagonal(exact.back, exact.result.cov_params()))
    if not np.all((errors > 0) & np.isfinite(errors)):
        raise ModelRefused(ModelRefusal.REPRODUCED, rules)
    finest = np.maximum(errors / 100, ROWS * _moved_by_one_row(exact))
    estimates = np.array(
        [
            to_digits(to_grid(float(value), float(grid)), rules.digits)
            for value, grid in zip(exact.back @ exact.result.params, finest, strict=True)
        ]
    )
    spread = _spread(exact, estimates) if exact.family is Family.OLS else math.nan
    degrees = math.inf if exact.family is Family.LOGIT else float(exact.degrees)
    terms = tuple(
        _term(name, float(estimate), to_digits(float(error), ERROR_DIGITS), degrees, rules)
        for name, estimate, error in zip(
            exact.design.names, estimates, _errors(exact, errors, estimates, spread), strict=True
        )
    )
    return terms, _fit_statistics(exact, spread)


def _term(name: str, estimate: float, error: float, degrees: float, rules: ModelRules) -> ModelTerm:
    """Everything follows from the printed estimate and error, so that nothing else tells more of them."""
    statistic = estimate / error
    reach = error * float(stats.t.ppf((1 + CONFIDENCE) / 2, degrees))
    return ModelTerm(
        name=name,
        estimate=estimate,
        std_error=error,
        statistic=to_digits(statistic, rules.digits),
        p_value=to_digits(2 * float(stats.t.sf(abs(statistic), degrees)), rules.digits),
        low=to_digits(estimate - reach, rules.digits),
        high=to_digits(estimate + reach, rules.digits),
    )


def _moved_by_one_row(exact: Exact) -> Floats:
    """By how much each estimate changes, at the most, if one of N rows has the next outcome that there is."""
    likely = None if exact.family is Family.OLS else special.expit(exact.result.fittedvalues)
    solved = np.linalg.solve(_curvature(exact.columns, likely), exact.back.T)
    # Some rows at a time: all at once would take as much room as the design again.
    pieces = (exact.columns[start : start + PIECE] for start in range(0, len(exact.columns), PIECE))
    reach = np.max([np.abs(piece @ solved).max(axis=0) for piece in pieces], axis=0)
    change = float(np.diff(np.unique(exact.outcome)).min(initial=np.inf))
    return to_steps(reach * exact.share) * change


def _curvature(columns: Floats, likely: Floats | None) -> Floats:
    """Of the sum of squares, or of a logit's likelihood at the probabilities `likely`."""
    weights = np.ones(len(columns)) if likely is None else likely * (1 - likely)
    return np.asarray((columns * weights[:, None]).T @ columns, dtype=np.float64)


def _diagonal(back: Floats, covariance: Any) -> Floats:
    return np.asarray(np.einsum("ij,jk,ik->i", back, covariance, back), dtype=np.float64)


def _spread(exact: Exact, estimates: Floats) -> float:
    """The residual standard error. Of counts: as it follows from the printed estimates."""
    fitted = exact.design.matrix @ estimates
    left = float((fitted * (1 - fitted)).mean()) if exact.is_of_counts and np.ptp(exact.outcome) == 1 else 0.0
    if left <= 0 or not exact.design.has_constant:
        return float(to_steps(np.sqrt(exact.result.scale)))
    return float(to_steps(np.sqrt(left * (1 + len(exact.design.names) / exact.degrees))))


def _errors(exact: Exact, errors: Floats, estimates: Floats, spread: float) -> Floats:
    """The standard errors, as if there were N rows: of classical ones what follows from numbers in steps."""
    match exact.family:
        case _ if exact.is_clustered:
            return to_steps(errors * math.sqrt(exact.share))
        case Family.OLS:
            inverse = np.linalg.inv(_curvature(exact.columns, None))
            return spread * to_steps(np.sqrt(_diagonal(exact.back, inverse) * exact.share))
        case Family.LOGIT if exact.is_of_counts:
            likely = special.expit(exact.design.matrix @ estimates)
            inverse = np.linalg.inv(_curvature(exact.columns, likely))
            return to_steps(np.sqrt(_diagonal(exact.back, inverse) * exact.share))
        case Family.LOGIT:
            return to_steps(errors * math.sqrt(exact.share))
        case _:
            assert_never(exact.family)


def _fit_statistics(exact: Exact, spread: float) -> Fit:
    match exact.family:
        case Family.OLS:
            found = _linear_fit(exact, spread)
        case Family.LOGIT:
            found = {"pseudo_r_squared": _share(exact, float(1 - exact.result.llf / exact.result.llnull))}
        case _:
            assert_never(exact.family)
    kept: Fit = {name: value for name, value in found.items() if math.isfinite(value)}
    return kept | {"standard_errors": "cluster-robust by person" if exact.is_clustered else "classical"}


def _linear_fit(exact: Exact, spread: float) -> dict[str, float]:
    explained = _share(exact, float(exact.result.rsquared))
    terms = len(exact.design.names) - exact.design.has_constant
    left = (1 - explained) / exact.degrees
    told = {
        "r_squared": explained,
        "adjusted_r_squared": _share(exact, 1 - left * (exact.degrees + terms)),
        "residual_standard_error": spread,
    }
    # Of counts, and where next to nothing is left, what is printed is too coarse for a test.
    if not terms or exact.is_of_counts or left <= 0:
        return told
    f = to_digits(float(exact.result.fvalue) if exact.is_clustered else explained / terms / left, SHARE_DIGITS)
    p = float(stats.f.sf(f, terms, exact.degrees))
    return told | {"f_statistic": f, "f_p_value": to_digits(p, SHARE_DIGITS)}


def _share(exact: Exact, value: float) -> float:
    """What is explained, or what is left, to two digits: whichever is less."""
    finest = FINEST_SHARE_OF_COUNTS if exact.is_of_counts else FINEST_SHARE
    if value <= 0.5:
        return to_digits(value, SHARE_DIGITS, finest)
    return round(1 - to_digits(1 - value, SHARE_DIGITS, finest), 12)


def in_tens(count: int) -> int:
    """A number of rows or persons, ten at least, as it is told."""
    return max(round(count, -1), 10)


def to_digits(value: float, digits: int, finest: float = 0.0) -> float:
    """The value to so many significant digits, and to no decimal place that is finer than `finest`."""
    if value == 0 or not math.isfinite(value):
        return value
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    if finest > 0:
        decimals = min(decimals, -math.ceil(math.log10(finest)))
    # Adding zero turns a negative zero into zero.
    return round(float(value), decimals) + 0.0


def to_grid(value: float, finest: float) -> float:
    """The nearest multiple of 1, 2 or 5 times a power of ten that is no finer than `finest`."""
    power = 10.0 ** math.floor(math.log10(finest))
    grid = next(power * step for step in (1, 2, 5, 10) if power * step >= finest * (1 - 1e-9))
    return float(f"{round(value / grid) * grid:.12g}") + 0.0


def to_steps(values: Floats) -> Floats:
    """The nearest of the numbers that are each about a tenth larger than the one before."""
    powers = 10.0 ** np.floor(np.log10(values))
    nearest = np.abs(np.asarray(values / powers)[..., None] - STEPS).argmin(axis=-1)
    return np.asarray(STEPS[nearest] * powers, dtype=np.float64)
