"""Requests in the ledger: steps, events, letters, documents and grants, together or not at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from governance.audit import Event
from governance.catalog import load_catalog
from governance.ledger import Acted, Ledger, LedgerError, NotTheSuperintendent, Signature, Told
from governance.ledger.authority import Signing
from governance.ledger.requests import Requests
from governance.requests import Act, Case, Kind, Known, NotMoved, Reason, Role, State, Upload, calendar_act
from governance.vocabulary import Capacity, Employment
from tests.requests.filled import TYPED, given_for
from tests.signed import CHIEF, PASSWORD, TODAY, grant, superintendent

KNOWN = Known(TODAY, load_catalog())
PDF = b"%PDF-1.7\nsigned\n%%EOF\n"
SNAPSHOT = "a snapshot"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        for number, username in enumerate(("rita", "sam", "olga", "xena")):
            ledger.add_person("op", username, number, None)
        grant(ledger, "xena", Capacity.EXECUTIVE_SECRETARY, date(2026, 9, 1))
        superintendent(ledger)
        yield ledger


def told(kind: Kind, state: State, act: Act, page: str | None = None, **changed: str) -> Told:
    given = given_for(kind, state, act, **changed)
    uploads = {name: Upload(f"{name}.pdf", "application/pdf", PDF + name.encode()) for name in given.documents}
    return Told(given.fields, {n: Upload(u.name, u.media_type, PDF) for n, u in uploads.items()}, page)


def do(ledger: Ledger, who: str | Signature, number: int, act: Act, known: Known = KNOWN, **changed: str) -> Acted:
    case = ledger.requests.get(number).case
    done = ledger.requests.act(who, number, act, told(case.kind, case.state, act, **changed), known, SNAPSHOT)
    assert isinstance(done, Acted), done
    return done


def submitted(ledger: Ledger, who: str = "rita", **changed: str) -> int:
    number = ledger.requests.begin_draft(who, Kind.APPLICATION, TODAY)
    do(ledger, who, number, Act.SUBMIT, **changed)
    return number


def events(ledger: Ledger, after: int = 0) -> list[str]:
    return [entry.event for entry in ledger.entries(after=after)]


# --- every act leaves its event


def test_every_method_is_known_to_read_or_to_leave_an_event() -> None:
    acts = {"begin_draft", "save_draft", "act", "catch_up"}
    reads = {"get", "listing", "history", "roles", "added_categories", "is_official"}
    assert {name for name in vars(Requests) if not name.startswith("_")} == acts | reads


ACTS: dict[str, tuple[Callable[[Ledger, int], object], list[Event]]] = {
    "begin_draft": (
        lambda ledger, _: ledger.requests.begin_draft("sam", Kind.APPLICATION, TODAY),
        [Event.REQUEST_BEGUN],
    ),
    "save_draft": (
        lambda ledger, _: ledger.requests.save_draft(
            "sam", ledger.requests.begin_draft("sam", Kind.APPLICATION, TODAY), Told({"title": "Half"}), KNOWN
        ),
        [Event.REQUEST_BEGUN, Event.REQUEST_MOVED],
    ),
    "act": (
        lambda ledger, number: do(ledger, superintendent(ledger), number, Act.APPROVE),
        [Event.DOCUMENT_KEPT, Event.DOCUMENT_KEPT, Event.LETTER_QUEUED, Event.STUDY_GRANTED, Event.REQUEST_DECIDED],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTS)
def test_every_act_leaves_its_events(ledger: Ledger, name: str) -> None:
    act, left = ACTS[name]
    number = submitted(ledger)
    before = ledger.newest()
    act(ledger, number)
    assert events(ledger, before) == left
    assert ledger.verify().breaks == ()


def test_a_decision_falls_on_what_was_seen(ledger: Ledger) -> None:
    """Taken back and sent again with another text, the request is in the same state, and is another."""
    number = submitted(ledger)
    seen = ledger.requests.get(number).steps
    do(ledger, superintendent(ledger), number, Act.RETURN)
    do(ledger, "rita", number, Act.SUBMIT, columns="student: sex")
    sent = told(Kind.APPLICATION, State.SUBMITTED, Act.APPROVE)
    for steps, moves in ((seen, False), (ledger.requests.get(number).steps, True)):
        page = replace(sent, seen_steps=steps)
        done = ledger.requests.act(superintendent(ledger), number, Act.APPROVE, page, KNOWN, SNAPSHOT)
        assert isinstance(done, Acted) is moves
        assert moves or (isinstance(done, NotMoved) and done.reason is Reason.MEANWHILE)


def test_the_office_writes_what_it_registered_and_no_draft_of_an_applicants_own(ledger: Ledger) -> None:
    own = ledger.requests.begin_draft("rita", Kind.EXTERNAL, TODAY)
    registered = ledger.requests.begin_draft("xena", Kind.EXTERNAL, TODAY, applicant="rita")
    for act in (Act.SAVE, Act.SUBMIT, Act.WITHDRAW):
        sent = told(Kind.EXTERNAL, State.DRAFT, act)
        refused = ledger.requests.act("xena", own, act, sent, KNOWN)
        assert isinstance(refused, NotMoved) and refused.reason is Reason.NOT_YOURS
    do(ledger, "xena", registered, Act.SUBMIT)
    do(ledger, "rita", own, Act.SUBMIT)
    refused = ledger.requests.act("xena", own, Act.WITHDRAW, Told(), KNOWN)
    assert isinstance(refused, NotMoved) and refused.reason is Reason.NOT_YOURS


# --- who is outside


def test_nobody_from_outside_applies_as_a_school_official(ledger: Ledger) -> None:
    ledger.add_person("op", "ruth", None, None)
    assert not ledger.requests.is_official("ruth", TODAY) and ledger.requests.is_official("rita", TODAY)
    with pytest.raises(LedgerError, match="external request"):
        ledger.requests.begin_draft("ruth", Kind.APPLICATION, TODAY)
    assert ledger.requests.begin_draft("ruth", Kind.EXTERNAL, TODAY) == 1


@pytest.mark.parametrize("act", [Act.SUBMIT, Act.APPROVE, Act.MODIFY])
def test_whoever_left_is_given_nothing_as_a_school_official(tmp_path: Path, act: Act) -> None:
    """Nor is an application decided as one that was made before."""
    told_of = {1: Employment.EMPLOYED}
    signing = Signing(employment=lambda key, _day: told_of.get(key or 0, Employment.EMPLOYED))
    with closing(Ledger.open(tmp_path / "ledger", signing=signing)) as ledger:
        ledger.add_person("op", "rita", 1, None)
        number = ledger.requests.begin_draft("rita", Kind.APPLICATION, TODAY)
        if act is not Act.SUBMIT:
            do(ledger, "rita", number, Act.SUBMIT)
        told_of[1] = Employment.NOT_EMPLOYED
        who = "rita" if act is Act.SUBMIT else superintendent(ledger)
        sent = told(Kind.APPLICATION, ledger.requests.get(number).case.state, act)
        refused = ledger.requests.act(who, number, act, sent, KNOWN, SNAPSHOT)
        assert isinstance(refused, NotMoved) and refused.reason is Reason.AGAINST_A_RULE
        assert "external request" in refused.rule
        assert ledger.studies.all_grants() == ()


# --- the decision, its letter, its grant


def test_an_approval_gives_what_was_applied_for(ledger: Ledger) -> None:
    done = do(ledger, superintendent(ledger), submitted(ledger), Act.APPROVE)
    [given] = ledger.studies.grants("rita")
    assert (given.name, given.request, given.snapshot) == (done.grant, done.request_id, SNAPSHOT)
    assert given.tables["student"] == ("student_key", "sex", "birth_date")
    assert (given.begin_date, given.end_date) == (date(2026, 12, 1), date(2027, 6, 30))
    assert ledger.requests.get(done.request_id).case.state is State.APPROVED


def test_an_approval_in_another_form_gives_what_the_superintendent_chose(ledger: Ledger) -> None:
    do(ledger, superintendent(ledger), submitted(ledger), Act.MODIFY)
    [given] = ledger.studies.grants("rita")
    assert given.tables == {"student": ("student_key", "sex")}
    assert given.end_date == date(2027, 1, 31)


def test_the_decision_is_a_letter_that_prints_and_holds_no_script(ledger: Ledger) -> None:
    number = submitted(ledger, title="<script>alert(1)</script>")
    done = do(ledger, superintendent(ledger), number, Act.DENY, reason="<img src=x onerror=alert(2)> & no")
    assert done.letter is not None
    letter = ledger.documents.read(done.letter)
    page = letter.content.decode()
    assert letter.media_type == "text/html"
    assert "<script" not in page and "<img" not in page and "&lt;img src=x" in page
    assert "Your request is denied." in page and f"{CHIEF}, Superintendent of Schools" in page
    plain = ledger.documents.read(ledger.requests.get(number).documents["letter_text"].digest).content.decode()
    assert "<img src=x onerror=alert(2)> & no" in plain


def queued(tmp_path: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(tmp_path / "ledger" / "ledger.sqlite")) as store:
        return store.execute("SELECT recipient, subject, text FROM outbox ORDER BY letter_id").fetchall()


def test_the_letter_is_sent_to_whoever_gave_an_address(ledger: Ledger, tmp_path: Path) -> None:
    with_address, without = submitted(ledger), submitted(ledger, email="")
    done = do(ledger, superintendent(ledger), with_address, Act.DENY)
    do(ledger, superintendent(ledger), without, Act.DENY)
    [(to, subject, text)] = queued(tmp_path)
    assert (to, subject.split(":")[0]) == (
        "rita@example.org",
        "Application for access outside the general levels, no. 1",
    )
    kept = ledger.requests.get(done.request_id).documents["letter_text"]
    assert ledger.documents.read(kept.digest).content.decode() == text


def test_a_decision_that_is_refused_sends_nothing(ledger: Ledger, tmp_path: Path) -> None:
    number = submitted(ledger)
    sent = told(Kind.APPLICATION, State.SUBMITTED, Act.DENY, reason="")
    assert isinstance(ledger.requests.act(superintendent(ledger), number, Act.DENY, sent, KNOWN), NotMoved)
    assert queued(tmp_path) == []


def test_what_was_typed_is_kept_as_it_was_typed(ledger: Ledger) -> None:
    number = ledger.requests.begin_draft("rita", Kind.APPLICATION, TODAY)
    ledger.requests.save_draft("rita", number, Told({"need": "<b>half a\r\nthought", "end": "next year"}), KNOWN)
    assert ledger.requests.get(number).case.fields == {"need": "<b>half a\nthought", "end": "next year"}
    refused = ledger.requests.act("rita", number, Act.SUBMIT, Told(), KNOWN)
    assert isinstance(refused, NotMoved) and {"title", "end", "need"} <= set(refused.errors)


def test_the_log_holds_nothing_of_what_was_typed(ledger: Ledger) -> None:
    do(ledger, superintendent(ledger), submitted(ledger), Act.APPROVE)
    log = "".join(entry.detail for entry in ledger.entries())
    assert "third grade" not in log and "rita@example.org" not in log


def test_without_data_nothing_is_granted_and_the_decision_is_not_recorded(ledger: Ledger) -> None:
    number, before = submitted(ledger), ledger.newest()
    with pytest.raises(LedgerError, match="no data yet"):
        ledger.requests.act(
            superintendent(ledger), number, Act.APPROVE, told(Kind.APPLICATION, State.SUBMITTED, Act.APPROVE), KNOWN
        )
    assert (ledger.newest(), ledger.requests.get(number).case.state) == (before, State.SUBMITTED)


# --- whose act it is


@pytest.mark.parametrize("who", ["rita", "sam", "xena", CHIEF, "operator (command line)", "nobody"])
@pytest.mark.parametrize("act", [Act.APPROVE, Act.MODIFY, Act.DENY])
def test_nobody_decides_without_the_superintendents_signature(ledger: Ledger, who: str, act: Act) -> None:
    """Not the applicant, the secretary, the operator; nor the Superintendent's name alone. The try is on record."""
    number, before = submitted(ledger), ledger.newest()
    refused = ledger.requests.act(who, number, act, told(Kind.APPLICATION, State.SUBMITTED, act), KNOWN, SNAPSHOT)
    assert isinstance(refused, NotMoved) and refused.reason is Reason.NOT_YOURS
    [tried] = ledger.entries(after=before)
    assert (tried.event, tried.actor) == (Event.DECISION_REFUSED, who)
    assert ledger.studies.all_grants() == () and ledger.requests.get(number).case.state is State.SUBMITTED


