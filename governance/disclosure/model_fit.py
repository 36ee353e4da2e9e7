"""Fitting, by statsmodels, and rounding: from exact numbers to those that may be seen."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any, assert_never

import numpy as np
from scipy import linalg, special, stats

from governance.disclosure.model_columns import Codes, Floats
from governance.disclosure.model_design import INTERCEPT, Design
from governance.disclosure.model_rules import Family, ModelRefusal, ModelRefused, ModelRules

CONFIDENCE = 0.95
MAX_ITERATIONS = 50
# Of shares, what is smaller is rounding.
FINEST = dict.fromkeys(("r_squared", "adjusted_r_squared", "pseudo_r_squared"), 1e-4)

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


def fit_rounded(
    family: Family, outcome: Floats, design: Design, basis: Floats, triangle: Floats, person: Codes, rules: ModelRules
) -> tuple[tuple[ModelTerm, ...], Fit]:
    """Coefficients and fit, or `ModelRefused` if the fit is perfect. `basis`, `triangle`: the design's Q and R.

    Fitted on the orthonormal columns, where nothing is lost to columns of different sizes, and carried over.
    """
    clustered = int(person.max()) + 1 < len(person)
    scale = math.sqrt(len(outcome))
    columns = basis * scale
    if INTERCEPT in design.names:
        # It is constant but for rounding; statsmodels knows an intercept by its being constant.
        columns[:, 0] = 1.0
    result = _fit(family, outcome, columns, person if clustered else None, rules)
    _demand_unexplained(family, outcome, result, person, rules)
    back = linalg.solve_triangular(triangle, np.eye(len(design.names)) * scale)
    estimates = back @ result.params
    errors = np.sqrt(np.einsum("ij,jk,ik->i", back, result.cov_params(), back))
    degrees = _degrees(family, result, person, clustered)
    terms = tuple(
        _term(name, float(estimate), float(error), degrees, rules)
        for name, estimate, error in zip(design.names, estimates, errors, strict=True)
    )
    return terms, _fit_statistics(family, result, clustered, design.names != (INTERCEPT,), rules)


def _fit(family: Family, outcome: Floats, columns: Floats, groups: Codes | None, rules: ModelRules) -> Any:
    # Imported here: it takes a second, which only who fits a model should wait for.
    from statsmodels.discrete.discrete_model import Logit
    from statsmodels.regression.linear_model import OLS

    robust: dict[str, Any] = {} if groups is None else {"cov_type": "cluster", "cov_kwds": {"groups": groups}}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # What they would say is checked below; their words go nowhere, as they may speak of the data.
        warnings.simplefilter("ignore")
        match family:
            case Family.OLS:
                return OLS(outcome, columns).fit(method="qr", use_t=True, **robust)
            case Family.LOGIT:
                try:
                    return Logit(outcome, columns).fit(maxiter=MAX_ITERATIONS, disp=False, **robust)
                except (np.linalg.LinAlgError, ValueError, ArithmeticError):
                    raise ModelRefused(ModelRefusal.SEPARATED, rules) from None
            case _:
                assert_never(family)


def _demand_unexplained(family: Family, outcome: Floats, result: Any, person: Codes, rules: ModelRules) -> None:
    match family:
        case Family.OLS:
            fitted, refusal = result.fittedvalues, ModelRefusal.REPRODUCED
        case Family.LOGIT:
            fitted, refusal = special.expit(result.fittedvalues), ModelRefusal.SEPARATED
            if not result.mle_retvals["converged"] or not _all_uncertain(fitted, rules):
                raise ModelRefused(refusal, rules)
        case _:
            assert_never(family)
    left = np.sort(np.bincount(person, weights=np.square(outcome - fitted)))
    spread = float(np.square(outcome - outcome.mean()).sum())
    # Exact for all, or for all but a few persons: then what is left unexplained is those persons'.
    others = left[: 1 - rules.threshold]
    if left.sum() < rules.residual_share * spread or others.mean() < rules.residual_share * spread / len(left):
        raise ModelRefused(refusal, rules)


def _all_uncertain(fitted: Floats, rules: ModelRules) -> bool:
    return bool(np.all((fitted > rules.certainty) & (fitted < 1 - rules.certainty)))


def _degrees(family: Family, result: Any, person: Codes, clustered: bool) -> float:
    """Degrees of freedom of the coefficients' t distribution; infinite for the normal one."""
    if family is Family.LOGIT:
        return math.inf
    return float(person.max()) if clustered else float(result.df_resid)


def _term(name: str, estimate: float, error: float, degrees: float, rules: ModelRules) -> ModelTerm:
    """Everything follows from the rounded estimate and error, so that nothing else tells more of them."""
    if not 0 < error < math.inf:
        raise ModelRefused(ModelRefusal.REPRODUCED, rules)
    error = to_digits(error, rules.digits - 1)
    estimate = to_digits(estimate, rules.digits, finest=error / 100)
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


def to_digits(value: float, digits: int, finest: float = 0.0) -> float:
    """The value to so many significant digits, and to no decimal place that is finer than `finest`."""
    if value == 0 or not math.isfinite(value):
        return value
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    if finest > 0:
        decimals = min(decimals, -math.ceil(math.log10(finest)))
    # Adding zero turns a negative zero into zero.
    return round(float(value), decimals) + 0.0


def _fit_statistics(family: Family, result: Any, clustered: bool, has_terms: bool, rules: ModelRules) -> Fit:
    exact: dict[str, float] = {}
    match family:
        case Family.OLS:
            exact = {
                "r_squared": result.rsquared,
                "adjusted_r_squared": result.rsquared_adj,
                "residual_standard_error": math.sqrt(result.scale),
            }
            if has_terms:
                exact |= {"f_statistic": float(result.fvalue), "f_p_value": float(result.f_pvalue)}
        case Family.LOGIT:
            likelihood, null = to_digits(result.llf, rules.digits), to_digits(result.llnull, rules.digits)
            exact = {
                "log_likelihood": likelihood,
                "null_log_likelihood": null,
                "pseudo_r_squared": 1 - likelihood / null,
                "aic": 2 * len(result.params) - 2 * likelihood,
            }
        case _:
            assert_never(family)
    rounded: Fit = {
        name: to_digits(value, rules.digits, FINEST.get(name, 0.0))
        for name, value in exact.items()
        if math.isfinite(value)
    }
    return rounded | {"standard_errors": "cluster-robust by person" if clustered else "classical"}
