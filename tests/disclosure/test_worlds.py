"""Worlds and implied groups against slow, obvious arithmetic; and the form in which what was said is kept."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import FrozenBitMap

from governance.disclosure.implied import Equations, implied_groups
from governance.disclosure.said import Family, Said, decode, encode
from governance.disclosure.statements import Attacker, Statements
from governance.disclosure.worlds import Sought, find_worlds, reaches, spreads
from tests.disclosure.intervals import feasible_intervals

SIZES = st.lists(st.integers(1, 4), min_size=2, max_size=7)
SEEDS = st.integers(0, 2**32)


def printed_groups(seed: int, atoms: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    rows = chance.random((chance.integers(1, 6), atoms)) < chance.uniform(0.3, 0.9)
    return rows[rows.any(axis=1)].astype(float)


def equations_of(rows: np.ndarray, weights: np.ndarray) -> Equations:
    return Equations.over(len(weights)).also(rows, weights)


def nothing_may_be_told(_atoms: np.ndarray) -> bool:
    return False


def small_groups_that_follow(rows: np.ndarray, sizes: np.ndarray, smallest: int) -> list[tuple[int, ...]]:
    """Every union of atoms, by rank: it follows if it adds nothing to what is printed."""
    rank = np.linalg.matrix_rank(rows)
    found = []
    for group in chain.from_iterable(combinations(range(len(sizes)), n) for n in range(1, len(sizes) + 1)):
        wanted = np.zeros(len(sizes))
        wanted[list(group)] = 1.0
        if sizes[list(group)].sum() < smallest and np.linalg.matrix_rank(np.vstack([rows, wanted])) == rank:
            found.append(group)
    return found


@given(SIZES, SEEDS, st.integers(2, 9), st.lists(st.integers(1, 30), min_size=7, max_size=7))
@settings(max_examples=250)
def test_a_small_group_is_found_if_and_only_if_there_is_one(
    sizes: list[int], seed: int, smallest: int, each: list[int]
) -> None:
    """Persons with many rows each too: what is few is said of persons."""
    rows = printed_groups(seed, len(sizes))
    weights = np.array(sizes, dtype=float) * each[: len(sizes)]
    if not len(rows):
        return
    found = implied_groups(equations_of(rows, weights), np.array(sizes), smallest, nothing_may_be_told)
    expected = small_groups_that_follow(rows, np.array(sizes), smallest)
    assert {tuple(sorted(group.tolist())) for group in found} <= set(expected)
    assert bool(found) == bool(expected)


@given(SIZES, SEEDS, st.integers(2, 9), st.integers(1, 8), st.integers(1, 5))
@settings(max_examples=250)
def test_what_follows_from_lenient_tables_may_be_told_from_their_threshold_on(
    sizes: list[int], seed: int, smallest: int, threshold: int, lenient: int
) -> None:
    rows, persons = printed_groups(seed, len(sizes)), np.array(sizes)
    weights = persons.astype(float)
    if not len(rows):
        return
    no_secret = small_groups_that_follow(rows[:lenient], persons, smallest)

    def may_be_told(atoms: np.ndarray) -> bool:
        return persons[atoms].sum() >= threshold and tuple(sorted(atoms.tolist())) in no_secret

    found = implied_groups(equations_of(rows, weights), persons, smallest, may_be_told)
    expected = [
        group
        for group in small_groups_that_follow(rows, persons, smallest)
        if persons[list(group)].sum() < threshold or group not in no_secret
    ]
    assert {tuple(sorted(group.tolist())) for group in found} <= set(expected)
    assert bool(found) == bool(expected)


@given(SIZES, SEEDS)
@settings(max_examples=100)
def test_equations_survive_a_cut_of_their_atoms(sizes: list[int], seed: int) -> None:
    weights, rows = np.array(sizes, dtype=float), printed_groups(seed, len(sizes))
    if not len(rows):
        return
    parent = np.repeat(np.arange(len(sizes)), 2)
    halves = np.repeat(weights / 2, 2)
    cut = equations_of(rows, weights).cut(parent)
    moved = cut.changes(halves) @ np.repeat(rows, 2, axis=1).T
    assert np.abs(moved).max() < 1e-6


@given(SIZES, SEEDS, st.sampled_from([spreads, reaches]))
@settings(max_examples=150)
def test_worlds_agree_with_what_is_printed_and_open_what_can_be_opened(sizes: list[int], seed: int, opened) -> None:
    rows, chance = printed_groups(seed, len(sizes)), np.random.default_rng(seed)
    amount = np.array(sizes, dtype=float)
    member = np.vstack([rows, np.eye(len(sizes))])
    printed = np.r_[np.ones(len(rows), dtype=bool), np.zeros(len(sizes), dtype=bool)]
    room = chance.integers(0, 5, (2, len(sizes))).astype(float)
    down, up = (np.r_[np.zeros(len(rows)), np.minimum(each, amount)] for each in room)
    statements = Statements(sp.csr_array(member), amount, np.zeros(len(sizes)), np.full(len(sizes), np.inf))
    widths = np.full(len(sizes), 1.0)
    worlds = find_worlds(Sought(statements, printed, down, up, widths, opened), last=True)
    said = worlds @ member.T
    assert np.all(said >= -down - 1e-6) and np.all(said <= up + 1e-6)
    assert np.all(amount + worlds >= -1e-6)
    values = member @ amount
    attacker = Attacker(values - down, values + up, np.zeros(len(member)))
    ends = feasible_intervals(statements, printed, attacker, np.flatnonzero(~printed)) - amount[:, np.newaxis]
    possible = ends[:, 1] - ends[:, 0] if opened is spreads else np.abs(ends).max(axis=1)
    assert np.array_equal(opened(worlds) >= 1.0 - 1e-6, possible >= 1.0 - 1e-6)


def said_of(width: list[float]) -> Said:
    hidden = np.array(width) > 0
    low, high = np.where(hidden, 1.0, -np.inf), np.where(hidden, np.inf, np.inf)
    sets = tuple(FrozenBitMap([at, at + 1]) for at in range(len(width)))
    units = np.arange(len(width) + 1) * 2**40
    return Said("student", units, units, sets, ~hidden, np.array(width), low, high, 6, (Family(0, (1,)),))


def test_what_was_said_is_read_back_as_it_was() -> None:
    answer = [said_of([0.0, 5.0, 0.0]), said_of([0.0])]
    for before, after in zip(answer, decode(encode(answer)), strict=True):
        assert (before.quantity, before.sets) == (after.quantity, after.sets)
        for name in ("units", "persons", "printed", "width", "low", "high", "smallest"):
            assert np.array_equal(getattr(before, name), getattr(after, name))


@pytest.mark.parametrize("damage", [b"", b"nothing of the kind"])
def test_what_is_no_record_is_not_read(damage: bytes) -> None:
    with pytest.raises(Exception, match=r"."):
        decode(damage)