def test_a_forged_signature_decides_nothing(ledger: Ledger) -> None:
    number = submitted(ledger)
    with pytest.raises(NotTheSuperintendent):
        do(ledger, Signature(CHIEF, "2026-11-23T00:00:00", "00" * 32), number, Act.APPROVE)
    assert ledger.studies.all_grants() == () and events(ledger)[-1] == Event.DECISION_REFUSED


def test_somebody_elses_request_is_not_ones_own(ledger: Ledger) -> None:
    number = ledger.requests.begin_draft("rita", Kind.APPLICATION, TODAY)
    refused = ledger.requests.save_draft("sam", number, Told({"title": "Mine"}), KNOWN)
    assert isinstance(refused, NotMoved) and refused.reason is Reason.NOT_YOURS
    assert ledger.requests.roles("sam", ledger.requests.get(number), TODAY) == frozenset()
    assert ledger.requests.roles("rita", ledger.requests.get(number), TODAY) == {Role.APPLICANT}


def test_who_is_locked_does_nothing(ledger: Ledger) -> None:
    number = ledger.requests.begin_draft("rita", Kind.APPLICATION, TODAY)
    ledger.lock_person("op", "rita", "a lost laptop")
    assert isinstance(ledger.requests.save_draft("rita", number, Told({"title": "x"}), KNOWN), NotMoved)
    with pytest.raises(LedgerError, match="are opened by"):
        ledger.requests.begin_draft("rita", Kind.APPLICATION, TODAY)


