"""Great Expectations over DuckDB: a data source, and an expectation, that keep rows where they are."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

# Read when the library is imported: it would otherwise report its use over the network.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

with warnings.catch_warnings():
    # Libraries that the library imports, and their deprecations, are nothing a load can mend.
    warnings.simplefilter("ignore")
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.compatibility import pydantic
    from great_expectations.datasource.fluent import SQLDatasource
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine

__all__ = ["DuckDBDatasource", "ExpectNoBreakingRows", "gx", "gxe"]


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Keeps its connection open: a result of DuckDB ends with the transaction it was asked in."""

    @contextmanager
    def get_connection(self) -> Iterator[Any]:
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.engine.dispose()


class DuckDBDatasource(SQLDatasource):
    """Known to a context as `add_duckdb`, by its type."""

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> type[SqlAlchemyExecutionEngine]:
        return DuckDBExecutionEngine


class ExpectNoBreakingRows(gxe.UnexpectedRowsExpectation):
    """Counts the rows that a query returns, where its parent also fetches them: none may leave the engine."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count", "table.row_count")

    @pydantic.validator("unexpected_rows_query")
    def _validate_query(cls, query: str) -> str:
        # The parent asks for `{batch}`; a rule across tables names its tables, all views of one snapshot.
        return query

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        unexpected = metrics["unexpected_rows_query.row_count"]
        counts = {"unexpected_count": unexpected, "element_count": metrics["table.row_count"]}
        return {"success": unexpected == 0, "result": counts}
