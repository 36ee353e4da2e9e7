"""What the Hub asks the ledger: is this a person, and which sessions may they have today?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from governance.ledger import Ledger, PostgresqlServer
from governance.policy import CAPACITIES, Refusal, barred
from governance.settings_file import read_document
from governance.vocabulary import Capacity, Grant, Person
from governance.warehouse.staff_facts import StaffRegisters
from hub_config.settings import Settings

WITHOUT_SESSION = frozenset({Capacity.OPERATOR, Capacity.REVIEWER, Capacity.STUDY})
"""Operators start, load and back up; output checkers see submissions only; a study has a session for each grant."""


@dataclass(frozen=True)
class Button:
    """One session a person may start, as the home page shows it; `server` is its name."""

    server: str
    title: str
    description: str


DESCRIPTIONS = {
    Capacity.TEACHER: "The students who are in your classes today",
    Capacity.COUNSELOR: "The students assigned to you today",
    Capacity.SUPPORT_SERVICES: "The students you serve, or are assigned to evaluate, today",
    Capacity.PRINCIPAL: "The students enrolled in your building today",
    Capacity.PERSONNEL_OFFICE: "District-wide questions about personnel; no student is identified",
    Capacity.BUDGET_OFFICE: "District-wide questions about money; no student is identified",
    Capacity.CURRICULUM_OFFICE: "District-wide questions about performance; no student is identified",
    Capacity.SPECIAL_EDUCATION_OFFICE: "The students in special education or under Section 504",
    Capacity.SUPERINTENDENT: "All students of the district",
    Capacity.EXECUTIVE_SECRETARY: "All students of the district",
}


class People:
    """The ledger, seen from the Hub: read only."""

    def __init__(self, ledger: Ledger, today: Callable[[], date], staff: StaffRegisters) -> None:
        self._ledger = ledger
        self._today = today
        self._staff = staff

    @classmethod
    def open(cls, settings: Settings) -> People:
        server = PostgresqlServer.of(read_document(settings.state))
        ledger = Ledger.open(settings.ledger_folder, server=server)
        return cls(ledger, settings.today, StaffRegisters(settings.warehouse_folder))

    def is_known(self, username: str) -> bool:
        """A person of the ledger who is not locked."""
        person = self._ledger.person(username)
        return person is not None and not person.locked

    def verify_password(self, username: str, password: str) -> bool:
        return self._ledger.verify_password(username, password)

    def capacities(self, username: str) -> tuple[Capacity, ...]:
        """Those held today that have a session and can be used, in the vocabulary's order."""
        today = self._today()
        person, levels = self._ledger.standing(username)
        if self._bar(person) is not None:
            return ()
        held = {level.capacity for level in levels if level.is_current(today)}
        return tuple(capacity for capacity in Capacity if capacity in held - WITHOUT_SESSION)

    def _bar(self, person: Person | None) -> Refusal | None:
        """Why the person may have nothing today, whatever they hold: locked, say, or not employed any more."""
        return barred(person, self._staff.employment(None if person is None else person.staff_key, self._today()))

    def grants(self, username: str) -> tuple[Grant, ...]:
        """The person's own grants of studies that hold today and can be used."""
        today = self._today()
        if self._bar(self._ledger.person(username)) is not None:
            return ()
        return tuple(grant for grant in self._ledger.studies.grants(username) if grant.is_current(today))

    def buttons(self, username: str) -> list[Button]:
        """A session for each capacity held, and one for each grant of a study."""
        held = [
            Button(capacity.server, CAPACITIES[capacity].title, DESCRIPTIONS[capacity])
            for capacity in self.capacities(username)
        ]
        return [*held, *(_study_button(grant) for grant in self.grants(username))]

    def refusal(self, username: str, server: str) -> str | None:
        """Why this person may not have a session of that name today, and what to do; None if they may."""
        bar, capacity = self._bar(self._ledger.person(username)), Capacity.of_server(server)
        if bar is not None:
            return f"{bar.message} {bar.next_step}"
        if capacity is None:
            return "A session is started in a capacity. Choose one on the home page."
        if capacity is Capacity.STUDY:
            return None if any(grant.server == server for grant in self.grants(username)) else _not_held(capacity)
        if capacity in WITHOUT_SESSION:
            return f"There is no notebook session for this capacity ({CAPACITIES[capacity].title})."
        return None if capacity in self.capacities(username) else _not_held(capacity)


def _study_button(grant: Grant) -> Button:
    return Button(grant.server, f"Study {grant.name}", _rows_of(grant))


def _rows_of(grant: Grant) -> str:
    if grant.identified:
        return (
            f"Rows of the students whose parents consented to this study, who are identified, through {grant.end_date}"
        )
    return f"De-identified rows of what this study was granted, through {grant.end_date}; nobody is identified"


def _not_held(capacity: Capacity) -> str:
    # Of somebody else's grant, or of one that ended, it says no more than of one that never was.
    return (
        f"You do not hold the capacity {CAPACITIES[capacity].title} today. The home page shows those you hold; "
        "the Superintendent sets access levels."
    )
