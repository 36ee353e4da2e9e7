"""From a request's JSON to a checked table of statistics, or model: every column reached, every type looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from governance.catalog import Catalog, Category, Column, ColumnClass, ColumnType, Table, Unit
from governance.catalog.related import AmbiguousColumn, Reached, reach
from governance.disclosure.formulas import FormulaRefused, parse_formula
from governance.disclosure.rules import Topic
from governance.gateway.begun import Prepared
from governance.gateway.errors import ErrorCode, GatewayError, bad_query
from governance.gateway.picking import columns_that_pick_out
from governance.gateway.questions import fields_of, read_condition, read_table
from governance.vocabulary import Condition, Family, Statistic, TabulateQuery
from governance.warehouse.wire import PreparedModel, PreparedTable, Step

NUMBERS = (ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.BOOLEAN)
GROUPS = (ColumnType.CODE, ColumnType.TEXT, ColumnType.INTEGER, ColumnType.BOOLEAN, ColumnType.KEY)

# Discipline, disability, homelessness and health are guarded more closely, whichever table speaks of them.
GUARDED_CATEGORIES = (Category.DISCIPLINE, Category.PROGRAM)
TOO_FINE = {"race_ethnicity", "sex"}


@dataclass(frozen=True)
class CheckedTable:
    """A table of statistics that can be decided on. `used`: every table and column that it touches; `picks_out`: those
    by whose conditions single persons could be picked out."""

    query: TabulateQuery
    unit: Unit
    quantity: str
    topic: Topic
    is_of_one_school_race_and_sex: bool
    picks_out: tuple[str, ...]
    job: PreparedTable
    used: tuple[Step, ...]

    @property
    def label(self) -> str:
        """What was asked, in the catalog's words; no value."""
        by = " × ".join(self.query.dimensions)
        return f"{self.query.statistic.value} of {self.query.value or self.query.table} by {by}"

    @property
    def is_too_fine(self) -> bool:
        return self.topic is Topic.GUARDED and self.is_of_one_school_race_and_sex

    def prepared(self) -> Prepared:
        tables = tuple(dict.fromkeys((self.query.table, *(name for step in self.used for name in step.path))))
        record = {
            "kind": "table",
            "table": self.query.table,
            "rows": list(self.query.rows),
            "columns": list(self.query.columns),
            "statistic": self.query.statistic.value,
            "value": self.query.value,
            "where": sorted(condition.column for condition in self.query.where),
        }
        return Prepared(tables, self.job, record, self.used)


@dataclass(frozen=True)
class CheckedModel:
    """A model that can be decided on. `quantity`: its outcome, under the same name as tables of it."""

    table: str
    quantity: str
    topic: Topic
    is_of_one_school_race_and_sex: bool
    picks_out: tuple[str, ...]
    job: PreparedModel
    used: tuple[Step, ...]

    @property
    def label(self) -> str:
        return f"model of {self.table}"

    @property
    def is_too_fine(self) -> bool:
        return self.topic is Topic.GUARDED and self.is_of_one_school_race_and_sex

    def prepared(self) -> Prepared:
        tables = tuple(dict.fromkeys((self.table, *(name for step in self.used for name in step.path))))
        record = {
            "kind": "model",
            "table": self.table,
            "family": self.job.family.value,
            "columns": list(self.job.columns),
            "where": sorted(condition.column for _, condition in self.job.where),
        }
        return Prepared(tables, self.job, record, self.used)


