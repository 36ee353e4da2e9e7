"""Who gets in, and what holds for every page: signing in, forms from elsewhere, headers, and forms used twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from governance.console.guards import HEADERS, Guards
from governance.console.pages import PAGES
from governance.console.pages_sent import GOOD_FOR_SECONDS, PagesSent, Standing
from governance.console.visits import LONGEST_SECONDS, Visits
from governance.vocabulary import Capacity
from tests.console.visiting import HOLDERS, ORIGIN, PASSWORD, PREFIX, TODAY, House, page_name, words

CHIEF = HOLDERS[Capacity.SUPERINTENDENT]
TEACHER = HOLDERS[Capacity.TEACHER]
REVOKE = f"levels/{TEACHER}/teacher/revoke"


def test_nobody_who_is_not_signed_in_sees_anything(house: House) -> None:
    browser = house.browser()
    for page in PAGES:
        if "{" not in page.path and page.draw is not None:
            answer = browser.get(page.path)
            assert answer.status_code == 302, page.path
            assert answer.headers["location"].startswith("http://localhost:8000/hub/api/oauth2/authorize")


def test_signing_in_leads_to_the_page_that_was_asked_for(house: House) -> None:
    browser = house.browser()
    away = browser.get("levels")
    state = away.headers["location"].rpartition("=")[2]
    back = browser.come_back(state, CHIEF)
    assert back.headers["location"] == f"{PREFIX}levels"
    assert browser.get("levels").status_code == 200


def test_cookies_are_bound_to_the_console_and_hold_no_token(house: House) -> None:
    browser = house.browser()
    away = browser.get("")
    state = away.headers["location"].rpartition("=")[2]
    back = browser.come_back(state, CHIEF)
    for answer in (away, back):
        cookie = answer.headers["set-cookie"]
        assert f"Path={PREFIX}" in cookie and "HttpOnly" in cookie and "SameSite=lax" in cookie
        assert "token of" not in cookie
    assert "token" not in back.headers["location"]


def test_a_sign_in_that_another_browser_began_signs_nobody_in(house: House) -> None:
    state = house.browser().get("").headers["location"].rpartition("=")[2]
    answer = house.browser().come_back(state, CHIEF)
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


def test_who_signs_out_at_the_hub_is_signed_out_here(house: House) -> None:
    browser = house.browser(CHIEF)
    assert browser.get("").status_code == 200
    house.hub.known.discard(CHIEF)
    assert browser.get("").status_code == 302
    house.hub.known.add(CHIEF)
    assert browser.get("").status_code == 302


def test_a_visit_ends_after_hours() -> None:
    now = [0.0]
    visits = Visits(lambda: now[0])
    name = visits.begin("ann", "token")
    assert visits.find(name) is not None
    now[0] = LONGEST_SECONDS + 1
    assert visits.find(name) is None


@pytest.mark.parametrize("origin", [None, "null", "http://a-teacher.localhost:8000", "http://localhost:8000"])
def test_a_form_from_elsewhere_is_refused_before_it_is_read(house: House, origin: str | None) -> None:
    browser = house.browser(CHIEF)
    page = browser.page_of(REVOKE)
    answer = browser.post(REVOKE, {"page": page, "password": PASSWORD}, origin=origin)
    assert answer.status_code == 403
    assert "did not come from here" in words(answer.text)
    assert [level.capacity for level in house.ledger.levels.of(TEACHER)] == [Capacity.TEACHER]


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_form_that_the_browser_says_another_site_sent_is_refused(house: House, site: str) -> None:
    browser = house.browser(CHIEF)
    headers = {"origin": ORIGIN, "sec-fetch-site": site}
    fields = {"page": browser.page_of(REVOKE), "password": PASSWORD}
    assert browser.ask("POST", REVOKE, data=fields, headers=headers).status_code == 403
    assert house.ledger.levels.of(TEACHER)


def test_without_the_name_of_its_page_a_form_does_nothing(house: House) -> None:
    browser = house.browser(CHIEF)
    for made_up in ("", "x", "a.1.b", "é" * 40, "0" * 32 + ".1." + "0" * 64):
        answer = browser.post(REVOKE, {"page": made_up, "password": PASSWORD})
        assert answer.status_code == 409
        assert "too old" in words(answer.text)
    assert house.ledger.levels.of(TEACHER)


def test_the_name_of_a_page_is_bound_to_the_person_the_visit_and_the_page(house: House) -> None:
    mine, again = house.browser(CHIEF), house.browser(CHIEF)
    other = f"levels/{HOLDERS[Capacity.COUNSELOR]}/counselor/revoke"
    secretary = house.browser(HOLDERS[Capacity.EXECUTIVE_SECRETARY])
    for name in (again.page_of(REVOKE), mine.page_of(other), secretary.page_of("student")):
        assert mine.post(REVOKE, {"page": name, "password": PASSWORD}).status_code == 409
    assert house.ledger.levels.of(TEACHER)


def test_the_name_of_a_page_ends_after_hours() -> None:
    now = [1_000_000.0]
    sent = PagesSent(lambda: now[0])
    name = sent.name("visit", "ann", "/a")
    assert sent.standing(name, "visit", "ann", "/a") is Standing.GOOD
    now[0] += GOOD_FOR_SECONDS + 2
    assert sent.standing(name, "visit", "ann", "/a") is Standing.EXPIRED


def test_a_form_sent_twice_acts_once(house: House) -> None:
    browser = house.browser(CHIEF)
    fields = {"page": browser.page_of(REVOKE), "password": PASSWORD}
    first, second = browser.post(REVOKE, fields), browser.post(REVOKE, fields)
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert house.hub.ended == [(TEACHER, "teacher")]


def test_a_form_that_is_on_its_way_yet_is_not_acted_on_a_second_time() -> None:
    sent = PagesSent()
    name = sent.name("visit", "ann", "/a")
    assert sent.take(name) is None
    taken = sent.take(name)
    assert taken is not None and taken.led_to is None
    sent.settle(name, "/b")
    settled = sent.take(name)
    assert settled is not None and settled.led_to == "/b"


def test_every_answer_carries_the_headers(house: House) -> None:
    chief = house.browser(CHIEF)
    answers = [
        chief.get(""),
        chief.get("nowhere"),
        chief.get("static/console.css"),
        chief.post(REVOKE, {}, origin=None),
        house.browser().get(""),
        house.browser().get("oauth_callback"),
    ]
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (answer.url, name)


def test_no_page_holds_a_script_or_a_style_of_its_own(house: House) -> None:
    chief = house.browser(CHIEF)
    for page in PAGES:
        if "{" not in page.path and page.draw is not None:
            text = chief.get(page.path).text
            assert "<script" not in text and " style=" not in text and " onclick=" not in text, page.path


def test_what_is_not_there_and_what_is_not_yours_look_the_same(house: House) -> None:
    teacher = house.browser(TEACHER)
    unknown, not_mine = teacher.get("nowhere"), teacher.get("levels")
    assert unknown.status_code == not_mine.status_code == 404
    assert "There is nothing here" in words(unknown.text) and "There is nothing here" in words(not_mine.text)


def test_who_is_nobody_here_is_told_so_plainly(house: House) -> None:
    house.hub.known |= {"a-parent"}
    answer = house.browser("a-parent").get("")
    assert answer.status_code == 403
    assert "You are not registered as a user of the data system." in words(answer.text)
    assert "Parents and eligible students" in words(answer.text)


def test_who_is_locked_gets_no_page(house: House) -> None:
    browser = house.browser(TEACHER)
    house.ledger.lock_person("op", TEACHER, "a lost laptop")
    assert browser.get("").status_code == 403
    assert "Your account is locked." in words(browser.get("").text)


def test_too_much_at_once_is_said_so(house: House) -> None:
    browser = house.browser(CHIEF)
    headers = {"origin": ORIGIN, "content-type": "multipart/form-data; boundary=x"}

    async def body() -> AsyncIterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="file"; filename="big"\r\n\r\n'
        for _ in range(70):
            yield b"a" * 1024 * 1024

    answer = browser.ask("POST", "student", content=body(), headers=headers)
    assert answer.status_code == 413
    assert "larger than" in words(answer.text)


def test_too_many_fields_are_said_so(house: House) -> None:
    browser = house.browser(CHIEF)
    answer = browser.post("student", {f"f{number}": "x" for number in range(400)})
    assert answer.status_code == 400
    assert "cannot be read" in words(answer.text)


def test_markup_in_a_field_is_text_like_any_other(house: House) -> None:
    browser = house.browser(CHIEF)
    typed = "\"><script>alert(1)</script>'"
    answer = browser.send("student", {"student_id": typed})
    assert answer.status_code == 400
    assert "<script" not in answer.text
    assert typed in words(answer.text) or "&lt;script&gt;" in answer.text


def test_what_was_done_is_said_from_a_closed_list(house: House) -> None:
    browser = house.browser(CHIEF)
    assert "The access level is revoked." in words(browser.get("?done=level_revoked").text)
    assert "<script>x" not in browser.get("?done=<script>x").text
    assert page_name(browser.get("student").text)
    assert TODAY.year == 2026


async def test_a_form_is_read_to_its_end_before_it_is_refused() -> None:
    """Otherwise the proxy is cut off while it writes, and shows a fault in place of the refusal."""
    parts = [{"type": "http.request", "body": b"x", "more_body": more} for more in (True, True, False)]
    happened: list[str] = []

    async def receive() -> Message:
        happened.append("read")
        return parts.pop(0)

    async def send(message: Message) -> None:
        happened.append(message["type"])

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"origin", b"http://elsewhere")]}
    refuse = PlainTextResponse("refused", 403)
    await Guards(refuse, refuse, "http://here")(scope, receive, send)
    assert happened == ["read", "read", "read", "http.response.start", "http.response.body"]
