"""One student: who received their records (34 CFR 99.32), and who sees them today.

Looked up by the State's identifier, in a form and never in an address; that it was looked at is on record.
"""

from __future__ import annotations

from governance.console.asked import Asked, Draw, Reply
from governance.console.office import Office
from governance.console.page import THE_OFFICE, Page
from governance.console.sight import seers, student_key

LONGEST_ID = 60
UNKNOWN = "No student of the current data has that identifier. It is the State's: the SASID, in Connecticut."


def draw(office: Office, asked: Asked) -> Reply:
    return _form("", {})


def act(office: Office, asked: Asked) -> Reply:
    """The record, and everybody who sees the student by name today with the reason."""
    student_id = asked.posted["student_id"].strip()[:LONGEST_ID]
    if not asked.posted.fresh:
        return _form(student_id, {})
    snapshot = office.warehouse.current()
    key = None if snapshot is None else student_key(snapshot, student_id)
    if snapshot is None or key is None:
        return _form(student_id, {"student_id": UNKNOWN})
    record = office.ledger.disclosures.show(asked.visitor.username, key, asked.today)
    found = tuple(seers(office, snapshot, key, asked.visitor, asked.today))
    return Draw("student.html", {"errors": {}, "record": record, "seers": found, "student_id": student_id})


def _form(student_id: str, errors: dict[str, str]) -> Draw:
    shown = {"errors": errors, "record": None, "seers": (), "student_id": student_id}
    return Draw("student.html", shown, 400 if errors else 200)


PAGES = (Page("student", "One student’s record", THE_OFFICE, draw, act, menu="People"),)
