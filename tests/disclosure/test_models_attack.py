"""What an attacker reads off ordinary regressions, that acro lets it pass, and that nothing of it leaves here."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from governance.disclosure.formulas import parse_formula
from governance.disclosure.models import Family, FittedModel, ModelRefusal, ModelRefused, ModelRules, fit_model
from tests.bench.peers import demand_peers

RULES = ModelRules()
N, CHILD = 200, 17


def students() -> dict[str, Any]:
    """One row a student. The attacker knows who is the `child`, and everything but the scores."""
    draw = np.random.default_rng(0)
    band = draw.permutation(np.repeat(["low", "middle", "high"], [40, 75, 85])).astype(object)
    columns: dict[str, Any] = {"rate": draw.uniform(0.8, 1, N), "band": band, "child": np.arange(N) == CHILD}
    return columns | {"score": (400 + 100 * columns["rate"] + draw.normal(0, 30, N)).round()}


def model(text: str, columns: dict[str, Any], rows: Any = slice(None)) -> FittedModel:
    chosen = {name: values[rows] for name, values in columns.items()}
    return fit_model(parse_formula(text), Family.OLS, chosen, np.arange(N)[rows], RULES)


ACRO = """
import contextlib, io, json, logging, sys, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
with contextlib.redirect_stdout(io.StringIO()):
    import pandas as pd
    from acro import ACRO
    frame = pd.DataFrame(json.load(sys.stdin))
    session = ACRO()
    fitted = session.ols(frame["score"], frame[["intercept", "child"]])
    status = [record.status for record in session.results.results.values()]
print(json.dumps({"status": status, "estimates": list(fitted.params)}))
"""


def test_acro_passes_the_regression_on_one_childs_indicator_and_we_do_not(tmp_path: Any) -> None:
    columns = students()
    sent = {"score": columns["score"], "child": columns["child"] * 1.0, "intercept": np.ones(N)}
    asked = subprocess.run(
        [demand_peers(), "-c", ACRO],
        input=json.dumps({name: list(values) for name, values in sent.items()}),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=tmp_path,
    )
    answer = json.loads(asked.stdout)
    assert answer["status"] == ["pass"]
    assert sum(answer["estimates"]) == pytest.approx(columns["score"][CHILD])
    for text in ("score ~ child", "score ~ child + rate", "score ~ rate*C(child)", "score ~ child - 1"):
        with pytest.raises(ModelRefused) as refused:
            model(text, columns)
        assert refused.value.refusal is ModelRefusal.FEW_CARRY
    assert model("score ~ rate + C(band)", columns).observations == N


def test_what_a_residual_degree_of_freedom_does_not_prevent() -> None:
    """Beside any covariates the coefficient of the child's indicator, and the others, give the child's score."""
    columns = students()
    fitted = smf.ols("score ~ child + rate", pd.DataFrame(columns).assign(child=columns["child"] * 1.0)).fit()
    told = fitted.params @ [1, 1, columns["rate"][CHILD]]
    assert told == pytest.approx(columns["score"][CHILD])


def test_a_released_mean_cannot_be_turned_into_an_exact_sum() -> None:
    """With all but one of a group of ten known exactly, the last is known to no closer than whole points."""
    columns = students()
    columns["band"] = np.where(np.arange(N) < 10, "ten", columns["band"]).astype(object)
    fitted = model("score ~ C(band) - 1", columns)
    term = next(term for term in fitted.terms if term.name == "C(band)[ten]")
    ten = columns["score"][:10]
    grid = term.std_error / 100
    assert abs(term.estimate - ten.mean()) <= 10 * grid and grid * 10 * 10 >= 1.0


GUARDED = ModelRules.showing(10)


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("text", ["y ~ C(band)", "y ~ C(band) + rate", "y ~ rate*C(band)", "y ~ C(band) - 1"])
def test_outcomes_of_two_values_are_had_by_as_many_as_a_count_shows(text: str, turned: bool, family: Family) -> None:
    """In every level, as many have the outcome, and lack it, as tables about the topic would show."""
    for some, passes in ((9, False), (12, True)):
        columns = students() | {"rate": np.random.default_rng(3).uniform(size=N)}
        columns["band"] = np.where(np.arange(N) < 80, "eighty", "others").astype(object)
        outcome = np.where(np.arange(N) < 80, np.arange(N) % 80 < some, np.arange(N) % 3 == 0) ^ turned
        columns["y"] = outcome

        def ask(rules: ModelRules, given: dict[str, Any] = columns) -> FittedModel:
            return fit_model(parse_formula(text), family, given, np.arange(N), rules)

        assert ask(RULES)
        if passes:
            assert ask(GUARDED)
        else:
            with pytest.raises(ModelRefused) as refused:
                ask(GUARDED)
            assert refused.value.refusal is ModelRefusal.EVEN_OUTCOMES
