"""A model is weighed as the sums that it tells, with all that its audience was told before, over rows."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.disclosure.cells import Contributions
from governance.disclosure.formulas import parse_formula
from governance.disclosure.knowledge import Told
from governance.disclosure.model_weighing import ModelRows, WeighedModel, weigh_model
from governance.disclosure.models import Family, ModelRefused, ModelRules, fit_model
from governance.disclosure.protection import protect
from governance.disclosure.released import NotReleased, Question
from governance.disclosure.rules import Topic, rules_for
from governance.vocabulary import Statistic

RULES = rules_for(Topic.ASSESSMENT, outside=False)
QUANTITY = "grade.numeric_grade"
Columns = dict[str, Any]


def rows_of(text: str, columns: Columns, persons: Any, kept: Any = None) -> ModelRows:
    """What the worker hands on, of rows numbered in their order."""
    chosen = np.ones(len(persons), dtype=bool) if kept is None else kept
    asked = {name: values[chosen] for name, values in columns.items()}
    formula = parse_formula(text)
    fitted = fit_model(formula, Family.OLS, asked, persons[chosen], ModelRules())
    units = 10_000 + np.flatnonzero(chosen)
    outcome = asked[formula.response.column].astype(float)
    return ModelRows(units[fitted.used], persons[chosen][fitted.used], outcome[fitted.used], tuple(fitted.groups))


def ask(told: Told, text: str, columns: Columns, persons: Any, kept: Any = None) -> WeighedModel:
    """A model that is released, and so known from then on."""
    weighed = weigh_model(rows_of(text, columns, persons, kept), QUANTITY, "student", RULES, told)
    weighed.admit(told)
    return weighed


def mean_by(told: Told, codes: Any, columns: Columns, persons: Any, kept: Any = None) -> Any:
    """A protected table of means, known from then on."""
    chosen = np.ones(len(persons), dtype=bool) if kept is None else kept
    size = int(codes.max()) + 1
    rows = Contributions(
        persons[chosen],
        10_000 + np.flatnonzero(chosen),
        codes[chosen][:, None].astype(np.int32),
        (size,),
        np.ones(int(chosen.sum()), dtype=bool),
        columns["y"][chosen].astype(float),
    )
    made = protect(rows, Question(QUANTITY, "student", Statistic.MEAN, 0, RULES), told)
    made.admit(told)
    return made


def scores(rows: int) -> Any:
    return np.random.default_rng(1).normal(80, 8, rows).round()


def test_a_row_that_one_of_two_models_leaves_out_is_not_told() -> None:
    """Twenty students with three grades each: with one grade left out the persons are the same, and it would follow."""
    persons, told = np.repeat(np.arange(20), 3), Told()
    columns = {"y": scores(60)}
    ask(told, "y ~ 1", columns, persons)
    with pytest.raises(NotReleased) as refused:
        ask(told, "y ~ 1", columns, persons, np.arange(60) != 7)
    assert refused.value.earlier == {0} and refused.value.quantity == QUANTITY
    # Nothing was told meanwhile; and the same question gets its answer again.
    ask(told, "y ~ 1", columns, persons)


def test_three_students_do_not_follow_from_two_means_and_a_model_of_all() -> None:
    """Two groups of forty, and a model of both and three others: no two sets are near, but an equation is."""
    group = np.repeat([0, 1, 2], [40, 40, 3])
    persons, columns, told = np.arange(83), {"y": scores(83)}, Told()
    mean_by(told, group[:80], {"y": columns["y"][:80]}, persons[:80])
    with pytest.raises(NotReleased):
        ask(told, "y ~ 1", columns, persons)


@pytest.mark.parametrize("few", [1, 3, 5])
def test_levels_of_models_leave_nobody_over(few: int) -> None:
    """Levels of one model, and of another that has a few moved between them."""
    persons, told, draw = np.arange(120), Told(), np.random.default_rng(3)
    columns = {"y": scores(120), "a": np.arange(120) < 60, "x": draw.normal(size=120)}
    columns["b"] = columns["a"] ^ (np.arange(120) < few)
    ask(told, "y ~ a + x", columns, persons)
    with pytest.raises(NotReleased):
        ask(told, "y ~ b + x", columns, persons)


def test_three_models_leave_nobody_over() -> None:
    """The sums of two halves and a whole with four more, each a model without an intercept or with one."""
    persons, columns, told = np.arange(84), {"y": scores(84), "x": np.random.default_rng(5).uniform(1, 2, 84)}, Told()
    ask(told, "y ~ x - 1", columns, persons, np.arange(84) < 40)
    ask(told, "y ~ 1", columns, persons, (np.arange(84) >= 40) & (np.arange(84) < 80))
    with pytest.raises(NotReleased):
        ask(told, "y ~ x", columns, persons)


def test_a_table_is_weighed_against_models_told_before() -> None:
    persons, columns, told = np.arange(83), {"y": scores(83)}, Told()
    ask(told, "y ~ 1", columns, persons)
    with pytest.raises(NotReleased):
        mean_by(told, np.zeros(83, dtype=int), columns, persons, np.arange(83) < 80)


def test_a_cell_that_was_suppressed_is_not_told_by_a_model() -> None:
    """Four students' mean is hidden, and another cell with it: a model of either gives it back."""
    group = np.repeat([0, 1, 2], [4, 20, 60])
    persons, columns, told = np.arange(84), {"y": scores(84)}, Told()
    made = mean_by(told, group, columns, persons)
    assert made.texts[0] == made.texts[1] == "*" and made.texts[-1] != "*"
    with pytest.raises(NotReleased):
        ask(told, "y ~ 1", columns, persons, group == 1)


