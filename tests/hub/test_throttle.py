"""Guessing in parallel is no faster than guessing one at a time, and holds nobody else up."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from tornado.web import HTTPError

from hub_config.authentication import PASSWORDS_AT_ONCE, LocalAccounts
from hub_config.people import People
from hub_config.throttle import MOST_TRIES_AT_ONCE, CrowdedError, Queue


@pytest.fixture
def accounts(people: People) -> LocalAccounts:
    return type("Accounts", (LocalAccounts,), {"people": people})()


def tried(accounts: LocalAccounts, username: str, password: str = "wrong") -> asyncio.Task[Any]:
    return asyncio.ensure_future(accounts.authenticate(None, {"username": username, "password": password}))


async def test_parallel_tries_wait_as_long_as_tries_one_after_the_other(accounts: LocalAccounts) -> None:
    for _ in range(3):
        await tried(accounts, "alice")
    began = time.monotonic()
    answers = await asyncio.gather(*(tried(accounts, "alice") for _ in range(2)))
    assert answers == [None, None]
    assert time.monotonic() - began >= 1 + 2


async def test_more_than_a_few_tries_of_one_name_are_refused_at_once(accounts: LocalAccounts) -> None:
    tries = [tried(accounts, "alice") for _ in range(MOST_TRIES_AT_ONCE + 5)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, HTTPError)]
    assert [error.status_code for error in refused] == [429] * 5
    assert [answer for answer in answers if not isinstance(answer, HTTPError)] == [None] * MOST_TRIES_AT_ONCE


async def test_a_crowd_at_one_name_does_not_hold_up_another(accounts: LocalAccounts) -> None:
    for _ in range(4):
        await tried(accounts, "alice")
    crowd = [tried(accounts, "alice") for _ in range(MOST_TRIES_AT_ONCE)]
    await asyncio.sleep(0)
    assert await asyncio.wait_for(tried(accounts, "bob", "secret of bob"), 2) == "bob"
    assert not any(one.done() for one in crowd)
    for one in crowd:
        one.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)


async def test_few_passwords_are_checked_at_the_same_time(accounts: LocalAccounts) -> None:
    counting = Counting()
    accounts.people = counting  # type: ignore[assignment]
    await asyncio.gather(*(tried(accounts, f"name{number}") for number in range(8)))
    assert counting.most == PASSWORDS_AT_ONCE


class Counting:
    """Passwords that take a while, and how many of them at most were being checked at once."""

    def __init__(self) -> None:
        self.now, self.most, self._lock = 0, 0, threading.Lock()

    def verify_password(self, username: str, password: str) -> bool:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self._lock:
            self.now -= 1
        return False


async def test_the_queue_forgets_names_nobody_waits_for() -> None:
    queue = Queue()
    async with queue.turn("x"):
        waiting = [asyncio.ensure_future(pass_through(queue)) for _ in range(MOST_TRIES_AT_ONCE - 1)]
        await asyncio.sleep(0)
        with pytest.raises(CrowdedError):
            await pass_through(queue)
        waiting[0].cancel()
        await asyncio.sleep(0)
    await asyncio.gather(*waiting, return_exceptions=True)
    assert queue._lines == {}


async def pass_through(queue: Queue) -> None:
    async with queue.turn("x"):
        pass
