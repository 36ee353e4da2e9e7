"""Protected models, for any data: judged by slow oracles that look at every set of a few persons."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from formulaic import model_matrix
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from governance.disclosure.formulas import parse_formula
from governance.disclosure.model_leverage import bounds_of_few
from governance.disclosure.models import Family, FittedModel, ModelRefusal, ModelRefused, ModelRules, fit_model

RULES = ModelRules()
SEEDS = st.integers(0, 2**32 - 1)
FORMULAS = [
    *(
        "y ~ a",
        "y ~ a + b",
        "y ~ a*b",
        "y ~ C(g) + a",
        "y ~ C(g)*a",
        "y ~ C(g) + C(h)",
        "y ~ C(g)*C(h)",
        "y ~ C(g):a - 1",
    ),
    *(
        "y ~ n + square(n)",
        "y ~ n*f + square(n) + a",
        "y ~ f*g + a",
        "y ~ center(a) + C(h)*f",
        "y ~ n:square(n) + n + b",
    ),
]


def columns_of(seed: int, rows: int) -> dict[str, Any]:
    """Columns of every kind, of sizes that lie about the rules' bounds."""
    draw = np.random.default_rng(seed)
    columns = {
        "a": draw.normal(size=rows),
        "b": np.exp(draw.normal(size=rows) * draw.uniform(0, 3)),
        "g": draw.choice(["p", "q", "r"], size=rows, p=draw.dirichlet([2, 2, 2])).astype(object),
        "h": draw.choice([1, 2], size=rows, p=draw.dirichlet([2, 2])),
        "n": draw.choice([0.0, 1.0, 2.0], size=rows, p=draw.dirichlet([3, 3, 1])),
        "f": draw.uniform(size=rows) < draw.uniform(0.05, 0.95),
    }
    return columns | {"y": draw.normal(size=rows) + columns["a"]}


def outcome_of(text: str, columns: Any, persons: Any, rules: ModelRules, family: Family = Family.OLS) -> Any:
    """The fitted model, or the reason why there is none."""
    try:
        return fit_model(parse_formula(text), family, columns, persons, rules)
    except ModelRefused as refused:
        return refused.refusal


def hat_matrix(text: str, columns: Any) -> Any:
    """The projection on the regressors, from formulaic's design. It codes a flag as a factor, which spans the same."""
    replaced = text.split("~")[1].replace("square(n)", "I(n**2)").replace("n:I", "I(n**3) + n:I").replace("f*", "C(f)*")
    design = model_matrix(replaced, pd.DataFrame(columns)).to_numpy(dtype=float)
    return design @ np.linalg.pinv(design, rcond=1e-9)


def largest_share(hat: Any, persons: Any, size: int) -> float:
    """Over all sets of `size` persons, the largest eigenvalue of their block."""
    largest = 0.0
    for some in itertools.combinations(np.unique(persons), size):
        rows = np.isin(persons, some)
        largest = max(largest, float(np.linalg.eigvalsh(hat[np.ix_(rows, rows)])[-1]))
    return largest


