"""Consents of parents and eligible students to identified data: registered by the office, and withdrawn.

The student is looked up by the State's identifier, which the page keeps out of addresses, and does not show again.
"""

from __future__ import annotations

from collections.abc import Mapping

from governance.console.asked import NOT_HERE, Asked, Done, Draw, Go, Reply
from governance.console.cases import case_of, headline, known
from governance.console.office import Office
from governance.console.page import THE_OFFICE, Page
from governance.console.sight import student_key
from governance.ledger import LedgerError, RequestRecord, Told
from governance.requests import NotMoved
from governance.requests.consents import CONSENT, WITHDRAWAL, Consent, why_not

LONGEST_ID = 60
UNKNOWN = "No student of the current data has that identifier."


def draw(office: Office, asked: Asked) -> Reply:
    """All consents to one request, withdrawn ones too, and the form for another."""
    record = case_of(office, asked)
    return NOT_HERE if record is None else _list(office, record, {}, {})


def act(office: Office, asked: Asked) -> Reply:
    """A signed consent, with its form."""
    record = case_of(office, asked)
    if record is None:
        return NOT_HERE
    typed = asked.posted.fields
    if not asked.posted.fresh:
        return _list(office, record, typed, {})
    snapshot = office.warehouse.current()
    key = None if snapshot is None else student_key(snapshot, asked.posted["student_id"].strip()[:LONGEST_ID])
    fields = {name: typed[name] for name in CONSENT.names if name in typed}
    uploads = {name: file for name, file in asked.posted.uploads.items() if name in CONSENT.documents}
    if key is None:
        return _list(office, record, typed, {"student_id": UNKNOWN})
    done = office.ledger.consents.register(
        asked.visitor.username, record.request_id, key, Told(fields, uploads), known(office, asked)
    )
    if isinstance(done, NotMoved):
        return _list(office, record, typed, _errors(done))
    return Go(f"requests/{record.request_id}/consents", Done.CONSENT_REGISTERED)


def _errors(done: NotMoved) -> Mapping[str, str]:
    return done.errors or {"student_id": f"{done.reason.message} {done.rule or done.reason.rule}"}


def _list(office: Office, record: RequestRecord, typed: Mapping[str, str], errors: Mapping[str, str]) -> Reply:
    shown = {
        "record": record,
        "headline": headline(record),
        "consents": office.ledger.consents.of_request(record.request_id),
        "closed": why_not(record.case),
        "fields": CONSENT.fields,
        "typed": {**{each.name: each.usual for each in CONSENT.fields}, "student_id": "", **typed},
        "errors": errors,
    }
    return Draw("consents.html", shown, 400 if errors else 200)


def draw_withdraw(office: Office, asked: Asked) -> Reply:
    return _withdrawal(office, asked, {"withdrawn_on": asked.today.isoformat()}, {})


def act_withdraw(office: Office, asked: Asked) -> Reply:
    """From the next question on, the student's rows are in no answer to the request."""
    typed = {name: asked.posted[name] for name in WITHDRAWAL.names}
    given = _given(office, asked)
    if given is None:
        return NOT_HERE
    if not asked.posted.fresh:
        return _withdrawal(office, asked, typed, {})
    try:
        done = office.ledger.consents.withdraw(
            asked.visitor.username, given.consent_id, Told(typed), known(office, asked)
        )
    except LedgerError as error:
        return _withdrawal(office, asked, typed, {"withdrawn_by": str(error)})
    if done is not None:
        return _withdrawal(office, asked, typed, _errors(done))
    return Go(f"requests/{given.request_id}/consents", Done.CONSENT_WITHDRAWN)


def _given(office: Office, asked: Asked) -> Consent | None:
    """The consent in the address, to the request in the address."""
    if case_of(office, asked) is None:
        return None
    number = int(asked.path["consent"])
    return next((each for each in office.ledger.consents.of_request(asked.number) if each.consent_id == number), None)


def _withdrawal(office: Office, asked: Asked, typed: Mapping[str, str], errors: Mapping[str, str]) -> Reply:
    given, record = _given(office, asked), case_of(office, asked)
    if given is None or record is None:
        return NOT_HERE
    shown = {"given": given, "record": record, "headline": headline(record), "fields": WITHDRAWAL.fields}
    return Draw("withdraw.html", {**shown, "typed": typed, "errors": errors}, 400 if errors else 200)


PAGES = (
    Page("requests/{number:int}/consents", "Consents", THE_OFFICE, draw, act),
    Page("requests/{number:int}/consents/{consent:int}/withdraw", "Withdraw", THE_OFFICE, draw_withdraw, act_withdraw),
)
