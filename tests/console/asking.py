"""Requests made without pages, for tests of pages that show them."""

from __future__ import annotations

from governance.catalog import load_catalog
from governance.ledger import Acted, Told
from governance.requests import Act, Kind, Known
from governance.vocabulary import Capacity
from tests.console.visiting import HOLDERS, PASSWORD, TODAY, House

KNOWN = Known(TODAY, load_catalog())
APPLICATION = {
    "title": "Attendance and reading",
    "need": "To see whether the reading program reaches those who are often absent.",
    "columns": "attendance: attendance_date, attendance_event",
    "population": "Grades 3 to 5 of all schools",
    "years": "2025 to 2027",
    "form": "de-identified rows",
    "begin": TODAY.isoformat(),
    "end": TODAY.replace(year=TODAY.year + 1).isoformat(),
}
APPROVAL = {"grant_name": "reading", "k": "10", "dates": "month", "reason": "The need is plain."}


def application(house: House, applicant: str, form: str = "de-identified rows") -> int:
    """One that was written and sent. Its number."""
    requests = house.ledger.requests
    number = requests.begin_draft(applicant, Kind.APPLICATION, TODAY)
    assert isinstance(requests.act(applicant, number, Act.SUBMIT, Told({**APPLICATION, "form": form}), KNOWN), Acted)
    return number


def returned_letter(house: House, number: int) -> str:
    """The letter with which a request goes back to its applicant. Its hash."""
    signature = house.ledger.authority.sign(HOLDERS[Capacity.SUPERINTENDENT], PASSWORD, TODAY)
    told = Told({"missing": "Which grades?"})
    done = house.ledger.requests.act(signature, number, Act.RETURN, told, KNOWN)
    assert isinstance(done, Acted) and done.letter is not None
    return done.letter
