"""A session: one person, one capacity, one gateway."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import pandas as pd

from dbims_sdk import queries
from dbims_sdk.discovery import find_address, find_token
from dbims_sdk.errors import BadQuery, SessionClosed, WrongCapacity
from dbims_sdk.faces import Explanation, TableDescription, Tables, Whoami, words
from dbims_sdk.frames import read_answer, to_frame
from dbims_sdk.models import ProtectedModel
from dbims_sdk.tables import ProtectedTable
from dbims_sdk.transport import Transport


def connect(
    capacity: str | None = None, purpose: str | None = None, url: str | None = None, token: str | None = None
) -> Session:
    """A session with the gateway.

    In a notebook started from the Hub nothing has to be given: address and token are found. `capacity`
    says in which capacity the notebook is meant to run: WrongCapacity is raised if the session acts in another.
    `purpose` says for which purpose it is meant: WrongPurpose is raised if the session was started for another one.
    What was declared when the session started is recorded with every answer.
    Elsewhere give `url` and `token`, or set DBIMS_GATEWAY and DBIMS_TOKEN.
    """
    session = Session(Transport(find_address(url), find_token(token), _purpose(purpose)))
    if capacity is not None or purpose:
        # The gateway itself refuses another purpose.
        acting = session.whoami().capacity
        _require(str(capacity or acting), acting)
    return session


def _purpose(purpose: str | None) -> str | None:
    # It travels in a header, where only these characters can; the gateway knows which purposes there are.
    if purpose is None or (isinstance(purpose, str) and purpose.isascii() and purpose.isprintable()):
        return purpose or None
    raise BadQuery("The purpose is not one that the gateway knows.", next='For example: purpose="instruction".')


def _require(wanted: str, actual: str) -> None:
    if wanted != actual:
        raise WrongCapacity(
            f"This notebook asks to run as {words(wanted)}, and this session acts as {words(actual)}.",
            rule="A session acts in exactly one capacity, the one it was started in.",
            next=f"On the Hub's home page, start a session for {words(wanted)} and open the notebook there.",
        )


class Session:
    """Questions to the gateway. Made by `connect`; usable in a `with` statement."""

    def __init__(self, transport: Transport) -> None:
        self._transport: Transport | None = transport
        self._name = f"<dbims session at {transport.address}>"

    def whoami(self) -> Whoami:
        """Person, capacity, purpose, snapshot and as-of date."""
        return Whoami.from_wire(self._gateway().ask_json("GET", "/v1/whoami"))

    def tables(self) -> Tables:
        """The tables I may ask for, in which form, and why."""
        return Tables.from_wire(self._gateway().ask_json("GET", "/v1/tables"))

    def describe(self, table: str) -> TableDescription:
        """A table's columns: name, type, class, and what happens to each in my form."""
        name = quote(queries.table_name(table), safe="")
        return TableDescription.from_wire(self._gateway().ask_json("GET", f"/v1/tables/{name}"))

    def frame(
        self, table: str, columns: Iterable[str] | None = None, where: Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """The rows of one table that I may see, as a pandas frame.

        `columns`: the columns wanted, all if left out. `where`: for each column a value, a list of values, or
        a range (from, to) with both ends included, of which one may be None; None alone asks for missing
        values. Dates are dates or ISO texts; where rows show months or weeks, a day stands for the one it is in.
        `frame.attrs["dbims"]` describes the answer: its id, form, capacity, snapshot, rows and students,
        and what was withheld by which rule. Types: see `dbims_sdk.frames`.
        """
        return self._rows("/v1/frame", queries.frame_query(table, columns, where))

    def sql(self, text: str) -> pd.DataFrame:
        """The result of a SELECT (in DuckDB's dialect) over the rows that I may see."""
        return self._rows("/v1/sql", queries.sql_query(text))

    def tabulate(
        self,
        table: str,
        rows: queries.Names | None = None,
        columns: queries.Names | None = None,
        value: str | None = None,
        statistic: str = "count",
        where: Mapping[str, Any] | None = None,
        protected: bool | None = None,
    ) -> ProtectedTable:
        """A statistic by one to four dimensions, margins included, computed on the exact rows in the gateway.

        `rows`, `columns`: a column's name, or several; of this table, or of one that its rows point to (of an
        enrollment, say, the student's sex). `statistic`: count (people, or what the table's unit is) or percent;
        sum, mean, median or rate of `value`. `where`: as in `frame`.
        `protected`: left out, the gateway gives what you may have: exact and marked unprotected over rows that you
        may see by name, protected otherwise; True asks for a protected table also there. NotReleased is raised if
        the table, alone or with earlier answers, would tell too much.
        """
        question = queries.tabulate_query(table, rows, columns, value, statistic, where, protected)
        return ProtectedTable.from_wire(self._gateway().ask_json("POST", "/v1/tabulate", question))

    def ols(self, formula: str, table: str, where: Mapping[str, Any] | None = None) -> ProtectedModel:
        """A linear regression, for example "score ~ C(grade_level) + C(sex)", fitted in the gateway.

        A formula has columns, C(column) for categories, + and : and *, and log, sqrt, square, center, standardize.
        NotReleased is raised, with the remedy, if a coefficient would tell too much about a few people.
        """
        return self._model(queries.model_query(formula, table, "ols", where))

    def logit(self, formula: str, table: str, where: Mapping[str, Any] | None = None) -> ProtectedModel:
        """A logistic regression of a column that is true or false. Otherwise as `ols`; estimates are log-odds."""
        return self._model(queries.model_query(formula, table, "logit", where))

    def explain(self, table: str, student_key: int) -> Explanation:
        """Why I see a student's rows in a table, or do not. “Not yours” and “not there” look the same."""
        question = queries.explain_query(table, student_key)
        return Explanation.from_wire(self._gateway().ask_json("POST", "/v1/explain", question))

    def close(self) -> None:
        """Forget the token. Later questions raise SessionClosed."""
        self._transport = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return self._name if self._transport else "<dbims session, closed>"

    def _rows(self, path: str, question: dict[str, Any]) -> pd.DataFrame:
        with self._gateway().open_stream(path, question) as response:
            answer = read_answer(response)
        return to_frame(answer)

    def _model(self, question: dict[str, Any]) -> ProtectedModel:
        return ProtectedModel.from_wire(self._gateway().ask_json("POST", "/v1/model", question))

    def _gateway(self) -> Transport:
        if self._transport is None:
            raise SessionClosed("This session is closed.", next="Open another: s = dbims_sdk.connect().")
        return self._transport
