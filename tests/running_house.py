"""The whole house, as `dbims up` starts it, and a browser to visit it with."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

READY_SECONDS = 240
CHROMIUM_OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-quic"),
)

# Runs a cell in a kernel of its own, from the page of a session, with nothing but what its scripts have.
EXECUTE = """
async ([base, code]) => {
  const xsrf = Object.fromEntries(document.cookie.split('; ').map(c => c.split('=')))['_xsrf'] ?? '';
  const headers = {'X-XSRFToken': xsrf, 'Content-Type': 'application/json'};
  // The proxy now and then writes into a connection that the session has just closed, and answers 503.
  let made;
  for (let tries = 0; tries < 3; tries++) {
    made = await fetch(base + 'api/kernels', {method: 'POST', headers, body: '{}'});
    if (made.status !== 503) break;
  }
  if (!made.ok) return 'no kernel: ' + made.status;
  const kernel = (await made.json()).id;
  const socket = new WebSocket(location.origin.replace('http', 'ws') + base + `api/kernels/${kernel}/channels`);
  await new Promise((ready, failed) => { socket.onopen = ready; socket.onerror = failed; });
  const id = crypto.randomUUID().replaceAll('-', '');
  let text = '';
  const done = new Promise((finish) => { socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.parent_header.msg_id !== id) return;
    if (message.msg_type === 'stream') text += message.content.text;
    if (message.msg_type === 'error') text += message.content.ename + ': ' + message.content.evalue;
    if (message.msg_type === 'execute_reply') setTimeout(finish, 300);
  }; });
  const header = {msg_id: id, msg_type: 'execute_request', username: '', session: id, version: '5.3',
    date: new Date().toISOString()};
  const content = {code, silent: false, store_history: false, user_expressions: {}, allow_stdin: false,
    stop_on_error: true};
  socket.send(JSON.stringify({header, parent_header: {}, metadata: {}, channel: 'shell', buffers: [], content}));
  await done;
  socket.close();
  await fetch(base + `api/kernels/${kernel}`, {method: 'DELETE', headers});
  return text;
}
"""


@dataclass
class RunningHouse:
    state: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def passwords(self) -> dict[str, str]:
        lines = (self.state / "demo-accounts.txt").read_text(encoding="utf-8").splitlines()[1:]
        return {line.split()[0]: line.split()[1] for line in lines}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_house(state: Path, students: int = 150) -> Iterator[RunningHouse]:
    """`dbims up` in a process of its own, ended by Ctrl-C."""
    port = free_port()
    command = [sys.executable, "-m", "governance", "up", "--state", str(state), "--port", str(port)]
    log = (state.parent / "up.log").open("wb")
    process = subprocess.Popen(
        [*command, "--students", str(students)],
        stdout=log,
        stderr=subprocess.STDOUT,
        env=os.environ | {"COLUMNS": "200"},
    )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while "DBIMS is running" not in (state.parent / "up.log").read_text(encoding="utf-8"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((state.parent / "up.log").read_text(encoding="utf-8"))
            time.sleep(0.5)
        yield RunningHouse(state, port, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(60)
        log.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        raise RuntimeError("the browser tests need Chromium: install the system package `chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_OPTIONS))
        yield browser
        browser.close()


def sign_in(page: Page, house: RunningHouse, username: str, password: str) -> None:
    page.goto(f"{house.url}/hub/login")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", password)
    with page.expect_navigation():  # a click returns before the answer to the form is there
        page.click("[type=submit]")


def confirm_purpose(page: Page) -> None:
    """Start the session that the page asks about, for the purpose that is chosen beforehand; unless it runs already."""
    page.wait_for_selector("#start_session, #progress, #jp-main-dock-panel", timeout=120_000)
    if page.locator("#start_session").count():
        page.click("#start_session")


def open_session(page: Page, house: RunningHouse, username: str) -> str:
    """Sign in as somebody with one capacity, wait for JupyterLab, and say where the session lives."""
    sign_in(page, house, username, house.passwords()[username])
    confirm_purpose(page)
    page.wait_for_url("**/user/**/lab**", timeout=120_000)
    page.wait_for_selector("#jp-main-dock-panel", timeout=120_000)
    return f"/user/{username}/{username}/"


def run_cell(page: Page, base: str, code: str) -> str:
    """What a cell prints."""
    return str(page.evaluate(EXECUTE, [base, code]))
