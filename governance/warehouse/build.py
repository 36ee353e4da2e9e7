"""From the staging area to the tables of a snapshot. Nothing here knows a table by name: all of it is in the catalog.

Tables are built registers first. A row is accepted, or quarantined under the first rule it breaks: a required value is
missing, a value is not of its type, a code is unknown, what it refers to was not accepted, or its primary key is taken.
Every staged row is accounted for, or the load fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from governance.catalog import Catalog, Table
from governance.warehouse.errors import BuildError
from governance.warehouse.keys import KeyRegistry
from governance.warehouse.layout import ROW_GROUP_ROWS, sort_columns
from governance.warehouse.reading_sql import clean_view, reading_query
from governance.warehouse.sources.protocol import Rule
from governance.warehouse.sql import identifier, text
from governance.warehouse.staging import Staging

DEFAULT_MEMORY = "4GB"

QUARANTINE_COLUMNS = '"table" VARCHAR, file VARCHAR, line BIGINT, rule VARCHAR, reason VARCHAR'
REPEATED = "the primary key repeats an earlier row of the same source"
SUPERSEDED = "a later source has a row with the same primary key"


@dataclass(frozen=True)
class TableCount:
    """What became of a table's staged rows."""

    staged: int
    accepted: int
    quarantined: int


@dataclass(frozen=True)
class BuildReport:
    """Counts by table, and by "table/rule" for everything in quarantine, what the sources rejected included."""

    tables: dict[str, TableCount]
    quarantine: dict[str, int]


@dataclass(frozen=True)
class Rooms:
    """Where a build writes: the candidate's tables, the new registry of keys, and a scratch folder."""

    tables: Path
    keys: Path
    scratch: Path
    earlier_keys: Path | None = None


def build_tables(
    catalog: Catalog,
    staging: Staging,
    rooms: Rooms,
    *,
    memory_limit: str = DEFAULT_MEMORY,
    progress: Callable[[str], None] = lambda _table: None,
) -> BuildReport:
    """Write `TABLE.parquet` for every table of the catalog, `quarantine.parquet`, and the keys."""
    counts = {}
    with _open_database(rooms.scratch, memory_limit) as database:
        builder = _Builder(catalog, staging, rooms, database)
        for table in catalog.tables.values():
            progress(table.name)
            counts[table.name] = _guarded(builder, table)
        return BuildReport(counts, builder.finish())


def _guarded(builder: _Builder, table: Table) -> TableCount:
    try:
        return builder.build(table)
    except duckdb.Error as error:
        # The engine's own message may quote a value.
        raise BuildError(f"table {table.name} could not be built ({type(error).__name__}).") from None


