"""The record of disclosures from one student's education records (34 CFR 99.32), from the answers about them.

What identifies nobody (de-identified rows, protected statistics) is no disclosure of personally identifiable
information (34 CFR 99.31(b)): it is counted beside the record, and not part of it.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from governance.vocabulary import STUDY_SESSION, Capacity, Form, Purpose


class Basis(enum.Enum):
    """Under which exception of FERPA records went to somebody. `demanded`: whether 99.32 demands that it is recorded.

    What need not be recorded is recorded here all the same, and marked.
    """

    SCHOOL_OFFICIAL = (
        "34 CFR 99.31(a)(1)",
        "A school official with a legitimate educational interest. 99.32(d)(2) demands no record; this one is kept.",
        False,
    )
    STUDY = (
        "34 CFR 99.31(a)(6)",
        "A study for, or on behalf of, the district, under a written agreement.",
        True,
    )
    AUDIT = (
        "34 CFR 99.31(a)(3), 99.35",
        "An authorized representative: audit or evaluation of an education program, under a written agreement.",
        True,
    )
    CONSENT = (
        "34 CFR 99.30",
        "Written consent of the parent or eligible student. 99.32(d)(3) demands no record; this one is kept.",
        False,
    )
    UNKNOWN = (
        "not told by the record",
        "The record names no capacity that the policy knows. It has to be looked into.",
        True,
    )

    def __init__(self, citation: str, sentence: str, demanded: bool) -> None:
        self.citation = citation
        self.sentence = sentence
        self.demanded = demanded


INTERESTS = {
    Capacity.TEACHER: "teaching the students of their classes",
    Capacity.COUNSELOR: "guidance of the students assigned to them",
    Capacity.SUPPORT_SERVICES: "serving, or evaluating, the students assigned to them",
    Capacity.PRINCIPAL: "leading the school that the student is enrolled in",
    Capacity.PERSONNEL_OFFICE: "district-wide analysis for personnel",
    Capacity.BUDGET_OFFICE: "district-wide analysis for the budget",
    Capacity.CURRICULUM_OFFICE: "district-wide analysis for curriculum",
    Capacity.SPECIAL_EDUCATION_OFFICE: "special education and Section 504",
    Capacity.SUPERINTENDENT: "leading the district",
    Capacity.EXECUTIVE_SECRETARY: "work for the Superintendent",
    Capacity.STUDY: "the study that was granted",
}
"""The legitimate interest that goes with a capacity, beside the purpose that the person declared."""


@dataclass(frozen=True)
class Recipient:
    """Who received records, as what, for which declared purpose, under which exception."""

    username: str
    session: str
    purpose: Purpose | None
    basis: Basis

    @property
    def interest(self) -> str:
        capacity = Capacity.of_server(self.session)
        known = "not told by the record" if capacity is None else INTERESTS.get(capacity, "none that the policy knows")
        return known if self.purpose is None else f"{known}; declared purpose: {self.purpose.value}"


@dataclass(frozen=True)
class Disclosures:
    """All that one recipient received of the student, in one capacity and for one purpose."""

    recipient: Recipient
    first: datetime
    last: datetime
    times: int
    tables: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class DisclosureRecord:
    """The record of one student. `identified_nobody`: answers that used the student's records, by their form.

    `shown`: who looked at this record before, and when.
    """

    made_at: datetime
    today: date
    disclosures: tuple[Disclosures, ...]
    identified_nobody: tuple[tuple[Form, int], ...]
    shown: tuple[tuple[str, datetime], ...] = ()

    @property
    def times(self) -> int:
        return sum(each.times for each in self.disclosures)


@dataclass(frozen=True)
class Received:
    """Answers of one kind about the student, gathered. What does not say its form counts as what it may have been."""

    username: str
    session: str
    purpose: Purpose | None
    form: Form | None
    tables: tuple[str, ...]
    first: datetime
    last: datetime
    times: int


def basis_of(session: str, of_grants: Mapping[str, Basis]) -> Basis:
    """`of_grants`: under which exception a grant was given, where it is another than a study."""
    capacity = Capacity.of_server(session)
    if capacity is None:
        return Basis.UNKNOWN
    if capacity is Capacity.STUDY:
        return of_grants.get(session.removeprefix(STUDY_SESSION), Basis.STUDY)
    return Basis.SCHOOL_OFFICIAL if capacity in INTERESTS else Basis.UNKNOWN


def disclosure_record(
    received: Iterable[Received],
    of_grants: Mapping[str, Basis],
    made_at: datetime,
    today: date,
    shown: Iterable[tuple[str, datetime]] = (),
) -> DisclosureRecord:
    """The record, from all answers that were about the student. Who received last comes first."""
    gathered: dict[Recipient, _Gathered] = {}
    nobody: Counter[Form] = Counter()
    for one in received:
        if one.form is Form.DEIDENTIFIED_ROWS or one.form is Form.PROTECTED_STATISTICS:
            nobody[one.form] += one.times
            continue
        recipient = Recipient(one.username, one.session, one.purpose, basis_of(one.session, of_grants))
        gathered.setdefault(recipient, _Gathered(one.first, one.last, Counter())).add(one)
    found = [_disclosures(recipient, each) for recipient, each in gathered.items()]
    found.sort(key=lambda each: (each.last, each.recipient.username, each.recipient.session), reverse=True)
    counted = tuple((form, nobody[form]) for form in Form if nobody[form])
    return DisclosureRecord(made_at, today, tuple(found), counted, tuple(shown))


@dataclass
class _Gathered:
    first: datetime
    last: datetime
    tables: Counter[str]
    times: int = 0

    def add(self, one: Received) -> None:
        self.first, self.last = min(self.first, one.first), max(self.last, one.last)
        self.tables.update(dict.fromkeys(one.tables, one.times))
        self.times += one.times


def _disclosures(recipient: Recipient, gathered: _Gathered) -> Disclosures:
    return Disclosures(recipient, gathered.first, gathered.last, gathered.times, tuple(sorted(gathered.tables.items())))
