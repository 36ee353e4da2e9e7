"""DOES ITS STATE ALLOW IT? Requests to the Superintendent's office: forms, states, moves, letters. Pure."""

from __future__ import annotations

from governance.requests.deadlines import Deadline, calendar_act, deadline
from governance.requests.decisions import grant_of
from governance.requests.forms import Field, FieldKind, Form, Known
from governance.requests.kinds import WORKFLOWS
from governance.requests.letters import Letter, write_letter
from governance.requests.steps import Given, Moved, NotMoved, Reason, roles_of, step
from governance.requests.uploads import MediaType, Mislabelled, Upload, media_type_of
from governance.requests.workflow import Act, Case, Effect, Kind, Move, Role, State, StateRule, Workflow

__all__ = [
    "WORKFLOWS",
    "Act",
    "Case",
    "Deadline",
    "Effect",
    "Field",
    "FieldKind",
    "Form",
    "Given",
    "Kind",
    "Known",
    "Letter",
    "MediaType",
    "Mislabelled",
    "Move",
    "Moved",
    "NotMoved",
    "Reason",
    "Role",
    "State",
    "StateRule",
    "Upload",
    "Workflow",
    "calendar_act",
    "deadline",
    "grant_of",
    "media_type_of",
    "roles_of",
    "step",
    "write_letter",
]