def table_question(body: Any, catalog: Catalog) -> CheckedTable:
    """`{"table", "rows", "columns", "statistic", "value", "where", "protected"}`"""
    fields = fields_of(body, {"table", "rows", "columns", "statistic", "value", "where", "protected"})
    table = read_table(fields, catalog)
    query, where = _query(fields, table, catalog)
    dimensions = tuple(_dimension(catalog, table, name) for name in query.dimensions)
    value = None if query.value is None else _value(catalog, table, query)
    of_persons = tuple(pair for pair in where if _column(catalog, pair[0]).class_ is not ColumnClass.PLAIN)
    plain = tuple(pair for pair in where if pair not in of_persons)
    job = PreparedTable(table.name, dimensions, value, plain, of_persons, 0)
    used = (*dimensions, *(() if value is None else (value,)), *(step for step, _ in where))
    return CheckedTable(
        query,
        table.unit,
        _quantity(table, value, query.statistic),
        _topic(catalog, table, used),
        _is_of_one_school_race_and_sex(catalog, used),
        columns_that_pick_out(catalog, where),
        job,
        used,
    )


def model_question(body: Any, catalog: Catalog) -> CheckedModel:
    """`{"table", "formula", "family", "where"}`"""
    fields = fields_of(body, {"table", "formula", "family", "where"})
    table = read_table(fields, catalog)
    text, family = fields.get("formula"), fields.get("family")
    if not isinstance(text, str) or family not in [each.value for each in Family]:
        raise bad_query("A model has a `formula` and a `family`: ols or logit.", "For example: score ~ C(grade_level).")
    try:
        formula = parse_formula(text)
    except FormulaRefused as refusal:
        raise bad_query(refusal.message, refusal.next_step) from None
    columns = {name: _measured(catalog, table, name) for name in formula.columns}
    where = _where(fields, table, catalog)
    used = (*columns.values(), *(step for step, _ in where))
    outcome = columns[formula.response.column]
    _demand_own(table, outcome, "outcome")
    return CheckedModel(
        table.name,
        _quantity(table, outcome, Statistic.MEAN),
        _topic(catalog, table, used),
        _is_of_one_school_race_and_sex(catalog, used),
        columns_that_pick_out(catalog, where),
        PreparedModel(table.name, text, Family(family), columns, where),
        used,
    )


def _query(fields: Any, table: Table, catalog: Catalog) -> tuple[TabulateQuery, tuple[tuple[Step, Condition], ...]]:
    names = {axis: _names(fields.get(axis), axis) for axis in ("rows", "columns")}
    statistic, protected = fields.get("statistic", "count"), fields.get("protected")
    if statistic not in [each.value for each in Statistic]:
        raise bad_query(f"The statistic is one of: {', '.join(Statistic)}.")
    if protected is not None and not isinstance(protected, bool):
        raise bad_query("`protected` is true, false, or left out.")
    value = fields.get("value")
    if value is not None and not isinstance(value, str):
        raise bad_query("`value` is the name of a column.")
    where = _where(fields, table, catalog)
    try:
        query = TabulateQuery(
            table.name,
            names["rows"],
            names["columns"],
            Statistic(statistic),
            value,
            tuple(condition for _, condition in where),
            protected,
        )
    except ValueError as error:
        raise bad_query(f"This cannot be tabulated: {error}.") from None
    return query, where


def _names(raw: Any, axis: str) -> tuple[str, ...]:
    given = [] if raw is None else raw
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise bad_query(f"`{axis}` is a list of column names.")
    return tuple(given)


def _where(fields: Any, table: Table, catalog: Catalog) -> tuple[tuple[Step, Condition], ...]:
    where = {} if fields.get("where") is None else fields["where"]
    if not isinstance(where, dict):
        raise bad_query("`where` gives a value, a list of values or a range for each column.")
    found = []
    for name, raw in where.items():
        step = _measured(catalog, table, name)
        found.append((step, read_condition(_column(catalog, step), raw)))
    return tuple(found)


def _dimension(catalog: Catalog, table: Table, name: str) -> Step:
    step = _reached(catalog, table, name)
    column = _column(catalog, step)
    if column.type not in GROUPS or (column.type is ColumnType.KEY and column.entity in ("student", "staff")):
        raise bad_query(
            f"A table cannot be made by {column.name}: its values are no groups.",
            "Dimensions are codes, words, whole numbers, yes or no, schools and courses.",
        )
    return step


