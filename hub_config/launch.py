"""Start everything over a state folder, say when it is ready, and leave nothing running at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from governance.session_tokens import SessionTokens
from hub_config import machine
from hub_config.proxy import ProxyError, install_proxy
from hub_config.settings import Run, SettingsError, read_settings
from hub_config.tether import adopt_orphans, end_with_parent

CONFIGURATION = Path(__file__).parent / "jupyterhub_config.py"
HANDOVER = "DBIMS_HUB_HANDOVER"
READY_WITHIN_SECONDS = 120
STOP_WITHIN_SECONDS = 20


@dataclass(frozen=True)
class Handover:
    """What the launcher has found out and the Hub's configuration needs."""

    state: Path
    run: Run
    bwrap: str
    proxy_command: tuple[str, ...]

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Handover:
        given = json.loads(environment[HANDOVER])
        run = Run(Path(given["folder"]), given["port"])
        return cls(Path(given["state"]), run, given["bwrap"], tuple(given["proxy_command"]))

    def write(self) -> str:
        run = self.run
        return json.dumps(
            {"folder": str(run.folder), "port": run.port}
            | {"state": str(self.state), "bwrap": self.bwrap, "proxy_command": self.proxy_command}
        )


def run(state: Path, port: int, on_ready: Callable[[str], None], before: Callable[[], None] = lambda: None) -> int:
    """Run until interrupted. 0: ended as asked; 1: a part of it failed; 2: it cannot be started here, said why.

    `before` is called when everything that can keep the Hub from starting was looked at, with the state locked.
    """
    state = state.resolve()
    try:
        with machine.locked(state, port), machine.run_folder() as folder:
            handover = prepare(state, folder, port)
            before()
            return supervise(handover, on_ready)
    except (machine.MachineError, ProxyError, SettingsError) as error:
        print(f"dbims: {error}", file=sys.stderr)
        return 2


def prepare(state: Path, folder: Path, port: int) -> Handover:
    bwrap = machine.find_sandbox()
    machine.demand_free_port(port)
    places = Run(folder, port)
    settings = read_settings(state, places)
    settings.hub_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    SessionTokens.of_state(state).forget_all()
    places.sockets.mkdir(mode=0o700)
    return Handover(state, places, str(bwrap), tuple(install_proxy(settings.hub_folder)))


def supervise(handover: Handover, on_ready: Callable[[str], None]) -> int:
    asked = StopRequest()
    before = machine.own_children()
    adopt_orphans()
    log = handover.state / "hub" / "hub.log"
    with asked.listening():
        hub = start_hub(handover, log)
        try:
            if not wait_until_ready(handover.run, hub, asked):
                return 0 if asked.made else failed(hub, log)
            on_ready(handover.run.public_url)
            return watch(hub, asked, log)
        finally:
            stop(hub)
            machine.end_descendants(except_for=before)


class StopRequest:
    """Ctrl-C or SIGTERM, remembered: the work of stopping is done in one place."""

    def __init__(self) -> None:
        self.made = False

    def listening(self) -> machine.SignalHandlers:
        return machine.SignalHandlers((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), self._note)

    def _note(self, _signal: int, _frame: object) -> None:
        self.made = True


def start_hub(handover: Handover, log: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, HANDOVER: handover.write(), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "jupyterhub", "--config", str(CONFIGURATION)]
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        # A group of its own, so that Ctrl-C in the terminal reaches this process alone, which then stops the Hub.
        return subprocess.Popen(
            command, cwd=handover.state / "hub", env=environment, stdin=subprocess.DEVNULL,
            stdout=file, stderr=file, process_group=0, preexec_fn=end_with_parent,
        )  # fmt: skip


def wait_until_ready(run: Run, hub: subprocess.Popen[bytes], asked: StopRequest) -> bool:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline and hub.poll() is None and not asked.made:
        if answers(run):
            return True
        time.sleep(0.2)
    return False


def answers(run: Run) -> bool:
    """The login page through the proxy, and the gateway and the console on their sockets."""
    try:
        page = httpx.get(f"{run.public_url}/hub/login", timeout=5, trust_env=False)
    except httpx.HTTPError:
        return False
    sockets = (run.gateway_socket, run.console_socket)
    return page.status_code == 200 and all(map(machine.accepts_connections, sockets))


def watch(hub: subprocess.Popen[bytes], asked: StopRequest, log: Path) -> int:
    while not asked.made:
        if hub.poll() is not None:
            return failed(hub, log)
        time.sleep(0.2)
    return 0


def failed(hub: subprocess.Popen[bytes], log: Path) -> int:
    what = "did not become ready in time" if hub.poll() is None else f"ended by itself (status {hub.returncode})"
    print(f"dbims: the Hub {what}. Its log is {log}", file=sys.stderr)
    return 1


def stop(hub: subprocess.Popen[bytes]) -> None:
    """Let the Hub end its sessions, services and proxy; if it does not, end it."""
    if hub.poll() is None:
        hub.send_signal(signal.SIGTERM)
    try:
        hub.wait(STOP_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        hub.kill()
        hub.wait()
