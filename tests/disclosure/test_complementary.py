"""Complements against plain linear programs and, on tiny tables, against every pattern there is."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

from governance.disclosure.complementary import Complement, NotProtectable, choose_complement
from governance.disclosure.complementary_lines import equations_of
from governance.disclosure.statements import Attacker, Statements, open_system
from tests.disclosure.intervals import feasible_intervals, table_statements

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    """What choose_complement is asked. `marks`: also an attacker who knows primary cells from complements."""

    statements: Statements
    threshold: float = 4.0
    width: float = 4.0
    marks: bool = False

    @property
    def targets(self) -> Mask:
        return (self.statements.values > 0) & (self.statements.values < self.threshold)

    @property
    def candidates(self) -> Mask:
        return self.statements.values >= self.threshold

    @property
    def attackers(self) -> list[Callable[[Mask], Attacker]]:
        ends = np.full(len(self.statements), np.inf)
        width = np.where(self.targets, self.width, 0.0)
        reads_numbers = Attacker(-ends, ends, width)
        low = np.where(self.targets, 1.0, self.threshold)
        high = np.where(self.targets, self.threshold - 1, np.inf)
        reads_marks = Attacker(low, high, np.where(self.targets, 1.0, 0.0))
        return [lambda _suppressed: reads_numbers] + [lambda _suppressed: reads_marks] * self.marks

    def chosen(self, seconds: float = 0.4) -> Complement:
        return choose_complement(
            self.statements,
            self.targets,
            self.candidates,
            self.attackers,
            self.statements.values,
            seconds=seconds,
        )


def plain_width(statements: Statements, suppressed: Mask, attacker: Attacker, target: int) -> float:
    """Of the feasible interval, by the whole system at once."""
    member, values = statements.member.toarray(), statements.values
    limits = np.concatenate([attacker.high[suppressed], -attacker.low[suppressed]])
    bounded = np.vstack([member[suppressed], -member[suppressed]])[np.isfinite(limits)]
    ends = [
        linprog(
            sign * member[target],
            A_ub=bounded,
            b_ub=limits[np.isfinite(limits)],
            A_eq=member[~suppressed],
            b_eq=values[~suppressed],
            bounds=list(zip(statements.low, np.minimum(statements.high, 1e5), strict=True)),
        ).fun
        for sign in (1.0, -1.0)
    ]
    return float(-ends[1] - ends[0])


def is_sufficient(case: Case, suppressed: Mask) -> bool:
    return all(
        plain_width(case.statements, suppressed, attacker(suppressed), target)
        >= attacker(suppressed).width[target] - 1e-6
        for attacker in case.attackers
        for target in np.flatnonzero(case.targets)
    )


def best_by_hand(case: Case) -> tuple[int, float] | None:
    """Number and weight of the cheapest sufficient complement, trying every one of them, the smallest first."""
    candidates = np.flatnonzero(case.candidates)
    for count in range(len(candidates) + 1):
        sufficient = []
        for added in itertools.combinations(candidates, count):
            suppressed = case.targets.copy()
            suppressed[list(added)] = True
            if is_sufficient(case, suppressed):
                sufficient.append(float(case.statements.values[list(added)].sum()))
        if sufficient:
            return count, min(sufficient)
    return None


def tables(largest: tuple[int, ...]) -> st.SearchStrategy[NDArray[np.float64]]:
    shapes = st.tuples(*(st.integers(2, size) for size in largest))
    amounts = st.one_of(st.integers(0, 6), st.integers(4, 30))
    return shapes.flatmap(
        lambda shape: st.lists(amounts, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))).map(
            lambda cells: np.array(cells, dtype=float).reshape(shape)
        )
    )


@st.composite
def overlapping(draw: st.DrawFn) -> Statements:
    """No table: sets of atoms that overlap as they will."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    statements, atoms = draw(st.integers(3, 12)), draw(st.integers(3, 9))
    member = (rng.random((statements, atoms)) < draw(st.floats(0.2, 0.7))).astype(float)
    amount = rng.integers(0, 9, atoms).astype(float)
    return Statements(csr_array(member), amount, np.zeros(atoms), np.full(atoms, np.inf))


def cases(statements: st.SearchStrategy[Statements]) -> st.SearchStrategy[Case]:
    return st.builds(Case, statements, width=st.sampled_from([1.0, 3.0, 4.0]), marks=st.booleans())


def table_cases(*largest: int) -> st.SearchStrategy[Case]:
    return cases(tables(largest).map(lambda counts: table_statements(counts)[0]))


@given(st.one_of(table_cases(5, 5), table_cases(3, 3, 3), cases(overlapping())), st.sampled_from([0.4, 0.0]))
@settings(deadline=None, max_examples=120)
def test_every_target_is_as_wide_as_promised_and_only_candidates_go(case: Case, seconds: float) -> None:
    try:
        found = case.chosen(seconds)
    except NotProtectable as refused:
        everything = case.targets | case.candidates
        for target in np.flatnonzero(case.targets):
            wide = all(
                plain_width(case.statements, everything, attacker(everything), target)
                >= attacker(everything).width[target] - 1e-6
                for attacker in case.attackers
            )
            assert wide == (target not in refused.targets)
        return
    assert is_sufficient(case, found.suppressed)
    assert np.all(found.suppressed[case.targets])
    assert not np.any(found.suppressed & ~case.targets & ~case.candidates)
    assert found.checked == case.targets.sum() * len(case.attackers)


@given(st.one_of(table_cases(3, 2), cases(overlapping())))
@settings(deadline=None, max_examples=40)
def test_no_pattern_is_cheaper(case: Case) -> None:
    assume(case.targets.any() and case.candidates.sum() <= 9)
    try:
        found = case.chosen()
    except NotProtectable:
        assert best_by_hand(case) is None
        return
    assert found.optimal
    complements = found.suppressed & ~case.targets
    count, weight = best_by_hand(case) or (0, 0.0)
    assert complements.sum() == count
    assert np.isclose(case.statements.values[complements].sum(), weight)


@given(table_cases(6, 6))
@settings(deadline=None, max_examples=25)
def test_the_same_question_has_the_same_answer(case: Case) -> None:
    try:
        first = case.chosen()
    except NotProtectable:
        return
    assert np.array_equal(first.suppressed, case.chosen().suppressed)


@given(tables((5, 5)), st.sampled_from([(1.0, 2.0), (2.0, 5.0), (4.0, 9.0)]))
@settings(deadline=None, max_examples=40)
@example(np.array([[3.0, 20.0], [15.0, 30.0]]), (1.0, 9.0))
def test_a_larger_width_never_takes_fewer(counts: NDArray[np.float64], widths: tuple[float, float]) -> None:
    statements, _ = table_statements(counts)
    found = []
    for width in widths:
        try:
            found.append(Case(statements, width=width).chosen())
        except NotProtectable:
            found.append(None)
    narrow, wide = found
    if wide is not None:
        assert narrow is not None
        assert not (narrow.optimal and wide.optimal) or narrow.suppressed.sum() <= wide.suppressed.sum()


def test_one_hole_takes_three_more() -> None:
    statements, cells = table_statements(np.array([[3.0, 20.0, 9.0], [15.0, 30.0, 8.0], [40.0, 50.0, 60.0]]))
    found = Case(statements).chosen()
    assert found.optimal
    suppressed = {cells[at] for at in np.flatnonzero(found.suppressed)}
    assert suppressed == {(0, 0), (0, 2), (1, 0), (1, 2)}


def test_a_safe_table_comes_back_untouched() -> None:
    statements, _ = table_statements(np.array([[30.0, 40.0], [50.0, 60.0]]))
    found = Case(statements).chosen()
    assert found == Complement(found.suppressed, True, 0)
    assert not found.suppressed.any()


def test_nothing_helps_where_a_cell_is_a_printed_sum() -> None:
    """The row's only cell is small, and its margin, the same number, may not be withheld."""
    statements, cells = table_statements(np.array([[3.0, 0.0], [15.0, 30.0]]))
    targets = np.zeros(len(cells), dtype=bool)
    targets[cells.index((0, 0))] = True
    candidates = statements.values >= 4
    case = Case(statements)
    with pytest.raises(NotProtectable) as refused:
        choose_complement(statements, targets, candidates, case.attackers, statements.values)
    assert refused.value.targets.tolist() == [cells.index((0, 0))]
    assert "3" not in str(refused.value)


