"""Small random districts, and what an audience may come to ask about them: tables, long sequences, planted pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import pandas as pd

TOTAL = "Total"
YEARS = (2025, 2026)
GRADES = ("PK", "KG", *(f"{grade:02}" for grade in range(1, 12)))
RACES = ("White", "Hispanic", "Black", "Asian", "Two or more", "Native American", "Pacific Islander")
RACE_SHARES = (0.66, 0.16, 0.07, 0.05, 0.04, 0.013, 0.007)
LANGUAGES = ("English", "Spanish", "Polish", "Albanian", "Finnish", "Tagalog")
LANGUAGE_SHARES = (0.85, 0.08, 0.03, 0.025, 0.01, 0.005)
ATTRIBUTES = ("school", "grade", "race", "sex", "lunch", "language", "special_education", "passed")
SCORE_ENDS = (200.0, 800.0)


@dataclass(frozen=True)
class Query:
    """One table: counts of persons (or the mean, sum or percent of a column) by rows and columns, with all totals."""

    rows: tuple[str, ...]
    columns: tuple[str, ...] = ()
    where: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    statistic: str = "count"
    value: str | None = None

    @property
    def dimensions(self) -> tuple[str, ...]:
        return (*self.rows, *self.columns)


def make_district(seed: int, persons: int | None = None) -> pd.DataFrame:
    """One row per person and year: ATTRIBUTES, `year`, `person`, `score` (whole numbers), `proficient` (0 or 1);
    some have no score.

    Between the years some leave, some come, some change their school or their lunch; everybody moves up a grade.
    """
    rng = np.random.default_rng(seed)
    first = _newcomers(rng, persons or int(rng.integers(150, 801)), 0)
    stay = first[rng.random(len(first)) < 0.9].copy()
    stay["grade_place"] += 1
    stay = stay[stay["grade_place"] < len(GRADES)].copy()
    moved = rng.random(len(stay)) < 0.08
    stay.loc[moved, "lunch"] = rng.choice(["Free", "Reduced", "Paid"], int(moved.sum()))
    second = pd.concat([stay, _newcomers(rng, max(1, len(first) // 10), len(first))])
    years = [frame.assign(year=year) for frame, year in zip((first, second), YEARS, strict=True)]
    return _with_scores(rng, pd.concat(years, ignore_index=True))


def _newcomers(rng: np.random.Generator, count: int, start: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person": np.arange(start, start + count),
            "grade_place": rng.integers(0, len(GRADES), count),
            "race": rng.choice(RACES, count, p=RACE_SHARES),
            "sex": rng.choice(["Female", "Male", "X"], count, p=[0.49, 0.5, 0.01]),
            "lunch": rng.choice(["Free", "Reduced", "Paid"], count, p=[0.25, 0.08, 0.67]),
            "language": rng.choice(LANGUAGES, count, p=LANGUAGE_SHARES),
            "special_education": rng.choice(["Yes", "No"], count, p=[0.15, 0.85]),
            "away": rng.random(count) < 0.02,
        }
    )


def _with_scores(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Schools follow from the grade, but for a few; scores lie on a scale that everybody knows."""
    places = frame.pop("grade_place").to_numpy()
    school = np.select([places < 6, places < 9], ["Elementary", "Middle"], "High")
    away = frame.pop("away").to_numpy() & (places >= 6)
    frame["school"] = np.where(away, np.where(school == "High", "Middle", "High"), school)
    frame["grade"] = np.array(GRADES)[places]
    frame["score"] = np.clip(np.round(rng.normal(500, 90, len(frame))), *SCORE_ENDS)
    frame["proficient"] = (frame["score"] >= 480).astype(float)
    frame.loc[rng.random(len(frame)) < 0.04, ["score", "proficient"]] = np.nan
    frame["passed"] = frame["proficient"].map({1.0: "Yes", 0.0: "No"}).fillna("Not tested")
    return frame


