"""The rules that follow from the catalog: whatever a declaration promises of a table, its rows must keep."""

from __future__ import annotations

from collections.abc import Iterator

from expectations.rule import BreakingRows, NotBlank, OneOf, Rule
from governance.catalog import Catalog, Column, ColumnType, Severity, Table

PARQUET_TYPES: dict[ColumnType, str] = {
    ColumnType.KEY: "BIGINT",
    ColumnType.TEXT: "VARCHAR",
    ColumnType.CODE: "VARCHAR",
    ColumnType.INTEGER: "INTEGER",
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.DATE: "DATE",
    ColumnType.BOOLEAN: "BOOLEAN",
}


def derived_rules(catalog: Catalog) -> Iterator[Rule]:
    """The skeleton of every table: columns, required values, codes, key, references, period, school year."""
    for table in catalog.tables.values():
        yield _declared_columns(table)
        yield from (_required(table, column) for column in table.columns if column.required)
        yield from (_codes(table, column, catalog) for column in table.columns if column.codes)
        yield _unique_key(table)
        yield from (_reference(table, column, catalog) for column in _foreign_keys(table))
        yield from _period_in_order(table)
        yield from _known_school_year(table, catalog)


def _declared_columns(table: Table) -> Rule:
    declared = ", ".join(f"('{column.name}', '{PARQUET_TYPES[column.type]}')" for column in table.columns)
    return Rule(
        table.name,
        "declared_columns",
        Severity.STOP,
        "Every column that the catalog declares is there, with its type.",
        "Load again with this version of the program; the catalog and the snapshot do not fit together.",
        BreakingRows(f"""
            SELECT * FROM (VALUES {declared}) AS declared (column_name, data_type)
            EXCEPT
            SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{table.name}'
        """),
    )


def _required(table: Table, column: Column) -> Rule:
    return Rule(
        table.name,
        f"{column.name}_required",
        Severity.STOP,
        f"{column.name} is never blank: the catalog requires it.",
        "Complete the rows in the source, or let the load set them aside.",
        NotBlank(column.name),
    )


def _codes(table: Table, column: Column, catalog: Catalog) -> Rule:
    return Rule(
        table.name,
        f"{column.name}_code",
        Severity.STOP,
        f"{column.name} is a code of the set “{column.codes}”: anything else cannot be counted.",
        "Correct the source, or add its spelling to the code set in the catalog.",
        OneOf(column.name, tuple(code.code for code in catalog.code_sets[column.codes].codes)),
    )


def _unique_key(table: Table) -> Rule:
    key = ", ".join(table.key)
    return Rule(
        table.name,
        "key_unique",
        Severity.STOP,
        f"No two rows have the same {' and '.join(table.key)}: a row that is there twice counts twice.",
        "Remove the second row in the source, or find out which of the two is right.",
        # Blanks in a key are compared as equal: two absences of the whole day are still two.
        BreakingRows(f"SELECT {key} FROM {table.name} GROUP BY {key} HAVING count(*) > 1"),
    )


def _foreign_keys(table: Table) -> Iterator[Column]:
    return (column for column in table.columns if column.entity and column.entity != table.owns)


def _reference(table: Table, column: Column, catalog: Catalog) -> Rule:
    register = catalog.tables[catalog.owners()[column.entity]]
    return Rule(
        table.name,
        f"{column.name}_reference",
        Severity.STOP,
        f"{column.name}, where there is one, is in the table {register.name}: nothing refers to what is not there.",
        f"Load the missing rows of {register.name}, or correct the reference in the source.",
        BreakingRows(f"""
            SELECT * FROM {table.name}
            ANTI JOIN {register.name} ON {table.name}.{column.name} = {register.name}.{register.key[0]}
            WHERE {column.name} IS NOT NULL
        """),
    )


def _period_in_order(table: Table) -> Iterator[Rule]:
    if table.period is None:
        return
    begin, end = table.period
    yield Rule(
        table.name,
        "period_in_order",
        Severity.STOP,
        f"{end} is never before {begin}: who may see a row depends on its dates.",
        "Correct the dates in the source.",
        BreakingRows(f"SELECT * FROM {table.name} WHERE {end} < {begin}"),
    )


def _known_school_year(table: Table, catalog: Catalog) -> Iterator[Rule]:
    years = catalog.tables.get("school_year")
    if years is None or table is years or "school_year" not in table.names:
        return
    yield Rule(
        table.name,
        "school_year_known",
        Severity.STOP,
        "school_year is a year of the table school_year: a row outside every year is in no report.",
        "Load the missing school year, or correct the year in the source.",
        BreakingRows(f"""
            SELECT * FROM {table.name} ANTI JOIN school_year USING (school_year)
            WHERE school_year IS NOT NULL
        """),
    )
