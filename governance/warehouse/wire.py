"""What passes between the gateway and a worker: frames of bytes with their length in front, JSON, and Arrow.

Nothing that comes back from a worker is ever unpickled or evaluated: a worker has run a user's query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, assert_never

from governance.policy import (
    CAPACITIES,
    Allowed,
    AllRows,
    ConsentingStudents,
    Deidentified,
    OwnRows,
    RowRule,
    RowsOfStudents,
    StudentsAlong,
)
from governance.vocabulary import (
    Among,
    Between,
    Capacity,
    Condition,
    DateDetail,
    ExplainQuery,
    Family,
    Form,
    FrameQuery,
)
from governance.warehouse.deidentified_release import Release

LENGTH_BYTES = 8


class WorkerFault(Exception):
    """Why a query gave no answer: a code of the gateway's closed list, and a message without any value."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class PreparedSql:
    """A checked query: `text` as written anew, and the columns of each table it needs."""

    text: str
    columns: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Step:
    """A column, and the tables that lead to it from the one asked about (see `catalog.related`)."""

    path: tuple[str, ...]
    column: str


@dataclass(frozen=True)
class PreparedTable:
    """A checked table of statistics, as far as its rows go.

    `where_of_persons`: what is asked of persons; rows that miss only these come along, marked as outside.
    `merge_below`: free texts that fewer persons share become one level; 0 for exact tables.
    """

    table: str
    dimensions: tuple[Step, ...]
    value: Step | None
    where: tuple[tuple[Step, Condition], ...]
    where_of_persons: tuple[tuple[Step, Condition], ...]
    merge_below: int


@dataclass(frozen=True)
class PreparedModel:
    """A checked model: its formula, and where each column that it names comes from.

    `smallest`: the fewest persons that a count about its topic shows to the asker.
    """

    table: str
    formula: str
    family: Family
    columns: dict[str, Step]
    where: tuple[tuple[Step, Condition], ...]
    smallest: int = 0


Job = FrameQuery | PreparedSql | PreparedTable | PreparedModel | ExplainQuery


def encode_job(
    snapshot: str, allowed: Allowed, job: Job, today: date, release: Release | None = None
) -> dict[str, Any]:
    return {
        "release": None if release is None else _encode_release(release),
        "snapshot": snapshot,
        "today": today.isoformat(),
        "capacity": allowed.capacity.value,
        "form": allowed.form.value,
        "staff_key": allowed.staff_key,
        "rows": {name: _encode_rule(rule) for name, rule in allowed.rows.items()},
        "job": _encode_query(job),
    }


def decode_release(message: Mapping[str, Any]) -> Release | None:
    """What the asker's grant, or office, allows in de-identified form; None for other capacities."""
    raw = message["release"]
    if raw is None:
        return None
    tables = {name: tuple(columns) for name, columns in raw["tables"].items()}
    return Release(
        raw["grant"],
        raw["k"],
        bytes.fromhex(raw["secret"]),
        tables,
        DateDetail(raw["dates"]),
        raw["staff_as_codes"],
        raw["diversity"],
        tuple(raw["sensitive"]),
    )


def _encode_release(release: Release) -> dict[str, Any]:
    return {
        "grant": release.grant,
        "k": release.k,
        "secret": release.secret.hex(),
        "tables": {name: list(columns) for name, columns in release.tables.items()},
        "dates": release.dates.value,
        "staff_as_codes": release.staff_as_codes,
        "diversity": release.diversity,
        "sensitive": list(release.sensitive),
    }


def decode_job(message: Mapping[str, Any]) -> tuple[str, Allowed, Job, date]:
    capacity = Capacity(message["capacity"])
    rows = {name: _decode_rule(raw, capacity) for name, raw in message["rows"].items()}
    allowed = Allowed(capacity, Form(message["form"]), message["staff_key"], rows)
    return message["snapshot"], allowed, _decode_query(message["job"]), date.fromisoformat(message["today"])


def _encode_rule(rule: RowRule) -> dict[str, Any]:
    match rule:
        case AllRows():
            return {"kind": "all"}
        case OwnRows(staff_key=staff_key):
            return {"kind": "own", "staff_key": staff_key}
        case RowsOfStudents(scope=ConsentingStudents(keys=keys), columns=columns):
            return {"kind": "consenting", "keys": keys, "columns": columns}
        case RowsOfStudents(scope=scope):
            return {"kind": "students", "schools": scope.schools if isinstance(scope, StudentsAlong) else ()}
        case Deidentified(columns=columns):
            return {"kind": "deidentified", "columns": columns}
        case _:
            assert_never(rule)


