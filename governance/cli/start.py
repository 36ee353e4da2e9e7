"""`dbims up`."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer
from rich.text import Text

from governance.cli.console import STATE, StateOption, out, plain_errors, working
from governance.cli.data import expect
from governance.demo import ACCOUNTS_FILE, demo_is_due, make_demo
from governance.recorded_load import reconcile_loads
from governance.state import State, StateError


def up(
    state: StateOption = STATE,
    port: Annotated[int, typer.Option(help="The port on this machine.")] = 8000,
    students: Annotated[int, typer.Option(min=60, help="Size of the synthetic district, if there is no state.")] = 750,
    seed: Annotated[int, typer.Option(help="Seed of the synthetic district.")] = 1,
) -> None:
    """Start everything: Hub, proxy, gateway. With no data yet, over a synthetic district."""
    # The Hub takes a moment to import: only those who start it pay for it.
    from hub_config.launch import run

    with plain_errors():
        place = State.at(state)
        status = run(
            place.folder, port, lambda url: _announce(place, url), lambda: _prepare_data(place, students, seed)
        )
    raise typer.Exit(status)


def _announce(place: State, url: str) -> None:
    accounts = place.folder / ACCOUNTS_FILE
    out.print(Text.assemble("\n", ("DBIMS is running:", "bold"), f" {url}\n"))
    if accounts.exists():
        out.print(accounts.read_text(encoding="utf-8"))
        out.print(f"The same table: {accounts}", style="dim")
    out.print("Stop with Ctrl-C.", style="dim")


def _prepare_data(place: State, students: int, seed: int) -> None:
    if not demo_is_due(place):
        reconcile_loads(place)
        demand_data(place)
        return
    with working("Making a synthetic district") as progress:
        make_demo(
            place,
            students=students,
            seed=seed,
            actual=date.today(),  # noqa: DTZ011 - the district's own calendar
            expectations=expect,
            progress=progress,
        )


def demand_data(place: State) -> None:
    """`StateError` if there is nothing to start over: somebody has used the folder, and no load has succeeded."""
    if place.warehouse.current() is None:
        raise StateError(
            "There is no data in this state folder, since no load has succeeded, and as somebody has used it, no "
            "demonstration is made in it. Load data (`dbims load PATH`) and add people (`dbims user add NAME`), then "
            "start again; or take a new folder for the demonstration: --state NEWFOLDER."
        )
