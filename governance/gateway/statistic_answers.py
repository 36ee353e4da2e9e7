"""The bodies of answers about statistics: the only wire form that a table or a model has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np

from governance.disclosure.model_printed import in_tens
from governance.disclosure.printed import Exact
from governance.disclosure.released import Protected
from governance.disclosure.rules import Reason, Rules
from governance.gateway.begun import Begun
from governance.gateway.statistic_questions import CheckedModel, CheckedTable
from governance.vocabulary import Form
from governance.warehouse.pool import WorkerAnswer

TOTAL = "Total"
TENS = "Numbers of observations and persons are rounded to tens."
POLICY = "DBIMS primary rules"
POLICY_OF_MODELS = "DBIMS rules of models"


def table_body(
    checked: CheckedTable,
    begun: Begun,
    given: WorkerAnswer,
    levels: list[list[str]],
    made: Protected | Exact,
    rules: Rules | None,
    before: int,
) -> dict[str, Any]:
    rows, columns = len(checked.query.rows), len(checked.query.columns)
    labels = [[*axis, TOTAL] for axis in (each or [""] for each in levels)]
    across = int(np.prod([len(axis) for axis in labels[rows:]])) if columns else 1
    reasons = made.reasons if isinstance(made, Protected) else (None,) * len(made.values)
    is_protected = isinstance(made, Protected)
    return {
        "description": _description(begun, given, is_protected, reasons),
        "table": checked.query.table,
        "statistic": checked.query.statistic.value,
        "value": checked.query.value,
        "unit": checked.unit.value,
        "rows": list(checked.query.rows),
        "columns": list(checked.query.columns),
        "row_labels": [list(label) for label in product(*labels[:rows])],
        "column_labels": [list(label) for label in product(*labels[rows:])] if columns else [[]],
        "values": _grid([None if np.isnan(value) else value for value in made.values.tolist()], across),
        "texts": _grid(made.texts, across),
        "reasons": _grid([None if reason is None else reason.value for reason in reasons], across),
        "protection": _protection(made, rules, before) if isinstance(made, Protected) and rules else None,
    }


def _description(begun: Begun, given: WorkerAnswer, is_protected: bool, reasons: Any) -> dict[str, Any]:
    exact = begun.description(given)
    if not is_protected:
        return {**exact, "withheld": [], "unprotected": True}
    return {
        **exact,
        # How many rows and students are behind it is told by its total, if at all.
        "rows": len(reasons),
        "students": None,
        "form": Form.PROTECTED_STATISTICS.value,
        "unprotected": False,
        "withheld": withheld_cells(reasons),
    }


def withheld_cells(reasons: Iterable[Reason | None]) -> list[str]:
    """How many cells show no plain number, and why."""
    counted = Counter(reason for reason in reasons if reason is not None)
    return [f"{reason.value}: {counted[reason]} cells" for reason in Reason if counted[reason]]


def _protection(made: Protected, rules: Rules, before: int) -> dict[str, Any]:
    counted = Counter(reason for reason in made.reasons if reason is not None)
    return {
        "policy": f"{POLICY}: {rules.topic.value}",
        "version": rules.version,
        "rules": list(rules.sentences()),
        "cells": len(made.texts),
        "suppressed": {reason.value: counted[reason] for reason in Reason},
        "intervals_checked": made.weighed.checked,
        "earlier_releases": before,
    }


def _grid(cells: Any, across: int) -> list[list[Any]]:
    return [list(cells[start : start + across]) for start in range(0, len(cells), across)]


def model_body(checked: CheckedModel, begun: Begun, given: WorkerAnswer, rules: Rules) -> dict[str, Any]:
    fitted = given.about["model"]
    return {
        "description": {
            **begun.description(given),
            "rows": len(fitted["terms"]),
            "students": None,
            "form": Form.PROTECTED_STATISTICS.value,
            "unprotected": False,
        },
        "table": checked.table,
        "family": checked.job.family.value,
        "formula": checked.job.formula,
        # How many lack a value is a count like any other, and may be small: so these are told in tens.
        "observations": in_tens(fitted["observations"]),
        "students": in_tens(fitted["persons"]),
        "terms": fitted["terms"],
        "fit": fitted["fit"],
        "protection": {
            "policy": f"{POLICY_OF_MODELS}: {rules.topic.value}",
            "version": rules.version,
            "rules": [*fitted["rules"], TENS],
        },
    }
