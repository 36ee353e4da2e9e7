"""Suppression of cells in frequency tables, against pytauargus, acro, and none: `python -m tests.bench.suppression`.

All protect the same random tables, in which counts of 1 to 5 are primary: every table with all its margins. An attacker
reads the printed numbers and knows that counts are not negative; each primary cell's interval must stay 6 wide
(the threshold), wherever it lies. pytauargus (OPT: a proven optimum, at cost 1 per cell) knows no such sliding
protection; it is asked for a distance below of the cell's value and the rest of the 6 above, of the ways to promise
the same the one that costs it least. Our second row also protects from whoever reads which suppressed cells are small.

Times are medians over tables, from counts to the protected pattern: for pytauargus its own batch, without the files
that we write for it; acro and pandas take rows and make the table themselves. acro's cells are attacked with the totals
printed, as its users print them. "Exact" cells can be worked out by linear programs from what is printed. Nothing here
passes or fails.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from governance.disclosure.complementary import NotProtectable, choose_complement
from governance.disclosure.statements import Attacker, Statements
from tests.bench.peers import peers_python
from tests.disclosure.intervals import feasible_intervals, table_statements

THRESHOLD = 6.0
TOTAL = "T"
MINUTES = 1
"""What pytauargus is given for the large table, whose optimum it does not find in any useful time."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Table:
    """A frequency table, its cells and margins as statements, and what is primary in it."""

    counts: NDArray[np.float64]
    statements: Statements
    cells: list[tuple[int | None, ...]]

    @property
    def values(self) -> NDArray[np.float64]:
        return self.statements.values

    @property
    def primary(self) -> Mask:
        return (self.values > 0) & (self.values < THRESHOLD)

    @property
    def candidates(self) -> Mask:
        return self.values >= THRESHOLD

    def attackers(self, marks: bool) -> list[Callable[[Mask], Attacker]]:
        ends, primary = np.full(len(self.cells), np.inf), self.primary
        numbers = Attacker(-ends, ends, np.where(primary, THRESHOLD, 0.0))
        low, high = np.where(primary, 1.0, THRESHOLD), np.where(primary, THRESHOLD - 1, np.inf)
        reads_marks = Attacker(low, high, np.where(primary, 1.0, 0.0))
        return [lambda _suppressed: numbers] + [lambda _suppressed: reads_marks] * marks

    def rows(self) -> pd.DataFrame:
        """One row per student."""
        at = np.repeat(np.arange(self.counts.size), self.counts.ravel().astype(int))
        places = np.unravel_index(at, self.counts.shape)
        return pd.DataFrame({f"d{axis}": [f"{place:03d}" for place in where] for axis, where in enumerate(places)})


@dataclass
class Tally:
    """What one way did to all tables of a kind. Cells are counted over tables that every way protects."""

    seconds: list[float] = field(default_factory=list)
    complements: int = 0
    exact: int = 0
    secrets: int = 0
    optimal: int = 0
    refused: int = 0


def random_table(shape: tuple[int, ...], mean: float, seed: int) -> Table:
    """Independent Poisson counts around a product of skewed margins, as of schools, grades and groups."""
    rng = np.random.default_rng(seed)
    expected = np.ones(())
    for size in shape:
        weights = rng.gamma(0.7, 1, size) + 0.02
        expected = np.multiply.outer(expected, weights / weights.mean())
    counts = rng.poisson(expected * mean).astype(float)
    return Table(counts, *table_statements(counts))


def ours(table: Table, marks: bool) -> tuple[Mask, bool]:
    statements, _ = table_statements(table.counts)
    found = choose_complement(statements, table.primary, table.candidates, table.attackers(marks), table.values)
    return found.suppressed, found.optimal


def exactly_known(table: Table, suppressed: Mask) -> int:
    hidden = np.flatnonzero(suppressed)
    intervals = feasible_intervals(table.statements, ~suppressed, table.attackers(False)[0](suppressed), hidden)
    return int(np.count_nonzero(intervals[:, 1] - intervals[:, 0] < 1e-6))


# -- pytauargus ------------------------------------------------------------------------------------------------------


