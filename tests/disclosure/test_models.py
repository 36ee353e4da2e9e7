"""Protected models: a safe one passes as statsmodels fits it; one that tells of a few persons is refused, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from governance.disclosure.formulas import parse_formula
from governance.disclosure.model_printed import to_digits, to_grid, to_steps
from governance.disclosure.models import Family, FittedModel, ModelRefusal, ModelRefused, ModelRules, fit_model

RULES = ModelRules()
N = 300
Columns = Mapping[str, Any]


def district(seed: int = 0) -> dict[str, Any]:
    """One row a student, and columns as the warehouse has them: nothing in them is about a few."""
    draw = np.random.default_rng(seed)
    grade = draw.permutation(np.repeat(["K", "01", "02", "03"], [60, 70, 80, 90])).astype(object)
    columns: dict[str, Any] = {
        "grade_level": grade,
        "school_key": draw.permutation(np.repeat([11, 12, 13], [90, 100, 110])),
        "rate": draw.uniform(0.7, 1.0, N),
        "days": draw.permutation(np.tile(np.arange(1, 31), 10)).astype(float),
        "lunch": draw.permutation(np.repeat([True, False], [100, 200])),
    }
    columns["score"] = (2400 + 100 * columns["rate"] + 20.0 * (grade == "K") + draw.normal(0, 30, N)).round(1)
    columns["passed"] = columns["score"] > 2480
    return columns


def model(text: str, columns: Columns, family: Family = Family.OLS, persons: Any = None) -> FittedModel:
    persons = np.arange(1000, 1000 + len(next(iter(columns.values())))) if persons is None else persons
    return fit_model(parse_formula(text), family, columns, persons, RULES)


def refusal(text: str, columns: Columns, family: Family = Family.OLS, persons: Any = None) -> ModelRefused:
    with pytest.raises(ModelRefused) as refused:
        model(text, columns, family, persons)
    return refused.value


def estimates(fitted: FittedModel) -> dict[str, float]:
    return {term.name: term.estimate for term in fitted.terms}


FORMULAS = [
    *("score ~ 1", "score ~ rate", "score ~ rate - 1", "score ~ C(grade_level)", "score ~ C(grade_level) - 1"),
    *("score ~ rate + C(grade_level) + C(school_key)", "score ~ grade_level*rate", "score ~ C(school_key):rate"),
    *("score ~ C(school_key)*lunch", "score ~ C(school_key) + C(school_key):rate", "score ~ C(lunch) + days"),
    *("log(score) ~ log(days) + sqrt(days) + square(days)", "score ~ center(days)*standardize(rate)"),
    *("score ~ C(school_key)*C(lunch) - 1", "score ~ 0 + C(school_key) + C(lunch)", "passed ~ rate + days"),
]
THEIR_TRANSFORMS = {
    "log(": "np.log(",
    "sqrt(": "np.sqrt(",
    "square(": "np.square(",
    "standardize(days)": "scale(days)",
    "standardize(rate)": "scale(rate)",
}


def fit_theirs(text: str, columns: Columns, family: Family, persons: Any) -> Any:
    """By statsmodels' own formula, our reference levels named to it."""
    frame = pd.DataFrame(columns).assign(lunch=lambda f: f["lunch"].astype(float), p=columns["passed"].astype(float))
    text = text.replace("passed ~", "p ~")
    for ours, theirs in THEIR_TRANSFORMS.items():
        text = text.replace(ours, theirs)
    text = re.sub(r"(?<!C\()\bgrade_level\b", "C(grade_level)", text)
    for column in ("grade_level", "school_key", "lunch"):
        commonest = frame[column].mode()[0]
        text = text.replace(f"C({column})", f"C({column}, Treatment({commonest!r}))".replace("np.float64", ""))
    repeated = len(set(persons)) < len(persons)
    robust = {"cov_type": "cluster", "cov_kwds": {"groups": persons}} if repeated else {}
    if family is Family.OLS:
        return smf.ols(text, frame).fit(use_t=True, **robust)
    return smf.logit(text, frame).fit(disp=False, **robust)