def _decode_rule(raw: Mapping[str, Any], capacity: Capacity) -> RowRule:
    match raw["kind"]:
        case "all":
            return AllRows()
        case "own":
            return OwnRows(raw["staff_key"])
        case "students":
            # The scope itself is the policy's declaration of the capacity: only what narrows it travels.
            scope, schools = CAPACITIES[capacity].students, tuple(raw["schools"])
            return RowsOfStudents(replace(scope, schools=schools) if isinstance(scope, StudentsAlong) else scope)
        case "consenting":
            return RowsOfStudents(ConsentingStudents(tuple(raw["keys"])), tuple(raw["columns"]))
        case "deidentified":
            return Deidentified(None if raw["columns"] is None else tuple(raw["columns"]))
    raise ValueError("unknown row rule")


def _encode_query(job: Job) -> dict[str, Any]:
    match job:
        case FrameQuery(table=table, columns=columns, where=where):
            return {"kind": "frame", "table": table, "columns": columns, "where": [_encode_condition(c) for c in where]}
        case PreparedSql():
            return {"kind": "sql", **asdict(job)}
        case PreparedTable():
            return {
                "kind": "table",
                "table": job.table,
                "dimensions": [_encode_step(step) for step in job.dimensions],
                "value": None if job.value is None else _encode_step(job.value),
                "where": _encode_where(job.where),
                "where_of_persons": _encode_where(job.where_of_persons),
                "merge_below": job.merge_below,
            }
        case PreparedModel():
            return {
                "kind": "model",
                "table": job.table,
                "formula": job.formula,
                "family": job.family.value,
                "columns": {name: _encode_step(step) for name, step in job.columns.items()},
                "where": _encode_where(job.where),
                "smallest": job.smallest,
            }
        case ExplainQuery():
            return {"kind": "explain", **asdict(job)}
        case _:
            assert_never(job)


def _decode_query(raw: Mapping[str, Any]) -> Job:
    match raw["kind"]:
        case "frame":
            where = tuple(_decode_condition(condition) for condition in raw["where"])
            return FrameQuery(raw["table"], tuple(raw["columns"]), where)
        case "sql":
            return PreparedSql(raw["text"], {name: tuple(columns) for name, columns in raw["columns"].items()})
        case "table":
            return PreparedTable(
                raw["table"],
                tuple(_decode_step(step) for step in raw["dimensions"]),
                None if raw["value"] is None else _decode_step(raw["value"]),
                _decode_where(raw["where"]),
                _decode_where(raw["where_of_persons"]),
                raw["merge_below"],
            )
        case "model":
            columns = {name: _decode_step(step) for name, step in raw["columns"].items()}
            kept, smallest = _decode_where(raw["where"]), raw["smallest"]
            return PreparedModel(raw["table"], raw["formula"], Family(raw["family"]), columns, kept, smallest)
        case "explain":
            return ExplainQuery(raw["table"], raw["student_key"])
    raise ValueError("unknown job")


def _encode_step(step: Step) -> list[Any]:
    return [list(step.path), step.column]


def _decode_step(raw: Any) -> Step:
    return Step(tuple(raw[0]), raw[1])


def _encode_where(where: tuple[tuple[Step, Condition], ...]) -> list[Any]:
    return [[_encode_step(step), _encode_condition(condition)] for step, condition in where]


def _decode_where(raw: Any) -> tuple[tuple[Step, Condition], ...]:
    return tuple((_decode_step(step), _decode_condition(condition)) for step, condition in raw)


def _encode_condition(condition: Condition) -> dict[str, Any]:
    match condition:
        case Among(column=column, values=values):
            return {"column": column, "among": [_encode_value(value) for value in values]}
        case Between(column=column, low=low, high=high):
            return {"column": column, "low": _encode_value(low), "high": _encode_value(high)}
        case _:
            assert_never(condition)


def _decode_condition(raw: Mapping[str, Any]) -> Condition:
    if "among" in raw:
        return Among(raw["column"], tuple(_decode_value(value) for value in raw["among"]))
    return Between(raw["column"], _decode_value(raw["low"]), _decode_value(raw["high"]))


def _encode_value(value: Any) -> Any:
    return {"date": value.isoformat()} if isinstance(value, date) else value


def _decode_value(value: Any) -> Any:
    return date.fromisoformat(value["date"]) if isinstance(value, dict) else value
