"""Fitting, by statsmodels. What becomes of the exact numbers before anybody sees them is in `model_printed`."""

from __future__ import annotations

import math
import warnings
from typing import Any, assert_never

import numpy as np
from scipy import linalg, special

from governance.disclosure.model_columns import Codes, Floats
from governance.disclosure.model_design import INTERCEPT, Design
from governance.disclosure.model_printed import Exact, Fit, ModelTerm, print_fit
from governance.disclosure.model_rules import Family, ModelRefusal, ModelRefused, ModelRules

MAX_ITERATIONS = 50


def fit_rounded(
    family: Family, outcome: Floats, design: Design, basis: Floats, triangle: Floats, person: Codes, rules: ModelRules
) -> tuple[tuple[ModelTerm, ...], Fit]:
    """Coefficients and fit as they may be seen, or `ModelRefused` if the fit is perfect.

    `basis`, `triangle`: the design's Q and R.

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
    return print_fit(Exact(family, outcome, design, columns, back, person, result), rules)


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
