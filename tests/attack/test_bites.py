"""The attack is known to bite: on a reference output checker, on protection table by table, on published files."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.attack import acro_tables, districts
from tests.attack.attacker import COUNT, Measure, Statement, attack
from tests.attack.districts import Query, cells_of, make_district, persons_in, selected
from tests.attack.edsight import Audit, audit, read_blocks
from tests.attack.single_table import protect_alone
from tests.bench.peers import demand_peers
from tests.conftest import REAL_DATA

PAIRS_OF_ATTRIBUTES = (("grade", "race"), ("grade", "lunch"), ("school", "language"), ("race", "lunch"))


def printed(persons: range, value: float | None = None, **more: object) -> Statement:
    """A count of those persons as it is, or another number."""
    number = float(len(persons)) if value is None else value
    return Statement(frozenset(persons), (number, number), **more)


def starred(persons: range, width: float = 5.0, **more: object) -> Statement:
    return Statement(frozenset(persons), None, width=width, **more)


class TestOnWhatAnyoneCanSee:
    """Small cases whose answer is evident."""

    def test_total_minus_the_rest(self) -> None:
        found = attack([printed(range(40)), printed(range(36)), starred(range(36, 40))], 6)
        assert [find.low for find in found.recovered] == [4.0]

    def test_two_stars_in_a_line_are_bounded_by_what_is_left(self) -> None:
        found = attack([printed(range(40)), printed(range(36)), starred(range(36, 38)), starred(range(38, 40))], 6)
        assert not found.recovered
        assert [(find.low, find.high) for find in found.narrow] == [(0.0, 4.0)] * 2

    def test_two_stars_with_enough_between_them_hold(self) -> None:
        assert (
            attack([printed(range(40)), printed(range(30)), starred(range(30, 33)), starred(range(33, 40))], 11).nothing
            is False
        )
        assert attack(
            [printed(range(40)), printed(range(30)), starred(range(30, 33)), starred(range(33, 40))], 6
        ).nothing

    def test_two_queries_that_differ_by_three_persons(self) -> None:
        found = attack([printed(range(40)), printed(range(37))], 6)
        assert [find.persons for find in found.implied] == [frozenset({37, 38, 39})]

    def test_all_minus_several_subgroups(self) -> None:
        found = attack([printed(range(40)), *(printed(range(at, at + 9)) for at in (0, 9, 18, 27))], 6)
        assert [find.persons for find in found.implied] == [frozenset(range(36, 40))]

    def test_a_small_union_of_atoms_that_no_difference_shows(self) -> None:
        # (A + B + C - everything twice) / 1: three overlapping groups fix the one person who is in all of them.
        groups = [{*range(20), 60}, {*range(20, 40), 60}, {*range(40, 60), 60}]
        statements = [Statement(frozenset(group), (len(group),) * 2) for group in groups]
        found = attack([*statements, printed(range(61))], 6)
        assert [find.persons for find in found.implied] == [frozenset({60})]

    def test_a_percent_times_its_denominator(self) -> None:
        passed, everyone = frozenset(range(17)), frozenset(range(40))
        percent = Statement(passed, (0.4245, 0.4255), per=everyone)
        found = attack([printed(range(40)), percent, printed(range(14)), starred(range(14, 17))], 6)
        assert [find.low for find in found.recovered] == [3.0]

    def test_a_mean_times_its_n(self) -> None:
        scores = Measure({person: float(person) for person in range(40)}, 0.0, 1000.0, whole=True)
        mean = {n: sum(range(n)) / n for n in (40, 39)}
        told = [
            Statement(frozenset(range(n)), (mean[n] - 0.004, mean[n] + 0.004), "score", frozenset(range(n)))
            for n in mean
        ]
        found = attack([printed(range(40)), printed(range(39)), *told], 6, {"score": scores})
        assert (39.0, 39.0) in [(find.low, find.high) for find in found.implied if find.what == "score"]

    def test_marks_tell_something_too(self) -> None:
        small, other = frozenset({36}), frozenset(range(37, 43))
        stars = [
            Statement(small, None, width=5.0, told=(1.0, 5.0), told_width=3.0),
            Statement(other, None, width=5.0, told=(6.0, np.inf), told_width=3.0),
        ]
        told = [printed(range(43)), printed(range(36)), *stars]
        assert attack(told, 6).nothing
        assert [(find.low, find.high) for find in attack(told, 6, reads_marks=True).recovered] == [
            (1.0, 1.0),
            (6.0, 6.0),
        ]

    def test_three_overlapping_groups_fix_each_part(self) -> None:
        groups = [frozenset({0, 1}), frozenset({1, 2}), frozenset({0, 2})]
        found = attack([*(Statement(group, (2.0, 2.0)) for group in groups), starred(range(1))], 2)
        assert len(found.recovered) == 1
        assert len(found.implied) == 3

    def test_one_whole_number_between_the_ends_is_known(self) -> None:
        # 18 persons are 41.9 % of a hidden total: it lies between 42.9 and 43.01, and is 43.
        percent = Statement(frozenset(range(18)), (0.4185, 0.4195), per=frozenset(range(43)))
        found = attack([printed(range(18)), percent, starred(range(43))], 6)
        assert [round(find.high) for find in found.recovered] == [43]

    def test_a_safe_table_gives_nothing_away(self) -> None:
        cells = [printed(range(at, at + 30)) for at in range(0, 120, 30)]
        assert attack([*cells, printed(range(60)), printed(range(120))], 6).nothing


class TestOnAcro:
    def test_tenth_of_its_suppressed_cells_follow_from_ordinary_totals(self) -> None:
        python = demand_peers()
        frames = [_frame(seed, *pair) for seed, pair in product(range(4), PAIRS_OF_ATTRIBUTES)]
        asked = json.dumps([{name: frame[name].tolist() for name in ("a", "b")} for frame in frames])
        script = Path(acro_tables.__file__)
        done = subprocess.run([python, script], input=asked, capture_output=True, text=True, check=True)
        found = [
            attack(_as_shown(frame, told), 10) for frame, told in zip(frames, json.loads(done.stdout), strict=True)
        ]
        share = sum(len(one.recovered) for one in found) / sum(one.stars for one in found)
        assert 0.05 < share < 0.2


def _frame(seed: int, first: str, second: str) -> pd.DataFrame:
    frame = selected(make_district(seed), {"year": (districts.YEARS[0],)})
    return frame.rename(columns={first: "a", second: "b"})[["person", "a", "b"]]


def _as_shown(frame: pd.DataFrame, told: dict[str, list[tuple[str, str, float | None]]]) -> list[Statement]:
    """acro's answers as statements. Nobody is behind a star of an empty cell, so those are not counted."""
    cells = [((("a", row), ("b", column)), count) for row, column, count in told["a × b"]]
    cells += [(((name, label),), count) for name in ("a", "b") for label, _, count in told[name]]
    known = [(persons_in(selected(frame, {name: (label,) for name, label in place})), count) for place, count in cells]
    return [Statement(who, None if count is None else (count, count)) for who, count in known if who]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return make_district(7, 300)


