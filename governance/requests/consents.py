"""Consents: of the parent, or the eligible student, to identified data being given for one request.

34 CFR 99.30: signed and dated, it says which records may be disclosed, for what purpose, and to whom. It is given to
one request; what it does not name it does not cover, and withdrawn it covers nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from governance.requests.forms import Errors, Field, FieldKind, Form, Known, Typed, Values, in_order
from governance.requests.granting import IDENTIFIED
from governance.requests.reading import Read, read_form
from governance.requests.uploads import MediaType
from governance.requests.workflow import Case, Kind, State

PARENT, ELIGIBLE_STUDENT = "parent or guardian", "eligible student"

SCANS = (MediaType.PDF, MediaType.PNG, MediaType.JPEG)
CONSENT = Form(
    (
        Field("given_by", "Given by", "Who signed it.", FieldKind.LINE),
        Field("as_whom", "As", "Of whom it is.", FieldKind.CHOICE, choices=(PARENT, ELIGIBLE_STUDENT)),
        Field("consented_on", "Signed on", "The date beside the signature.", FieldKind.DATE, not_future=True),
        Field("consent_until", "Holds until", "Where it has a last day.", FieldKind.DATE, required=False),
        Field("records", "Records", "The tables that it names, with commas between them.", FieldKind.LINE, most=1_000),
        Field("for_purpose", "Purpose", "For which it may be disclosed, as the form says."),
        Field("signed_form", "The signed form", "As PDF, PNG or JPEG.", FieldKind.DOCUMENT, media_types=SCANS),
    ),
    (in_order("consented_on", "consent_until", "It holds at least until the day it is signed."),),
)
WITHDRAWAL = Form(
    (
        Field("withdrawn_by", "Withdrawn by", "Who said so.", FieldKind.LINE),
        Field("withdrawn_on", "Withdrawn on", "When.", FieldKind.DATE, not_future=True),
    )
)

OPEN_TO_CONSENT = frozenset({State.CONSENT_PROVIDED, State.APPROVED, State.MODIFIED, State.IN_FORCE, State.SUBMITTED})
"""The states in which consents are registered: of an external request, not before those who give it were notified."""


@dataclass(frozen=True)
class Consent:
    """One consent on record. `tables`: the records that it names."""

    consent_id: int
    request_id: int
    student_key: int
    given_by: str
    as_whom: str
    signed_on: date
    until: date | None
    tables: tuple[str, ...]
    purpose: str
    document: str
    withdrawn_on: date | None = None

    def holds(self, today: date) -> bool:
        """Whether it covers anything on that day. Withdrawn, it never does again."""
        begun = self.signed_on <= today
        return begun and self.withdrawn_on is None and (self.until is None or today <= self.until)


def read_consent(case: Case, typed: Typed, documents: Typed, known: Known) -> Read:
    """What was typed of a consent to a request, or what is wrong with it."""
    read = read_form(CONSENT, typed, documents, known)
    tables = names_of(read.values)
    errors = {**_record_errors(case, tables, known), **_notice_errors(case, read.values), **read.errors}
    return Read({**read.values, "records": tables}, errors)


def _notice_errors(case: Case, values: Values) -> Errors:
    """Notification is prior: nobody consents to what they were not told of yet."""
    notified, signed = case.fields.get("parents_notified_on"), values.get("consented_on")
    if not notified or signed is None or signed >= date.fromisoformat(notified):
        return {}
    return {"consented_on": f"It was signed before parents were notified, on {notified}. Have it signed anew."}


def names_of(values: Values) -> tuple[str, ...]:
    listed = (name.strip() for name in values.get("records", "").split(","))
    return tuple(dict.fromkeys(filter(None, listed)))


def _record_errors(case: Case, tables: tuple[str, ...], known: Known) -> Errors:
    asked = read_form(Form(_COLUMNS), case.fields, {}, known).values
    requested = {*asked.get("columns", {}), *asked.get("granted_columns", {})}
    strange = [name for name in tables if name not in requested]
    if not strange:
        return {}
    return {"records": f"{strange[0]} is not among the records that the request names: {', '.join(sorted(requested))}."}


_COLUMNS = tuple(
    Field(name, "Tables and columns", "", FieldKind.COLUMNS, required=False) for name in ("columns", "granted_columns")
)


def why_not(case: Case) -> str:
    """Why consents to a request are not registered now; nothing, if they are."""
    if IDENTIFIED not in (case.fields.get("form"), case.fields.get("granted_form")):
        return "That request asks for no identified data: there is nothing to consent to."
    if case.state not in OPEN_TO_CONSENT or (case.kind is Kind.EXTERNAL and case.state is State.SUBMITTED):
        return "Consents are registered once those who give them were notified, and while the request is open."
    return ""


def why_not_beside(others: Iterable[Consent], values: Values, today: date) -> Errors:
    """Why a consent cannot be registered beside the student's others to the same request; nothing, if it can."""
    kept = tuple(others)
    if any(consent.withdrawn_on and values["consented_on"] <= consent.withdrawn_on for consent in kept):
        return {"consented_on": "Consent was withdrawn on that day or later. Only one signed after that holds again."}
    named = {table for consent in standing(kept, today) for table in consent.tables}
    if twice := sorted(named & set(values["records"])):
        return {"records": f"A consent of this student stands already for {', '.join(twice)}. Withdraw it first."}
    return {}


def standing(consents: Iterable[Consent], today: date) -> list[Consent]:
    """Those that hold. A withdrawal is the student's: it covers every consent to the request signed until then."""
    kept = tuple(consents)
    last: dict[tuple[int, int], date] = {}
    for each in kept:
        if each.withdrawn_on is not None:
            whose = each.request_id, each.student_key
            last[whose] = max(each.withdrawn_on, last.get(whose, each.withdrawn_on))
    return [
        each
        for each in kept
        if each.holds(today) and each.signed_on > last.get((each.request_id, each.student_key), date.min)
    ]


def consenting(consents: Iterable[Consent], today: date) -> dict[str, tuple[int, ...]]:
    """Of each table, the students whose records a consent covers on that day; sorted."""
    found: dict[str, set[int]] = {}
    for consent in standing(consents, today):
        for table in consent.tables:
            found.setdefault(table, set()).add(consent.student_key)
    return {table: tuple(sorted(keys)) for table, keys in found.items()}
