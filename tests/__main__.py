"""`python -m tests`: style, types, tests. One command checks everything; the first failure is its exit code."""

from __future__ import annotations

import subprocess
import sys

STEPS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("pytest", *(sys.argv[1:] or ("-m", "not long"))),
)


def main() -> int:
    for step in STEPS:
        print(f"\n--- {' '.join(step)}", flush=True)
        done = subprocess.run([sys.executable, "-m", *step], check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
