"""Finding the gateway and the token, and being the right capacity."""

from __future__ import annotations

from pathlib import Path

import pytest
from wire_gateway import TOKEN, WireGateway, raw_server

import dbims_sdk as dbims
from dbims_sdk.discovery import DEFAULT_SOCKET, Address, find_address


def test_a_session_in_a_notebook_finds_everything_by_itself(
    gateway: WireGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBIMS_GATEWAY", gateway.url)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    assert dbims.connect().whoami().username == "rosa"


def test_dbims_token_comes_before_the_hubs(gateway: WireGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBIMS_TOKEN", TOKEN)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "another")
    assert dbims.connect(url=gateway.url).whoami().capacity == "teacher"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (None, Address(socket_path=DEFAULT_SOCKET)),
        ("http+unix://%2Frun%2Fa%20b.sock", Address(socket_path="/run/a b.sock")),
        ("http+unix://%2Frun%2Fa.sock/", Address(socket_path="/run/a.sock")),
        ("http://127.0.0.1:8600", Address(host="127.0.0.1", port=8600)),
        ("http://127.0.0.1:8600/", Address(host="127.0.0.1", port=8600)),
        ("http://[::1]:8600", Address(host="::1", port=8600)),
        ("https://dbims.example.org", Address(host="dbims.example.org", tls=True)),
    ],
)
def test_addresses(url: str | None, address: Address) -> None:
    assert find_address(url) == address


@pytest.mark.parametrize(
    "url",
    ["gateway", "ftp://x", "http+unix://", "http+unix://relative", "http://me:secret@host", "http://h:x", "http://[x"],
)
def test_an_unreadable_address_is_an_error_that_does_not_repeat_it(url: str) -> None:
    with pytest.raises(dbims.Unavailable, match="address cannot be read") as caught:
        dbims.connect(url=url, token=TOKEN)
    assert "secret" not in str(caught.value)


def test_without_a_token_nothing_is_asked(gateway: WireGateway) -> None:
    with pytest.raises(dbims.NotAuthenticated, match="no token"):
        dbims.connect(url=gateway.url)
    assert gateway.questions == []


def test_a_token_that_cannot_be_one_is_not_sent_and_not_shown(gateway: WireGateway) -> None:
    with pytest.raises(dbims.NotAuthenticated) as caught:
        dbims.connect(url=gateway.url, token="se cret\r\nX-Forged: 1")
    assert "cret" not in str(caught.value)
    assert gateway.questions == []


def test_a_token_is_stripped_of_the_line_end_of_its_file(gateway: WireGateway) -> None:
    assert dbims.connect(url=gateway.url, token=TOKEN + "\n").whoami().username == "rosa"


def test_a_wrong_token_is_refused(gateway: WireGateway) -> None:
    with pytest.raises(dbims.NotAuthenticated, match="does not know"):
        dbims.connect(url=gateway.url, token="wrong").tables()


def test_the_capacity_asked_for_is_the_sessions(gateway: WireGateway) -> None:
    assert dbims.connect(capacity="teacher", url=gateway.url, token=TOKEN).whoami().capacity == "teacher"


def test_another_capacity_is_an_error_that_says_what_to_start(gateway: WireGateway) -> None:
    with pytest.raises(dbims.WrongCapacity) as caught:
        dbims.connect(capacity="special_education_office", url=gateway.url, token=TOKEN)
    said = str(caught.value)
    assert "special education office" in said and "acts as teacher" in said
    assert "Hub's home page, start a session for special education office" in said


def test_the_purpose_travels_with_every_question(gateway: WireGateway) -> None:
    dbims.connect(purpose="student support", url=gateway.url, token=TOKEN).tables()
    assert gateway.questions[-1].headers["x-dbims-purpose"] == "student support"


def test_no_purpose_no_header(session: dbims.Session, gateway: WireGateway) -> None:
    session.tables()
    assert "x-dbims-purpose" not in gateway.questions[-1].headers


@pytest.mark.parametrize("purpose", ["café", "a\r\nX-Forged: 1", 3])
def test_a_purpose_that_cannot_travel(purpose: object, gateway: WireGateway) -> None:
    with pytest.raises(dbims.BadQuery):
        dbims.connect(purpose=purpose, url=gateway.url, token=TOKEN)  # type: ignore[arg-type]
    assert gateway.questions == []


def test_a_gateway_that_is_not_there(folder: Path) -> None:
    with pytest.raises(dbims.Unavailable, match="cannot be reached") as caught:
        dbims.connect(url=f"http+unix://{str(folder / 'none.sock').replace('/', '%2F')}", token=TOKEN).whoami()
    assert caught.value.next
    with pytest.raises(dbims.Unavailable):
        dbims.connect(url="http://127.0.0.1:1", token=TOKEN).whoami()


def test_a_closed_session_says_so(session: dbims.Session) -> None:
    with session as s:
        assert s.whoami().username == "rosa"
    with pytest.raises(dbims.SessionClosed):
        session.whoami()
    assert "closed" in repr(session)


def test_no_representation_shows_the_token(session: dbims.Session) -> None:
    assert TOKEN not in repr(session) + repr(vars(session)) + repr(session._transport)


def test_a_question_that_is_refused_while_it_is_sent(folder: Path) -> None:
    body = b'{"error": {"code": "too_large", "message": "The question is too long."}}'
    head = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    with raw_server(folder, head + body) as url, pytest.raises(dbims.TooLarge):
        dbims.connect(url=url, token=TOKEN).sql("SELECT '" + "x" * 5_000_000 + "'")
