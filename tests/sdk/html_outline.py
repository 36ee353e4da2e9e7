"""Reading HTML in tests: whether it is well formed, its tags, and the same answers with markup in every text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

HOSTILE = '<img src=x onerror="alert(1)">&"\''


def hostile(said: Any) -> Any:
    """The same answer, with markup in the place of every text."""
    match said:
        case dict():
            return {name: hostile(value) for name, value in said.items()}
        case list():
            return [hostile(value) for value in said]
        case str():
            return HOSTILE
        case _:
            return said


class Outline(HTMLParser):
    """Checks that tags are closed in order; keeps tags and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "wbr":  # where a line may be broken: it has no end
            self.open.append(tag)
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
