"""Trying the forbidden from a real kernel, in a real session that a real browser opened."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.running_house import RunningHouse, open_session, run_cell, sign_in

pytestmark = [pytest.mark.system, pytest.mark.browser]


class Kernel:
    """Cells of a teacher's session."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base

    def run(self, code: str) -> str:
        return run_cell(self.page, self.base, code).strip()

    def tries(self, code: str) -> str:
        """`code` must fail; what it says when it does."""
        indented = "\n".join(f"    {line}" for line in code.strip().splitlines())
        caught = "except BaseException as e:\n    print('REFUSED', type(e).__name__, e)\nelse:\n    print('DONE')"
        said = self.run(f"try:\n{indented}\n{caught}")
        assert said.startswith("REFUSED"), said
        return said


@pytest.fixture(scope="module")
def kernel(house: RunningHouse, browser: Browser) -> Iterator[Kernel]:
    context = browser.new_context()
    page = context.new_page()
    base = open_session(page, house, "teacher")
    yield Kernel(page, base)
    context.close()


CONNECT = "import dbims_sdk as d; s = d.connect()\n"


def test_the_kernel_sees_its_own_students(kernel: Kernel) -> None:
    said = kernel.run(CONNECT + "f = s.frame('student'); print(len(f), f.attrs['dbims']['capacity'])")
    rows, capacity = said.split()
    assert int(rows) > 0
    assert capacity == "teacher"


def test_the_state_folder_and_the_program_are_not_there(kernel: Kernel, house: RunningHouse) -> None:
    places = [str(house.state), str(house.state / "warehouse"), str(house.state / "ledger"), str(house.state / "homes")]
    assert kernel.run(f"import os; print([p for p in {places!r} if os.path.exists(p)])") == "[]"
    assert "ModuleNotFoundError" in kernel.tries("import governance")


def test_no_file_anywhere_holds_data_or_a_key(kernel: Kernel) -> None:
    code = """
import os, sys
found = []
pythons = {os.path.realpath(folder) for folder in (sys.prefix, sys.base_prefix)}
own = {'history.sqlite', 'jupyter_cookie_secret'}
for top in ('/run', '/home', '/opt', '/tmp', '/etc', '/root', '/var', '/srv', '/mnt'):
    for folder, inner, names in os.walk(top):
        inner[:] = [name for name in inner if os.path.realpath(os.path.join(folder, name)) not in pythons]
        found += [n for n in names if n.endswith(('.parquet', '.sqlite', '.pem', '.key')) and n not in own]
        found += [n for n in names if ('cookie_secret' in n or 'demo-accounts' in n) and n not in own]
print(found)
"""
    assert kernel.run(code) == "[]"


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.create_connection(('127.0.0.1', PORT), 3)",
        "import socket; socket.create_connection(('1.1.1.1', 53), 3)",
        "import socket; socket.getaddrinfo('example.com', 80)",
        "import urllib.request; urllib.request.urlopen('http://localhost:PORT/hub/', timeout=3)",
        "import socket; u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.sendto(b'x', ('8.8.8.8', 53))",
    ],
)
def test_there_is_no_network(kernel: Kernel, house: RunningHouse, code: str) -> None:
    kernel.tries(code.replace("PORT", str(house.port)))


def test_only_this_sessions_processes_exist(kernel: Kernel) -> None:
    said = kernel.run("import os; print(sorted(int(p) for p in os.listdir('/proc') if p.isdigit())[-1])")
    assert int(said) < 1000
    owners = "import os; print([open(f'/proc/{p}/cmdline').read() for p in os.listdir('/proc') if p.isdigit()])"
    listed = kernel.run(owners)
    assert "governance.gateway" not in listed
    assert "configurable-http-proxy" not in listed


def test_the_environment_holds_no_key_but_the_sessions_own(kernel: Kernel, house: RunningHouse) -> None:
    environment = json.loads(kernel.run("import os, json; print(json.dumps(dict(os.environ)))"))
    secret = {name for name in environment if any(word in name for word in ("TOKEN", "SECRET", "PASSWORD", "KEY"))}
    assert secret == {"JUPYTERHUB_API_TOKEN"}
    assert str(house.state) not in json.dumps(environment)


ASK = """
import http.client, json, os, socket
def ask(path, token, body=None, headers={}, where='/run/dbims/gateway.sock', method=None):
    c = http.client.HTTPConnection('x'); c.sock = socket.socket(socket.AF_UNIX); c.sock.connect(where)
    held = {'Authorization': 'token ' + token} if token else {}
    c.request(method or ('POST' if body else 'GET'), path, json.dumps(body) if body else None, {**held, **headers})
    r = c.getresponse(); return r.status, r.read()[:3000].decode(errors='replace')
mine = os.environ['JUPYTERHUB_API_TOKEN']
"""


