"""Signed checkpoints: the newest event included, whatever is done to the store, or to the checkpoints, is found."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.audit import Event
from governance.ledger import Ledger, LedgerError, read_public_key, verify_export
from governance.ledger.witness import EVENTS, Witness

Folders = tuple[Path, Path]


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """A store with ten events, closed, and the folder of its checkpoints."""
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        record(ledger, 10)
    return tmp_path / "ledger", tmp_path / "audit"


def record(ledger: Ledger, events: int) -> None:
    for _ in range(events):
        ledger.record_answer("alice", {}, os.urandom(8))


def breaks_of(store: Path, key: Path | None = None, copies: tuple[Path, ...] = ()) -> list[str]:
    with closing(Ledger.open_existing(store)) as ledger:
        return [found.what for found in ledger.verify(key, copies).breaks]


def sql(store: Path, statement: str) -> None:
    unlocking = "".join(
        f"DROP TRIGGER {name}_no_{act};" for name in ("audit_event", "disclosure_set") for act in ("update", "delete")
    )
    with closing(sqlite3.connect(store / "ledger.sqlite")) as connection:
        connection.executescript(unlocking + statement)


def test_the_newest_event_is_signed_as_soon_as_it_is_recorded(folders: Folders) -> None:
    with closing(Ledger.open_existing(folders[0])) as ledger:
        for _ in range(3):
            record(ledger, 1)
            found = ledger.verify()
            assert (found.newest, found.anchored, found.breaks) == (ledger.newest(), ledger.newest(), ())


def cut_off_the_newest(store: Path, audit: Path) -> None:
    sql(store, "DELETE FROM audit_event WHERE sequence = 10")


def cut_off_many(store: Path, audit: Path) -> None:
    sql(store, "DELETE FROM audit_event WHERE sequence > 2")


def cut_off_all(store: Path, audit: Path) -> None:
    sql(store, "DELETE FROM audit_event")


def put_another_store_in_its_place(store: Path, audit: Path) -> None:
    with closing(Ledger.open(store.parent / "other" / "ledger")) as other:
        record(other, 12)
    shutil.rmtree(store)
    shutil.copytree(store.parent / "other" / "ledger", store)


def put_an_older_copy_in_its_place(store: Path, audit: Path) -> None:
    shutil.copytree(store, store.parent / "copy")
    with closing(Ledger.open_existing(store)) as ledger:
        record(ledger, 1)
    shutil.rmtree(store)
    shutil.move(store.parent / "copy", store)


WITH_THE_STORE: list[Callable[[Path, Path], None]] = [
    *(cut_off_the_newest, cut_off_many, cut_off_all, put_another_store_in_its_place, put_an_older_copy_in_its_place),
]


@pytest.mark.parametrize("tampering", WITH_THE_STORE, ids=lambda each: each.__name__)
def test_what_is_done_to_the_store_is_found_and_it_is_written_to_no_more(
    folders: Folders, tampering: Callable[[Path, Path], None]
) -> None:
    store, audit = folders
    assert breaks_of(store) == []
    tampering(store, audit)
    assert breaks_of(store) != []
    with closing(Ledger.open(store)) as ledger:
        before = ledger.newest()
        with pytest.raises(LedgerError, match="newest event that was signed is not in the audit log"):
            record(ledger, 1)
        assert ledger.newest() == before


def test_a_ledger_whose_checkpoints_are_gone_is_written_to_only_after_they_are_begun_anew(folders: Folders) -> None:
    store, audit = folders
    shutil.rmtree(audit)
    with closing(Ledger.open(store)) as ledger:
        with pytest.raises(LedgerError, match="are gone"):
            record(ledger, 1)
        ledger.renew_checkpoints("op", "a ledger of an earlier version")
        record(ledger, 2)
        assert (ledger.verify().anchored, ledger.verify().breaks) == (13, ())


def test_going_on_with_a_restored_store_is_an_act_on_record(folders: Folders) -> None:
    store, audit = folders
    put_an_older_copy_in_its_place(store, audit)
    with closing(Ledger.open_existing(store)) as ledger:
        ledger.renew_checkpoints("op", "the disk broke: restored from Monday's backup")
        record(ledger, 2)
        [event] = ledger.entries(kinds=[Event.CHECKPOINTS_RENEWED])
        assert json.loads(event.detail)["signed_sequence"] == 11
        assert ledger.verify().breaks == ()
    assert len((audit / "checkpoints.jsonl.1").read_text().splitlines()) == 1
    assert b'"sequence":11' in (audit / "newest.1").read_bytes()


def remove_a_line(audit: Path) -> None:
    series = audit / "checkpoints.jsonl"
    lines = series.read_text().splitlines(keepends=True)
    series.write_text("".join(lines[:1] + lines[2:]))


def remove_the_last_line(audit: Path) -> None:
    series = audit / "checkpoints.jsonl"
    series.write_text("".join(series.read_text().splitlines(keepends=True)[:-1]))


def change_a_line(audit: Path) -> None:
    series = audit / "checkpoints.jsonl"
    series.write_text(series.read_text().replace('"sequence":1,', '"sequence":2,', 1))


def make_a_line_nonsense(audit: Path) -> None:
    series = audit / "checkpoints.jsonl"
    series.write_bytes(b"\xff\x00[]\n" + series.read_bytes())


def remove_the_newest(audit: Path) -> None:
    (audit / "newest").unlink()


def empty_the_newest(audit: Path) -> None:
    (audit / "newest").write_bytes(b"")


def remove_all(audit: Path) -> None:
    for name in ("newest", "checkpoints.jsonl"):
        (audit / name).unlink()


def sign_all_anew(audit: Path) -> None:
    key = (audit / "public-key.pem").read_bytes()
    shutil.rmtree(audit)
    with closing(Ledger.open(audit.parent / "other" / "ledger")) as other:
        record(other, 10)
    shutil.copytree(audit.parent / "other" / "audit", audit)
    (audit / "public-key.pem").write_bytes(key)


WITH_THE_CHECKPOINTS = [
    *(remove_a_line, remove_the_last_line, change_a_line, make_a_line_nonsense),
    *(remove_the_newest, empty_the_newest, remove_all, sign_all_anew),
]


@pytest.mark.parametrize("tampering", WITH_THE_CHECKPOINTS, ids=lambda each: each.__name__)
def test_what_is_done_to_the_checkpoints_is_found(tmp_path: Path, tampering: Callable[[Path], None]) -> None:
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        record(ledger, 2 * EVENTS + 10)
    assert breaks_of(tmp_path / "ledger") == []
    tampering(tmp_path / "audit")
    assert breaks_of(tmp_path / "ledger") != []


def test_a_key_that_was_kept_apart_finds_checkpoints_signed_with_another(folders: Folders, tmp_path: Path) -> None:
    store, audit = folders
    shutil.copy(audit / "public-key.pem", tmp_path / "kept.pem")
    shutil.rmtree(audit)
    shutil.rmtree(store)
    with closing(Ledger.open(store)) as forged:
        record(forged, 10)
    assert breaks_of(store) == []
    assert "is not signed with this key" in "".join(breaks_of(store, tmp_path / "kept.pem"))


def test_without_the_signing_key_nothing_is_recorded(folders: Folders) -> None:
    store, audit = folders
    (audit / "signing-key.pem").unlink()
    with closing(Ledger.open_existing(store)) as ledger:
        record(ledger, 1)
        newest = ledger.newest()
        with pytest.raises(LedgerError, match="key that signs"):
            record(ledger, 1)
        assert ledger.newest() == newest
        ledger.renew_checkpoints("op", "the key was lost")
        assert ledger.verify().breaks == ()


def test_what_cannot_be_signed_stands_and_nothing_more_is_recorded_until_it_is(folders: Folders) -> None:
    store, audit = folders
    with closing(Ledger.open_existing(store)) as ledger:
        record(ledger, 1)
        (audit / "newest").rename(audit / "away")
        (audit / "newest").mkdir()
        record(ledger, 1)
        for _ in range(2):
            with pytest.raises(LedgerError, match="Nothing is recorded while"):
                record(ledger, 1)
        assert ledger.newest() == 12
        (audit / "newest").rmdir()
        (audit / "away").rename(audit / "newest")
        record(ledger, 1)
        assert (ledger.verify().anchored, ledger.verify().breaks) == (13, ())


def test_copies_go_elsewhere_and_tell_what_this_folder_does_not_any_more(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    store = tmp_path / "ledger"
    with closing(Ledger.open(store, [elsewhere])) as ledger:
        record(ledger, 10)
        assert ledger.verify().breaks == ()
    # Whoever holds the whole state folder cuts the log and signs what is left of it.
    cut_off_many(store, tmp_path / "audit")
    for name in ("newest", "checkpoints.jsonl"):
        (tmp_path / "audit" / name).unlink()
    Witness(tmp_path / "audit").note(2, newest_digest(store), "2026-11-23T08:00:00+00:00")
    shutil.copy(tmp_path / "audit" / "newest", tmp_path / "audit" / "checkpoints.jsonl")
    here = breaks_of(store)
    assert "was signed and is not there" not in "".join(here)
    assert "was signed and is not there" in "".join(breaks_of(store, copies=(elsewhere,)))


def newest_digest(store: Path) -> str:
    with closing(Ledger.open_existing(store)) as ledger:
        return list(ledger.entries())[-1].digest


def test_lines_that_a_crash_has_torn_are_no_tampering(folders: Folders) -> None:
    store, audit = folders
    with (audit / "checkpoints.jsonl").open("ab") as series:
        series.write(b'{"at":"2026-')
    newest = (audit / "newest").read_bytes()
    # The slot that is written next, torn in its middle.
    torn = newest[:512] + b"{torn" + newest[517:]
    (audit / "newest").write_bytes(torn)
    assert breaks_of(store) == []
    with closing(Ledger.open_existing(store)) as ledger:
        record(ledger, EVENTS + 1)
        assert (ledger.verify().anchored, ledger.verify().breaks) == (ledger.newest(), ())


def test_writers_of_several_processes_sign_one_series(folders: Folders) -> None:
    store, _ = folders
    program = f"""