def tauargus(table: Table) -> tuple[Mask, float]:
    """Its pattern, and the seconds of its batch."""
    from pytauargus.engine import run_batch
    from pytauargus.result import TableResult

    names = [f"D{axis}" for axis in range(table.counts.ndim)]
    with tempfile.TemporaryDirectory() as folder:
        batch = write_batch(Path(folder), table, names)
        start = time.perf_counter()
        run_batch(batch)
        seconds = time.perf_counter() - start
        rows = TableResult(Path(folder) / "out.tab", names, "VALUE").rows
    place = {cell: at for at, cell in enumerate(table.cells)}
    suppressed = np.zeros(len(place), dtype=bool)
    for row in rows:
        cell = tuple(None if row[name] in (TOTAL, "", "Total") else int(str(row[name])) for name in names)
        suppressed[place[cell]] = row["status"] in ("U", "M")
    return suppressed, seconds


def write_batch(folder: Path, table: Table, names: list[str]) -> Path:
    """The table as tabular data with statuses and protection levels, its description, and the commands."""
    (folder / "table.tab").write_text("".join(cell_lines(table)), encoding="utf-8")
    described = ['<SEPARATOR> ";"', '<SAFE> "S"', '<UNSAFE> "U"', '<PROTECT> "Z"']
    for name in names:
        described += [name, "  <RECODEABLE>", f'  <TOTCODE> "{TOTAL}"']
    for name, kind in (("VALUE", ""), ("COST", " <COST>"), ("BELOW", " <LOWERPL>"), ("ABOVE", " <UPPERPL>")):
        described += [name, f"  <NUMERIC>{kind}"]
    described += ["MARK", "  <STATUS>"]
    (folder / "table.rda").write_text("\n".join(described) + "\n", encoding="utf-8")
    dimensions = "".join(f'"{name}"' for name in names)
    batch = folder / "table.arb"
    batch.write_text(
        f'<OPENTABLEDATA> "{folder}/table.tab"\n<OPENMETADATA> "{folder}/table.rda"\n'
        f'<SPECIFYTABLE> {dimensions}|"VALUE"||"COST"\n<SAFETYRULE>\n<READTABLE> 1\n'
        f'<SUPPRESS> OPT(1,{MINUTES})\n<WRITETABLE> (1,5,SO+,"{folder}/out.tab")\n',
        encoding="utf-8",
    )
    return batch


def cell_lines(table: Table) -> list[str]:
    found = []
    for cell, value, primary in zip(table.cells, table.values, table.primary, strict=True):
        if value == 0:
            continue
        below = min(value, THRESHOLD) if primary else 0.0
        above = THRESHOLD - below if primary else 0.0
        codes = [TOTAL if at is None else f"{at:03d}" for at in cell]
        fields = [*codes, f"{value:.0f}", "1", f"{below:.0f}", f"{above:.0f}", "U" if primary else "S"]
        found.append(";".join(fields) + "\n")
    return found


# -- acro and pandas -------------------------------------------------------------------------------------------------

ACRO = """
import contextlib, io, json, logging, sys, time, warnings
import pandas as pd
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
from acro import ACRO
found = []
with contextlib.redirect_stdout(io.StringIO()):
    acro = ACRO(suppress=True)
    acro.config["safe_threshold"] = 6
    for path in json.load(sys.stdin):
        frame = pd.read_parquet(path)
        start = time.perf_counter()
        table = acro.crosstab(frame["d0"], frame["d1"])
        seconds = time.perf_counter() - start
        found.append((seconds, [[r, c] for r in table.index for c in table.columns if pd.isna(table.loc[r, c])]))
print(json.dumps(found))
"""


def acro(tables: list[Table]) -> list[tuple[Mask, float]] | None:
    """Inner cells that it suppresses, and its seconds. Totals are ordinary statistics, and printed: as its users do."""
    python = peers_python()
    if python is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, table in enumerate(tables):
            paths.append(f"{folder}/{number}.parquet")
            table.rows().to_parquet(paths[-1])
        command = [str(python), "-c", ACRO]
        answer = subprocess.run(
            command, input=json.dumps(paths), capture_output=True, text=True, check=True, cwd=folder
        )
    found = []
    for table, (seconds, hidden) in zip(tables, json.loads(answer.stdout.splitlines()[-1]), strict=True):
        suppressed = np.zeros(len(table.cells), dtype=bool)
        for row, column in hidden:
            suppressed[table.cells.index((int(row), int(column)))] = True
        # An empty cell is not a secret, and is nothing that it withholds.
        found.append((suppressed & (table.values > 0), seconds))
    return found


