"""From where a connection comes: the kernel says, not the caller.

Every session has a network namespace of its own. A token counts only in the one it was given to, so that a token that
got out of its session, copied by mistake or on purpose, opens nothing anywhere else.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter
from pathlib import Path
from typing import ClassVar, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS_AT_ONCE = 32
"""Of one session: one that opens more and more must not use up the gateway's file descriptors."""
FIRST_REQUEST_SECONDS = 10.0

_CREDENTIALS = struct.Struct("3i")


def network_of(process: int | str) -> int | None:
    """The network namespace of a process, by its inode number; None if the process is gone."""
    try:
        return Path(f"/proc/{process}/ns/net").stat().st_ino
    except OSError:
        return None


def own_network() -> int:
    """The network namespace of this process."""
    return Path("/proc/self/ns/net").stat().st_ino


class PeerProtocol(H11Protocol):
    """HTTP in which `scope["client"]` is the network namespace of the caller, as text, and its process number.

    A session's connections are counted, and those that ask nothing are closed.
    """

    _open: ClassVar[Counter[str]] = Counter()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        connection = cast("socket.socket", transport.get_extra_info("socket"))
        given = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        process = _CREDENTIALS.unpack(given)[0]
        # Looked up at once: the number of a process that has ended may later be another's.
        self.client = (str(network_of(process) or ""), process)
        self._open[self.client[0]] += 1
        if self._open[self.client[0]] > CONNECTIONS_AT_ONCE:
            transport.close()
        else:
            self.loop.call_later(FIRST_REQUEST_SECONDS, self._close_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        network = self.client[0] if self.client else ""
        self._open[network] -= 1
        if not self._open[network]:
            del self._open[network]
        super().connection_lost(exc)

    def _close_if_silent(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


def caller_network(client: tuple[str, int] | None) -> int | None:
    """What `PeerProtocol` found out; None if it could not."""
    return int(client[0]) if client is not None and client[0].isdigit() else None