class TestOnProtectionTableByTable:
    """Each table is sound by itself; nobody remembers the table before."""

    def test_one_table_by_itself_recovers_nothing(self, frame: pd.DataFrame) -> None:
        query = Query(("school",), ("lunch",), {"year": (2026,)})
        assert not attack(protect_alone(frame, query, 6), 6).recovered

    def test_nested_queries_break_it(self, frame: pd.DataFrame) -> None:
        everyone = Query(("school",), ("race",), {"year": (2026,)})
        nested = [
            replace(everyone, where={"year": (2026,), "sex": ("Female", "Male")}),
            Query(("race",), (), {"year": (2026,)}),
        ]
        told = [statement for query in (everyone, *nested) for statement in protect_alone(frame, query, 6)]
        found = attack(told, 6)
        assert found.recovered or found.implied

    def test_long_sequence_breaks_it_thoroughly(self, frame: pd.DataFrame) -> None:
        queries, _ = districts.random_sequence(7, frame, 12, 1)
        counts = [replace(query, statistic="count", value=None) for query in queries]
        found = attack([told for query in counts for told in protect_alone(frame, query, 6)], 6)
        assert len(found.recovered) > 5
        assert len(found.implied) > 5


@pytest.mark.real
class TestOnConnecticut:
    """Smarter Balanced by district, 2014-15 to 2018-19: each grade file joined with the all-grades file."""

    def test_published_files_give_away_hundreds_of_their_stars(self) -> None:
        found = audit(read_blocks(REAL_DATA / "ct-edsight" / "smarter-balanced-by-all-students"))
        # 848 with a pencil, on the sums whose total is printed. Linear programs over all the sums get 37 more.
        assert found == Audit(starred=8013, by_equations=686, by_bounds=848, by_program=885, small=276)


def test_cells_of_a_table_are_its_rows_and_all_totals() -> None:
    frame = make_district(1, 200)
    query = Query(("school",), ("sex",), {"year": (2025,)})
    cells = cells_of(frame, query)
    assert len(cells[districts.TOTAL, districts.TOTAL]) == 200
    assert COUNT == "students"
    assert sum(len(rows) for place, rows in cells.items() if districts.TOTAL not in place) == 200