def assert_equal_but_rounded(ours: FittedModel, theirs: Any) -> None:
    # They name a level without C() around its column, ours with it where it was written.
    names = [
        re.sub(r"[^\w:]", "", re.sub(r", Treatment\([^)]*\)+|C\(|np\.|\[T\.|\.0", "", name))
        for name in theirs.params.index
    ]
    ordered = dict(zip(names, zip(theirs.params, theirs.bse, strict=True), strict=True))
    assert len(ordered) == len(ours.terms)
    for term in ours.terms:
        name = re.sub(r"[^\w:]", "", term.name.replace("C(", "")).replace("True", "1")
        estimate, error = ordered.get(name) or ordered[name.replace("standardize", "scale")]
        # A number of steps that are a tenth apart, or the product of two of them.
        assert term.std_error == pytest.approx(error, rel=0.15)
        assert abs(term.estimate - estimate) <= max(error / 2, abs(estimate) * 5e-4) * 1.0001
        assert term.low < term.estimate < term.high


@pytest.mark.parametrize("text", FORMULAS)
def test_a_safe_model_is_what_statsmodels_says(text: str) -> None:
    columns = district()
    ours, theirs = model(text, columns), fit_theirs(text, columns, Family.OLS, range(N))
    assert_equal_but_rounded(ours, theirs)
    assert ours.observations == N and ours.used.all()
    assert ours.fit["standard_errors"] == "classical"
    assert ours.fit["r_squared"] == pytest.approx(theirs.rsquared, rel=0.05, abs=1e-4)
    assert ours.fit["residual_standard_error"] == pytest.approx(np.sqrt(theirs.scale), rel=0.1)
    if text not in ("score ~ 1", "passed ~ rate + days"):
        assert ours.fit["f_statistic"] == pytest.approx(theirs.fvalue, rel=0.15, abs=0.05)


@pytest.mark.parametrize("text", ["passed ~ rate", "passed ~ rate + C(school_key)*days", "passed ~ C(school_key) - 1"])
def test_a_safe_logit_is_what_statsmodels_says(text: str) -> None:
    columns = district()
    ours, theirs = model(text, columns, Family.LOGIT), fit_theirs(text, columns, Family.LOGIT, range(N))
    assert_equal_but_rounded(ours, theirs)
    assert ours.fit["pseudo_r_squared"] == pytest.approx(theirs.prsquared, abs=0.005)
    assert set(ours.fit) == {"pseudo_r_squared", "standard_errors"}


@pytest.mark.parametrize("family", Family)
def test_rows_of_one_person_are_a_cluster(family: Family) -> None:
    persons = np.repeat(np.arange(150), 2)
    columns = district()
    text = {Family.OLS: "score ~ rate + C(school_key)", Family.LOGIT: "passed ~ rate + C(school_key)"}[family]
    ours = model(text, columns, family, persons)
    assert_equal_but_rounded(ours, fit_theirs(text, columns, family, persons))
    assert ours.fit["standard_errors"] == "cluster-robust by person"
    assert ours.persons_used.tolist() == list(range(150))


def test_rows_that_lack_a_value_are_left_out() -> None:
    columns = district()
    columns["rate"][:5] = np.nan
    columns["grade_level"][5:10] = None
    columns["days"] = np.ma.masked_equal(columns["days"], 30)
    fitted = model("score ~ rate + C(grade_level) + days", columns)
    kept = np.flatnonzero((np.arange(N) >= 10) & (np.ma.getdata(columns["days"]) != 30))
    assert np.flatnonzero(fitted.used).tolist() == kept.tolist()
    assert fitted.persons_used.tolist() == (kept + 1000).tolist()
    assert fitted.observations == len(kept)


def test_next_to_nothing_unexplained_is_no_test_of_fit() -> None:
    """Of the sum of squares, about zero: where there is no intercept, nearly all of it."""
    columns = district() | {"big": np.full(N, 1.0) + np.arange(N) / 1e6, "far": 90_000 + district()["score"]}
    fitted = model("far ~ big - 1", columns)
    assert fitted.fit["r_squared"] == 1.0 and "f_statistic" not in fitted.fit


def test_names_are_the_formulas_and_the_commonest_level_is_the_reference() -> None:
    columns = district() | {"level": np.repeat([1.0, 2.5, 3.0], 100)}
    assert list(estimates(model("score ~ C(grade_level)*log(days) + C(level) + C(lunch)", columns))) == [
        *("Intercept", "C(grade_level)[01]", "C(grade_level)[02]", "C(grade_level)[K]", "log(days)"),
        *("C(level)[2.5]", "C(level)[3]", "C(lunch)[True]"),
        *(f"C(grade_level)[{level}]:log(days)" for level in ("01", "02", "K")),
    ]


