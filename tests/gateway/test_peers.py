"""A token counts in the session it was given to, and nowhere else."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import dbims_sdk
from governance.gateway import peers, routes
from governance.gateway.peers import network_of, own_network
from governance.session_tokens import SessionTokens
from governance.vocabulary import Capacity, Identity, Purpose
from hub_config.machine import find_sandbox
from tests.gateway.conftest import House

WHOAMI = """
import dbims_sdk, sys
try:
    print(dbims_sdk.connect(url=sys.argv[1], token=sys.argv[2]).whoami().capacity)
except dbims_sdk.DbimsError as error:
    print(error.code)
"""


def elsewhere(url: str, token: str) -> str:
    """What a process in another network namespace is told, asking with this token."""
    command = [str(find_sandbox()), "--unshare-user", "--unshare-net", "--dev-bind", "/", "/", "--"]
    asking = [sys.executable, "-c", WHOAMI, url, token]
    done = subprocess.run([*command, *asking], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def test_a_token_used_in_another_session_opens_nothing(house: House) -> None:
    token = house.token("T1", Capacity.TEACHER)
    assert dbims_sdk.connect(url=house.url, token=token).whoami().capacity == "teacher"
    assert elsewhere(house.url, token) == "not_authenticated"


def test_a_token_given_to_another_session_opens_nothing_here(house: House) -> None:
    token = house.token("T1", Capacity.TEACHER)
    identity = Identity("user-t1", "teacher")
    SessionTokens.of_state(house.state).remember(identity, token, own_network() + 1, Purpose.INSTRUCTION)
    with pytest.raises(dbims_sdk.DbimsError) as caught:
        dbims_sdk.connect(url=house.url, token=token).whoami()
    assert caught.value.code == "not_authenticated"
    house.token("T1", Capacity.TEACHER)


def connected(house: House) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(5)
    connection.connect(house.url.removeprefix("http+unix://").replace("%2F", "/"))
    return connection


def received(connection: socket.socket, until: bytes) -> bytes:
    """What arrives, in however many pieces, through `until` or the end."""
    data = b""
    while until not in data and (piece := connection.recv(65536)):
        data += piece
    return data


def test_a_session_holds_so_many_connections_and_no_more(house: House) -> None:
    with contextlib.ExitStack() as held:
        many = [held.enter_context(connected(house)) for _ in range(peers.CONNECTIONS_AT_ONCE + 5)]
        assert [connection.recv(1) for connection in many[-5:]] == [b""] * 5
    assert dbims_sdk.connect(url=house.url, token=house.token("T1", Capacity.TEACHER)).whoami().capacity == "teacher"


def test_a_connection_that_asks_nothing_is_closed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "FIRST_REQUEST_SECONDS", 0.2)
    with connected(house) as silent, connected(house) as slow:
        slow.sendall(b"GET /v1/he")
        assert silent.recv(1) == b""
        assert slow.recv(1) == b""


def test_a_question_that_never_arrives_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "WHOLE_QUESTION_SECONDS", 0.2)
    token = house.token("T1", Capacity.TEACHER)
    with connected(house) as slow:
        head = f"POST /v1/sql HTTP/1.1\r\nHost: x\r\nAuthorization: token {token}\r\nContent-Length: 9\r\n\r\n{{"
        slow.sendall(head.encode())
        assert b"took too long to arrive" in received(slow, until=b"}}")


def test_where_a_process_is_that_has_ended_is_not_known() -> None:
    with subprocess.Popen(["/bin/true"]) as process:
        pass
    assert network_of(process.pid) is None
    assert network_of(os.getpid()) == own_network()


def test_a_caller_whose_place_is_not_known_holds_no_session(tmp_path: Path) -> None:
    tokens, identity = SessionTokens(tmp_path), Identity("a", "teacher")
    tokens.remember(identity, "t", 7, Purpose.RESEARCH)
    assert tokens.purpose(identity, "t", 7) is Purpose.RESEARCH
    for token, network in (("t", None), ("t", 8), ("u", 7)):
        assert tokens.purpose(identity, token, network) is None
    assert json.dumps("t") not in "".join(file.read_text() for file in tmp_path.iterdir())
