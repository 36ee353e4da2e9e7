"""The registry of consents: who may enter one, what it covers, and that withdrawn it covers nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from governance.audit import Event
from governance.catalog import load_catalog
from governance.ledger import Acted, Ledger, LedgerError, Told
from governance.ledger.consents import Consents
from governance.requests import Act, Kind, Known, NotMoved, Reason, Upload
from governance.vocabulary import Capacity
from tests.requests.filled import given_for
from tests.signed import TODAY, grant, superintendent

KNOWN = Known(TODAY, load_catalog())
PDF = b"%PDF-1.7\nsigned\n%%EOF\n"
STUDENT, OTHER = 7001, -7002
TYPED = {
    "given_by": "P. Parent",
    "as_whom": "parent or guardian",
    "consented_on": "2026-11-20",
    "records": "student, attendance",
    "for_purpose": "The reading study.",
}
SIGNED = {"signed_form": Upload("form.pdf", "application/pdf", PDF)}
WITHDRAWN = Told({"withdrawn_by": "P. Parent", "withdrawn_on": "2026-11-23"})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        for number, username in enumerate(("rita", "xena")):
            ledger.add_person("op", username, number, None)
        grant(ledger, "xena", Capacity.EXECUTIVE_SECRETARY, date(2026, 9, 1))
        yield ledger


def external(ledger: Ledger, *acts: Act, form: str = "identified rows") -> int:
    """An external request that was taken so far."""
    number = ledger.requests.begin_draft("xena", Kind.EXTERNAL, TODAY, applicant="rita")
    for act in acts:
        case = ledger.requests.get(number).case
        signed = act in (Act.ACCEPT, Act.APPROVE)
        given = given_for(case.kind, case.state, act, form=form)
        uploads = {name: Upload(f"{name}.pdf", "application/pdf", PDF) for name in given.documents}
        who = superintendent(ledger) if signed else "xena"
        done = ledger.requests.act(who, number, act, Told(given.fields, uploads), KNOWN, "a snapshot")
        assert isinstance(done, Acted), done
    return number


NOTIFIED = (Act.SUBMIT, Act.ACCEPT, Act.FILE_AGREEMENT, Act.PROVIDE_CONSENT)


def register(ledger: Ledger, number: int, student: int = STUDENT, who: str = "xena", **changed: str) -> int:
    made = ledger.consents.register(who, number, student, Told({**TYPED, **changed}, SIGNED), KNOWN)
    assert isinstance(made, int), made
    return made


def test_every_method_is_known() -> None:
    methods = {name for name in vars(Consents) if not name.startswith("_")}
    assert methods == {"of_request", "of_student", "holding", "register", "withdraw"}


def test_a_consent_is_kept_with_its_form_and_its_event(ledger: Ledger) -> None:
    number = external(ledger, *NOTIFIED)
    made = register(ledger, number)
    [consent] = ledger.consents.of_student(STUDENT)
    assert [consent] == ledger.consents.of_request(number)
    assert (consent.consent_id, consent.given_by, consent.tables) == (made, "P. Parent", ("student", "attendance"))
    assert ledger.documents.read(consent.document).content == PDF
    assert list(ledger.entries())[-1].event == Event.CONSENT_RECORDED
    assert ledger.verify().breaks == ()


def test_the_log_tells_of_the_student_as_a_set_only(ledger: Ledger) -> None:
    register(ledger, external(ledger, *NOTIFIED))
    newest = list(ledger.entries())[-1]
    assert str(STUDENT) not in newest.detail and "Parent" not in newest.detail


def test_a_consent_covers_what_it_names_and_nothing_else(ledger: Ledger) -> None:
    number = external(ledger, *NOTIFIED)
    register(ledger, number)
    register(ledger, number, OTHER, records="student")
    assert ledger.consents.holding(number, TODAY) == {"student": (OTHER, STUDENT), "attendance": (STUDENT,)}


def test_a_consent_holds_from_its_day_through_its_last(ledger: Ledger) -> None:
    number = external(ledger, *NOTIFIED)
    register(ledger, number, consent_until="2026-12-24", records="student")
    held = {"student": (STUDENT,)}
    for day, covered in (("2026-11-19", {}), ("2026-11-20", held), ("2026-12-24", held), ("2026-12-25", {})):
        assert ledger.consents.holding(number, date.fromisoformat(day)) == covered


def test_withdrawn_a_consent_covers_nothing_on_any_day(ledger: Ledger) -> None:
    number = external(ledger, *NOTIFIED)
    made = register(ledger, number)
    assert ledger.consents.withdraw("xena", made, WITHDRAWN, KNOWN) is None
    for days in (-3, 0, 30):
        assert ledger.consents.holding(number, TODAY + timedelta(days=days)) == {}
    assert ledger.consents.of_student(STUDENT)[0].withdrawn_on == TODAY
    assert ledger.verify().breaks == ()
    with pytest.raises(LedgerError, match="withdrawn already"):
        ledger.consents.withdraw("xena", made, WITHDRAWN, KNOWN)
    with pytest.raises(LedgerError, match="no such consent"):
        ledger.consents.withdraw("xena", 99, WITHDRAWN, KNOWN)


def test_a_second_consent_for_the_same_records_is_refused_while_the_first_stands(ledger: Ledger) -> None:
    number = external(ledger, *NOTIFIED)
    register(ledger, number, records="student")
    again = ledger.consents.register("xena", number, STUDENT, Told(TYPED, SIGNED), KNOWN)
    assert isinstance(again, NotMoved) and "stands already for student" in again.errors["records"]
    register(ledger, number, records="attendance")


def test_nothing_is_withdrawn_before_it_was_signed(ledger: Ledger) -> None:
    number = external(ledger, *NOTIFIED)
    made = ledger.consents.register("xena", number, STUDENT, Told(TYPED, SIGNED), KNOWN)
    assert isinstance(made, int)
    early = Told({"withdrawn_by": "P. Parent", "withdrawn_on": "2026-11-19"})
    refused = ledger.consents.withdraw("xena", made, early, KNOWN)
    assert isinstance(refused, NotMoved) and "signed later" in refused.errors["withdrawn_on"]
    assert ledger.consents.of_student(STUDENT)[0].withdrawn_on is None
    assert ledger.verify().breaks == ()


def test_a_withdrawal_covers_every_consent_signed_until_then(ledger: Ledger) -> None:
    number = external(ledger, *NOTIFIED)
    made = register(ledger, number, records="student")
    register(ledger, number, records="attendance")
    assert ledger.consents.withdraw("xena", made, WITHDRAWN, KNOWN) is None
    assert ledger.consents.holding(number, TODAY) == {}
    again = ledger.consents.register("xena", number, STUDENT, Told(TYPED, SIGNED), KNOWN)
    assert isinstance(again, NotMoved) and "withdrawn" in again.errors["consented_on"]
    tomorrow = TODAY + timedelta(days=1)
    later = Told({**TYPED, "consented_on": tomorrow.isoformat()}, SIGNED)
    assert isinstance(ledger.consents.register("xena", number, STUDENT, later, Known(tomorrow, KNOWN.catalog)), int)
    assert ledger.consents.holding(number, tomorrow) == {"student": (STUDENT,), "attendance": (STUDENT,)}


def test_a_consent_signed_before_parents_were_notified_is_none(ledger: Ledger) -> None:
    number = external(ledger, *NOTIFIED)
    early = ledger.consents.register(
        "xena", number, STUDENT, Told({**TYPED, "consented_on": "2026-11-19"}, SIGNED), KNOWN
    )
    assert isinstance(early, NotMoved) and "before parents were notified" in early.errors["consented_on"]


@pytest.mark.parametrize("so_far", [NOTIFIED[:n] for n in range(1, 4)], ids=len)
def test_nothing_is_consented_to_before_parents_were_notified(ledger: Ledger, so_far: tuple[Act, ...]) -> None:
    refused = ledger.consents.register("xena", external(ledger, *so_far), STUDENT, Told(TYPED, SIGNED), KNOWN)
    assert isinstance(refused, NotMoved) and refused.reason is Reason.AGAINST_A_RULE and "notified" in refused.rule


def test_nothing_is_consented_to_where_nobody_is_identified(ledger: Ledger) -> None:
    number = external(ledger, *NOTIFIED[:3], Act.APPROVE, form="de-identified rows")
    refused = ledger.consents.register("xena", number, STUDENT, Told(TYPED, SIGNED), KNOWN)
    assert isinstance(refused, NotMoved) and "no identified data" in refused.rule


@pytest.mark.parametrize("who", ["rita", "nobody", "operator (command line)"])
def test_the_office_keeps_the_registry(ledger: Ledger, who: str) -> None:
    number = external(ledger, *NOTIFIED)
    made = register(ledger, number)
    before = ledger.newest()
    refused = ledger.consents.register(who, number, OTHER, Told(TYPED, SIGNED), KNOWN)
    assert isinstance(refused, NotMoved) and refused.reason is Reason.NOT_YOURS
    assert isinstance(ledger.consents.withdraw(who, made, WITHDRAWN, KNOWN), NotMoved)
    assert ledger.newest() == before


WRONG = {
    "given_by": ("", "this is needed"),
    "as_whom": ("a friend", "one of"),
    "consented_on": ("2026-11-24", "still to come"),
    "consent_until": ("2026-11-19", "at least until"),
    "records": ("grade", "not among the records"),
    "for_purpose": ("\x00", "no text"),
}


@pytest.mark.parametrize("field", WRONG)
def test_what_is_wrong_is_told_by_its_field(ledger: Ledger, field: str) -> None:
    text, said = WRONG[field]
    number = external(ledger, *NOTIFIED)
    refused = ledger.consents.register("xena", number, STUDENT, Told({**TYPED, field: text}, SIGNED), KNOWN)
    assert isinstance(refused, NotMoved) and said in refused.errors[field]


@pytest.mark.parametrize("uploads", [{}, {"signed_form": Upload("a.pdf", "application/pdf", b"<html>")}])
def test_without_the_signed_form_there_is_no_consent(ledger: Ledger, uploads: dict[str, Upload]) -> None:
    refused = ledger.consents.register("xena", external(ledger, *NOTIFIED), STUDENT, Told(TYPED, uploads), KNOWN)
    assert isinstance(refused, NotMoved) and set(refused.errors) == {"signed_form"}


def test_what_has_to_be_a_signed_paper_is_no_plain_text(ledger: Ledger) -> None:
    """Neither the agreement nor the form of a consent."""
    plain = Upload("paper.txt", "text/plain", b"Agreed.")
    number = external(ledger, *NOTIFIED[:2])
    given = given_for(Kind.EXTERNAL, ledger.requests.get(number).case.state, Act.FILE_AGREEMENT)
    sent = Told(given.fields, dict.fromkeys(given.documents, plain))
    refused = ledger.requests.act("xena", number, Act.FILE_AGREEMENT, sent, KNOWN)
    assert isinstance(refused, NotMoved) and "as a PDF" in refused.errors["agreement"]
    told = Told(TYPED, {"signed_form": plain})
    refused_too = ledger.consents.register("xena", external(ledger, *NOTIFIED), STUDENT, told, KNOWN)
    assert isinstance(refused_too, NotMoved) and "as a PDF" in refused_too.errors["signed_form"]


TAMPERINGS = {
    "a consent is another student's": "UPDATE consent SET student_key = 7009",
    "a consent names more": "UPDATE consent SET tables = '[\"grade\"]'",
    "a consent is removed": "DELETE FROM consent WHERE consent_id = 2",
    "a consent is put in": "INSERT INTO consent SELECT 9, request_id, 7009, given_by, as_whom, signed_on, until_date, "
    "tables, purpose, document, recorded_by, recorded_at FROM consent WHERE consent_id = 1",
    "a withdrawal is removed": "DELETE FROM consent_withdrawal",
    "a withdrawal is another's": "UPDATE consent_withdrawal SET consent_id = 2",
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_whatever_stands_otherwise_than_recorded_is_found(ledger: Ledger, tmp_path: Path, name: str) -> None:
    number = external(ledger, *NOTIFIED)
    first = register(ledger, number)
    register(ledger, number, OTHER)
    ledger.consents.withdraw("xena", first, WITHDRAWN, KNOWN)
    triggers = "".join(
        f"DROP TRIGGER {table}_no_{act};" for table in ("consent", "consent_withdrawal") for act in ("update", "delete")
    )
    with closing(sqlite3.connect(tmp_path / "ledger" / "ledger.sqlite")) as store:
        store.executescript("PRAGMA foreign_keys = OFF;" + triggers + TAMPERINGS[name])
    assert ledger.verify().breaks != ()
