"""Every rule has an example that breaks it, and is kept by rows that keep it."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations.rule import Rule
from expectations.rules import DECLARED_RULES, all_rules
from expectations.validation import validate
from governance.catalog import Severity, load_catalog
from governance.warehouse.expectation_report import ExpectationResult
from tests.expectations.rule_examples import BREAKING, KEPT_ALL_THE_SAME, breaking
from tests.expectations.small_snapshot import Change, edited, write_snapshot

CATALOG = load_catalog()
TABLES = tuple(CATALOG.tables)
RULES = all_rules(CATALOG)
# A column that is not there, or is of another type, is no change of a row: it has a test of its own.
OF_ROWS = tuple(rule for rule in RULES if rule.id != "declared_columns")


def run(folder: Path, changes: tuple[Change, ...], rules: tuple[Rule, ...]) -> list[ExpectationResult]:
    return validate(write_snapshot(folder, edited(changes)), TABLES, rules, folder)


def test_rules_have_names_of_their_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))


def test_every_rule_has_an_example_that_breaks_it() -> None:
    assert [rule.name for rule in OF_ROWS if not breaking(rule)] == []
    assert set(BREAKING) == {rule.name for rule in DECLARED_RULES}


def test_every_declared_rule_has_an_example_that_keeps_it() -> None:
    assert set(KEPT_ALL_THE_SAME) == {rule.name for rule in DECLARED_RULES}


def test_the_small_snapshot_keeps_every_rule_and_every_rule_has_rows_to_look_at(tmp_path: Path) -> None:
    results = run(tmp_path, (), RULES)
    assert [f"{result.table}.{result.rule}" for result in results if not result.passed] == []
    assert [result.table for result in results if not result.total] == []
    assert len(results) == len(RULES)


@pytest.mark.parametrize("table", TABLES)
def test_a_broken_rule_of_the_skeleton_is_found(table: str, tmp_path: Path) -> None:
    declared = {rule.name for rule in DECLARED_RULES}
    for rule in (rule for rule in OF_ROWS if rule.table == table and rule.name not in declared):
        (result,) = run(tmp_path, breaking(rule), (rule,))
        assert (rule.name, result.passed, result.unexpected) == (rule.name, False, 1)
        assert result.severity is Severity.STOP


@pytest.mark.parametrize("rule", DECLARED_RULES, ids=lambda rule: rule.name)
def test_a_broken_declared_rule_is_found_and_what_looks_alike_is_not(rule: Rule, tmp_path: Path) -> None:
    (broken,) = run(tmp_path, BREAKING[rule.name], (rule,))
    (kept,) = run(tmp_path, KEPT_ALL_THE_SAME[rule.name], (rule,))
    assert (broken.passed, broken.severity, kept.passed) == (False, rule.severity, True)
    assert broken.unexpected >= 1


def test_only_structure_stops_a_load() -> None:
    stopping = {rule.name for rule in DECLARED_RULES if rule.severity is Severity.STOP}
    assert stopping == {"school_year.dates_in_order", "school_year.one_at_a_time"}
