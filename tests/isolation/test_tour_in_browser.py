"""People run the guided tour in a browser, and see their students as the source files have them; nobody else's."""

from __future__ import annotations

import json
import time
import tomllib

import pytest
from playwright.sync_api import Browser, Page, TimeoutError

from tests.oracle.csv_district import District, read_csv_district
from tests.oracle.scopes import students
from tests.running_house import RunningHouse, open_session

pytestmark = [pytest.mark.system, pytest.mark.browser]

# Tall enough for JupyterLab to draw the whole notebook.
SCREEN = {"width": 1280, "height": 24_000}
SHOWN = 10


@pytest.fixture(scope="module")
def told(house: RunningHouse) -> District:
    return read_csv_district(house.state / "demo-sources")


def expected_names(house: RunningHouse, told: District, capacity: str) -> list[tuple[str, str]]:
    """First and last names of a demonstration account's students, in the tour's order."""
    people = json.loads((house.state / "demo-sources" / "DISTRICT.json").read_text(encoding="utf-8"))["staff"]
    today = tomllib.loads((house.state / "dbims.toml").read_text(encoding="utf-8"))["today"].isoformat()
    mine = students(told, people[capacity], capacity, today)
    named = [row for row in told["student"] if row["student_key"] in mine]
    return sorted(((row["first_name"], row["last_name"]) for row in named), key=lambda name: (name[1], name[0]))


# True once the tour's kernel waits for work, as the session's server (not a mark on the page) has it.
KERNEL_WAITS = """
async (base) => {
  const xsrf = Object.fromEntries(document.cookie.split('; ').map(c => c.split('=')))['_xsrf'] ?? '';
  const answer = await fetch(base + 'api/sessions', {headers: {'X-XSRFToken': xsrf}});
  if (!answer.ok) throw new Error('api/sessions: ' + answer.status);
  return (await answer.json()).some((one) => one.path === 'guided_tour.ipynb' && one.kernel.execution_state === 'idle');
}
"""


def run_tour(page: Page, house: RunningHouse, account: str) -> None:
    """Sign in, open the tour, run all of it, and wait for its last cell.

    JupyterLab now and then opens a page whose kernel never connects; a person reloads it then, and so does this.
    """
    base = open_session(page, house, account)
    for patience in (45_000, 120_000):
        page.goto(f"http://{account}.localhost:{house.port}{base}lab/tree/guided_tour.ipynb?reset")
        page.get_by_role("heading", name="A guided tour of the district's data").wait_for()
        wait_for_kernel(page, base, patience / 1000)
        try:
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
            page.get_by_text("Students named to you today:").wait_for(timeout=patience)
        except TimeoutError:
            continue
        last = page.locator(".jp-CodeCell .jp-InputPrompt").last
        page.wait_for_function("(prompt) => /\\[\\d+\\]/.test(prompt.textContent)", arg=last.element_handle())
        return
    toolbar = page.locator(".jp-NotebookPanel-toolbar").first.inner_text()
    raise AssertionError(f"the tour did not run; the notebook's toolbar says {toolbar!r}")


def wait_for_kernel(page: Page, base: str, seconds: float) -> None:
    """Until the kernel waits for work, or the time is up: running the cells is what tells the two apart."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        close_dialog(page)
        if page.evaluate(KERNEL_WAITS, base):
            break
        page.wait_for_timeout(250)
    close_dialog(page)


def close_dialog(page: Page) -> None:
    """JupyterLab asks for a kernel where it has not heard of any yet: the one it proposes is taken, as by a person."""
    dialog = page.locator(".jp-Dialog").first
    if dialog.is_visible():
        print(f"a dialog: {dialog.inner_text()!r}")
        dialog.locator(".jp-Dialog-footer button").last.click()


@pytest.mark.parametrize("account", ["teacher", "counselor"])
def test_the_tour_shows_exactly_ones_own_students(
    account: str, house: RunningHouse, browser: Browser, told: District
) -> None:
    expected = expected_names(house, told, account)
    others = expected_names(house, told, "counselor" if account == "teacher" else "teacher")
    assert expected
    assert expected != others
    page = browser.new_page(viewport=SCREEN)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    run_tour(page, house, account)
    assert page.get_by_text(f"Students named to you today: {len(expected):,}").count() == 1
    table = page.locator("table.dataframe", has_text="birth_date").first
    cells = [row.locator("td").all_text_contents() for row in table.locator("tbody tr").all()]
    assert [(row[1], row[2]) for row in cells] == expected[:SHOWN]
    assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert not [text for text in complaints if "Content Security Policy" in text]
    page.context.close()
