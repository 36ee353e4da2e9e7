"""Snapshots: immutable folders of Parquet files, one of which is current; and how a candidate becomes one.

A candidate grows in `snapshots/.ID.partial`, is flushed to disk, renamed to `snapshots/ID`, and made current by
replacing `CURRENT`. Until that last rename, readers see the old snapshot, whatever happens to the process that loads.
"""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from governance.durable import locked_folder, make_folder, replace_text, seal_folder, sha256_of, sync
from governance.warehouse.errors import WarehouseError
from governance.warehouse.load_lock import LoadLock, is_locked

ID_TIME = "%Y%m%dT%H%M%SZ"
DECLARATIONS = "declarations.json"
"""Of the categories that were added to the built-in catalog: in a snapshot that was loaded with some."""


@dataclass(frozen=True)
class Snapshot:
    """One state of the warehouse. A candidate's folder can be read as one before it is promoted."""

    id: str
    path: Path

    @property
    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads((self.path / "manifest.json").read_text(encoding="utf-8"))
        return manifest

    @property
    def added(self) -> tuple[str, ...]:
        """The declarations that it was loaded with, besides those of the built-in catalog."""
        try:
            kept = json.loads((self.path / DECLARATIONS).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return ()
        return tuple(kept["added"])

    def table_path(self, name: str) -> Path:
        """The Parquet file of a table; `KeyError` for a table the snapshot does not have."""
        path = self.path / f"{name}.parquet"
        if "/" in name or not path.is_file():
            raise KeyError(name)
        return path

    def verify(self) -> tuple[str, ...]:
        """The files that are missing, or are not what was promoted. None, if all is well."""
        manifest = self.manifest
        expected = {f"{name}.parquet": table["sha256"] for name, table in manifest["tables"].items()}
        expected |= manifest["files"]
        return tuple(
            name
            for name, digest in sorted(expected.items())
            if not (self.path / name).is_file() or sha256_of(self.path / name) != digest
        )


@dataclass(frozen=True)
class Candidate:
    """A snapshot in the making: its tables in `path`, the new registry of keys, room for what is thrown away."""

    id: str
    path: Path
    scratch: Path
    made_at: datetime

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(self.id, self.path)

    @property
    def keys(self) -> Path:
        return self.scratch / "keys.parquet"


@contextmanager
def scratch_room(snapshot: Snapshot) -> Iterator[Path]:
    """A folder for what is thrown away, in the snapshot's own warehouse; gone afterwards. No load clears it away."""
    scratch = make_folder(snapshot.path.parents[1] / "scratch")
    room = Path(tempfile.mkdtemp(dir=scratch))
    try:
        with locked_folder(room):
            yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


class Warehouse:
    """The folder that holds all snapshots of a district."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._snapshots = folder / "snapshots"
        self._keys = folder / "keys"
        self._scratch = folder / "scratch"
        self._failed = folder / "failed"

    def current(self) -> Snapshot | None:
        """What readers see; none before the first load."""
        try:
            name = (self.folder / "CURRENT").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        path = self._snapshots / name
        if not name or not path.is_dir():
            raise WarehouseError("the current snapshot is not in the warehouse; restore it from a backup.")
        return Snapshot(name, path)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """All that were promoted, the oldest first."""
        current = self.current()
        if current is None:
            return ()
        paths = sorted(path for path in self._snapshots.iterdir() if not path.name.startswith("."))
        # One later than the current was renamed by a load that was killed before it could make it current.
        return tuple(Snapshot(path.name, path) for path in paths if path.name <= current.id)

    def latest_keys(self) -> Path | None:
        """The registry of the last promoted load: it holds all keys of the loads before it."""
        return max(self._keys.glob("[!.]*.parquet"), default=None)

    @contextmanager
    def locked(self) -> Iterator[LoadLock]:
        """One load at a time: `LoadInProgress`."""
        for folder in (self.folder, self._snapshots, self._keys, self._scratch, self._failed):
            make_folder(folder)
        with LoadLock(self.folder / "load.lock") as lock:
            yield lock

    @contextmanager
    def candidate(self, held: LoadLock | None = None) -> Iterator[Candidate]:
        """Room for a new snapshot, gone afterwards unless it was promoted. `held`: the lock, of who has it already."""
        with nullcontext(held) if held is not None else self.locked() as lock:
            self._remove_leftovers(lock.unfinished)
            candidate = self._new_candidate()
            lock.begin(candidate.id)
            try:
                make_folder(candidate.path)
                make_folder(candidate.scratch)
                yield candidate
            finally:
                self._remove_leftovers(candidate.id)
                lock.finish()

    def promote(self, candidate: Candidate) -> Snapshot:
        """Make the candidate current, all of it or nothing."""
        candidate.keys.chmod(0o600)
        sync(candidate.keys)
        candidate.keys.rename(self._keys / f"{candidate.id}.parquet")
        sync(self._keys)
        seal_folder(candidate.path)
        promoted = self._snapshots / candidate.id
        candidate.path.rename(promoted)
        sync(self._snapshots)
        replace_text(self.folder / "CURRENT", candidate.id + "\n")
        return Snapshot(candidate.id, promoted)

    def keep_failed(self, candidate: Candidate, files: tuple[str, ...]) -> Path:
        """Keep what tells why the candidate failed; none of its rows."""
        kept = make_folder(self._failed / candidate.id)
        for name in files:
            (candidate.path / name).rename(kept / name)
        seal_folder(kept)
        return kept

    def _new_candidate(self) -> Candidate:
        """Its id sorts behind the current one's, even where the clock was set back."""
        made_at = datetime.now(UTC)
        current = self.current()
        if current is not None:
            made_before = datetime.strptime(current.id.partition("-")[0], ID_TIME).replace(tzinfo=UTC)
            made_at = max(made_at, made_before + timedelta(seconds=1))
        name = f"{made_at.strftime(ID_TIME)}-{secrets.token_hex(3)}"
        return Candidate(name, self._snapshots / f".{name}.partial", self._scratch / name, made_at)

    def _remove_leftovers(self, unfinished: str) -> None:
        """What an unfinished load left. Only the holder of the load lock may do this."""
        for folder in (*self._snapshots.glob(".*.partial"), *self._scratch.iterdir()):
            if not is_locked(folder):
                shutil.rmtree(folder)
        current = self.current()
        if unfinished and (current is None or current.id != unfinished):
            shutil.rmtree(self._snapshots / unfinished, ignore_errors=True)
            (self._keys / f"{unfinished}.parquet").unlink(missing_ok=True)
