"""A ledger of an earlier version brought up to date when it is opened: in one transaction, after a backup.

No event is recorded of it: it changes how things are kept, and nothing that is. What must stand after it is what the
events say, as before; `verify` compares.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from governance.ledger.engine import Place
from governance.ledger.events import LedgerError

STEPS = Path(__file__).with_name("migrations")
BEFORE_STEPS = "before-0001"
"""What the backup of a ledger from before it had steps is called."""

# Alembic's operations are one for each process.
_one_at_a_time = Lock()


def bring_up_to_date(engine: sa.Engine, place: Place) -> None:
    """All steps that the ledger lacks, or none. `LedgerError`, if it is of a newer version than this program."""
    steps = _steps()
    if _is_current(place.reader(engine), steps):
        return
    try:
        with _one_at_a_time, engine.begin() as connection:
            _migrate(connection, steps, place)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise LedgerError(
            f"The ledger could not be brought up to date ({type(error).__name__}), and is as it was. See that there is "
            "room on the disk, and that nothing else holds the ledger; then try again."
        ) from error


@cache
def _steps() -> ScriptDirectory:
    return ScriptDirectory(str(STEPS), version_locations=[str(STEPS)])


def _is_current(reader: sa.Engine, steps: ScriptDirectory) -> bool:
    with reader.connect() as connection:
        return _revision(connection, steps) == steps.get_current_head()


def _revision(connection: sa.Connection, steps: ScriptDirectory) -> str | None:
    """The last step that the ledger went; None before the first."""
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in {step.revision for step in steps.walk_revisions()}:
        raise LedgerError(
            f"The ledger was written by a newer version of this program (step {found}; this one knows "
            f"{steps.get_current_head()}). Nothing was read or changed. Install the newer version again."
        )
    return found


def _migrate(connection: sa.Connection, steps: ScriptDirectory, place: Place) -> None:
    """With the write lock held: whoever waited for it may find that another process was faster."""
    revision = _revision(connection, steps)
    if revision == steps.get_current_head():
        return
    if sa.inspect(connection).has_table("audit_event"):
        place.back_up(revision or BEFORE_STEPS, connection)
    options = {"fn": lambda current, _: steps._upgrade_revs("head", current)}
    context = MigrationContext.configure(connection, opts=options)
    with Operations.context(context):
        context.run_migrations()