import os, sys
from pathlib import Path
from governance.ledger import Ledger
ledger = Ledger.open_existing(Path({str(store)!r}))
for _ in range({EVENTS}):
    ledger.record_answer("alice", {{}}, os.urandom(8))
"""
    writers = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    with closing(Ledger.open_existing(store)) as ledger:
        found = ledger.verify()
    assert (found.newest, found.anchored, found.breaks) == (10 + 3 * EVENTS, 10 + 3 * EVENTS, ())


def test_what_is_recorded_while_it_is_verified_is_no_break(folders: Folders) -> None:
    store, _ = folders
    program = f"""
import os
from pathlib import Path
from governance.ledger import Ledger
ledger = Ledger.open_existing(Path({str(store)!r}))
print("ready", flush=True)
for _ in range({3 * EVENTS}):
    ledger.record_answer("alice", {{}}, os.urandom(8))
"""
    writer = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
    seen = set()
    with closing(Ledger.open_existing(store)) as ledger:
        while writer.poll() is None:
            found = ledger.verify()
            assert found.breaks == ()
            seen.add(found.newest)
    writer.stdout.close()
    assert len(seen) > 3, "nothing was recorded meanwhile: nothing was tried"


def test_who_has_the_ledger_open_signs_with_the_key_that_another_has_made(folders: Folders) -> None:
    store, audit = folders
    with closing(Ledger.open_existing(store)) as running, closing(Ledger.open_existing(store)) as other:
        record(running, 1)
        (audit / "signing-key.pem").unlink()
        other.renew_checkpoints("op", "the key was lost")
        record(running, 2)
        assert (running.verify().anchored, running.verify().breaks) == (14, ())


def test_nothing_that_was_put_aside_is_ever_overwritten(folders: Folders) -> None:
    store, audit = folders
    with closing(Ledger.open_existing(store)) as ledger:
        record(ledger, 1)
        for _ in range(3):
            (audit / "checkpoints.jsonl").unlink()
            ledger.renew_checkpoints("op", "again")
    kept = [(audit / f"newest.{number}").read_bytes() for number in (1, 2, 3)]
    assert len(set(kept)) == 3


def test_killed_at_any_moment_the_record_holds_and_goes_on(folders: Folders) -> None:
    store, _ = folders
    program = f"""
