"""`dbims study`: what studies are granted, for now by the operator."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import typer

from governance.catalog import Catalog, ColumnClass, Table, Unit, load_catalog
from governance.cli.console import (
    OPERATOR,
    STATE,
    JsonOption,
    StateOption,
    day,
    existing_state,
    fail,
    folded_table,
    out,
    plain_errors,
    say,
)
from governance.state import State, StateError
from governance.vocabulary import STUDY_SESSION, DateDetail, Grant
from governance.warehouse.deidentified_release import SECRET_BYTES, Release
from governance.warehouse.deidentified_words import columns_in_form

STAND_IN = (
    "Grants of studies are the Superintendent's to give. Until a grant is a governed record, with its application and "
    "its approval, these commands are the operator's stand-in for that act: they carry out what was decided elsewhere, "
    "and the audit log names the operator."
)
LINKED = (
    "Each is k-anonymous by itself; whoever has the rows of two can link those of one student by their facts, though "
    "the codes differ."
)
NO_SNAPSHOT = "none: not answered; end it, and grant the study anew"
study_app = typer.Typer(help=f"Grants of studies.\n\n{STAND_IN}", no_args_is_help=True)

PERSON_KEYS = {Unit.STUDENT: "student_key", Unit.STAFF: "staff_key"}
"""The units whose tables are granted, and the key that becomes a person's code."""
MAX_SESSION_NAME = 30
"""JupyterHub has no session of a longer name: a study's would never start."""


@study_app.command(
    "grant", help=f"Grant a study de-identified rows of the named columns, of the current snapshot.\n\n{STAND_IN}"
)
def study_grant(
    name: Annotated[str, typer.Argument(help="Also names its session and its home. Never given again.")],
    username: Annotated[str, typer.Option(help="Whose study it is.")],
    columns: Annotated[
        list[str], typer.Option(metavar="TABLE=COLUMN,...", help="Columns of one table; repeatable. Keys are added.")
    ],
    end: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Its last day.")],
    begin: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its first day; else today.")] = None,
    k: Annotated[int, typer.Option("--k", help="How many students share what is told of any one.")] = 10,
    diversity: Annotated[int, typer.Option(help="How many values each sensitive column has among those.")] = 1,
    sensitive: Annotated[
        list[str] | None, typer.Option(metavar="TABLE.COLUMN", help="What --diversity is about; repeatable.")
    ] = None,
    dates: Annotated[DateDetail, typer.Option(help="How exactly days are told.")] = DateDetail.MONTH,
    state: StateOption = STATE,
) -> None:
    with plain_errors():
        place = existing_state(state)
        try:
            tables = granted_tables(columns, load_catalog())
            guarded = sensitive_columns(sensitive or (), diversity, tables, load_catalog())
            first = day(begin) or place.today()
            grant = Grant(name, username, tables, first, end.date(), k, diversity, guarded, dates)
            demand_short_name(grant)
        except ValueError as error:
            fail(str(error))
        with closing(place.existing_ledger()) as ledger:
            grant = replace(grant, snapshot=current_snapshot(place))
            others = [each for each in ledger.studies.grants(username) if each.end_date >= place.today()]
            ledger.studies.grant_study(OPERATOR, grant)
    _say_granted(grant, others)


def _say_granted(grant: Grant, others: Sequence[Grant]) -> None:
    days = f"from {grant.begin_date} through {grant.end_date}"
    out.print(f"{grant.username} has the study {grant.name} {days}, on the snapshot {grant.snapshot}.", soft_wrap=True)
    if others:
        names = ", ".join(each.name for each in others)
        say("warning:", "yellow", f"{grant.username} has other grants too ({names}). {LINKED}")


@study_app.command("grants")
def study_grants(state: StateOption = STATE, as_json: JsonOption = False) -> None:
    """The grants that were not ended, with what each is given, and of which snapshot."""
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        grants = ledger.studies.all_grants()
    if as_json:
        print(json.dumps([_told(grant) for grant in grants]))
        return
    table = folded_table("study", "user name", "columns", "protection", "days", "snapshot")
    for grant in grants:
        columns = "\n".join(f"{name}: {', '.join(granted)}" for name, granted in grant.tables.items())
        days = f"{grant.begin_date}\nthrough {grant.end_date}"
        table.add_row(grant.name, grant.username, columns, _protection(grant), days, grant.snapshot or NO_SNAPSHOT)
    out.print(table)


