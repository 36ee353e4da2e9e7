"""The key registry: which surrogate key stands for which source identifier. It lives outside the snapshots.

Keys are random, from the operating system, and stay the same in every later load. Nothing about a person goes into one.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from governance.warehouse.sql import identifier, text

# 62 bits: positive in every signed 64-bit type, and far from any accident among a state's records.
KEY_BITS = 62


def draw_keys(count: int, taken: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """`count` new keys, none of them zero, twice, or among those `taken`."""
    drawn = np.empty(0, dtype=np.int64)
    while len(drawn) < count:
        missing = count - len(drawn)
        bits = np.frombuffer(os.urandom(8 * missing), dtype=np.uint64) >> np.uint64(64 - KEY_BITS)
        fresh = np.setdiff1d(bits.astype(np.int64), np.append(taken, 0))
        drawn = np.union1d(drawn, fresh)
    # Sorted keys would tell the order of the identifiers they stand for.
    return drawn[np.argsort(np.frombuffer(os.urandom(8 * count), dtype=np.uint64))]


class KeyRegistry:
    """The table `registry` (entity, source_id, key) of the database of a build."""

    def __init__(self, database: duckdb.DuckDBPyConnection, earlier: Path | None) -> None:
        self._database = database
        database.execute("CREATE TABLE registry (entity VARCHAR, source_id VARCHAR, key BIGINT)")
        if earlier is not None:
            database.execute(f"INSERT INTO registry SELECT entity, source_id, key FROM read_parquet({text(earlier)})")

    def assign(self, entity: str, relation: str, column: str) -> None:
        """A key for every identifier in `relation.column` that has none."""
        self._database.execute(
            f"""CREATE TABLE newcomer AS
            SELECT source_id, row_number() OVER () - 1 AS number FROM (
                SELECT DISTINCT {identifier(column)} AS source_id FROM {relation}
                WHERE {identifier(column)} IS NOT NULL) AS named
            ANTI JOIN (SELECT source_id FROM registry WHERE entity = {text(entity)}) AS known USING (source_id)"""
        )
        drawn = draw_keys(self._count("newcomer"), self._taken())
        numbered = pa.table({"number": np.arange(len(drawn), dtype=np.int64), "key": drawn})
        self._database.register("drawn", numbered)
        self._database.execute(
            f"INSERT INTO registry SELECT {text(entity)}, source_id, key FROM newcomer JOIN drawn USING (number)"
        )
        self._database.unregister("drawn")
        self._database.execute("DROP TABLE newcomer")

    def write(self, path: Path) -> None:
        order = "SELECT * FROM registry ORDER BY entity, source_id"
        self._database.execute(f"COPY ({order}) TO {text(path)} (FORMAT parquet, COMPRESSION zstd)")

    def _count(self, relation: str) -> int:
        row = self._database.execute(f"SELECT count(*) FROM {relation}").fetchone()
        return int(row[0]) if row else 0

    def _taken(self) -> npt.NDArray[np.int64]:
        keys = self._database.execute("SELECT key FROM registry").fetchnumpy()["key"]
        return np.asarray(keys, dtype=np.int64)
