"""One load at a time, and a note of the one that did not finish."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from governance.durable import FILE_MODE
from governance.warehouse.errors import LoadInProgress


class LoadLock:
    """A lock that the system releases with its holder. The file names the load in progress, for the next to find."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> LoadLock:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise LoadInProgress("another load is running in this warehouse; wait until it has ended.") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    @property
    def unfinished(self) -> str:
        """The id of a load that was killed; empty if there is none."""
        return os.pread(self._descriptor, 200, 0).decode("ascii", "ignore").strip()

    def begin(self, load: str) -> None:
        self._write(load)

    def finish(self) -> None:
        self._write("")

    def _write(self, note: str) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, note.encode("ascii"), 0)
        os.fsync(self._descriptor)


def is_locked(folder: Path) -> bool:
    """Whether somebody is using the folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
