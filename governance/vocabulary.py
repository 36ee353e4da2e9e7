"""The nouns of the house: frozen, checked when they are made. Those of questions are in `queries`."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from governance.queries import MAX_DIMENSIONS as MAX_DIMENSIONS
from governance.queries import Among as Among
from governance.queries import Between as Between
from governance.queries import Condition as Condition
from governance.queries import ExplainQuery as ExplainQuery
from governance.queries import Family as Family
from governance.queries import FrameQuery as FrameQuery
from governance.queries import SqlQuery as SqlQuery
from governance.queries import Statistic as Statistic
from governance.queries import TabulateQuery as TabulateQuery

USERNAME_PATTERN = r"(?=.{1,60}\Z)[a-z](?:-?[a-z0-9])*\Z"
"""Lower-case letters, digits and single hyphens between them, beginning with a letter, at most 60. Names of homes and
of sessions' origins (DNS labels) are made of it. Anchored at its end: JupyterHub matches from the start only."""


GRANT_PATTERN = r"(?=.{1,24}\Z)[a-z](?:-?[a-z0-9])*\Z"
"""Names of grants: they are part of the names of homes and of sessions, which the Hub limits to 30 characters."""
STUDY_SESSION = "study-"


class Capacity(enum.StrEnum):
    """What a person acts as. A session acts in exactly one."""

    TEACHER = "teacher"
    COUNSELOR = "counselor"
    SUPPORT_SERVICES = "support_services"
    PRINCIPAL = "principal"
    PERSONNEL_OFFICE = "personnel_office"
    BUDGET_OFFICE = "budget_office"
    CURRICULUM_OFFICE = "curriculum_office"
    SPECIAL_EDUCATION_OFFICE = "special_education_office"
    SUPERINTENDENT = "superintendent"
    EXECUTIVE_SECRETARY = "executive_secretary"
    STUDY = "study"
    REVIEWER = "reviewer"
    OPERATOR = "operator"

    @property
    def server(self) -> str:
        """The name of its session in the Hub, where names are letters, digits and hyphens."""
        return self.value.replace("_", "-")

    @classmethod
    def of_server(cls, server: str) -> Capacity | None:
        """The capacity a session of that name acts in; None if the name is none of theirs.

        Sessions of studies are named after their grant: `study-NAME`.
        """
        if server.startswith(STUDY_SESSION):
            return cls.STUDY
        return next((capacity for capacity in cls if capacity.server == server), None)


class Form(enum.StrEnum):
    """The three forms of an answer. There is no fourth."""

    SCOPED_ROWS = "scoped rows"
    DEIDENTIFIED_ROWS = "de-identified rows"
    PROTECTED_STATISTICS = "protected statistics"


class Purpose(enum.StrEnum):
    """Why a session asks. Evaluating personnel is not among the purposes of the system."""

    INSTRUCTION = "instruction"
    STUDENT_SUPPORT = "student support"
    SCHOOL_IMPROVEMENT = "school improvement"
    PROGRAM_EVALUATION = "program evaluation"
    COMPLIANCE_REPORTING = "compliance reporting"
    RESEARCH = "research"


@dataclass(frozen=True)
class Person:
    """Somebody the Hub knows, and, where they are employed here, the staff record they are."""

    username: str
    staff_key: int | None = None
    locked: bool = False

    def __post_init__(self) -> None:
        if re.fullmatch(USERNAME_PATTERN, self.username) is None:
            raise ValueError(
                "a username is made of lower-case letters, digits and single hyphens between them, begins with a "
                "letter, and has at most 60 characters"
            )


@dataclass(frozen=True)
class Relation:
    """To whom an access level relates: the staff record whose students they are; of principals, also the schools.

    Of offices, neither; nor of levels from before they named it, which are the person's own staff record's.
    """

    staff_key: int | None = None
    schools: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.schools and self.staff_key is None:
            raise ValueError("schools are those of a staff record")
        if tuple(sorted(set(self.schools))) != self.schools:
            raise ValueError("schools are named once each, in the order of their keys")


