"""Consents through the pages: the student is named in the form alone, and a withdrawal is on record."""

from __future__ import annotations

from governance.vocabulary import Capacity, Regulation
from tests.console.asking import application
from tests.console.test_requests import PDF, wrong
from tests.console.visiting import HOLDERS, TODAY, House, words
from tests.signed import superintendent

SECRETARY, TEACHER = HOLDERS[Capacity.EXECUTIVE_SECRETARY], HOLDERS[Capacity.TEACHER]
CONSENT = {
    "student_id": "S-1001",
    "given_by": "A. Parent",
    "as_whom": "parent or guardian",
    "consented_on": TODAY.isoformat(),
    "consent_until": "",
    "records": "attendance",
    "for_purpose": "The reading study",
}
FORM = {"signed_form": ("consent.pdf", PDF, "application/pdf")}


def test_a_consent_is_registered_and_withdrawn(house: House) -> None:
    number = application(house, TEACHER, form="identified rows")
    secretary = house.browser(SECRETARY)
    path = f"requests/{number}/consents"
    assert secretary.send(path, CONSENT, files=FORM).status_code == 303
    assert house.ledger.consents.holding(number, TODAY) == {"attendance": (501,)}
    page = secretary.get(path)
    assert "A. Parent" in words(page.text)
    assert "S-1001" not in page.text and "501" not in page.text
    withdrawal = {"withdrawn_by": "A. Parent", "withdrawn_on": TODAY.isoformat()}
    assert secretary.send(f"{path}/1/withdraw", withdrawal).status_code == 303
    assert house.ledger.consents.holding(number, TODAY) == {}


def test_what_is_missing_of_a_consent_is_told_by_the_field(house: House) -> None:
    number = application(house, TEACHER, form="identified rows")
    secretary = house.browser(SECRETARY)
    path = f"requests/{number}/consents"
    for typed, field in (
        ({**CONSENT, "student_id": "S-9999"}, "student_id"),
        ({**CONSENT, "records": "grade"}, "records"),
        ({**CONSENT, "consented_on": "2999-01-01"}, "consented_on"),
    ):
        answer = secretary.send(path, typed, files=FORM)
        assert answer.status_code == 400
        assert field in wrong(answer.text)
        assert "The reading study" in answer.text
    assert house.ledger.consents.of_request(number) == []


def test_there_is_nothing_to_consent_to_where_nobody_is_identified(house: House) -> None:
    number = application(house, TEACHER)
    page = house.browser(SECRETARY).get(f"requests/{number}/consents")
    assert "there is nothing to consent to" in words(page.text)


def test_who_received_and_who_sees_a_student_is_looked_up_in_a_form(house: House) -> None:
    secretary = house.browser(SECRETARY)
    assert secretary.get("student?student_id=S-1001").status_code == 200
    assert "Record of disclosures" not in words(secretary.get("student?student_id=S-1001").text)
    told = words(secretary.send("student", {"student_id": "S-1001"}).text)
    assert "Record of disclosures" in told
    for sees in (HOLDERS[Capacity.SUPERINTENDENT], SECRETARY):
        assert sees in told
    assert TEACHER not in told.partition("Who sees this student today")[2]
    shown = [entry for entry in house.ledger.entries() if entry.event == "disclosure record of a student shown"]
    assert [entry.actor for entry in shown] == [SECRETARY]
    assert not any("S-1001" in entry.detail for entry in house.ledger.entries())


def test_why_somebody_sees_a_student_is_not_told_to_whose_own_level_is_narrowed(house: House) -> None:
    secretary = house.browser(SECRETARY)
    before = words(secretary.send("student", {"student_id": "S-1001"}).text)
    assert "Your capacity sees every student" in before
    narrowing = Regulation(Capacity.EXECUTIVE_SECRETARY, "program", TODAY)
    house.ledger.levels.regulate(superintendent(house.ledger, TODAY), narrowing, ["program"], TODAY)
    after = words(secretary.send("student", {"student_id": "S-1001"}).text)
    assert HOLDERS[Capacity.SUPERINTENDENT] in after.partition("Who sees this student today")[2]
    assert "Your capacity sees every student" not in after
