"""What is attacked to see that the attack bites: protection that looks at one table at a time."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from tests.attack.attacker import Statement
from tests.attack.districts import TOTAL, Query, cells_of, persons_in

Place = tuple[object, ...]


def protect_alone(frame: pd.DataFrame, query: Query, threshold: int) -> list[Statement]:
    """Counts under the threshold are starred, then cells until no line of this one table has a single star."""
    people = {place: persons_in(rows) for place, rows in cells_of(frame, query).items()}
    starred = {place for place, who in people.items() if 0 < len(who) < threshold}
    while lonely := next((line for line in _lines(people) if len(starred & set(line)) == 1), None):
        others = [place for place in lonely if place not in starred and people[place]]
        if not others:
            starred |= set(lonely)
            break
        starred.add(min(others, key=lambda place: (len(people[place]), str(place))))
    return [_statement(place, who, place in starred, threshold) for place, who in people.items()]


def _lines(people: Iterable[Place]) -> list[tuple[Place, ...]]:
    """The cells that add up to a total, with that total."""
    lines: dict[tuple[int, Place], list[Place]] = {}
    for place in people:
        for side in range(len(place)):
            lines.setdefault((side, (*place[:side], *place[side + 1 :])), []).append(place)
    return [tuple(line) for line in lines.values()]


def _statement(place: Place, who: frozenset[int], starred: bool, threshold: int) -> Statement:
    name = " × ".join(str(label) for label in place) or TOTAL
    printed = None if starred else (float(len(who)), float(len(who)))
    return Statement(who, printed, width=float(threshold) if starred and who else 0.0, name=name)
