"""However a session ends, nothing of it is left: no digest of its token, no folder of its run."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tornado.web import HTTPError

from governance.ledger import Ledger
from governance.session_tokens import SessionTokens
from governance.vocabulary import Capacity, Identity, Purpose
from hub_config import machine
from hub_config.people import People
from hub_config.settings import Run, Settings
from hub_config.spawner import SandboxSpawner
from tests.hub.test_study_sessions import hub_user
from tests.signed import grant, revoke, write_staff

ALICE = Identity("alice", "teacher")
NETWORK = 4026532000


class Program(SandboxSpawner):
    """With any program in the place of the sandbox; the rest is the house's own."""

    program: tuple[str, ...] = ("sleep", "60")

    async def launch(self, _sandboxed: Any) -> int:
        self.proc = subprocess.Popen(self.program, start_new_session=True)
        self.pid = self.proc.pid
        return NETWORK


class Listening(Program):
    async def wait_for_socket(self) -> None:
        return None


class Failing(Program):
    program = ("false",)


@pytest.fixture
def kept(tmp_path: Path, people: People, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is left of sessions: digests of tokens, and folders of the run."""
    with machine.run_folder() as folder:
        run = Run(folder, 8000)
        run.sockets.mkdir()
        settings = Settings(tmp_path / "state", run)
        for name, value in {"settings": settings, "people": people, "bwrap": Path("/usr/bin/bwrap")}.items():
            monkeypatch.setattr(SandboxSpawner, name, value, raising=False)
        tokens = settings.hub_folder / "session-tokens"

        def left() -> tuple[int, int]:
            return len(list(tokens.glob("*"))), len([path for path in folder.iterdir() if path != run.sockets])

        yield left


async def start(user: Any, kind: type[SandboxSpawner]) -> SandboxSpawner:
    user.settings["spawner_class"] = kind
    spawner = user.get_or_create_spawner("teacher", "")
    assert isinstance(spawner, kind)
    spawner.api_token = "a token"
    spawner.user_options = {"purpose": "instruction"}
    spawner.get_env = dict
    spawner.get_args = list
    spawner.announce = str
    await spawner.start()
    return spawner


@pytest.mark.parametrize("how", ["stopped", "killed"])
async def test_an_ended_session_leaves_nothing(kept: Any, how: str, people: People) -> None:
    with hub_user("alice") as user:
        spawner = await start(user, Listening)
        assert kept() == (1, 1)
        if how == "killed":
            spawner.proc.send_signal(signal.SIGKILL)
            spawner.proc.wait()
        await user.stop("teacher")
        assert spawner.proc.poll() is not None
        assert kept() == (0, 0)


def revoked(ledger: Ledger, _state: Path) -> None:
    revoke(ledger, "alice", Capacity.TEACHER)


def locked(ledger: Ledger, _state: Path) -> None:
    ledger.lock_person("operator", "alice", "a lost laptop")


def left_employment(_ledger: Ledger, state: Path) -> None:
    write_staff(state / "warehouse", {"employment": [{"staff_key": 2, "hire_date": date(2000, 1, 1)}]}, name="second")


@pytest.mark.parametrize("happens", [revoked, locked, left_employment])
async def test_a_session_that_its_person_may_not_have_any_more_is_ended(
    kept: Any, ledger: Ledger, tmp_path: Path, happens: Callable[[Ledger, Path], None]
) -> None:
    with hub_user("alice") as user:
        spawner = await start(user, Listening)
        assert await spawner.poll() is None
        happens(ledger, tmp_path / "state")
        assert await spawner.poll() is not None
        assert spawner.proc.poll() is not None
        await user.stop("teacher")
        assert kept() == (0, 0)


async def test_a_session_in_another_capacity_goes_on(kept: Any, ledger: Ledger) -> None:
    with hub_user("alice") as user:
        spawner = await start(user, Listening)
        grant(ledger, "alice", Capacity.COUNSELOR, date(2026, 9, 1))
        revoke(ledger, "alice", Capacity.COUNSELOR)
        assert await spawner.poll() is None
        await user.stop("teacher")
        assert kept() == (0, 0)


async def test_a_session_that_fails_while_it_starts_leaves_nothing(kept: Any) -> None:
    with hub_user("alice") as user:
        with pytest.raises(HTTPError, match="ended while it started"):
            await start(user, Failing)
        assert kept() == (1, 1)
        await user.stop("teacher")
        assert kept() == (0, 0)


def test_a_hub_that_starts_finds_no_token_of_an_earlier_one(tmp_path: Path) -> None:
    tokens = SessionTokens.of_state(tmp_path)
    tokens.forget_all()
    tokens.remember(ALICE, "a token", NETWORK, Purpose.INSTRUCTION)
    tokens.forget_all()
    assert tokens.purpose(ALICE, "a token", NETWORK) is None
