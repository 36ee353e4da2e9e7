"""What analysts import: a thin client of the gateway.

    import dbims_sdk as dbims
    s = dbims.connect()
    s.whoami(); s.tables(); s.describe("attendance")
    s.frame("attendance", where={"school_year": 2026})
    s.tabulate("enrollment", rows="school_name", columns="grade_level")
    s.ols("score ~ C(grade_level)", table="assessment_result")

It decides nothing and is trusted with nothing: who may see what is settled by the gateway.
"""

from dbims_sdk.deidentification import FrameProtection, protection_of
from dbims_sdk.errors import (
    BadQuery,
    BrokenAnswer,
    DbimsError,
    InternalError,
    NoAnswer,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotReleased,
    QuestionError,
    Refused,
    SessionClosed,
    SqlFailed,
    SqlRefused,
    TimedOut,
    TooLarge,
    Unavailable,
    UnknownColumn,
    UnknownTable,
    WrongCapacity,
    WrongPurpose,
)
from dbims_sdk.models import ProtectedModel
from dbims_sdk.protection import Protection
from dbims_sdk.session import Session, connect
from dbims_sdk.tables import ProtectedTable

__all__ = [
    "BadQuery",
    "BrokenAnswer",
    "DbimsError",
    "FrameProtection",
    "InternalError",
    "NoAnswer",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "NotReleased",
    "ProtectedModel",
    "ProtectedTable",
    "Protection",
    "QuestionError",
    "Refused",
    "Session",
    "SessionClosed",
    "SqlFailed",
    "SqlRefused",
    "TimedOut",
    "TooLarge",
    "Unavailable",
    "UnknownColumn",
    "UnknownTable",
    "WrongCapacity",
    "WrongPurpose",
    "connect",
    "protection_of",
]