@dataclass(frozen=True)
class AccessLevel:
    """One capacity of one person, from a day on and, unless open, through a last day; and who signed it."""

    username: str
    capacity: Capacity
    begin_date: date
    end_date: date | None = None
    relation: Relation = Relation()
    signed_by: str | None = None

    def __post_init__(self) -> None:
        if self.end_date is not None and self.end_date < self.begin_date:
            raise ValueError("an access level ends on or after the day it begins")

    def is_current(self, today: date) -> bool:
        return _holds(self.begin_date, self.end_date, today)


@dataclass(frozen=True)
class Regulation:
    """While it holds, a capacity is not given what the catalog has of a category. It narrows; it never widens."""

    capacity: Capacity
    category: str
    begin_date: date
    end_date: date | None = None

    def __post_init__(self) -> None:
        if self.end_date is not None and self.end_date < self.begin_date:
            raise ValueError("a regulation ends on or after the day it begins")

    def is_current(self, today: date) -> bool:
        return _holds(self.begin_date, self.end_date, today)


def _holds(begin: date, end: date | None, today: date) -> bool:
    return begin <= today and (end is None or today <= end)


class Employment(enum.Enum):
    """What the current snapshot tells, of one day, of the employment of somebody who is linked to staff."""

    EMPLOYED = "employed"
    NOT_EMPLOYED = "not employed"
    # Its sources tell nothing of anybody's employment, nor of a position of this one.
    UNTOLD = "untold"


class DateDetail(enum.StrEnum):
    """How exactly de-identified rows tell when something happened."""

    MONTH = "month"
    WEEK = "week"


@dataclass(frozen=True)
class Grant:
    """What a study may have: de-identified rows of these columns, from a day on and through a last day.

    `k`: how many students share every combination of what is told of a person; `diversity`: how many different values
    each column of `sensitive` ("table.column") has among them. `snapshot`: the one that all answers are of, as of the
    first day; None in grants from before they named one, which are not answered. `identified`: rows by name instead, of
    those students whose consent to the request holds. `request`: the one that was approved; None in older grants.
    """

    name: str
    username: str
    tables: dict[str, tuple[str, ...]]
    begin_date: date
    end_date: date
    k: int = 10
    diversity: int = 1
    sensitive: tuple[str, ...] = ()
    dates: DateDetail = DateDetail.MONTH
    snapshot: str | None = None
    identified: bool = False
    request: int | None = None

    def __post_init__(self) -> None:
        if re.fullmatch(GRANT_PATTERN, self.name) is None:
            raise ValueError("a grant's name is made of lower-case letters, digits and single hyphens, at most 24")
        if self.end_date < self.begin_date:
            raise ValueError("a grant ends on or after the day it begins")
        if self.k < 5 or self.diversity < 1:
            raise ValueError("a grant asks for k of at least 5, and a diversity of at least 1")
        if (self.diversity > 1) != bool(self.sensitive):
            raise ValueError("a diversity above 1, and only that, names sensitive columns")
        if not self.tables or not all(self.tables.values()):
            raise ValueError("a grant names tables, and columns of each")

    def is_current(self, today: date) -> bool:
        return self.begin_date <= today <= self.end_date

    @property
    def server(self) -> str:
        """The name of its session in the Hub."""
        return STUDY_SESSION + self.name


@dataclass(frozen=True)
class Identity:
    """Who asks, as the Hub says: the person, and the server (the session) the token belongs to."""

    username: str
    server: str


@dataclass(frozen=True)
class Asker:
    """Everything a decision may know about who asks: all levels, grants and regulations, current or not."""

    identity: Identity
    person: Person | None
    levels: tuple[AccessLevel, ...] = field(default=())
    grants: tuple[Grant, ...] = field(default=())
    purpose: Purpose = Purpose.INSTRUCTION
    regulations: tuple[Regulation, ...] = ()
    # Of those linked to staff; of others it is not asked.
    employment: Employment = Employment.UNTOLD
    # To the study of the session: of each table, the students whose consent holds today, by their keys, sorted.
    consents: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
