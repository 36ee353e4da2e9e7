"""A protected model, fitted where the exact rows are: in the worker. What is handed on is what may leave, and the sets
of persons that it is about, against which later models are weighed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from governance.disclosure.formulas import FormulaRefused, parse_formula
from governance.disclosure.model_rules import ModelRefused, ModelRules
from governance.disclosure.models import FittedModel, fit_model
from governance.warehouse.wire import PreparedModel

RULE = "A model is released if its numbers are about many persons."


def fit_rows(job: PreparedModel, rows: pa.Table, persons: pa.Array) -> tuple[dict[str, Any], pa.Table]:
    """What describes the model or its refusal; and its sets of persons, as (set, person), set 0 being all asked for."""
    whom = np.asarray(persons)
    asked = np.unique(whom)
    columns = {name: _values(rows.column(name)) for name in job.columns}
    try:
        fitted = fit_model(parse_formula(job.formula), job.family, columns, whom, ModelRules())
    except ModelRefused as refusal:
        return _refused(refusal.message, refusal.rule, refusal.next_step), _sets([asked])
    except FormulaRefused as refusal:
        return _refused(refusal.message, RULE, refusal.next_step), _sets([asked])
    return {"model": _described(fitted)}, _sets([asked, *fitted.groups])


def _values(column: pa.ChunkedArray) -> Any:
    return column.combine_chunks().to_numpy(zero_copy_only=False)


def _described(fitted: FittedModel) -> dict[str, Any]:
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
        "rules": list(ModelRules().sentences()),
    }


def _refused(message: str, rule: str, next_step: str) -> dict[str, Any]:
    return {"refused": {"message": message, "rule": rule, "next": next_step}}


def _sets(sets: list[Any]) -> pa.Table:
    number = np.repeat(np.arange(len(sets), dtype=np.int32), [len(each) for each in sets])
    return pa.table({"set": number, "person": np.concatenate(sets).astype(np.int64)})
