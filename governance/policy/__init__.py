"""MAY THIS PERSON? Capacities and scopes as declarations, decisions as values. Pure."""

from __future__ import annotations

from governance.policy.capacities import CAPACITIES, CapacityRule, current_capacities
from governance.policy.decision import (
    Allowed,
    AllRows,
    Decision,
    Deidentified,
    OwnRows,
    Refused,
    RowRule,
    RowsOfStudents,
    barred,
    decide,
    explain_rows,
)
from governance.policy.evaluation import form_of_rows, identifies_persons, ties_outcomes_to_staff
from governance.policy.refusals import Refusal
from governance.policy.scopes import (
    ConsentingStudents,
    EveryStudent,
    NoStudent,
    Scope,
    ScopeStep,
    StudentsAlong,
    StudentsIn,
)

__all__ = [
    "CAPACITIES",
    "AllRows",
    "Allowed",
    "CapacityRule",
    "ConsentingStudents",
    "Decision",
    "Deidentified",
    "EveryStudent",
    "NoStudent",
    "OwnRows",
    "Refusal",
    "Refused",
    "RowRule",
    "RowsOfStudents",
    "Scope",
    "ScopeStep",
    "StudentsAlong",
    "StudentsIn",
    "barred",
    "current_capacities",
    "decide",
    "explain_rows",
    "form_of_rows",
    "identifies_persons",
    "ties_outcomes_to_staff",
]
