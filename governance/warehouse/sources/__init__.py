"""The formats a load can read. A new one is a module here and a line in `SOURCES`."""

from __future__ import annotations

from pathlib import Path

from governance.catalog import Catalog
from governance.warehouse.sources.catalog_csv import CatalogCsvSource
from governance.warehouse.sources.edfi import EdFiSource
from governance.warehouse.sources.protocol import Source, SourceError

__all__ = ["SOURCES", "Source", "SourceError", "find_source"]

# In the order in which they are tried. OneRoster has its place before the catalog's CSV: it is CSV too,
# and says what it is in a manifest.
SOURCES: tuple[Source, ...] = (EdFiSource(), CatalogCsvSource())


def find_source(path: Path, scratch: Path, name: str | None = None, catalog: Catalog | None = None) -> Source:
    """The format of what is at `path`: the one named, or the first that recognizes it, with `scratch` to unpack in.

    `catalog`: with the tables that the catalog's own CSV may hold; the built-in one, if none is given.
    """
    sources = tuple(CatalogCsvSource(catalog) if isinstance(each, CatalogCsvSource) else each for each in SOURCES)
    if not path.exists():
        raise SourceError(f"{path.name}: there is no such file or folder.")
    if name is not None:
        return _named(name, sources)
    for source in sources:
        if source.recognizes(path, scratch):
            return source
    raise SourceError(f"{path.name} is in no format that can be loaded. The formats are: {_names()}.")


def _named(name: str, sources: tuple[Source, ...]) -> Source:
    for source in sources:
        if source.name == name:
            return source
    raise SourceError(f"There is no source format of that name. The formats are: {_names()}.")


def _names() -> str:
    return ", ".join(source.name for source in SOURCES)
