"""WHO MAY HOLD A LEVEL? Administrators, certified staff and the named secretaries, by what `staff` tells of them."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from governance.policy.capacities import CAPACITIES
from governance.policy.scopes import StudentsAlong
from governance.vocabulary import AccessLevel, Capacity, Employment, Relation


class Certification(enum.Enum):
    """Whether somebody holds a certificate that is valid on a day."""

    CERTIFIED = "certified"
    NOT_CERTIFIED = "not certified"
    # The sources tell nothing of anybody's certificates.
    UNTOLD = "untold"


@dataclass(frozen=True)
class Position:
    """A position that somebody holds; `school_key` is None in the central office."""

    classification: str
    title: str | None = None
    school_key: int | None = None


@dataclass(frozen=True)
class StaffFacts:
    """What one snapshot tells of a staff member, as of a day: the positions are those held on it."""

    staff_key: int
    today: date
    snapshot: str
    employment: Employment
    positions: tuple[Position, ...]
    certification: Certification

    @property
    def is_employed(self) -> bool:
        """Where sources tell nothing of employment, a position that is held says as much."""
        match self.employment:
            case Employment.EMPLOYED:
                return True
            case Employment.UNTOLD:
                return bool(self.positions)
            case Employment.NOT_EMPLOYED:
                return False
            case _:
                assert_never(self.employment)


class Reason(enum.Enum):
    """Why a person may not hold a level."""

    NOT_BY_GRANT = "The Superintendent is appointed by the Board, and their authority is never delegated."
    GRANT_OF_A_STUDY = "A study has no level: it has the grant that its decided application makes."
    NO_FACTS = "Only staff can hold this level, and the person is linked to no staff record."
    OTHER_FACTS = "What is said of staff is of another person, or of another day."
    NOT_EMPLOYED = "The person is not employed by the district on that day."
    NO_SUCH_POSITION = (
        "The person holds no position that this level is for: only administrators, certified staff, and the named "
        "secretaries can hold one. The title of a secretary's position must say whose secretary they are."
    )
    NOT_CERTIFIED = "The person's position is for certified staff, and no certificate of theirs is valid on that day."
    OTHER_RELATION = "The level must relate to the person's own staff record, and a principal's to schools they lead."


@dataclass(frozen=True)
class Eligible:
    """Yes, as the holder of this position; None where no position is asked for."""

    position: Position | None


@dataclass(frozen=True)
class Ineligible:
    """No, and why."""

    reason: Reason


Eligibility = Eligible | Ineligible


@dataclass(frozen=True)
class Qualification:
    """Positions that a level is for. `title`: what the position's title must say; `certified`: a certificate too."""

    classifications: frozenset[str]
    title: str | None = None
    certified: bool = False

    def has(self, position: Position) -> bool:
        if position.classification not in self.classifications:
            return False
        return self.title is None or re.search(self.title, position.title or "", re.IGNORECASE) is not None


def _certified(*classifications: str) -> Qualification:
    return Qualification(frozenset(classifications), certified=True)


def _administrators(*classifications: str) -> Qualification:
    return Qualification(frozenset(classifications))


def _secretary(title: str) -> Qualification:
    return Qualification(frozenset({"Secretary"}), title)


ADMINISTRATORS = frozenset(
    {
        *("Superintendent", "AssistantSuperintendent", "DistrictAdministrator"),
        *("Principal", "AssistantPrincipal", "SchoolAdministrator"),
    }
)
CERTIFIED_STAFF = frozenset({"Teacher", "Counselor", "Psychologist", "SocialWorker", "Librarian"})
_LEADERS = frozenset({"Principal", "AssistantPrincipal"})
_OFFICE = _administrators("AssistantSuperintendent", "DistrictAdministrator")

