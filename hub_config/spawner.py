"""A session: JupyterLab in a sandbox of its own, reached through a socket of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyterhub.spawner import LocalProcessSpawner
from jupyterhub.utils import url_path_join
from tornado.web import HTTPError
from traitlets import validate

import dbims_sdk
import notebooks
from governance.sandbox import SandboxCommand
from governance.session_tokens import SessionTokens
from governance.vocabulary import GRANT_PATTERN, STUDY_SESSION, Capacity, Identity, Purpose
from hub_config.jupyter_files import place_jupyter_configuration
from hub_config.people import People
from hub_config.purposes import UNDECLARED, declared_purpose, purpose_form, sent_options
from hub_config.sandbox import LISTENING, SDK, SOCKETS, Sandbox, identity_files, session_command
from hub_config.settings import Run, Settings, socket_url

HUB_INSIDE = socket_url(f"{SOCKETS}/hub.sock")
GATEWAY_INSIDE = socket_url(f"{SOCKETS}/gateway.sock")
START = "/etc/jupyter/start.py"
NOT_FOR_SESSIONS = ("JUPYTERHUB_SSL_", "JUPYTERHUB_ADMIN_ACCESS")


class SandboxSpawner(LocalProcessSpawner):
    """Named sessions only, each named after a capacity its person holds, or a grant of theirs."""

    settings: Settings
    people: People
    bwrap: Path
    session: str = ""
    ending: bool = False

    @validate("oauth_client_id")
    def client_of_this_session(self, _proposal: Any) -> str:
        # The Hub's own joins the names with a hyphen: ann in `study-x-teacher` would be ann-study-x as teacher.
        return f"jupyterhub-user-{self.user.name}.{self.name}"

    async def start(self) -> str:
        self.refuse_unless_held()
        purpose = self.take_purpose()
        self.session = secrets.token_hex(8)
        sandbox = prepare(self.settings, self.user.name, self.name, self.session, self.own_address)
        # -P: the person's files must not be taken for modules of the server.
        program = (sys.executable, "-P", START, *self.get_args(), "--ServerApp.sock_mode=0600",
                   f"--ServerApp.sock={LISTENING}/server.sock")  # fmt: skip
        network = await self.launch(session_command(self.bwrap, sandbox, program))
        self.tokens.remember(self.identity, self.api_token, network, purpose)
        await self.wait_for_socket()
        return self.announce()

    async def launch(self, sandboxed: SandboxCommand) -> int:
        """Start it, and say which network namespace it got."""
        told, tells = os.pipe()
        with os.fdopen(told, "rb") as telling:
            try:
                with self.open_log() as log, sandboxed.handed_over("--info-fd", str(tells)) as (words, descriptors):
                    self.proc = subprocess.Popen(
                        words,
                        env=self.get_env(),
                        cwd="/",
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        pass_fds=(*descriptors, tells),
                        start_new_session=True,
                    )
            finally:
                os.close(tells)
            self.pid = self.proc.pid
            return network_in(await asyncio.to_thread(telling.read))

    async def wait_for_socket(self) -> None:
        """Looked for often: the Hub itself asks ever more rarely, which would cost seconds of every start."""
        while not adopt_socket(self.settings.run, self.session):
            if self.proc.poll() is not None:
                raise HTTPError(500, "The session ended while it started. Its log is in hub/sessions.")
            await asyncio.sleep(0.1)

    def refuse_unless_held(self) -> None:
        refusal = self.people.refusal(self.user.name, self.name)
        if refusal is not None:
            raise refused(403, refusal)

    async def get_options_form(self) -> str:
        """The page that asks for which purpose the session is started; of one that may not be, why it may not be."""
        # Without a handler the Hub shows the page again, with a message, and in the name of no session.
        if self.handler is not None:
            self.refuse_unless_held()
        titles = {button.server: button.title for button in self.people.buttons(self.user.name)}
        return purpose_form(self.name, titles.get(self.name, ""))

    def options_from_form(self, form: dict[str, list[str]]) -> dict[str, str]:
        return sent_options(form)

    def options_from_query(self, _query: dict[str, list[str]]) -> dict[str, str]:
        """A link starts nothing: whoever made it has not to say for which purpose its reader asks."""
        raise refused(400, UNDECLARED)

    def take_purpose(self) -> Purpose:
        """What was declared for this start. It is forgotten, so that the next one is declared anew."""
        purpose = declared_purpose(self.user_options)
        self.user_options = self.orm_spawner.user_options = {}
        if purpose is None:
            raise refused(400, UNDECLARED)
        return purpose

    @property
    def own_address(self) -> str:
        """Where browsers find this session and nothing else."""
        return url_path_join(self.user.url, self.name, "/")

    def announce(self) -> str:
        """The session's address. Set on the server, because the Hub adds a port to what `start` returns."""
        address = socket_url(self.settings.run.session_socket(self.session))
        self.server.connect_url = address
        return address

    def open_log(self) -> Any:
        folder = self.settings.hub_folder / "sessions"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{self.user.name}.{self.name}.log"
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")

    def get_env(self) -> dict[str, str]:
        return session_environment(super().get_env(), self.user.name, self.hub.url)

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        return env

    @property
    def tokens(self) -> SessionTokens:
        return SessionTokens.of_state(self.settings.state)

    @property
    def identity(self) -> Identity:
        return Identity(self.user.name, self.name)

    async def stop(self, now: bool = False) -> None:
        # Before it ends, so that its last questions are not answered.
        self.tokens.forget(self.identity)
        await super().stop(now)

    async def poll(self) -> int | None:
        """Asked by the Hub every half minute: a session that its person may not have any more is ended.

        Its level was revoked or is over, its person is locked or has left. The gateway answers it no more before that.
        """
        status: int | None = await super().poll()
        if status is not None or self.ending or self.people.refusal(self.user.name, self.name) is None:
            return status
        self.ending = True
        try:
            await self.stop(now=True)
        finally:
            self.ending = False
        return await super().poll()

    def run_post_stop_hook(self) -> Any:
        """The Hub comes here however a session has ended: stopped, by itself, or before it had started."""
        self.tokens.forget(self.identity)
        if self.session:
            shutil.rmtree(self.settings.run.session_folder(self.session), ignore_errors=True)
        return super().run_post_stop_hook()

    # A sandbox ends with the Hub that made it, so a process id from an earlier Hub is somebody else's by now.
    def load_state(self, state: dict[str, Any]) -> None:  # noqa: ARG002  (its whole point)
        self.pid = 0

    def get_state(self) -> dict[str, Any]:
        return {}


