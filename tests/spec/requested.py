"""A Superintendent's office for the specification: people of every kind, and requests that go their way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from governance.catalog import load_catalog
from governance.ledger import Acted, Ledger, RequestRecord, Told
from governance.requests import Act, Deadline, Kind, Known, NotMoved, State, Upload, deadline
from governance.vocabulary import Capacity, Grant
from tests.requests.filled import TYPED, given_for
from tests.signed import CHIEF, grant, superintendent

PDF = b"%PDF-1.7\nsigned\n%%EOF\n"
SUPERINTENDENT, SECRETARY, REVIEWER = "the Superintendent", "secretary", "checker"
TEACHER, RESEARCHER, OPERATOR = "hill", "ruth", "otto"


@dataclass
class Office:
    """The office, on a day."""

    ledger: Ledger
    today: date = date(2026, 11, 23)

    @property
    def known(self) -> Known:
        return Known(self.today, load_catalog())

    def open(self, kind: Kind, by: str, of: str | None = None) -> int:
        return self.ledger.requests.begin_draft(by, kind, self.today, applicant=of)

    def does(self, who: str, act: Act, number: int, **told: str | None) -> State | NotMoved:
        """What becomes of the request when they do that, with every field filled in but for those named.

        The Superintendent signs with the password; nobody else can.
        """
        state, kind = self.at(number), self.record(number).case.kind
        given = given_for(kind, state, act, **{name: text for name, text in told.items() if text})
        left_out = {name for name, text in told.items() if not text}
        uploads = {
            name: Upload("paper.pdf", "application/pdf", PDF) for name in given.documents if name not in left_out
        }
        fields = {name: text for name, text in given.fields.items() if name not in left_out}
        signed = superintendent(self.ledger) if who == SUPERINTENDENT else who
        done = self.ledger.requests.act(signed, number, act, Told(fields, uploads), self.known, "snapshot of today")
        return done.state if isinstance(done, Acted) else done

    def follows(self, number: int, *steps: tuple[str, Act], **told: str | None) -> State:
        """Where the request is after these steps, all of which can be taken."""
        for who, act in steps:
            done = self.does(who, act, number, **told)
            assert isinstance(done, State), (who, act, done)
        return self.at(number)

    def record(self, number: int) -> RequestRecord:
        return self.ledger.requests.get(number)

    def at(self, number: int) -> State:
        return self.record(number).case.state

    def letter(self, number: int) -> str:
        """The newest letter about the request, as plain text."""
        return self.ledger.documents.read(self.record(number).documents["letter_text"].digest).content.decode()

    def grants(self, username: str) -> tuple[Grant, ...]:
        """Those that hold today."""
        return tuple(each for each in self.ledger.studies.grants(username) if each.is_current(self.today))

    def due(self, number: int) -> Deadline | None:
        return deadline(self.record(number).case, self.today)

    def day_passes(self, to: date) -> None:
        """The calendar does what it does by itself."""
        self.today = to
        self.ledger.requests.catch_up(self.known)


@contextmanager
def office_at(folder: Path) -> Iterator[Office]:
    ledger = Ledger.open(folder / "ledger")
    for number, username in enumerate((SECRETARY, REVIEWER, TEACHER, RESEARCHER, OPERATOR, "member")):
        ledger.add_person("operator", username, number, None)
    for username, capacity in (
        (SECRETARY, Capacity.EXECUTIVE_SECRETARY),
        (REVIEWER, Capacity.REVIEWER),
        (TEACHER, Capacity.TEACHER),
        (OPERATOR, Capacity.OPERATOR),
    ):
        grant(ledger, username, capacity, date(2026, 9, 1))
    try:
        yield Office(ledger)
    finally:
        ledger.close()


def refused(done: State | NotMoved) -> NotMoved:
    assert isinstance(done, NotMoved), done
    return done


__all__ = ["CHIEF", "TYPED", "Office", "office_at", "refused"]
