"""How long a person waits: `python -m tests.bench.session [TURNS]`.

The whole house as `dbims up` starts it, a browser, a teacher. From the click on "Sign in" to JupyterLab on the screen,
and to the first frame printed by a kernel; then the same again with the session stopped and the browser's cache warm.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from tests.running_house import RunningHouse, chromium, confirm_purpose, run_cell, running_house, sign_in

FRAME = "import dbims_sdk as d; s = d.connect(); print(len(s.frame('student')))"


def main() -> None:
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with (
        tempfile.TemporaryDirectory() as folder,
        running_house(Path(folder) / "state", students=750) as house,
        chromium() as browser,
    ):
        page = browser.new_page()
        taken = [one_start(page, house) for _ in range(turns)]
    for number, (lab, frame) in enumerate(taken, start=1):
        print(f"start {number}: JupyterLab after {lab:5.1f} s, first frame after {frame:5.1f} s")
    print(f"median: {statistics.median(frame for _, frame in taken):.1f} s to the first frame; aim 10 s")


def one_start(page: Page, house: RunningHouse) -> tuple[float, float]:
    """Seconds from signing in to JupyterLab, and to the first frame. Afterwards the session is stopped."""
    began = time.perf_counter()
    sign_in(page, house, "teacher", house.passwords()["teacher"])
    confirm_purpose(page)
    page.wait_for_url("**/user/**/lab**", timeout=120_000)
    page.wait_for_selector("#jp-main-dock-panel", timeout=120_000)
    lab = time.perf_counter() - began
    printed = run_cell(page, "/user/teacher/teacher/", FRAME)
    frame = time.perf_counter() - began
    if not printed.strip().isdigit():
        raise RuntimeError("the frame did not come")
    stop_session(page, house)
    return lab, frame


def stop_session(page: Page, house: RunningHouse) -> None:
    page.goto(f"{house.url}/hub/home")
    page.locator(".stop-server").click()
    page.locator(".stop-server").wait_for(state="detached", timeout=60_000)
    page.goto(f"{house.url}/hub/logout")
    page.context.clear_cookies()


if __name__ == "__main__":
    main()
