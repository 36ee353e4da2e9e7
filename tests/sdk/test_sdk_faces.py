"""The faces: what a notebook and a terminal show. Text that comes from data is text, never markup."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from html_outline import Outline, hostile
from starlette.responses import JSONResponse
from wire_gateway import EXPLANATION, STUDENT, TABLES, WHOAMI, WireGateway

import dbims_sdk as dbims
from dbims_sdk.faces import Explanation, TableDescription, Tables, Whoami

FACES = [(Whoami, WHOAMI), (Tables, TABLES), (TableDescription, STUDENT), (Explanation, EXPLANATION)]


@pytest.mark.parametrize(("kind", "said"), FACES, ids=lambda x: getattr(x, "__name__", ""))
def test_html_is_escaped(kind: Any, said: Any) -> None:
    html = kind.from_wire(hostile(said))._repr_html_()
    tags = Outline(html).tags
    assert "img" not in {tag for tag, _ in tags} and "&lt;img" in html
    assert {name for _, attributes in tags for name in attributes} <= {"style", "scope", "role"}


@pytest.mark.parametrize(("kind", "said"), FACES[:3], ids=lambda x: getattr(x, "__name__", ""))
def test_tables_are_accessible(kind: Any, said: Any) -> None:
    tags = Outline(kind.from_wire(said)._repr_html_()).tags
    headers = [attributes for tag, attributes in tags if tag == "th"]
    assert "caption" in {tag for tag, _ in tags}
    assert headers and all(attributes["scope"] in ("col", "row") for attributes in headers)


@pytest.mark.parametrize(("kind", "said"), FACES, ids=lambda x: getattr(x, "__name__", ""))
def test_colours_are_the_themes(kind: Any, said: Any) -> None:
    html = kind.from_wire(said)._repr_html_()
    assert "color:#" not in html and "background:#" not in html


@pytest.mark.parametrize(("kind", "said"), FACES, ids=lambda x: getattr(x, "__name__", ""))
def test_what_a_newer_gateway_adds_is_passed_over(kind: Any, said: Any) -> None:
    assert kind.from_wire(copy.deepcopy(said) | {"added": 1}) == kind.from_wire(said)


def test_whoami(session: dbims.Session) -> None:
    me = session.whoami()
    assert (me.username, me.capacity, me.study, me.today) == ("rosa", "teacher", None, "2026-11-23")
    assert "Capacity         teacher" in repr(me) and "Study" not in repr(me)
    with pytest.raises(AttributeError):
        me.capacity = "superintendent"  # type: ignore[misc]


def test_tables(session: dbims.Session) -> None:
    tables = session.tables()
    assert tables.names == ["student", "attendance"] and [entry.name for entry in tables] == tables.names
    assert "student" in tables and tables[0] in tables and "staff" not in tables
    assert len(tables) == 2 and tables[:1] == (tables[0],) and bool(tables)
    assert tables.to_frame().columns.tolist() == ["name", "category", "unit", "description", "form", "why"]
    assert "Your students are named to you." in repr(tables)


def test_no_tables_is_a_sentence(session: dbims.Session, gateway: WireGateway) -> None:
    gateway.answers["/v1/tables"] = lambda _: JSONResponse({"tables": []})
    tables = session.tables()
    assert not tables and "no table" in repr(tables) and "no table" in tables._repr_html_()
    assert len(tables.to_frame()) == 0


def test_describe(session: dbims.Session) -> None:
    student = session.describe("student")
    assert student.names == ["student_key", "first_name"] and student.key == ("student_key",)
    assert student.columns[1].column_class == "direct identifier"
    assert student.to_frame().loc[1, "in_my_form"] == "as it is"
    assert "One row per student_key." in repr(student) and "CEDS First Name" in repr(student)


def test_explain(session: dbims.Session, gateway: WireGateway) -> None:
    assert "You see this student's rows" in repr(session.explain("student", 1))
    said = {"answer_id": "a", "allowed": False, "reasons": ["Not in your classes."], "next": "Ask the office."}
    gateway.answers["/v1/explain"] = lambda _: JSONResponse(said)
    why = session.explain("student", 1)
    assert not why.allowed and why.reasons == ("Not in your classes.",)
    assert "You do not see" in repr(why) and "Ask the office." in repr(why) and "Ask the office." in why._repr_html_()


@pytest.mark.parametrize("change", [{"allowed": "yes"}, {"reasons": "text"}])
def test_an_explanation_of_another_shape(change: dict[str, Any]) -> None:
    with pytest.raises(dbims.BrokenAnswer):
        Explanation.from_wire(EXPLANATION | change)


def test_the_sdk_knows_nothing_of_governance() -> None:
    import subprocess
    import sys

    foreign = ("governance", "httpx", "IPython", "matplotlib")
    code = f"import sys, dbims_sdk; print([m for m in sys.modules if m.split('.')[0] in {foreign}])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
