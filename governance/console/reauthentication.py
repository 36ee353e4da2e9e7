"""The password again, on the page of a decision: slowed like the sign-in, and one try of a name at a time."""

from __future__ import annotations

import asyncio
import time
from datetime import date

from governance.ledger import Ledger, NotTheSuperintendent, Signature
from hub_config.throttle import CrowdedError, Queue, Throttle

NEEDED = "The password is needed here: a decision is the Superintendent's own act."
CROWDED = "There are too many tries with this name just now. Wait a minute and try again."
PASSWORDS_AT_ONCE = 2


class Reauthentication:
    """Gives signatures to who proves to be the Superintendent."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._throttle = Throttle()
        self._queue = Queue()
        self._checking = asyncio.Semaphore(PASSWORDS_AT_ONCE)

    async def sign(self, username: str, password: str, today: date) -> Signature | str:
        """The signature, or why there is none, in words."""
        if not password:
            return NEEDED
        try:
            async with self._queue.turn(username):
                return await self._try(username, password, today)
        except CrowdedError:
            return CROWDED

    async def _try(self, username: str, password: str, today: date) -> Signature | str:
        await asyncio.sleep(self._throttle.wait(username, time.monotonic()))
        try:
            async with self._checking:
                signature = await asyncio.to_thread(self._ledger.authority.sign, username, password, today)
        except NotTheSuperintendent as error:
            self._throttle.failed(username, time.monotonic())
            return str(error)
        self._throttle.succeeded(username)
        return signature
