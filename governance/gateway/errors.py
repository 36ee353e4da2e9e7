"""One error shape for every surface of the gateway: what, which rule, what next. Never a value, a name or a count."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from governance.policy import Refusal
from governance.vocabulary import Purpose
from governance.warehouse.wire import WorkerFault


class ErrorCode(enum.Enum):
    """The closed list, with the HTTP status each travels under. Clients rely on the names."""

    NOT_AUTHENTICATED = ("not_authenticated", 401)
    NOT_ALLOWED = ("not_allowed", 403)
    WRONG_PURPOSE = ("wrong_purpose", 403)
    NOT_RELEASED = ("not_released", 403)
    UNKNOWN_TABLE = ("unknown_table", 404)
    UNKNOWN_COLUMN = ("unknown_column", 400)
    BAD_QUERY = ("bad_query", 400)
    SQL_REFUSED = ("sql_refused", 400)
    SQL_FAILED = ("sql_failed", 400)
    TOO_LARGE = ("too_large", 400)
    TIMED_OUT = ("timed_out", 408)
    NOT_FOUND = ("not_found", 404)
    UNAVAILABLE = ("unavailable", 503)
    INTERNAL = ("internal", 500)

    def __init__(self, code: str, status: int) -> None:
        self.code = code
        self.status = status


@dataclass(eq=False)
class GatewayError(Exception):
    """A question that gets no answer. Each is itself and no other, as exceptions are."""

    code: ErrorCode
    message: str
    rule: str = ""
    next_step: str = ""

    def body(self) -> dict[str, dict[str, str]]:
        return {"error": {"code": self.code.code, "message": self.message, "rule": self.rule, "next": self.next_step}}


_REFUSAL_CODES = {
    Refusal.UNKNOWN_TABLE: ErrorCode.UNKNOWN_TABLE,
    Refusal.COLUMN_NOT_GRANTED: ErrorCode.UNKNOWN_COLUMN,
}

_FAULT_NEXT = {
    "not_released": "Ask for the grant, or the population, to be widened.",
    "sql_failed": "Check the query; describe() tells a table's columns and types.",
    "too_large": "Ask for fewer columns, or narrow the rows.",
    "timed_out": "Narrow the rows, or join fewer tables.",
}


def refused(refusal: Refusal) -> GatewayError:
    code = _REFUSAL_CODES.get(refusal, ErrorCode.NOT_ALLOWED)
    return GatewayError(code, refusal.message, refusal.rule, refusal.next_step)


def faulted(fault: WorkerFault) -> GatewayError:
    """A worker's fault; a code that a worker has no business with becomes an internal error."""
    if fault.code == "busy":
        return unavailable(fault.message)
    if fault.code == "bad_query":
        return bad_query(fault.message)
    code = next((code for code in ErrorCode if code.code == fault.code and fault.code in _FAULT_NEXT), None)
    if code is None:
        return internal()
    return GatewayError(
        code, fault.message, "Every query has limits of time, memory and size.", _FAULT_NEXT[fault.code]
    )


def bad_query(message: str, next_step: str = "describe() tells a table's columns and types.") -> GatewayError:
    return GatewayError(ErrorCode.BAD_QUERY, message, "A question is checked before anything is read.", next_step)


def not_authenticated() -> GatewayError:
    return GatewayError(
        ErrorCode.NOT_AUTHENTICATED,
        "The Hub does not know this session.",
        "Only a session that the Hub started is answered.",
        "Start a session from the Hub's home page.",
    )


def wrong_purpose(declared: Purpose) -> GatewayError:
    return GatewayError(
        ErrorCode.WRONG_PURPOSE,
        f"This notebook states another purpose than its session was started for, which is {declared.value}.",
        f"The purpose is declared when a session starts, one of: {', '.join(Purpose)}.",
        "State that one, or none; for another purpose stop the session, and start it anew.",
    )


def internal() -> GatewayError:
    return GatewayError(
        ErrorCode.INTERNAL,
        "Something went wrong inside the gateway.",
        "No answer is given when one cannot be completed and recorded.",
        "Try again; if it stays, tell the operator the time at which it happened.",
    )


def unavailable(message: str) -> GatewayError:
    return GatewayError(
        ErrorCode.UNAVAILABLE, message, "No answer without its record and its data.", "Try again in a minute."
    )
