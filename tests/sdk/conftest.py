from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from wire_gateway import TOKEN, WireGateway, running_gateway

import dbims_sdk as dbims


@pytest.fixture(scope="session")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WireGateway]:
    with running_gateway(tmp_path_factory.mktemp("sdk")) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def _no_session_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DBIMS_GATEWAY", "DBIMS_TOKEN", "JUPYTERHUB_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def gateway(_running: WireGateway) -> WireGateway:
    _running.reset()
    return _running


@pytest.fixture
def session(gateway: WireGateway) -> dbims.Session:
    return dbims.connect(url=gateway.url, token=TOKEN)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Unix socket paths are short: the test's own name must not be in it.
    return tmp_path_factory.mktemp("s")
