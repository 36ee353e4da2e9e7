"""The disclosure record of one student (34 CFR 99.32): who received the student's records, when, for which legitimate
interest, under which exception. It can be shown for any student at any time, and follows from the audit log alone.

Ana, Ben and Cam are students; the log knows them by opaque keys only.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.audit import Event, detail_of
from governance.ledger import Ledger
from governance.oversight.disclosure_form import as_html, as_text
from governance.oversight.disclosures import Basis, DisclosureRecord
from governance.oversight.use import Outcome
from governance.vocabulary import Form, Purpose
from tests.oversight.recorded import Asked, fill

TODAY = date(2026, 11, 23)
EASTERN = ZoneInfo("America/New_York")
ANA, BEN, CAM = 0x1111222233334444, -7, 3


def at(day: int, hour: int = 15) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


USES = [
    Asked("hill", "teacher", at(2), students=frozenset({ANA, BEN}), tables=("student", "grade")),
    Asked("hill", "teacher", at(9), students=frozenset({ANA, BEN}), tables=("student",)),
    Asked("cruz", "counselor", at(10), students=frozenset({ANA}), purpose=Purpose.STUDENT_SUPPORT),
    Asked("ross", "teacher", at(11), students=frozenset({CAM})),
    Asked("ross", "teacher", at(12), outcome=Outcome.REFUSED),
    Asked("ross", "teacher", at(12), outcome=Outcome.FAILED),
    Asked("cole", "curriculum-office", at(12), students=frozenset({ANA, BEN, CAM}), form=Form.DEIDENTIFIED_ROWS),
    Asked("cole", "curriculum-office", at(13), students=frozenset({ANA, BEN}), form=Form.PROTECTED_STATISTICS),
    Asked("rita", "study-reading", at(14), students=frozenset({ANA, BEN}), form=Form.PROTECTED_STATISTICS),
]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return fill(tmp_path / "ledger", USES)


def told(record: DisclosureRecord) -> list[tuple[str, str, int, str]]:
    return [
        (each.recipient.username, each.recipient.interest, each.times, each.recipient.basis.citation)
        for each in record.disclosures
    ]


def test_it_names_who_received_the_records_and_why_the_latest_first(ledger: Ledger) -> None:
    record = ledger.disclosures.show("super", ANA, TODAY)
    school_official = "34 CFR 99.31(a)(1)"
    assert told(record) == [
        (
            "cruz",
            "guidance of the students assigned to them; declared purpose: student support",
            1,
            school_official,
        ),
        ("hill", "teaching the students of their classes; declared purpose: instruction", 2, school_official),
    ]
    hill = record.disclosures[1]
    assert (hill.first, hill.last, hill.tables) == (at(2), at(9), (("grade", 1), ("student", 2)))


def test_what_a_school_official_received_need_not_be_recorded_and_is(ledger: Ledger) -> None:
    """99.32(d)(2) leaves it out; we keep it, and say so."""
    record = ledger.disclosures.show("super", ANA, TODAY)
    assert {each.recipient.basis for each in record.disclosures} == {Basis.SCHOOL_OFFICIAL}
    assert not Basis.SCHOOL_OFFICIAL.demanded and Basis.STUDY.demanded and Basis.AUDIT.demanded


def test_answers_that_identify_nobody_are_no_disclosures_and_are_counted_beside_it(ledger: Ledger) -> None:
    record = ledger.disclosures.show("super", ANA, TODAY)
    assert record.identified_nobody == ((Form.DEIDENTIFIED_ROWS, 1), (Form.PROTECTED_STATISTICS, 2))
    assert {each.recipient.username for each in record.disclosures}.isdisjoint({"cole", "rita"})


def test_of_another_student_nothing_is_told(ledger: Ledger) -> None:
    assert told(ledger.disclosures.show("super", CAM, TODAY))[0][0] == "ross"
    nobody = ledger.disclosures.show("super", 99, TODAY)
    assert nobody.disclosures == () and nobody.identified_nobody == ()


def test_looking_at_a_record_is_itself_recorded_without_the_students_key(ledger: Ledger) -> None:
    before = ledger.newest()
    ledger.disclosures.show("super", ANA, TODAY)
    (entry,) = ledger.entries(after=before)
    assert (entry.event, entry.actor) == (Event.DISCLOSURE_RECORD_SHOWN, "super")
    assert set(detail_of(entry)) == {"students"}
    assert ledger.disclosed_students(detail_of(entry)["students"]) == ANA.to_bytes(8, "little", signed=True)
    again = ledger.disclosures.show("secretary", ANA, TODAY)
    assert [username for username, _ in again.shown] == ["super", "secretary"]
    assert ledger.disclosures.show("super", BEN, TODAY).shown[0][0] == "super"
    assert ledger.verify().breaks == ()


def test_it_prints_and_reads_as_text(ledger: Ledger) -> None:
    record = ledger.disclosures.show("super", ANA, TODAY)
    names = {"hill": "Hannah <Hill>"}
    page, text = (form(record, "Ana Abbott <1001>", names, EASTERN) for form in (as_html, as_text))
    for told_ in ("99.31(a)(1)", "guidance of the students", "2026-11-09 10:00", "2 protected statistics", "cruz"):
        assert told_ in page and told_ in text
    assert "Hannah &lt;Hill&gt; (hill)" in page and "&lt;1001&gt;" in page and "<Hill>" not in page
    assert "Hannah <Hill> (hill)" in text


def test_of_somebody_whose_records_went_to_nobody_it_says_so(ledger: Ledger) -> None:
    record = ledger.disclosures.show("super", 99, TODAY)
    for page in (as_html(record, "X", {}, EASTERN), as_text(record, "X", {}, EASTERN)):
        assert "Nobody received records of this student" in page


keys = st.one_of(
    st.integers(1, 6), st.integers(-(2**63), 2**63 - 1), st.sampled_from([0x0101010101010101, 257, 1 << 8])
)
asked = st.builds(
    Asked,
    username=st.sampled_from(["ann", "bob"]),
    session=st.sampled_from(["teacher", "study-x", "counselor"]),
    at=st.integers(0, 500).map(lambda hours: at(1) + timedelta(hours=hours)),
    outcome=st.sampled_from(Outcome),
    students=st.frozensets(keys, max_size=5),
    form=st.sampled_from(Form),
    purpose=st.sampled_from([Purpose.INSTRUCTION, Purpose.RESEARCH]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(asked, max_size=25), keys)
def test_it_is_what_a_slow_reading_of_the_whole_log_finds(
    tmp_path_factory: pytest.TempPathFactory, questions: list[Asked], student: int
) -> None:
    ledger = fill(tmp_path_factory.mktemp("log") / "ledger", questions)
    about = []
    for entry in ledger.entries(kinds=[Event.ANSWER_GIVEN]):
        held = ledger.disclosed_students(detail_of(entry)["students"]) or b""
        if student in {int.from_bytes(held[n : n + 8], "little", signed=True) for n in range(0, len(held), 8)}:
            about.append(entry)
    by_name = [entry for entry in about if detail_of(entry)["form"] == "scoped rows"]
    slow = Counter((e.actor, detail_of(e)["capacity"], detail_of(e)["purpose"]) for e in by_name)
    record = ledger.disclosures.show("super", student, TODAY)
    ledger.close()
    who = [each.recipient for each in record.disclosures]
    assert len(set(who)) == len(who)
    found = {
        (to.username, to.session, str(to.purpose)): each.times for to, each in zip(who, record.disclosures, strict=True)
    }
    assert found == slow
    nobody = Counter(detail_of(entry)["form"] for entry in about if entry not in by_name)
    assert dict(record.identified_nobody) == {Form(form): times for form, times in nobody.items()}
