"""The report as one page that needs nothing else: what failed first, with counts and what to do, never a value."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from string import Template

from expectations.rule import Rule
from governance.catalog import Severity
from governance.warehouse.expectation_report import ExpectationResult

Results = tuple[ExpectationResult, ...]

VERDICTS: dict[bool, tuple[str, str, str]] = {
    True: (
        "stop",
        "This snapshot must not be promoted",
        "Rules that stop a load are broken. Readers keep the snapshot they have until these are mended.",
    ),
    False: (
        "pass",
        "This snapshot may be promoted",
        "No rule that stops a load is broken. Warnings, if any, say what is wrong with the data all the same.",
    ),
}

STATES: dict[str, tuple[str, str]] = {
    "stop": ("✕", "Stops the load"),
    "warn": ("!", "Warning"),
    "pass": ("✓", "Kept"),
}


def render_page(results: Results, rules: tuple[Rule, ...]) -> str:
    """The page as HTML: the verdict, what to do, and every rule by table."""
    remedies = {rule.name: rule.remedy for rule in rules}
    stops = any(_state(result) == "stop" for result in results)
    state, title, meaning = VERDICTS[stops]
    return _template().substitute(
        state=state,
        title=title,
        meaning=meaning,
        style=_text("page.css"),
        counts="".join(_count(results, state) for state in STATES),
        broken=_broken(results, remedies),
        tables="".join(_table(name, results) for name in _tables(results)),
    )


def _template() -> Template:
    return Template(_text("page.html"))


def _text(name: str) -> str:
    return (files("expectations") / name).read_text(encoding="utf-8")


def _state(result: ExpectationResult) -> str:
    return "pass" if result.passed else result.severity.value


def _failed(results: Iterable[ExpectationResult]) -> list[ExpectationResult]:
    """What failed: what stops the load first, then what touches the largest part of its table."""
    failed = [result for result in results if not result.passed]
    return sorted(failed, key=lambda result: (result.severity is not Severity.STOP, -_share(result), result.table))


def _share(result: ExpectationResult) -> float:
    return result.unexpected / result.total if result.total else 1.0


def _count(results: Results, state: str) -> str:
    number = sum(_state(result) == state for result in results)
    words = {"stop": "stop the load", "warn": "warn", "pass": "are kept"}[state]
    return f'<li class="{state}"><strong>{number:,}</strong> {"rule" if number == 1 else "rules"} {words}</li>'


def _broken(results: Results, remedies: dict[str, str]) -> str:
    failed = _failed(results)
    if not failed:
        return "<p>Every rule is kept. There is nothing to do.</p>"
    rows = "".join(_broken_row(result, remedies[f"{result.table}.{result.rule}"]) for result in failed)
    head = "".join(
        f'<th scope="col" role="columnheader">{title}</th>'
        for title in ("Rule", "What must hold", "Rows", "What to do")
    )
    return (
        f'<table role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>'
    )


# On a narrow screen rows are drawn as cards, and only the roles still say that they are rows.
def _broken_row(result: ExpectationResult, remedy: str) -> str:
    return (
        f'<tr role="row"><th scope="row" role="rowheader">{_badge(result)}'
        f'<span class="name"><b>{escape(result.table)}</b>'
        f" {escape(_words(result.rule))}</span></th>"
        f'<td role="cell" data-label="What must hold">{escape(result.description)}</td>'
        f'<td role="cell" data-label="Rows" class="rows">{_rows(result)}</td>'
        f'<td role="cell" data-label="What to do">{escape(remedy)}</td></tr>'
    )


def _tables(results: Results) -> list[str]:
    """The tables' names: those with a rule that stops first, then those that warn, then the others."""
    order = list(STATES)
    worst: dict[str, int] = {}
    for result in results:
        worst[result.table] = min(worst.get(result.table, len(order)), order.index(_state(result)))
    return sorted(worst, key=lambda name: (worst[name], name))


def _table(name: str, results: Results) -> str:
    own = [result for result in results if result.table == name]
    failed = _failed(own)
    total = max(result.total for result in own)
    rules = "".join(_kept_row(result) for result in (*failed, *(result for result in own if result.passed)))
    summary = f"{len(failed)} of {len(own)} rules broken" if failed else f"{len(own)} rules kept"
    return (
        f'<details><summary><h3>{escape(name)}</h3> <span class="note">{total:,} '
        f"{'row' if total == 1 else 'rows'} · {summary}</span>"
        f"{_badge(failed[0]) if failed else ''}</summary><ul>{rules}</ul></details>"
    )


def _kept_row(result: ExpectationResult) -> str:
    return (
        f'<li>{_badge(result)} <span class="name">{escape(_words(result.rule))}</span> '
        f'<span class="note">{escape(result.description)}{"" if result.passed else f" {_rows(result)}"}</span></li>'
    )


def _badge(result: ExpectationResult) -> str:
    state = _state(result)
    sign, words = STATES[state]
    return f'<span class="badge {state}"><span aria-hidden="true">{sign}</span> {words}</span>'


def _rows(result: ExpectationResult) -> str:
    if not result.total:
        return f"<b>{result.unexpected:,}</b> found"
    share = f"{_share(result):.1%}" if _share(result) >= 0.001 else "under 0.1%"
    return f"<b>{result.unexpected:,}</b> of {result.total:,} ({share})"


def _words(rule: str) -> str:
    return rule.replace("_", " ")