def test_marks_can_leave_nothing_open() -> None:
    """Small, three times, and small in all: whoever reads the marks knows that each is one."""
    statements, cells = table_statements(np.array([[1.0, 1.0, 1.0, 0.0], [15.0, 30.0, 20.0, 9.0]]))
    with pytest.raises(NotProtectable) as refused:
        Case(statements, marks=True).chosen()
    assert cells.index((0, 0)) in refused.value.targets


def test_beliefs_that_depend_on_the_choice_are_heeded() -> None:
    """The more is withheld, the more the attacker takes to be possible: what is answered is proven for the answer."""
    statements, _ = table_statements(np.array([[3.0, 20.0, 9.0], [15.0, 30.0, 8.0], [40.0, 50.0, 60.0]]))
    case = Case(statements)

    def believes(suppressed: Mask) -> Attacker:
        room = float(suppressed.sum())
        return Attacker(statements.values - room, statements.values + room, np.where(case.targets, 4.0, 0.0))

    found = choose_complement(statements, case.targets, case.candidates, [believes], statements.values)
    attacker = believes(found.suppressed)
    assert not found.optimal
    assert all(
        plain_width(statements, found.suppressed, attacker, at) >= 4 - 1e-6 for at in np.flatnonzero(case.targets)
    )


@pytest.mark.parametrize("weights", [np.full(9, np.nan), np.full(9, -1.0), np.ones(8)])
def test_malformed_weights_are_refused(weights: NDArray[np.float64]) -> None:
    statements, _ = table_statements(np.array([[3.0, 20.0], [15.0, 30.0]]))
    case = Case(statements)
    with pytest.raises(ValueError):
        choose_complement(statements, case.targets, case.candidates, case.attackers, weights)


def random_table(shape: tuple[int, ...], seed: int) -> Statements:
    rng = np.random.default_rng(seed)
    expected = np.ones(())
    for size in shape:
        weights = rng.gamma(0.7, 1, size) + 0.05
        expected = np.multiply.outer(expected, weights / weights.mean())
    return table_statements(rng.poisson(expected * 12).astype(float))[0]


@pytest.mark.parametrize(("shape", "seed"), [((12, 12), 1), ((7, 6, 4), 2), ((6, 5, 4), 3)])
@pytest.mark.parametrize("seconds", [0.4, 0.0])
def test_larger_tables_are_protected_whatever_the_time(shape: tuple[int, ...], seed: int, seconds: float) -> None:
    """With no time at all the choice is grown until it is sufficient; it is proven just the same."""
    case = Case(random_table(shape, seed), width=4.0)
    found = case.chosen(seconds)
    targets = np.flatnonzero(case.targets)
    intervals = feasible_intervals(case.statements, ~found.suppressed, case.attackers[0](found.suppressed), targets)
    assert len(targets) > 10
    assert np.all(intervals[:, 1] - intervals[:, 0] >= 4 - 1e-6)
    assert np.array_equal(found.suppressed, case.chosen(seconds).suppressed)


def test_lines_of_a_table_are_all_its_sums() -> None:
    """Of three dimensions: each cell lies in three, each margin of one dimension in two and is the whole of one …"""
    counts = np.arange(1.0, 25.0).reshape(2, 3, 4)
    statements, cells = table_statements(counts)
    system = open_system(statements, np.zeros(len(cells), dtype=bool))
    equations = equations_of(system)
    assert len(equations.lines) == 2 * 3 + 3 * 4 + 2 * 4 + 2 * (2 + 3 + 4) + 3
    assert np.allclose(equations.matrix @ (system.rows @ counts.ravel()), 0)
    for line in equations.lines:
        assert np.array_equal(system.rows[list(line.parts)].sum(axis=0), system.rows[[line.whole]].toarray()[0])
