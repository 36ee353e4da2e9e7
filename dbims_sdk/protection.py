"""How an answer was protected, in words: what stands under every table, model and chart, and in every export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from dbims_sdk import markup, plain
from dbims_sdk.transport import unreadable_answer

SUPPRESSED = "*"
NOTHING = "N/A"
CODED = "coded"

# Why a cell shows no plain number. What a newer gateway adds is shown by its own name.
REASONS = {
    "primary": "too few people, or too telling about them",
    "complementary": "another hidden number could be worked out from it",
    "differencing": "its difference from another number, here or in an earlier answer, would tell about a few people",
    CODED: "shown as a range: the exact figure would tell about nearly everyone in the group",
}


def reason_words(reason: str) -> str:
    return REASONS.get(reason, reason)


@dataclass(frozen=True)
class Statement:
    """Sentences to stand under what was answered. `warning`: they are to be read before anything is done with it."""

    title: str
    sentences: tuple[str, ...]
    rules: tuple[str, ...] = ()
    warning: bool = False

    def lines(self) -> list[str]:
        return [self.title, *self.sentences, *(f"Rule: {rule}" for rule in self.rules)]


@dataclass(frozen=True, repr=False)
class Protection:
    """By which rules an answer was protected, and what was checked.

    `cells`, `suppressed` (cells by reason), `intervals_checked` and `earlier_releases` (to the same audience) are about
    tables; a model has none.
    """

    policy: str
    version: str
    rules: tuple[str, ...]
    cells: int | None = None
    suppressed: Mapping[str, int] | None = None
    intervals_checked: int | None = None
    earlier_releases: int | None = None

    @classmethod
    def from_wire(cls, said: Any) -> Self:
        names = cls.__dataclass_fields__
        try:
            known = {name: said[name] for name in said if name in names}
            return cls(**known | {"rules": _texts(said["rules"])})
        except (KeyError, TypeError):
            raise unreadable_answer() from None

    def __post_init__(self) -> None:
        if self.suppressed is not None and not isinstance(self.suppressed, Mapping):
            raise unreadable_answer()
        numbers = [self.cells, self.intervals_checked, self.earlier_releases]
        if not all(number is None or _is_number(number) for number in [*numbers, *(self.suppressed or {}).values()]):
            raise unreadable_answer()

    def statement(self) -> Statement:
        title = "Protected statistics: computed on exact records, then checked so that they identify no one."
        kept = [f"Policy {self.policy}, version {self.version}.", self._cells(), self._intervals()]
        return Statement(title, tuple(sentence for sentence in kept if sentence), self.rules)

    def _cells(self) -> str:
        if self.cells is None:
            return ""
        hidden = {reason: count for reason, count in (self.suppressed or {}).items() if count}
        if not hidden:
            return f"All of its {self.cells:,} cells are shown."
        named = ", ".join(f"{count:,} {reason}" for reason, count in hidden.items())
        return f"Of its {self.cells:,} cells {sum(hidden.values()):,} show no plain number ({named})."

    def _intervals(self) -> str:
        if self.intervals_checked is None:
            return ""
        earlier = f"{self.earlier_releases or 'no':{',' if self.earlier_releases else ''}} earlier answer"
        earlier += "" if self.earlier_releases == 1 else "s"
        text = f"What a reader could work out was checked for {self.intervals_checked:,} hidden numbers, with {earlier}"
        return f"{text} to the same audience taken into account."

    def _rows(self) -> list[tuple[str, str]]:
        said = self.statement()
        rules = [(f"Rule {number}", rule) for number, rule in enumerate(said.rules, 1)]
        return [(f"{number}", sentence) for number, sentence in enumerate(said.sentences, 1)] + rules

    def __repr__(self) -> str:
        return plain.record(self.statement().title, self._rows())

    def _repr_html_(self) -> str:
        said = self.statement()
        return markup.statement(said.title, said.sentences, said.rules, rules_open=True)


def unprotected_statement() -> Statement:
    return Statement(
        "Not protected: exact statistics of people whom you may see by name.",
        (
            "Nothing is hidden: a small number here can be one child.",
            "They may not leave as they are. To show them to others, ask again with protected=True.",
        ),
        warning=True,
    )


def read_protection(said: Any, description: Mapping[str, Any]) -> Protection | None:
    """The protection of an answer; None only if the answer says itself that it is not protected."""
    unprotected = description.get("unprotected")
    if not isinstance(unprotected, bool) or unprotected != (said is None):
        raise unreadable_answer()
    return None if said is None else Protection.from_wire(said)


def statement_of(protection: Protection | None, description: Mapping[str, Any]) -> Statement:
    """What stands under an answer: how it was protected, what was withheld, and where it comes from."""
    said = unprotected_statement() if protection is None else protection.statement()
    counted = set(protection.suppressed or {}) if protection else set()
    withheld = [text for text in description.get("withheld") or () if isinstance(text, str)]
    # Cells by reason are in the statement already.
    told = [f"Withheld: {text}" for text in withheld if text.partition(":")[0] not in counted]
    if isinstance(notice := description.get("notice"), str):
        told.append(notice)
    return Statement(said.title, (*said.sentences, *told, source(description)), said.rules, said.warning)


def source(description: Mapping[str, Any]) -> str:
    """Where an answer comes from, so that it can be found again in the record."""
    told = [("As of", "today"), ("snapshot", "snapshot"), ("answer", "answer_id")]
    return ", ".join(f"{label} {description.get(name) or 'unknown'}" for label, name in told) + "."


def _texts(said: Any) -> tuple[str, ...]:
    if not isinstance(said, Sequence) or isinstance(said, str) or not all(isinstance(text, str) for text in said):
        raise unreadable_answer()
    return tuple(said)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
