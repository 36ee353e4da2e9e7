"""`python -m governance.console --state DIR --socket PATH --url URL --hub URL`: the composition root of the console."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp

from governance.console.app import Console
from governance.console.hub import Hub, JupyterHub
from governance.console.office import Office
from governance.console.pages import PAGES
from governance.console.signing_in import SignIn
from governance.console.visits import Visits
from governance.state import State
from governance.warehouse.staff_facts import StaffRegisters


def make_app(state: State, hub: Hub, url: str) -> ASGIApp:
    """Everything put together over one state folder. `url`: where browsers find the console."""
    ledger = state.ledger()
    warehouse = state.warehouse
    staff = StaffRegisters(warehouse.folder)
    office = Office(ledger, warehouse, staff, state.today, hub.end_session, state.oversight)
    parts = urlsplit(url)
    sign_in = SignIn(hub, Visits(), parts.path, parts.scheme == "https")

    async def close() -> None:
        ledger.close()

    return Console(office, PAGES, sign_in, url).app(close)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m governance.console")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--url", required=True, help="where browsers find the console")
    parser.add_argument("--hub", required=True, help="where browsers find the Hub")
    options = parser.parse_args()
    # No message of ours repeats a request, and the libraries' would: of addresses, tokens and forms nothing is logged.
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for library in ("httpx", "python_multipart", "aiohttp", "tornado"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    os.umask(0o077)
    app = make_app(State(options.state.resolve()), JupyterHub(options.hub, f"{options.url}oauth_callback"), options.url)
    with contextlib.suppress(FileNotFoundError):
        options.socket.unlink()
    uvicorn.run(app, uds=str(options.socket), access_log=False, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