@pytest.mark.parametrize("kind", [Kind.BOARD, Kind.FREEDOM_OF_INFORMATION, Kind.NEW_CATEGORY])
def test_registers_are_kept_by_the_office(ledger: Ledger, kind: Kind) -> None:
    with pytest.raises(LedgerError, match="are opened by"):
        ledger.requests.begin_draft("rita", kind, TODAY)
    assert ledger.requests.begin_draft("xena", kind, TODAY) == 1


# --- twice


def test_a_page_that_is_sent_twice_is_one_request_and_one_step(ledger: Ledger) -> None:
    numbers = {ledger.requests.begin_draft("rita", Kind.APPLICATION, TODAY, page="p1") for _ in range(2)}
    [number] = numbers
    sent = told(Kind.APPLICATION, State.DRAFT, Act.SUBMIT, page="p2")
    first, again = (ledger.requests.act("rita", number, Act.SUBMIT, sent, KNOWN) for _ in range(2))
    assert first == again and isinstance(again, Acted)
    assert len(ledger.requests.history(number)) == 1
    decided = told(Kind.APPLICATION, State.SUBMITTED, Act.APPROVE, page="p3")
    done = [ledger.requests.act(superintendent(ledger), number, Act.APPROVE, decided, KNOWN, SNAPSHOT) for _ in "ab"]
    assert done[0] == done[1] and len(ledger.studies.all_grants()) == 1


