"""`dbims workflows`: the drawing that is written is that of the tables."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from governance.cli import app
from governance.requests.drawing import workflows_markdown


def test_how_requests_go_is_written_from_the_tables(tmp_path: Path) -> None:
    page = tmp_path / "workflows.md"
    assert CliRunner().invoke(app, ["workflows", str(page)]).exit_code == 0
    assert page.read_text(encoding="utf-8") == workflows_markdown()


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["workflows", str(tmp_path)])
    assert result.exit_code == 2 and "could not be used" in result.output
