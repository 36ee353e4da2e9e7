"""How long loads take, and how much memory: `python -m tests.bench.loading [STUDENTS]`.

Each load is a process of its own, expectations included; the system's own accounting of it is printed.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import REAL_DATA

GRAND_BEND = REAL_DATA / "edfi-grand-bend-2012" / "EdFiSampleData.zip"


def main() -> None:
    students = sys.argv[1] if len(sys.argv) > 1 else "20000"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if GRAND_BEND.exists():
            measure("Grand Bend, 92 MB of XML", "load", str(GRAND_BEND), "--state", str(place / "grand-bend"))
        sources = place / "sources"
        measure(f"writing {students} students", "synth", str(sources), "--students", students, "--today", "2026-11-20")
        rows = sum(path.read_bytes().count(b"\n") for path in sources.glob("*.csv"))
        seconds = measure(f"loading {students} students", "load", str(sources), "--state", str(place / "district"))
        print(f"{rows:,} rows: {rows / seconds:,.0f} rows a second")


def measure(what: str, *arguments: str) -> float:
    """Run one `dbims` command; print its seconds and the largest memory of it or a child."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "governance", *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    print(f"{what:<32} {seconds:7.1f} s   {megabytes(used):7,.0f} MB   exit {process.returncode}", flush=True)
    return seconds


def megabytes(used: resource.struct_rusage) -> float:
    return used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
