"""Who is hidden among whom, over few students drawn by Hypothesis: one of k, counted where they are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from governance.catalog import load_catalog
from governance.catalog.generalization import ColumnName
from governance.warehouse.deidentified_persons import LEFT_OUT, Persons, anonymize_students, hierarchies_of
from governance.warehouse.deidentified_records import Records
from governance.warehouse.deidentified_release import NotReleasable, Release

CATALOG = load_catalog()
YEAR = 2027
TABLES = {
    "discipline_action": ("school_key", "discipline"),
    "program_participation": ("program_type",),
    "assessment_result": ("grade_level",),
}
SCHOOLS = {1: "Low School", 2: "High School"}
MEALS = ("Free", "FullPrice")


@dataclass(frozen=True)
class Student:
    """One of a few: whether enrolled, the school, the grade, the meals, and the tables that have a row of theirs."""

    enrolled: bool
    school: int
    grade: str
    meals: str
    tables: frozenset[str]


class FewRecords:
    """A snapshot of few students, whose keys are 0, 1, 2 …"""

    def __init__(self, few: Sequence[Student]) -> None:
        self.few = few

    def students(self) -> np.ndarray:
        return np.arange(len(self.few))

    def enrolled(self, _year: int) -> np.ndarray:
        return np.array([student.enrolled for student in self.few], bool)

    def appear(self, tables: Sequence[str], known: np.ndarray, least: int) -> np.ndarray:
        shown = shown_tables(self.few, np.flatnonzero(known).tolist(), tables, least)
        return np.array([bool(student.tables & shown) for student in self.few], bool) & known

    def latest(self, name: ColumnName, _year: int) -> pa.Array:
        column = {"school_key": "school", "grade_level": "grade"}[name.column]
        return pa.array([getattr(student, column) for student in self.few])

    def facts(self, _name: ColumnName) -> np.ndarray:
        return np.array([MEALS.index(student.meals) for student in self.few], np.int32)

    def register(self, name: ColumnName) -> dict[Any, Any]:
        return SCHOOLS if name.column == "school_name" else {1: "Elementary", 2: "High"}


def shown_tables(few: Sequence[Student], among: Sequence[int], tables: Sequence[str], k: int) -> set[str]:
    """Those that show at least k of the students."""
    return {name for name in tables if sum(name in few[number].tables for number in among) >= k}


def anonymized(few: Sequence[Student], release: Release) -> Persons:
    return anonymize_students(release, CATALOG, cast("Records", FewRecords(few)), YEAR)


def records_shown(few: Sequence[Student], persons: Persons, release: Release) -> dict[int, tuple[Any, ...]]:
    """What is shown of each student who has a row anywhere: what each column says, and whether enrolled."""
    kept = persons.keys.tolist()
    shown, tables_of = shown_tables(few, kept, list(release.tables), release.k), hierarchies_of(release, CATALOG)
    records = {}
    for place, number in enumerate(kept):
        mine = few[number].tables & shown
        if mine:
            codes = {name: (quasi.codes[place], quasi.shown) for name, quasi in persons.quasi.items()}
            told = [labels[code] if code >= 0 and mine & set(tables_of[name]) else None
                    for name, (code, labels) in codes.items()]  # fmt: skip
            records[number] = (few[number].enrolled, *told)
    return records


STUDENTS = st.builds(
    Student,
    st.sampled_from([True, True, True, False]),
    st.sampled_from([1, 1, 1, 2]),
    st.sampled_from(["03", "04", "09"]),
    st.sampled_from(MEALS),
    st.frozensets(st.sampled_from(sorted(TABLES)), max_size=2),
)
DISCIPLINE, PROGRAM = frozenset({"discipline_action"}), frozenset({"program_participation"})
# Five are in a program, of whom two have left and are too few: then three are, whom the table does not show.
EMPTIED = [
    *[Student(True, 1, "03", "Free", DISCIPLINE)] * 18,
    *[Student(True, 2, "09", "Free", DISCIPLINE)] * 2,
    *[Student(True, 2, "09", "Free", PROGRAM)] * 3,
    *[Student(False, 2, "09", "Free", PROGRAM)] * 2,
]
# Two of those who have left all have one kind of meals: they are left out, and their program with them.
ALIKE = [
    *[Student(True, 1, "03", MEALS[number % 2], DISCIPLINE) for number in range(12)],
    *[Student(True, 2, "03", MEALS[number % 2], DISCIPLINE) for number in range(2)],
    *[Student(True, 2, "03", MEALS[number % 2], PROGRAM) for number in range(2)],
    *[Student(False, 2, "03", "Free", DISCIPLINE | PROGRAM)] * 3,
]


@given(st.lists(STUDENTS, min_size=4, max_size=40), st.integers(2, 5), st.sampled_from([1, 1, 2]))
@example(EMPTIED, 5, 1)
@example(ALIKE, 3, 2)
def test_whoever_is_shown_is_one_of_k_who_are_shown(few: list[Student], k: int, diversity: int) -> None:
    sensitive = ("student_demographic.meal_eligibility",) if diversity > 1 else ()
    release = Release("grant", k, bytes(32), TABLES, diversity=diversity, sensitive=sensitive)
    try:
        persons = anonymized(few, release)
    except NotReleasable:
        return
    records = records_shown(few, persons, release)
    # Nobody is among the persons whom no table shows: they would be counted, and hide others.
    assert sorted(records) == persons.keys.tolist()
    together = Counter(records.values())
    assert all(count >= k for count in together.values())
    assert not records or k <= persons.k <= min(together.values())
    meals = {(record, few[number].meals) for number, record in records.items()}
    assert all(count >= diversity for count in Counter(record for record, _ in meals).values())


@given(st.lists(STUDENTS, min_size=4, max_size=40), st.integers(2, 5))
def test_nobody_is_left_out_without_need(few: list[Student], k: int) -> None:
    """Where all are enrolled, everybody stays whom a table of k students shows."""
    enrolled = [Student(True, each.school, each.grade, each.meals, each.tables) for each in few]
    shown = shown_tables(enrolled, range(len(few)), list(TABLES), k)
    try:
        persons = anonymized(enrolled, Release("grant", k, bytes(32), TABLES))
    except NotReleasable:
        assert len(few) < k
        return
    assert persons.keys.tolist() == [number for number, each in enumerate(enrolled) if each.tables & shown]
    assert LEFT_OUT not in persons.notes