def test_models_of_groups_far_apart_are_all_released() -> None:
    persons, told = np.arange(400), Told()
    columns = {"y": scores(400), "g": np.arange(400) % 4}
    ask(told, "y ~ 1", columns, persons)
    ask(told, "y ~ C(g)", columns, persons)
    ask(told, "y ~ 1", columns, persons, columns["g"] < 2)
    mean_by(told, columns["g"], columns, persons)
    ask(told, "y ~ C(g)", columns, persons)


def count_by(told: Told, codes: Any, persons: Any) -> Any:
    """A protected table of counts, known from then on."""
    sizes, everybody = tuple(int(axis.max()) + 1 for axis in codes.T), np.ones(len(persons), dtype=bool)
    rows = Contributions(persons, persons, codes.astype(np.int32), sizes, everybody, np.ones(len(persons)))
    made = protect(rows, Question("student", "student", Statistic.COUNT, 0, RULES), told)
    made.admit(told)
    return made


@pytest.mark.parametrize("turned", [False, True])
def test_a_count_that_was_suppressed_is_not_told_by_a_model_of_true_and_false(turned: bool) -> None:
    """Three learners of English in one school are hidden, and others with them: a model of those would tell of them."""
    school = np.repeat([0, 1, 2], [60, 60, 60])
    persons, told, first = np.arange(180), Told(), np.arange(180) % 60
    learner = (first < np.array([3, 12, 25])[school]) ^ turned
    table = count_by(told, np.column_stack([school, learner]), persons)
    few = [table.texts[at * 3 + (not turned)] for at in range(3)]
    hidden = few.index("*", 1)
    assert few[0] == "*"
    others = (school == hidden) | (school == 3 - hidden)
    with pytest.raises(NotReleased) as refused:
        ask(told, "y ~ C(g)", {"y": learner, "g": school}, persons, others)
    assert refused.value.quantity == "student"
    ask(told, "y ~ x", {"y": learner, "x": first * 1.0}, persons)


def test_a_model_of_true_and_false_counts_as_told() -> None:
    """How many have the outcome is known from then on: a count of nearly the same persons is not shown."""
    persons, told = np.arange(120), Told()
    has_it = np.arange(120) < 50
    (rates, counts) = ask(told, "y ~ 1", {"y": has_it}, persons).said
    assert (rates.quantity, counts.quantity) == (QUANTITY, "student")
    assert counts.counts and [len(each) for each in counts.sets] == [50]
    with pytest.raises(NotReleased):
        count_by(told, np.zeros((53, 1), dtype=int), persons[:53])


def test_what_a_model_said_is_remembered_as_sets_of_rows() -> None:
    persons, told = np.repeat(np.arange(40), 2), Told()
    (said,) = ask(told, "y ~ C(g)", {"y": scores(80), "g": np.arange(80) < 40}, persons).said
    assert said.quantity == QUANTITY and said.printed.all()
    assert sorted(map(len, said.sets)) == [40, 40, 80]
    assert said.persons.tolist() == persons.tolist()


def test_model_rows_check_themselves() -> None:
    three, flags = np.arange(3), (np.ones(3, dtype=bool),)
    for bad in (
        (three, three[:2], np.ones(3), flags),
        (three, three, np.ones(3), ()),
        (three[:0], three[:0], np.ones(0), (flags[0][:0],)),
        (three, three, np.array([1.0, np.nan, 2.0]), flags),
    ):
        with pytest.raises(ValueError, match="model rows"):
            ModelRows(*bad)


def small_groups(persons: Any) -> Any:
    """The indicators of every row, of every person's rows, and of every two persons'."""
    whom = np.unique(persons)
    own = np.array([persons == one for one in whom], dtype=float)
    pairs = [own[i] + own[j] for i, j in combinations(range(len(whom)), 2)]
    return np.vstack([np.eye(len(persons)), own, pairs])


def those_that_follow(printed: Any, groups: Any) -> Any:
    """Which groups' sums are combinations of printed sums: a slow and obvious oracle."""
    left = groups - groups @ np.linalg.pinv(printed, rcond=1e-9) @ printed
    return groups[np.abs(left).max(axis=1) < 1e-7]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2]))
def test_no_row_and_no_two_persons_follow_from_anything_told(seed: int, repeats: int) -> None:
    """Tables of means and models, by levels that nearly coincide, over populations that nearly coincide."""
    draw, told = np.random.default_rng(seed), Told()
    people = int(draw.integers(30, 60))
    persons = np.repeat(np.arange(people), repeats)
    columns = {"y": scores(len(persons)), "x": draw.normal(size=len(persons))}
    level, answered = draw.integers(0, 2, len(persons)), 0
    for _ in range(8):
        moved = draw.uniform(size=len(persons)) < draw.choice([0.0, 0.03, 0.3])
        columns["g"] = np.where(moved, 1 - level, level)
        kept = draw.uniform(size=len(persons)) > draw.choice([0.0, 0.03, 0.3])
        try:
            if draw.uniform() < 0.3:
                mean_by(told, columns["g"], columns, persons, kept)
            else:
                ask(told, str(draw.choice(["y ~ 1", "y ~ C(g)", "y ~ C(g) + x", "y ~ x - 1"])), columns, persons, kept)
            answered += 1
        except (NotReleased, ModelRefused):
            continue
    known = told.of(QUANTITY)
    assert answered
    printed = np.zeros((len(known.printed), len(persons)))
    for row, units in enumerate(known.printed):
        printed[row, known.keys[np.asarray(units.to_array(), dtype=np.int64)] - 10_000] = 1.0
    assert len(those_that_follow(printed, small_groups(persons))) == 0
