"""The counting rules of de-identified rows, against recounts in plain Python."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.warehouse.deidentified_codes import person_codes, random_order
from governance.warehouse.deidentified_counts import Known, banded, capped_rows, carriers, joined, shared, without_rare

K = st.integers(2, 5)
ROWS = st.lists(st.tuples(st.integers(0, 11), st.integers(-1, 4)), max_size=60)
IN_YEARS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 2), st.integers(-1, 3)), max_size=80)
FACTS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 2), st.integers(-1, 3), st.integers(-1, 2)), max_size=60)
# A person, a test, a number and a year: tests of one name are others in another year.
MEASURED = st.lists(
    st.tuples(
        st.integers(0, 11),
        st.integers(0, 3),
        st.one_of(st.just(math.nan), st.integers(0, 9).map(float), st.sampled_from([2.5, 212.0, math.inf])),
    ),
    max_size=60,
)


def people_with(pairs: Iterable[tuple[int, Hashable]]) -> dict[Hashable, set[int]]:
    """Value to the people who carry it."""
    found: dict[Hashable, set[int]] = defaultdict(set)
    for person, value in pairs:
        found[value].add(person)
    return found


def column(rows: list[tuple], place: int) -> np.ndarray:
    return np.array([row[place] for row in rows], np.int64)


@given(ROWS)
def test_carriers_are_counted_once(rows) -> None:
    expected = people_with((person, code) for person, code in rows if code >= 0)
    kept = [row for row in rows if row[1] >= 0]
    counted = carriers(column(kept, 1), column(kept, 0), 5, 12)
    assert counted.tolist() == [len(expected[code]) for code in range(5)]


def assert_nobody_is_missing_alone(
    years: Iterable[int], people: Iterable[int], missing: Iterable[bool], k: int
) -> None:
    """In no year, and not in all of them together, unless all of it is missing."""
    of_year: dict[int | None, list[tuple[int, bool]]] = defaultdict(list)
    for year, person, is_missing in zip(years, people, missing, strict=True):
        for group in (year, None):
            of_year[group].append((person, is_missing))
    for rows in of_year.values():
        without = {person for person, is_missing in rows if is_missing}
        assert not 0 < len(without) < k or all(is_missing for _, is_missing in rows)


@given(IN_YEARS, K)
def test_no_value_is_carried_by_few_in_its_year_and_nobody_is_missing_alone(rows, k) -> None:
    result = without_rare(column(rows, 2), column(rows, 1), column(rows, 0), 12, k).tolist()
    people, years = [row[0] for row in rows], [row[1] for row in rows]
    left = people_with((person, (year, value)) for person, year, value in zip(people, years, result, strict=True))
    assert all(len(who) >= k for (_, value), who in left.items() if value >= 0)
    assert_nobody_is_missing_alone(years, people, [value < 0 for value in result], k)
    assert all(after in (before, -1) for (_, _, before), after in zip(rows, result, strict=True))


@given(IN_YEARS, K)
def test_what_is_not_rare_stays_where_nothing_is_rare(rows, k) -> None:
    before = people_with((row[0], row[1:]) for row in rows)
    missing = {row[0] for row in rows if row[2] < 0}
    if all(len(who) >= k for who in before.values()) and not 0 < len(missing) < k:
        found = without_rare(column(rows, 2), column(rows, 1), column(rows, 0), 12, k).tolist()
        assert found == [value for _, _, value in rows]


def test_a_value_that_is_common_in_one_year_is_missing_in_another_where_it_is_rare() -> None:
    """Twelve students long ago were suspended, and one this year: that one is not to be seen."""
    suspended = np.array([0] * 12 + [0] + [1] * 20)
    years = np.array([0] * 12 + [1] * 21)
    found = without_rare(suspended, years, np.arange(33), 33, 5)
    assert found[:12].tolist() == [0] * 12
    assert -1 in found[13:] and 0 not in found[12:]


COARSER = np.array([4, 4, 5, 5, -1, -1])


@given(FACTS, K)
def test_known_facts_are_shared_within_the_group(rows, k) -> None:
    first = Known(column(rows, 2), (COARSER,))
    found = shared([first, Known(column(rows, 3))], column(rows, 1), column(rows, 0), 12, k)
    shown = list(zip(*(codes.tolist() for codes in found), strict=True))
    together = people_with((row[0], (row[1], *codes)) for row, codes in zip(rows, shown, strict=True))
    for (_, *codes), who in together.items():
        assert len(who) >= k or set(codes) == {-1}
    groups = {group for group, *_ in together}
    for group in groups:
        nothing = together.get((group, -1, -1), set())
        others = [who for (other, *_), who in together.items() if other == group]
        assert not 0 < len(nothing) < k or len(others) == 1
    for row, codes in zip(rows, shown, strict=True):
        assert codes[0] in (row[2], COARSER[row[2]] if row[2] >= 0 else -1, -1)
        assert codes[1] in (row[3], -1)


@given(FACTS, K)
def test_known_facts_that_are_shared_stay(rows, k) -> None:
    before = people_with((row[0], row[1:]) for row in rows)
    if all(len(who) >= k for who in before.values()):
        columns = [Known(column(rows, 2), (COARSER,)), Known(column(rows, 3))]
        found = shared(columns, column(rows, 1), column(rows, 0), 12, k)
        assert [codes.tolist() for codes in found] == [[row[2] for row in rows], [row[3] for row in rows]]


@given(MEASURED, K)
def test_every_number_shown_is_shared(rows, k) -> None:
    shown = bands_of(rows, k)
    assert all(math.isnan(number) or math.isfinite(number) for number in shown)
    left = people_with(
        (row[0], (row[1], number)) for row, number in zip(rows, shown, strict=True) if not math.isnan(number)
    )
    assert all(len(who) >= k for who in left.values())
    years = [row[1] // 2 for row in rows]
    assert_nobody_is_missing_alone(years, [row[0] for row in rows], [math.isnan(number) for number in shown], k)
    assert all((group, number) in {(row[1], row[2]) for row in rows} for group, number in left)


def bands_of(rows: list[tuple], k: int) -> list[float]:
    """What the numbers are shown as; of four tests two are of each year."""
    numbers = np.array([row[2] for row in rows], np.float64)
    shown: list[float] = banded(numbers, column(rows, 1), column(rows, 1) // 2, column(rows, 0), 12, k).tolist()
    return shown


@given(MEASURED, K)
def test_bands_keep_the_order_and_what_is_common(rows, k) -> None:
    shown = bands_of(rows, k)
    common = people_with((row[0], (row[1], row[2])) for row in rows)
    pairs = sorted((row[1], row[2], number) for row, number in zip(rows, shown, strict=True) if not math.isnan(number))
    for (group, before, after), (next_group, _, next_after) in pairwise(pairs):
        assert group != next_group or after <= next_after
        assert after == before or len(common[(group, before)]) < k


@given(st.lists(st.integers(-1, 9), max_size=80), K, st.integers(0, 3))
def test_nobody_has_more_rows_than_k_people_have(persons, k, seed) -> None:
    whose = np.array(persons, np.int64)
    rows = capped_rows(whose, 10, k, random_order(bytes([seed])))
    again = capped_rows(whose, 10, k, random_order(bytes([seed])))
    assert rows.tolist() == again.tolist()
    assert len(set(rows.tolist())) == len(rows)
    had, left = Counter(person for person in persons if person >= 0), Counter(whose[rows].tolist())
    if len(had) < k:
        assert not left
        return
    most = max(left.values())
    assert sum(count == most for count in left.values()) >= k
    assert all(left[person] == min(count, most) for person, count in had.items())


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 2**40)), max_size=30))
def test_joined_codes_are_equal_where_all_parts_are(rows) -> None:
    codes = joined([column(rows, 0), column(rows, 1)]).tolist()
    assert len({*zip(codes, rows, strict=True)}) == len(set(codes)) == len(set(rows))


def test_a_long_suspension_is_not_to_be_seen() -> None:
    """One of 212 days among many short ones."""
    days = np.array([1.0] * 6 + [2.0] * 5 + [212.0])
    one = np.zeros(12, np.int64)
    assert banded(days, one, one, np.arange(12), 12, 5).tolist() == [1.0] * 6 + [2.0] * 6


def test_a_rare_outlier_in_the_middle_goes_too() -> None:
    days = np.array([1.0] * 5 + [45.0] + [180.0] * 5)
    one = np.zeros(11, np.int64)
    assert banded(days, one, one, np.arange(11), 11, 5).tolist() == [1.0] * 6 + [180.0] * 5


def test_codes_tell_nothing_without_the_key() -> None:
    keys = list(range(2**61, 2**61 + 500))
    codes = person_codes(keys, "S-", b"a" * 32).to_pylist()
    assert codes == person_codes(keys, "S-", b"a" * 32).to_pylist()
    assert len(set(codes)) == 500
    assert not set(codes) & set(person_codes(keys, "S-", b"b" * 32).to_pylist())
    # Codes of neighbouring keys are no neighbours.
    assert codes != sorted(codes)


@pytest.mark.parametrize("values", [1, 3])
def test_many_values_are_counted_as_few_are(values, monkeypatch) -> None:
    monkeypatch.setattr("governance.warehouse.deidentified_counts.MOST_MARKS", 0)
    assert carriers(np.zeros(4, np.int64), np.array([0, 0, 1, 2]), values, 3).tolist() == [3, *[0] * (values - 1)]
