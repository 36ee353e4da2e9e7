"""A protected model, fitted where the exact rows are: in the worker. What is handed on is what may leave, and, for the
gateway, the rows that it tells of and their outcomes, which are weighed with all that was told before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from governance.disclosure.formulas import FormulaRefused, parse_formula
from governance.disclosure.model_rules import ModelRefused, ModelRules
from governance.disclosure.models import FittedModel, fit_model
from governance.warehouse.wire import PreparedModel

RULE = "A model is released if its numbers are about many persons."


def fit_rows(job: PreparedModel, rows: pa.Table, whom: pa.Table) -> tuple[dict[str, Any], pa.Table]:
    """What describes the model or its refusal; and its rows: unit, person, value, and of every group of rows whose sum
    follows from the fit a column (`g0`, ...) that says which are in it. `whom`: unit and person of each row."""
    columns = {name: _values(rows.column(name)) for name in job.columns}
    rules = ModelRules.showing(job.smallest)
    try:
        formula = parse_formula(job.formula)
        fitted = fit_model(formula, job.family, columns, np.asarray(whom.column("person")), rules)
    except ModelRefused as refusal:
        return _refused(refusal.message, refusal.rule, refusal.next_step)
    except FormulaRefused as refusal:
        return _refused(refusal.message, RULE, refusal.next_step)
    value = np.asarray(columns[formula.response.column][fitted.used], dtype=np.float64)
    told = {name: np.asarray(whom.column(name))[fitted.used] for name in ("unit", "person")} | {"value": value}
    groups = {f"g{at}": group for at, group in enumerate(fitted.groups)}
    return {"model": _described(fitted, rules)}, pa.table(told | groups)


def _values(column: pa.ChunkedArray) -> Any:
    return column.combine_chunks().to_numpy(zero_copy_only=False)


def _described(fitted: FittedModel, rules: ModelRules) -> dict[str, Any]:
    return {
        "terms": [
            {
                "name": term.name,
                "estimate": term.estimate,
                "std_error": term.std_error,
                "statistic": term.statistic,
                "p_value": term.p_value,
                "low": term.low,
                "high": term.high,
            }
            for term in fitted.terms
        ],
        "fit": dict(fitted.fit),
        "observations": fitted.observations,
        "persons": len(fitted.persons_used),
        "rules": list(rules.sentences()),
    }


def _refused(message: str, rule: str, next_step: str) -> tuple[dict[str, Any], pa.Table]:
    """Nothing was told, so there is nothing to weigh."""
    return {"refused": {"message": message, "rule": rule, "next": next_step}}, pa.table(
        {"unit": pa.array([], pa.int64())}
    )
