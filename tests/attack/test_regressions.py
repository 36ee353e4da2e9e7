"""Leaks that the attack has found in the product, each as small as it could be made."""

from __future__ import annotations

import pandas as pd

from tests.attack.attacker import Statement, attack
from tests.attack.districts import GRADES, Query, make_district, persons_in, selected
from tests.attack.product import Audience, measures

EXCEPT_TWO_OR_MORE = ("Asian", "Black", "Hispanic", "Native American", "Pacific Islander", "White")


def persons(**columns: list[str]) -> pd.DataFrame:
    """One row for each person of one year; the last entries that a column has for all are repeated."""
    count = len(next(iter(columns.values())))
    fixed = {"year": 2026, "score": float("nan"), "proficient": float("nan")}
    return pd.DataFrame({"person": range(count), **fixed, **columns})


def shown_to_one_audience(frame: pd.DataFrame, *queries: Query) -> Audience:
    audience = Audience(frame)
    for query in queries:
        audience.ask(query)
    return audience


def test_small_group_of_five_atoms_in_one_table() -> None:
    # 69 - 30 - 30: nine persons of five suppressed groups, where ten are the fewest that may be told of.
    groups = ["a"] * 30 + ["b"] * 30 + ["c"] + ["d"] * 2 + ["e"] * 2 + ["f"] * 2 + ["g"] * 2
    frame = persons(race=groups, special_education=["No"] * len(groups))
    audience = shown_to_one_audience(frame, Query(("race",), (), {"special_education": ("No",)}))
    assert not attack(audience.told, 10).implied


def test_small_group_that_an_earlier_table_has_cut_into_five_atoms() -> None:
    races = ["a"] * 30 + ["b"] * 30 + ["c"] * 2 + ["d"] * 3
    languages = ["l0", "l1", "l2", "l3", "l4"] * 12 + ["l0", "l1", "l2", "l3", "l4"]
    frame = persons(race=races, language=languages)
    audience = shown_to_one_audience(frame, Query(("language",)), Query(("race",)))
    assert not attack(audience.told, 6).implied


def test_all_minus_two_groups_among_very_many_atoms() -> None:
    # Nine tables tell every person from every other; then everybody, less two groups that are not one, leaves three.
    count = 500
    codes = {f"bit{bit}": [str(number >> bit & 1) for number in range(count)] for bit in range(9)}
    schools = ["E"] * 200 + ["H"] * 150 + ["M"] * 150
    languages = ["rare" if number in (250, 350, 450) else "usual" for number in range(count)]
    frame = persons(school=schools, language=languages, **codes)
    rest = Query(("bit0",), (), {"school": ("H", "M"), "language": ("usual",)})
    audience = shown_to_one_audience(frame, *(Query((bit,)) for bit in codes), Query(("school",)), rest)
    assert not attack(audience.told, 6).implied


def test_complementary_cells_do_not_follow_from_an_earlier_table() -> None:
    # All of the year less those of grade 05, both printed before, is the total that the second table suppresses.
    frame = make_district(200, 200)
    others = tuple(grade for grade in GRADES if grade != "05")
    audience = shown_to_one_audience(
        frame,
        Query(("language",), ("grade",), {"year": (2025,)}),
        Query(("special_education",), ("school",), {"grade": others, "year": (2025,)}),
    )
    assert not attack(audience.told, 6, measures(frame)).recovered


def test_percents_of_a_hidden_total_do_not_give_it_back() -> None:
    frame = make_district(119, 200)
    audience = shown_to_one_audience(
        frame,
        Query(("sex",), ("race", "lunch"), {}, "share"),
        Query(("sex",), ("school",), {"race": EXCEPT_TWO_OR_MORE}),
    )
    found = attack(audience.told, 6, measures(frame))
    assert not found.recovered
    assert not found.narrow


def test_percents_of_a_whole_that_leaves_out_few_do_not_give_it_back() -> None:
    # 40 persons are 41.7 % of 96, and 96 are all but four: their whole is hidden, so no part of it may be told.
    races = ["a"] * 40 + ["b"] * 30 + ["c"] * 30
    frame = persons(race=races, grade=["02"] * 96 + ["01"] * 4)
    audience = shown_to_one_audience(
        frame, Query(("race",)), Query(("race",), (), {"grade": ("02",)}, statistic="share")
    )
    assert not attack(audience.told, 6).recovered


