"""The nouns of the house. Frozen, checked when they are made, importing nothing of ours."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

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

    def __post_init__(self) -> None:
        if re.fullmatch(USERNAME_PATTERN, self.username) is None:
            raise ValueError(
                "a username is made of lower-case letters, digits and single hyphens between them, begins with a "
                "letter, and has at most 60 characters"
            )


@dataclass(frozen=True)
class AccessLevel:
    """One capacity of one person, from a day on and, unless open, through a last day."""

    username: str
    capacity: Capacity
    begin_date: date
    end_date: date | None = None

    def __post_init__(self) -> None:
        if self.end_date is not None and self.end_date < self.begin_date:
            raise ValueError("an access level ends on or after the day it begins")

    def is_current(self, today: date) -> bool:
        return self.begin_date <= today and (self.end_date is None or today <= self.end_date)


class DateDetail(enum.StrEnum):
    """How exactly de-identified rows tell when something happened."""

    MONTH = "month"
    WEEK = "week"


@dataclass(frozen=True)
class Grant:
    """What a study may have: de-identified rows of these columns, from a day on and through a last day.

    `k`: how many students share every combination of what is told of a person; `diversity`: how many different values
    each column of `sensitive` ("table.column") has among them. `snapshot`: the one that all answers are of, as of the
    first day; None in grants from before they named one, which are not answered.
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
class Among:
    """The column's value is one of these; None stands for a missing value."""

    column: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Between:
    """The column's value is at least `low` and at most `high`; None leaves that side open."""

    column: str
    low: Any
    high: Any


Condition = Among | Between


@dataclass(frozen=True)
class FrameQuery:
    """Rows of one table: `columns` (all if empty) where every condition holds."""

    table: str
    columns: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class SqlQuery:
    """A SELECT in DuckDB's dialect over tables the asker may see."""

    text: str


class Statistic(enum.StrEnum):
    """What a cell of a table of statistics says of its group."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MEDIAN = "median"
    RATE = "rate"
    PERCENT = "percent"

    @property
    def needs_value(self) -> bool:
        return self not in (Statistic.COUNT, Statistic.PERCENT)


MAX_DIMENSIONS = 4


@dataclass(frozen=True)
class TabulateQuery:
    """A table of statistics: one cell for each combination of the dimensions, margins included.

    `protected`: None leaves it to the form of the capacity; False asks for exact statistics over scoped rows.
    """

    table: str
    rows: tuple[str, ...]
    columns: tuple[str, ...] = ()
    statistic: Statistic = Statistic.COUNT
    value: str | None = None
    where: tuple[Condition, ...] = ()
    protected: bool | None = None

    def __post_init__(self) -> None:
        dimensions = self.dimensions
        if not 1 <= len(dimensions) <= MAX_DIMENSIONS or len(set(dimensions)) < len(dimensions):
            raise ValueError(f"a table has one to {MAX_DIMENSIONS} dimensions, each once")
        if self.statistic.needs_value != (self.value is not None):
            raise ValueError("a sum, mean, median or rate is of a value; a count and a percent are not")

    @property
    def dimensions(self) -> tuple[str, ...]:
        return self.rows + self.columns


class Family(enum.StrEnum):
    """The families of models."""

    OLS = "ols"
    LOGIT = "logit"


@dataclass(frozen=True)
class ExplainQuery:
    """Why is, or is not, one student's row in my answers?"""

    table: str
    student_key: int


@dataclass(frozen=True)
class Asker:
    """Everything a decision may know about who asks: all their levels and grants, current or not."""

    identity: Identity
    person: Person | None
    levels: tuple[AccessLevel, ...] = field(default=())
    grants: tuple[Grant, ...] = field(default=())
    purpose: Purpose = Purpose.INSTRUCTION
