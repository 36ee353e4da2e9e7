"""A study of identified rows: the columns granted, of the students whose consent holds today, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import dbims_sdk
from dbims_sdk import errors
from governance.catalog import load_catalog
from governance.ledger import Acted, Ledger, Told
from governance.requests import Act, Kind, Known, Upload
from governance.warehouse.snapshot import Snapshot
from tests.gateway.conftest import TODAY, House
from tests.gateway.synthetic_house import make_synthetic_state, running_house
from tests.gateway.test_statistics import state_of, study_token
from tests.requests.filled import given_for
from tests.signed import CHIEF, superintendent

KNOWN = Known(TODAY, load_catalog())
PDF = b"%PDF-1.7\nsigned\n%%EOF\n"
RESEARCHER = "ruth"
COLUMNS = "student: first_name, last_name, sex\nattendance: attendance_date, attendance_event"
MANY = 60
"""More than are written into a query itself."""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return make_synthetic_state(tmp_path_factory.mktemp("identified"), 200)


@pytest.fixture(scope="module")
def house(snapshot: Snapshot) -> Iterator[House]:
    with running_house(state_of(snapshot), snapshot) as running:
        running.ledger.add_person("test", RESEARCHER, None, None)
        yield running


def do(ledger: Ledger, number: int, act: Act, snapshot: Snapshot, **typed: str) -> None:
    case = ledger.requests.get(number).case
    given = given_for(case.kind, case.state, act, form="identified rows", columns=COLUMNS, begin="2026-11-23", **typed)
    uploads = {name: Upload(f"{name}.pdf", "application/pdf", PDF) for name in given.documents}
    # The Superintendent without a signature does what the office does.
    who = superintendent(ledger) if act in (Act.ACCEPT, Act.APPROVE) else CHIEF
    done = ledger.requests.act(who, number, act, Told(given.fields, uploads), KNOWN, snapshot.id)
    assert isinstance(done, Acted), done


def study(house: House, snapshot: Snapshot, name: str) -> tuple[dbims_sdk.Session, int]:
    """A session of an approved study, and its request."""
    superintendent(house.ledger)
    number = house.ledger.requests.begin_draft(CHIEF, Kind.EXTERNAL, TODAY, applicant=RESEARCHER)
    for act in (Act.SUBMIT, Act.ACCEPT, Act.FILE_AGREEMENT, Act.PROVIDE_CONSENT, Act.APPROVE):
        do(house.ledger, number, act, snapshot, grant_name=name)
    return dbims_sdk.connect(url=house.url, token=study_token(house, RESEARCHER, f"study-{name}")), number


def consent(house: House, number: int, student: int, records: str = "student, attendance") -> int:
    typed = {
        "given_by": "P. Parent",
        "as_whom": "parent or guardian",
        "consented_on": "2026-11-20",
        "records": records,
        "for_purpose": "The reading study.",
    }
    told = Told(typed, {"signed_form": Upload("form.pdf", "application/pdf", PDF)})
    made = house.ledger.consents.register(CHIEF, number, student, told, KNOWN)
    assert isinstance(made, int), made
    return made


def withdraw(house: House, consent_id: int) -> None:
    told = Told({"withdrawn_by": "P. Parent", "withdrawn_on": TODAY.isoformat()})
    assert house.ledger.consents.withdraw(CHIEF, consent_id, told, KNOWN) is None


def students(house: House, number: int) -> list[int]:
    return sorted(house.student_keys.values())[:number]


def test_the_rows_are_those_of_consenting_students_and_of_nobody_else(house: House, snapshot: Snapshot) -> None:
    session, number = study(house, snapshot, "names")
    assert len(session.frame("student")) == 0
    one, other = students(house, 2)
    made = consent(house, number, one)
    consent(house, number, other, records="student")
    frame = session.frame("student")
    assert sorted(frame["student_key"]) == [one, other]
    assert set(frame.columns) == {"student_key", "first_name", "last_name", "sex"}
    # A consent covers the records that it names: of the other student, not those of attendance.
    assert set(session.frame("attendance")["student_key"]) <= {one}
    withdraw(house, made)
    assert list(session.frame("student")["student_key"]) == [other]
    assert len(session.frame("attendance")) == 0


def test_what_is_not_granted_does_not_exist(house: House, snapshot: Snapshot) -> None:
    session, number = study(house, snapshot, "limits")
    consent(house, number, students(house, 1)[0])
    described = [column.name for column in session.describe("student").columns]
    assert described == ["student_key", "first_name", "last_name", "sex"]
    for ask in (
        lambda: session.frame("student", columns=["birth_date"]),
        lambda: session.frame("student", where={"birth_date": "2015-01-01"}),
        lambda: session.sql("SELECT birth_date FROM student"),
        lambda: session.tabulate("student", rows="birth_date"),
    ):
        with pytest.raises((errors.UnknownColumn, errors.SqlFailed, errors.NotAllowed, errors.BadQuery)):
            ask()
    for ask in (lambda: session.frame("grade"), lambda: session.frame("staff"), lambda: session.frame("guardian")):
        with pytest.raises(errors.UnknownTable):
            ask()


def test_sql_and_statistics_are_over_the_same_rows(house: House, snapshot: Snapshot) -> None:
    """Also where more consented than are written into a query itself, and other ones to one table than to another."""
    session, number = study(house, snapshot, "many")
    for place, student in enumerate(students(house, 2 * MANY)):
        consent(house, number, student, "student, attendance" if place % 2 else "student")
    both = students(house, 2 * MANY)[1::2]
    assert session.sql("SELECT count(*) AS n FROM student")["n"].tolist() == [2 * MANY]
    joined = session.sql("SELECT DISTINCT student_key FROM student JOIN attendance USING (student_key)")
    assert set(joined["student_key"]) <= set(both) and len(joined) > MANY / 2
    counted = session.tabulate("attendance", rows="sex", where={"attendance_event": "UnexcusedAbsence"})
    assert counted.frame.attrs["dbims"]["unprotected"] is True
    frame = session.frame("attendance", where={"attendance_event": "UnexcusedAbsence"})
    assert set(frame["student_key"]) <= set(both)
    # A count is of persons.
    assert int(counted.frame.to_numpy().max()) == frame["student_key"].nunique()


def test_an_answer_says_why_a_student_is_in_it(house: House, snapshot: Snapshot) -> None:
    session, number = study(house, snapshot, "why")
    one, other = students(house, 2)
    consent(house, number, one)
    assert any("consented" in reason for reason in session.explain("student", one).reasons)
    assert not session.explain("student", other).allowed
    assert ["consented" in table.why for table in session.tables() if table.name == "student"] == [True]
    assert session.whoami().form == "scoped rows"


def test_the_rows_are_gone_with_the_state_folder_untouched_by_names(house: House, snapshot: Snapshot) -> None:
    """What is recorded of such an answer is a set of keys, as of any other."""
    session, number = study(house, snapshot, "recorded")
    consent(house, number, students(house, 1)[0])
    name = session.frame("student")["last_name"].iloc[0]
    assert name not in "".join(entry.detail for entry in house.ledger.entries())
    assert house.ledger.verify().breaks == ()
    assert Path(house.state).is_dir()
