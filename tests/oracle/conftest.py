from __future__ import annotations

import pytest

from tests.oracle.compared_district import Tally


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if Tally.compared:
        terminalreporter.write_line(
            f"frames against the oracle: {Tally.compared} (person, table, date) triples, {Tally.differed} mismatches"
        )
