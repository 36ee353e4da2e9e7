"""The console in a real house, visited with a real browser: what people do there, and what others try there."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route

from governance.catalog import load_catalog
from governance.ledger import Acted, Ledger, Told
from governance.requests import Act, Kind, Known
from governance.state import State
from governance.vocabulary import Capacity
from tests.console.asking import APPLICATION
from tests.running_house import RunningHouse, chromium, confirm_purpose, run_cell, running_house, sign_in

pytestmark = [pytest.mark.system, pytest.mark.browser]

CHIEF, SECRETARY, OPERATOR = "superintendent", "executive-secretary", "operator"
WIDTHS = ({"width": 1280, "height": 900}, {"width": 390, "height": 844})
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASKS = """
import time, dbims_sdk as dbims
s = dbims.connect()
while True:
    try:
        said = f"answered {len(s.frame('student', columns=['student_key']))}"
    except Exception as error:
        said = f"refused {getattr(error, 'code', type(error).__name__)}"
    with open('asked.txt', 'a') as file:
        file.write(said + chr(10))
    time.sleep(0.1)
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with running_house(tmp_path_factory.mktemp("house") / "state") as house:
        yield house


def house_ledger(house: RunningHouse) -> Ledger:
    return State(house.state).ledger()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=WIDTHS[0])
    yield context
    context.close()


def console(house: RunningHouse, path: str = "") -> str:
    return f"http://dbims--service.localhost:{house.port}/services/dbims/{path}"


def enter(context: BrowserContext, house: RunningHouse, username: str) -> Page:
    """Signed in at the Hub, and by that at the console."""
    page = context.new_page()
    sign_in(page, house, username, house.passwords()[username])
    page.goto(console(house))
    return page


def sign(page: Page, house: RunningHouse, button: str) -> None:
    page.fill("#password", house.passwords()[CHIEF])
    page.get_by_role("button", name=button, exact=True).click()


def levels(house: RunningHouse, username: str) -> list[Capacity]:
    with closing(house_ledger(house)) as ledger:
        return [level.capacity for level in ledger.levels.of(username)]


# -- accessibility ---------------------------------------------------------------------------------


def complaints(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]


def test_every_page_is_accessible_at_both_widths_light_and_dark(browser: Browser, house: RunningHouse) -> None:
    with closing(house_ledger(house)) as ledger:
        today = State(house.state).today()
        number, draft = an_application(ledger, today), ledger.requests.begin_draft("teacher", Kind.APPLICATION, today)
        ledger.reviews.catch_up(["attendance"], today)
    paths = {
        CHIEF: [
            *("", "desk", "requests", f"requests/{number}", f"requests/{number}/decide/approve", "workflows", "levels"),
            *("levels/teacher", "levels/teacher/grant", "levels/teacher/teacher/revoke", "levels/regulate", "student"),
            *("use", "use/questions", f"use/mark?about={'ab' * 8}&person=teacher", "audit", "audit/verify"),
            *("registers/application", "registers/board", "registers/freedom_of_information", "nowhere"),
            *(f"requests/{number}/consents", "reviews", "reviews/1", "reviews/plan/attendance"),
        ],
        "teacher": [
            *("", "requests", f"requests/{number}", f"requests/{number}/do/withdraw", "levels"),
            f"requests/{draft}/do/submit",
        ],
    }
    found: dict[str, list[str]] = {}
    for scheme in ("light", "dark"):
        for username, visited in paths.items():
            context = browser.new_context(viewport=WIDTHS[0], color_scheme=scheme)  # type: ignore[arg-type]
            page = enter(context, house, username)
            for path in visited:
                page.goto(console(house, path))
                for size in WIDTHS:
                    page.set_viewport_size(size)  # type: ignore[arg-type]
                    wrong = complaints(page)
                    if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                        wrong.append("wider than the screen")
                    if wrong:
                        found[f"{username} {path} {size['width']} {scheme}"] = wrong
            context.close()
    assert found == {}


def an_application(ledger: Ledger, today: date) -> int:

    number = ledger.requests.begin_draft("teacher", Kind.APPLICATION, today)
    told = Told({**APPLICATION, "begin": today.isoformat(), "end": (today + timedelta(days=30)).isoformat()})
    done = ledger.requests.act("teacher", number, Act.SUBMIT, told, Known(today, load_catalog()))
    assert isinstance(done, Acted)
    return number


# -- levels ----------------------------------------------------------------------------------------


