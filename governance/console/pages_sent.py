"""Pages with forms, as they were sent: to whom, for what, when, and that each is used once."""

from __future__ import annotations

import enum
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

GOOD_FOR_SECONDS = 8 * 60 * 60.0
MOST_REMEMBERED = 20_000


class Standing(enum.Enum):
    """What a form that comes back is worth."""

    GOOD = "good"
    # Of another person, another page, another sign-in; from before a restart; or made up.
    FOREIGN = "foreign"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Use:
    """That a page was acted on, and where its act led; None while the act is being carried out."""

    led_to: str | None


class PagesSent:
    """Names of pages, which a form carries: proof that the console sent it, and one act for one page."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        # Of this process alone, as the visits are.
        self._secret = secrets.token_bytes(32)
        self._clock = clock
        self._used: OrderedDict[str, Use] = OrderedDict()
        self._lock = Lock()

    def name(self, visit: str, username: str, path: str, seen: int | None = None) -> str:
        """A new name, for a form on that path, sent to that person; with how many steps of a request it showed."""
        shown = "" if seen is None else str(seen)
        made = f"{secrets.token_hex(16)}.{shown}.{int(self._clock())}"
        return f"{made}.{self._sign(made, visit, username, path)}"

    def standing(self, name: str, visit: str, username: str, path: str) -> Standing:
        made, _, signature = name.rpartition(".")
        good = hmac.compare_digest(signature.encode(), self._sign(made, visit, username, path).encode())
        if not good:
            return Standing.FOREIGN
        sent = float(made.rpartition(".")[2])
        return Standing.GOOD if self._clock() - sent <= GOOD_FOR_SECONDS else Standing.EXPIRED

    @staticmethod
    def seen(name: str) -> int | None:
        """How many steps were shown, of a name that is good."""
        shown = name.split(".")[1]
        return int(shown) if shown else None

    def take(self, name: str) -> Use | None:
        """None for who comes first, and may act; else what became of the first."""
        with self._lock:
            if name in self._used:
                return self._used[name]
            self._used[name] = Use(None)
            while len(self._used) > MOST_REMEMBERED:
                self._used.popitem(last=False)
        return None

    def settle(self, name: str, led_to: str | None) -> None:
        """Where the act led. None: it was not carried out, and the page may be sent again."""
        with self._lock:
            if led_to is None:
                self._used.pop(name, None)
            else:
                self._used[name] = Use(led_to)

    def _sign(self, made: str, visit: str, username: str, path: str) -> str:
        text = "\n".join((made, visit, username, path))
        return hmac.new(self._secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