def test_groups_are_the_rows_whose_sum_follows() -> None:
    columns = district()
    fitted = model("score ~ C(grade_level) + rate", columns)
    found = {tuple(np.flatnonzero(group)) for group in fitted.groups}
    levels = [tuple(np.flatnonzero(columns["grade_level"] == level)) for level in ("K", "01", "02", "03")]
    assert fitted.groups[0].all()
    assert found == {tuple(range(N)), *levels}
    # A number with a square and two values more is a factor in disguise.
    columns["part"] = np.repeat([0.0, 1.0, 2.0], 100)
    found = {tuple(np.flatnonzero(group)) for group in model("score ~ part + square(part) + rate", columns).groups}
    assert tuple(range(200, 300)) in found
    found = {tuple(np.flatnonzero(group)) for group in model("score ~ part + rate", columns).groups}
    assert tuple(range(200, 300)) not in found


def test_all_rows_are_a_group_without_an_intercept_too() -> None:
    assert model("score ~ rate - 1", district()).groups[0].all()


# What is refused, and its near miss: `few` persons are set apart where that is too few, and one more where it is not.
def flags(few: int) -> Any:
    return np.arange(N) < few


def coded(few: int, low: float, high: float) -> Any:
    return np.where(flags(few), high, low)


def rare_level(few: int) -> Any:
    return np.where(flags(few), "Rare", np.where(np.arange(N) % 2, "One", "Two")).astype(object)


TOO_FEW = {
    "an indicator": ("score ~ x", lambda few: flags(few)),
    "an indicator, turned over": ("score ~ x", lambda few: ~flags(few)),
    "an indicator in any coding": ("score ~ x + rate", lambda few: coded(few, 5, 7)),
    "as text": ("score ~ x", lambda few: np.where(flags(few), "yes", "no").astype(object)),
    "a level": ("score ~ C(x) + rate", rare_level),
    "a level without intercept": ("score ~ C(x) - 1", rare_level),
    "a level beside an interaction": ("score ~ rate + C(x):days", rare_level),
    "a nearly constant number": ("score ~ x", lambda few: np.where(flags(few), np.linspace(1, 2, N), 3.0)),
    "its logarithm": ("score ~ log(x)", lambda few: np.where(flags(few), np.linspace(1, 2, N), 3.0)),
    "a number beside": ("score ~ x:rate + rate", lambda few: flags(few).astype(float)),
    "a cell": ("score ~ C(x)*lunch", lambda few: np.where(np.arange(N) < 120, 1, 2)),
}


@pytest.mark.parametrize("case", TOO_FEW)
def test_what_too_few_carry_is_refused_and_a_near_miss_passes(case: str) -> None:
    text, make = TOO_FEW[case]

    def columns(few: int) -> Columns:
        lunch = np.where(np.arange(N) < 120, np.arange(N) < few, np.arange(N) % 2 == 0)
        return district() | {"x": make(few)} | ({"lunch": lunch} if case == "a cell" else {})

    for few in (1, RULES.threshold - 1):
        assert refusal(text, columns(few)).refusal is ModelRefusal.FEW_CARRY
    if "a level" not in case:
        assert refusal(text, columns(0)).refusal is ModelRefusal.FEW_CARRY
    # With a slope of its own a level needs more than the fewest: two numbers are estimated from it.
    near_miss = 2 * RULES.threshold if "interaction" in case else RULES.threshold
    assert model(text, columns(near_miss)).observations == N


def test_none_and_few_are_refused_in_the_same_words() -> None:
    """An empty combination reads like a small one: which it was would tell that nobody is there."""
    columns = district()
    where = (columns["school_key"] == 12) & columns["lunch"]
    few = columns | {"lunch": columns["lunch"] & ~(where & (np.cumsum(where) > 3))}
    none = columns | {"lunch": columns["lunch"] & ~where}
    text = "score ~ C(school_key)*C(lunch)"
    assert str(refusal(text, few)) == str(refusal(text, none))


def test_an_unused_level_is_no_level() -> None:
    """Two levels are left of three: the rare one has no rows with a score."""
    columns = district() | {"x": rare_level(5)}
    columns["score"][:5] = np.nan
    assert "C(x)[Rare]" not in estimates(model("score ~ C(x)", columns))


