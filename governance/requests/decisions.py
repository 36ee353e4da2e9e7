"""From a decided case: the grant that it gives."""

from __future__ import annotations

from datetime import date

from governance.requests.applications import MODIFICATION
from governance.requests.external_forms import REQUEST
from governance.requests.forms import Form, Known, Values
from governance.requests.granting import Tables, make_grant
from governance.requests.reading import read_form
from governance.requests.workflow import Case, State
from governance.vocabulary import Grant

_ASKED = ("columns", "form", "begin", "end")
_GRANTED = tuple(f"granted_{name}" for name in _ASKED)
_EVERYTHING = Form(tuple({field.name: field for field in (*REQUEST.fields, *MODIFICATION.fields)}.values()))


def grant_of(case: Case, known: Known) -> Grant:
    """The grant of a case that was just approved: as asked for, or as the Superintendent chose.

    `ValueError` says what stands against it. It names no snapshot yet.
    """
    values = read_form(_EVERYTHING, case.fields, case.documents, known).values
    tables, form, begin, end = (values[name] for name in (_GRANTED if case.state is State.MODIFIED else _ASKED))
    return make_grant(case.applicant, values, (tables, form, _from(begin, known), end), known)


def _from(begin: date, known: Known) -> date:
    """Nothing is granted for days that are over: answers are as of the first day."""
    return max(begin, known.today)


def granted_columns(case: Case, known: Known) -> Tables:
    """What is granted, as far as it is decided; else what is asked for."""
    values: Values = read_form(_EVERYTHING, case.fields, case.documents, known).values
    name = "granted_columns" if case.state is State.MODIFIED else "columns"
    granted: Tables = values.get(name, {})
    return granted
