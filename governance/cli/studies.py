"""`dbims study`: what studies are granted. Granting is the Superintendent's, in the console, on an application."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import typer

from governance.cli.console import STATE, JsonOption, StateOption, existing_state, folded_table, out, plain_errors
from governance.vocabulary import Grant

NO_SNAPSHOT = "none: not answered; end it, and have the study apply anew"
study_app = typer.Typer(
    help="Grants of studies. They are given, and ended, by the Superintendent, on an application in the console.",
    no_args_is_help=True,
)


@study_app.callback()
def study() -> None:
    """Grants of studies. They are given, and ended, by the Superintendent, on an application in the console."""


@study_app.command("grants")
def study_grants(state: StateOption = STATE, as_json: JsonOption = False) -> None:
    """The grants that were not ended, with what each is given, and of which snapshot."""
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        grants = ledger.studies.all_grants()
    if as_json:
        print(json.dumps([_told(grant) for grant in grants]))
        return
    table = folded_table("study", "user name", "request", "columns", "protection", "days", "snapshot")
    for grant in grants:
        columns = "\n".join(f"{name}: {', '.join(granted)}" for name, granted in grant.tables.items())
        days = f"{grant.begin_date}\nthrough {grant.end_date}"
        number = "" if grant.request is None else f"no. {grant.request}"
        shown = grant.snapshot or NO_SNAPSHOT
        table.add_row(grant.name, grant.username, number, columns, _protection(grant), days, shown)
    out.print(table)


def _protection(grant: Grant) -> str:
    if grant.identified:
        return "none: rows by name, of students with consent"
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
        "identified": grant.identified,
        "request": grant.request,
    }
