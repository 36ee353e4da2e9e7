"""Who is signed in here. The browser holds a name that means nothing elsewhere; the Hub's token stays here."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

LONGEST_SECONDS = 12 * 60 * 60.0
MOST = 5_000


@dataclass(frozen=True)
class Visit:
    """One browser, signed in as somebody; `token` is the Hub's, which ends with the person's session at the Hub."""

    key: str = field(repr=False)
    username: str
    token: str = field(repr=False)
    begun: float = 0.0


class Visits:
    """Kept in memory: after a restart everybody is asked for at the Hub again, and typed nothing twice."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: OrderedDict[str, Visit] = OrderedDict()
        self._lock = Lock()

    def begin(self, username: str, token: str) -> str:
        """What the cookie holds."""
        name = secrets.token_urlsafe(32)
        visit = Visit(_key(name), username, token, self._clock())
        with self._lock:
            self._found[visit.key] = visit
            while len(self._found) > MOST:
                self._found.popitem(last=False)
        return name

    def find(self, name: str) -> Visit | None:
        with self._lock:
            visit = self._found.get(_key(name))
            if visit is not None and self._clock() - visit.begun > LONGEST_SECONDS:
                del self._found[visit.key]
                visit = None
        return visit

    def end(self, visit: Visit) -> None:
        with self._lock:
            self._found.pop(visit.key, None)


def _key(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
