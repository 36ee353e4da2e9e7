"""The disclosure record of one student, as a page that prints and as plain text. Rendered from the record alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined

from governance.oversight.disclosures import DisclosureRecord, Disclosures
from governance.vocabulary import Form

TITLE = "Record of disclosures from education records"
NOTHING = "Nobody received records of this student in a form that tells who the student is."
IDENTIFIED_NOBODY = {
    Form.DEIDENTIFIED_ROWS: "answers of de-identified rows",
    Form.PROTECTED_STATISTICS: "protected statistics",
}
BESIDE = (
    "Answers that identify nobody are no disclosures of personally identifiable information (34 CFR 99.31(b)). The "
    "student's records were used in:"
)
RULE = (
    "34 CFR 99.32(a): whoever requested or received personally identifiable information from the education records, "
    "and their legitimate interests. It is kept with the records, and shown to the parent or eligible student, to the "
    "officials who keep the records, and to auditors (99.32(c))."
)
SCOPE = (
    "It holds what was given by this system. What was disclosed outside it, on paper or by another system, is recorded "
    "where that was done."
)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title><style>
body { font: 11pt/1.45 Georgia, "Times New Roman", serif; color: #111; background: #fff; max-width: 58rem;
  margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.35rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .45rem .75rem .45rem 0; border-top: 1px solid #bbb; }
thead th { border-top: 0; } td.number { text-align: right; } .small { font-size: .9rem; color: #333; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } thead { display: table-header-group; } }
</style></head><body><main>
<h1>{{ title }}</h1>
<p>Student: <strong>{{ student }}</strong><br>As of {{ made_at }} ({{ zone }})</p>
<p class="small">{{ rule }} {{ scope }}</p>
{% if lines %}
<div class="wide" tabindex="0" role="region" aria-label="Disclosures"><table>
<thead><tr><th scope="col">Received by</th><th scope="col">Legitimate interest</th><th scope="col">Exception</th>
<th scope="col">Records</th><th scope="col">First</th><th scope="col">Last</th><th scope="col">Times</th></tr></thead>
<tbody>{% for line in lines %}
<tr><th scope="row">{{ line.name }}</th><td>{{ line.interest }}</td><td>{{ line.citation }}</td>
<td>{{ line.tables }}</td><td>{{ line.first }}</td><td>{{ line.last }}</td><td class="number">{{ line.times }}</td></tr>
{% endfor %}
</tbody></table></div>
<h2>Exceptions</h2>
{% for citation, sentence in bases %}<p class="small"><strong>{{ citation }}</strong> {{ sentence }}</p>{% endfor %}
{% else %}<p>{{ nothing }}</p>{% endif %}
{% if beside %}<h2>Beside the record</h2><p>{{ beside_words }} {{ beside | join(", ") }}.</p>{% endif %}
{% if shown %}<h2>Who looked at this record</h2>
<ul>{% for name, at in shown %}<li>{{ name }}, {{ at }}</li>{% endfor %}</ul>{% endif %}
</main></body></html>
"""

_environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_template = _environment.from_string(_PAGE)


def as_html(record: DisclosureRecord, student: str, names: Mapping[str, str], zone: ZoneInfo) -> str:
    """A whole page. `student`: as whoever prints it may read it; `names`: of recipients, by user name."""
    return _template.render(
        title=TITLE,
        student=student,
        made_at=_moment(record.made_at, zone),
        zone=zone.key,
        rule=RULE,
        scope=SCOPE,
        lines=[_line(each, names, zone) for each in record.disclosures],
        bases=_bases(record),
        nothing=NOTHING,
        beside_words=BESIDE,
        beside=list(_beside(record)),
        shown=[(_name(username, names), _moment(at, zone)) for username, at in record.shown],
    )


def as_text(record: DisclosureRecord, student: str, names: Mapping[str, str], zone: ZoneInfo) -> str:
    lines = [TITLE, f"Student: {student}", f"As of {_moment(record.made_at, zone)} ({zone.key})", "", RULE, SCOPE, ""]
    for each in record.disclosures:
        line = _line(each, names, zone)
        lines += [
            line["name"],
            f"  for {line['interest']}",
            f"  under {line['citation']}",
            f"  {line['tables']}; {line['times']} times, {line['first']} through {line['last']}",
        ]
    lines += [] if record.disclosures else [NOTHING]
    lines += ["", *(f"{citation}: {sentence}" for citation, sentence in _bases(record))]
    if beside := list(_beside(record)):
        lines += ["", f"{BESIDE} {', '.join(beside)}."]
    shown = [f"  {_name(username, names)}, {_moment(at, zone)}" for username, at in record.shown]
    return "\n".join([*lines, *(["", "Who looked at this record:", *shown] if shown else [])]) + "\n"


def _line(each: Disclosures, names: Mapping[str, str], zone: ZoneInfo) -> dict[str, str]:
    tables = ", ".join(f"{table.replace('_', ' ')} ({times})" for table, times in each.tables)
    return {
        "name": _name(each.recipient.username, names),
        "interest": each.recipient.interest,
        "citation": each.recipient.basis.citation,
        "tables": tables or "not told by the record",
        "first": _moment(each.first, zone),
        "last": _moment(each.last, zone),
        "times": str(each.times),
    }


def _bases(record: DisclosureRecord) -> list[tuple[str, str]]:
    """The exceptions that occur, each once."""
    occur = dict.fromkeys(each.recipient.basis for each in record.disclosures)
    return [(basis.citation, basis.sentence) for basis in occur]


def _beside(record: DisclosureRecord) -> Iterator[str]:
    for form, times in record.identified_nobody:
        yield f"{times:,} {IDENTIFIED_NOBODY[form]}"


def _name(username: str, names: Mapping[str, str]) -> str:
    return f"{names[username]} ({username})" if username in names else username


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
