"""What a table is in a release's form, from the catalog alone: which columns, of which type, and in which words."""

from __future__ import annotations

from dataclasses import replace

from governance.catalog import Catalog, Column, ColumnType, Table, Treatment, Unit
from governance.vocabulary import DateDetail
from governance.warehouse.deidentified_release import NotInThisForm, Release

AS_IT_IS = "as it is"
DROPPED = "dropped: it does not exist in this form"
CODE = "a random code of this grant"
OWN_CODE = f"{CODE}, the same in all its tables"
DATE = "the {dates} as text, such as {example}; in a condition, a day stands for its {dates}"

WORDS = {
    Treatment.DROPPED: DROPPED,
    Treatment.CODE: "{code}, {where_shared}",
    Treatment.GENERALIZED: "{description} of the student, at the level chosen when it is computed: {levels}",
    Treatment.SHARED: "{finest}, {where_shared}{or_else}",
    Treatment.MONTH: DATE + "; missing {where_few}",
    Treatment.SHARED_MONTH: DATE + "; {where_shared}",
    Treatment.KEPT: AS_IT_IS + "; missing {where_few}",
    Treatment.BANDED: "the number, or, {where_few}, the one in the middle of its neighbours",
}
"""What each treatment makes of a column."""

DATE_FORMATS = {DateDetail.MONTH: "%Y-%m", DateDetail.WEEK: "%G-W%V"}
"""How months, and ISO weeks, are shown: their order as texts is their order in time."""
EXAMPLES = {DateDetail.MONTH: "2026-11", DateDetail.WEEK: "2026-W45"}

# What tells when something was: facts are compared among the rows of one school year.
YEAR = "school_year"


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
    if column.deidentified is Treatment.CODE and column.entity == table.unit.value:
        return OWN_CODE
    hierarchy = catalog.hierarchies.get(column.hierarchy)
    finest, *coarser = (AS_IT_IS,) if hierarchy is None else hierarchy.words
    in_year = " in that year" if YEAR in table.names and column.name != YEAR else ""
    who = f"{release.k} {'staff' if table.unit is Unit.STAFF else 'students'}"
    return WORDS[column.deidentified].format(
        code=CODE if release.staff_as_codes else AS_IT_IS,
        dates=release.dates,
        example=EXAMPLES[release.dates],
        description="" if hierarchy is None else hierarchy.description,
        finest=finest,
        levels="; ".join([finest, *coarser]),
        or_else="".join(f"; or else {level}" for level in coarser[:-1]),
        where_shared=f"where at least {who} of the same group share it{in_year}",
        where_few=f"where fewer than {who} have it{in_year}",
    )
