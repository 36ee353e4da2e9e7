"""The path of an answer, through a real gateway over real sockets, with real workers in their sandboxes."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pyarrow as pa
import pytest

import dbims_sdk
from dbims_sdk import errors
from governance.audit import Event
from governance.gateway import routes
from governance.gateway.errors import ErrorCode, GatewayError
from governance.session_tokens import SessionTokens
from governance.vocabulary import Capacity, Identity
from tests.gateway.conftest import House
from tests.signed import revoke

TEACHER = "T1"
C = Capacity


def raw(house: House, method: str, path: str, token: str | None = None, **options: object) -> httpx.Response:
    sock = house.url.removeprefix("http+unix://").replace("%2F", "/")
    headers = {} if token is None else {"Authorization": f"token {token}"}
    with httpx.Client(transport=httpx.HTTPTransport(uds=sock), base_url="http://gateway", timeout=60) as client:
        return client.request(method, path, headers=headers | options.pop("headers", {}), **options)


# --- who asks


@pytest.mark.parametrize("token", [None, "nonsense", "token", "ü"])
def test_without_a_token_that_the_hub_knows_there_is_nothing(house: House, token: str | None) -> None:
    for method, path in [("GET", "/v1/whoami"), ("GET", "/v1/tables"), ("POST", "/v1/frame"), ("POST", "/v1/sql")]:
        headers = {} if token is None else {"Authorization": f"token {token}".encode()}
        answer = raw(house, method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "not_authenticated"


def test_what_the_caller_says_of_itself_is_not_listened_to(house: House) -> None:
    token = house.token(TEACHER, C.TEACHER)
    forged = {"X-DBIMS-Capacity": "superintendent", "X-Forwarded-User": "user-s1", "X-DBIMS-User": "user-s1"}
    assert raw(house, "GET", "/v1/whoami", token, headers=forged).json()["capacity"] == "teacher"
    body = {"table": "student", "capacity": "superintendent", "username": "user-s1"}
    assert raw(house, "POST", "/v1/frame", token, json=body).json()["error"]["code"] == "bad_query"


def test_a_token_that_is_no_single_sessions_is_refused(house: House) -> None:
    scopes = {
        "a person's own token": ["access:servers!user=user-t1", "self"],
        "two sessions": ["access:servers!server=user-t1/teacher", "access:servers!server=user-t1/principal"],
        "somebody else's session": ["access:servers!server=user-s1/superintendent"],
        "no session": [],
    }
    for name, held in scopes.items():
        house.hub.models[name] = {"kind": "user", "name": "user-t1", "scopes": held}
        assert raw(house, "GET", "/v1/whoami", name).status_code == 401, name
    house.hub.models["service"] = {"kind": "service", "name": "user-t1", "scopes": scopes["two sessions"][:1]}
    assert raw(house, "GET", "/v1/whoami", "service").status_code == 401


def test_a_token_that_a_person_made_for_their_own_session_is_not_the_sessions(house: House) -> None:
    """It would outlive the session, and could be lent."""
    token = house.token("P1", C.PRINCIPAL)
    house.hub.tokens["made by hand"] = house.hub.tokens[token]
    assert raw(house, "GET", "/v1/whoami", "made by hand").status_code == 401
    assert raw(house, "GET", "/v1/whoami", token).status_code == 200


def test_a_session_that_was_stopped_gives_nothing_at_once(house: House) -> None:
    token = house.token("P1", C.PRINCIPAL)
    assert raw(house, "GET", "/v1/whoami", token).status_code == 200
    SessionTokens.of_state(house.state).forget(Identity("user-p1", "principal"))
    assert raw(house, "GET", "/v1/whoami", token).status_code == 401


def test_a_revoked_level_gives_nothing_on_the_next_question(house: House) -> None:
    session = house.session("T2", C.TEACHER)
    session.frame("student")
    revoke(house.ledger, "user-t2", C.TEACHER)
    with pytest.raises(errors.NotAllowed):
        session.frame("student")
    with pytest.raises(errors.NotAllowed):
        session.sql("SELECT count(*) FROM student")


def test_a_session_that_the_hub_has_ended_is_found_out_within_seconds(house: House) -> None:
    token = house.token("P1", C.PRINCIPAL)
    assert raw(house, "GET", "/v1/whoami", token).status_code == 200
    known = house.hub.tokens.pop(token)
    time.sleep(3.2)
    assert raw(house, "GET", "/v1/whoami", token).status_code == 401
    house.hub.tokens[token] = known


# --- what is answered


def test_a_frame_says_what_it_is(house: House) -> None:
    frame = house.session(TEACHER, C.TEACHER).frame("student", columns=["last_name"])
    about = frame.attrs["dbims"]
    assert list(frame.columns) == ["last_name"]
    assert about["form"] == "scoped rows"
    assert about["capacity"] == "teacher"
    assert about["rows"] == about["students"] == len(frame) > 0
    assert about["unprotected"] is True


def test_sql_sees_the_same_rows_as_frames(house: House) -> None:
    session = house.session(TEACHER, C.TEACHER)
    counted = session.sql("SELECT count(*) AS n FROM student")["n"].item()
    assert counted == len(session.frame("student"))
    assert session.sql("SELECT count(*) AS n FROM staff")["n"].item() == 1


@pytest.mark.parametrize("question", ["frame", "sql"])
def test_a_table_that_does_not_exist_looks_like_one_that_is_not_mine(house: House, question: str) -> None:
    token = house.token(TEACHER, C.TEACHER)
    body = {"frame": {"table": "salary"}, "sql": {"sql": "SELECT * FROM salary"}}[question]
    refused = raw(house, "POST", f"/v1/{question}", token, json=body)
    assert refused.json() == raw(house, "GET", "/v1/tables/payroll", token).json()
    assert refused.status_code == 404


def test_a_table_that_exists_looks_no_different_to_who_may_not_ask(house: House) -> None:
    for token in (house.token("O1", C.STUDY, level=False), house.token("nobody", C.TEACHER, level=False)):
        bodies = [{"table": "student", "columns": ["salary"]}, {"table": "salary", "columns": ["salary"]}]
        first, second = (raw(house, "POST", "/v1/frame", token, json=body) for body in bodies)
        assert first.status_code == second.status_code == 403
        assert first.json() == second.json()
        asked = [{"table": "school", "student_key": 1}, {"table": "salary", "student_key": 1}]
        first, second = (raw(house, "POST", "/v1/explain", token, json=body) for body in asked)
        assert first.json() == second.json()


def test_a_study_that_is_not_granted_gets_nothing(house: House) -> None:
    session = dbims_sdk.connect(url=house.url, token=house.token("O1", C.STUDY, level=False))
    for ask in (lambda: session.frame("student"), lambda: session.sql("SELECT 1 FROM student"), session.tables):
        with pytest.raises(errors.NotAllowed):
            ask()


@pytest.mark.parametrize("capacity", [C.REVIEWER, C.OPERATOR])
def test_reviewers_and_operators_get_no_data(house: House, capacity: Capacity) -> None:
    with pytest.raises(errors.NotAllowed):
        house.session("O1", capacity).frame("student")


def test_why_a_student_is_not_seen_and_a_student_who_does_not_exist_look_the_same(house: House) -> None:
    session = house.session(TEACHER, C.TEACHER)
    mine = set(session.frame("student")["student_key"])
    other = next(key for key in house.student_keys.values() if key not in mine)
    body = [{"table": "student", "student_key": key} for key in (other, 12345)]
    token = house.token(TEACHER, C.TEACHER)
    first, second = (raw(house, "POST", "/v1/explain", token, json=each).json() for each in body)
    assert first | {"answer_id": ""} == second | {"answer_id": ""}
    assert first["allowed"] is False


def test_who_holds_a_level_is_told_who_they_are_even_without_data(house: House) -> None:
    for capacity in (C.BUDGET_OFFICE, C.REVIEWER):
        assert house.session("O1", capacity).whoami().capacity == capacity.value


def test_only_rows_about_students_can_be_explained(house: House) -> None:
    with pytest.raises(errors.BadQuery):
        house.session("S1", C.SUPERINTENDENT).explain("school", 1)


BAD = [
    b"",
    b"[]",
    b"{",
    b"null",
    b'{"table": 1}',
    b'{"table": "student", "columns": "last_name"}',
    b'{"table": "student", "columns": [1]}',
    b'{"table": "student", "columns": ["salary"]}',
    b'{"table": "student", "columns": ["last_name; DROP TABLE student"]}',
    b'{"table": "student", "where": []}',
    b'{"table": "student", "where": {"salary": 1}}',
    b'{"table": "student", "where": {"birth_date": 5}}',
    b'{"table": "student", "where": {"birth_date": "Marisol"}}',
    b'{"table": "student", "where": {"last_name": {"or": 1}}}',
    b'{"table": "student", "where": {"last_name": {}}}',
    b'{"table": "student", "where": {"student_key": 1e400}}',
    b'{"table": "student", "where": {"student_key": true}}',
    b'{"table": "student", "where": {"student_key": 99999999999999999999}}',
    b'{"table": "student", "where": {"last_name": "\\u0000"}}',
    b'{"table": "student", "where": {"last_name": "\\ud800"}}',
    b'{"table": "student", "where": {"last_name": ["\\udfff Marisol"]}}',
    b'{"table": "student", "where": {"last_name": "\xed\xa0\x80"}}',
    b'{"table": "student", "columns": ["\\ud800"]}',
    b'{"table": "assessment_result", "where": {"score": 1' + b"0" * 400 + b"}}",
    b'{"table": "assessment_result", "where": {"score": {"from": -1' + b"0" * 400 + b"}}}",
    b'{"table": "assessment_result", "where": {"score": 1' + b"0" * 5000 + b"}}",
    b'{"table": "student", "extra": 1}',
    b"[" * 100_000,
    b"\xff\xfe",
]


@pytest.mark.parametrize("body", BAD, ids=lambda body: body[:40].decode(errors="replace"))
def test_a_bad_question_gets_one_clear_error_and_no_value_back(house: House, body: bytes) -> None:
    answer = raw(house, "POST", "/v1/frame", house.token(TEACHER, C.TEACHER), content=body)
    error = answer.json()["error"]
    assert 400 <= answer.status_code < 500
    assert set(error) == {"code", "message", "rule", "next"}
    assert "Marisol" not in answer.text


HALF_CHARACTERS = {
    "sql": b'{"sql": "SELECT \'\\ud800\' FROM student"}',
    "explain": b'{"table": "\\ud800", "student_key": 1}',
    "tabulate": b'{"table": "student", "rows": ["sex"], "where": {"last_name": "\\ud800"}}',
    "model": b'{"table": "student", "formula": "\\ud800", "family": "ols"}',
}


@pytest.mark.parametrize("path", HALF_CHARACTERS)
def test_half_a_character_is_no_question_of_any_kind(house: House, path: str) -> None:
    answer = raw(house, "POST", f"/v1/{path}", house.token(TEACHER, C.TEACHER), content=HALF_CHARACTERS[path])
    assert answer.json()["error"]["code"] == "bad_query"


def test_an_error_is_itself_and_no_other() -> None:
    assert len({GatewayError(ErrorCode.BAD_QUERY, "no"), GatewayError(ErrorCode.BAD_QUERY, "no")}) == 2


def test_injection_in_a_value_finds_nothing(house: House) -> None:
    session = house.session(TEACHER, C.TEACHER)
    assert len(session.frame("student", where={"last_name": "' OR true --"})) == 0


def test_a_question_that_is_too_long_is_refused(house: House) -> None:
    body = json.dumps({"sql": "SELECT '" + "x" * 2_000_000 + "'"}).encode()
    answer = raw(house, "POST", "/v1/sql", house.token(TEACHER, C.TEACHER), content=body)
    assert answer.json()["error"]["code"] == "bad_query"


# --- queries that would hurt

HURTING = {
    "a join of everything with everything": "SELECT count(*) FROM " + ", ".join(f"student s{n}" for n in range(60)),
    "a list without end": "SELECT unnest(generate_series(1, 100000000000)) AS n FROM student",
    "a text without end": "SELECT repeat(repeat('x', 1000000), 1000000) FROM student",
    "an answer without end": "SELECT repeat('x', 9000000) AS x FROM student a, student b, student c",
    "nothing that converts": "SELECT CAST(last_name AS INTEGER) FROM student",
    "nothing that is there": "SELECT salary FROM student",
}


@pytest.mark.parametrize("name", HURTING)
def test_a_hurting_query_is_ended_and_nobody_else_notices(house: House, name: str) -> None:
    other = house.session("S1", C.SUPERINTENDENT)
    before = len(other.frame("student"))
    with pytest.raises((errors.SqlFailed, errors.TooLarge, errors.TimedOut)) as ended:
        house.session(TEACHER, C.TEACHER).sql(HURTING[name])
    assert "Abbott" not in str(ended.value)
    assert len(other.frame("student")) == before


def test_a_reader_that_goes_away_leaves_nothing_for_the_next(house: House) -> None:
    """The rest of one person's rows must never reach another's answer."""
    path = house.url.removeprefix("http+unix://").replace("%2F", "/")
    body = json.dumps({"sql": "SELECT repeat('x', 1000000) AS x FROM student a, student b"}).encode()
    for _ in range(6):
        connection = http.client.HTTPConnection("gateway")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(path)
        headers = {"Authorization": f"token {house.token('S1', C.SUPERINTENDENT)}"}
        connection.request("POST", "/v1/sql", body, headers)
        connection.sock.recv(1000)
        connection.close()
        assert set(house.session(TEACHER, C.TEACHER).frame("student").columns) >= {"student_key", "last_name"}


def test_readers_that_stall_are_cut_off_and_others_are_answered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "STALLED_SECONDS", 2.0)
    path = house.url.removeprefix("http+unix://").replace("%2F", "/")
    body = json.dumps({"sql": "SELECT repeat('x', 1000000) AS x FROM student a, student b"}).encode()
    stalled = []
    for token in [house.token("S1", C.SUPERINTENDENT), house.token("P1", C.PRINCIPAL)] * 2:
        connection = http.client.HTTPConnection("gateway")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(path)
        connection.request("POST", "/v1/sql", body, {"Authorization": f"token {token}"})
        stalled.append(connection)
    time.sleep(1)
    assert len(house.session(TEACHER, C.TEACHER).frame("student")) > 0
    for connection in stalled:
        connection.close()


def test_an_error_late_in_an_answer_says_no_value_either(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    numbers = "(SELECT unnest(generate_series(1, 200001)) AS n)"
    text = f"SELECT CAST(CASE WHEN n = 200000 THEN last_name ELSE '1' END AS INT) AS x FROM student, {numbers}"
    # Which of the engine's threads is heard first varies, and with it the sentence.
    with pytest.raises(errors.SqlFailed):
        house.session(TEACHER, C.TEACHER).sql(text)
    assert "Abbott" not in "".join(capfd.readouterr())


def test_many_people_at_once_each_get_their_own(house: House) -> None:
    wrong: list[str] = []
    expected = {who: len(house.session(*who).frame("student")) for who in [("T1", C.TEACHER), ("S1", C.SUPERINTENDENT)]}

    def ask(who: tuple[str, Capacity]) -> None:
        session = house.session(*who)
        for _ in range(10):
            if len(session.frame("student")) != expected[who]:
                wrong.append(who[0])

    threads = [threading.Thread(target=ask, args=(who,)) for who in expected for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


async def test_an_answer_that_turns_out_too_large_on_its_way_is_cut_and_never_taken_for_whole() -> None:
    async def rows() -> AsyncIterator[bytes]:
        yield b"some"
        raise GatewayError(ErrorCode.TOO_LARGE, "The answer is too large.")

    @contextlib.asynccontextmanager
    async def answer(*_: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(description={"rows": 1}, chunks=rows())

    sent: list[str] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(str(message["type"]))

    response = routes.RowsResponse(SimpleNamespace(answer=answer), None, None)
    with pytest.raises(ConnectionAbortedError):
        await response({"type": "http"}, None, send)
    assert sent == ["http.response.start", "http.response.body"]


# --- the record


def test_every_answer_is_recorded_before_it_is_given(house: House) -> None:
    session = house.session(TEACHER, C.TEACHER)
    before = house.ledger.newest()
    frame = session.frame("student", where={"last_name": "Abbott"})
    intended, given = list(house.ledger.entries(after=before))
    assert (intended.event, given.event) == (Event.ANSWER_INTENDED, Event.ANSWER_GIVEN)
    assert json.loads(intended.detail)["answer"] == frame.attrs["dbims"]["answer_id"]
    students = house.ledger.disclosed_students(json.loads(given.detail)["students"])
    assert students == b"".join(int(key).to_bytes(8, "little") for key in sorted(frame["student_key"]))
    assert house.ledger.verify().breaks == ()


def test_the_record_holds_no_value_of_a_question(house: House) -> None:
    session = house.session(TEACHER, C.TEACHER)
    session.frame("student", where={"last_name": "Abbott", "birth_date": ("2016-01-01", None)})
    session.sql("SELECT * FROM student WHERE last_name = 'Abbott' AND birth_date > '2016-01-01'")
    session.sql('SELECT last_name AS "Abbott" FROM student "Abbott"')
    for text in ("SELECT getenv('Abbott')", 'SELECT CAST(last_name AS "Abbott 2016-01-01") FROM student'):
        with pytest.raises(errors.SqlRefused):
            session.sql(text)
    recorded = "".join(entry.detail for entry in house.ledger.entries())
    assert "Abbott" not in recorded
    assert "2016-01-01" not in recorded


def test_refusals_and_failures_are_recorded_too(house: House) -> None:
    session = house.session(TEACHER, C.TEACHER)
    before = house.ledger.newest()
    for text in ("SELECT * FROM salary", "SELECT 1; SELECT 2", "SELECT salary FROM student"):
        with pytest.raises(dbims_sdk.DbimsError):
            session.sql(text)
    events = [entry.event for entry in house.ledger.entries(after=before)]
    assert events == [Event.ANSWER_REFUSED, Event.ANSWER_REFUSED, Event.ANSWER_INTENDED, Event.ANSWER_FAILED]


def test_without_a_record_there_is_no_answer(house: House) -> None:
    """The ledger's store cannot be written: its trigger stands in for a full disk."""
    import sqlite3

    store = sqlite3.connect(house.state / "ledger" / "ledger.sqlite", isolation_level=None)
    store.execute(
        "CREATE TRIGGER full BEFORE INSERT ON audit_event WHEN NEW.event = 'answer given' "
        "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    try:
        with pytest.raises(errors.Unavailable):
            house.session(TEACHER, C.TEACHER).frame("student")
    finally:
        store.execute("DROP TRIGGER full")
        store.close()
    assert len(house.session(TEACHER, C.TEACHER).frame("student")) > 0


def test_the_arrow_stream_is_described_in_its_own_schema(house: House) -> None:
    answer = raw(house, "POST", "/v1/frame", house.token(TEACHER, C.TEACHER), json={"table": "student"})
    table = pa.ipc.open_stream(answer.content).read_all()
    assert json.loads(table.schema.metadata[b"dbims"])["rows"] == table.num_rows
    assert answer.headers["x-dbims-rows"] == str(table.num_rows)


def test_logs_hold_no_person_and_no_token(
    house: House, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    token = house.token(TEACHER, C.TEACHER)
    raw(house, "POST", "/v1/frame", token, json={"table": "student", "where": {"last_name": "Abbott"}})
    raw(house, "POST", "/v1/sql", token, json={"sql": "SELECT CAST(last_name AS INTEGER) FROM student"})
    for text in (
        "EXPLAIN SELECT 'Abbott'",
        "ALTER TABLE student FOO 'Abbott'",
        'SELECT CAST(sex AS "Abbott") FROM student',
    ):
        raw(house, "POST", "/v1/sql", token, json={"sql": text})
    printed = "".join(capfd.readouterr()) + caplog.text
    assert "Abbott" not in printed
    assert token not in printed


def test_nothing_is_kept_readable_by_others(house: House) -> None:
    loose = [path for path in house.state.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert [path.name for path in loose if path != Path(house.state / "dbims.toml")] == []
