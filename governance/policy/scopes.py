"""Which students a capacity sees, as declarations. The warehouse turns them into queries; the words explain them.

A scope is a path of steps through tables. Every step is bound to *today*: a row counts while its period holds.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScopeStep:
    """Rows of one table: joined to the step before `on` a column, mine if `mine`, with `where` among values.

    `current` asks that the row's period (declared in the catalog) holds today, `this_year` that its school year does.
    """

    table: str
    on: str | None = None
    mine: bool = False
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    current: bool = True
    this_year: bool = False

    def __post_init__(self) -> None:
        if self.mine == (self.on is not None):
            raise ValueError(f"step {self.table}: a step starts at one's own record or joins the step before")


@dataclass(frozen=True)
class EveryStudent:
    """All students, former ones included."""

    because: str


@dataclass(frozen=True)
class StudentsAlong:
    """The students at the end of a path that starts at the asker's own staff record.

    `schools`: the only ones of which the record's rows count; empty, where all do.
    """

    steps: tuple[ScopeStep, ...]
    because: str
    schools: tuple[int, ...] = ()


@dataclass(frozen=True)
class StudentsIn:
    """The students of one table whose rows hold today, whoever asks."""

    table: str
    where: tuple[tuple[str, tuple[str, ...]], ...]
    because: str


@dataclass(frozen=True)
class ConsentingStudents:
    """Those, and only those, whose parents consented, or who did themselves: by their keys, sorted."""

    keys: tuple[int, ...]
    because: str = "consented to this study, or whose parent did"


@dataclass(frozen=True)
class NoStudent:
    """Nobody."""


Scope = EveryStudent | StudentsAlong | StudentsIn | ConsentingStudents | NoStudent

IN_MY_CLASSES = StudentsAlong(
    (
        ScopeStep("section_staff", mine=True),
        ScopeStep("section", on="section_key"),
        ScopeStep("section_enrollment", on="section_key"),
    ),
    because="is currently in a class that you currently teach",
)
ON_MY_CASELOAD = StudentsAlong(
    (ScopeStep("caseload", mine=True),),
    because="is currently assigned to you as a counselor",
)
IN_MY_SERVICE = StudentsAlong(
    (ScopeStep("service_assignment", mine=True),),
    because="is currently served by you, or assigned to you for evaluation",
)
IN_MY_BUILDINGS = StudentsAlong(
    (
        ScopeStep(
            "staff_assignment",
            mine=True,
            where=(("staff_classification", ("Principal", "AssistantPrincipal")),),
        ),
        ScopeStep("enrollment", on="school_key", this_year=True),
    ),
    because="is currently enrolled in a school of which you are currently principal or assistant principal",
)
IN_SPECIAL_EDUCATION = StudentsIn(
    "program_participation",
    (("program_type", ("SpecialEducation", "Section504")),),
    because="is currently in special education or under Section 504",
)
IN_THE_DISTRICT = EveryStudent(because="is, or was, a student of the district")
