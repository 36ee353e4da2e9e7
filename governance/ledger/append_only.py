"""What makes a table append-only in the store itself, by engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa


def keep_append_only(connection: sa.Connection, table: str) -> None:
    """From now on the store refuses to change or remove a row of it, whoever asks."""
    for statement in _STATEMENTS[connection.dialect.name](table):
        connection.exec_driver_sql(statement)


def _sqlite(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{act.lower()} BEFORE {act} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for act in ("UPDATE", "DELETE")
    ]


def _postgresql(table: str) -> list[str]:
    refuse = (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    return [
        refuse,
        *(
            f"CREATE OR REPLACE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            for act in ("UPDATE", "DELETE", "TRUNCATE")
        ),
    ]


_STATEMENTS: Mapping[str, Callable[[str], list[str]]] = {"sqlite": _sqlite, "postgresql": _postgresql}