def _open_database(scratch: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "temp_directory": str(scratch / "spill"),
        # Every order that matters is asked for.
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    return duckdb.connect(str(scratch / "build.duckdb"), config=settings)


class _Builder:
    """One table after the other in one scratch database."""

    def __init__(self, catalog: Catalog, staging: Staging, rooms: Rooms, database: duckdb.DuckDBPyConnection) -> None:
        self._staging, self._rooms, self._database = staging, rooms, database
        database.execute(f"CREATE TABLE quarantine ({QUARANTINE_COLUMNS})")
        database.execute("CREATE TABLE spelling (code_set VARCHAR, spelling VARCHAR, code VARCHAR)")
        spellings = [
            (name, spelling, code)
            for name, code_set in catalog.code_sets.items()
            for spelling, code in code_set.spellings().items()
        ]
        if spellings:
            database.executemany("INSERT INTO spelling VALUES (?, lower(?), ?)", spellings)
        self._keys = KeyRegistry(database, rooms.earlier_keys)

    def build(self, table: Table) -> TableCount:
        _check_references(table)
        self._run(f"CREATE VIEW clean AS {clean_view(table, str(self._staging.path(table.name)))}")
        self._name_things(table)
        self._run(f"CREATE TABLE read AS {reading_query(table, 'clean')}")
        self._set_aside_repeated(table)
        self._write_accepted(table)
        self._register_accepted(table)
        count = self._account(table)
        self._run("DROP TABLE read")
        self._run("DROP TABLE repeated")
        self._run("DROP VIEW clean")
        return count

    def finish(self) -> dict[str, int]:
        """Write the quarantine and the keys; what is in quarantine, by table and rule."""
        self._run(f"INSERT INTO quarantine SELECT * FROM read_parquet({text(self._staging.rejects)})")
        ordered = 'SELECT * FROM quarantine ORDER BY "table", file, line, rule, reason'
        self._copy(ordered, self._rooms.tables / "quarantine.parquet")
        self._keys.write(self._rooms.keys)
        counts = "SELECT \"table\" || '/' || rule, count(*) FROM quarantine GROUP BY ALL ORDER BY ALL"
        return {str(rule): int(count) for rule, count in self._database.execute(counts).fetchall()}

    def _name_things(self, table: Table) -> None:
        """Keys for everything this table is the register of."""
        if table.owns is None:
            return
        self._keys.assign(table.owns, "clean", table.key[0])
        self._run(
            f"CREATE VIEW {identifier(f'named {table.owns}')} AS "
            f"SELECT source_id, key FROM registry WHERE entity = {text(table.owns)}"
        )

    def _set_aside_repeated(self, table: Table) -> None:
        """Rows whose primary key is taken: by an earlier row of their source, or by a later source.

        Most tables have none, and counting is cheaper than ranking, so only rows of repeated keys are ranked.
        """
        key = ", ".join(map(identifier, table.key))
        same = " AND ".join(f"read.{name} IS NOT DISTINCT FROM twice.{name}" for name in map(identifier, table.key))
        place = "_source, _file, _line, _row"
        self._run(
            f"""CREATE TABLE repeated AS
            WITH twice AS (SELECT {key} FROM read WHERE _rule IS NULL GROUP BY ALL HAVING count(*) > 1),
            ranked AS (
                SELECT read._row, read._source, max(_source) OVER (PARTITION BY {_of("read", table)}) AS latest,
                    row_number() OVER (PARTITION BY {_of("read", table)}, _source ORDER BY {place}) AS number
                FROM read SEMI JOIN twice ON {same} WHERE _rule IS NULL)
            SELECT _row, CASE WHEN number > 1 THEN {text(Rule.DUPLICATE.value)}
                ELSE {text(Rule.SUPERSEDED.value)} END AS rule
            FROM ranked WHERE number > 1 OR _source < latest"""
        )

    def _write_accepted(self, table: Table) -> None:
        columns = ", ".join(map(identifier, table.names))
        order = ", ".join(map(identifier, sort_columns(table)))
        accepted = f"SELECT {columns} FROM read ANTI JOIN repeated USING (_row) WHERE _rule IS NULL"
        self._copy(f"{accepted} ORDER BY {order}", self._table_path(table))

    def _register_accepted(self, table: Table) -> None:
        """What later tables may refer to."""
        if table.owns is None:
            return
        named = identifier(f"named {table.owns}")
        keys = f"SELECT {identifier(table.key[0])} AS key FROM read_parquet({text(self._table_path(table))})"
        self._run(
            f"CREATE TABLE {identifier(f'accepted {table.owns}')} AS "
            f"SELECT source_id, key FROM {named} SEMI JOIN ({keys}) USING (key)"
        )

    def _account(self, table: Table) -> TableCount:
        """Quarantine the rest; no row may be left over."""
        name = text(table.name)
        self._run(
            f"INSERT INTO quarantine SELECT {name}, _file, _line, _rule, _reason FROM read WHERE _rule IS NOT NULL"
        )
        self._run(
            f"""INSERT INTO quarantine SELECT {name}, _file, _line, rule,
                CASE rule WHEN {text(Rule.DUPLICATE.value)} THEN {text(REPEATED)} ELSE {text(SUPERSEDED)} END
            FROM read JOIN repeated USING (_row)"""
        )
        staged = self._staging.rows(table.name)
        accepted = self._count(f"SELECT count(*) FROM read_parquet({text(self._table_path(table))})")
        quarantined = self._count(f'SELECT count(*) FROM quarantine WHERE "table" = {name}')
        if staged != accepted + quarantined:
            raise BuildError(f"table {table.name}: not every row that was read is accounted for.")
        return TableCount(staged, accepted, quarantined)

    def _table_path(self, table: Table) -> Path:
        return self._rooms.tables / f"{table.name}.parquet"

    def _copy(self, query: str, path: Path) -> None:
        options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS}"
        self._run(f"COPY ({query}) TO {text(path)} ({options})")

    def _run(self, statement: str) -> None:
        self._database.execute(statement)

    def _count(self, query: str) -> int:
        row = self._database.execute(query).fetchone()
        return int(row[0]) if row else 0


def _of(relation: str, table: Table) -> str:
    return ", ".join(f"{relation}.{identifier(name)}" for name in table.key)


def _check_references(table: Table) -> None:
    """A register whose rows refer to each other would have to be accepted in rounds."""
    for column in table.columns:
        if table.owns is not None and column.entity == table.owns and column.name not in table.key:
            raise BuildError(f"table {table.name}: a register cannot refer to itself ({column.name}).")
