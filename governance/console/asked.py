"""What a page is given to draw itself or to act, and what it gives back."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from governance.ledger import Signature
from governance.policy import Refusal
from governance.requests import Upload
from governance.vocabulary import Capacity, Person


@dataclass(frozen=True)
class Visitor:
    """Who is here today, as the ledger knows them. `bar`: why they may have nothing, whatever they hold."""

    username: str
    person: Person | None
    capacities: tuple[Capacity, ...]
    bar: Refusal | None

    def holds(self, *capacities: Capacity) -> bool:
        return any(capacity in self.capacities for capacity in capacities)


@dataclass(frozen=True)
class Posted:
    """A form that came back. `page`: its name, good for one act. `fresh`: whether it may be acted on at all."""

    fields: Mapping[str, str]
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    page: str = ""
    fresh: bool = True
    seen: int | None = None
    """How many steps of the request the form was shown with."""

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


NOTHING_POSTED = Posted({})


@dataclass(frozen=True)
class Asked:
    """A request for a page: by whom, on which day of the district, with what. `signature`: of a page that is signed."""

    visitor: Visitor
    today: date
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    posted: Posted = NOTHING_POSTED
    signature: Signature | None = None
    unsigned: str = ""
    """Why there is no signature, where one was asked for: said by the field of the password."""

    @property
    def number(self) -> int:
        """The number in the path; the routes let nothing else through."""
        return int(self.path["number"])


@dataclass(frozen=True)
class Draw:
    """A page to be seen: the template, and what it shows."""

    template: str
    shown: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    seen: int | None = None
    """How many steps of a request it shows, where its form is a step of one."""


class Done(enum.StrEnum):
    """What was done, as the next page says it. A closed list: what the address holds is never shown."""

    LEVEL_GRANTED = "The access level is established. It holds from its first day on."
    LEVEL_REVOKED = "The access level is revoked. It opens nothing any more, and its session was ended."
    LEVEL_REVOKED_SESSION_LEFT = (
        "The access level is revoked. It opens nothing any more; its session could not be ended just now, and gets no "
        "further answer."
    )
    SAVED = "Saved. Nobody else sees a draft."
    SENT = "Done, and on record."
    DECIDED = "Decided, and on record. The letter is below."
    CONSENT_REGISTERED = "The consent is registered, with its signed form."
    CONSENT_WITHDRAWN = "The consent is withdrawn. From the next question on, no answer holds the student's records."
    REVIEWED = "The review is signed off, and the next one is set."
    MARKED = "The use is marked."
    FOLLOWED_UP = "The mark is followed up."


@dataclass(frozen=True)
class Go:
    """Done: on to another page of the console, which says what was done."""

    to: str
    done: Done | None = None


@dataclass(frozen=True)
class Send:
    """A file: its media type, its name, and whether it may be shown in the browser itself."""

    content: bytes
    media_type: str
    name: str
    inline: bool = False


NOT_HERE = Draw("nothing.html", status=404)
"""What does not exist and what is not yours look the same."""

Reply = Draw | Go | Send