def isolating(case: str, few: int) -> tuple[str, Columns]:
    """Regressors of which some combination is about `few` persons, though each by itself is about many."""
    columns, draw = district(), np.random.default_rng(5)
    noise, levels = draw.normal(0, 1, N), ["K", "01", "02", "03"]
    following = dict(zip(levels, [*levels[1:], "K"], strict=True))
    match case:
        case "extreme values":
            return "score ~ x", columns | {"x": noise + 1000.0 * flags(few)}
        case "two numbers that differ for a few":
            return "score ~ x + z", columns | {"x": noise, "z": noise + flags(few) * draw.uniform(1, 2, N)}
        case "a polynomial that is an indicator":
            return "score ~ x + square(x) + rate", columns | {"x": np.where(flags(few), 2.0, np.arange(N) % 2)}
        case "two factors that differ for a few":
            moved = [following[level] if i < few else level for i, level in enumerate(columns["grade_level"])]
            return "score ~ C(grade_level) + C(x)", columns | {"x": np.array(moved, dtype=object)}
    raise AssertionError(case)


@pytest.mark.parametrize(
    "case",
    [
        *("extreme values", "two numbers that differ for a few"),
        *("a polynomial that is an indicator", "two factors that differ for a few"),
    ],
)
def test_regressors_that_together_isolate_a_few_are_refused(case: str) -> None:
    assert refusal(*isolating(case, few=8)).refusal is ModelRefusal.ISOLATED
    text, columns = isolating(case, few=100)
    assert model(text, columns).observations == N


def test_many_rows_of_one_person_isolate_them() -> None:
    """Fifteen persons carry the column; one of them with a hundred rows."""
    columns = district() | {"x": np.arange(N) < 114}
    one = np.concatenate([np.zeros(100), np.arange(1, 201)]).astype(np.int64)
    assert refusal("score ~ x", columns, persons=one).refusal is ModelRefusal.ISOLATED
    assert model("score ~ x", columns, persons=np.arange(N) % 150)