@pytest.mark.parametrize("text", FORMULAS)
@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(16, 40), st.sampled_from([1, 2]))
def test_a_model_that_passed_reproduces_no_few_persons(text: str, seed: int, people: int, repeats: int) -> None:
    rules = ModelRules(threshold=3, outcomes=2, residual_degrees=2)
    columns, persons = columns_of(seed, people * repeats), np.arange(people * repeats) % people
    if isinstance(outcome_of(text, columns, persons, rules), FittedModel):
        hat = hat_matrix(text, columns)
        for size, share in zip((1, 2), rules.shares_of_few(), strict=True):
            assert largest_share(hat, persons, size) < share


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(4, 9), st.integers(1, 4), st.integers(1, 3), st.booleans())
def test_the_bound_is_a_bound_for_every_set(seed: int, people: int, width: int, repeats: int, heavy: bool) -> None:
    draw = np.random.default_rng(seed)
    persons = draw.permutation(np.concatenate([np.arange(people), draw.integers(0, people, people * (repeats - 1))]))
    raw = draw.normal(size=(len(persons), min(width, people))) ** (3 if heavy else 1)
    basis = np.linalg.qr(raw)[0]
    for size, bound in enumerate(bounds_of_few(basis, persons, 3), start=1):
        assert largest_share(basis @ basis.T, persons, size) <= bound + 1e-12


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(2, 40))
def test_the_bound_holds_when_not_everybody_is_compared(seed: int, compared: int) -> None:
    draw = np.random.default_rng(seed)
    basis = np.linalg.qr(draw.normal(size=(60, 3)) ** 3)[0]
    everybody = bounds_of_few(basis, np.arange(60), 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("governance.disclosure.model_leverage.COMPARED", compared)
        some = bounds_of_few(basis, np.arange(60), 3)
    for size in (1, 2):
        assert largest_share(basis @ basis.T, np.arange(60), size) <= min(some[size - 1], everybody[size - 1]) + 1e-12


CROSSINGS = [
    "y ~ x",
    "y ~ x + a",
    "y ~ x*a",
    "y ~ x*C(g)",
    "y ~ C(x) + C(g)",
    "y ~ C(x)*a",
    "y ~ C(g) + x:a + a",
    "y ~ x - 1",
]


@settings(max_examples=120, deadline=None)
@given(
    SEEDS,
    st.integers(1, RULES.threshold - 1),
    st.sampled_from([*CROSSINGS, "y ~ standardize(x) + b", "y ~ square(x)", "y ~ a + square(a) + x + f", "y ~ C(g):x"]),
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e6) | st.floats(-1e6, -1e-3),
    st.sampled_from([1, 2, 5]),
    st.booleans(),
)
def test_no_indicator_of_a_few_persons_ever_passes(
    seed: int, few: int, text: str, base: float, step: float, repeats: int, complement: bool
) -> None:
    """In whatever coding, crossed with anything, beside anything, however often each person is there."""
    rows = 200 * repeats
    persons = np.arange(rows) % 200
    carried = (persons < few) ^ complement
    x = np.where(carried, base + step, base)
    assume(len(np.unique(x)) == 2 and len(np.unique(x * x)) == 2)
    found = outcome_of(text, columns_of(seed, rows) | {"x": x}, persons, RULES)
    assert isinstance(found, ModelRefusal)


@settings(max_examples=60, deadline=None)
@given(
    SEEDS, st.integers(1, RULES.threshold - 1), st.floats(1e-3, 1e3), st.sampled_from(["+ a", "+ C(g)", "+ a + C(h)"])
)
def test_no_two_regressors_that_differ_for_a_few_ever_pass(seed: int, few: int, step: float, beside: str) -> None:
    columns = columns_of(seed, 200)
    shifted = columns["b"] + step * np.random.default_rng(seed).uniform(0.5, 2, 200) * (np.arange(200) < few)
    found = outcome_of(f"y ~ b + x {beside}", columns | {"x": shifted}, np.arange(200), RULES)
    assert isinstance(found, ModelRefusal)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from(FORMULAS), st.integers(3, 15), st.integers(1, 10))
def test_raising_the_threshold_never_releases_more(seed: int, text: str, threshold: int, more: int) -> None:
    columns, persons = columns_of(seed, 120), np.arange(120)
    low = ModelRules(threshold=threshold, outcomes=3)
    high = ModelRules(threshold=threshold + more, outcomes=3)
    if isinstance(outcome_of(text, columns, persons, high), FittedModel):
        assert isinstance(outcome_of(text, columns, persons, low), FittedModel)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from(FORMULAS), st.sampled_from(Family))
def test_groups_of_a_released_model_have_mixed_outcomes(seed: int, text: str, family: Family) -> None:
    """Of a released model of true and false, every level with a coefficient has enough persons of either outcome."""
    draw = np.random.default_rng(seed)
    columns = columns_of(seed, 200)
    columns["y"] = draw.uniform(size=200) < np.where(columns["g"] == "p", draw.uniform(0, 0.3), draw.uniform(0, 1))
    if isinstance(outcome_of(text, columns, np.arange(200), RULES, family), FittedModel):
        frame = pd.DataFrame(columns)
        alone = {str(term) for term in parse_formula(text).terms}
        for factor in (factor for factor in ("g", "h") if {factor, f"C({factor})"} & alone):
            counts = pd.crosstab(frame[factor], frame["y"])
            assert counts.shape[1] == 2 and counts.to_numpy().min() >= RULES.outcomes