import os
from pathlib import Path
from governance.ledger import Ledger
ledger = Ledger.open_existing(Path({str(store)!r}))
print("ready", flush=True)
while True:
    ledger.record_answer("alice", {{}}, os.urandom(8))
"""
    before = 10
    for number in range(6):
        writer = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
        time.sleep(0.11 + 0.037 * number)
        writer.send_signal(signal.SIGKILL)
        writer.wait(30)
        writer.stdout.close()
        with closing(Ledger.open_existing(store)) as ledger:
            found = ledger.verify()
            assert found.breaks == ()
            # Of one event at most the checkpoint is missing: that of the moment of the kill.
            assert found.newest - found.anchored <= 1 and found.newest > before
            record(ledger, 1)
            assert ledger.verify().anchored == found.newest + 1
            before = found.newest


# -- exports ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[str], Path]]:
    """The lines of an export, and the public key."""
    folder = tmp_path_factory.mktemp("exported")
    with closing(Ledger.open(folder / "ledger")) as ledger:
        record(ledger, 12)
        yield list(ledger.export()), folder / "audit" / "public-key.pem"


def verdict(lines: list[str], key: Path, folder: Path) -> list[str]:
    path = folder / "export.jsonl"
    path.write_text("".join(lines))
    return [found.what for found in verify_export(path, read_public_key(key)).breaks]


def test_an_export_is_proved_by_itself_and_the_public_key(exported: tuple[list[str], Path], tmp_path: Path) -> None:
    lines, key = exported
    assert verdict(lines, key, tmp_path) == []
    found = verify_export(tmp_path / "export.jsonl", read_public_key(key))
    assert (found.newest, found.anchored) == (12, 12)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_an_export_that_is_not_the_one_that_was_made_is_found_out(
    exported: tuple[list[str], Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines, key = exported
    places = st.integers(1, len(lines) - 1)
    changed = list(lines)
    match data.draw(st.sampled_from(["edit", "remove", "repeat", "swap", "cut off", "number"])):
        case "edit":
            place = data.draw(places)
            line = changed[place]
            at = data.draw(st.integers(0, len(line) - 2))
            changed[place] = line[:at] + data.draw(st.sampled_from('0x{}" ,')) + line[at + 1 :]
        case "remove":
            del changed[data.draw(places)]
        case "repeat":
            place = data.draw(places)
            changed.insert(data.draw(places), changed[place])
        case "swap":
            one, other = data.draw(places), data.draw(places)
            changed[one], changed[other] = changed[other], changed[one]
        case "cut off":
            del changed[data.draw(places) :]
        case "number":
            place = data.draw(places)
            changed[place] = changed[place].replace('"sequence":', '"sequence":1', 1)
    if told(changed) != told(lines):
        assert verdict(changed, key, tmp_path_factory.mktemp("changed")) != []


def told(lines: list[str]) -> tuple[list[object], list[object], set[str]]:
    """What an export tells of, line by line: its events in their order, its sets, and its checkpoints."""
    events, sets, checkpoints = [], [], set()
    for line in lines[1:]:
        try:
            read = json.loads(line)
        except ValueError:
            read = line
        if isinstance(read, dict) and "set" in read:
            sets.append((read["set"], decoded(read.get("keys"))))
        elif isinstance(read, dict) and "checkpoint" in read:
            checkpoints.add(str(read["checkpoint"]))
        else:
            events.append(read)
    return events, sorted(set(map(str, sets))), checkpoints


def decoded(keys: object) -> object:
    """Several texts are the same bytes in base 64."""
    try:
        return b64decode(str(keys), validate=True)
    except ValueError:
        return keys


@pytest.mark.parametrize("content", ["", "{}\n", "[]\n", "no json\n", '{"format":"another"}\n'])
def test_what_is_no_export_is_said_to_be_none(folders: Folders, tmp_path: Path, content: str) -> None:
    path = tmp_path / "export.jsonl"
    path.write_text(content)
    with pytest.raises(LedgerError, match="no export"):
        verify_export(path, read_public_key(folders[1] / "public-key.pem"))
