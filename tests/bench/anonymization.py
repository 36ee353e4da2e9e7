"""Anonymizing persons, against anjana, polarfrost and pycanon: `python -m tests.bench.anonymization [PERSONS]`.

Synthetic students with six quasi-identifiers, k = 5. Each tool runs in a process of its own, is timed inside it, and
says which combinations it releases and how many persons have each; all are then judged here by one measure, the general
loss metric (Iyengar 2002): the mean over all cells of (values left possible - 1) / (values of the column - 1), where a
suppressed cell and every cell of a dropped record count 1. anjana drops records up to a share it is given; it is run
with several, and the one that loses least is shown. polarfrost knows no hierarchies (Mondrian: ranges and sets) and
reads its input once for each of its parts, so it gets few persons. pycanon anonymizes nothing: it checks our release.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.peers import peers_python

K = 5
FOR_ANJANA = 100_000
FOR_POLARFROST = 10_000
MOST_SECONDS = 900
DROPPED_PERCENT = (0, 1, 5, 20)

HIERARCHIES: dict[str, list[list[int]]] = {
    "age": [list(range(14)), [age // 2 for age in range(14)], [age // 4 for age in range(14)], [0] * 14],
    "sex": [[0, 1], [0, 0]],
    "race": [list(range(8)), [0, 1, 2, 3, 4, 5, 5, 5], [0, 1, 2, 3, 3, 3, 3, 3], [0] * 8],
    "grade": [list(range(14)), [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3], [0] * 7 + [1] * 7, [0] * 14],
    "language": [list(range(30)), [0] + [1] * 29, [0] * 30],
    "town": [list(range(20)), [0] + [1] * 19, [0] * 20],
}

CHILD = """
import json, re, sys, time
from pathlib import Path
import numpy as np
persons = np.load(sys.argv[1])
task = json.loads(sys.argv[2])
def megabytes(what):
    return int(re.search(what + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
def timed(act):
    before, begin = megabytes("VmRSS"), time.perf_counter()
    made = act()
    return made, {"seconds": time.perf_counter() - begin, "megabytes": megabytes("VmHWM") - before}
def say(figures, **more):
    print(json.dumps(figures | more))
"""

OURS = """
from governance.disclosure.anonymity import Hierarchy, anonymize
hierarchies = [Hierarchy(tuple(np.array(level, np.int32) for level in h)) for h in task["hierarchies"].values()]
columns = [np.ascontiguousarray(column) for column in persons.T]
made, figures = timed(lambda: anonymize(columns, hierarchies, task["k"]))
np.save(task["release"], made.codes)
found, counts = np.unique(made.codes, axis=0, return_counts=True)
words = [[f"{level}:{code}" if code >= 0 else "*" for level, code in zip(made.levels, row)] for row in found.tolist()]
say(figures, classes=list(zip(words, counts.tolist())))
"""

ANJANA = """
import contextlib, io
import pandas as pd
from anjana.anonymity import k_anonymity
names = list(task["hierarchies"])
def labelled(levels):
    return {j: np.array([f"{j}:{group}" for group in level], object) for j, level in enumerate(levels)}
labels = {name: labelled(levels) for name, levels in task["hierarchies"].items()}
frame = pd.DataFrame({n: labels[n][0][persons[:, i]] for i, n in enumerate(names)})
with contextlib.redirect_stdout(io.StringIO()):
    made, figures = timed(lambda: k_anonymity(frame, [], names, task["k"], task["percent"], labels))
say(figures, classes=[[list(face), int(n)] for face, n in made.groupby(names).size().items()] if len(made) else [])
"""

POLARFROST = """
import types
for name in ("pyspark", "pyspark.sql", "pyspark.sql.functions"):
    sys.modules[name] = types.ModuleType(name)  # imported for its other engine, not used for this one
sys.modules["pyspark.sql.functions"].PandasUDFType = types.SimpleNamespace(GROUPED_MAP=0)
sys.modules["pyspark.sql.functions"].pandas_udf = lambda *a, **k: lambda function: function
sys.modules["pyspark.sql"].DataFrame = sys.modules["pyspark.sql"].SparkSession = object
import polars as pl
from polarfrost.mondrian import mondrian_k_anonymity_polars
names = list(task["hierarchies"])
frame = pl.DataFrame({n: persons[:, i] for i, n in enumerate(names)}).with_columns(pl.lit("x").alias("sensitive"))
text = [n for n in names if n not in ("age", "grade")]
frame = frame.with_columns([pl.col(n).cast(pl.String) for n in text])
made, figures = timed(lambda: mondrian_k_anonymity_polars(frame, names, "sensitive", task["k"], text))
say(figures, classes=[[list(row[:-1]), row[-1]] for row in made.select([*names, "count"]).iter_rows()])
"""

PYCANON = """
import pandas as pd
from pycanon.anonymity import k_anonymity
names = list(task["hierarchies"])
frame = pd.DataFrame(persons, columns=names)
k, figures = timed(lambda: k_anonymity(frame, names))
say(figures, k=int(k))
"""


@dataclass(frozen=True)
class Outcome:
    """What a tool did, as it is judged here."""

    seconds: float
    megabytes: float
    k: int
    classes: int
    loss: float
    suppressed: float


def main() -> None:
    persons = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(f"6 quasi-identifiers, k = {K}; loss: 0 nothing, 1 everything; memory: what the call added to the peak")
    print(f"{'':<38}{'persons':>10}{'seconds':>10}{'MB':>7}{'k':>7}{'classes':>9}{'loss':>8}{'suppressed':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for size in sorted({min(size, persons) for size in (FOR_POLARFROST, FOR_ANJANA, persons)}):
            compare(Path(folder), size)
        file = Path(folder) / "even.npy"
        np.save(file, evenly(persons))
        made = run(OURS, sys.executable, file, release=str(Path(folder) / "even-released.npy"))
        show("ours, where all values are as common", persons, judge(made, persons))


def compare(folder: Path, size: int) -> None:
    """All tools that can do it at this size."""
    file, release = folder / f"{size}.npy", folder / f"{size}-released.npy"
    np.save(file, students(size))
    show("ours", size, judge(run(OURS, sys.executable, file, release=str(release)), size))
    peers = peers_python()
    if peers is None:
        print("the peers are not installed: see tests/bench/peers.txt")
        return
    if size <= FOR_ANJANA:
        show_best("anjana", size, lambda percent: run(ANJANA, peers, file, percent=percent))
    if size <= FOR_POLARFROST:
        show("polarfrost (Mondrian)", size, judge(run(POLARFROST, peers, file), size))
    checked = run(PYCANON, peers, release)
    if checked is not None:
        print(f"{'pycanon, checks our release':<38}{size:>10,}{checked['seconds']:>10.2f}{checked['megabytes']:>7.0f}"
              f"{checked['k']:>7}")  # fmt: skip


def students(size: int) -> np.ndarray:
    """Codes, (size, 6): most are the same in most things, some are alone in something, as in a state."""
    random = np.random.default_rng(1)
    age = random.choice(14, size, p=[0.03, *[0.94 / 12] * 12, 0.03])
    grade = np.clip(age + random.choice([-2, -1, 0, 1], size, p=[0.01, 0.3, 0.67, 0.02]), 0, 13)
    race = random.choice(8, size, p=[0.47, 0.29, 0.12, 0.055, 0.04, 0.017, 0.005, 0.003])
    return np.column_stack([
        age, random.random(size) < 0.487, race, grade,
        tail(random, 30, 0.85, size), tail(random, 20, 0.9, size),
    ]).astype(np.int32)  # fmt: skip


def evenly(size: int) -> np.ndarray:
    """The hard case: no column tells of another, and hardly two persons are alike."""
    random = np.random.default_rng(2)
    return np.column_stack([random.integers(0, len(h[0]), size) for h in HIERARCHIES.values()]).astype(np.int32)


def tail(random: np.random.Generator, values: int, first: float, size: int) -> np.ndarray:
    """The first value for most, the others ever rarer."""
    rare = 1 / np.arange(1, values) ** 1.3
    return random.choice(values, size, p=[first, *((1 - first) * rare / rare.sum())])


def run(script: str, python: Path | str, file: Path, **task: Any) -> dict[str, Any] | None:
    """What the tool says of itself; None if it did not come to an end."""
    command = [str(python), "-c", CHILD + script, str(file), json.dumps(task | {"k": K, "hierarchies": HIERARCHIES})]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode != 0:
        print(done.stderr[-2000:])
        return None
    return dict(json.loads(done.stdout.splitlines()[-1]))


def judge(said: dict[str, Any] | None, size: int) -> Outcome | None:
    if said is None:
        return None
    columns = list(HIERARCHIES.values())
    together: dict[tuple[str, ...], int] = {}
    for face, count in said["classes"]:
        together[tuple(face)] = together.get(tuple(face), 0) + count
    dropped = size - sum(together.values())
    lost = float(dropped * len(columns))
    hidden = dropped * len(columns)
    for face, count in together.items():
        lost += count * sum(cell_loss(word, column) for word, column in zip(face, columns, strict=True))
        hidden += count * face.count("*")
    cells = size * len(columns)
    fewest = min(together.values(), default=0)
    return Outcome(said["seconds"], said["megabytes"], fewest, len(together), lost / cells, hidden / cells)


def cell_loss(word: str, column: list[list[int]]) -> float:
    """`level:group`, a range `low-high`, a set `a,b,c`, or `*`."""
    values = len(column[0])
    if word == "*":
        return 1.0
    if ":" in word:
        level, group = map(int, word.split(":"))
        return (column[level].count(group) - 1) / (values - 1)
    if "-" in word:
        low, high = map(int, word.split("-"))
        return (high - low) / (values - 1)
    return (len(word.split(",")) - 1) / (values - 1)


def show_best(name: str, size: int, attempt: Callable[[int], dict[str, Any] | None]) -> None:
    outcomes = list(attempts(size, attempt))
    if not outcomes:
        show(name, size, None)
        return
    percent, best = min(outcomes, key=lambda made: made[1].loss)
    show(f"{name} (may drop {percent} % of records)", size, best)


def attempts(size: int, attempt: Callable[[int], dict[str, Any] | None]) -> Iterator[tuple[int, Outcome]]:
    for percent in DROPPED_PERCENT:
        made = judge(attempt(percent), size)
        if made is not None:
            yield percent, made


def show(name: str, size: int, made: Outcome | None) -> None:
    if made is None:
        print(f"{name:<38}{size:>10,}   did not come to an end", flush=True)
        return
    print(f"{name:<38}{size:>10,}{made.seconds:>10.2f}{made.megabytes:>7.0f}{made.k:>7}{made.classes:>9,}"
          f"{made.loss:>8.3f}{made.suppressed:>11.1%}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
