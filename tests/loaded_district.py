"""A district loaded by the product, and asked through the same decision and the same reader as any session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from governance.catalog import load_catalog
from governance.policy import Allowed, Decision, Refused, decide
from governance.vocabulary import AccessLevel, Asker, Capacity, Employment, ExplainQuery, FrameQuery, Identity, Person
from governance.warehouse.expectation_report import ExpectationReport
from governance.warehouse.explain import explain
from governance.warehouse.load import load
from governance.warehouse.scoped import ScopedReader
from governance.warehouse.snapshot import Snapshot, Warehouse
from tests.oracle.csv_district import District, Row
from tests.oracle.natural import NATURAL, Naturalizer
from tests.oracle.plain_text import plain_text

LONG_AGO = date(1900, 1, 1)


def load_district(state: Path, *sources: Path) -> LoadedDistrict:
    """Load source files, without expectations: what is compared here is who sees which rows."""
    report = load(Warehouse(state), sources, expectations=lambda _snapshot: ExpectationReport(()))
    return LoadedDistrict(report.snapshot)


class LoadedDistrict:
    """One snapshot, with people named by their staff identifiers."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.catalog = load_catalog()
        self._reader = ScopedReader(snapshot.path, self.catalog)
        registers = {name: text_rows(pq.read_table(snapshot.table_path(name))) for name in NATURAL}
        self._naturalizer = Naturalizer(registers)
        self._staff_keys = {row["staff_id"]: int(row["staff_key"]) for row in registers["staff"]}
        self._student_keys = {row["student_id"]: int(row["student_key"]) for row in registers["student"]}

    def decide(self, me: str, capacity: str, table: str, today: date) -> Decision:
        """The decision on somebody who holds the capacity, and nothing else."""
        acting = Capacity(capacity)
        person = Person("person-" + "".join(c for c in me.lower() if c.isalnum()), self._staff_keys.get(me))
        level = AccessLevel(person.username, acting, LONG_AGO)
        identity = Identity(person.username, acting.server)
        asker = Asker(identity, person, (level,), employment=Employment.EMPLOYED)
        return decide(asker, [table], self.catalog, today)

    def frame(self, me: str, capacity: str, table: str, today: date, columns: Sequence[str] = ()) -> pa.Table:
        """What `frame(table, columns)` answers; `Refusal` is raised as an error."""
        decision = self.decide(me, capacity, table, today)
        if isinstance(decision, Refused):
            raise PermissionError(decision.refusal.name)
        return self._reader.frame(decision, FrameQuery(table, tuple(columns)), today)[0]

    def rows(
        self, me: str, capacity: str, table: str, today: date, columns: Sequence[str] = ()
    ) -> Counter[tuple[str, ...]]:
        """The same, as a multiset of rows of natural identifiers and plain texts."""
        return self.natural_rows(self.frame(me, capacity, table, today, columns))

    def natural_rows(self, frame: pa.Table) -> Counter[tuple[str, ...]]:
        spelled = [
            [self._naturalizer.value(name, plain_text(value)) for value in frame.column(name).to_pylist()]
            for name in frame.column_names
        ]
        return Counter(zip(*spelled, strict=True))

    def students(self, me: str, capacity: str, today: date) -> set[str]:
        """The identifiers of the students whose row in `student` is answered."""
        return {row[0] for row in self.rows(me, capacity, "student", today, ["student_id"])}

    def why(self, me: str, capacity: str, table: str, student: str, today: date) -> list[str]:
        """What `explain` answers about one student; a student that does not exist has a key that nobody has."""
        decision = self.decide(me, capacity, table, today)
        assert isinstance(decision, Allowed)
        return explain(self._reader, decision, ExplainQuery(table, self._student_keys.get(student, -1)), today)

    def whole(self, table: str) -> Counter[tuple[str, ...]]:
        """Everything there is of a table, whoever may see it."""
        return self.natural_rows(pq.read_table(self.snapshot.table_path(table)).select(self.columns(table)))

    def columns(self, table: str) -> list[str]:
        return list(self.catalog.tables[table].names)

    def quarantined(self) -> list[Row]:
        return text_rows(pq.read_table(self.snapshot.path / "quarantine.parquet"))


def text_rows(table: pa.Table) -> list[Row]:
    return [{name: plain_text(value) for name, value in row.items()} for row in table.to_pylist()]


def compared_columns(district: District, table: str) -> list[str]:
    """The columns that the oracle knows of a table."""
    return list(dict.fromkeys(column for row in district.get(table, [])[:1] for column in row))
