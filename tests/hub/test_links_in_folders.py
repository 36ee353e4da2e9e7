"""Sessions can put links in their folders; outside, the Hub follows none of them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.web import HTTPError

from hub_config import machine
from hub_config.settings import Run
from hub_config.spawner import adopt_socket, place_tour

TOUR = "guided_tour.ipynb"
SESSION = "a" * 16


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def test_the_tour_is_placed_once_and_privately(home: Path) -> None:
    place_tour(home)
    assert (home / TOUR).stat().st_mode & 0o777 == 0o600
    (home / TOUR).write_text("mine")
    place_tour(home)
    assert (home / TOUR).read_text() == "mine"


def test_a_link_to_nothing_makes_no_file_outside(home: Path, tmp_path: Path) -> None:
    (home / TOUR).symlink_to(tmp_path / "made")
    place_tour(home)
    assert not (tmp_path / "made").exists()
    assert (home / TOUR).is_symlink()


def test_a_file_outside_that_a_link_means_stays_as_it_is(home: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    (home / TOUR).symlink_to(tmp_path / "theirs")
    place_tour(home)
    assert (tmp_path / "theirs").read_text() == "theirs"


@pytest.fixture
def run() -> Iterator[Run]:
    with machine.run_folder() as folder:
        run = Run(folder, 8000)
        run.listening(SESSION).mkdir(parents=True)
        yield run


def test_a_server_is_reached_by_a_name_that_its_session_cannot_change(run: Run) -> None:
    assert not adopt_socket(run, SESSION)
    inside = run.listening(SESSION) / "server.sock"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as other:
        server.bind(str(inside))
        server.listen()
        assert adopt_socket(run, SESSION)
        other.bind(str(run.folder / "other.sock"))
        inside.unlink()
        inside.symlink_to(run.folder / "other.sock")
        assert machine.accepts_connections(run.session_socket(SESSION))


@pytest.mark.parametrize("kind", ["link", "file"])
def test_anything_but_a_socket_in_its_place_is_refused(run: Run, kind: str) -> None:
    inside = run.listening(SESSION) / "server.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(run.folder / "other.sock"))
        other.listen()
        inside.symlink_to(run.folder / "other.sock") if kind == "link" else inside.write_text("x")
        with pytest.raises(HTTPError):
            adopt_socket(run, SESSION)
    assert not os.path.lexists(run.session_socket(SESSION))