@study_app.command("end", help=f"End a grant; the study's next question is refused.\n\n{STAND_IN}")
def study_end(name: str, state: StateOption = STATE) -> None:
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        ledger.studies.end_study(OPERATOR, name)
    out.print(f"The study {name} has ended.")


def current_snapshot(place: State) -> str:
    """The snapshot that a grant given now is answered from for good; `StateError` if there is none."""
    snapshot = place.warehouse.current()
    if snapshot is None:
        raise StateError("There is no data yet, and a grant is of one snapshot. Load some first: `dbims load PATH`.")
    return snapshot.id


def demand_short_name(grant: Grant) -> None:
    """`ValueError` if no session can be named after the grant."""
    if len(grant.server) > MAX_SESSION_NAME:
        most = MAX_SESSION_NAME - len(STUDY_SESSION)
        raise ValueError(f"A study's name has at most {most} characters: its session is named after it.")


def granted_tables(words: Sequence[str], catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """`TABLE=COLUMN,...`, read against the catalog: the columns of each table, the person's key first.

    `ValueError` says which cannot be granted, why, and what to do.
    """
    asked: dict[str, list[str]] = {}
    for word in words:
        name, equals, listed = word.partition("=")
        if not equals:
            raise ValueError("Columns are named with their table: --columns TABLE=COLUMN,COLUMN.")
        asked.setdefault(name.strip(), []).extend(column.strip() for column in listed.split(","))
    return {name: _granted_columns(_granted_table(name, catalog), columns) for name, columns in asked.items()}


def _granted_table(name: str, catalog: Catalog) -> Table:
    table = catalog.tables.get(name)
    if table is None:
        raise ValueError(f"There is no table {name!r}. `dbims dictionary` writes down which there are.")
    if table.unit not in PERSON_KEYS:
        raise ValueError(
            f"The table {name} is not about students or staff. A grant names tables that are; what everybody sees of "
            "schools and courses needs no grant."
        )
    return table


def _granted_columns(table: Table, names: Sequence[str]) -> tuple[str, ...]:
    everything = Release(grant="", k=2, secret=bytes(SECRET_BYTES), tables={table.name: table.names})
    existing = {column.name for column in columns_in_form(table, everything)}
    for name in names:
        if name not in table.names:
            raise ValueError(f"The table {table.name} has no column {name!r}. It has {', '.join(table.names)}.")
        if table.column(name).class_ is ColumnClass.DIRECT_IDENTIFIER:
            raise ValueError(
                f"{table.name}.{name} is a direct identifier: it says by itself who somebody is. De-identified rows "
                "never have one; persons are told apart by random codes. Leave it out."
            )
        if name not in existing:
            raise ValueError(f"{table.name}.{name} does not exist in de-identified rows. Leave it out.")
    return tuple(dict.fromkeys((PERSON_KEYS[table.unit], *names)))


def sensitive_columns(
    names: Sequence[str], diversity: int, tables: dict[str, tuple[str, ...]], catalog: Catalog
) -> tuple[str, ...]:
    """The columns that diversity is about, "table.column" each; `ValueError` for those that cannot be."""
    if (diversity > 1) != bool(names):
        raise ValueError("--diversity of 2 or more, and only that, goes with --sensitive TABLE.COLUMN.")
    for name in names:
        table, _, column = name.partition(".")
        if column not in tables.get(table, ()):
            raise ValueError(f"{name!r} is not among the columns granted. Name it in --columns too.")
        declared = catalog.tables[table]
        if declared.unit is not Unit.STUDENT or declared.column(column).class_ is not ColumnClass.SENSITIVE:
            raise ValueError(f"{name} is not a sensitive column about students. The data dictionary says which are.")
    return tuple(dict.fromkeys(names))


def _protection(grant: Grant) -> str:
    diversity = f", {grant.diversity} values of {', '.join(grant.sensitive)}" if grant.sensitive else ""
    return f"k {grant.k}{diversity}; days by {grant.dates.value}"


def _told(grant: Grant) -> dict[str, Any]:
    return {
        "name": grant.name,
        "username": grant.username,
        "tables": grant.tables,
        "begin_date": grant.begin_date.isoformat(),
        "end_date": grant.end_date.isoformat(),
        "k": grant.k,
        "diversity": grant.diversity,
        "sensitive": grant.sensitive,
        "dates": grant.dates.value,
        "snapshot": grant.snapshot,
    }
