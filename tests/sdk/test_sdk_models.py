"""Protected models: coefficients, fit, the statement; never a fitted value."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from html_outline import Outline, hostile
from starlette.responses import Response
from wire_gateway import WireGateway, model_answer

import dbims_sdk as dbims
from dbims_sdk import ProtectedModel


def test_terms_and_fit(session: dbims.Session) -> None:
    model = session.ols("score ~ C(grade_level) + is_english_learner", table="assessment_result")
    assert model.terms.loc["C(grade_level)[07]", "estimate"] == 18.4 and model.terms.index.name == "term"
    assert list(model.terms.columns) == ["estimate", "std_error", "statistic", "p_value", "low", "high"]
    assert model.fit["r_squared"] == 0.1234567 and (model.observations, model.students) == (1204, 398)
    assert model.terms.attrs["dbims"]["answer_id"] == "a-1" and not model.unprotected


def test_terms_are_the_analysts_own_to_change() -> None:
    model = ProtectedModel.from_wire(model_answer())
    terms = model.terms
    terms.loc[:] = 0.0
    assert model.terms.loc["Intercept", "estimate"] == 2510


def test_the_face_is_accessible_and_carries_the_statement() -> None:
    model = ProtectedModel.from_wire(model_answer())
    tags = Outline(model._repr_html_()).tags
    assert all(attributes["scope"] in ("col", "row") for tag, attributes in tags if tag == "th")
    for shown in (model._repr_html_(), repr(model)):
        said = " ".join(shown.split())
        assert "About 1,204 observations of about 398 students." in said and "r squared 0.1235" in said
        assert "Policy District statistics, version 2026-11." in said and "18.4" in said
        assert "&lt; 0.001" in said or "< 0.001" in said
        assert "log-odds" not in said


def test_a_logit_says_what_its_estimates_are() -> None:
    model = ProtectedModel.from_wire(model_answer(family="logit"))
    assert "Logistic regression" in repr(model) and "log-odds" in repr(model)


def test_the_face_escapes_every_text() -> None:
    said = hostile(model_answer()) | {"fit": {"<img src=x>": "<img src=x>"}}
    html = ProtectedModel.from_wire(said)._repr_html_()
    assert "<img" not in html and "&lt;img" in html


def test_exact_coefficients_are_marked() -> None:
    model = ProtectedModel.from_wire(model_answer(None))
    assert model.unprotected and "Not protected" in repr(model) and "Not protected" in model._repr_html_()


def test_exports(tmp_path: Path) -> None:
    model = ProtectedModel.from_wire(model_answer())
    for export, name in ((model.to_csv, "m.csv"), (model.to_html, "m.html"), (model.to_markdown, "m.md")):
        assert export(tmp_path / name) is None
        text = (tmp_path / name).read_text(encoding="utf-8-sig")
        assert "18.4" in text and "2026-11" in text


def test_what_is_missing_is_blank() -> None:
    said = copy.deepcopy(model_answer())
    said["terms"][1] |= {"std_error": None, "low": None, "high": None}
    model = ProtectedModel.from_wire(said)
    assert model.terms.loc["C(grade_level)[07]", ["std_error", "low"]].isna().all()
    assert "nan" not in repr(model)


def changed(**changes: Any) -> Any:
    return copy.deepcopy(model_answer()) | changes


MALFORMED = {
    "nothing": {},
    "no protection, and not marked": changed(protection=None),
    "protected, and marked as not": changed(description={"unprotected": True}),
    "no terms": changed(terms=None),
    "a term without its error": changed(terms=[{"name": "x", "estimate": 1.0}]),
    "an estimate in words": changed(terms=[model_answer()["terms"][0] | {"estimate": "many"}]),
    "a fit of another shape": changed(fit=[1]),
    "students in words": changed(students="many"),
    "observations that are a flag": changed(observations=True),
    "a formula that is none": changed(formula=None),
}


@pytest.mark.parametrize("said", MALFORMED.values(), ids=MALFORMED)
def test_an_answer_of_another_shape_is_not_shown(said: Any, session: dbims.Session, gateway: WireGateway) -> None:
    gateway.answers["/v1/model"] = lambda _: Response(json.dumps(said), media_type="application/json")
    with pytest.raises(dbims.BrokenAnswer):
        session.ols("y ~ x", "assessment_result")
