"""The commands about data: write a synthetic district, load, list snapshots, check one, print the dictionary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from governance.catalog import load_catalog
from governance.cli.console import (
    OPERATOR,
    STATE,
    DayOption,
    JsonOption,
    StateOption,
    day,
    day_or_calendar,
    existing_state,
    fail,
    out,
    plain_errors,
    say,
    working,
)
from governance.cli.set_aside import SetAsideRows, page_of_current, print_set_aside, rows_set_aside
from governance.demo import refuse_beside_demo
from governance.dictionary import dictionary_html
from governance.ledger import LedgerError
from governance.recorded_load import load_and_record, record_day
from governance.state import State, StateError
from governance.warehouse.expectation_report import ExpectationReport
from governance.warehouse.snapshot import Snapshot, scratch_room

PATHS_HELP = (
    "All sources of the district, folders or files: what is not among them is not in the new snapshot. Of two rows for "
    "one thing among them, the one of the later path is taken."
)
WITHOUT_HELP = "A table that has rows now and is meant to have none afterwards; repeatable."
TODAY_HELP = "A day, YYYY-MM-DD, that is the district's until another is set; or `calendar`."


def expect(snapshot: Snapshot) -> ExpectationReport:
    # Great Expectations takes seconds to import: only loads and checks pay for it.
    from expectations import check

    with scratch_room(snapshot) as room:
        return check(snapshot.path, load_catalog(snapshot.added), room)


def synth(
    folder: Annotated[Path, typer.Argument(help="Where the source files go; new or empty.")],
    students: Annotated[int, typer.Option(min=60)] = 750,
    seed: Annotated[int, typer.Option()] = 1,
    today: DayOption = None,
    years: Annotated[int, typer.Option(min=1, max=12, help="School years of history.")] = 4,
    every_day: Annotated[bool, typer.Option(help="Write days of presence too.")] = False,
) -> None:
    """Write the source files of a synthetic district."""
    from governance.warehouse.synth import write_district

    if folder.exists() and any(folder.iterdir()):
        fail("That folder is not empty. Choose a new one, so that nothing is overwritten.")
    folder.mkdir(parents=True, exist_ok=True)
    with working("Writing") as progress:
        write_district(
            folder,
            students=students,
            seed=seed,
            today=day(today) or date.today(),  # noqa: DTZ011 - the district's own calendar
            years=years,
            every_day=every_day,
            progress=lambda what, done, total: progress(f"{what}, {done} of {total}"),
        )
    out.print(f"Wrote {sum(1 for _ in folder.glob('*.csv'))} files. Load them with: dbims load {folder}")


def load(
    paths: Annotated[list[Path], typer.Argument(help=PATHS_HELP)],
    state: StateOption = STATE,
    source: Annotated[str | None, typer.Option(help="edfi or csv; told by looking if not given.")] = None,
    today: Annotated[str | None, typer.Option(help=TODAY_HELP)] = None,
    without: Annotated[list[str] | None, typer.Option(metavar="TABLE", help=WITHOUT_HELP)] = None,
    as_json: JsonOption = False,
) -> None:
    """Load sources into a new snapshot, which replaces the whole of the current one.

    It becomes current only if every expectation of severity stop holds, and no table loses all its rows unasked.

    --today fixes the district's day, for data of former years, or lets it follow the calendar again.
    """
    chosen = None if today is None else day_or_calendar(today)
    with plain_errors(), working("Loading") as progress:
        place = State.at(state)
        refuse_beside_demo(place)
        _demand_tables(without or (), place)
        report = load_and_record(
            place,
            OPERATOR,
            paths,
            source=source,
            without=without or (),
            day=chosen,
            expectations=expect,
            progress=progress,
        )
    if as_json:
        print(json.dumps(report.snapshot.manifest))
    else:
        _print_snapshot(report.snapshot.manifest, report.expectations, rows_set_aside(report.snapshot))


def _added(place: State) -> tuple[str, ...]:
    """The declarations of the categories that were added; none, where there is no ledger yet."""
    try:
        with closing(place.existing_ledger()) as ledger:
            return ledger.requests.added_categories()
    except LedgerError:
        return ()


def _demand_tables(names: Sequence[str], place: State) -> None:
    unknown = sorted(set(names) - load_catalog(_added(place)).tables.keys() if names else ())
    if unknown:
        fail(f"--without: there is no table {unknown[0]!r}. `dbims dictionary` writes down which there are.")


def today(
    chosen: Annotated[str | None, typer.Argument(metavar="[DAY|calendar]", help=TODAY_HELP)] = None,
    state: StateOption = STATE,
) -> None:
    """The district's day; given one, it is fixed from now on, and with `calendar` it follows the calendar again."""
    asked = None if chosen is None else day_or_calendar(chosen)
    with plain_errors():
        place = existing_state(state)
        if asked is not None:
            with closing(place.existing_ledger()) as ledger:
                record_day(place, ledger, OPERATOR, asked)
        out.print(f"{place.today()}")