def is_separated(design: Any, outcome: Any) -> bool:
    """Some combination is at least 0 for all with the outcome, at most 0 for all without, and not always 0."""
    signed = design * np.where(outcome, 1.0, -1.0)[:, None]
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=[(-1, 1)] * design.shape[1])
    return bool(-found.fun > 1e-6)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.floats(0, 12), st.integers(12, 80))
def test_no_separated_logit_ever_passes(seed: int, slope: float, people: int) -> None:
    rules = ModelRules(threshold=3, outcomes=2, residual_degrees=2)
    draw = np.random.default_rng(seed)
    a, b = draw.normal(size=people), draw.normal(size=people).round()
    y = draw.uniform(size=people) < 1 / (1 + np.exp(-slope * (a + b)))
    found = outcome_of("y ~ a + b", {"y": y, "a": a, "b": b}, np.arange(people), rules, Family.LOGIT)
    if is_separated(np.stack([np.ones(people), a, b], axis=1), y):
        assert isinstance(found, ModelRefusal)


@settings(max_examples=60, deadline=None)
@given(
    SEEDS,
    st.integers(0, RULES.persons - 1),
    st.sampled_from(FORMULAS),
    st.sampled_from(Family),
    st.sampled_from([1, 3]),
)
def test_what_is_said_of_a_few_persons_does_not_depend_on_them(
    seed: int, people: int, text: str, family: Family, repeats: int
) -> None:
    columns, other = columns_of(seed, people * repeats), columns_of(seed + 1, people * repeats)
    persons = np.arange(people * repeats) % max(people, 1)
    assert outcome_of(text, columns, persons, RULES, family) is ModelRefusal.FEW_PERSONS
    assert outcome_of(text, other, persons, RULES, family) is ModelRefusal.FEW_PERSONS


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.lists(st.integers(1, 30), min_size=2, max_size=6), st.booleans())
def test_names_of_small_levels_never_appear(seed: int, sizes: list[int], crossed: bool) -> None:
    draw = np.random.default_rng(seed)
    levels = np.concatenate([np.repeat(f"Secret{place}x", size) for place, size in enumerate([60, *sizes])]).astype(
        object
    )
    rows = len(levels)
    columns = {"y": draw.normal(size=rows), "g": levels, "a": draw.normal(size=rows)}
    try:
        found = fit_model(
            parse_formula(f"y ~ C(g){'*' if crossed else '+'}a"), Family.OLS, columns, np.arange(rows), RULES
        )
        said = repr(found.terms)
    except ModelRefused as refused:
        said = f"{refused!r} {refused} {refused.__cause__!r}"
        assert "Secret" not in said and not any(character.isdigit() for character in refused.message)
    for place, size in enumerate(sizes, start=1):
        if size < RULES.threshold:
            assert f"Secret{place}x" not in said


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from(FORMULAS), st.sampled_from(Family))
def test_every_released_number_is_rounded(seed: int, text: str, family: Family) -> None:
    columns = columns_of(seed, 200)
    if family is Family.LOGIT:
        columns["y"] = columns["y"] > 0
    found = outcome_of(text, columns, np.arange(200), RULES, family)
    assume(isinstance(found, FittedModel))
    for term in found.terms:
        for value in (term.estimate, term.std_error, term.statistic, term.p_value, term.low, term.high):
            assert value == float(f"{value:.{RULES.digits - 1}e}")
        # Never finer than a hundredth of the error, which may have been rounded up.
        power = 10.0 ** np.floor(np.log10(term.std_error / 115))
        assert abs(term.estimate / power - round(term.estimate / power)) < 1e-6
    for value in found.fit.values():
        assert isinstance(value, str) or value == float(f"{value:.{RULES.digits - 1}e}")