def test_a_saturated_small_group_is_refused() -> None:
    """Every combination of three flags is a group of its own; the smallest has nine persons, then ten."""
    for smallest, passes in ((9, False), (10, True)):
        sizes = np.array([smallest, 40, 41, 42, 43, 44, 45, N - 255 - smallest])
        cell = np.repeat(np.arange(8), sizes)
        columns = district() | {"a": cell % 2 == 0, "b": cell // 2 % 2 == 0, "c": cell // 4 == 0}
        if passes:
            assert len(model("score ~ a*b*c", columns).terms) == 8
        else:
            assert refusal("score ~ a*b*c", columns).refusal is ModelRefusal.FEW_CARRY


def test_residual_degrees_are_of_persons() -> None:
    def persons_and_columns(count: int, rows: int) -> tuple[Any, Columns]:
        draw = np.random.default_rng(3)
        columns = {f"x{i}": np.tile(draw.normal(size=count), rows) for i in range(4)}
        return np.tile(np.arange(count), rows), columns | {"y": draw.normal(size=count * rows)}

    persons, columns = persons_and_columns(14, 30)
    assert refusal("y ~ x0 + x1 + x2 + x3", columns, persons=persons).refusal is ModelRefusal.FEW_PERSONS
    persons, columns = persons_and_columns(15, 30)
    assert refusal("y ~ x0 + x1 + x2 + x3", columns, persons=persons).refusal is ModelRefusal.ISOLATED
    persons, columns = persons_and_columns(10, 1)
    assert refusal("y ~ 1", columns, persons=persons).refusal is ModelRefusal.FEW_PERSONS
    persons, columns = persons_and_columns(11, 1)
    assert model("y ~ 1", columns, persons=persons).observations == 11


def test_repeated_regressors_are_refused() -> None:
    columns = district()
    twice = columns | {"x": 2 * columns["rate"] - 1, "building": columns["school_key"] * 2}
    for text in (
        *("score ~ rate + x", "score ~ C(school_key) + C(building)", "score ~ C(school_key):C(lunch)"),
        *("score ~ rate + center(rate)", "score ~ lunch + C(lunch)", "score ~ lunch + square(lunch)"),
    ):
        assert refusal(text, twice).refusal is ModelRefusal.REPEATED
    assert model("score ~ C(school_key)*C(lunch)", twice)


def test_a_response_that_hardly_varies_is_refused() -> None:
    for few in (0, 1, 5):
        columns = district() | {"y": np.where(flags(few), 1.0, 0.0), "z": np.where(flags(few), 3.5, 2.0)}
        for text in ("y ~ rate", "z ~ rate", "z ~ rate - 1"):
            assert refusal(text, columns).refusal is ModelRefusal.EVEN_OUTCOMES
        assert refusal("y ~ rate", columns, Family.LOGIT).refusal is ModelRefusal.EVEN_OUTCOMES
    draw = np.random.default_rng(2)
    columns = district() | {"y": draw.permutation(flags(9)), "z": draw.permutation(flags(10))}
    assert refusal("y ~ rate", columns, Family.LOGIT).refusal is ModelRefusal.EVEN_OUTCOMES
    assert model("z ~ rate", columns, Family.LOGIT) and model("z ~ rate", columns)


def test_a_group_whose_sum_says_what_a_few_did_is_refused() -> None:
    """A linear model of a rare outcome by grade is a table of small counts."""
    columns = district()
    kindergarten = np.flatnonzero(columns["grade_level"] == "K")
    for some, passes in ((0, False), (5, False), (6, True)):
        suspended = np.arange(N) % 3 == 0
        suspended[kindergarten] = np.arange(len(kindergarten)) < some
        for family in Family:
            given = columns | {"y": suspended}
            if passes:
                assert model("y ~ C(grade_level)", given, family)
            else:
                assert refusal("y ~ C(grade_level)", given, family).refusal is ModelRefusal.EVEN_OUTCOMES
            # The same by a number of two values.
            given |= {"x": np.where(columns["grade_level"] == "K", 1.5, 0.5)}
            if not passes:
                assert refusal("y ~ x + rate", given, family).refusal is ModelRefusal.EVEN_OUTCOMES


def test_a_group_whose_sum_is_one_persons_is_refused() -> None:
    columns = district()
    kindergarten = np.flatnonzero(columns["grade_level"] == "K")
    spending = np.random.default_rng(4).uniform(50, 150, N)
    assert model("y ~ C(grade_level)", columns | {"y": spending})
    spending[kindergarten[0]] = 200_000.0
    assert refusal("y ~ C(grade_level)", columns | {"y": spending}).refusal is ModelRefusal.EVEN_OUTCOMES


def test_a_regressor_that_is_the_response_is_refused() -> None:
    columns = district()
    draw = np.random.default_rng(6)
    for error, refused in ((0.0, True), (0.5, True), (10.0, False)):
        given = columns | {"x": (columns["score"] - 3) * 2 + draw.normal(0, 1, N) * error}
        if refused:
            assert refusal("score ~ x", given).refusal is ModelRefusal.REPRODUCED
        else:
            assert model("score ~ x", given)
    # Exact for all but a few, for whom the column was mended: what is unexplained is theirs.
    mended = columns | {"x": columns["score"] + 50 * flags(2)}
    assert refusal("score ~ x", mended).refusal is ModelRefusal.REPRODUCED


def test_outcomes_that_are_separated_are_refused() -> None:
    columns = district()
    order = columns["rate"] > 0.85
    draw = np.random.default_rng(7)
    perfect = columns | {"y": order}
    assert refusal("y ~ rate", perfect, Family.LOGIT).refusal is ModelRefusal.SEPARATED
    quasi = columns | {"y": order ^ ((columns["rate"] > 0.848) & (columns["rate"] < 0.853))}
    assert refusal("y ~ rate", quasi, Family.LOGIT).refusal is ModelRefusal.SEPARATED
    overlapping = columns | {"y": order ^ (draw.uniform(size=N) < 0.15)}
    assert model("y ~ rate", overlapping, Family.LOGIT)


def test_a_logit_explains_true_and_false() -> None:
    columns = district()
    for y in (columns["score"], np.where(columns["lunch"], 2, 1), np.arange(N) % 3):
        assert refusal("y ~ rate", columns | {"y": y}, Family.LOGIT).refusal is ModelRefusal.NOT_BINARY
    numbers = model("y ~ rate", columns | {"y": columns["passed"].astype(int)}, Family.LOGIT)
    objects = model("y ~ rate", columns | {"y": columns["passed"].astype(object)}, Family.LOGIT)
    assert numbers.terms == objects.terms == model("passed ~ rate", columns, Family.LOGIT).terms


@pytest.mark.parametrize("text", ["score ~ log(x)", "score ~ sqrt(x)", "log(x) ~ rate"])
def test_a_transform_of_what_has_none_is_refused(text: str) -> None:
    columns = district()
    assert refusal(text, columns | {"x": np.arange(N) - 1.0}).refusal is ModelRefusal.IMPOSSIBLE
    assert model(text, columns | {"x": np.arange(N) + 1.0})


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e13, 1e300])
@pytest.mark.parametrize("text", ["score ~ x", "x ~ rate", "score ~ square(x)", "score ~ C(x)", "score ~ x:rate"])
def test_numbers_that_are_not_finite_are_refused(text: str, value: float) -> None:
    x = np.arange(N, dtype=float)
    x[7] = value
    assert refusal(text, district() | {"x": x}).refusal is ModelRefusal.NOT_FINITE


