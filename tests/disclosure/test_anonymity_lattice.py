"""The search of the lattice against pricing every node."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.disclosure import anonymity
from governance.disclosure.anonymity import Hierarchy, anonymize
from governance.disclosure.lattice import Levels, Price, cheapest

Prices = dict[Levels, Price]


class Listed:
    """Extra prices that are written down, with bounds; it counts what it is asked, and is spent after `most`."""

    def __init__(self, prices: Prices, bounds: dict[Levels, int], most: int | None = None) -> None:
        self.prices, self.bounds, self.most = prices, bounds, most
        self.asked: list[Levels] = []

    @property
    def is_spent(self) -> bool:
        return self.most is not None and len(self.asked) >= self.most

    def at_least(self, levels: Levels) -> int:
        return self.bounds[levels]

    def exactly(self, levels: Levels, ceiling: int | None) -> Price | None:
        self.asked.append(levels)
        price = self.prices[levels]
        return None if ceiling is not None and price.loss > ceiling else price


@st.composite
def lattices(draw: st.DrawFn) -> tuple[list[list[int]], Prices, dict[Levels, int]]:
    losses = draw(st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=4).map(sorted), min_size=1, max_size=4))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    nodes = list(product(*[range(len(column)) for column in losses]))
    prices = {node: Price(int(random.integers(0, 12)), int(random.integers(0, 3))) for node in nodes}
    return losses, prices, {node: int(random.integers(0, price.loss + 1)) for node, price in prices.items()}


def whole(losses: list[list[int]], prices: Prices, node: Levels) -> tuple[int, int, int, Levels]:
    own = sum(column[level] for column, level in zip(losses, node, strict=True))
    return own + prices[node].loss, prices[node].cells, sum(node), node


@settings(deadline=None)
@given(lattices())
def test_the_node_found_is_the_first_of_all(lattice: tuple[list[list[int]], Prices, dict[Levels, int]]) -> None:
    losses, prices, bounds = lattice
    extra = Listed(prices, bounds)
    found = cheapest(losses, extra)
    assert found.proven
    assert found.levels == min(whole(losses, prices, node) for node in prices)[-1]
    assert len(extra.asked) == len(set(extra.asked))


@settings(deadline=None)
@given(lattices())
def test_no_node_is_priced_whose_bound_is_above_the_price_found(
    lattice: tuple[list[list[int]], Prices, dict[Levels, int]],
) -> None:
    losses, prices, bounds = lattice
    extra = Listed(prices, bounds)
    found = whole(losses, prices, cheapest(losses, extra).levels)[0]
    own = {node: whole(losses, prices, node)[0] - prices[node].loss for node in prices}
    if len(extra.asked) < 48:
        assert all(own[node] + bounds[node] <= found for node in extra.asked)


@settings(deadline=None)
@given(lattices(), st.integers(1, 20))
def test_when_spent_no_neighbour_is_cheaper(
    lattice: tuple[list[list[int]], Prices, dict[Levels, int]], most: int
) -> None:
    losses, prices, bounds = lattice
    found = cheapest(losses, Listed(prices, bounds, most))
    at = whole(losses, prices, found.levels)
    if found.proven:
        assert at == min(whole(losses, prices, node) for node in prices)
    near = [node for node in prices if sum(abs(a - b) for a, b in zip(node, found.levels, strict=True)) == 1]
    assert all(whole(losses, prices, node) >= at for node in near)


def test_a_search_that_was_ended_says_so_and_keeps_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anonymity, "MOST_WORK", 0)
    random = np.random.default_rng(4)
    levels: list[Any] = [np.arange(12), np.arange(12) // 3, np.zeros(12)]
    column = Hierarchy(tuple(level.astype(np.int32) for level in levels))
    made = anonymize([random.integers(0, 12, 90).astype(np.int32) for _ in range(4)], [column] * 4, 5)
    assert not made.proven
    assert np.unique(made.codes, axis=0, return_counts=True)[1].min() == made.k >= 5
