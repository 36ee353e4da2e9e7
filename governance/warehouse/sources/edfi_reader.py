"""The records of one interchange file, one after the other, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from governance.warehouse.sources.edfi_files import XmlFile
from governance.warehouse.sources.edfi_records import Record
from governance.warehouse.sources.protocol import SourceError

CHUNK = 2**16
LARGEST_RECORD = 2**22
"""Bytes in which a record has to end: as a tree it takes thirty times as much. Real ones have some thousands."""


def records(file: XmlFile) -> Iterator[Record]:
    """Each child of the file's root as a `Record`, valid until the next one is asked for.

    The parser is fed piece by piece, and after each piece the children that are complete are handed out and
    forgotten: no event per element, which would take most of the time. Line numbers are right beyond 65,535.
    """
    try:
        yield from _records(file)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise SourceError(
            f"{file.name}, line {line}: not well-formed XML; export the file again, or mend that line"
        ) from error


def _records(file: XmlFile) -> Iterator[Record]:
    parser = _parser(file)
    root = None
    waiting = 0
    with file.open() as stream:
        while chunk := stream.read(CHUNK):
            parser.feed(chunk)
            waiting += len(chunk)
            root = _root_so_far(parser, file.name) if root is None else root
            for element in _complete(root):
                waiting = 0
                yield Record(element)
            if waiting > LARGEST_RECORD:
                raise SourceError(f"{file.name}: a record too long to be one; export the file again")
    parser.close()
    yield from (Record(element) for element in root if isinstance(element.tag, str)) if root is not None else ()


def _parser(file: XmlFile) -> Any:
    interchange, _ = file.heading()
    return etree.XMLPullParser(
        events=("start",),
        tag=f"{{*}}Interchange{interchange}",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _root_so_far(parser: Any, name: str) -> Any:
    """The root once it has begun. A document type is refused: entities are how XML attacks its reader."""
    for _, root in parser.read_events():
        if root.getroottree().docinfo.doctype:
            raise SourceError(f"{name}: declares a document type, which Ed-Fi files do not have; remove the DOCTYPE")
        return root
    return None


def _complete(root: Any) -> Iterator[Any]:
    """The children that another one follows, each removed once it has been used."""
    element = next(iter(root), None) if root is not None else None
    while element is not None and (following := element.getnext()) is not None:
        yield element
        root.remove(element)
        element = following
