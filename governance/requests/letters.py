"""Letters: what was decided, in writing. Rendered from the case alone, as a page that prints and as plain text.

Whatever somebody typed is text here: the page escapes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from jinja2 import Environment, StrictUndefined

from governance.requests.forms import Field, FieldKind, Form
from governance.requests.kinds import WORKFLOWS
from governance.requests.workflow import Act, Case, Kind, Move

SIGNED_BY = "The Superintendent of Schools"

OPENINGS: dict[Act, str] = {
    Act.APPROVE: "Your request is approved.",
    Act.MODIFY: "Your request is approved in another form than you asked for: as stated below, and not further.",
    Act.DENY: "Your request is denied.",
    Act.RETURN: "Your request cannot be decided as it stands, and is returned to you to be completed.",
    Act.ACCEPT: "Your request is accepted for a formal written agreement. No data are given before it is signed.",
    Act.END: "Access under your request has ended.",
    Act.EXPIRE: "The access that was granted to you has ended on its last day.",
    Act.ESCALATE: "No certificate of destruction was received by the agreed day. It is overdue.",
    Act.RELEASE: "Your request is answered as stated below.",
    Act.TURN_AWAY: "A request for a report needs an instruction of the entire Board, by a vote at one of its meetings. "
    "A member alone cannot give it, and the request is refused.",
}
"""How a letter begins, by the act that it tells of."""

CLOSINGS: dict[tuple[Kind, Act], str] = {
    (Kind.APPLICATION, Act.APPROVE): "The access ends by itself after its last day. It is for the stated need only; "
    "what you learn may not be passed on, and every use is recorded.",
    (Kind.APPLICATION, Act.MODIFY): "The access ends by itself after its last day. It is for the stated need only; "
    "what you learn may not be passed on, and every use is recorded.",
    (Kind.EXTERNAL, Act.APPROVE): "The data are used for the agreed study only. Nobody may be identified, and all is "
    "destroyed, and that certified, by the agreed day.",
    (Kind.EXTERNAL, Act.END): "Everything that you received is to be destroyed, and that certified, by the agreed day.",
    (Kind.EXTERNAL, Act.EXPIRE): "Everything that you received is to be destroyed, and that certified, by the agreed "
    "day (34 CFR 99.31(a)(6)(iii)(C)(4)).",
    (Kind.EXTERNAL, Act.ESCALATE): "Certify the destruction without delay. Who fails to destroy the data may be denied "
    "access to education records for five years (34 CFR 99.67).",
    (Kind.FREEDOM_OF_INFORMATION, Act.DENY): "You may appeal to the Freedom of Information Commission within thirty "
    "days (C.G.S. 1-206(b)).",
    (Kind.BOARD, Act.TURN_AWAY): "The Board may instruct the Superintendent by a vote; analyses then go to all of its "
    "members.",
}

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ subject }}</title><style>
body { font: 12pt/1.5 Georgia, "Times New Roman", serif; color: #111; background: #fff; max-width: 42rem;
  margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.25rem; margin: 2rem 0 1rem; } dl { border-top: 1px solid #bbb; margin: 1.5rem 0; }
dt { font-weight: bold; margin-top: .75rem; } dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
dl::after { content: ""; display: block; border-bottom: 1px solid #bbb; margin-top: .75rem; }
.facts { color: #444; } @page { margin: 2.5cm; } @media print { body { margin: 0; max-width: none; } }
</style></head><body>
<p class="facts">{{ office }}<br>{{ day }}</p>
<p>To {{ addressee }}</p>
<h1>{{ subject }}</h1>
<p>{{ opening }}</p>
<dl>{% for label, text in told %}<dt>{{ label }}</dt><dd>{{ text }}</dd>{% endfor %}</dl>
{% if closing %}<p>{{ closing }}</p>{% endif %}
<p>{{ signature }}</p>
<p class="facts">Under: {{ source }}.</p>
</body></html>
"""
_PLAIN = """{{ office }}
{{ day }}

To {{ addressee }}

{{ subject }}

{{ opening }}

{% for label, text in told %}{{ label }}:
{{ text }}

{% endfor %}{% if closing %}{{ closing }}

{% endif %}{{ signature }}

Under: {{ source }}.
"""
OFFICE = "Office of the Superintendent"

_page = Environment(autoescape=True, undefined=StrictUndefined).from_string(_PAGE)
# Plain text has no markup to escape; the page above escapes everything.
_plain = Environment(autoescape=False, undefined=StrictUndefined, keep_trailing_newline=True).from_string(_PLAIN)  # noqa: S701


@dataclass(frozen=True)
class Letter:
    """One letter: a page, and the same as plain text."""

    subject: str
    html: str
    text: str


def write_letter(request_id: int, case: Case, move: Move, today: date, signed_by: str) -> Letter:
    """The letter about a move that was made. `signed_by`: who decided; the calendar's letters are the office's."""
    flow = WORKFLOWS[case.kind]
    subject = f"{flow.title}, no. {request_id}: {_title(case)}"
    told = {
        "subject": subject,
        "office": OFFICE,
        "day": f"{today:%B} {today.day}, {today.year}",
        "addressee": case.fields.get("researcher") or case.fields.get("requester") or _addressee(case),
        "opening": OPENINGS[move.act],
        "told": [*_lines(case, _asked(case)), *_lines(case, move.form)],
        "closing": CLOSINGS.get((case.kind, move.act), ""),
        "signature": signed_by,
        "source": flow.source,
    }
    return Letter(subject, _page.render(told), _plain.render(told))


def _title(case: Case) -> str:
    """What the request is called, on one line."""
    called = case.fields.get("title") or case.fields.get("question") or case.fields.get("request") or ""
    line = " ".join(called.split())
    return line if len(line) <= 80 else line[:79] + "…"


def _addressee(case: Case) -> str:
    if case.kind is Kind.BOARD:
        return case.fields.get("member") or "the Board of Education"
    return case.applicant


def _asked(case: Case) -> Form:
    """What a letter repeats of the request itself: precisely what was asked for, not the reasons."""
    flow = WORKFLOWS[case.kind]
    asked = next(move.form for move in flow.moves if move.own)
    return Form(tuple(field for field in asked.fields if field.name in REPEATED))


REPEATED = ("title", "columns", "population", "years", "form", "begin", "end", "request", "received_on", "question")
NOT_TOLD = (FieldKind.DOCUMENT, FieldKind.CONFIRMATION)


def _lines(case: Case, form: Form) -> Iterator[tuple[str, str]]:
    for field in form.fields:
        if field.kind not in NOT_TOLD and case.fields.get(field.name):
            yield _label(field), case.fields[field.name]


def _label(field: Field) -> str:
    return f"Asked for: {field.label.lower()}" if field.name in REPEATED and field.name != "title" else field.label
