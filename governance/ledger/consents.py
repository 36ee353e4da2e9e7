"""The registry of consents: each with its signed form, withdrawn or not. Nothing is ever taken out of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from governance.audit import Event
from governance.ledger.disclosures import record_disclosure
from governance.ledger.documents import digest_of, keep_upload
from governance.ledger.events import LedgerError, now
from governance.ledger.request_rows import read_request, row_digest
from governance.ledger.request_steps import Told
from governance.ledger.requests import roles_today
from governance.ledger.schema import consent, consent_withdrawal
from governance.ledger.store import Store
from governance.requests import Known, Mislabelled, NotMoved, Reason, Role, media_type_of
from governance.requests.consents import CONSENT, WITHDRAWAL, Consent, consenting, read_consent, why_not, why_not_beside
from governance.requests.reading import read_form

KEY_BYTES = 8


class Consents:
    """The part of the ledger about who consented to what. Used through `Ledger`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # -- reading ---------------------------------------------------------------------------------

    def of_request(self, request_id: int) -> list[Consent]:
        """All consents to a request, withdrawn ones too, in the order in which they were registered."""
        return self._select(consent.c.request_id == request_id)

    def of_student(self, student_key: int) -> list[Consent]:
        """All consents that concern one student."""
        return self._select(consent.c.student_key == student_key)

    def holding(self, request_id: int, today: date) -> dict[str, tuple[int, ...]]:
        """Of each table, the students whose consent to the request holds on that day."""
        return consenting(self.of_request(request_id), today)

    def _select(self, condition: sa.ColumnElement[bool]) -> list[Consent]:
        with self._store.read() as connection:
            return _read(connection, condition)

    # -- acting ----------------------------------------------------------------------------------

    def register(self, actor: str, request_id: int, student_key: int, told: Told, known: Known) -> int | NotMoved:
        """A signed consent, entered by the office. Returns its number, or what is wrong with it by field."""
        documents, wrong = _digests(told)
        with self._store.write() as connection:
            record = read_request(connection, request_id)
            if record is None:
                raise LedgerError("There is no such request.")
            if Role.EXECUTIVE_SECRETARY not in roles_today(connection, actor, "", known.today):
                return NotMoved(Reason.NOT_YOURS)
            if why := why_not(record.case):
                return NotMoved(Reason.AGAINST_A_RULE, {}, why)
            read = read_consent(record.case, told.fields, documents, known)
            if errors := {**read.errors, **wrong}:
                return NotMoved(Reason.INCOMPLETE, errors)
            others = _read(
                connection, sa.and_(consent.c.request_id == request_id, consent.c.student_key == student_key)
            )
            if beside := why_not_beside(others, read.values, known.today):
                return NotMoved(Reason.INCOMPLETE, beside)
            for upload in told.uploads.values():
                keep_upload(connection, actor, upload)
            return _insert(connection, actor, request_id, student_key, read.values)

    def withdraw(self, actor: str, consent_id: int, told: Told, known: Known) -> NotMoved | None:
        """From the next query on, the student's rows are in no answer to that request. None: it is done."""
        read = read_form(WITHDRAWAL, told.fields, {}, known)
        with self._store.write() as connection:
            if Role.EXECUTIVE_SECRETARY not in roles_today(connection, actor, "", known.today):
                return NotMoved(Reason.NOT_YOURS)
            if read.errors:
                return NotMoved(Reason.INCOMPLETE, read.errors)
            return _withdraw(connection, actor, consent_id, read.values)


def _read(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Consent]:
    question = (
        sa.select(consent, consent_withdrawal.c.withdrawn_on)
        .select_from(consent.outerjoin(consent_withdrawal))
        .where(condition)
        .order_by(consent.c.consent_id)
    )
    return [_consent(row) for row in connection.execute(question)]


def _digests(told: Told) -> tuple[dict[str, str], dict[str, str]]:
    """The hashes of what was handed in, and what is wrong with the rest."""
    digests, wrong = {}, {}
    for name, upload in told.uploads.items():
        try:
            media_type_of(upload, CONSENT.media_types(name))
        except Mislabelled as error:
            wrong[name] = str(error)
        digests[name] = digest_of(upload.content)
    return digests, wrong


def _insert(connection: sa.Connection, actor: str, request_id: int, student_key: int, values: Mapping[str, Any]) -> int:
    newest = connection.execute(sa.select(sa.func.max(consent.c.consent_id))).scalar_one() or 0
    row = {
        "consent_id": newest + 1,
        "request_id": request_id,
        "student_key": student_key,
        "given_by": values["given_by"],
        "as_whom": values["as_whom"],
        "signed_on": values["consented_on"],
        "until_date": values.get("consent_until"),
        "tables": json.dumps(values["records"]),
        "purpose": values["for_purpose"],
        "document": values["signed_form"],
        "recorded_by": actor,
        "recorded_at": now(),
    }
    connection.execute(consent.insert().values(**row))
    detail = {"consent": newest + 1, "request": request_id, "row": row_digest(row.values())}
    record_disclosure(connection, Event.CONSENT_RECORDED, actor, detail, _set_of(student_key))
    return int(newest) + 1


def _withdraw(connection: sa.Connection, actor: str, consent_id: int, values: Mapping[str, Any]) -> NotMoved | None:
    columns = (consent.c.student_key, consent.c.request_id, consent.c.signed_on)
    question = sa.select(*columns).where(consent.c.consent_id == consent_id)
    given = connection.execute(question).one_or_none()
    if given is None:
        raise LedgerError("There is no such consent.")
    done = sa.select(consent_withdrawal.c.consent_id).where(consent_withdrawal.c.consent_id == consent_id)
    if connection.execute(done).one_or_none() is not None:
        raise LedgerError("That consent was withdrawn already.")
    # What was signed until then is covered too: a day that is too early would let another consent stand.
    if values["withdrawn_on"] < given.signed_on:
        return NotMoved(Reason.INCOMPLETE, {"withdrawn_on": f"It was signed later, on {given.signed_on}."})
    row = {
        "consent_id": consent_id,
        "withdrawn_by": values["withdrawn_by"],
        "withdrawn_on": values["withdrawn_on"],
        "recorded_by": actor,
        "recorded_at": now(),
    }
    connection.execute(consent_withdrawal.insert().values(**row))
    detail = {"consent": consent_id, "request": given.request_id, "row": row_digest(row.values())}
    record_disclosure(connection, Event.CONSENT_WITHDRAWN, actor, detail, _set_of(given.student_key))
    return None


def _set_of(student_key: int) -> bytes:
    """A set of one, as the log knows sets of students."""
    return student_key.to_bytes(KEY_BYTES, "little", signed=True)


def _consent(row: sa.Row[Any]) -> Consent:
    return Consent(
        row.consent_id,
        row.request_id,
        row.student_key,
        row.given_by,
        row.as_whom,
        row.signed_on,
        row.until_date,
        tuple(json.loads(row.tables)),
        row.purpose,
        row.document,
        row.withdrawn_on,
    )
