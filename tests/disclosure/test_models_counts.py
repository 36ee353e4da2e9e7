"""No number of a model tells how many persons it is about, or a level of it, nor how many have an outcome.

Slow oracles: every population of about the same size is fitted and printed as well. What is printed never belongs to
one size, or to one number of outcomes, alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from itertools import product
from typing import Any

import numpy as np
import pytest

from governance.disclosure.formulas import parse_formula
from governance.disclosure.model_printed import in_tens
from governance.disclosure.models import Family, FittedModel, ModelRefused, ModelRules, fit_model

RULES = ModelRules()
# Populations that would be refused count too: that they would be is not what is printed.
ANY = ModelRules(threshold=3, outcomes=2, residual_degrees=2)


def printed(text: str, family: Family, columns: dict[str, Any], rules: ModelRules = ANY) -> Hashable | None:
    """All that is told of a model, or None."""
    try:
        fitted = fit_model(parse_formula(text), family, columns, np.arange(len(columns["y"])), rules)
    except ModelRefused:
        return None
    return told(fitted)


def told(fitted: FittedModel) -> Hashable:
    people = in_tens(fitted.observations), in_tens(len(fitted.persons_used))
    return people, fitted.terms, tuple(sorted(fitted.fit.items()))


def some_of(count: int, ones: int) -> Any:
    return (np.arange(count) < ones).astype(float)


def alone(found: dict[Hashable, set[tuple[int, ...]]], released: Iterable[Hashable], place: int) -> list[Any]:
    """What was printed that only one number at that place of the key fits."""
    return [found[each] for each in released if len({key[place] for key in found[each]}) == 1]


@pytest.mark.parametrize("family", Family)
def test_neither_the_size_nor_the_number_of_outcomes_follows(family: Family) -> None:
    found: defaultdict[Hashable, set[tuple[int, ...]]] = defaultdict(set)
    released = set()
    for count in range(11, 60):
        for ones in range(3, count - 2):
            columns = {"y": some_of(count, ones)}
            if (body := printed("y ~ 1", family, columns)) is not None:
                found[body].add((count, ones))
                if count < 55 and printed("y ~ 1", family, columns, RULES) is not None:
                    released.add(body)
    assert len(released) > 20
    assert alone(found, released, 0) == []
    assert alone(found, released, 1) == []


def test_neither_the_sizes_of_levels_nor_their_numbers_of_outcomes_follow() -> None:
    found: defaultdict[Hashable, set[tuple[int, ...]]] = defaultdict(set)
    released = set()
    for key in product(range(14, 22), range(23, 32), range(5, 9), range(8, 12)):
        first, second, ones, others = key
        y = np.concatenate([some_of(first, ones), some_of(second, others)])
        columns = {"y": y, "x": np.arange(len(y)) < first}
        if (body := printed("y ~ C(x)", Family.OLS, columns)) is not None:
            found[body].add(key)
            in_the_middle = 16 <= first <= 19 and 26 <= second <= 28 and 6 <= ones <= 7 and 9 <= others <= 10
            if in_the_middle and printed("y ~ C(x)", Family.OLS, columns, RULES) is not None:
                released.add(body)
    assert released
    for place in range(4):
        assert alone(found, released, place) == []


def spread_out(values: Any, mean: float, deviation: float) -> Any:
    return mean + (values - values.mean()) * deviation / values.std(ddof=1)


@pytest.mark.parametrize("count", range(25, 130, 3))
def test_of_scores_another_size_prints_the_same(count: int) -> None:
    """One student more or fewer, with scores as they could be: everything printed is the same."""
    draw = np.random.default_rng(count)
    scores = spread_out(draw.normal(size=count + 5), 2437.0, 41.0)
    told_of_count = printed("y ~ 1", Family.OLS, {"y": scores[:count]}, RULES)
    found = False
    for other in (size for size in range(count - 5, count + 6) if size != count):
        for change in np.linspace(0.95, 1.05, 11):
            mean, deviation = float(scores[:count].mean()), float(scores[:count].std(ddof=1))
            columns = {"y": spread_out(scores[:other], mean, deviation * float(change))}
            found = found or printed("y ~ 1", Family.OLS, columns, RULES) == told_of_count
    assert found


def test_p_values_and_limits_follow_from_what_else_is_printed() -> None:
    """Two sizes whose estimates and errors are the same have the same p-values, to the last digit."""
    by_estimate: defaultdict[Hashable, set[Hashable]] = defaultdict(set)
    for count in range(41, 56):
        for ones in range(10, count - 9):
            fitted = fit_model(parse_formula("y ~ 1"), Family.OLS, {"y": some_of(count, ones)}, np.arange(count), RULES)
            (term,) = fitted.terms
            degrees = max((count - 1) // 10, 1)
            by_estimate[term.estimate, term.std_error, degrees].add((term.p_value, term.low, term.high))
    assert all(len(each) == 1 for each in by_estimate.values())
