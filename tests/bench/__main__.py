"""`python -m tests.bench`: every benchmark, one after the other. Nothing here passes or fails."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    *(("gateway", "750"), ("gateway", "20000"), ("sdk_frames",), ("session",), ("loading",)),
    *(("anonymization",), ("suppression",), ("statistics",), ("audit",)),
)


def main() -> None:
    for name, *arguments in BENCHMARKS:
        print(f"\n--- {name} {' '.join(arguments)}", flush=True)
        subprocess.run([sys.executable, "-m", f"tests.bench.{name}", *arguments], check=True)


if __name__ == "__main__":
    main()
