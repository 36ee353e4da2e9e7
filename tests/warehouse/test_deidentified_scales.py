"""Hierarchies as declared, over the values of a snapshot: what each student's value is shown as, level by level."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.catalog import load_catalog
from governance.catalog.generalization import (
    EVERYTHING,
    Attribute,
    Bands,
    ColumnName,
    Generalization,
    Groups,
    Listed,
    SmallMerged,
)
from governance.warehouse.deidentified_scales import Scale, make_scale

CATALOG = load_catalog()
PLACES = {1: "North", 2: "North", 3: "South", 4: None}
REGISTERS = {
    ColumnName("place", "region"): PLACES,
    ColumnName("place", "name"): {1: "One", 2: "Two", 3: "Three", 4: "Four"},
}


def scale(values, *levels, persons=None, shown=None) -> Scale:
    declared = Generalization("size", "Size", "as it is", levels, ColumnName("pet", "size"), shown)
    counts = np.array(persons or [1] * len(values), np.int64)
    return make_scale(declared, values, counts, REGISTERS.__getitem__)


def pictures(made: Scale) -> list[list[str | None]]:
    """What each value is shown as, at each level."""
    return [[shown[group] for group in groups] for groups, shown in zip(made.hierarchy.levels, made.shown, strict=True)]


@pytest.mark.parametrize(
    ("values", "levels", "expected"),
    [
        ([3, 7, 9, 12, None], [Bands("b", (0, 6, 8))], ["0-5", "6-7", "8 and over", "8 and over", None]),
        ([-1, 0, 1, 2], [Bands("b", (0, 1))], ["under 0", "0", "1 and over", "1 and over"]),
        (["a", "B", "c", None], [Groups("g", (("first", ("A", "b")),), "rest")], ["first", "first", "rest", None]),
        (["in", "IN TOO", "out"], [Listed("l", ColumnName("place", "region"), "here", "there")], None),
        ([1, 2, 3, 4], [Attribute("a", ColumnName("place", "region"))], ["North", "North", "South", None]),
    ],
)
def test_each_kind_of_level(values, levels, expected) -> None:
    made = scale(values, *levels)
    if expected is None:
        # All are elsewhere: that tells no more than everything together does.
        assert pictures(made)[1] == ["there"] * 3
        assert made.words == ("as it is", "l")
    else:
        assert pictures(made)[1] == expected
        assert made.words[-1] == EVERYTHING
        assert pictures(made)[-1] == [None] * len(values)


def test_a_listed_value_is_found_whatever_its_case() -> None:
    made = scale(["north", "South", "West", None], Listed("l", ColumnName("place", "region"), "here", "there"))
    assert pictures(made)[1] == ["here", "here", "there", None]


def test_small_groups_are_merged_by_their_share_of_persons() -> None:
    levels = [SmallMerged("small", 0.1, "Another"), SmallMerged("larger", 0.3, "Another")]
    made = scale(["a", "b", "c", "d", None], *levels, persons=[70, 20, 5, 5, 0])
    assert pictures(made)[1] == ["a", "b", "Another", "Another", None]
    assert pictures(made)[2] == ["a", "Another", "Another", "Another", None]


def test_a_level_that_tells_as_much_as_the_one_before_is_left_out() -> None:
    made = scale(["a", "b"], Groups("same", (("A", ("a",)),), "B"), Groups("all", (), "everybody"))
    assert made.words == ("as it is", "all")
    assert pictures(made) == [["a", "b"], ["everybody", "everybody"]]


def test_what_a_register_says_of_a_key_is_shown() -> None:
    made = scale([1, 3, None], Attribute("a", ColumnName("place", "region")), shown=ColumnName("place", "name"))
    assert pictures(made)[0] == ["One", "Three", None]


def test_levels_that_cross_are_joined() -> None:
    """A declaration may err; a group of a level is always a union of groups of the level before."""
    made = scale(
        ["a", "b", "c", "d"], Groups("x", (("ab", ("a", "b")),), "cd"), Groups("y", (("bc", ("b", "c")),), "ad")
    )
    assert len(set(made.hierarchy.levels[-1].tolist())) == 1


SOME = st.lists(
    st.one_of(st.none(), st.sampled_from(["English", "Spanish", "UG", "PK", "12", "Elsewhere"])), unique=True
)


@given(st.sampled_from(["grade_level", "home_language", "race_ethnicity", "town", "sex"]), SOME, st.data())
def test_declared_hierarchies_only_ever_merge(name, values, data) -> None:
    values = sorted(values, key=lambda value: (value is None, value)) or [None]
    persons = data.draw(st.lists(st.integers(1, 40), min_size=len(values), max_size=len(values)))
    made = make_scale(CATALOG.hierarchies[name], values, np.array(persons), lambda _: {1: "Elsewhere"})
    for finer, coarser in zip(made.hierarchy.levels, made.hierarchy.levels[1:], strict=False):
        seen = defaultdict(set)
        for fine, coarse in zip(finer.tolist(), coarser.tolist(), strict=True):
            seen[fine].add(coarse)
        assert all(len(groups) == 1 for groups in seen.values())
    assert set(made.words) <= set(CATALOG.hierarchies[name].words)
    for level, picture in enumerate(pictures(made)):
        known = [(value, shown) for value, shown in zip(values, picture, strict=True) if value is None]
        assert all(shown is None for _, shown in known), level