def test_a_level_that_is_granted_works_and_revoked_it_ends_the_session_that_runs(
    browser: Browser, house: RunningHouse
) -> None:
    chief, principal = browser.new_context(), browser.new_context()
    office = enter(chief, house, CHIEF)
    office.goto(console(house, "levels/principal/grant?as=teacher"))
    sign(office, house, "Grant the level")
    office.get_by_text("The access level is established.").wait_for()
    assert Capacity.TEACHER in levels(house, "principal")

    page = principal.new_page()
    sign_in(page, house, "principal", house.passwords()["principal"])
    base = start(page, house, "principal", "teacher")
    assert "teacher" in run_cell(page, base, "import dbims_sdk as dbims; print(dbims.connect().whoami())")
    page.evaluate(START_CELL, [base, ASKS])
    asked = house.state / "homes" / "principal" / "teacher" / "asked.txt"
    wait_for(lambda: asked.exists() and "answered" in asked.read_text())

    office.goto(console(house, "levels/principal"))
    office.get_by_role("link", name="Revoke Teacher").click()
    sign(office, house, "Revoke the level")
    office.get_by_text("its session was ended").wait_for()
    assert Capacity.TEACHER not in levels(house, "principal")
    wait_for(lambda: "not running" in session_page(page, house, base))
    after = asked.read_text().splitlines()
    time.sleep(1)
    assert asked.read_text().splitlines() == after
    assert "answered" not in after[-1] or after[-1] == after[-2]
    for context in (chief, principal):
        context.close()


START_CELL = """
async ([base, code]) => {
  const xsrf = Object.fromEntries(document.cookie.split('; ').map(c => c.split('=')))['_xsrf'] ?? '';
  const headers = {'X-XSRFToken': xsrf, 'Content-Type': 'application/json'};
  const kernel = (await (await fetch(base + 'api/kernels', {method: 'POST', headers, body: '{}'})).json()).id;
  const socket = new WebSocket(location.origin.replace('http', 'ws') + base + `api/kernels/${kernel}/channels`);
  await new Promise((ready, failed) => { socket.onopen = ready; socket.onerror = failed; });
  const id = crypto.randomUUID().replaceAll('-', '');
  const header = {msg_id: id, msg_type: 'execute_request', username: '', session: id, version: '5.3',
    date: new Date().toISOString()};
  const content = {code, silent: false, store_history: false, user_expressions: {}, allow_stdin: false,
    stop_on_error: true};
  socket.send(JSON.stringify({header, parent_header: {}, metadata: {}, channel: 'shell', buffers: [], content}));
  window.kept = socket;
}
"""


def start(page: Page, house: RunningHouse, username: str, server: str) -> str:
    """A session of somebody with several, in JupyterLab. Where it lives."""
    page.goto(f"{house.url}/hub/spawn/{username}/{server}")
    confirm_purpose(page)
    page.wait_for_url("**/user/**/lab**", timeout=180_000)
    page.wait_for_selector("#jp-main-dock-panel", timeout=180_000)
    return f"/user/{username}/{server}/"


def session_page(page: Page, house: RunningHouse, base: str) -> str:
    page.goto(f"http://{base.split('/')[2]}.localhost:{house.port}{base}lab")
    return page.inner_text("body")


def wait_for(so: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not so():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.3)


# -- forged decisions ------------------------------------------------------------------------------

FORGED = "levels/teacher/teacher/revoke"


@pytest.mark.parametrize("username", [SECRETARY, OPERATOR, "teacher"])
def test_nobody_but_the_superintendent_gets_to_a_decision(browser: Browser, house: RunningHouse, username: str) -> None:
    # Their own browser does not hold them back: what the console's pages may do is not what protects it here.
    context = browser.new_context(bypass_csp=True)
    page = enter(context, house, username)
    answer = page.goto(console(house, FORGED))
    assert answer is not None and answer.status == 404
    page.goto(console(house))
    own = page.evaluate(
        "async ([path, body]) => (await fetch(path, {method: 'POST', body: new URLSearchParams(body)})).status",
        [console(house, FORGED), {"page": "x", "password": house.passwords()[CHIEF]}],
    )
    assert own == 404
    assert levels(house, "teacher") == [Capacity.TEACHER]