def refused(status: int, message: str) -> HTTPError:
    """Shown by the Hub as it stands."""
    error = HTTPError(status, message)
    error.jupyterhub_message = message
    return error


def network_in(told: bytes) -> int:
    """The network namespace in what bubblewrap tells of a sandbox before the program in it starts."""
    if not told:
        raise HTTPError(500, "The session's sandbox could not be made. Its log is in hub/sessions.")
    return int(json.loads(told)["net-namespace"])


def session_environment(given: Mapping[str, str], username: str, hub_url: str) -> dict[str, str]:
    """The Hub's own variables, turned to the sockets inside, and what a session needs; nothing of this process."""
    hub = {
        name: value.replace(hub_url.removesuffix("/hub/"), HUB_INSIDE)
        for name, value in given.items()
        if name.startswith("JUPYTERHUB_") and not name.startswith(NOT_FOR_SESSIONS)
    }
    return hub | {
        "DBIMS_GATEWAY": GATEWAY_INSIDE,
        "HOME": f"/home/{username}",
        "USER": username,
        "LOGNAME": username,
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.prefix) / 'bin'}:/usr/bin:/bin",
        "PYTHONPATH": SDK,
        "PYTHONNOUSERSITE": "1",
        "JUPYTER_RUNTIME_DIR": "/tmp/jupyter",  # noqa: S108  (the sandbox's own)
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTERHUB_SERVICE_URL": url_path_join("http://127.0.0.1:8888", given.get("JUPYTERHUB_SERVICE_PREFIX", "/")),
    }


def adopt_socket(run: Run, session: str) -> bool:
    """Whether the server listens. Its socket gets a second name, where the session cannot put a link in its place."""
    outside = run.session_socket(session)
    try:
        os.link(run.listening(session) / outside.name, outside, follow_symlinks=False)
    except FileNotFoundError:
        return False
    if not stat.S_ISSOCK(outside.lstat().st_mode):
        outside.unlink()
        raise HTTPError(403, "The session put something else in the place of its socket, so it was not started.")
    return True


def prepare(settings: Settings, username: str, server: str, session: str, address: str) -> Sandbox:
    """Make the folders of one session, which browsers will find at `address`, and describe its sandbox."""
    home = settings.home(username, home_name(server))
    folder = settings.run.session_folder(session)
    listening = settings.run.listening(session)
    for made in (home.parent, home, folder, listening, folder / "identity"):
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in identity_files(username).items():
        (folder / "identity" / name).write_text(text, encoding="utf-8")
    place_tour(home)
    place_jupyter_configuration(folder / "jupyter", address)
    return Sandbox(
        username=username,
        home=home,
        sockets=settings.run.sockets,
        listening=listening,
        identity=folder / "identity",
        python=python_folders(),
        sdk=Path(dbims_sdk.__file__).parent.resolve(),
        jupyter=folder / "jupyter",
        private=(settings.state, settings.run.proxy_socket, settings.run.console_socket),
        limits=settings.limits,
    )


def home_name(server: str) -> str:
    """The folder of a session's home: one for each capacity, and one for each grant of a study.

    `ValueError` for a session of any other name. What it gives is one name of letters, digits, `_` and `-`, no path.
    """
    capacity = Capacity.of_server(server)
    if capacity is Capacity.STUDY and re.fullmatch(STUDY_SESSION + GRANT_PATTERN, server):
        return server
    if capacity is None or capacity is Capacity.STUDY:
        raise ValueError("a session is named after a capacity, or after the grant of a study")
    return capacity.value


def place_tour(home: Path) -> None:
    """The notebooks that come with the system, unless the person has anything of that name already."""
    for notebook in sorted(Path(notebooks.__file__).parent.glob("*.ipynb")):
        with contextlib.suppress(FileExistsError):
            write_new(home / notebook.name, notebook.read_bytes())


def write_new(path: Path, content: bytes) -> None:
    """Through no link: a session can put links in its home that mean another place out here."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(content)


def python_folders() -> tuple[Path, ...]:
    """The installation and the environment, each also under the name it has without symbolic links."""
    named = (Path(sys.base_prefix), Path(sys.prefix))
    folders = {path: None for folder in named for path in (folder, folder.resolve())}
    return tuple(path for path in folders if not path.is_relative_to("/usr"))
