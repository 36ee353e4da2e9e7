"""Where a user's SQL runs: a database in memory that holds the asker's own rows and can reach nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from governance.warehouse.wire import WorkerFault

BATCH_ROWS = 65_536

# Messages of these kinds are made before any row is read: they speak of names in the query, not of data.
_ABOUT_THE_QUERY = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


_KINDS = {
    "ConversionException": "A value cannot be converted to the type the query asks for. try_cast() gives NULL instead.",
    "OutOfRangeException": "A value is out of the range of its type.",
    "InvalidInputException": "A function was given something it cannot work with.",
    "OutOfMemoryException": "The query needs more memory than a query may use.",
}


class Cell:
    """One database for one query, made before it is needed and closed after: nothing of a query outlives it."""

    def __init__(self, memory_limit: str, threads: int, max_bytes: int) -> None:
        self._connection = duckdb.connect(config=_locked(memory_limit, threads))
        self._max_bytes = max_bytes

    def run(self, text: str, tables: Mapping[str, pa.Table]) -> pa.Table:
        """The result of the query over `tables`, or `WorkerFault`."""
        for name, table in tables.items():
            self._connection.register(name, table)
        self._connection.execute("SET lock_configuration = true")
        try:
            return _collect(self._connection.sql(text).to_arrow_reader(BATCH_ROWS), self._max_bytes)
        except _ABOUT_THE_QUERY as error:
            raise WorkerFault("sql_failed", _first_line(error)) from None
        except (duckdb.OutOfMemoryException, MemoryError):
            raise too_large() from None
        except duckdb.Error as error:
            raise WorkerFault("sql_failed", _without_values(type(error).__name__)) from None
        except (pa.ArrowException, OSError) as error:
            # An error in a later batch comes through Arrow, with the engine's own words: only its kind is used.
            kind = str(error).split(" Error:", 1)[0].replace(" ", "") + "Exception"
            raise WorkerFault("sql_failed", _without_values(kind)) from None

    def close(self) -> None:
        self._connection.close()


def too_large() -> WorkerFault:
    return WorkerFault("too_large", "The answer, or what it takes to compute it, is too large.")


def _locked(memory_limit: str, threads: int) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "enable_external_access": False,
        "python_enable_replacements": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "memory_limit": memory_limit,
        "threads": threads,
        "temp_directory": "",
    }


def _collect(reader: pa.RecordBatchReader, max_bytes: int) -> pa.Table:
    batches, size = [], 0
    for batch in reader:
        size += batch.nbytes
        if size > max_bytes:
            raise too_large()
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0][:300]


def _without_values(kind: str) -> str:
    """What kind of thing went wrong, in our words: the engine's own may repeat a value."""
    return _KINDS.get(kind, "The query could not be completed.")