def _print_snapshot(manifest: dict[str, Any], report: ExpectationReport, aside: SetAsideRows) -> None:
    table = Table("table", "rows", title=f"Snapshot {manifest['id']}", title_justify="left")
    for name, facts in sorted(manifest["tables"].items()):
        table.add_row(name, f"{facts['rows']:,}")
    out.print(table)
    for what, count in sorted(manifest["quarantine"].items()):
        say("set aside:", "yellow", f"{what}: {count:,}{aside.names_of(what)}")
    print_set_aside(aside)
    for result in report.failed:
        say(f"{result.severity.value}:", "yellow", f"{result.table}: {result.description}: {result.unexpected:,}")


def snapshots(state: StateOption = STATE, as_json: JsonOption = False) -> None:
    """The snapshots of the warehouse, the newest last."""
    with plain_errors():
        warehouse = existing_state(state).warehouse
        current = warehouse.current()
        listed = [
            {"id": s.id, "current": current is not None and s.id == current.id, "tables": len(s.manifest["tables"])}
            for s in warehouse.snapshots()
        ]
    if as_json:
        print(json.dumps(listed))
    for entry in [] if as_json else listed:
        out.print(f"{entry['id']}{'  current' if entry['current'] else ''}")


def check(
    state: StateOption = STATE,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check that no file of the current snapshot was changed, and run the expectations on it."""
    with plain_errors():
        snapshot = existing_state(state).warehouse.current()
        if snapshot is None:
            raise StateError("There is no data yet. Load some first: `dbims load PATH`.")
        changed = changed_files(snapshot)
        if changed:
            # What the expectations would say of it, if they could read it, would not be about what was loaded.
            _report_changed(snapshot, changed, as_json)
            raise typer.Exit(1)
        report, aside = expect(snapshot), rows_set_aside(snapshot)
    if html is not None:
        html.write_text(page_of_current(report.html, aside), encoding="utf-8")
    if as_json:
        print(json.dumps({"changed": [], "set_aside": aside.to_json(), **report.to_json()}))
    else:
        _print_snapshot(snapshot.manifest, report, aside)
        out.print(f"Snapshot {snapshot.id} is current; {aside.total:,} rows were set aside when it was loaded.")
    raise typer.Exit(1 if report.stops else 0)


def changed_files(snapshot: Snapshot) -> tuple[str, ...]:
    """The files of a snapshot that are not what was promoted. A manifest that cannot be read is one of them."""
    try:
        return snapshot.verify()
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return ("manifest.json",)


def _report_changed(snapshot: Snapshot, changed: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"changed": changed}))
        return
    for name in changed:
        say("changed or missing:", "red", name)
    out.print(f"Snapshot {snapshot.id} is not what was promoted. Restore it from a backup, or load again.")


def dictionary(path: Annotated[Path, typer.Argument(help="The page to write.")]) -> None:
    """Write the data dictionary, from the catalog."""
    path.write_text(dictionary_html(load_catalog()), encoding="utf-8")
    out.print(f"Wrote {path}")