def test_wrong_kinds_of_columns_are_refused() -> None:
    columns = district() | {"day": np.datetime64("2026-09-01") + np.arange(N) % 2}
    for text in ("grade_level ~ rate", "score ~ log(grade_level)", "day ~ rate"):
        assert refusal(text, columns).refusal is ModelRefusal.NOT_A_NUMBER
    assert "C(day)[2026-09-02]" in estimates(model("score ~ C(day)", columns))


def test_too_many_levels_or_coefficients_are_refused() -> None:
    many = np.arange(20_000) % 10_000
    draw = np.random.default_rng(8)
    columns = {"y": draw.normal(size=20_000), "x": many, "a": many % 61, "b": many % 62, "c": many % 8, "d": many % 9}
    assert refusal("y ~ C(x)", columns).refusal is ModelRefusal.MANY_LEVELS
    assert refusal("y ~ C(b)", columns).refusal is ModelRefusal.MANY_LEVELS
    assert refusal("y ~ C(a)", columns).refusal is ModelRefusal.MANY_COLUMNS
    assert refusal("y ~ C(c)*C(d)", columns).refusal is ModelRefusal.MANY_COLUMNS
    assert len(model("y ~ C(c)", columns).terms) == 8


def test_an_empty_population_is_refused() -> None:
    empty = {"y": np.array([], dtype=float), "x": np.array([], dtype=object)}
    assert refusal("y ~ x", empty).refusal is ModelRefusal.FEW_PERSONS
    lacking = district() | {"x": np.full(N, None, dtype=object)}
    assert refusal("score ~ x", lacking).refusal is ModelRefusal.FEW_PERSONS


def test_what_the_caller_must_give() -> None:
    columns = district()
    with pytest.raises(ValueError, match="every column"):
        model("score ~ nothing", columns)
    with pytest.raises(ValueError, match="every column"):
        model("score ~ rate", columns | {"rate": columns["rate"][:5]})


@pytest.mark.parametrize(
    "numbers",
    [
        *({"threshold": 2}, {"threshold": 10**6}, {"residual_degrees": 0}, {"outcomes": 1}, {"outcomes": 11}),
        *({"person_share": 0.0}, {"person_share": 0.96}, {"group_share": 1.0}, {"dominant_two": 1.0}),
        *({"residual_share": 0.0}, {"certainty": 0.0}, {"columns": 0}, {"digits": 1}),
    ],
)
def test_no_rule_can_be_switched_off(numbers: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="model rules"):
        ModelRules(**numbers)


@pytest.mark.parametrize("reason", ModelRefusal)
def test_every_refusal_says_what_which_rule_and_what_next(reason: ModelRefusal) -> None:
    refused = ModelRefused(reason, RULES, "C(x)")
    for sentence in (refused.message, refused.rule, refused.next_step):
        assert sentence.endswith(".") and "{" not in sentence
    assert len(RULES.sentences()) == 7


def test_rounding() -> None:
    assert to_digits(1234.56, 4) == 1235.0
    assert to_digits(0.000123456, 4) == 0.0001235
    assert to_digits(52.34567, 4, finest=0.52 / 100) == 52.35
    assert to_digits(2512.37, 4, finest=15.3 / 100) == 2512.0
    assert to_digits(0.00312, 4, finest=0.456 / 100) == 0.0
    assert str(to_digits(-0.001, 4, finest=0.01)) == "0.0"
    assert to_digits(0.0, 4) == 0.0
    assert [to_grid(0.37654, grid) for grid in (0.001, 0.0015, 0.003, 0.03, 0.06)] == [0.377, 0.376, 0.375, 0.4, 0.4]
    assert to_steps(np.array([0.0101, 0.0716, 9.7, 123.0])).tolist() == pytest.approx([0.01, 0.075, 10.0, 120.0])
