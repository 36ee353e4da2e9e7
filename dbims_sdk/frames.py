"""From an Arrow stream to a pandas frame.

| in the answer     | in the frame                                                                    |
|-------------------|---------------------------------------------------------------------------------|
| text              | `str`                                                                           |
| date              | `datetime64[ms]`, so that `.dt` works; missing is NaT                           |
| whole number, key | `int64`, `int32`; `Int64`, `Int32` if values are missing, so no key loses digits |
| true or false     | `bool`; `boolean` if values are missing                                         |
| decimal           | `int64` if it is whole and fits (a SUM of whole numbers), else `float64`        |
"""

from __future__ import annotations

import http.client
import json
from typing import Any

import pandas as pd
import pyarrow as pa

from dbims_sdk.progress import Progress, find_display
from dbims_sdk.transport import broken_answer, unreadable_answer

_NULLABLE: dict[Any, Any] = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def read_answer(response: http.client.HTTPResponse) -> Any:
    """The whole answer as an Arrow table, or BrokenAnswer: never a part of it."""
    table = _read_table(response)
    _check_complete(table, _description(table.schema), _announced_rows(response))
    return table


def to_frame(table: Any) -> pd.DataFrame:
    """A frame of plain pandas types (see the table above) that carries the description of the answer."""
    frame = _to_pandas(_without_decimals(table))
    frame.attrs["dbims"] = _description(table.schema)
    return frame


def _read_table(response: http.client.HTTPResponse) -> Any:
    progress = Progress(_announced_rows(response), find_display())
    batches = []
    try:
        with pa.ipc.open_stream(response) as reader:
            for batch in reader:
                batches.append(batch)
                progress.add(batch.num_rows)
            # What follows the last batch is only the end of the HTTP body: it must be there.
            response.read()
            return pa.Table.from_batches(batches, reader.schema)
    finally:
        progress.end()


def _announced_rows(response: http.client.HTTPResponse) -> int | None:
    rows = response.headers.get("X-DBIMS-Rows", "")
    return int(rows) if rows.isdecimal() else None


def _description(schema: Any) -> dict[str, Any]:
    try:
        description = json.loads((schema.metadata or {})[b"dbims"])
    except (KeyError, ValueError):
        raise unreadable_answer() from None
    if not isinstance(description, dict) or type(description.get("rows")) is not int:
        raise unreadable_answer()
    return description


def _check_complete(table: Any, description: dict[str, Any], announced: int | None) -> None:
    """A stream that is cut between two batches is a valid, shorter stream; only the count tells."""
    if table.num_rows != description["rows"] or announced not in (None, table.num_rows):
        raise broken_answer()


def _to_pandas(table: Any) -> pd.DataFrame:
    exact = [i for i, field in enumerate(table.schema) if field.type in _NULLABLE and table.column(i).null_count]
    if not exact:
        return _convert(table)
    rest = [i for i in range(table.num_columns) if i not in exact]
    frame = _convert(table.select(rest))
    for i in exact:
        series = table.column(i).to_pandas(types_mapper=_NULLABLE.get)
        frame.insert(i, table.field(i).name, series, allow_duplicates=True)
    return frame


def _convert(table: Any) -> pd.DataFrame:
    # Dates would otherwise become slow Python objects without `.dt`.
    frame: pd.DataFrame = table.to_pandas(date_as_object=False, ignore_metadata=True)
    return frame


def _without_decimals(table: Any) -> Any:
    for i, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            number = _from_decimal(table.column(i))
            table = table.set_column(i, pa.field(field.name, number.type), number)
    return table


def _from_decimal(column: Any) -> Any:
    if column.type.scale == 0:
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:
            pass  # larger than a 64-bit whole number: a float is what is left
    return column.cast(pa.float64())
