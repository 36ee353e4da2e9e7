"""`dbims audit`: read the audit log, and prove that it was not changed."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Annotated

import typer

from governance.cli.console import STATE, JsonOption, StateOption, existing_state, out, plain_errors, say

audit_app = typer.Typer(help="The audit log.", no_args_is_help=True)


@audit_app.command("verify")
def audit_verify(state: StateOption = STATE, as_json: JsonOption = False) -> None:
    """Check that no event was changed, inserted, moved or removed from within, and that what stands is as recorded:

    people, levels, grants, keys of codes, sets of students, and what audiences were told.
    """
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        breaks = ledger.verify()
        count = sum(1 for _ in ledger.entries())
    if as_json:
        print(json.dumps({"events": count, "breaks": [vars(found) for found in breaks]}))
    elif not breaks:
        out.print(f"{count:,} events; the chain holds, and what stands is as recorded.")
    for found in [] if as_json else breaks:
        say(f"event {found.sequence}" if found.sequence else "no event:", "red", found.what)
    raise typer.Exit(1 if breaks else 0)


@audit_app.command("show")
def audit_show(
    state: StateOption = STATE,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """The newest events."""
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        entries = list(ledger.entries(after=max(0, ledger.newest() - last)))
    for entry in entries:
        if as_json:
            print(json.dumps(vars(entry)))
        else:
            line = f"{entry.sequence:>6}  {entry.at[:19]}  {entry.event:<22} {entry.actor}  {entry.detail}"
            out.print(line, soft_wrap=True)
