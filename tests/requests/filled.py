"""Forms filled in as they should be, of every kind of request, and requests taken through their workflows with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from governance.catalog import load_catalog
from governance.requests import WORKFLOWS, Act, Case, Given, Kind, Known, Moved, NotMoved, Role, State, step

TODAY = date(2026, 11, 23)
KNOWN = Known(TODAY, load_catalog())
DIGEST = "ab" * 32

DECLARATION = """
name = "transport"
category = "student"
unit = "student"
description = "The bus that a student rides."
key = ["student_key", "begin_date"]
period = ["begin_date", "end_date"]
columns = [
    { name = "student_key", type = "key", entity = "student", required = true, description = "The student." },
    { name = "begin_date", type = "date", required = true, description = "First day." },
    { name = "end_date", type = "date", description = "Last day." },
    { name = "bus_route", type = "text", description = "The route." },
]
"""

TYPED: dict[str, str] = {
    "title": "Reading in the third grade",
    "need": "To see how the reading program serves the third grade, by its attendance.",
    "columns": "student: sex, birth_date\nattendance: attendance_date, attendance_event",
    "population": "The third grade of both elementary schools.",
    "years": "2025 and 2026",
    "form": "de-identified rows",
    "begin": "2026-12-01",
    "end": "2027-06-30",
    "email": "rita@example.org",
    "grant_name": "reading",
    "k": "10",
    "diversity": "1",
    "sensitive": "",
    "dates": "month",
    "reason": "It serves the district's reading program.",
    "conditions": "No rows leave the session.",
    "granted_columns": "student: sex",
    "granted_form": "de-identified rows",
    "granted_begin": "2026-12-01",
    "granted_end": "2027-01-31",
    "missing": "Which years are meant.",
    "notified_on": "2026-11-23",
    "notified_how": "By post.",
    "end_reason": "The study was given up.",
    "researcher": "Dr. Ruth Example",
    "institution": "Example University",
    "basis": "study for the district (99.31(a)(6))",
    "purpose": "To find out whether the reading program works.",
    "methods": "A regression of scores on attendance in the program.",
    "consequences": "None for any student; the district learns what works.",
    "competence": "Twenty years of research on reading; list of papers attached.",
    "consent_provision": "Parents are written to, and can say no without any disadvantage.",
    "recommendation": "accept",
    "recommended_because": "Sound methods.",
    "accepted_because": "It serves the district.",
    "signed_on": "2026-11-20",
    "scope": "The reading study and nothing else.",
    "agreed_until": "2027-06-30",
    "disclosed": "Sex, birth date and attendance of the third grade, de-identified.",
    "use_limited": "yes",
    "no_identification": "yes",
    "destruction_how": "Files are overwritten, and copies too.",
    "destruction_by": "2027-08-31",
    "representative": "",
    "parents_notified_on": "2026-11-20",
    "destroyed_on": "2026-11-23",
    "certified_by": "Dr. Ruth Example",
    "requester": "The Example Gazette",
    "received_on": "2026-11-23",
    "request": "The number of substitute teachers by school.",
    "address": "1 Main Street",
    "checked_how": "Read twice for names and small groups.",
    "no_student": "yes",
    "extent": "The table by school.",
    "exemptions": "1-210(b)(17)",
    "no_student_released": "yes",
    "question": "How has attendance changed since 2020?",
    "meeting_date": "2026-11-16",
    "votes_for": "7",
    "votes_against": "2",
    "minutes": "Page 4, item 7",
    "member": "A. Member",
    "asked_on": "2026-11-20",
    "delivered_on": "2026-11-23",
    "delivered_how": "With the agenda of the meeting.",
    "to_all_members": "yes",
    "data_source": "The bus company's file, monthly.",
    "declaration": DECLARATION,
}


def given_for(kind: Kind, state: State, act: Act, **changed: str) -> Given:
    """Everything that the move asks for, filled in; `changed`: other answers, also of its documents."""
    move = WORKFLOWS[kind].find(state, act)
    if move is None:
        return Given()
    typed = {name: TYPED[name] for name in move.form.names if name not in move.form.documents}
    documents = dict.fromkeys(move.form.documents, DIGEST)
    return Given(
        {**typed, **{name: text for name, text in changed.items() if name in typed}},
        {**documents, **{name: text for name, text in changed.items() if name in documents}},
    )


def roles_for(kind: Kind, state: State, act: Act) -> frozenset[Role]:
    """Somebody who may."""
    move = WORKFLOWS[kind].find(state, act)
    return frozenset() if move is None else frozenset(move.roles[:1])


def opened(kind: Kind) -> Case:
    return Case(kind, WORKFLOWS[kind].first, "rita", TODAY)


@dataclass
class Walk:
    """A request, taken from step to step by whoever may."""

    case: Case
    known: Known = KNOWN

    def take(self, act: Act, *roles: Role, **changed: str) -> Moved | NotMoved:
        """`roles`: somebody else than whoever may."""
        kind, state = self.case.kind, self.case.state
        acting = frozenset(roles) or roles_for(kind, state, act)
        found = step(WORKFLOWS[kind], self.case, act, acting, given_for(kind, state, act, **changed), self.known)
        if isinstance(found, Moved):
            self.case = found.case
        return found

    def through(self, *acts: Act, **changed: str) -> Walk:
        for act in acts:
            found = self.take(act, **changed)
            assert isinstance(found, Moved), (act, found)
        return self
