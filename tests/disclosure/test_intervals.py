"""Intervals against a plain linear program over everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

from governance.disclosure.statements import Attacker, Statements
from tests.disclosure.intervals import feasible_intervals, table_statements

END = 1e6
"""Larger than anything here: what the oracle takes for no end."""


@st.composite
def situations(draw: st.DrawFn) -> tuple[Statements, NDArray[np.bool_], Attacker]:
    """Overlapping statements about a few atoms, some printed, with beliefs that hold the truth."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    statements, atoms = draw(st.integers(1, 8)), draw(st.integers(1, 7))
    member = (rng.random((statements, atoms)) < draw(st.floats(0.2, 0.9))).astype(float)
    amount = rng.integers(0, 7, atoms).astype(float)
    low = np.where(rng.random(atoms) < 0.8, 0.0, -np.inf)
    high = np.where(rng.random(atoms) < 0.6, np.inf, amount + rng.integers(0, 4, atoms))
    values = member @ amount
    believed_low = np.where(rng.random(statements) < 0.5, -np.inf, values - rng.integers(0, 4, statements))
    believed_high = np.where(rng.random(statements) < 0.5, np.inf, values + rng.integers(0, 4, statements))
    attacker = Attacker(believed_low, believed_high, rng.integers(0, 6, statements).astype(float))
    return Statements(csr_array(member), amount, low, high), rng.random(statements) < 0.5, attacker


def plain_intervals(statements: Statements, printed: NDArray[np.bool_], attacker: Attacker) -> NDArray[np.float64]:
    """Of every statement, by the whole system at once, -END or END where it has no end."""
    member, values = statements.member.toarray(), statements.values
    bounded = np.vstack([member[~printed], -member[~printed]])
    limits = np.concatenate([attacker.high[~printed], -attacker.low[~printed]])
    kept = np.isfinite(limits)
    found = []
    for row in member:
        ends = []
        for sign in (1.0, -1.0):
            result = linprog(
                sign * row,
                A_ub=bounded[kept],
                b_ub=limits[kept],
                A_eq=member[printed],
                b_eq=values[printed],
                bounds=list(zip(np.maximum(statements.low, -END), np.minimum(statements.high, END), strict=True)),
            )
            assert result.status == 0
            ends.append(sign * result.fun)
        found.append(ends)
    return np.array(found)


@given(situations())
@settings(deadline=None, max_examples=150)
def test_intervals_are_those_of_the_whole_system(
    situation: tuple[Statements, NDArray[np.bool_], Attacker],
) -> None:
    statements, printed, attacker = situation
    found = feasible_intervals(statements, printed, attacker, np.arange(len(statements)))
    expected = plain_intervals(statements, printed, attacker)
    far = np.abs(expected) > END / 10
    assert np.array_equal(np.isinf(found), far)
    assert np.allclose(found[~far], expected[~far], atol=1e-6)


def open_attacker(statements: Statements, width: float = 3.0) -> Attacker:
    ends = np.full(len(statements), np.inf)
    return Attacker(-ends, ends, np.full(len(statements), width))


def test_one_hole_in_a_row_is_no_hole() -> None:
    statements, cells = table_statements(np.array([[3.0, 20.0], [15.0, 30.0]]))
    printed = np.ones(len(statements), dtype=bool)
    hole = cells.index((0, 0))
    printed[hole] = False
    found = feasible_intervals(statements, printed, open_attacker(statements), np.array([hole]))
    assert np.allclose(found, [[3, 3]])


def test_four_holes_swap() -> None:
    """The textbook case: what one corner gains its neighbours lose, as far as the smallest of them goes."""
    statements, cells = table_statements(np.array([[3.0, 20.0, 9.0], [15.0, 30.0, 8.0]]))
    printed = np.ones(len(statements), dtype=bool)
    corners = [cells.index(cell) for cell in ((0, 0), (0, 1), (1, 0), (1, 1))]
    printed[corners] = False
    found = feasible_intervals(statements, printed, open_attacker(statements), np.array(corners))
    assert np.allclose(found, [[0, 18], [5, 23], [0, 18], [27, 45]])


def test_a_printed_margin_of_nothing_fixes_what_is_in_it() -> None:
    statements, cells = table_statements(np.array([[0.0, 0.0], [4.0, 9.0]]))
    printed = np.zeros(len(statements), dtype=bool)
    printed[cells.index((0, None))] = True
    targets = np.array([cells.index((0, 0)), cells.index((1, 0))])
    found = feasible_intervals(statements, printed, open_attacker(statements), targets)
    assert found.tolist() == [[0, 0], [0, np.inf]]


def test_a_belief_that_excludes_the_truth_is_an_error() -> None:
    statements, _ = table_statements(np.array([[1.0, 2.0], [3.0, 4.0]]))
    attacker = Attacker(np.full(9, 6.0), np.full(9, np.inf), np.zeros(9))
    with pytest.raises(ValueError, match="the truth"):
        feasible_intervals(statements, np.zeros(9, dtype=bool), attacker, np.array([0]))


@pytest.mark.parametrize(
    ("amount", "low", "high"), [([1, 2], [0], [9]), ([1, np.nan], [0, 0], [9, 9]), ([1, 2], [0, 3], [9, 9])]
)
def test_statements_check_themselves(amount: list[float], low: list[float], high: list[float]) -> None:
    with pytest.raises(ValueError):
        Statements(csr_array(np.ones((1, 2))), *(np.array(side, dtype=float) for side in (amount, low, high)))


def test_an_atom_counts_once() -> None:
    with pytest.raises(ValueError, match="once"):
        Statements(csr_array(np.array([[2.0]])), np.ones(1), np.zeros(1), np.ones(1))


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 4), (2, 2, 2, 2)])
def test_table_statements_are_all_margins(shape: tuple[int, ...]) -> None:
    counts = np.random.default_rng(1).integers(0, 9, shape).astype(float)
    statements, cells = table_statements(counts)
    assert len(cells) == len(set(cells)) == np.prod([size + 1 for size in shape]) == len(statements)
    assert cells[-1] == (None,) * len(shape)
    for cell, value in zip(cells, statements.values, strict=True):
        assert value == counts[tuple(slice(None) if at is None else at for at in cell)].sum()


@given(st.integers(0, 2**32), st.integers(50, 70), st.integers(10, 70))
@settings(deadline=None, max_examples=8)
def test_many_printed_sums_fix_what_the_whole_system_fixes(seed: int, printed_count: int, atoms: int) -> None:
    """So many that they are eliminated first."""
    rng = np.random.default_rng(seed)
    member = (rng.random((printed_count + 6, atoms)) < 0.15).astype(float)
    amount = rng.integers(0, 7, atoms).astype(float)
    statements = Statements(csr_array(member), amount, np.zeros(atoms), np.full(atoms, np.inf))
    printed = np.arange(len(statements)) < printed_count
    attacker = open_attacker(statements)
    found = feasible_intervals(statements, printed, attacker, np.arange(len(statements)))
    expected = plain_intervals(statements, printed, attacker)
    far = np.abs(expected) > END / 10
    assert np.array_equal(np.isinf(found), far)
    assert np.allclose(found[~far], expected[~far], atol=1e-5)
