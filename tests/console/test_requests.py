"""Requests through the pages: nothing typed is lost, nothing is done twice, and only the Superintendent decides."""

from __future__ import annotations

import re
from typing import Any

import pytest

from governance.console.pages.requests import slug
from governance.ledger import Acted, Told
from governance.requests import WORKFLOWS, Act, FieldKind, Kind, State
from governance.requests.granting import LINKED
from governance.vocabulary import Capacity
from tests.console.asking import APPLICATION, APPROVAL, KNOWN, application, returned_letter
from tests.console.visiting import HOLDERS, PASSWORD, TODAY, Browser, House, words

CHIEF, SECRETARY = HOLDERS[Capacity.SUPERINTENDENT], HOLDERS[Capacity.EXECUTIVE_SECRETARY]
TEACHER = HOLDERS[Capacity.TEACHER]
READERS = (Capacity.TEACHER, Capacity.EXECUTIVE_SECRETARY)
PDF = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"
SCRIPT = "\"'><script>alert(document.cookie)</script>"


def begin(browser: Browser, kind: Kind) -> str:
    """A new draft. The path of its form."""
    answer = browser.send("requests", {"kind": kind.name.lower()})
    assert answer.status_code == 303
    return str(answer.headers["location"]).removeprefix("/services/dbims/")


def number_of(path: str) -> int:
    return int(path.split("/")[1])


def state(house: House, path: str) -> State:
    return house.ledger.requests.get(number_of(path)).case.state


def wrong(html: str) -> set[str]:
    """The fields that have a message of their own."""
    return set(re.findall(r'class="wrong" id="([a-z_]+)-wrong"', html))


def test_an_application_is_written_sent_decided_and_answered(house: House) -> None:
    teacher, chief = house.browser(TEACHER), house.browser(CHIEF)
    form = begin(teacher, Kind.APPLICATION)
    number = number_of(form)
    saved = teacher.send(form, {"title": "Attendance and reading", "do": "save"})
    assert saved.headers["location"].endswith(f"requests/{number}?done=saved")
    assert 'value="Attendance and reading"' in teacher.get(form).text
    sent = teacher.send(form, {**APPLICATION, "do": "do"})
    assert sent.status_code == 303
    assert state(house, form) is State.SUBMITTED
    desk = words(chief.get("desk").text)
    assert "Attendance and reading" in desk
    decision = f"requests/{number}/decide/approve"
    page = words(chief.get(decision).text)
    for told in (APPLICATION["need"], APPLICATION["columns"], APPLICATION["population"]):
        assert told in page
    decided = chief.send(decision, {**APPROVAL, "password": PASSWORD})
    assert decided.status_code == 303
    assert state(house, form) is State.APPROVED
    assert [grant.name for grant in house.ledger.studies.grants(TEACHER)] == ["reading"]
    seen = teacher.get(f"requests/{number}").text
    # Whoever decides on the next one is told that there is this one.
    second = words(chief.get(f"requests/{application(house, TEACHER)}/decide/approve").text)
    assert LINKED in second
    letter = re.search(rf"requests/{number}/documents/([0-9a-f]{{64}})", seen)
    assert letter is not None
    read = teacher.get(f"requests/{number}/documents/{letter[1]}")
    assert "Your request is approved." in read.text
    assert "sandbox" in read.headers["content-security-policy"]
    assert "script-src" not in read.headers["content-security-policy"]


def test_what_was_typed_is_all_there_again_with_a_message_by_each_field(house: House) -> None:
    teacher = house.browser(TEACHER)
    form = begin(teacher, Kind.APPLICATION)
    typed = {
        **APPLICATION,
        "need": "short",
        "columns": "attendence: attendance_date",
        "begin": "2027-06-30",
        "end": "2027-06-01",
        "do": "do",
    }
    answer = teacher.send(form, typed)
    assert answer.status_code == 400
    assert wrong(answer.text) == {"need", "columns", "end"}
    assert "there is no table of the name attendence" in words(answer.text)
    for name in ("title", "population", "years", "columns"):
        assert typed[name] in answer.text
    assert state(house, form) is State.DRAFT
    # It is kept, too: whoever closes the page finds it again.
    assert house.ledger.requests.get(number_of(form)).case.fields["columns"] == typed["columns"]