def test_a_kernel_reaches_no_console(visit: BrowserContext, house: RunningHouse) -> None:
    page = visit.new_page()
    sign_in(page, house, CHIEF, house.passwords()[CHIEF])
    base = start(page, house, CHIEF, CHIEF)
    tried = run_cell(
        page,
        base,
        f"""
import os, socket, http.client
print(sorted(os.listdir('/run/dbims')))
try:
    socket.create_connection(('127.0.0.1', {house.port}), 2); print('a network')
except OSError: print('no network')
for name in ('hub.sock', 'gateway.sock'):
    s = socket.socket(socket.AF_UNIX); s.connect('/run/dbims/' + name)
    c = http.client.HTTPConnection('x'); c.sock = s
    c.request('POST', '/services/dbims/{FORGED}', 'page=x&password=x', {{
        'Authorization': 'token ' + os.environ['JUPYTERHUB_API_TOKEN'],
        'Origin': '{console(house).removesuffix("/services/dbims/")}',
        'Host': 'dbims--service.localhost:{house.port}'}})
    print(name, c.getresponse().status)
""",
    )
    assert "['gateway.sock', 'hub.sock']" in tried
    assert "no network" in tried
    assert "gateway.sock 404" in tried
    assert not any(f"hub.sock {good}" in tried for good in (200, 303))
    assert levels(house, "teacher") == [Capacity.TEACHER]


def test_a_script_in_a_notebook_that_the_superintendent_opens_decides_nothing(
    visit: BrowserContext, house: RunningHouse
) -> None:
    """As if the notebook's own policy were not there: on the origin of a session, with everything else a page has."""
    page = enter(visit, house, CHIEF)
    page.goto(console(house, "levels"))
    attack = f"""
<form id="f" method="post" action="{console(house, FORGED)}">
<input name="page" value="x"><input name="password" value="guessed"></form>
<iframe src="{console(house, "levels")}"></iframe>
<script>
window.seen = [];
fetch("{console(house, "levels")}", {{credentials: "include"}}).then(a => a.text()).then(
  t => window.seen.push("read " + t.length), () => window.seen.push("not read"));
fetch("{console(house, FORGED)}", {{method: "POST", mode: "no-cors", credentials: "include",
  body: new URLSearchParams({{page: "x", password: "guessed"}})}}).then(
  () => window.seen.push("sent"), () => window.seen.push("not sent"));
</script>"""

    def notebook(route: Route) -> None:
        route.fulfill(body=attack, content_type="text/html")

    notebook_page = visit.new_page()
    notebook_page.route("**/evil-notebook", notebook)
    notebook_page.goto(f"http://teacher.localhost:{house.port}/evil-notebook")
    notebook_page.wait_for_function("window.seen.length === 2")
    assert "not read" in notebook_page.evaluate("window.seen")
    framed = [frame for frame in notebook_page.frames if frame.parent_frame is not None]
    assert all("Access levels" not in frame.content() for frame in framed)
    with notebook_page.expect_navigation():
        notebook_page.evaluate("document.getElementById('f').submit()")
    assert "This did not come from here" in notebook_page.inner_text("body")
    assert levels(house, "teacher") == [Capacity.TEACHER]
    # And the Superintendent is still where they were.
    page.goto(console(house, "levels"))
    assert "Access levels" in page.inner_text("h1")


def test_who_signs_out_at_the_hub_is_signed_out_here(visit: BrowserContext, house: RunningHouse) -> None:
    page = enter(visit, house, CHIEF)
    assert "Welcome" in page.inner_text("h1")
    page.goto(f"{house.url}/hub/logout")
    page.goto(console(house, "levels"))
    assert "/hub/login" in page.url


# -- requests --------------------------------------------------------------------------------------


