"""Snapshots: all or nothing, whoever is killed when; closed to others; and any change to one is found."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from small_district import all_pass, load_files, rows, write_files

from governance.catalog import load_catalog
from governance.warehouse.errors import LoadInProgress, WarehouseError
from governance.warehouse.load import load
from governance.warehouse.snapshot import Snapshot, Warehouse, scratch_room

# A load in its own process that is killed at the n-th call that changes or flushes the disk.
KILLED = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path

    sys.path.insert(0, sys.argv[4])
    from small_district import all_pass
    from governance.warehouse.load import load
    from governance.warehouse.snapshot import Warehouse

    left = int(sys.argv[3])

    def killing(real):
        def call(*arguments, **named):
            global left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)
        return call

    for name in ("fsync", "rename", "ftruncate", "mkdir"):
        setattr(os, name, killing(getattr(os, name)))
    load(Warehouse(Path(sys.argv[1])), [Path(sys.argv[2])], expectations=all_pass)
    """
)


def load_killed_at(step: int, warehouse: Path, source: Path) -> int:
    arguments = [sys.executable, "-c", KILLED, str(warehouse), str(source), str(step), str(Path(__file__).parent)]
    return subprocess.run(arguments, capture_output=True, timeout=120).returncode


def check_killed(step: int, tmp_path: Path) -> bool:
    """Whether the load was killed at this step; what it left is checked either way."""
    source = write_files(tmp_path / "source")
    warehouse = Warehouse(tmp_path / "warehouse")
    old = load(warehouse, [source], expectations=all_pass).snapshot
    ended = load_killed_at(step, warehouse.folder, source)
    assert ended in (0, -signal.SIGKILL)
    current = warehouse.current()
    assert current is not None
    assert current.verify() == ()
    assert old.verify() == ()
    assert warehouse.snapshots()[-1] == current
    assert len(rows(current, "student")) == 3
    before = {row[0] for row in rows(current, "student", "student_key")}
    after = load(warehouse, [source], expectations=all_pass).snapshot
    assert {row[0] for row in rows(after, "student", "student_key")} == before
    folders = {path.name for path in (warehouse.folder / "snapshots").iterdir()}
    assert folders == {old.id, current.id, after.id}
    assert {path.stem for path in (warehouse.folder / "keys").iterdir()} == folders
    assert list((warehouse.folder / "scratch").iterdir()) == []
    return ended != 0


# Around the disk calls of one load: folders, the manifest, keys, the seal of 28 files, the renames, the last notes.
@pytest.mark.parametrize("step", [8, 16, 44, 46, 48, 49, 50, 51, 52])
def test_a_killed_load_leaves_a_whole_snapshot_current(step: int, tmp_path: Path) -> None:
    check_killed(step, tmp_path)


@pytest.mark.long
def test_a_load_killed_at_every_step(tmp_path: Path) -> None:
    step = 0
    while check_killed(step, tmp_path / str(step)):
        step += 1
    assert step > 40


def test_a_load_killed_before_there_ever_was_a_snapshot(tmp_path: Path) -> None:
    source = write_files(tmp_path / "source")
    warehouse = Warehouse(tmp_path / "warehouse")
    assert load_killed_at(25, warehouse.folder, source) == -signal.SIGKILL
    assert warehouse.current() is None
    assert warehouse.snapshots() == ()
    made = load(warehouse, [source], expectations=all_pass).snapshot
    assert warehouse.snapshots() == (made,)


def test_readers_during_promotions_never_see_a_half(tmp_path: Path) -> None:
    load_files(tmp_path)
    warehouse = Warehouse(tmp_path / "warehouse")
    seen: set[str] = set()
    wrong: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            current = warehouse.current()
            if current is None or current.verify() or set(current.manifest["tables"]) != set(load_catalog().tables):
                wrong.append("half a snapshot")
                return
            seen.add(current.id)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(4):
        load_files(tmp_path)
    done.set()
    reader.join()
    assert not wrong
    assert len(seen) >= 3


def test_the_second_of_two_loads_is_told(tmp_path: Path) -> None:
    source = write_files(tmp_path / "source")
    warehouse = Warehouse(tmp_path / "warehouse")
    with warehouse.candidate(), pytest.raises(LoadInProgress, match="another load is running"):
        load(warehouse, [source], expectations=all_pass)
    load(warehouse, [source], expectations=all_pass)


def test_nobody_else_can_read_anything(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        load_files(tmp_path)
    finally:
        os.umask(mask)
    warehouse = tmp_path / "warehouse"
    for path in [warehouse, *warehouse.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_manifest(tmp_path: Path) -> None:
    snapshot = load_files(tmp_path).snapshot
    manifest = snapshot.manifest
    assert manifest["id"] == snapshot.id
    assert manifest["tables"]["student"]["rows"] == 3
    assert manifest["tables"].keys() == load_catalog().tables.keys()
    [source] = manifest["sources"]
    assert (source["path_name"], source["format"]) == ("source", "csv")
    assert [file["name"] for file in source["files"]] == ["enrollment.csv", "school.csv", "student.csv"]
    assert str(tmp_path) not in json.dumps(manifest)


@pytest.mark.parametrize("name", ["student.parquet", "expectations.json", "quarantine.parquet"])
def test_a_changed_or_missing_file_is_found(tmp_path: Path, name: str) -> None:
    snapshot = load_files(tmp_path).snapshot
    assert snapshot.verify() == ()
    content = bytearray((snapshot.path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (snapshot.path / name).write_bytes(content)
    assert snapshot.verify() == (name,)
    (snapshot.path / name).unlink()
    assert snapshot.verify() == (name,)


def test_tables_by_name(tmp_path: Path) -> None:
    snapshot = load_files(tmp_path).snapshot
    for name in ("secret", "../keys", "", "/etc/passwd"):
        with pytest.raises(KeyError):
            snapshot.table_path(name)


def test_ids_rise_even_when_the_clock_goes_back(tmp_path: Path) -> None:
    made = [load_files(tmp_path).snapshot.id for _ in range(3)]
    assert made == sorted(made)
    assert [snapshot.id for snapshot in Warehouse(tmp_path / "warehouse").snapshots()] == made


def test_a_current_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    load_files(tmp_path)
    (tmp_path / "warehouse" / "CURRENT").write_text("20200101T000000Z-000000\n")
    with pytest.raises(WarehouseError):
        Warehouse(tmp_path / "warehouse").current()


def test_a_room_in_the_warehouse_stays_while_it_is_used_and_is_gone_after(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    snapshot = Snapshot("s", warehouse.folder / "snapshots" / "s")
    with scratch_room(snapshot) as room:
        assert room.is_relative_to(warehouse.folder)
        assert room.stat().st_mode & 0o777 == 0o700
        with warehouse.candidate():
            assert room.is_dir()
        assert room.is_dir()
    assert not room.exists()


def test_a_room_whose_user_was_killed_is_cleared_away_by_the_next_load(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    left = warehouse.folder / "scratch" / "left"
    left.mkdir(parents=True)
    with warehouse.candidate():
        assert not left.exists()
