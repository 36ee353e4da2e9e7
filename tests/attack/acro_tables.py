"""Asks acro for tables, in the peers' environment: JSON in, JSON out. Imports nothing of ours."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import warnings

import pandas as pd


def main() -> None:
    """[{"a": labels, "b": labels}, …] → for each frame the counts that acro shows of a × b, of a, and of b."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    frames = json.load(sys.stdin)
    with contextlib.redirect_stdout(io.StringIO()):
        from acro import ACRO

        answers = [_tables(ACRO(suppress=True), pd.DataFrame(frame)) for frame in frames]
    json.dump(answers, sys.stdout)


def _tables(acro: object, frame: pd.DataFrame) -> dict[str, list[list[object]]]:
    everyone = pd.Series(["all"] * len(frame), name="everyone")
    return {
        "a × b": _shown(acro.crosstab(frame["a"], frame["b"])),
        "a": _shown(acro.crosstab(frame["a"], everyone)),
        "b": _shown(acro.crosstab(frame["b"], everyone)),
    }


def _shown(table: pd.DataFrame) -> list[list[object]]:
    """[row label, column label, count or null], for what is left in the table."""
    return [
        [row, column, None if pd.isna(table.loc[row, column]) else float(table.loc[row, column])]
        for row in table.index
        for column in table.columns
    ]


if __name__ == "__main__":
    main()
