"""The rooms and their doors (DESIGN, section 9): who may import whom. Read from the source, nothing is run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TOP_LEVEL = {
    *("dbims_sdk", "governance", "expectations", "hub_config", "notebooks", "tests"),
    *("pyproject.toml", "README.md", "requirements.lock"),
}

# A room, and what of ours it may import besides itself. The command line and the gateway put everything together.
MAY_IMPORT = {
    "governance.queries": set(),
    "governance.vocabulary": {"governance.queries"},
    "governance.audit": set(),
    "governance.checkpoints": {"governance.audit"},
    "governance.catalog": {"governance.vocabulary"},
    "governance.policy": {"governance.vocabulary", "governance.catalog"},
    "governance.requests": {"governance.vocabulary", "governance.catalog"},
    "governance.oversight": {"governance.vocabulary", "governance.catalog", "governance.audit"},
    "governance.disclosure": {"governance.vocabulary"},
    "governance.system_calls": set(),
    "governance.sandbox": {"governance.system_calls"},
    "governance.session_tokens": {"governance.vocabulary"},
    "governance.dictionary": {"governance.catalog"},
    "governance.ledger": {
        *("governance.vocabulary", "governance.audit", "governance.checkpoints", "governance.durable"),
        *("governance.policy", "governance.requests", "governance.oversight", "governance.catalog"),
        "governance.mail",
    },
    "governance.warehouse": {
        "governance.vocabulary",
        "governance.catalog",
        "governance.policy",
        "governance.disclosure",
        "governance.sandbox",
        "governance.durable",
    },
    "governance.settings_file": set(),
    "governance.mail": {"governance.settings_file"},
    "governance.durable": set(),
    "governance.state": {
        *("governance.ledger", "governance.warehouse", "governance.settings_file", "governance.durable"),
        *("governance.oversight", "governance.mail"),
    },
    "governance.recorded_load": {
        *("governance.audit", "governance.ledger", "governance.state", "governance.warehouse"),
        "governance.durable",
    },
    "governance.demo": {
        *("governance.state", "governance.vocabulary", "governance.warehouse", "governance.recorded_load"),
        *("governance.ledger", "governance.durable", "governance.policy"),
    },
    "governance.gateway": {
        *("governance.vocabulary", "governance.catalog", "governance.policy", "governance.audit"),
        *("governance.ledger", "governance.warehouse", "governance.state", "governance.session_tokens"),
        "governance.disclosure",
        "governance.requests",
    },
    "governance.console": {
        *(
            "governance.vocabulary",
            "governance.catalog",
            "governance.policy",
            "governance.audit",
            "governance.requests",
        ),
        *("governance.oversight", "governance.ledger", "governance.warehouse", "governance.state"),
        # How wrong passwords are slowed.
        "hub_config",
    },
    "governance.cli": {
        *("governance.vocabulary", "governance.catalog", "governance.audit", "governance.ledger"),
        *("governance.warehouse", "governance.state", "governance.demo", "governance.dictionary"),
        *("governance.recorded_load", "governance.settings_file", "governance.durable"),
        "governance.requests",
        *("expectations", "hub_config"),
    },
    "governance.__main__": {"governance.cli"},
    "dbims_sdk": set(),
    "notebooks": {"dbims_sdk"},
    "expectations": {"governance.catalog", "governance.warehouse"},
    "hub_config": {
        *("governance.vocabulary", "governance.policy", "governance.ledger", "governance.sandbox"),
        *("governance.session_tokens", "governance.settings_file"),
        # Whether somebody is still employed.
        "governance.warehouse",
        # Only to find where they lie on the disk: they are shown to sessions.
        *("dbims_sdk", "notebooks"),
    },
}
PURE = (
    *("governance.queries", "governance.vocabulary", "governance.audit", "governance.checkpoints"),
    *("governance.catalog", "governance.policy", "governance.requests", "governance.oversight"),
    *("governance.disclosure", "governance.system_calls"),
)
# What reaches outside a pure function. The catalog reads its own declarations, and nothing else.
OUTSIDE = {"os", "sys", "time", "pathlib", "socket", "subprocess", "logging", "random", "sqlite3", "duckdb", "httpx"}


def modules() -> dict[str, Path]:
    found = {}
    for folder in ("governance", "dbims_sdk", "expectations", "hub_config", "notebooks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def room_of(module: str) -> str | None:
    """The longest room whose name begins the module's."""
    rooms = [room for room in MAY_IMPORT if module == room or module.startswith(room + ".")]
    return max(rooms, key=len, default=None)


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def ours(names: set[str]) -> set[str]:
    return {room for name in names if (room := room_of(name)) is not None}


@pytest.mark.parametrize("module", [name for name in modules() if name != "governance"])
def test_a_module_imports_only_what_its_room_may(module: str) -> None:
    room = room_of(module)
    assert room is not None, f"{module} is in no room of DESIGN section 9"
    forbidden = ours(imports_of(modules()[module])) - MAY_IMPORT[room] - {room}
    assert not forbidden, f"{module} may not import {sorted(forbidden)}"


@pytest.mark.parametrize("module", [name for name in modules() if room_of(name) in PURE])
def test_the_core_reaches_nothing_outside(module: str) -> None:
    tops = {name.split(".")[0] for name in imports_of(modules()[module])}
    assert not tops & OUTSIDE, f"{module} is pure: it may not use {sorted(tops & OUTSIDE)}"


def test_only_the_ledger_knows_its_store() -> None:
    users = {
        room_of(name) for name, path in modules().items() if any(n.startswith("sqlalchemy") for n in imports_of(path))
    }
    assert users <= {"governance.ledger", "governance.gateway", "expectations"}, users


def test_only_the_warehouse_knows_the_engine() -> None:
    users = {room_of(name) for name, path in modules().items() if "duckdb" in imports_of(path)}
    assert users <= {"governance.warehouse", "expectations"}, users


def test_no_module_is_too_long() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "helpers", "common", "misc"}
    assert not [name for name in modules() if name.rsplit(".", 1)[-1] in drawers]


def test_the_top_level_is_closed() -> None:
    generated = {"dbims.egg-info", "build", "dist", "dbims-state", "node_modules", "__pycache__"}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - generated
    assert found <= TOP_LEVEL, found - TOP_LEVEL