def _value(catalog: Catalog, table: Table, query: TabulateQuery) -> Step:
    step = _measured(catalog, table, str(query.value))
    column = _column(catalog, step)
    if column.type not in NUMBERS:
        raise bad_query(f"{column.name} is no number: it has no {query.statistic.value}.")
    if query.statistic is Statistic.RATE and column.type is not ColumnType.BOOLEAN:
        raise bad_query(f"A rate is of a column that is true or false; {column.name} is none.", "Ask for its mean.")
    if query.statistic is not Statistic.RATE and column.type is ColumnType.BOOLEAN:
        # Its sum would be a count of persons that the rules of counts do not see.
        raise bad_query(f"{column.name} is true or false: it has a rate, and no {query.statistic.value}.")
    _demand_own(table, step, "value")
    return step


def _demand_own(table: Table, step: Step, what: str) -> None:
    """One fact is one quantity: reached from several tables it would be weighed as if it were several."""
    if len(step.path) > 1:
        raise bad_query(
            f"{step.column} is a column of {step.path[-1]}, not of {table.name}: it can be no {what} here.",
            f"Ask it of {step.path[-1]}, or make it a row or column of the table.",
        )


def _measured(catalog: Catalog, table: Table, name: str) -> Step:
    step = _reached(catalog, table, name)
    column = _column(catalog, step)
    if column.type is ColumnType.KEY and column.entity in ("student", "staff"):
        raise bad_query(f"{column.name} says who somebody is: there are no statistics by it.")
    return step


def _reached(catalog: Catalog, table: Table, name: str) -> Step:
    """The column, of the table or of one that its rows lead to. What identifies somebody is out of reach."""
    try:
        found: Reached = reach(catalog, table, name)
    except AmbiguousColumn:
        raise bad_query("Several tables have a column of that name.", "Write it as table.column.") from None
    except KeyError:
        raise _unknown(table) from None
    if found.column.class_ is ColumnClass.DIRECT_IDENTIFIER:
        raise bad_query(f"{found.column.name} identifies persons: there are no statistics of it.")
    return Step(found.path, found.column.name)


def _unknown(table: Table) -> GatewayError:
    return GatewayError(
        ErrorCode.UNKNOWN_COLUMN,
        f"From {table.name} no column of that name can be reached.",
        "Columns are the table's own, and those of tables whose whole key it has.",
        f"describe({table.name!r}) lists its columns.",
    )


def _column(catalog: Catalog, step: Step) -> Column:
    return catalog.tables[step.path[-1]].column(step.column)


def _quantity(table: Table, value: Step | None, statistic: Statistic) -> str:
    """Counts of persons are one quantity, whichever table they come from; every measure is one of its own. Medians are
    no sums: they are told apart."""
    if value is None:
        return table.unit.value
    return f"{table.name}.{value.column}" + (" (median)" if statistic is Statistic.MEDIAN else "")


def _is_of_one_school_race_and_sex(catalog: Catalog, used: tuple[Step, ...]) -> bool:
    """Guarded topics are never shown by school, race and sex at once."""
    one_school = any(step.path[-1] == "school" or _column(catalog, step).entity == "school" for step in used)
    return one_school and {step.column for step in used} >= TOO_FINE


def _topic(catalog: Catalog, table: Table, used: tuple[Step, ...]) -> Topic:
    columns = [_column(catalog, step) for step in used]
    if table.unit is Unit.STAFF:
        private = any(each.class_ is ColumnClass.PERSONNEL_PRIVATE for each in columns)
        return Topic.PAY if private else Topic.STAFF
    if any(each.guarded for each in columns) or table.category in GUARDED_CATEGORIES:
        return Topic.GUARDED
    return Topic.ASSESSMENT if table.category is Category.ACHIEVEMENT else Topic.GENERAL