def pandas_crosstab(table: Table) -> float:
    rows = table.rows()
    start = time.perf_counter()
    pd.crosstab(rows["d0"], rows["d1"], margins=True)
    return time.perf_counter() - start


# -- the comparison --------------------------------------------------------------------------------------------------


def timed(act: Callable[[], tuple[Mask, bool]]) -> tuple[Mask, bool, float]:
    start = time.perf_counter()
    return *act(), time.perf_counter() - start


def note(tally: Tally, table: Table, suppressed: Mask, seconds: float) -> None:
    tally.seconds.append(seconds)
    tally.complements += int(np.count_nonzero(suppressed & ~table.primary))
    tally.secrets += int(np.count_nonzero(suppressed))
    tally.exact += exactly_known(table, suppressed)


def compare(title: str, tables: list[Table], rounds: int) -> None:
    ways = {name: Tally() for name in ("ours, numbers", "ours, numbers and marks", "pytauargus OPT")}
    for table in tables:
        for name, marks in (("ours, numbers", False), ("ours, numbers and marks", True)):
            try:
                runs = [timed(lambda marks=marks, table=table: ours(table, marks)) for _ in range(rounds)]
            except NotProtectable:
                ways[name].refused += 1
                continue
            note(ways[name], table, runs[0][0], statistics.median(run[2] for run in runs))
            ways[name].optimal += runs[0][1]
        note(ways["pytauargus OPT"], table, *tauargus(table))
    primary = sum(int(table.primary.sum()) for table in tables)
    print(f"\n{title}: {len(tables)} tables, {len(tables[0].cells)} cells each, {primary} primary cells in all")
    print(f"{'':26}{'median ms':>10}{'largest':>10}{'complements':>13}{'optimal':>9}{'refused':>9}{'exact':>12}")
    for name, tally in ways.items():
        show(name, tally, "" if name.startswith("pytau") else str(tally.optimal))
    if tables[0].counts.ndim == 2:
        compare_crosstabs(tables)


def compare_crosstabs(tables: list[Table]) -> None:
    answers = acro(tables)
    if answers is None:
        print("acro: the peers are not installed (tests/bench/peers.txt)")
    else:
        tally = Tally()
        for table, (suppressed, seconds) in zip(tables, answers, strict=True):
            note(tally, table, suppressed, seconds)
        show("acro crosstab", tally, "")
    plain = [pandas_crosstab(table) for table in tables]
    print(f"{'pandas crosstab, open':26}{1e3 * statistics.median(plain):10.1f}{1e3 * max(plain):10.1f}")


def show(name: str, tally: Tally, optimal: str) -> None:
    if not tally.seconds:
        print(f"{name:26}{'':52}{tally.refused:9}")
        return
    middle, largest = 1e3 * statistics.median(tally.seconds), 1e3 * max(tally.seconds)
    exact = f"{tally.exact}/{tally.secrets}"
    print(f"{name:26}{middle:10.1f}{largest:10.1f}{tally.complements:13}{optimal:>9}{tally.refused:9}{exact:>12}")


def main() -> None:
    # pytauargus' solvers leave files where they run.
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        compare_all()


def compare_all() -> None:
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    table = random_table((11, 11), 100.0, 0)
    ours(table, marks=False)  # the first call pays for loading the solver
    half = many // 2
    compare("two-way, 6 × 7", [random_table((5, 6), mean, seed) for seed in range(half) for mean in (10, 40)], 3)
    compare("two-way, 13 × 13", [random_table((12, 12), mean, seed) for seed in range(half) for mean in (10, 40)], 3)
    compare("safe two-way, 13 × 13", [safe_table(seed) for seed in range(10)], 3)
    compare("three-way, 13 × 14 × 8", [random_table((12, 13, 7), mean, 0) for mean in (5, 15)], 3)


def safe_table(seed: int) -> Table:
    counts = np.random.default_rng(seed).integers(30, 300, (12, 12)).astype(float)
    return Table(counts, *table_statements(counts))


if __name__ == "__main__":
    main()
