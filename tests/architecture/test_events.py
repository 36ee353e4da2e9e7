"""Every event of the closed list is recorded by somebody."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from governance.audit import Event

GOVERNANCE = Path(__file__).resolve().parents[2] / "governance"


def emitted() -> set[str]:
    """The names of events that are arguments of a call to `record` or its like, outside the list itself."""
    calls = [
        node
        for path in GOVERNANCE.rglob("*.py")
        if path != GOVERNANCE / "audit.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and "record" in ast.unparse(node.func)
    ]
    arguments = [argument for call in calls for argument in call.args]
    return {
        argument.attr
        for argument in arguments
        if isinstance(argument, ast.Attribute) and ast.unparse(argument.value) == "Event"
    }


@pytest.mark.parametrize("event", Event)
def test_every_event_has_an_emitter(event: Event) -> None:
    assert event.name in emitted()
