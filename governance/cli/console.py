"""What all commands share: two consoles, the options they have in common, and how an error is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from governance.ledger import LedgerError
from governance.recorded_load import CALENDAR
from governance.settings_file import SettingsError
from governance.state import State, StateError
from governance.warehouse.errors import LoadError, WarehouseError
from governance.warehouse.sources import SourceError

StateOption = Annotated[
    Path, typer.Option("--state", envvar="DBIMS_STATE", help="The state folder of the district.", show_default=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
DayOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]
STATE = Path("dbims-state")
OPERATOR = "operator (command line)"

# No markup: names, paths and the log come from elsewhere, and a bracket in them is a bracket.
out = Console(highlight=False, markup=False)
err = Console(stderr=True, highlight=False, markup=False)


@contextmanager
def plain_errors() -> Iterator[None]:
    """What an administrator should read, instead of a traceback."""
    try:
        yield
    except (StateError, SettingsError, LedgerError, LoadError, WarehouseError, SourceError) as error:
        fail(str(error))
    except OSError as error:
        # Not which file: its name may be somebody's.
        fail(f"A file or folder could not be used: {error.strerror or type(error).__name__}.")


def existing_state(folder: Path) -> State:
    """The state, for those who only look; `StateError` says how one comes to be. Nothing is made."""
    if not folder.expanduser().is_dir():
        raise StateError(
            f"There is no state there yet ({folder}): `dbims load` or `dbims up` makes one. If it is elsewhere, say "
            "where: --state FOLDER."
        )
    return State.existing(folder)


def fail(message: str) -> NoReturn:
    err.print(Text.assemble(("dbims: ", "bold red"), message), soft_wrap=True)
    raise typer.Exit(2)


def say(label: str, style: str, message: str) -> None:
    """One line that begins with a word in color."""
    out.print(Text.assemble((label, style), " ", message), soft_wrap=True)


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """A line on standard error, on a terminal only, of what is being done; call what it gives for every step."""
    with err.status(Text(f"{what} …")) as status:
        yield lambda step: status.update(Text(f"{what}: {step} …"))


def folded_table(*headings: str) -> Table:
    """A table that cuts nothing off, however narrow the terminal: what is too long for its column is folded."""
    return Table(*(Column(heading, overflow="fold") for heading in headings))


def day(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def day_or_calendar(given: str) -> date | str:
    """A day of the district, or that it follows the calendar."""
    if given == CALENDAR:
        return CALENDAR
    try:
        return date.fromisoformat(given)
    except ValueError:
        fail("The district's day is given as YYYY-MM-DD, or is `calendar`.")