QUALIFICATIONS: dict[Capacity, tuple[Qualification, ...]] = {
    # Administrators who teach a class see it as its teachers.
    Capacity.TEACHER: (_certified(*CERTIFIED_STAFF), _administrators(*_LEADERS)),
    Capacity.COUNSELOR: (_certified("Counselor"), _secretary(r"\bguidance\b|\bcounsel")),
    Capacity.SUPPORT_SERVICES: (_certified("Psychologist", "SocialWorker"),),
    Capacity.PRINCIPAL: (_administrators(*_LEADERS),),
    Capacity.PERSONNEL_OFFICE: (_OFFICE, _secretary(r"\bpersonnel\b|\bhuman resources\b")),
    Capacity.BUDGET_OFFICE: (_OFFICE, _secretary(r"\bbudget\b|\bfinanc|\bbusiness\b")),
    Capacity.CURRICULUM_OFFICE: (_OFFICE, _secretary(r"\bcurriculum\b")),
    Capacity.SPECIAL_EDUCATION_OFFICE: (_OFFICE, _secretary(r"\bspecial education\b|\bpupil services\b")),
    Capacity.EXECUTIVE_SECRETARY: (_secretary(r"(?<!assistant )\bsuperintendent\b"),),
    # Output checkers see what was submitted, in which a person may still be recognized.
    Capacity.REVIEWER: (_certified(*CERTIFIED_STAFF), _administrators(*ADMINISTRATORS)),
}
"""Who may hold what. The Superintendent's level and studies are not granted; the operator's shows nothing."""


def may_hold(level: AccessLevel, facts: StaffFacts | None, today: date) -> Eligibility:
    """Whether a person of whom staff tells these facts may hold the level; `facts` None where they are no staff."""
    match level.capacity:
        case Capacity.SUPERINTENDENT:
            return Ineligible(Reason.NOT_BY_GRANT)
        case Capacity.STUDY:
            return Ineligible(Reason.GRANT_OF_A_STUDY)
        case Capacity.OPERATOR:
            # The policy restricts who sees data, and an operator sees none: a contractor may run the system.
            return _unrelated(level, Eligible(None))
        case _:
            return _may_hold_as_staff(level, facts, today)


def _unrelated(level: AccessLevel, eligible: Eligible) -> Eligibility:
    return eligible if level.relation == Relation() else Ineligible(Reason.OTHER_RELATION)


def _may_hold_as_staff(level: AccessLevel, facts: StaffFacts | None, today: date) -> Eligibility:
    if facts is None:
        return Ineligible(Reason.NO_FACTS)
    if facts.today != today:
        return Ineligible(Reason.OTHER_FACTS)
    if not facts.is_employed:
        return Ineligible(Reason.NOT_EMPLOYED)
    found = _qualified(level.capacity, facts)
    if isinstance(found, Ineligible):
        return found
    return found if _relates(level, facts) else Ineligible(Reason.OTHER_RELATION)


def _qualified(capacity: Capacity, facts: StaffFacts) -> Eligibility:
    """Any of the person's positions that one of the capacity's qualifications has."""
    suits = [
        (qualification, position)
        for qualification in QUALIFICATIONS.get(capacity, ())
        for position in facts.positions
        if qualification.has(position)
    ]
    # Where sources tell nothing of certificates, a position that only the certified may hold says as much.
    certified = facts.certification is not Certification.NOT_CERTIFIED
    for qualification, position in suits:
        if certified or not qualification.certified:
            return Eligible(position)
    return Ineligible(Reason.NOT_CERTIFIED if suits else Reason.NO_SUCH_POSITION)


def _relates(level: AccessLevel, facts: StaffFacts) -> bool:
    expected = relation_of(level.capacity, facts)
    if level.relation.staff_key != expected.staff_key or bool(level.relation.schools) != bool(expected.schools):
        return False
    return set(level.relation.schools) <= set(expected.schools)


def relation_of(capacity: Capacity, facts: StaffFacts) -> Relation:
    """The widest relation that a level of that capacity can have: what whoever grants one begins with."""
    if not isinstance(CAPACITIES[capacity].students, StudentsAlong):
        return Relation()
    if capacity is not Capacity.PRINCIPAL:
        return Relation(facts.staff_key)
    led = {position.school_key for position in facts.positions if position.classification in _LEADERS}
    return Relation(facts.staff_key, tuple(sorted(key for key in led if key is not None)))