def test_a_page_is_of_one_act_only(ledger: Ledger) -> None:
    one, other = (ledger.requests.begin_draft("rita", Kind.APPLICATION, TODAY) for _ in range(2))
    ledger.requests.save_draft("rita", one, Told({"title": "One"}, page="p"), KNOWN)
    with pytest.raises(LedgerError, match="another act"):
        ledger.requests.save_draft("rita", other, Told({"title": "Other"}, page="p"), KNOWN)


def test_of_two_who_decide_at_once_one_does_and_the_other_is_told(ledger: Ledger, tmp_path: Path) -> None:
    number, start = submitted(ledger), Barrier(2)
    desks = [Ledger.open(tmp_path / "ledger") for _ in range(2)]
    signatures = [desk.authority.sign(CHIEF, PASSWORD, TODAY) for desk in desks]

    def decide(desk: int) -> Acted | NotMoved:
        act = (Act.APPROVE, Act.DENY)[desk]
        start.wait(timeout=10)
        sent = told(Kind.APPLICATION, State.SUBMITTED, act)
        return desks[desk].requests.act(signatures[desk], number, act, sent, KNOWN, SNAPSHOT)

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(decide, range(2)))
    for desk in desks:
        desk.close()
    [refused] = [each for each in done if isinstance(each, NotMoved)]
    assert refused.reason is Reason.NO_SUCH_STEP and "acted on it meanwhile" in refused.reason.next_step
    assert events(ledger).count(Event.REQUEST_DECIDED) == 1
    assert ledger.verify().breaks == ()