def selected(frame: pd.DataFrame, where: Mapping[str, tuple[object, ...]]) -> pd.DataFrame:
    for column, values in where.items():
        frame = frame[frame[column].isin(values)]
    return frame


def cells_of(frame: pd.DataFrame, query: Query) -> dict[tuple[object, ...], pd.DataFrame]:
    """The rows behind each place of a table, totals included: one label per dimension."""
    inside = selected(frame, query.where)
    labels = [[*sorted(inside[name].unique()), TOTAL] for name in query.dimensions]
    return {
        place: selected(
            inside, {n: (label,) for n, label in zip(query.dimensions, place, strict=True) if label != TOTAL}
        )
        for place in product(*labels)
    }


def persons_in(rows: pd.DataFrame) -> frozenset[int]:
    return frozenset(rows["person"].tolist())


def random_query(rng: np.random.Generator, frame: pd.DataFrame, *, statistics: tuple[str, ...] = ("count",)) -> Query:
    """A table of one to three dimensions over a random part of the district, of one year or of both."""
    count = int(rng.choice([1, 2, 3], p=[0.4, 0.45, 0.15]))
    names = [str(name) for name in rng.choice([*ATTRIBUTES, "year"], count, replace=False)]
    statistic = str(rng.choice(statistics))
    value = {"count": None, "share": None, "percent": "proficient"}.get(statistic, "score")
    if value == "proficient":
        # Of those who passed all are proficient, by definition.
        names = [name for name in names if name != "passed"] or ["school"]
    where = _random_where(rng, frame, [*names, "passed"] if value == "proficient" else names)
    if value and "year" in names:
        names.remove("year")
        names = names or ["school"]
    if "year" not in names and (value or rng.random() < 0.9):
        where["year"] = (YEARS[int(rng.integers(2))],)
    return Query(tuple(names[:1]), tuple(names[1:]), where, statistic, value)


def _random_where(rng: np.random.Generator, frame: pd.DataFrame, used: list[str]) -> dict[str, tuple[object, ...]]:
    where = {}
    others = [name for name in ATTRIBUTES if name not in used]
    for name in rng.choice(others, int(rng.choice([0, 1, 2], p=[0.4, 0.4, 0.2])), replace=False):
        values = sorted(frame[name].unique())
        kept = rng.random(len(values)) < rng.choice([0.4, 0.9])
        if kept.any():
            where[str(name)] = tuple(value for value, yes in zip(values, kept, strict=True) if yes)
    return where


def differing_pair(rng: np.random.Generator, frame: pd.DataFrame) -> tuple[Query, Query] | None:
    """Two tables whose populations differ by one to four persons; None if this draw has none."""
    base = random_query(rng, frame)
    base = replace(base, where={**base.where, "year": (int(rng.choice(YEARS)),)}, columns=())
    inside = selected(frame, base.where)
    used = (*base.dimensions, *(["passed"] if base.value == "proficient" else []))
    for name in rng.permutation([one for one in ATTRIBUTES if one not in used]):
        for value, size in inside.groupby(name)["person"].nunique().items():
            if 1 <= size <= 4 and inside["person"].nunique() - size >= 20:
                rest = tuple(sorted(set(inside[name]) - {value}))
                return base, replace(base, where={**base.where, str(name): rest})
    return None


def random_sequence(
    seed: int, frame: pd.DataFrame, length: int, pairs: int
) -> tuple[list[Query], list[tuple[int, int]]]:
    """So many questions of one audience, one after the other, and which of them are planted pairs (by their places)."""
    rng = np.random.default_rng(seed)
    queries = [
        random_query(rng, frame, statistics=("count", "count", "count", "share", "mean", "percent"))
        for _ in range(length)
    ]
    planted = []
    for first, second in rng.permutation(length)[: 2 * pairs].reshape(-1, 2):
        pair = next(pair for pair in iter(lambda: differing_pair(rng, frame), 0) if pair)
        queries[first], queries[second] = pair
        planted.append((int(first), int(second)))
    return queries, planted
