"""Why a student's rows are in somebody's answers, in words and dates of the path that leads there."""

from __future__ import annotations

from datetime import date
from typing import assert_never

import numpy as np

from governance.policy import (
    Allowed,
    AllRows,
    ConsentingStudents,
    Deidentified,
    EveryStudent,
    NoStudent,
    OwnRows,
    RowsOfStudents,
    StudentsAlong,
    StudentsIn,
)
from governance.vocabulary import Among, ExplainQuery
from governance.warehouse.scoped import ScopedReader


def explain(reader: ScopedReader, allowed: Allowed, query: ExplainQuery, today: date) -> list[str]:
    """The reasons why the student is seen, most telling first; empty if the student is not, or does not exist."""
    rule = allowed.rows[query.table]
    match rule:
        case AllRows():
            known = reader.rows(
                allowed, query.table, ["student_key"], [Among("student_key", (query.student_key,))], today
            )
            return ["Your capacity sees every student of the district."] if known.num_rows else []
        case OwnRows() | Deidentified():
            return []
        case RowsOfStudents(scope=scope):
            students = reader.students(scope, allowed.staff_key, today)
            if not np.isin(query.student_key, students).item():
                return []
            match scope:
                case (
                    StudentsAlong(because=because)
                    | StudentsIn(because=because)
                    | EveryStudent(because=because)
                    | ConsentingStudents(because=because)
                ):
                    reasons = [f"The student {because} (as of {today.isoformat()})."]
                case NoStudent():
                    return []
                case _:
                    assert_never(scope)
            return reasons + reader.links(scope, allowed.staff_key, query.student_key, today)
        case _:
            assert_never(rule)