def test_the_gateway_without_a_token_or_with_a_made_up_one(kernel: Kernel) -> None:
    said = kernel.run(
        ASK + "print(ask('/v1/whoami', None)[0], ask('/v1/whoami', 'a' * 32)[0], ask('/v1/tables', '')[0])"
    )
    assert said == "401 401 401"


def test_forged_fields_change_nothing(kernel: Kernel) -> None:
    forged = (
        "{'X-DBIMS-Capacity': 'superintendent', 'X-Forwarded-User': 'superintendent', 'X-Real-User': 'superintendent'}"
    )
    said = kernel.run(ASK + f"print(json.loads(ask('/v1/whoami', mine, headers={forged})[1])['capacity'])")
    assert said == "teacher"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/hub/api/users", None),
        ("GET", "/hub/api/users/superintendent", None),
        ("POST", "/hub/api/users/superintendent/tokens", {"note": "x"}),
        ("POST", "/hub/api/users/superintendent/servers/superintendent", {"x": 1}),
        ("POST", "/hub/api/users/teacher/servers/superintendent", {"x": 1}),
        ("POST", "/hub/api/users/teacher/tokens", {"roles": ["admin"]}),
        ("POST", "/hub/api/users/mallory", {"admin": True}),
        ("GET", "/hub/api/proxy", None),
        ("GET", "/hub/api/services", None),
        ("POST", "/hub/api/shutdown", {"proxy": True}),
    ],
)
def test_the_sessions_token_opens_nothing_else_in_the_hub(kernel: Kernel, method: str, path: str, body: object) -> None:
    call = f"ask({path!r}, mine, {body!r}, where='/run/dbims/hub.sock', method={method!r})"
    status = int(kernel.run(ASK + f"print({call}[0])"))
    assert status in (403, 404), status


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_parquet('/snapshots/*/student.parquet')",
        "COPY student TO '/tmp/x.csv'",
        "ATTACH '/snapshots/x' AS x",
        "PRAGMA database_list",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM duckdb_settings()",
        "SELECT 1; SELECT 2",
        "WITH student AS (SELECT 1) SELECT * FROM student",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r) SELECT count(*) FROM r",
        "CREATE MACRO f() AS 1",
        "SELECT getenv('HOME')",
        "SELECT * FROM \"read_parquet\"('/snapshots/x/student.parquet')",
        'SELECT * FROM "/snapshots/x/student.parquet"',
        'SELECT * FROM "information_schema"."tables"',
        'SELECT * FROM "main"."sqlite_master"',
        "SELECT 1 -- \n; DROP VIEW student",
        "SELECT /* */ current_setting('memory_limit')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('student')",
    ],
)
def test_sql_reaches_nothing_else(kernel: Kernel, text: str) -> None:
    said = kernel.tries(CONNECT + f"s.sql({text!r})")
    assert "SqlRefused" in said or "UnknownTable" in said


def test_another_session_is_closed_to_this_account(kernel: Kernel, house: RunningHouse, browser: Browser) -> None:
    page = browser.new_page()
    open_session(page, house, "counselor")
    page.close()
    answer = kernel.page.goto(f"http://counselor.localhost:{house.port}/user/counselor/counselor/api/contents")
    assert answer is not None
    assert answer.status in (403, 404) or "/hub/" in answer.url
    kernel.page.goto(f"http://teacher.localhost:{house.port}{kernel.base}lab")


def test_a_script_in_a_session_cannot_read_the_hubs_pages(kernel: Kernel, house: RunningHouse) -> None:
    code = """async (address) => {
        try { return 'read ' + (await fetch(address, {credentials: 'include'})).status; }
        catch (error) { return 'blocked'; }
    }"""
    assert kernel.page.evaluate(code, f"{house.url}/hub/home") == "blocked"


def test_a_wrong_password_says_so_and_lets_nobody_in(house: RunningHouse, browser: Browser) -> None:
    page = browser.new_page()
    sign_in(page, house, "teacher", "not the password")
    assert "/hub/login" in page.url
    page.get_by_text("Invalid username or password").wait_for()
    page.close()


