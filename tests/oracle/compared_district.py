"""One district told by both sides, and the questions on which they have to agree."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from functools import cached_property

from tests.loaded_district import LoadedDistrict, compared_columns
from tests.oracle import scopes
from tests.oracle.csv_district import District, Row
from tests.oracle.natural import Naturalizer

Rows = Counter[tuple[str, ...]]

RELATIONS = (
    "school_year",
    "section",
    "section_staff",
    "section_enrollment",
    "staff_assignment",
    "enrollment",
    "caseload",
    "service_assignment",
    "program_participation",
)
ROSTER = ("section_key", "student_key")
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Tally:
    """How many (person and capacity, table, day) triples were compared in this run, and how many differed."""

    compared = 0
    differed = 0


class ComparedDistrict:
    """`unread` names the tables whose contents the oracle does not read from this district's sources.

    Of those, it selects from all rows the product has by the students it says are in scope.
    """

    def __init__(self, name: str, told: District, loaded: LoadedDistrict, unread: tuple[str, ...] = ()) -> None:
        self.name, self.told, self.loaded, self._unread = name, told, loaded, unread
        self._natural = Naturalizer(told)
        self.staff = {row["staff_key"]: row["staff_id"] for row in told["staff"]}
        self.students = {row["student_key"]: row["student_id"] for row in told["student"]}
        self._whole: dict[str, Rows] = {}

    @cached_property
    def days(self) -> list[date]:
        """The day before, of and after each day on which anything begins or ends."""
        columns = ("begin_date", "end_date", "entry_date", "exit_date")
        rows = (row for table in RELATIONS for row in self.told.get(table, []))
        turns = {date.fromisoformat(row[column]) for row in rows for column in columns if row.get(column)}
        return sorted({day + timedelta(days=days) for day in turns for days in (-1, 0, 1)})

    def holders(self, capacity: str) -> list[str]:
        """The staff to whom something in the sources could give students in this capacity, on some day."""
        leads = ("Principal", "AssistantPrincipal")
        posts = [row for row in self.told["staff_assignment"] if row["staff_classification"] in leads]
        related: dict[str, list[Row]] = {
            "teacher": self.told["section_staff"],
            "principal": posts,
            "counselor": self.told.get("caseload", []),
            "support_services": self.told.get("service_assignment", []),
        }
        found = {row["staff_key"] for row in related.get(capacity, [])}
        return sorted(found & self.staff.keys()) or sorted(self.staff)[:3]

    def differs_in_students(self, me: str, capacity: str, today: date) -> str | None:
        """Whether the students answered are others than the oracle's; who, so as to find the mistake."""
        expected = {self.students[key] for key in scopes.students(self.told, me, capacity, today.isoformat())}
        answered = self.loaded.students(self.staff[me], capacity, today)
        return self._verdict(answered == expected, me, capacity, "student", today)

    def differs_in_rows(self, me: str, capacity: str, table: str, today: date) -> str | None:
        """The same for whole rows of any table."""
        columns = () if table in self._unread else compared_columns(self.told, table)
        answered = self.loaded.rows(self.staff[me], capacity, table, today, columns)
        if table in self._unread:
            expected = self._selected(me, capacity, table, today)
        else:
            expected = self._natural.rows(scopes.rows(self.told, table, me, capacity, today.isoformat()), columns)
        return self._verdict(answered == expected, me, capacity, table, today)

    def roster_mismatches(self, today: date) -> list[str]:
        """Every section, asked for by its teachers on that day: where the roster is another than the oracle's."""
        found = []
        for me in self.holders("teacher"):
            answered = self.loaded.rows(self.staff[me], "teacher", "section_enrollment", today, ROSTER)
            mine = scopes.rows(self.told, "section_enrollment", me, "teacher", today.isoformat())
            for section in {row["section_key"] for row in self.told["section_staff"] if row["staff_key"] == me}:
                name = self._natural.value("section_key", section)
                expected = {row for row in self._natural.rows(mine, ROSTER) if row[0] == name}
                agrees = {row for row in answered if row[0] == name} == expected
                found.append(self._verdict(agrees, me, "teacher", f"roster of {section}", today))
        return [difference for difference in found if difference]

    def differs_in_reasons(self, me: str, capacity: str, student: str, today: date) -> str | None:
        """Whether `explain` names other first days of relations than the oracle, or any where there is none."""
        expected = scopes.reasons(self.told, me, capacity, today.isoformat()).get(student, set())
        said = self.loaded.why(self.staff[me], capacity, "student", self.students[student], today)
        since = {day for sentence in said[1:] for day in ISO_DAY.findall(sentence)}
        agrees = bool(said) == bool(expected) and since == {reason[-1] for reason in expected}
        return self._verdict(agrees, me, capacity, f"why {student}", today)

    def _selected(self, me: str, capacity: str, table: str, today: date) -> Rows:
        """From the product's whole table, the rows the oracle's scope leaves."""
        if table not in self._whole:
            self._whole[table] = self.loaded.whole(table)
        if table in scopes.ABOUT_NOBODY or capacity in scopes.DISTRICT_WIDE:
            return self._whole[table]
        about_students = table in scopes.ABOUT_STUDENTS
        seen = {self.staff[me]}
        if about_students:
            seen = {self.students[key] for key in scopes.students(self.told, me, capacity, today.isoformat())}
        place = self.loaded.columns(table).index("student_key" if about_students else "staff_key")
        return Counter({row: count for row, count in self._whole[table].items() if row[place] in seen})

    def _verdict(self, agrees: bool, me: str, capacity: str, what: str, today: date) -> str | None:
        Tally.compared += 1
        Tally.differed += not agrees
        return None if agrees else f"{self.name}: {me} as {capacity}, {what}, on {today}"
