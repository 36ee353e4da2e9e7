"""What de-identified form means for one asker: the tables and columns of their office or grant, and its key."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from governance.catalog import Catalog, Table
from governance.ledger import Ledger
from governance.policy import Allowed, Deidentified, Refused, RowRule, RowsOfStudents, decide
from governance.vocabulary import Asker, Capacity, Form
from governance.warehouse.deidentified_release import Release
from governance.warehouse.deidentified_words import table_in_form, words_in_form

INSIDE_K = 5
"""How many students share what is told of one, where the office is of the district (for studies the grant says)."""
NO_KEY = bytes(32)


def release_for(asker: Asker, catalog: Catalog, today: date, ledger: Ledger) -> Release | None:
    """The release of the asker's office or grant, with its key; None where answers are not de-identified."""
    release = _release(asker, catalog, today)
    if release is None:
        return None
    return replace(release, secret=ledger.studies.code_key(asker.identity.username, release.grant))


def catalog_in_form(asker: Asker, catalog: Catalog, today: date) -> Catalog:
    """The tables as the asker is answered from them."""
    release = _release(asker, catalog, today)
    if release is None:
        return _as_granted(asker, catalog, today)
    readable = _readable(asker, catalog, today)
    tables = {
        name: table_in_form(table, release) if isinstance(readable[name], Deidentified) else table
        for name, table in catalog.tables.items()
        if name in readable
    }
    return Catalog(tables, catalog.code_sets, catalog.hierarchies)


def catalog_for(asker: Asker, catalog: Catalog, today: date) -> Catalog:
    """The catalog without added categories that the asker is not given: a name that only those have is unknown, and
    one that they have too is not ambiguous for it."""
    added = (name for name, table in catalog.tables.items() if table.added)
    hidden = {name for name in added if isinstance(decide(asker, (name,), catalog, today), Refused)}
    if not hidden:
        return catalog
    tables = {name: table for name, table in catalog.tables.items() if name not in hidden}
    return replace(catalog, tables=tables)


def _as_granted(asker: Asker, catalog: Catalog, today: date) -> Catalog:
    """The tables by name, with the columns of the grant where there is one."""
    standing = decide(asker, (), catalog, today)
    if isinstance(standing, Refused) or standing.grant is None:
        return catalog_for(asker, catalog, today)
    tables = {
        name: _with_columns(catalog.tables[name], rule.columns)
        if isinstance(rule, RowsOfStudents)
        else catalog.tables[name]
        for name, rule in _readable(asker, catalog, today).items()
    }
    return Catalog(tables, catalog.code_sets, catalog.hierarchies, whole=catalog)


def _with_columns(table: Table, columns: tuple[str, ...] | None) -> Table:
    if columns is None:
        return table
    kept = tuple(column for column in table.columns if column.name in columns)
    names = {column.name for column in kept}
    period = table.period if table.period is not None and set(table.period) <= names else None
    key = tuple(name for name in table.key if name in names) or (kept[0].name,)
    return replace(table, columns=kept, key=key, period=period)


def words_of_form(name: str, asker: Asker, today: date, catalog: Catalog) -> dict[str, str] | None:
    """What becomes of each column of a table; None where the asker is shown it as it is."""
    release = _release(asker, catalog, today)
    if release is None or name not in release.tables:
        return None
    return words_in_form(catalog.tables[name], release, catalog)


def _release(asker: Asker, catalog: Catalog, today: date) -> Release | None:
    """Of everything the office or grant has, not of one question: one anonymization stands behind all answers.

    What a regulation takes for a while belongs to it all the same: with it, or without, what is told must not differ.
    """
    asker = replace(asker, regulations=())
    standing = decide(asker, (), catalog, today)
    if isinstance(standing, Refused) or standing.form is not Form.DEIDENTIFIED_ROWS:
        return None
    tables = {
        name: catalog.tables[name].names if rule.columns is None else rule.columns
        for name, rule in _readable(asker, catalog, today).items()
        if isinstance(rule, Deidentified)
    }
    grant = standing.grant
    if grant is None:
        staff_as_codes = standing.capacity is not Capacity.PERSONNEL_OFFICE
        return Release(standing.audience, INSIDE_K, NO_KEY, tables, staff_as_codes=staff_as_codes)
    return Release(
        standing.audience,
        grant.k,
        NO_KEY,
        tables,
        grant.dates,
        diversity=grant.diversity,
        sensitive=grant.sensitive,
    )


def _readable(asker: Asker, catalog: Catalog, today: date) -> dict[str, RowRule]:
    decisions = {name: decide(asker, (name,), catalog, today) for name in catalog.tables}
    return {name: each.rows[name] for name, each in decisions.items() if isinstance(each, Allowed)}