# --- documents

MISLABELLED = {
    "a page that says it is a PDF": Upload("a.pdf", "application/pdf", b"<html><script>1</script>"),
    "a PDF that says it is a picture": Upload("a.png", "image/png", PDF),
    "a program": Upload("a.pdf", "application/pdf", b"MZ\x90\x00"),
    "a PDF without an end": Upload("a.pdf", "application/pdf", b"%PDF-1.7\nhalf"),
    "nothing": Upload("a.pdf", "application/pdf", b""),
    "too much": Upload("a.pdf", "application/pdf", PDF + b"x" * (10 * 1024 * 1024)),
}


@pytest.mark.parametrize("name", MISLABELLED)
def test_a_document_that_is_not_what_it_says_is_refused_by_its_field(ledger: Ledger, name: str) -> None:
    number = at_agreement(ledger)
    before = ledger.newest()
    sent = told(Kind.EXTERNAL, State.AGREEMENT_AWAITED, Act.FILE_AGREEMENT)
    refused = ledger.requests.act(
        "xena", number, Act.FILE_AGREEMENT, Told(sent.fields, {"agreement": MISLABELLED[name]}), KNOWN
    )
    assert isinstance(refused, NotMoved) and set(refused.errors) == {"agreement"}
    assert ledger.newest() == before


def at_agreement(ledger: Ledger, **changed: str) -> int:
    number = ledger.requests.begin_draft("xena", Kind.EXTERNAL, TODAY, applicant="rita")
    do(ledger, "xena", number, Act.SUBMIT, **changed)
    do(ledger, superintendent(ledger), number, Act.ACCEPT)
    return number


def test_an_agreement_is_kept_by_its_hash(ledger: Ledger) -> None:
    number = at_agreement(ledger)
    do(ledger, "xena", number, Act.FILE_AGREEMENT)
    filed = ledger.requests.get(number).documents["agreement"]
    kept = ledger.documents.read(filed.digest)
    assert (kept.content, kept.media_type, filed.name) == (PDF, "application/pdf", "agreement.pdf")
    with pytest.raises(LedgerError, match="no such document"):
        ledger.documents.read("00" * 32)


# --- what the calendar does


def later(days: int) -> Known:
    return Known(date(2027, 6, 30) + timedelta(days=days), KNOWN.catalog)


def test_a_grant_expires_by_itself_and_its_request_says_so(ledger: Ledger) -> None:
    number = submitted(ledger)
    do(ledger, superintendent(ledger), number, Act.APPROVE)
    assert ledger.requests.catch_up(later(0)) == []
    [given] = ledger.studies.grants("rita")
    assert given.is_current(later(0).today) and not given.is_current(later(1).today)
    assert [acted.state for acted in ledger.requests.catch_up(later(1))] == [State.EXPIRED]
    assert ledger.requests.catch_up(later(2)) == []


def test_a_certificate_that_does_not_come_escalates(ledger: Ledger) -> None:
    number = at_agreement(ledger)
    do(ledger, "xena", number, Act.FILE_AGREEMENT)
    do(ledger, superintendent(ledger), number, Act.APPROVE)
    assert [acted.state for acted in ledger.requests.catch_up(later(1))] == [State.DESTRUCTION_DUE]
    assert ledger.requests.catch_up(later(62)) == []
    [overdue] = ledger.requests.catch_up(later(63))
    assert overdue.state is State.DESTRUCTION_OVERDUE and overdue.letter is not None
    assert "99.67" in ledger.documents.read(overdue.letter).content.decode()
    do(ledger, "rita", number, Act.CERTIFY_DESTRUCTION, later(70))
    assert ledger.requests.get(number).case.state is State.DESTRUCTION_CERTIFIED


