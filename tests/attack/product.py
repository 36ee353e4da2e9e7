"""The one place where the attack meets the product: asks it for tables, and reads what was shown as statements.

Whom a cell is about is found from the raw rows. Of the product's answer only what an audience sees is used (numbers,
texts, marks), and what it promises: how much remains open behind a star.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd

from governance.disclosure.cells import Contributions
from governance.disclosure.knowledge import Told
from governance.disclosure.protection import protect
from governance.disclosure.released import NotReleased, Protected, Question
from governance.disclosure.rules import Reason, Rules, Topic, rules_for
from governance.vocabulary import Statistic
from tests.attack.attacker import COUNT, Measure, Statement
from tests.attack.districts import SCORE_ENDS, YEARS, Query, persons_in, selected

GUARDED = "special_education"
STATISTICS = {
    "count": Statistic.COUNT,
    "mean": Statistic.MEAN,
    "sum": Statistic.SUM,
    "percent": Statistic.RATE,
    "share": Statistic.PERCENT,
}
CODED = re.compile(r"([≤≥]) ([\d.]+) %")


@dataclass
class Audience:
    """Everything shown to one audience, in order."""

    frame: pd.DataFrame
    told: list[Statement] = field(default_factory=list)
    _told: Told = field(default_factory=Told)

    def ask(self, query: Query) -> Protected | None:
        """The table that the product would show; from now on the audience knows it. None: refused."""
        quantity = query.value or COUNT
        asked = Asked(self.frame, query)
        question = Question(quantity, COUNT, STATISTICS[query.statistic], len(query.columns), asked.rules)
        try:
            shown = protect(asked.contributions(), question, self._told)
        except NotReleased:
            return None
        shown.admit(self._told)
        self.told += asked.statements(shown)
        return shown


def measures(frame: pd.DataFrame) -> dict[str, Measure]:
    """What each year's rows say of persons: whole numbers, on scales of which everybody knows the ends."""
    ends = {"score": SCORE_ENDS[1], "proficient": 1.0}
    return {
        f"{name} {year}": Measure(_by_person(frame[frame["year"] == year], name), 0.0, end, whole=True)
        for name, end in ends.items()
        for year in YEARS
    }


def _by_person(rows: pd.DataFrame, name: str) -> dict[int, float]:
    return rows.dropna(subset=name).set_index("person")[name].to_dict()


