"""Small groups among combinations of equations: all of them, no other, against every group tried one by one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.disclosure import small_groups as search
from governance.disclosure.small_groups import small_groups

SEEDS = st.integers(0, 2**32)


def every_group(atoms: int) -> np.ndarray:
    return np.array(list(product([0.0, 1.0], repeat=atoms)))[1:]


def tried_one_by_one(equations: np.ndarray, persons: np.ndarray, most: int) -> set[tuple[int, ...]]:
    """A group follows if some combination of the equations is the group."""
    groups = every_group(len(persons))
    weights = np.linalg.lstsq(equations.T, groups.T)[0]
    exact = np.abs(weights.T @ equations - groups).max(axis=1) < 1e-9
    few = groups @ persons <= most
    return {tuple(np.flatnonzero(group).tolist()) for group in groups[exact & few]}


def as_set(found: list[np.ndarray]) -> set[tuple[int, ...]]:
    assert len({tuple(group.tolist()) for group in found}) == len(found), "a group was listed twice"
    return {tuple(group.tolist()) for group in found}


@given(SEEDS, st.integers(1, 12), st.integers(1, 10), st.integers(1, 12))
@settings(max_examples=200, deadline=None)
def test_exactly_the_groups_that_follow_are_listed(seed: int, atoms: int, rows: int, most: int) -> None:
    chance = np.random.default_rng(seed)
    equations = (chance.random((rows, atoms)) < chance.uniform(0.2, 0.9)).astype(float)
    persons = chance.integers(1, 5, atoms)
    # Any basis of the same combinations will do.
    turned = chance.standard_normal((rows, rows)) @ equations
    assert as_set(small_groups(turned, persons, most)) == tried_one_by_one(equations, persons, most)


@given(SEEDS)
@settings(max_examples=8, deadline=None)
def test_groups_among_hundreds_of_atoms_are_all_found(seed: int) -> None:
    """Planted: a large group, and the same with a few more. Random large groups have nothing else in common."""
    chance = np.random.default_rng(seed)
    atoms, planted = 300, 40
    large = (chance.random((planted, atoms)) < 0.5).astype(float)
    small = [np.sort(chance.choice(atoms, chance.integers(1, 5), replace=False)) for _ in range(planted)]
    beside = large.copy()
    for row, group in zip(beside, small, strict=True):
        row[group] = 1.0 - row[group]
    same_side = [np.ptp(row[group]) == 0 for row, group in zip(large, small, strict=True)]
    found = as_set(small_groups(np.vstack([large, beside]), np.ones(atoms, dtype=np.int64), 4))
    expected = {tuple(group.tolist()) for group, whole in zip(small, same_side, strict=True) if whole}
    assert expected <= found
    # The others are several of these together, or one less another.
    changes = np.array([row - whole for row, whole in zip(beside, large, strict=True)])
    groups = np.array([np.isin(np.arange(atoms), group) for group in sorted(found)], dtype=float)
    weights = np.linalg.lstsq(np.vstack([large, changes]).T, groups.T)[0]
    assert np.abs(weights.T @ np.vstack([large, changes]) - groups).max() < 1e-9


def test_what_takes_too_long_counts_as_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_BRANCHES", 10)
    with pytest.raises(ArithmeticError):
        small_groups(np.eye(40), np.ones(40, dtype=np.int64), 3)


def test_too_many_groups_count_as_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_GROUPS", 50)
    with pytest.raises(ArithmeticError):
        small_groups(np.eye(200), np.ones(200, dtype=np.int64), 9)


def test_no_equations_tell_of_nobody() -> None:
    assert small_groups(np.zeros((0, 5)), np.ones(5, dtype=np.int64), 3) == []
