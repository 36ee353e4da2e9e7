"""Who may have which session, and how logins are refused and slowed."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from governance.ledger import Ledger
from governance.vocabulary import Capacity
from hub_config.authentication import PROVIDERS, authenticator_class, base_class
from hub_config.people import DESCRIPTIONS, WITHOUT_SESSION, People
from hub_config.settings import Authentication, AuthenticationKind, Run, Settings, SettingsError
from hub_config.throttle import LONGEST_WAIT, Throttle
from tests.signed import write_staff


def settings_with(kind: AuthenticationKind) -> Settings:
    return Settings(Path("/state"), Run(Path("/run/x"), 8000), replace(Authentication(), kind=kind))


def test_every_capacity_has_a_session_and_a_description_or_neither() -> None:
    assert set(DESCRIPTIONS) | WITHOUT_SESSION == set(Capacity)
    assert not set(DESCRIPTIONS) & WITHOUT_SESSION


@pytest.mark.parametrize(
    ("username", "servers"),
    [
        ("alice", ["teacher"]),
        ("bob", ["counselor", "support-services"]),
        ("otto", []),
        ("nobody", []),
        ("stranger", []),
    ],
)
def test_sessions_are_the_capacities_held_today(people: People, username: str, servers: list[str]) -> None:
    assert [capacity.server for capacity in people.capacities(username)] == servers
    for capacity in Capacity:
        assert (people.refusal(username, capacity.server) is None) == (capacity.server in servers)


@pytest.mark.parametrize("server", ["", "Teacher", "teacher ", "support_services", "../teacher", "admin"])
def test_a_session_of_any_other_name_is_refused(people: People, server: str) -> None:
    assert people.refusal("alice", server)


def test_a_level_that_ended_yesterday_gives_no_session(people: People) -> None:
    assert "do not hold" in str(people.refusal("alice", "principal"))


def test_who_is_locked_has_no_session_and_is_told_why(people: People, ledger: Ledger) -> None:
    ledger.lock_person("operator", "alice", "a lost laptop")
    assert (people.buttons("alice"), people.capacities("alice"), people.grants("alice")) == ([], (), ())
    assert "locked" in str(people.refusal("alice", "teacher"))
    ledger.unlock_person("operator", "alice")
    assert people.refusal("alice", "teacher") is None


def test_who_has_left_is_told_so_with_the_next_snapshot(people: People, tmp_path: Path) -> None:
    staff = [{"staff_key": 2, "hire_date": date(2000, 1, 1)}]
    write_staff(tmp_path / "state" / "warehouse", {"employment": staff}, name="second")
    assert people.buttons("alice") == []
    assert "not employed" in str(people.refusal("alice", "teacher"))
    assert people.refusal("bob", "counselor") is None


async def test_who_is_locked_does_not_log_in(people: People, ledger: Ledger) -> None:
    authenticator = authenticator_class(settings_with(AuthenticationKind.LOCAL), people)(allow_all=True)
    ledger.lock_person("operator", "alice", "a lost laptop")
    assert await authenticator.authenticate(None, {"username": "alice", "password": "secret of alice"}) is None
    assert not await authenticator.check_allowed("alice", None)
    ledger.unlock_person("operator", "alice")
    assert await authenticator.authenticate(None, {"username": "alice", "password": "secret of alice"}) == "alice"


async def test_only_people_of_the_ledger_log_in(people: People) -> None:
    authenticator = authenticator_class(settings_with(AuthenticationKind.LOCAL), people)(allow_all=True)
    assert await authenticator.authenticate(None, {"username": "alice", "password": "secret of alice"}) == "alice"
    assert await authenticator.authenticate(None, {"username": "alice", "password": "wrong"}) is None
    assert await authenticator.authenticate(None, {"username": "stranger", "password": "wrong"}) is None
    assert await authenticator.check_allowed("alice", None)
    assert not await authenticator.check_allowed("stranger", None)


async def test_failed_logins_are_slowed(people: People) -> None:
    authenticator = authenticator_class(settings_with(AuthenticationKind.LOCAL), people)(allow_all=True)
    for _ in range(4):
        await authenticator.authenticate(None, {"username": "alice", "password": "wrong"})
    began = time.monotonic()
    await asyncio.wait_for(authenticator.authenticate(None, {"username": "alice", "password": "wrong"}), 20)
    assert time.monotonic() - began >= 2


def test_waits_double_up_to_a_bound_and_are_forgotten() -> None:
    throttle, waits = Throttle(), []
    for _ in range(12):
        waits.append(throttle.wait("x", 0.0))
        throttle.failed("x", 0.0)
    assert waits[:6] == [0, 0, 0, 1, 2, 4] and waits[-1] == LONGEST_WAIT
    assert throttle.wait("y", 0.0) == 0
    assert throttle.wait("x", 10_000.0) == 0
    throttle.succeeded("x")
    assert throttle.wait("x", 0.0) == 0


def test_an_authenticator_that_is_not_installed_says_which_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for kind, (module, _, extra) in PROVIDERS.items():
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(SettingsError, match=rf"dbims\[{extra}\]"):
            base_class(kind)