def test_a_wrong_password_decides_nothing_and_loses_nothing(house: House) -> None:
    number = application(house, TEACHER)
    chief = house.browser(CHIEF)
    path = f"requests/{number}/decide/approve"
    for password in ("", "guessed"):
        answer = chief.send(path, {**APPROVAL, "password": password})
        assert answer.status_code == 400
        assert "password" in wrong(answer.text)
        assert APPROVAL["reason"] in answer.text
        assert "guessed" not in answer.text
    assert state(house, path) is State.SUBMITTED


@pytest.mark.parametrize("capacity", [each for each in HOLDERS if each is not Capacity.SUPERINTENDENT])
def test_nobody_else_decides_even_with_the_superintendents_password(house: House, capacity: Capacity | None) -> None:
    number = application(house, TEACHER)
    browser = house.browser(HOLDERS[capacity])
    for path in (f"requests/{number}/decide/approve", f"requests/{number}/do/approve"):
        answer = browser.post(path, {**APPROVAL, "page": "x", "password": PASSWORD, "do": "do"})
        # Whoever may read the request is shown how it stands.
        assert answer.status_code == (409 if capacity in READERS and "/do/" in path else 404)
    assert state(house, f"requests/{number}") is State.SUBMITTED
    assert not house.ledger.studies.grants(TEACHER)


def test_an_unsigned_page_takes_no_step_of_the_superintendents(house: House) -> None:
    """The page of the step as it is for others, sent by the Superintendent without a password: there is none."""
    number = application(house, TEACHER)
    chief = house.browser(CHIEF)
    assert chief.get(f"requests/{number}/do/deny").status_code == 404
    assert chief.post(f"requests/{number}/do/deny", {"page": "x", "reason": "no"}).status_code == 409
    assert state(house, f"requests/{number}") is State.SUBMITTED


def test_an_expired_page_shows_what_was_typed_and_does_nothing(house: House) -> None:
    teacher = house.browser(TEACHER)
    form = begin(teacher, Kind.APPLICATION)
    answer = teacher.post(form, {**APPLICATION, "page": "0" * 32 + ".1." + "0" * 64, "do": "do"})
    assert answer.status_code == 409
    assert APPLICATION["need"] in answer.text
    assert state(house, form) is State.DRAFT


def test_a_form_sent_twice_makes_one_request_and_one_step(house: House) -> None:
    teacher = house.browser(TEACHER)
    fields = {"page": teacher.page_of("requests"), "kind": "application"}
    first, second = teacher.post("requests", fields), teacher.post("requests", fields)
    assert first.headers["location"] == second.headers["location"]
    form = first.headers["location"].removeprefix("/services/dbims/")
    fields = {**APPLICATION, "page": teacher.page_of(form), "do": "do"}
    assert teacher.post(form, fields).headers["location"] == teacher.post(form, fields).headers["location"]
    assert len(house.ledger.requests.listing()) == 1
    assert [step.act for step in house.ledger.requests.history(number_of(form))] == [Act.SUBMIT]


def test_a_request_that_somebody_acted_on_meanwhile_gives_back_what_was_typed(house: House) -> None:
    teacher, chief = house.browser(TEACHER), house.browser(CHIEF)
    number = application(house, TEACHER)
    path = f"requests/{number}/decide/return"
    page = chief.page_of(path)
    assert teacher.send(f"requests/{number}/do/withdraw", {"do": "do"}).status_code == 303
    answer = chief.post(path, {"page": page, "missing": "Which grades do you mean?", "password": PASSWORD})
    assert answer.status_code == 409
    assert "Which grades do you mean?" in words(answer.text)


@pytest.mark.parametrize("kind", Kind)
def test_script_in_every_field_is_text_like_any_other(house: House, kind: Kind) -> None:
    flow = WORKFLOWS[kind]
    opener = {Kind.NEW_CATEGORY: HOLDERS[Capacity.OPERATOR], Kind.APPLICATION: TEACHER}.get(kind, SECRETARY)
    browser = house.browser(opener)
    form = begin(browser, kind)
    fields = flow.moves_from(flow.first)[0].form.fields
    typed = {each.name: SCRIPT for each in fields if each.kind is not FieldKind.DOCUMENT}
    answers = [browser.send(form, {**typed, "do": "do"}), browser.send(form, {**typed, "do": "save"})]
    answers += [browser.get(form), browser.get(f"requests/{number_of(form)}"), browser.get("requests")]
    for answer in answers:
        assert "<script" not in answer.text
    assert "alert(document.cookie)" in words(answers[2].text)


