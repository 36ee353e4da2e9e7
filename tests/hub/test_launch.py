"""`launch.run` as `dbims up` uses it: what it refuses, what it starts, and that it leaves nothing running."""

from __future__ import annotations

import html
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from governance.ledger import Ledger
from governance.vocabulary import Capacity, Grant
from hub_config import machine
from hub_config.launch import run
from tests.granting import give_grant
from tests.signed import employ, grant

PROGRAM = """
import sys
from pathlib import Path
from hub_config.launch import run
sys.exit(run(Path(sys.argv[1]), int(sys.argv[2]), lambda url: print("ready", url, flush=True)))
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    ledger = Ledger.open(folder / "ledger")
    ledger.add_person("operator", "alice", 1, "secret of alice")
    grant(ledger, "alice", Capacity.TEACHER, date(2020, 1, 1))
    ledger.close()
    employ(folder / "warehouse", 1)
    return folder


def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def never(_url: str) -> None:
    raise AssertionError("nothing may start")


def test_without_a_sandbox_nothing_starts(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "known_bubblewraps", lambda: iter(()))
    assert run(state, unused_port(), never) == 2
    assert "apt install bubblewrap" in capsys.readouterr().err
    assert not (state / "hub").exists()


def test_a_bubblewrap_that_cannot_isolate_is_refused_with_its_reason(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "known_bubblewraps", lambda: iter((Path("/bin/false"),)))
    assert run(state, unused_port(), never) == 2
    assert "/bin/false: ended with status 1" in capsys.readouterr().err


def test_a_port_in_use_is_named(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert run(state, port, never) == 2
    assert f"port {port} cannot be used" in capsys.readouterr().err


def test_a_second_one_on_the_same_state_says_where_the_first_one_is(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with machine.locked(state, 8123):
        assert run(state, unused_port(), never) == 2
    assert "http://localhost:8123" in capsys.readouterr().err


def descendants(pid: int) -> set[int]:
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for children in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            new = {int(child) for child in children.read_text().split()} - found
            found |= new
            waiting += new
    return found


def gone(pids: set[int], within: float = 20.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.2)
    return False


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.fixture
def start(state: Path) -> Iterator[Callable[[], tuple[subprocess.Popen[str], str]]]:
    started: list[subprocess.Popen[str]] = []

    def begin() -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-c", PROGRAM, str(state), str(unused_port())]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        log = state / "hub" / "hub.log"
        assert line.startswith("ready "), log.read_text()[-3000:] if log.exists() else line
        return process, line.split()[1]

    yield begin
    for process in started:
        process.terminate()
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()


def sign_in(client: httpx.Client, url: str, username: str, password: str) -> httpx.Response:
    client.get(f"{url}/hub/login")
    form = {"username": username, "password": password, "_xsrf": client.cookies["_xsrf"]}
    return client.post(f"{url}/hub/login", data=form)


def begin_session(client: httpx.Client, asked: httpx.Response) -> httpx.Response:
    """Declare the purpose that the page has chosen beforehand."""
    (action,) = re.findall(r'action="(/hub/spawn[^"]*)"', asked.text)
    (usual,) = re.findall(r'value="([^"]*)" required checked', asked.text)
    return client.post(str(asked.url.join(html.unescape(action))), data={"purpose": usual})


@pytest.mark.system
def test_it_serves_logins_and_refuses_sessions_not_held(
    start: Callable[[], tuple[subprocess.Popen[str], str]],
) -> None:
    _, url = start()
    with httpx.Client(follow_redirects=False, trust_env=False, timeout=60) as client:
        assert sign_in(client, url, "alice", "wrong").status_code == 403
        assert sign_in(client, url, "alice", "secret of alice").headers["location"] == "/hub/spawn/alice/teacher"
        for server in ("principal", "operator", "anything", ""):
            answer = client.get(f"{url}/hub/spawn/alice/{server}".rstrip("/"), follow_redirects=True)
            assert answer.status_code >= 400
            assert "capacity" in answer.text


@pytest.mark.system
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_running(
    start: Callable[[], tuple[subprocess.Popen[str], str]], number: signal.Signals
) -> None:
    process, url = start()
    with httpx.Client(follow_redirects=True, trust_env=False, timeout=60, transport=Everywhere()) as client:
        begun = begin_session(client, sign_in(client, url, "alice", "secret of alice"))
    assert "Starting your session" in begun.text
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not any(is_sandbox(pid) for pid in descendants(process.pid)):
        time.sleep(0.2)
    running = descendants(process.pid)
    assert any(is_sandbox(pid) for pid in running)
    assert len(running) >= 5
    os.kill(process.pid, number)
    assert process.wait(60) == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    assert gone(running)


def is_sandbox(pid: int) -> bool:
    try:
        return b"bwrap" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except FileNotFoundError:
        return False


class Everywhere(httpx.HTTPTransport):
    """Takes every host for this machine, as browsers take `*.localhost`; and a cookie for `localhost` as one for all
    that is under it."""

    def __init__(self) -> None:
        super().__init__()
        self._shared: dict[str, str] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        given = request.headers.get("cookie")
        sent = "; ".join([*([given] if given else []), *(f"{name}={value}" for name, value in self._shared.items())])
        headers = {**request.headers, "cookie": sent} if sent else request.headers
        here = httpx.Request(request.method, request.url.copy_with(host="127.0.0.1"), headers=headers)
        here.stream = request.stream
        here.extensions = request.extensions
        answer = super().handle_request(here)
        for cookie in answer.headers.get_list("set-cookie"):
            if "domain=localhost" in cookie.lower():
                name, _, value = cookie.partition(";")[0].partition("=")
                self._shared[name] = value
        return answer


@pytest.mark.system
def test_a_study_has_a_session_of_its_own_in_which_its_person_is_let_in(
    state: Path, start: Callable[[], tuple[subprocess.Popen[str], str]]
) -> None:
    ledger = Ledger.open(state / "ledger")
    ledger.add_person("operator", "ann", None, "secret of ann")
    tables, today = {"student": ("student_key", "sex")}, datetime.now(UTC).date()
    give_grant(ledger, Grant("x-teacher", "ann", tables, today, today + timedelta(days=9)))
    give_grant(ledger, Grant("theirs", "alice", tables, today, today + timedelta(days=9)))
    ledger.close()
    _, url = start()
    with httpx.Client(follow_redirects=True, trust_env=False, timeout=60, transport=Everywhere()) as client:
        asked = sign_in(client, url, "ann", "secret of ann")
        assert str(asked.url).startswith(f"{url}/hub/spawn") and "For which purpose?" in asked.text
        assert "Starting your session" in begin_session(client, asked).text
        own = f"{url.replace('localhost', 'ann.localhost')}/user/ann/study-x-teacher/"
        page = waited_for(client, f"{own}lab")
        assert (page.status_code, str(page.url)) == (200, f"{own}lab")
        assert (state / "homes/ann/study-x-teacher/guided_tour.ipynb").is_file()
        assert "You do not hold the capacity" in client.get(f"{url}/hub/spawn/ann/study-theirs").text
    assert [home.name for home in (state / "homes").glob("*/*")] == ["study-x-teacher"]


def waited_for(client: httpx.Client, address: str) -> httpx.Response:
    """The page, once the session behind it runs."""
    deadline = time.monotonic() + 60
    while True:
        page = client.get(address)
        if (page.status_code == 200 and str(page.url) == address) or time.monotonic() > deadline:
            return page
        time.sleep(0.5)
