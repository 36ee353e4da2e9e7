"""The workflows, drawn from their tables: for the documentation, and for whoever checks them against the policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from governance.requests.forms import Form
from governance.requests.kinds import WORKFLOWS
from governance.requests.workflow import Move, Role, State, Workflow

INTRODUCTION = (
    "How requests go, written from the tables that the program runs by. What is not in a table does not happen. States "
    "marked * are decided: only the Superintendent's own signed act leads there."
)


def workflows_markdown(flows: Iterable[Workflow] = tuple(WORKFLOWS.values())) -> str:
    """One page: of every kind of request its source, a drawing (Mermaid), its states, and its moves."""
    return "\n".join(["# Workflows", "", INTRODUCTION, "", *(line for flow in flows for line in _workflow(flow))])


def _workflow(flow: Workflow) -> Iterator[str]:
    yield from (f"## {flow.title}", "", f"Source: {flow.source}.", "")
    yield from ("```mermaid", *mermaid(flow), "```", "")
    yield from _grid(("state", "meaning", "who acts next"), _states(flow))
    yield from _grid(("from", "act", "by", "to", "has to be told", "rules", "also"), map(_move, flow.moves))


def mermaid(flow: Workflow) -> Iterator[str]:
    """The lines of a state diagram."""
    yield "stateDiagram-v2"
    for rule in flow.states:
        yield f'    state "{_state(flow, rule.state)}" as {rule.state.name}'
    yield f"    [*] --> {flow.first.name}"
    for move in flow.moves:
        yield f"    {move.before.name} --> {move.after.name}: {move.act.value} ({_roles(move)})"
    for rule in flow.states:
        if rule.owner is None:
            yield f"    {rule.state.name} --> [*]"


def _states(flow: Workflow) -> Iterator[tuple[str, ...]]:
    for rule in flow.states:
        yield _state(flow, rule.state), rule.words, _owner(rule.owner)


def _owner(owner: Role | None) -> str:
    return "nobody: it is final" if owner is None else owner.value


def _state(flow: Workflow, state: State) -> str:
    return f"{state.value}{'*' if flow.rule(state).decided else ''}"


def _move(move: Move) -> tuple[str, ...]:
    rules = "; ".join(f"{rule.words} ({rule.source})" for rule in move.rules)
    also = "; ".join(effect.value for effect in move.effects)
    return move.before.value, move.act.value, _roles(move), move.after.value, _told(move), rules, also


def _told(move: Move) -> str:
    return "whatever was typed so far" if move.partial else ", ".join(_labels(move.form))


def _labels(form: Form) -> Iterator[str]:
    for field in form.fields:
        yield field.label if field.required else f"{field.label} (may be left out)"


def _roles(move: Move) -> str:
    return ", ".join(role.value for role in move.roles)


def _grid(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
    yield ""
