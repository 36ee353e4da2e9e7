"""The configuration that JupyterLab finds in a session; above all what its pages may do in a browser."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

SESSION_CONFIGURATION = Path(__file__).parent / "session"


def place_jupyter_configuration(folder: Path, address: str) -> None:
    (folder / "labconfig").mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(SESSION_CONFIGURATION / "start.py", folder / "start.py")
    shutil.copyfile(SESSION_CONFIGURATION / "page_config.json", folder / "labconfig" / "page_config.json")
    configuration = json.loads((SESSION_CONFIGURATION / "jupyter_server_config.json").read_text(encoding="utf-8"))
    headers = {"Content-Security-Policy": browser_policy(address)}
    configuration["ServerApp"]["tornado_settings"] = {"headers": headers}
    (folder / "jupyter_server_config.json").write_text(json.dumps(configuration), encoding="utf-8")


def browser_policy(address: str) -> str:
    """What a notebook's script may do in the browser of whoever opens it: talk to its own session, to nobody else.

    Sources as in Content Security Policy Level 3; an address that ends with a slash means everything below it, so that
    the same person's session in another capacity is not meant.
    """
    own = f"{address} {address.replace('http', 'ws', 1)}"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {address} 'unsafe-inline' 'unsafe-eval'",
            f"style-src {address} 'unsafe-inline'",
            f"img-src {address} data: blob:",
            f"font-src {address} data:",
            f"media-src {address} data: blob:",
            f"connect-src {own} data: blob:",
            f"worker-src {address} blob:",
            f"frame-src {address} blob: data:",
            f"form-action {address}",
            f"frame-ancestors {address}",
            f"base-uri {address}",
        )
    )
