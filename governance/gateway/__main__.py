"""`python -m governance.gateway --state DIR --socket PATH --hub URL`: the composition root of the gateway."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from governance.catalog import load_catalog
from governance.gateway.chores import Chores, chores_of
from governance.gateway.identity import HubIdentities
from governance.gateway.peers import PeerProtocol
from governance.gateway.routes import Routes
from governance.gateway.service import Service
from governance.gateway.snapshots import Snapshots
from governance.gateway.statistics import Statistics
from governance.session_tokens import SessionTokens
from governance.state import State
from governance.warehouse.pool import WorkerLimits, WorkerPool


def make_app(state: Path, hub_url: str, limits: WorkerLimits | None = None, bwrap: Path | None = None) -> Starlette:
    """Everything put together over one state folder."""
    place = State(state)
    ledger = place.ledger()
    catalog = load_catalog(ledger.requests.added_categories())
    snapshots = Snapshots(state / "warehouse")
    snapshots.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pool = WorkerPool(snapshots.folder, limits=limits, bwrap=bwrap)
    identities = HubIdentities(hub_url, SessionTokens.of_state(state))
    service = Service(ledger, catalog, pool, snapshots, place.today)
    statistics = Statistics(service, ledger)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await pool.start()
        chores = Chores(chores_of(place, ledger))
        chores.start()
        try:
            yield
        finally:
            await chores.stop()
            await pool.stop()
            statistics.close()
            await identities.close()
            ledger.close()

    return Routes(service, statistics, identities, catalog).app(lifespan)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m governance.gateway")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--hub", required=True, help="the Hub's URL, http+unix://… or http://…")
    parser.add_argument("--bwrap", type=Path, help="the bubblewrap that was found to work")
    options = parser.parse_args()
    # No message of ours repeats a request. A library whose messages may is silenced where it is used.
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    os.umask(0o077)
    app = make_app(options.state.resolve(), options.hub, bwrap=options.bwrap)
    with contextlib.suppress(FileNotFoundError):
        options.socket.unlink()
    uvicorn.run(
        app, uds=str(options.socket), http=PeerProtocol, access_log=False, log_level="warning", server_header=False
    )


if __name__ == "__main__":
    main()
