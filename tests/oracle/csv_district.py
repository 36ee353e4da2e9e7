"""Reads a district from the catalog's CSV files: one file per table, and every value as the text it is."""

from __future__ import annotations

import csv
from pathlib import Path

Row = dict[str, str]
District = dict[str, list[Row]]


def read_csv_district(folder: Path) -> District:
    """Table name to rows, column name to text; a missing value is an empty text."""
    district: District = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            district[path.stem] = list(csv.DictReader(file))
    return district


def write_csv_district(folder: Path, district: District) -> None:
    """The other way, for the small districts that the tests make by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in district.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
