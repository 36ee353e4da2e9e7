"""A gateway as it runs in a district, over Unix sockets, with a small server that answers for the Hub."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from governance.gateway.__main__ import make_app
from governance.gateway.peers import PeerProtocol
from governance.warehouse.pool import WorkerLimits


class SmallHub:
    """Knows tokens, as the Hub does: `tokens[token] = (username, server)`."""

    def __init__(self) -> None:
        self.tokens: dict[str, tuple[str, str]] = {}
        self.asked = 0
        self.models: dict[str, dict[str, object]] = {}

    async def user(self, request: Request) -> Response:
        self.asked += 1
        token = request.headers.get("authorization", "").removeprefix("token ")
        if token in self.models:
            return JSONResponse(self.models[token])
        if token not in self.tokens:
            return JSONResponse({"status": 403, "message": "Missing or invalid credentials."}, status_code=403)
        name, server = self.tokens[token]
        scopes = [f"access:servers!server={name}/{server}", f"users:activity!user={name}"]
        return JSONResponse({"kind": "user", "name": name, "admin": False, "scopes": scopes})

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/hub/api/user", self.user)])


@contextmanager
def serving(app: Starlette, socket: Path) -> Iterator[None]:
    server = uvicorn.Server(
        uvicorn.Config(app, uds=str(socket), http=PeerProtocol, log_level="warning", access_log=False)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(30)


@contextmanager
def running_gateway(state: Path, folder: Path, hub: SmallHub, limits: WorkerLimits | None = None) -> Iterator[str]:
    """The gateway's URL, as a session has it in its environment."""
    hub_socket, gateway_socket = folder / "hub.sock", folder / "gateway.sock"
    quoted = str(hub_socket).replace("/", "%2F")
    app = make_app(state, f"http+unix://{quoted}", limits)
    with serving(hub.app(), hub_socket), serving(app, gateway_socket):
        yield "http+unix://" + str(gateway_socket).replace("/", "%2F")
