"""What runs beside the Hub, with which rights."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hub_config.settings import Settings
from hub_config.tether import tethered


def services(settings: Settings, bwrap: Path) -> list[dict[str, Any]]:
    return [gateway(settings, bwrap), idle_culler(settings)]


def gateway(settings: Settings, bwrap: Path) -> dict[str, Any]:
    """Restarted by the Hub when it ends. It has no role: it asks the Hub with the askers' own tokens.

    `bwrap` is the one that was found to work here, for the gateway's own workers.
    """
    program = [sys.executable, "-m", "governance.gateway"]
    places = ["--state", str(settings.state), "--socket", str(settings.run.gateway_socket)]
    command = [*program, *places, "--hub", settings.run.hub_url, "--bwrap", str(bwrap)]
    return {"name": "gateway", "command": tethered(command)}


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
            "scopes": ["access:servers!user", "servers!user", "read:users!user", "users:activity!user"],
        },
        {
            "name": "idle-culler",
            "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
            "services": ["idle-culler"],
        },
    ]
