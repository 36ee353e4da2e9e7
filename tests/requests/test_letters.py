"""Letters: what was decided, in writing, whatever somebody typed."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.requests import WORKFLOWS, Act, Case, Effect, Kind, Letter, Move, State, write_letter
from tests.requests.filled import TODAY, TYPED

LETTERS = [
    (kind, move) for kind, flow in WORKFLOWS.items() for move in flow.moves if Effect.LETTER in move.effects
]  # fmt: skip
OWN = {"html", "head", "meta", "title", "style", "body", "p", "br", "h1", "dl", "dt", "dd"}


def letter(kind: Kind, move: Move, **typed: str) -> Letter:
    case = Case(kind, move.after, "rita", TODAY, {**TYPED, **typed})
    return write_letter(7, case, move, TODAY, "chief, Superintendent of Schools")


@pytest.mark.parametrize(("kind", "move"), LETTERS, ids=lambda each: getattr(each, "name", ""))
def test_every_letter_says_what_it_is_about_and_under_which_rule(kind: Kind, move: Move) -> None:
    written = letter(kind, move)
    for form in (written.html, written.text):
        assert "no. 7" in form and "November 23, 2026" in form and "chief, Superintendent of Schools" in form
        assert "Office of the Superintendent" in form
    assert WORKFLOWS[kind].source in written.text
    assert "\n" not in written.subject


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _ in attrs if name.startswith("on"))}


@given(st.one_of(st.text(max_size=200), st.sampled_from(["<script>alert(1)</script>", "</dd><img src=x onerror=a()>",
                 "<style>*{}</style>", "{{ 7 * 7 }}", "{% for x in y %}", '"><svg onload=a()>'])))  # fmt: skip
def test_whatever_was_typed_is_text(typed: str) -> None:
    kind, move = next((k, m) for k, m in LETTERS if m.act is Act.DENY)
    written = letter(kind, move, title=typed, reason=typed, columns=typed)
    tags = _Tags()
    tags.feed(written.html)
    assert tags.found <= OWN
    assert typed.strip() == "" or typed in written.text
    assert "49" not in written.text or "49" in typed


def test_a_page_loads_nothing() -> None:
    for kind, move in LETTERS:
        assert not re.search(r"(src|href|url\(|@import)", letter(kind, move).html)


def test_a_letter_is_to_whom_it_concerns() -> None:
    addressees = {
        (Kind.APPLICATION, Act.DENY): "To rita",
        (Kind.EXTERNAL, Act.APPROVE): "To Dr. Ruth Example",
        (Kind.FREEDOM_OF_INFORMATION, Act.RELEASE): "To The Example Gazette",
        (Kind.BOARD, Act.TURN_AWAY): "To A. Member",
    }
    own = {Kind.APPLICATION: (), Kind.EXTERNAL: ("researcher",), Kind.FREEDOM_OF_INFORMATION: ("requester", "request"),
           Kind.BOARD: ("member", "question")}  # fmt: skip
    for kind, move in LETTERS:
        if (kind, move.act) in addressees:
            typed = {name: TYPED[name] for name in own[kind]}
            case = Case(kind, State.DENIED, "rita", TODAY, typed)
            assert addressees[kind, move.act] in write_letter(1, case, move, TODAY, "x").text
