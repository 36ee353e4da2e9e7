"""`dbims audit`: read the audit log, prove that it was not changed, and take it elsewhere."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from governance.cli.console import (
    OPERATOR,
    STATE,
    JsonOption,
    StateOption,
    existing_state,
    fail,
    out,
    plain_errors,
    say,
)
from governance.durable import FILE_MODE
from governance.ledger import Verified, read_public_key, verify_export

audit_app = typer.Typer(help="The audit log.", no_args_is_help=True)

KeyOption = Annotated[
    Path | None, typer.Option(help="The public key, where it was kept apart; by default the state folder's.")
]


@audit_app.command("verify")
def audit_verify(
    state: StateOption = STATE,
    key: KeyOption = None,
    checkpoints: Annotated[
        list[Path] | None, typer.Option(help="A folder that copies of the checkpoints went to; repeatable.")
    ] = None,
    export: Annotated[Path | None, typer.Option(help="Verify this export instead; needs --key, and no state.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check that no event was changed, inserted, moved, removed or cut off, and that what stands is as recorded:

    people, levels, grants, keys of codes, sets of students, and what audiences were told.
    """
    with plain_errors():
        if export is not None:
            if key is None:
                fail("An export is verified with the public key: --key public-key.pem.")
            found = verify_export(export, read_public_key(key))
        else:
            with closing(existing_state(state).existing_ledger()) as ledger:
                found = ledger.verify(key, checkpoints or [])
    if as_json:
        breaks = [vars(each) for each in found.breaks]
        print(json.dumps({"events": found.newest, "anchored": found.anchored, "breaks": breaks}))
    else:
        _tell(found, "what stands is as recorded" if export is None else "the export is whole")
    raise typer.Exit(1 if found.breaks else 0)


def _tell(found: Verified, whole: str) -> None:
    for each in found.breaks:
        say(f"event {each.sequence}" if each.sequence else "no event:", "red", each.what)
    if found.breaks:
        return
    out.print(f"{found.newest:,} events; the chain holds, and {whole}.")
    if found.anchored:
        out.print(f"Signed checkpoints vouch for events 1 to {found.anchored:,}.")
    if found.anchored < found.newest:
        vouched = f"events {found.anchored + 1:,} to {found.newest:,}: only the chain vouches for them."
        say("not signed:", "yellow", vouched)


@audit_app.command("export")
def audit_export(file: Path, state: StateOption = STATE) -> None:
    """The whole log, its sets of students (opaque keys) and its checkpoints, as JSON lines that only you can read.

    `dbims audit verify --export FILE --key PUBLIC-KEY` proves it anywhere.
    """
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        except FileExistsError:
            fail("There is a file of that name already. Choose another, so that none is lost.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as sink:
                sink.writelines(ledger.export())
                sink.flush()
                os.fsync(descriptor)
        except BaseException:
            # A part of a log is none, and would stand in the way of the next attempt.
            file.unlink()
            raise
    out.print("Exported.")


@audit_app.command("renew")
def audit_renew(
    reason: Annotated[str, typer.Option(help="Why the checkpoints are begun anew: goes on record.")],
    state: StateOption = STATE,
) -> None:
    """Go on with a ledger that is not the one that was signed (restored from a backup), or whose signing key is gone.

    What was signed before is put aside and kept; the event says what it was.
    """
    if not reason.strip():
        fail("Say why: --reason TEXT.")
    with plain_errors(), closing(existing_state(state).existing_ledger()) as ledger:
        ledger.renew_checkpoints(OPERATOR, reason.strip())
    out.print("The checkpoints are begun anew, and the act is on record.")


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
