"""`dbims workflows`: how requests go, drawn from the tables that the program runs by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from governance.cli.console import out, plain_errors
from governance.requests.drawing import workflows_markdown


def workflows(path: Annotated[Path, typer.Argument(help="The page to write (Markdown).")]) -> None:
    """Write how requests go: states, who acts next, and every move, from the program's own tables."""
    with plain_errors():
        path.write_text(workflows_markdown(), encoding="utf-8")
    out.print(f"Wrote {path}")
