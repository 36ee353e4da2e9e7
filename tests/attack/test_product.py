"""The attack on the product: nothing suppressed is recovered, nothing promised is missed, no small group follows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from governance.disclosure import readers
from tests.attack.attacker import Findings, attack
from tests.attack.districts import YEARS, Query, differing_pair, make_district, random_query, random_sequence
from tests.attack.edsight import LEVELS, Block, Counts, audit
from tests.attack.product import Asked, Audience, measures

SMALL = 6
BOTH_READERS = (False, True)
EVERY_STATISTIC = ("count", "count", "share", "mean", "percent", "sum")


def attacked(audience: Audience, smallest: int = SMALL) -> tuple[Findings, ...]:
    """By who reads the numbers, and by who reads the marks too."""
    known = measures(audience.frame)
    return tuple(attack(audience.told, smallest, known, reads_marks=marks) for marks in BOTH_READERS)


def assert_holds(audience: Audience, smallest: int = SMALL) -> None:
    for found in attacked(audience, smallest):
        assert not found.recovered
        assert not found.narrow
        assert not found.implied


def check_tables(seed: int, persons: int | None, tables: int) -> None:
    """Each table is shown to an audience of its own."""
    frame = make_district(seed, persons)
    rng = np.random.default_rng(seed)
    for _ in range(tables):
        query = random_query(rng, frame, statistics=EVERY_STATISTIC)
        audience = Audience(frame)
        audience.ask(query)
        assert_holds(audience, Asked(frame, query).rules.smallest)


def check_sequence(seed: int, persons: int | None, length: int) -> None:
    """Everything is shown to one audience: nested populations, both years, and pairs that differ by few."""
    frame = make_district(seed, persons)
    queries, planted = random_sequence(seed, frame, length, pairs=length // 8)
    audience = Audience(frame)
    shown = [audience.ask(query) for query in queries]
    assert planted
    assert sum(table is not None for table in shown) > length / 4, "nearly nothing was answered: nothing was tried"
    assert_holds(audience)


@pytest.mark.parametrize("seed", range(3))
def test_tables_of_random_districts(seed: int) -> None:
    check_tables(seed, 200, 10)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_thirty_tables_of_each_of_twenty_districts(seed: int) -> None:
    check_tables(seed, None, 30)


def test_forty_queries_of_one_audience() -> None:
    check_sequence(100, 160, 40)


def test_worlds_sought_among_few_atoms_are_worlds_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    # As in a state, where all atoms are too many: fewer answers, and as safe.
    monkeypatch.setattr(readers, "ZONE_ATOMS", 60)
    frame = make_district(7, 300)
    audience = Audience(frame)
    shown = [audience.ask(Query((name,), ("sex",), {"year": (year,)})) for name in ("grade", "lunch") for year in YEARS]
    assert sum(table is not None for table in shown) > 1
    assert_holds(audience)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(5))
def test_two_hundred_queries_of_one_audience(seed: int) -> None:
    check_sequence(seed, None, 200)


def test_planted_pairs_are_refused_or_suppressed() -> None:
    frame = make_district(11, 300)
    rng = np.random.default_rng(11)
    drawn = [differing_pair(rng, frame) for _ in range(80)]
    pairs = [pair for pair in drawn if pair]
    audiences = [Audience(frame) for _ in pairs]
    answered = [audience.ask(first) is not None for audience, (first, _) in zip(audiences, pairs, strict=True)]
    assert sum(answered) > 20, "nearly nothing was answered: nothing was tried"
    for audience, (_, second) in zip(audiences, pairs, strict=True):
        audience.ask(second)
        assert_holds(audience)


def test_safe_tables_come_back_untouched() -> None:
    frame = make_district(5, 800).query("sex != 'X'")
    safe = [Query(("lunch",), (), {"year": (year,)}) for year in YEARS]
    safe += [Query(("school",), ("sex",), {"year": (year,)}) for year in YEARS]
    for query in safe:
        shown = Audience(frame).ask(query)
        assert shown is not None
        assert set(shown.reasons) == {None}
        assert "*" not in shown.texts


def test_tables_of_the_shape_that_connecticut_published_give_nothing_away() -> None:
    blocks = [_block(seed) for seed in range(30)]
    found = audit(blocks)
    assert found.starred > 100
    assert (found.by_equations, found.by_bounds, found.by_program) == (0, 0, 0)


def _block(seed: int) -> Block:
    """Grade × level of one district and year with all totals, as the product shows it."""
    frame = make_district(seed)
    frame["level"] = pd.cut(frame["score"].fillna(500), [0, 430, 500, 570, 900], labels=list(LEVELS)).astype(str)
    shown = Audience(frame).ask(Query(("grade",), ("level",), {"year": (2025,)}))
    assert shown is not None
    grid = [[None if text == "*" else int(text) for text in line] for line in _lines(shown.texts, len(LEVELS) + 1)]
    lines: list[Counts] = [(line[-1], *line[:-1], None) for line in grid]
    return Block(f"district {seed}", tuple(lines[:-1]), lines[-1])


def _lines(texts: Sequence[str], width: int) -> list[Sequence[str]]:
    return [texts[start : start + width] for start in range(0, len(texts), width)]
