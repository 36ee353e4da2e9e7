"""The sandbox of a session, as a value, and the command line that makes it. Pure: nothing here touches the machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from governance.sandbox import SYSTEM_FILES, SYSTEM_FOLDERS, UID, SandboxCommand, confinement, process_view

SOCKETS = "/run/dbims"
"""Where a session finds the Hub's and the gateway's sockets."""
LISTENING = "/run/session"
"""Where the session's own server listens; the same folder is outside for the proxy to connect to."""
SDK = "/opt/dbims"
"""On the session's PYTHONPATH: the SDK and nothing else of the project."""


@dataclass(frozen=True)
class Limits:
    """What one process of a session may use, and what the session's scratch space may hold. Bytes, and counts."""

    memory: int = 4 * 1024**3
    scratch: int = 1024**3
    file_size: int = 4 * 1024**3
    open_files: int = 4096
    processes: int = 512
    niceness: int = 5

    def __post_init__(self) -> None:
        small = [name for name in ("memory", "scratch", "file_size") if getattr(self, name) < 64 * 1024**2]
        if small:
            raise ValueError(f"a session needs at least 64 MB of {small[0].replace('_', ' ')}")
        if self.open_files < 256 or self.processes < 64:
            raise ValueError("a session needs at least 256 open files and 64 processes")
        if not 0 <= self.niceness <= 19:
            raise ValueError("niceness is between 0 and 19")


@dataclass(frozen=True)
class Sandbox:
    """Everything a session can see. What is not named here does not exist inside.

    `python` are the folders of the Python installation, `sdk` the package folder of dbims_sdk, `sockets` the folder
    with the Hub's and the gateway's sockets and nothing else, `listening` this session's own folder for its own socket,
    `identity` a folder with generated passwd, group, hosts and nsswitch.conf files, `private` what must stay outside.
    """

    username: str
    home: Path
    sockets: Path
    listening: Path
    identity: Path
    python: tuple[Path, ...]
    sdk: Path
    jupyter: Path
    private: tuple[Path, ...]
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if "/" in self.username or self.username in {"", ".", ".."}:
            raise ValueError("a username is a single name")
        for folder in self.readable():
            for private in self.private:
                if private.is_relative_to(folder):
                    raise ValueError(f"{folder} is visible in sessions and holds {private}: move one of them")

    def readable(self) -> tuple[Path, ...]:
        return (*map(Path, SYSTEM_FOLDERS), *self.python, self.sdk, self.jupyter)

    @property
    def home_inside(self) -> str:
        return f"/home/{self.username}"


def session_command(bwrap: Path, sandbox: Sandbox, program: tuple[str, ...]) -> SandboxCommand:
    """The whole command. The environment is not part of it."""
    options = (
        *confinement("session"),
        *system_mounts(sandbox.limits),
        *python_mounts(sandbox),
        *identity_mounts(sandbox),
        *session_mounts(sandbox),
        *("--remount-ro", "/", "--chdir", sandbox.home_inside),
    )
    return SandboxCommand(bwrap, options, (*limiting(sandbox.limits), *program))


def trial_command(bwrap: Path) -> SandboxCommand:
    """A sandbox with all that can fail on a machine and nobody's files, that ends with status 42."""
    options = (*confinement("session"), *system_mounts(Limits()), "--remount-ro", "/")
    return SandboxCommand(bwrap, options, (*limiting(Limits()), "/bin/sh", "-c", "exit 42"))


def system_mounts(limits: Limits) -> Iterator[str]:
    for folder in SYSTEM_FOLDERS:
        yield from ("--ro-bind-try", folder, folder)
    for file in SYSTEM_FILES:
        yield from ("--ro-bind-try", file, file)
    yield from (*process_view(), "--remount-ro", "/dev")
    for scratch in ("/dev/shm", "/tmp"):  # noqa: S108  (the sandbox's own)
        yield from ("--size", str(limits.scratch), "--perms", "1777", "--tmpfs", scratch)


def python_mounts(sandbox: Sandbox) -> Iterator[str]:
    for folder in sandbox.python:
        yield from ("--ro-bind", str(folder), str(folder))
    yield from ("--ro-bind", str(sandbox.sdk), f"{SDK}/dbims_sdk")


def identity_mounts(sandbox: Sandbox) -> Iterator[str]:
    for name in identity_files(sandbox.username):
        yield from ("--ro-bind", str(sandbox.identity / name), f"/etc/{name}")
    yield from ("--ro-bind", str(sandbox.jupyter), "/etc/jupyter")


def session_mounts(sandbox: Sandbox) -> Iterator[str]:
    yield from ("--bind", str(sandbox.home), sandbox.home_inside)
    yield from ("--ro-bind", str(sandbox.sockets), SOCKETS)
    yield from ("--bind", str(sandbox.listening), LISTENING)


def limiting(limits: Limits) -> Iterator[str]:
    """Limits are set inside, so that the count of processes is the session's and not the machine's."""
    yield from ("/usr/bin/nice", "-n", str(limits.niceness), "/usr/bin/prlimit")
    yield from (f"--as={limits.memory}", f"--fsize={limits.file_size}", f"--nofile={limits.open_files}")
    yield from (f"--nproc={limits.processes}", "--core=0", "--")


def identity_files(username: str) -> dict[str, str]:
    """What programs look up about users and hosts: this user, this host, nobody else."""
    return {
        "passwd": f"{username}:x:{UID}:{UID}::/home/{username}:/bin/bash\n",
        "group": f"{username}:x:{UID}:\n",
        "hosts": "127.0.0.1 localhost session\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }
