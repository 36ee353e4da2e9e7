"""External request for data or research.

The Board's policy: a request from outside states in writing the purpose of the study, the research methods, the
consequences of the study, the researcher's competence, and the provision for voluntary informed consent. Data are given
under a formal written agreement. Identified data need prior notification and consent. No step can be skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from governance.ledger import Told
from governance.requests import Act, Kind, Reason, State, Upload
from tests.spec.requested import (
    OPERATOR,
    PDF,
    RESEARCHER,
    REVIEWER,
    SECRETARY,
    SUPERINTENDENT,
    Office,
    office_at,
    refused,
)

AUDIT = "audit or evaluation (99.35)"
ACCEPTED = ((RESEARCHER, Act.SUBMIT), (SUPERINTENDENT, Act.ACCEPT))
AGREED = (*ACCEPTED, (SECRETARY, Act.FILE_AGREEMENT))
NOTIFIED = (*AGREED, (SECRETARY, Act.PROVIDE_CONSENT))
IDENTIFIED = "identified rows"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with office_at(tmp_path) as office:
        yield office


@pytest.fixture
def number(office: Office) -> int:
    return office.open(Kind.EXTERNAL, RESEARCHER)


# --- the statements


@pytest.mark.parametrize(
    "statement", ["purpose", "methods", "consequences", "competence", "consent_provision", "basis", "columns", "years"]
)
def test_no_statement_may_be_missing(office: Office, number: int, statement: str) -> None:
    assert set(refused(office.does(RESEARCHER, Act.SUBMIT, number, **{statement: None})).errors) == {statement}
    assert refused(office.does(SUPERINTENDENT, Act.APPROVE, number)).reason is Reason.NO_SUCH_STEP


@pytest.mark.parametrize("statement", ["purpose", "methods", "consequences", "competence", "consent_provision"])
def test_a_word_is_no_statement(office: Office, number: int, statement: str) -> None:
    assert "at least 20" in refused(office.does(RESEARCHER, Act.SUBMIT, number, **{statement: "yes"})).errors[statement]


def test_a_request_on_paper_is_registered_by_the_office(office: Office) -> None:
    number = office.open(Kind.EXTERNAL, SECRETARY, of=RESEARCHER)
    assert office.does(SECRETARY, Act.SUBMIT, number) is State.SUBMITTED
    assert office.record(number).case.applicant == RESEARCHER


# --- no step can be skipped


def test_the_whole_way(office: Office, number: int) -> None:
    office.today = date(2026, 12, 1)
    way = (
        (RESEARCHER, Act.SUBMIT, State.SUBMITTED),
        (REVIEWER, Act.RECOMMEND, State.REVIEWED),
        (SUPERINTENDENT, Act.ACCEPT, State.AGREEMENT_AWAITED),
        (SECRETARY, Act.FILE_AGREEMENT, State.AGREEMENT_FILED),
        (SUPERINTENDENT, Act.APPROVE, State.APPROVED),
        (SECRETARY, Act.NOTIFY, State.IN_FORCE),
    )
    for who, act, then in way:
        assert bool(office.grants(RESEARCHER)) is (then is State.IN_FORCE)
        assert office.does(who, act, number) is then
    assert office.grants(RESEARCHER)[0].request == number


@pytest.mark.parametrize("so_far", [AGREED[:n] for n in range(3)], ids=len)
def test_nothing_is_approved_before_its_agreement_is_on_file(
    office: Office, number: int, so_far: tuple[tuple[str, Act], ...]
) -> None:
    office.follows(number, *so_far)
    assert refused(office.does(SUPERINTENDENT, Act.APPROVE, number)).reason is Reason.NO_SUCH_STEP
    assert office.grants(RESEARCHER) == ()


def test_who_recommends_does_not_decide(office: Office, number: int) -> None:
    office.follows(number, (RESEARCHER, Act.SUBMIT), (REVIEWER, Act.RECOMMEND))
    for act in (Act.ACCEPT, Act.DENY):
        for who in (REVIEWER, SECRETARY, OPERATOR, RESEARCHER):
            assert refused(office.does(who, act, number)).reason is Reason.NOT_YOURS


# --- the agreement (34 CFR 99.31(a)(6)(iii))


@pytest.mark.parametrize(
    "part",
    ["agreement", "signed_on", "scope", "agreed_until", "disclosed", "use_limited", "no_identification",
     "destruction_how", "destruction_by"],
)  # fmt: skip
def test_the_agreement_has_every_part(office: Office, number: int, part: str) -> None:
    office.follows(number, *ACCEPTED)
    assert set(refused(office.does(SECRETARY, Act.FILE_AGREEMENT, number, **{part: None})).errors) == {part}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"agreed_until": "2027-06-29"}, "agreed_until"),
        ({"destruction_by": "2027-06-29"}, "destruction_by"),
        ({"signed_on": "2026-11-24"}, "signed_on"),
    ],
)
def test_the_agreement_covers_the_request(office: Office, number: int, changed: dict[str, str], field: str) -> None:
    """The request ends on 30 June 2027; today is 23 November 2026."""
    office.follows(number, *ACCEPTED)
    assert field in refused(office.does(SECRETARY, Act.FILE_AGREEMENT, number, **changed)).errors
    assert office.at(number) is State.AGREEMENT_AWAITED


def test_an_audit_has_an_authorized_representative(office: Office, number: int) -> None:
    """34 CFR 99.35(a)(3)(i)."""
    office.follows(number, *ACCEPTED, basis=AUDIT)
    assert "representative" in refused(office.does(SECRETARY, Act.FILE_AGREEMENT, number)).errors
    assert office.does(SECRETARY, Act.FILE_AGREEMENT, number, representative="R. Auditor") is State.AGREEMENT_FILED


def test_the_agreement_is_kept_by_its_hash(office: Office, number: int) -> None:
    office.follows(number, *AGREED)
    filed = office.record(number).documents["agreement"]
    assert office.ledger.documents.read(filed.digest).content == PDF


# --- identified data: prior notification and consent (34 CFR 99.30)


def test_identified_data_are_not_approved_before_parents_were_notified(office: Office, number: int) -> None:
    office.follows(number, *AGREED, form=IDENTIFIED)
    why = refused(office.does(SUPERINTENDENT, Act.APPROVE, number))
    assert why.reason is Reason.AGAINST_A_RULE and "prior notification and consent" in why.rule
    assert set(why.errors) == {"notice", "consent_form", "parents_notified_on"}
    office.does(SECRETARY, Act.PROVIDE_CONSENT, number)
    assert office.does(SUPERINTENDENT, Act.APPROVE, number) is State.APPROVED


@pytest.mark.parametrize("part", ["notice", "consent_form", "parents_notified_on"])
def test_the_notification_and_the_form_are_on_file(office: Office, number: int, part: str) -> None:
    office.follows(number, *AGREED, form=IDENTIFIED)
    assert set(refused(office.does(SECRETARY, Act.PROVIDE_CONSENT, number, **{part: None})).errors) == {part}


def test_only_students_with_consent_are_in_the_answer(office: Office, number: int) -> None:
    """Ana's parent and Ben's consented; Ben's withdraws. What they see of it in a notebook: test_identified_studies."""
    ana, ben = 1, 2
    office.follows(number, *NOTIFIED, (SUPERINTENDENT, Act.APPROVE), form=IDENTIFIED)
    consents = {student: consent(office, number, student) for student in (ana, ben)}
    assert office.ledger.consents.holding(number, office.today) == {"student": (ana, ben)}
    told = Told({"withdrawn_by": "Ben's parent", "withdrawn_on": "2026-11-23"})
    assert office.ledger.consents.withdraw(SECRETARY, consents[ben], told, office.known) is None
    assert office.ledger.consents.holding(number, office.today) == {"student": (ana,)}


def consent(office: Office, number: int, student: int) -> int:
    typed = {
        "given_by": "A parent",
        "as_whom": "parent or guardian",
        "consented_on": "2026-11-23",
        "records": "student",
        "for_purpose": "The reading study.",
    }
    signed = Told(typed, {"signed_form": Upload("form.pdf", "application/pdf", PDF)})
    made = office.ledger.consents.register(SECRETARY, number, student, signed, office.known)
    assert isinstance(made, int), made
    return made


# --- at the end


def test_at_the_end_what_was_given_is_destroyed_and_that_certified(office: Office, number: int) -> None:
    """The grant ends on 30 June 2027; everything is destroyed by 31 August."""
    office.follows(number, *AGREED, (SUPERINTENDENT, Act.APPROVE), (SECRETARY, Act.NOTIFY))
    office.day_passes(date(2027, 7, 1))
    assert office.at(number) is State.DESTRUCTION_DUE
    due = office.due(number)
    assert due is not None and (due.on, due.overdue) == (date(2027, 8, 31), False)
    assert "destroyed, and that certified" in office.letter(number)
    assert "certificate" in refused(office.does(RESEARCHER, Act.CERTIFY_DESTRUCTION, number, certificate=None)).errors
    assert office.does(RESEARCHER, Act.CERTIFY_DESTRUCTION, number) is State.DESTRUCTION_CERTIFIED


def test_a_certificate_that_does_not_come_is_a_matter_for_the_superintendent(office: Office, number: int) -> None:
    office.follows(number, *AGREED, (SUPERINTENDENT, Act.APPROVE))
    office.day_passes(date(2027, 7, 1))
    office.day_passes(date(2027, 8, 31))
    assert office.at(number) is State.DESTRUCTION_DUE
    office.day_passes(date(2027, 9, 1))
    assert office.at(number) is State.DESTRUCTION_OVERDUE
    assert "34 CFR 99.67" in office.letter(number)
    assert office.does(RESEARCHER, Act.CERTIFY_DESTRUCTION, number) is State.DESTRUCTION_CERTIFIED


def test_what_ends_before_its_time_is_destroyed_too(office: Office, number: int) -> None:
    office.today = date(2026, 12, 1)
    office.follows(number, *AGREED, (SUPERINTENDENT, Act.APPROVE), (SUPERINTENDENT, Act.END))
    assert (office.at(number), office.grants(RESEARCHER)) == (State.DESTRUCTION_DUE, ())