def test_rate_times_its_denominator_is_the_count_that_was_suppressed() -> None:
    # Four of the sixty in A are proficient: no count of them is shown, and 6.7 % of sixty is four.
    schools = ["A"] * 60 + ["B"] * 60 + ["C"] * 60
    proficient = [float(number % 60 < fewer) for number, fewer in zip(range(180), [4] * 60 + [20] * 120, strict=True)]
    frame = persons(school=schools).assign(proficient=proficient, score=500.0)
    this_year = {"year": (2026,)}
    audience = shown_to_one_audience(
        frame,
        Query(("school",), ("proficient",), this_year),
        Query(("school",), (), this_year),
        Query(("school",), (), this_year, "percent", "proficient"),
    )
    in_a = persons_in(selected(frame, {"school": ("A",)}))
    hidden = Statement(in_a, None, "proficient 2026", width=5.0)
    assert not attack([*audience.told, hidden], 6, measures(frame)).recovered


def test_students_of_two_years_who_changed_between_two_columns() -> None:
    # Who is counted in two columns is counted once in the total: the difference is those who are in both.
    frame = make_district(211, 200)
    some = tuple(grade for grade in GRADES if grade not in ("06", "07", "11", "PK"))
    audience = shown_to_one_audience(frame, Query(("sex",), ("year", "language"), {"grade": some}))
    assert not attack(audience.told, 6, measures(frame)).implied


def test_marks_of_earlier_tables_do_not_give_small_counts_to_later_ones() -> None:
    # Who reads the marks of all tables together gets counts of one and five; who reads the numbers alone gets nothing.
    frame = make_district(100, 160)
    some = {"race": ("Asian", "Black", "Two or more", "White"), "language": ("English", "Polish", "Spanish")}
    audience = shown_to_one_audience(
        frame,
        Query(("lunch",), ("school",)),
        Query(("race",), ("sex", "language"), {"year": (2025,)}),
        Query(("grade",), (), {"year": (2025,), **some}),
    )
    assert not attack(audience.told, 6, measures(frame), reads_marks=True).recovered


def test_means_of_two_parts_and_of_the_whole_do_not_give_their_sizes() -> None:
    # b and a part of c make up D, of whom 28 are printed: 400 × b + 600 × (28 - b) = 28 × the mean of D. So b is 8, and
    # the three in a, whom the first table hides behind b, are what is left.
    groups = ["a"] * 3 + ["b"] * 8 + ["c"] * 40
    teams = ["F"] * 3 + ["D"] * 28 + ["F"] * 20
    scores = [500.0] * 3 + [400.0] * 8 + [600.0] * 40
    frame = persons(race=groups, school=teams).assign(score=scores)
    this_year = {"year": (2026,)}
    audience = shown_to_one_audience(
        frame,
        Query(("race",), (), this_year),
        Query(("school",), (), this_year),
        Query(("race",), ("school",), this_year, "mean", "score"),
    )
    assert not attack(audience.told, 6, measures(frame)).recovered


def test_marks_of_a_fine_table_do_not_give_its_single_students() -> None:
    frame = make_district(239, 200)
    this_year = {"year": (2026,)}
    audience = shown_to_one_audience(
        frame,
        Query(("grade",), (), {"lunch": ("Paid", "Reduced"), **this_year}),
        Query(("race",), ("grade", "lunch"), this_year),
        Query(("lunch",), ("language",), this_year),
    )
    assert not attack(audience.told, 6, measures(frame), reads_marks=True).recovered


def test_suppressed_group_does_not_follow_from_a_later_table_of_most_groups() -> None:
    frame = make_district(227, 200)
    most = {"race": ("Asian", "Pacific Islander", "Two or more", "White"), "year": (2026,)}
    audience = shown_to_one_audience(
        frame, Query(("race",), (), {"year": (2026,)}), Query(("school",), ("grade",), most)
    )
    for marks in (False, True):
        assert not attack(audience.told, 6, measures(frame), reads_marks=marks).recovered


def test_nine_of_a_guarded_group_do_not_follow_within_one_large_table() -> None:
    frame = make_district(5)
    audience = shown_to_one_audience(frame, Query(("special_education",), ("grade", "sex"), {"year": (2026,)}))
    assert not attack(audience.told, 10, measures(frame)).implied