def test_another_sessions_token_opens_nothing_here(kernel: Kernel, house: RunningHouse, browser: Browser) -> None:
    page = browser.new_page()
    theirs = Kernel(page, open_session(page, house, "superintendent"))
    token = theirs.run("import os; print(os.environ['JUPYTERHUB_API_TOKEN'])")
    assert theirs.run(ASK + "print(ask('/v1/whoami', mine)[0])") == "200"
    assert kernel.run(ASK + f"print(ask('/v1/whoami', {token!r})[0], ask('/v1/tables', {token!r})[0])") == "401 401"
    page.context.close()


def test_nobody_makes_tokens_by_hand(kernel: Kernel, house: RunningHouse) -> None:
    page = kernel.page.context.new_page()
    page.goto(f"{house.url}/hub/home")
    posting = """async ([path, body]) => {
        const headers = {'X-XSRFToken': window.jhdata.xsrf_token, 'Content-Type': 'application/json'};
        return (await fetch('/hub/api/users/' + path, {method: 'POST', body: JSON.stringify(body), headers})).status;
    }"""
    allowed = ["teacher/activity", {"last_activity": "2026-01-01T00:00:00Z"}]
    assert page.evaluate(posting, allowed) == 200
    assert [page.evaluate(posting, [f"{name}/tokens", {}]) for name in ("teacher", "superintendent")] == [403, 403]
    page.close()


def test_links_that_a_session_plants_lead_nowhere(kernel: Kernel, house: RunningHouse) -> None:
    kernel.run("""
import os
os.rename('/run/session/server.sock', '/run/session/moved.sock')
os.symlink('/run/dbims/hub.sock', '/run/session/server.sock')
os.symlink('/', os.path.expanduser('~/everything'))
""")
    answer = kernel.page.goto(f"http://teacher.localhost:{house.port}{kernel.base}api/status")
    assert answer is not None
    assert "kernels" in answer.json()
    kernel.page.goto(f"http://teacher.localhost:{house.port}{kernel.base}lab")
    held = kernel.run("import os; print(sorted(os.listdir(os.path.expanduser('~/everything/home'))))")
    assert held == "['teacher']"
    kernel.run("import os; os.unlink(os.path.expanduser('~/everything'))")


@pytest.mark.parametrize("address", ["http://localhost:{port}/hub/api/user", "http://127.0.0.1:{port}/", "/user/x/"])
def test_a_notebooks_script_talks_to_its_own_session_only(kernel: Kernel, house: RunningHouse, address: str) -> None:
    code = """async (address) => {
        try { await fetch(address, {mode: 'no-cors', credentials: 'include'}); return 'sent'; }
        catch (error) { return 'blocked'; }
    }"""
    assert kernel.page.evaluate(code, address.format(port=house.port)) == "blocked"
    assert kernel.page.evaluate(code, f"{kernel.base}api/status") == "sent"


def test_a_session_that_was_stopped_answers_no_more(house: RunningHouse, browser: Browser) -> None:
    page = browser.new_page()
    base = open_session(page, house, "principal")
    page.goto(f"{house.url}/hub/home")
    page.locator(".stop-server").click()
    page.locator(".stop-server").wait_for(state="detached", timeout=60_000)
    answer = page.goto(f"http://principal.localhost:{house.port}{base}api/status")
    assert answer is not None
    assert answer.status >= 400
    page.goto(f"{house.url}/hub/logout")
    page.goto(f"{house.url}/hub/home")
    assert "/hub/login" in page.url
    page.context.close()


def test_somebody_may_not_start_a_session_in_a_capacity_they_do_not_hold(house: RunningHouse, browser: Browser) -> None:
    page = browser.new_page()
    sign_in(page, house, "operator", house.passwords()["operator"])
    for server in ("superintendent", "operator", ""):
        answer = page.goto(f"{house.url}/hub/spawn/operator/{server}")
        assert answer is not None
        assert answer.status in (400, 403, 404), (server, answer.status)
    page.close()


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("hub/nonsense", "There is no page at this address"),
        ("hub/token", "No tokens are made by hand"),
        ("hub/spawn/counselor/superintendent", "You do not hold the capacity Superintendent today"),
        ("hub/user/counselor/teacher/lab", "This session is not running"),
    ],
)
def test_pages_say_what_is_the_matter(house: RunningHouse, browser: Browser, path: str, says: str) -> None:
    page = browser.new_page()
    sign_in(page, house, "counselor", house.passwords()["counselor"])
    page.goto(f"{house.url}/{path}")
    page.get_by_text(says).wait_for()
    assert "None" not in page.locator("main").inner_text().split()
    page.context.close()