# --- whatever is changed behind the log's back is found

TAMPERINGS = {
    "a request is somebody else's": "UPDATE request SET applicant = 'sam'",
    "a request is removed": "DELETE FROM request WHERE request_id = 1",
    "a step is removed": "DELETE FROM request_step WHERE number = 2",
    "a step says something else": "UPDATE request_step SET fields = '{}' WHERE number = 2",
    "a step leads elsewhere": "UPDATE request_step SET after = 'approved' WHERE number = 1",
    "a step is put in": "INSERT INTO request_step SELECT 1, 9, act, before, after, actor, at, day, fields, documents, "
    "letter, grant_name, NULL FROM request_step WHERE number = 1",
    "a document says something else": "UPDATE document SET content = x'00'",
    "a document is no bytes any more": "UPDATE document SET content = 7",
    "a document is another kind": "UPDATE document SET media_type = 'image/png'",
    "a document is removed": "DELETE FROM document",
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_stands_otherwise_than_recorded_is_found(ledger: Ledger, tmp_path: Path, name: str) -> None:
    do(ledger, superintendent(ledger), submitted(ledger), Act.DENY)
    assert ledger.verify().breaks == ()
    triggers = "".join(
        f"DROP TRIGGER {table}_no_{act};"
        for table in ("request", "request_step", "document")
        for act in ("update", "delete")
    )
    with closing(sqlite3.connect(tmp_path / "ledger" / "ledger.sqlite")) as store:
        store.executescript("PRAGMA foreign_keys = OFF;" + triggers + TAMPERINGS[name])
    found = ledger.verify().breaks
    assert found and not [broken for broken in found if "rita" in broken.what or TYPED["title"] in broken.what]


@pytest.mark.parametrize("table", ["request", "request_step", "document"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET rowid = rowid + 1"])
def test_the_store_itself_keeps_what_was_recorded(ledger: Ledger, tmp_path: Path, table: str, statement: str) -> None:
    do(ledger, superintendent(ledger), submitted(ledger), Act.DENY)
    store = sqlite3.connect(tmp_path / "ledger" / "ledger.sqlite")
    with closing(store), pytest.raises(sqlite3.IntegrityError, match="append-only"):
        store.execute(statement.format(table))


def test_a_document_that_was_changed_is_not_read(ledger: Ledger, tmp_path: Path) -> None:
    done = do(ledger, superintendent(ledger), submitted(ledger), Act.DENY)
    with closing(sqlite3.connect(tmp_path / "ledger" / "ledger.sqlite")) as store, store:
        store.execute("DROP TRIGGER document_no_update")
        store.execute("UPDATE document SET content = x'00'")
    assert done.letter is not None
    with pytest.raises(LedgerError, match="not what was handed in"):
        ledger.documents.read(done.letter)


def test_the_event_of_a_decision_names_its_letter_and_its_grant(ledger: Ledger) -> None:
    done = do(ledger, superintendent(ledger), submitted(ledger), Act.APPROVE)
    detail = json.loads(list(ledger.entries())[-1].detail)
    assert (detail["letter"], detail["grant"], detail["request"]) == (done.letter, "reading", done.request_id)


def test_one_request_that_fails_does_not_keep_the_calendar_from_the_others(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is told of it is its kind alone."""
    bad, good = (submitted(ledger, who) for who in ("rita", "sam"))
    do(ledger, superintendent(ledger), bad, Act.APPROVE)
    do(ledger, superintendent(ledger), good, Act.APPROVE, grant_name="second")

    def fails(case: Case, today: date) -> Act | None:
        if case.applicant == "rita":
            raise KeyError("a value")
        return calendar_act(case, today)

    monkeypatch.setattr("governance.ledger.requests.calendar_act", fails)
    assert [done.request_id for done in ledger.requests.catch_up(Known(date(2027, 7, 1), KNOWN.catalog))] == [good]
    [told_of] = caplog.messages
    assert "application" in told_of and "a value" not in told_of and "rita" not in told_of
