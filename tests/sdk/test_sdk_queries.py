"""What is sent: every spelling of a condition, and the errors that come before anything is sent."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from wire_gateway import WireGateway, arrow, refusal

import dbims_sdk as dbims

DAY = datetime.date(2026, 9, 1)


def sent(session: dbims.Session, gateway: WireGateway, **question: Any) -> dict[str, Any]:
    gateway.answers["/v1/frame"] = lambda _: arrow(pa.table({"x": pa.array([], pa.int64())}))
    session.frame("attendance", **question)
    body: dict[str, Any] = gateway.questions[-1].body
    return body


def test_a_plain_question(session: dbims.Session, gateway: WireGateway) -> None:
    assert sent(session, gateway) == {"table": "attendance", "columns": [], "where": {}}


@pytest.mark.parametrize("columns", [["a", "b"], ("a", "b"), pd.Index(["a", "b"]), np.array(["a", "b"])])
def test_columns(columns: Any, session: dbims.Session, gateway: WireGateway) -> None:
    assert sent(session, gateway, columns=columns)["columns"] == ["a", "b"]


@pytest.mark.parametrize(
    ("wanted", "wire"),
    [
        (2026, 2026),
        (None, None),
        (["a", None], ["a", None]),
        ("Tardy", "Tardy"),
        (True, True),
        (0.5, 0.5),
        (DAY, "2026-09-01"),
        ("2026-09-01", "2026-09-01"),
        (datetime.datetime(2026, 9, 1, tzinfo=datetime.UTC), "2026-09-01"),
        (pd.Timestamp("2026-09-01"), "2026-09-01"),
        (np.datetime64("2026-09-01"), "2026-09-01"),
        (np.int64(9_007_199_254_740_993), 9_007_199_254_740_993),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("é"), "é"),
        ("名前 😀 \"'", "名前 😀 \"'"),
        ([1, 2], [1, 2]),
        ([], []),
        ({"a"}, ["a"]),
        (range(3), [0, 1, 2]),
        (np.array([1, 2]), [1, 2]),
        (pd.Series([5, 6]), [5, 6]),
        (pd.Series(["a", "b"]), ["a", "b"]),
        (pd.Series([1, 2], dtype="Int64"), [1, 2]),
        (pd.Index([1]), [1]),
        (pd.Series([1, 2]).array, [1, 2]),
        (pd.Series(pd.to_datetime(["2026-09-01"])), ["2026-09-01"]),
        (pd.DatetimeIndex(["2026-09-01"]), ["2026-09-01"]),
        ((1, 2), {"from": 1, "to": 2}),
        ((DAY, pd.Timestamp("2026-09-30")), {"from": "2026-09-01", "to": "2026-09-30"}),
        (slice(1, 2), {"from": 1, "to": 2}),
        ((1, None), {"from": 1}),
        (slice(None, "2026-09-30"), {"to": "2026-09-30"}),
    ],
    ids=repr,
)
def test_conditions(wanted: Any, wire: Any, session: dbims.Session, gateway: WireGateway) -> None:
    got = sent(session, gateway, where={"c": wanted})["where"]["c"]
    assert got == wire and type(got) is type(wire)


@pytest.mark.parametrize(
    "wanted",
    [
        float("nan"),
        float("inf"),
        np.nan,
        pd.NA,
        pd.NaT,
        np.datetime64("NaT"),
        [1, pd.NA],
        pd.Series([1.0, np.nan]),
        (1, 2, 3),
        (1,),
        (None, None),
        (float("nan"), 2),
        slice(1, 5, 2),
        {"from": 1},
        [[1]],
        np.array([[1], [2]]),
        b"bytes",
        1j,
        decimal.Decimal("1"),
        object(),
        len,
        pd.DataFrame({"a": [1]}),
        datetime.datetime(2026, 9, 1, 8, 30, tzinfo=datetime.UTC),
        pd.Timedelta(days=1),
    ],
    ids=lambda wanted: type(wanted).__name__,
)
def test_what_cannot_be_asked_is_said_before_it_is_sent(
    wanted: Any, session: dbims.Session, gateway: WireGateway
) -> None:
    with pytest.raises(dbims.BadQuery, match="colour") as caught:
        session.frame("attendance", where={"colour": wanted})
    assert caught.value.next and gateway.questions == []


@pytest.mark.parametrize(
    "question",
    [
        {"table": ""},
        {"table": 3},
        {"table": "t", "columns": "student_key"},
        {"table": "t", "columns": []},
        {"table": "t", "columns": [1]},
        {"table": "t", "columns": 3},
        {"table": "t", "where": [("a", 1)]},
        {"table": "t", "where": {1: 1}},
        {"table": "t", "where": "a = 1"},
    ],
    ids=repr,
)
def test_a_malformed_question_is_not_sent(
    question: dict[str, Any], session: dbims.Session, gateway: WireGateway
) -> None:
    with pytest.raises(dbims.BadQuery):
        session.frame(**question)
    assert gateway.questions == []


@pytest.mark.parametrize("text", ["", "  ", None, 3])
def test_sql_is_a_text(text: Any, session: dbims.Session, gateway: WireGateway) -> None:
    with pytest.raises(dbims.BadQuery):
        session.sql(text)
    assert gateway.questions == []


@pytest.mark.parametrize("key", [12, np.int64(12), pd.Series([12])[0]])
def test_explain_takes_a_key(key: Any, session: dbims.Session, gateway: WireGateway) -> None:
    assert session.explain("student", key).allowed
    assert gateway.questions[-1].body == {"table": "student", "student_key": 12}


@pytest.mark.parametrize("key", [True, 12.0, "12", None, np.float64(12)])
def test_explain_takes_nothing_else(key: Any, session: dbims.Session, gateway: WireGateway) -> None:
    with pytest.raises(dbims.BadQuery, match="whole number"):
        session.explain("student", key)
    assert gateway.questions == []


def test_a_table_name_stays_one_part_of_the_path(session: dbims.Session, gateway: WireGateway) -> None:
    with pytest.raises(dbims.NotFound):
        session.describe("../whoami?x=#é")
    assert gateway.questions[-1].path == "/v1/tables/..%2Fwhoami%3Fx%3D%23%C3%A9"


# Statistics ---------------------------------------------------------------------------------------


def tabulated(session: dbims.Session, gateway: WireGateway, **question: Any) -> dict[str, Any]:
    session.tabulate("enrollment", **question)
    body: dict[str, Any] = gateway.questions[-1].body
    return body


def test_a_plain_table(session: dbims.Session, gateway: WireGateway) -> None:
    assert tabulated(session, gateway, rows="grade_level") == {
        "table": "enrollment",
        "rows": ["grade_level"],
        "columns": [],
        "statistic": "count",
        "value": None,
        "where": {},
        "protected": None,
    }
    assert gateway.questions[-1].path == "/v1/tabulate"


@pytest.mark.parametrize("kind", [list, tuple, pd.Index, np.array, pd.Series])
def test_dimensions_keep_their_order(kind: Any, session: dbims.Session, gateway: WireGateway) -> None:
    body = tabulated(session, gateway, rows=kind(["a", "b"]), columns="school.school_name")
    assert (body["rows"], body["columns"]) == (["a", "b"], ["school.school_name"])


@pytest.mark.parametrize("statistic", ["sum", "mean", "median", "rate"])
def test_a_measure_of_a_value(statistic: str, session: dbims.Session, gateway: WireGateway) -> None:
    question = {
        "rows": "a",
        "value": "score",
        "statistic": statistic,
        "where": {"school_year": 2026},
        "protected": True,
    }
    body = tabulated(session, gateway, **question)
    assert body["value"] == "score" and body["statistic"] == statistic
    assert body["where"] == {"school_year": 2026} and body["protected"] is True


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({}, "at least one column for its rows"),
        ({"rows": []}, "at least one column for its rows"),
        ({"rows": None, "columns": "a"}, "at least one column for its rows"),
        ({"rows": ""}, "name of a column"),
        ({"rows": 3}, "name of a column"),
        ({"rows": [1]}, "name of a column"),
        ({"rows": ["a", None]}, "name of a column"),
        ({"rows": b"a"}, "name of a column"),
        ({"rows": {"a", "b"}}, "name of a column"),
        ({"rows": {"a": 1}}, "name of a column"),
        ({"rows": pd.DataFrame({"a": [1]})}, "name of a column"),
        ({"rows": np.array([["a"], ["b"]])}, "name of a column"),
        ({"rows": "a", "columns": pd.DataFrame({"b": [1]})}, "columns is the name"),
        ({"rows": ["a", "b", "c"], "columns": ["d", "e"]}, "at most 4 dimensions"),
        ({"rows": [str(number) for number in range(10_000)]}, "at most 4 dimensions"),
        ({"rows": ["a", "b"], "columns": "a"}, "named twice"),
        ({"rows": "a", "statistic": "average", "value": "score"}, "no statistic of that name"),
        ({"rows": "a", "statistic": None}, "no statistic of that name"),
        ({"rows": "a", "statistic": ["mean"]}, "no statistic of that name"),
        ({"rows": "a", "statistic": "mean"}, "A mean needs a value"),
        ({"rows": "a", "statistic": "rate", "value": None}, "A rate needs a value"),
        ({"rows": "a", "statistic": "mean", "value": ""}, "value is the name of one column"),
        ({"rows": "a", "statistic": "mean", "value": ["score"]}, "value is the name of one column"),
        ({"rows": "a", "statistic": "mean", "value": pd.Series([1])}, "value is the name of one column"),
        ({"rows": "a", "value": "score"}, "A count has no value"),
        ({"rows": "a", "value": "score", "statistic": "percent"}, "A percent has no value"),
        ({"rows": "a", "protected": "no"}, "protected is"),
        ({"rows": "a", "protected": 1}, "protected is"),
        ({"rows": "a", "where": [("a", 1)]}, "where is a dictionary"),
        ({"rows": "a", "where": {"score": float("nan")}}, "missing or infinite"),
        ({"rows": "a", "where": {"score": [1.0, float("inf")]}}, "missing or infinite"),
    ],
    ids=repr,
)
def test_a_malformed_table_is_not_sent(
    question: dict[str, Any], said: str, session: dbims.Session, gateway: WireGateway
) -> None:
    with pytest.raises(dbims.BadQuery, match=said) as caught:
        session.tabulate("enrollment", **question)
    assert caught.value.next and gateway.questions == []


@pytest.mark.parametrize("table", ["", None, 3, pd.DataFrame({"a": [1]})], ids=lambda table: type(table).__name__)
def test_a_table_of_statistics_is_of_a_named_table(table: Any, session: dbims.Session, gateway: WireGateway) -> None:
    for ask in (lambda: session.tabulate(table, rows="a"), lambda: session.ols("y ~ x", table)):
        with pytest.raises(dbims.BadQuery, match="named by a text"):
            ask()
    assert gateway.questions == []


def test_models(session: dbims.Session, gateway: WireGateway) -> None:
    session.ols("score ~ C(grade_level)", table="assessment_result", where={"school_year": (2025, None)})
    assert gateway.questions[-1].body == {
        "table": "assessment_result",
        "formula": "score ~ C(grade_level)",
        "family": "ols",
        "where": {"school_year": {"from": 2025}},
    }
    session.logit("is_homeless ~ x", table="student_demographic")
    assert gateway.questions[-1].body["family"] == "logit" and gateway.questions[-1].path == "/v1/model"


@pytest.mark.parametrize("formula", ["", "score", "~ x", "y ~ ", "y ~ x ~ z", "  ~  ", None, 3, ["y ~ x"]], ids=repr)
def test_what_is_no_formula_is_not_sent(formula: Any, session: dbims.Session, gateway: WireGateway) -> None:
    for ask in (session.ols, session.logit):
        with pytest.raises(dbims.BadQuery, match="A formula is a text") as caught:
            ask(formula, "assessment_result")
        assert caught.value.next
    assert gateway.questions == []


def test_a_formula_that_calls_a_function_is_the_gateways_to_refuse(
    session: dbims.Session, gateway: WireGateway
) -> None:
    gateway.answers["/v1/model"] = lambda _: refusal(400, "bad_query", "A formula calls no functions.", "", "Use C(x).")
    with pytest.raises(dbims.BadQuery, match="calls no functions"):
        session.ols("score ~ open('x')", "assessment_result")


def test_what_would_tell_too_much_is_an_error_with_its_remedy(session: dbims.Session, gateway: WireGateway) -> None:
    answer = refusal(403, "not_released", "It would tell about a few.", "Two answers differ by few.", "Leave out sex.")
    gateway.answers["/v1/tabulate"] = gateway.answers["/v1/model"] = lambda _: answer
    for ask in (lambda: session.tabulate("enrollment", rows="sex"), lambda: session.ols("y ~ x", "enrollment")):
        with pytest.raises(dbims.NotReleased) as caught:
            ask()
        assert isinstance(caught.value, dbims.Refused) and caught.value.next == "Leave out sex."
