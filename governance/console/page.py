"""What a page is: its address, who may have it, what draws it, and whether its form is signed with the password."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from governance.console.asked import Asked, Reply, Visitor
from governance.console.office import Office
from governance.vocabulary import Capacity

Handler = Callable[[Office, Asked], Reply]

EVERYBODY = frozenset(Capacity) | {None}
"""Also those who hold no level: an applicant may be one. None stands for them."""
SUPERINTENDENT: frozenset[Capacity | None] = frozenset({Capacity.SUPERINTENDENT})
THE_OFFICE: frozenset[Capacity | None] = SUPERINTENDENT | {Capacity.EXECUTIVE_SECRETARY}
THE_RECORD: frozenset[Capacity | None] = THE_OFFICE | {Capacity.OPERATOR}
"""The audit log holds no student's data."""


@dataclass(frozen=True)
class Page:
    """`who`: the capacities that have it. `draw` answers GET, `act` POST. `signed`: the form asks for the password."""

    path: str
    name: str
    who: frozenset[Capacity | None]
    draw: Handler | None = None
    act: Handler | None = None
    signed: bool = False
    menu: str = ""
    """Its place in the menu: a heading; no place, if there is none."""

    def __post_init__(self) -> None:
        if self.draw is None and self.act is None:
            raise ValueError(f"{self.path}: a page is drawn, or acts")
        if self.signed and (self.act is None or self.who != SUPERINTENDENT):
            raise ValueError(f"{self.path}: what is signed is an act, and the Superintendent's alone")
        if re.search(r"\{(?!number:int\}|consent:int\}|digest\}|username\}|capacity\}|category\}|act\})", self.path):
            raise ValueError(f"{self.path}: addresses hold numbers, hashes, names of people and of words of the house")

    @property
    def methods(self) -> list[str]:
        return [method for method, handler in (("GET", self.draw), ("POST", self.act)) if handler is not None]

    def is_for(self, visitor: Visitor) -> bool:
        if visitor.bar is not None:
            return False
        return None in self.who or visitor.holds(*(capacity for capacity in self.who if capacity is not None))