@dataclass(frozen=True)
class Asked:
    """A query and the rows it is asked of."""

    frame: pd.DataFrame
    query: Query

    @property
    def rules(self) -> Rules:
        touched = (*self.query.dimensions, *self.query.where)
        return rules_for(Topic.GUARDED if GUARDED in touched else Topic.GENERAL, outside=False)

    @cached_property
    def _candidates(self) -> pd.DataFrame:
        """The rows that may be inside: those of the years asked for that have the value."""
        rows = selected(self.frame, {name: kept for name, kept in self.query.where.items() if name == "year"})
        return rows if self.query.value is None else rows[rows[self.query.value].notna()]

    @cached_property
    def _inside(self) -> pd.DataFrame:
        return selected(self._candidates, self.query.where)

    @cached_property
    def _axes(self) -> list[list[object]]:
        """The labels of each dimension: those of the rows inside, then those of other rows."""
        inside, rows = self._inside, self._candidates
        return [list(dict.fromkeys([*sorted(inside[name].unique()), *rows[name]])) for name in self.query.dimensions]

    def contributions(self) -> Contributions:
        rows = self._candidates
        places = [
            rows[name].map({label: at for at, label in enumerate(axis)}).to_numpy(np.int32)
            for name, axis in zip(self.query.dimensions, self._axes, strict=True)
        ]
        persons = rows["person"].to_numpy(np.int64)
        counted = self.query.value is None
        return Contributions(
            persons,
            persons if counted else rows.index.to_numpy(np.int64),
            np.column_stack(places),
            tuple(map(len, self._axes)),
            rows.index.isin(self._inside.index),
            np.ones(len(rows)) if counted else rows[self.query.value].to_numpy(np.float64),
        )

    def statements(self, shown: Protected) -> list[Statement]:
        """The table as the attacker reads it; places that hold nobody say nothing."""
        places = enumerate(product(*(range(size + 1) for size in map(len, self._axes))))
        filled = [(at, place, rows) for at, place in places if len(rows := self._behind(place))]
        read = [
            self._read(shown, at, self._about(place, rows))
            for at, place, rows in filled
            if shown.texts[at] != "*" or not self._may_follow(rows)
        ]
        return read + [tie for _, place, rows in filled for tie in self._tie(place, rows)]

    def _may_follow(self, rows: pd.DataFrame) -> bool:
        """A hidden rate is no secret by itself where counts of both, who is and who is not, may be told: none, or not
        few. (Of none: this attacker is given for free which groups have nobody in common.)"""
        if self.query.statistic != "percent":
            return False
        few = min(rows.loc[rows["proficient"] == end, "person"].nunique() for end in (1.0, 0.0))
        return few == 0 or few >= self.rules.smallest

    def _tie(self, place: tuple[int, ...], rows: pd.DataFrame) -> list[Statement]:
        """Of those who passed all are proficient, and of those who did not none: rates and counts are of one thing."""
        passed, year = self._fixed(place, "passed"), self._fixed(place, "year")
        if passed not in ("Yes", "No") or year is None:
            return []
        end, who = float(passed == "Yes"), persons_in(rows)
        return [Statement(who, (end, end), f"proficient {year}", who, name=f"passed at {place}")]

    def _fixed(self, place: tuple[int, ...], name: str) -> object:
        """The one value that everybody at a place has, as the query says; None if it does not say."""
        labels = {
            dimension: axis[at]
            for dimension, axis, at in zip(self.query.dimensions, self._axes, place, strict=True)
            if at < len(axis)
        }
        only = [values[0] for key, values in self.query.where.items() if key == name and len(values) == 1]
        return labels.get(name, only[0] if only else None)

    def _behind(self, place: tuple[int, ...]) -> pd.DataFrame:
        rows = self._inside
        inside = np.ones(len(rows), dtype=bool)
        for name, axis, at in zip(self.query.dimensions, self._axes, place, strict=True):
            if at < len(axis):
                inside &= (rows[name] == axis[at]).to_numpy()
        return rows[inside]

    def _about(self, place: tuple[int, ...], rows: pd.DataFrame) -> Statement:
        """Whom and what the place is about."""
        who, name = persons_in(rows), f"{self.query.statistic} {self.query.dimensions} {self.query.where} at {place}"
        match self.query.statistic:
            case "count":
                return Statement(who, None, name=name)
            case "share":
                return Statement(who, None, per=persons_in(self._behind(self._whole(place))), name=name)
            case _:
                (year,) = self.query.where["year"]
                per = None if self.query.statistic == "sum" else who
                return Statement(who, None, f"{self.query.value} {year}", per, name=name)

    def _whole(self, place: tuple[int, ...]) -> tuple[int, ...]:
        """The total that a share is a share of: of its row, or of everybody where there are no columns."""
        kept = len(self.query.rows) if self.query.columns else 0
        return (*place[:kept], *(len(axis) for axis in self._axes[kept:]))

    def _read(self, shown: Protected, at: int, about: Statement) -> Statement:
        if shown.texts[at] == "*":
            return self._star(shown.reasons[at], about)
        return replace(about, printed=self._ends(float(shown.values[at]), shown.texts[at]))

    def _ends(self, value: float, text: str) -> tuple[float, float]:
        """What the printed text leaves open: rounding, or a code. Percents as shares."""
        if code := CODED.fullmatch(text):
            end = float(code[2]) / 100
            return (0.0, end) if code[1] == "≤" else (end, 1.0)
        match self.query.statistic:
            case "count":
                return value, value
            case "percent" | "share":
                return (value - 0.05) / 100 - 1e-9, (value + 0.05) / 100 + 1e-9
            case _:
                half = 0.5 * 10.0 ** (np.floor(np.log10(abs(value))) - 3) if value else 0.0
                return value - half - 1e-9, value + half + 1e-9

    def _star(self, reason: Reason | None, about: Statement) -> Statement:
        """What is promised of a star, and what it tells to one who reads the marks."""
        if self.query.statistic not in ("count", "share"):
            return about
        smallest, width = self.rules.smallest, float(max(3, self.rules.smallest - 1))
        match reason:
            case Reason.PRIMARY if about.per is None or len(about.per) >= self.rules.denominator:
                return replace(about, width=width, told=(1.0, smallest - 1.0), told_width=1.0)
            case Reason.COMPLEMENTARY:
                return replace(about, width=width, told=(float(smallest), np.inf))
            case _:
                return replace(about, width=width)