def test_a_document_is_kept_and_given_back_as_a_file(house: House) -> None:
    secretary = house.browser(SECRETARY)
    form = begin(secretary, Kind.BOARD)
    number = number_of(form)
    told = {
        "question": "Chronic absence by school",
        "meeting_date": TODAY.isoformat(),
        "votes_for": "7",
        "votes_against": "2",
        "minutes": "Item 4",
        "do": "do",
    }
    files = {"minutes_file": ("minutes \u2028 <b>.pdf", PDF, "application/pdf")}
    register = f"requests/{number}/do/{slug(Act.REGISTER)}"
    assert secretary.send(register, told, files=files).status_code == 303
    record = house.ledger.requests.get(number)
    assert record.case.state is State.INSTRUCTED
    given = secretary.get(f"requests/{number}/documents/{record.documents['minutes_file'].digest}")
    assert given.content == PDF
    assert given.headers["content-disposition"].startswith("attachment;")
    assert "<" not in given.headers["content-disposition"]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (("a.pdf", b"", "application/pdf"), "empty"),
        (("a.pdf", PDF + b" " * (10 * 1024 * 1024), "application/pdf"), "larger than 10 MB"),
        (("a.pdf", b"MZ\x00\x01", "application/pdf"), "no PDF"),
        (("a.png", PDF, "image/png"), "not what its label says"),
        (("a.html", b"<html><script>1</script>", "text/plain"), "no PDF"),
    ],
)
def test_a_document_that_is_not_taken_is_told_by_its_field_and_the_rest_is_kept(
    house: House, file: Any, message: str
) -> None:
    secretary = house.browser(SECRETARY)
    form = begin(secretary, Kind.BOARD)
    register = f"requests/{number_of(form)}/do/register"
    answer = secretary.send(
        register, {"question": "Chronic absence by school", "do": "do"}, files={"minutes_file": file}
    )
    assert answer.status_code == 400
    assert "minutes_file" in wrong(answer.text)
    assert message in words(answer.text)
    assert "Chronic absence by school" in answer.text
    assert house.ledger.requests.get(number_of(form)).case.fields["question"] == "Chronic absence by school"


def test_a_member_of_the_board_alone_is_turned_away_with_the_rule(house: House) -> None:
    secretary = house.browser(SECRETARY)
    form = begin(secretary, Kind.BOARD)
    number = number_of(form)
    told = {"question": "Grades of a class", "member": "A. Member", "asked_on": TODAY.isoformat(), "do": "do"}
    assert secretary.send(f"requests/{number}/do/turn_away", told).status_code == 303
    record = house.ledger.requests.get(number)
    assert record.case.state is State.TURNED_AWAY
    letter = secretary.get(f"requests/{number}/documents/{record.letters[0]}")
    assert "A member alone cannot give it" in letter.text


def test_a_draft_is_its_writers_alone(house: House) -> None:
    form = begin(house.browser(TEACHER), Kind.APPLICATION)
    for other in (CHIEF, SECRETARY, HOLDERS[Capacity.COUNSELOR]):
        assert house.browser(other).get(f"requests/{number_of(form)}").status_code == 404
    assert "no title yet" not in words(house.browser(CHIEF).get("registers/application").text)


def test_a_decision_on_a_page_from_before_somebody_acted_is_not_carried_out(house: House) -> None:
    number = application(house, TEACHER)
    chief, path = house.browser(CHIEF), f"requests/{number}/decide/approve"
    page = chief.page_of(path)
    returned_letter(house, number)
    again = Told({**APPLICATION, "title": "Another text"})
    assert isinstance(house.ledger.requests.act(TEACHER, number, Act.SUBMIT, again, KNOWN), Acted)
    answer = chief.post(path, {**APPROVAL, "password": PASSWORD, "page": page})
    assert answer.status_code == 409 and "Another text" in answer.text
    assert f"Last written by {TEACHER}" in words(chief.get(path).text)
    assert state(house, path) is State.SUBMITTED
    assert chief.send(path, {**APPROVAL, "password": PASSWORD}).status_code == 303
