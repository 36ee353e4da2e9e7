"""The data dictionary: the catalog as a page, for people who want to know what exists before they ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from governance.catalog import Catalog, CodeSet, Column, Generalization, Table, Unit

_STYLE = """
:root { color-scheme: light dark; --line: #c9d1d9; --soft: #f4f6f8; --ink: #1b2733; --accent: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --line: #3a444e; --soft: #1d242b; --ink: #e6edf3; --accent: #7fb8f0; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 72rem; margin: 0 auto; padding: 1.5rem; }
h2 { margin-top: 3rem; } h2 code { color: var(--accent); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .7rem; border-bottom: 1px solid var(--line); }
th { background: var(--soft); white-space: nowrap; } nav a { display: inline-block; margin: 0 .9rem .3rem 0; }
a { color: var(--accent); } .facts { color: color-mix(in srgb, var(--ink) 75%, transparent); }
"""


def dictionary_html(catalog: Catalog) -> str:
    """One self-contained page: every table, every column, every code set, every hierarchy."""
    tables = sorted(catalog.tables.values(), key=lambda table: (table.category.value, table.name))
    links = "".join(f'<a href="#{table.name}"><code>{table.name}</code></a>' for table in tables)
    sets = "".join(_code_set(codes) for codes in catalog.code_sets.values())
    hierarchies = "".join(_hierarchy(hierarchy) for hierarchy in catalog.hierarchies.values())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Data dictionary</title>'
        f"<style>{_STYLE}</style></head><body><h1>Data dictionary</h1><nav>{links}</nav>"
        f"{''.join(map(_table, tables))}<h1>Code sets</h1>{sets}"
        f"<h1>Hierarchies of de-identified rows</h1>{hierarchies}</body></html>\n"
    )


def _table(table: Table) -> str:
    rows = [
        (
            f"<code>{column.name}</code>",
            column.type.value + (f": <a href='#codes-{column.codes}'>{column.codes}</a>" if column.codes else ""),
            column.class_.value,
            _deidentified(column, table),
            "required" if column.required else "",
            escape(column.description),
            escape(column.standard),
        )
        for column in table.columns
    ]
    key = ", ".join(table.key)
    return (
        f'<section><h2 id="{table.name}"><code>{table.name}</code></h2><p>{escape(table.description)}</p>'
        f'<p class="facts">Category: {table.category.value}. One row is about: {table.unit.value}. Key: {key}.</p>'
        f"{_grid(('column', 'type', 'class', 'de-identified', '', 'description', 'standard'), rows)}</section>"
    )


def _deidentified(column: Column, table: Table) -> str:
    """What becomes of it in de-identified rows about people; nothing, in rows about nobody."""
    if table.unit not in (Unit.STUDENT, Unit.STAFF):
        return "as it is"
    link = f": <a href='#hierarchy-{column.hierarchy}'>{column.hierarchy}</a>" if column.hierarchy else ""
    return column.deidentified.value + link


def _hierarchy(hierarchy: Generalization) -> str:
    levels = "".join(f"<li>{escape(words)}</li>" for words in hierarchy.words)
    return (
        f'<section><h2 id="hierarchy-{hierarchy.name}"><code>{hierarchy.name}</code></h2>'
        f'<p class="facts">{escape(hierarchy.description)}. From fine to coarse:</p><ol>{levels}</ol></section>'
    )


def _code_set(codes: CodeSet) -> str:
    rows = [
        (f"<code>{code.code}</code>", escape(code.description), escape("; ".join(code.also))) for code in codes.codes
    ]
    return (
        f'<section><h2 id="codes-{codes.name}"><code>{codes.name}</code></h2>'
        f'<p class="facts">{escape(codes.source)}</p>'
        f"{_grid(('code', 'meaning', 'spellings in sources'), rows)}</section>"
    )


def _grid(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
