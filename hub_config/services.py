"""What runs beside the Hub, with which rights."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hub_config.settings import CONSOLE, CONSOLE_PREFIX, Settings, socket_url
from hub_config.tether import tethered


def services(settings: Settings, bwrap: Path) -> list[dict[str, Any]]:
    return [gateway(settings, bwrap), console(settings), idle_culler(settings)]


def gateway(settings: Settings, bwrap: Path) -> dict[str, Any]:
    """Restarted by the Hub when it ends. It has no role: it asks the Hub with the askers' own tokens.

    `bwrap` is the one that was found to work here, for the gateway's own workers.
    """
    program = [sys.executable, "-m", "governance.gateway"]
    places = ["--state", str(settings.state), "--socket", str(settings.run.gateway_socket)]
    command = [*program, *places, "--hub", settings.run.hub_url, "--bwrap", str(bwrap)]
    return {"name": "gateway", "command": tethered(command)}


def console(settings: Settings) -> dict[str, Any]:
    """The pages for people. Restarted by the Hub when it ends.

    It has no `url`, because the Hub takes only TCP addresses there: its socket is a route of the proxy (see `proxy`).
    """
    run = settings.run
    program = [sys.executable, "-m", "governance.console"]
    places = ["--state", str(settings.state), "--socket", str(run.console_socket)]
    addresses = ["--url", run.console_url, "--hub", run.public_url]
    return {
        "name": CONSOLE,
        "command": tethered([*program, *places, *addresses]),
        "environment": {"JUPYTERHUB_SERVICE_PREFIX": CONSOLE_PREFIX},
        "oauth_redirect_uri": f"{run.console_url}oauth_callback",
        # It is a part of the house: nobody has to allow it to know who they are.
        "oauth_no_confirm": True,
        # The Hub's own menu has no room for it; the home page shows it to those who find something there.
        "display": False,
    }


def proxy_routes(settings: Settings) -> dict[str, str]:
    """What the proxy finds besides sessions and the Hub."""
    return {f"{settings.run.console_host}{CONSOLE_PREFIX}": socket_url(settings.run.console_socket)}


def idle_culler(settings: Settings) -> dict[str, Any]:
    """Ends sessions nobody uses, so that an unattended screen closes and memory comes back."""
    seconds = settings.idle_minutes * 60
    # Through the proxy: the culler's client knows no Unix sockets.
    hub = f"--url={settings.run.public_url}/hub/api"
    program = [sys.executable, "-m", "jupyterhub_idle_culler", hub, f"--timeout={seconds}"]
    every = f"--cull-every={min(300, max(10, seconds // 4))}"
    return {"name": "idle-culler", "command": tethered([*program, every])}


def roles() -> list[dict[str, Any]]:
    """`user` replaces the Hub's own role of that name, with which people could also make tokens of any kind."""
    return [
        {
            "name": "user",
            "scopes": [
                *("access:servers!user", "servers!user", "read:users!user", "users:activity!user"),
                f"access:services!service={CONSOLE}",
            ],
        },
        {
            # A level that is revoked ends the sessions that run in it.
            "name": "console",
            "scopes": ["delete:servers"],
            "services": [CONSOLE],
        },
        {
            "name": "idle-culler",
            "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
            "services": ["idle-culler"],
        },
    ]
