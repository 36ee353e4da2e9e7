"""What a table is in a release's form, from the catalog alone: which columns, of which type, and in which words."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from governance.catalog import Catalog, Column, ColumnType, Table, Treatment, Unit
from governance.warehouse.deidentified_release import NotInThisForm, Release

AS_IT_IS = "as it is"
DROPPED = "dropped: it does not exist in this form"


def is_about_persons(table: Table, release: Release) -> bool:
    """Whether the table's rows are about persons who are protected; other rows are shown as they are."""
    return table.unit is Unit.STUDENT or (table.unit is Unit.STAFF and release.staff_as_codes)


def columns_in_form(table: Table, release: Release) -> tuple[Column, ...]:
    """The columns that exist in the form, as the catalog declares them; `NotInThisForm` for a table that does not."""
    granted = release.tables.get(table.name)
    if granted is None:
        raise NotInThisForm(table.name)
    if not is_about_persons(table, release):
        return tuple(column for column in table.columns if column.name in granted)
    own = f"{table.unit.value}_key"
    return tuple(
        column for column in table.columns
        if column.name == own or (column.name in granted and _exists(column, table))
    )  # fmt: skip


def _exists(column: Column, table: Table) -> bool:
    # Staff have no quasi-identifiers of their own: what would have to be generalized is not there.
    never = {Treatment.DROPPED} if table.unit is Unit.STUDENT else {Treatment.DROPPED, Treatment.GENERALIZED}
    return column.deidentified not in never


def table_in_form(table: Table, release: Release) -> Table:
    """The table as it is in the form: a declaration that a question can be checked against."""
    columns = columns_in_form(table, release)
    names = [column.name for column in columns]
    if is_about_persons(table, release):
        columns = tuple(_in_form(column, release) for column in columns)
    return replace(
        table,
        columns=columns,
        key=tuple(name for name in table.key if name in names) or tuple(names[:1]),
        period=table.period if table.period is not None and set(table.period) <= set(names) else None,
    )


def catalog_in_form(catalog: Catalog, release: Release) -> Catalog:
    """The catalog of what exists in the form: what a question, or a query, is to be parsed against.

    A key whose register is not granted is a number that refers to nothing.
    """
    tables = {name: table_in_form(table, release) for name, table in catalog.tables.items() if name in release.tables}
    registers = {table.owns for table in tables.values()}
    return Catalog({
        name: replace(table, columns=tuple(_without_register(column, registers) for column in table.columns))
        for name, table in tables.items()
    }, catalog.code_sets)  # fmt: skip


def _without_register(column: Column, registers: set[str | None]) -> Column:
    plain = replace(column, deidentified=Treatment.DROPPED, hierarchy="", within=())
    if not column.entity or column.entity in registers:
        return plain
    return replace(plain, type=ColumnType.INTEGER, entity="")


def _in_form(column: Column, release: Release) -> Column:
    spelled = column.deidentified in (Treatment.GENERALIZED, Treatment.MONTH, Treatment.SHARED_MONTH)
    coded = column.deidentified is Treatment.CODE and (column.entity == "student" or release.staff_as_codes)
    if not (spelled or coded or column.hierarchy):
        return replace(column, within=())
    return replace(column, type=ColumnType.TEXT, entity="", codes="", hierarchy="", deidentified=Treatment.DROPPED)


def words_in_form(table: Table, release: Release, catalog: Catalog) -> dict[str, str]:
    """What each column of the whole table becomes, in words."""
    existing = {column.name for column in columns_in_form(table, release)}
    return {
        column.name: _words(column, table, release, catalog) if column.name in existing else DROPPED
        for column in table.columns
    }


def _words(column: Column, table: Table, release: Release, catalog: Catalog) -> str:
    if not is_about_persons(table, release):
        return AS_IT_IS
    k, persons = release.k, "staff" if table.unit is Unit.STAFF else "students"
    shared = f"where at least {k} {persons} of the same group share it in that year"
    match column.deidentified:
        case Treatment.CODE if column.entity == table.unit.value:
            return "a random code of this grant, the same in all its tables"
        case Treatment.CODE:
            what = "a random code of this grant" if release.staff_as_codes else AS_IT_IS
            return f"{what}, {shared}"
        case Treatment.GENERALIZED:
            hierarchy = catalog.hierarchies[column.hierarchy]
            levels = "; ".join(hierarchy.words)
            return f"{hierarchy.description} of the student, at the level chosen when it is computed: {levels}"
        case Treatment.SHARED if column.hierarchy:
            finest, *coarser = catalog.hierarchies[column.hierarchy].words[:-1]
            return f"{finest}, {shared}; {'; '.join(f'or else {level}' for level in coarser)}"
        case Treatment.SHARED:
            return f"as it is, {shared}"
        case Treatment.MONTH:
            return f"the {release.dates}; missing where fewer than {k} {persons} have it"
        case Treatment.SHARED_MONTH:
            return f"the {release.dates}, {shared}"
        case Treatment.KEPT:
            return f"as it is; missing where fewer than {k} {persons} have the value"
        case Treatment.BANDED:
            return f"the number, or, where fewer than {k} {persons} have it, the one in the middle of its neighbours"
        case Treatment.DROPPED:
            return DROPPED
        case _:
            assert_never(column.deidentified)