def test_an_application_becomes_a_grant_that_works_in_a_notebook_and_expires(
    browser: Browser, house: RunningHouse
) -> None:
    today = State(house.state).today()
    theirs, office = browser.new_context(), browser.new_context()
    page, desk = enter(theirs, house, "counselor"), enter(office, house, CHIEF)
    page.goto(console(house, "requests"))
    page.get_by_role("button", name="Begin Application for access outside the general levels").click()
    page.fill("#title", "Attendance by month")
    page.fill("#need", "To see in which months students are absent, in all schools together.")
    page.fill("#columns", "student: student_key, sex\nattendance: student_key, attendance_date, attendance_event")
    page.fill("#population", "All students")
    page.fill("#years", "2027")
    page.fill("#begin", today.isoformat())
    page.get_by_role("button", name="Submit").click()
    assert "Last day: this is needed" in page.inner_text("main")
    assert page.input_value("#title") == "Attendance by month"
    page.fill("#end", today.isoformat())
    page.get_by_role("button", name="Submit").click()
    page.get_by_text("Done, and on record.").wait_for()

    desk.goto(console(house, "desk"))
    desk.get_by_role("link", name="Attendance by month").click()
    desk.get_by_role("link", name="Approve", exact=True).click()
    desk.fill("#grant_name", "months")
    desk.fill("#k", "5")
    desk.fill("#reason", "Nobody is identified, and the need is plain.")
    sign(desk, house, "Approve")
    desk.get_by_text("Decided, and on record.").wait_for()
    page.goto(console(house, "requests"))
    page.get_by_role("link", name="Attendance by month").click()
    page.get_by_role("link", name="Letter 1").click()
    assert "Your request is approved." in page.inner_text("body")

    base = start(page, house, "counselor", "study-months")
    asks = "import dbims_sdk as dbims; print(len(dbims.connect().frame('student')))"
    assert int(run_cell(page, base, asks)) > 0
    set_today(house, today + timedelta(days=1))
    try:
        assert int(run_cell(page, base, "print(1)")) == 1
        refused = run_cell(page, base, asks)
        assert "Error" in refused or "NoGrant" in refused or "Refused" in refused or "NotAllowed" in refused
        desk.goto(console(house, "desk"))
        desk.goto(console(house, "registers/application"))
        assert "expired" in desk.inner_text("main")
    finally:
        set_today(house, today)
    for context in (theirs, office):
        context.close()


def set_today(house: RunningHouse, day: date) -> None:
    command = [sys.executable, "-m", "governance", "today", day.isoformat(), "--state", str(house.state)]
    subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[2])


def test_an_external_request_without_a_statement_is_not_taken(visit: BrowserContext, house: RunningHouse) -> None:
    today = State(house.state).today()
    page = enter(visit, house, SECRETARY)
    page.goto(console(house, "requests"))
    page.get_by_role("button", name="Begin External request for data or research").click()
    written = {
        "title": "Transfer and belonging",
        "researcher": "A. Researcher",
        "institution": "A University",
        "purpose": "What changes of school do to attendance.",
        "methods": "Regression over attendance events by month.",
        "competence": "Two published studies of the same kind.",
        "consent_provision": "A letter to all families, with a form to say no.",
        "columns": "attendance: attendance_date, attendance_event",
        "population": "Grades 6 to 8",
        "years": "2027",
        "begin": today.isoformat(),
        "end": (today + timedelta(days=60)).isoformat(),
    }
    for name, text in written.items():
        page.fill(f"#{name}", text)
    page.select_option("#basis", index=1)
    page.get_by_role("button", name="Submit").click()
    assert "Consequences of the study: this is needed." in page.inner_text(".problems")
    assert page.get_attribute("#consequences", "aria-invalid") == "true"
    for name, text in written.items():
        assert page.input_value(f"#{name}") == text
    page.get_by_role("link", name="Consequences of the study").click()
    assert page.evaluate("document.activeElement.id") == "consequences"


def test_a_member_of_the_board_alone_gets_a_letter_with_the_rule(visit: BrowserContext, house: RunningHouse) -> None:
    page = enter(visit, house, SECRETARY)
    page.goto(console(house, "requests"))
    page.get_by_role("button", name="Begin Request of the Board of Education").click()
    page.goto(page.url.replace("/do/register", "/do/turn_away"))
    page.fill("#question", "The grades of one class")
    page.fill("#member", "A. Member")
    page.fill("#asked_on", State(house.state).today().isoformat())
    page.get_by_role("button", name="Turn away").click()
    page.get_by_role("link", name="Letter 1").click()
    assert "A member alone cannot give it" in page.inner_text("body")


def test_no_log_holds_a_form_an_address_of_a_student_or_a_token(visit: BrowserContext, house: RunningHouse) -> None:
    student_id = (house.state / "demo-sources" / "student.csv").read_text().splitlines()[1].split(",")[1]
    page = enter(visit, house, CHIEF)
    page.goto(console(house, "student"))
    page.fill("#student_id", student_id)
    page.get_by_role("button", name="Show the record").click()
    page.get_by_text("Record of disclosures").first.wait_for()
    assert student_id not in page.url
    log = (house.state / "hub" / "hub.log").read_text()
    assert student_id not in log
    assert house.passwords()[CHIEF] not in log
    assert "a page failed" not in log
    assert "governance/console" not in log
