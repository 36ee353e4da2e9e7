"""What must hold of de-identified tables, counted slowly from the answers alone and from the source files.

Nothing here is the product's: an answer is a list of rows, each a dictionary.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tests.oracle.csv_district import District

Answer = list[dict[str, Any]]
Answers = dict[str, Answer]

# Columns that say what a student is, wherever they occur, and those that others may know of a student.
QUASI = ("birth_date", "sex", "race_ethnicity", "home_language", "town", "grade_level", "school_key")
KNOWN = {
    "enrollment": ("entry_date", "exit_date"),
    "section_enrollment": ("section_key", "begin_date", "end_date"),
    "caseload": ("staff_key", "begin_date", "end_date"),
    "grade": ("section_key", "grading_period", "grade_type"),
    "assessment_result": ("assessment_title", "academic_subject", "score_metric"),
    "transcript": ("term", "course_key"),
}
NAMING = (
    *("student_id", "first_name", "middle_name", "last_name", "telephone", "email", "guardian_id", "action_id"),
    *("incident_id", "staff_id", "credential_id", "section_id", "postal_code"),
)
EXACT_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def person_records(answers: Answers) -> dict[str, tuple[Any, ...]]:
    """Each code's quasi-identifiers, joined over all answers. A code that says two things of itself is an error."""
    said: dict[str, dict[str, Any]] = defaultdict(dict)
    for answer in answers.values():
        for row in answer:
            facts = said[row["student_key"]]
            for name in QUASI:
                if name in row:
                    told = facts.setdefault(name, row[name])
                    assert told == row[name], f"{name} differs between rows of one person"
    columns = sorted({name for facts in said.values() for name in facts})
    return {code: tuple(facts.get(name) for name in columns) for code, facts in said.items()}


def carriers(pairs: Iterable[tuple[str, Any]]) -> dict[Any, set[str]]:
    found: dict[Any, set[str]] = defaultdict(set)
    for person, value in pairs:
        found[value].add(person)
    return found


def rare_facts(answer: Answer, k: int, person: str = "student_key") -> list[tuple[str, Any]]:
    """Column and value of whatever fewer than k persons carry, a missing value counted as one.

    Not of quasi-identifiers: these are shared by k persons of the release, whoever of them has rows in a table.
    """
    return [
        (name, value)
        for name in (answer[0] if answer else {})
        if name != person and name not in QUASI
        for value, who in carriers((row[person], row[name]) for row in answer).items()
        if len(who) < k
    ]


def rare_in_its_year(answer: Answer, k: int, person: str = "student_key") -> list[tuple[str, Any, Any]]:
    """Column, school year and value of whatever fewer than k persons carry in the rows of that year; missing aside."""
    columns = [name for name in (answer[0] if answer else {}) if name != person and name not in QUASI]
    if "school_year" not in columns:
        return []
    return [
        (name, year, value)
        for name in columns
        for (year, value), who in carriers((row[person], (row["school_year"], row[name])) for row in answer).items()
        if value is not None and len(who) < k
    ]


def lonely_facts(table: str, answer: Answer, records: dict[str, tuple[Any, ...]], k: int) -> list[tuple[Any, ...]]:
    """What fewer than k persons who look alike share in a year, of what others may know of a student."""
    names = [name for name in KNOWN.get(table, ()) if answer and name in answer[0]]
    together = carriers(
        (row["student_key"], (records[row["student_key"]], row.get("school_year"), *(row[name] for name in names)))
        for row in answer
    )
    return [facts for facts, who in together.items() if len(who) < k and any(fact is not None for fact in facts[2:])]


def extreme_row_counts(answer: Answer, k: int) -> bool:
    """Whether fewer than k persons have the most rows."""
    counts: dict[str, int] = defaultdict(int)
    for row in answer:
        counts[row["student_key"]] += 1
    return bool(counts) and sum(count == max(counts.values()) for count in counts.values()) < k


def identifying_cells(answers: Answers, told: District, keys: set[str]) -> list[tuple[str, str, Any]]:
    """Every cell that is a name, a number or a key of the sources or of the snapshot, or an exact day."""
    names = {row[name] for rows in told.values() for row in rows for name in NAMING if row.get(name)} | keys
    return [
        (table, column, value)
        for table, answer in answers.items()
        for row in answer
        for column, value in row.items()
        if str(value) in names or EXACT_DAY.search(str(value)) or (isinstance(value, int) and value > 10_000)
    ]
