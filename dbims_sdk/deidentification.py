"""What a frame lost so that nobody in it can be recognized, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import pandas as pd

from dbims_sdk import markup, plain
from dbims_sdk.errors import BadQuery
from dbims_sdk.faces import words
from dbims_sdk.transport import unreadable_answer


@dataclass(frozen=True, repr=False)
class FrameProtection:
    """`k`: how many people share every combination at least; `k_reached`: how many do. `levels`: what each column
    became; `suppressed`: for how many people it was left blank. A frame of named rows has none of it."""

    form: str
    k: int | None = None
    k_reached: int | None = None
    levels: Mapping[str, str] | None = None
    suppressed: Mapping[str, int] | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_wire(cls, form: Any, said: Any) -> Self:
        if not isinstance(said, Mapping) or not isinstance(said.get("notes", []), list) or "k" not in said:
            raise unreadable_answer()
        known = {name: said.get(name) for name in ("k", "k_reached", "levels", "suppressed")}
        return cls(str(form), **known, notes=tuple(map(str, said.get("notes", []))))

    def __post_init__(self) -> None:
        if not all(part is None or isinstance(part, Mapping) for part in (self.levels, self.suppressed)):
            raise unreadable_answer()
        numbers = [self.k, self.k_reached, *(self.suppressed or {}).values()]
        if not all(number is None or type(number) is int for number in numbers):
            raise unreadable_answer()

    def _title(self) -> str:
        if self.k is None:
            return f"Not de-identified: {words(self.form)}."
        return "De-identified rows: what they lost, so that nobody can be recognized"

    def _rows(self) -> list[tuple[str, str, str]]:
        levels, suppressed = self.levels or {}, self.suppressed or {}
        names = [*levels, *(name for name in suppressed if name not in levels)]
        return [(name, str(levels.get(name, "as it is")), _count(suppressed.get(name, 0))) for name in names]

    def _sentences(self) -> list[str]:
        if self.k is None:
            return ["Nothing was taken away. Keep them here, and to the purpose they are given for.", *self.notes]
        shared = f"Every combination of what could identify somebody is shared by at least {self.k:,} people"
        reached = f" (the rarest by {self.k_reached:,})." if self.k_reached is not None else "."
        return [shared + reached, *self.notes, "Do not try to find out who somebody is."]

    _headings = ("Column", "What it became", "Left blank for")

    def __repr__(self) -> str:
        lines = [f"  {sentence}" for sentence in self._sentences()]
        table = plain.table(self._title(), self._headings, self._rows()) if self._rows() else self._title()
        return "\n".join([table, *lines])

    def _repr_html_(self) -> str:
        if not self._rows():
            return markup.bulleted(self._title(), self._sentences())
        notes = markup.statement("What holds for them.", self._sentences())
        return markup.table(self._title(), self._headings, self._rows()) + notes


def protection_of(frame: pd.DataFrame) -> FrameProtection:
    """What `frame` lost on its way here. It is told from `frame.attrs`, which a merge or an export loses."""
    if not isinstance(frame, pd.DataFrame):
        raise BadQuery("protection_of takes a frame.", next="A table or a model has its own: table.protection.")
    said = frame.attrs.get("dbims")
    if not isinstance(said, Mapping):
        raise BadQuery(
            "This frame does not say where it comes from.",
            next="Ask of a frame as s.frame or s.sql gave it: a merge, for one, loses what it says.",
        )
    lost, form = said.get("deidentification"), said.get("form")
    if form == "protected statistics":
        raise BadQuery("These are statistics, not rows of people.", next="Look at table.protection.")
    face = FrameProtection(str(form)) if lost is None else FrameProtection.from_wire(form, lost)
    return replace(face, notes=(*face.notes, *_notices(said)))


def _notices(said: Mapping[str, Any]) -> Iterator[str]:
    """What holds for the use of the frame."""
    if said.get("deidentification") is not None and said.get("unprotected") is True:
        yield "Rows of other tables among them are by name: keep the frame here."
    if isinstance(notice := said.get("notice"), str):
        yield notice


def _count(people: int) -> str:
    return f"{people:,} {'person' if people == 1 else 'people'}" if people else ""
