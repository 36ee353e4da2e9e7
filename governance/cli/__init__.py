"""The `dbims` command. Exit codes: 0 done, 1 something was found to be wrong, 2 it cannot be done as asked."""

from __future__ import annotations

import typer

from governance.cli.audit_log import audit_app
from governance.cli.data import check, dictionary, load, snapshots, synth, today
from governance.cli.people import user_app
from governance.cli.start import up
from governance.cli.studies import study_app
from governance.cli.workflows import workflows

__all__ = ["app", "main"]

app = typer.Typer(
    help="A school district's governed warehouse and research environment.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (up, synth, load, today, snapshots, check, dictionary, workflows):
    app.command()(command)
app.add_typer(user_app, name="user")
app.add_typer(study_app, name="study")
app.add_typer(audit_app, name="audit")


def main() -> None:
    app()
