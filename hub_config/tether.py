"""Run a program that ends when its parent does: `python -m hub_config.tether PROGRAM ARGUMENT…`.

However the Hub ends, the proxy and the services beside it must not stay behind.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def tethered(command: list[str]) -> list[str]:
    """The command that runs `command` in this way."""
    return [sys.executable, "-m", "hub_config.tether", *command]


def end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent ends. Linux only, as the sandbox is."""
    set_process_option(PR_SET_PDEATHSIG, signal.SIGTERM)


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent has ended."""
    set_process_option(PR_SET_CHILD_SUBREAPER, 1)


def set_process_option(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl failed")


def main(arguments: list[str]) -> None:
    parent = os.getppid()
    end_with_parent()
    # The parent may have ended before the kernel was asked.
    if os.getppid() != parent:
        raise SystemExit(1)
    os.execvp(arguments[0], arguments)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
