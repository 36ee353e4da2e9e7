"""A question on its way to an answer: as it can be decided and run, and, once allowed, as it is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from governance.catalog import Catalog
from governance.gateway.snapshots import ONE_SNAPSHOT, as_of
from governance.policy import Allowed, form_of_rows, identifies_persons, ties_outcomes_to_staff
from governance.vocabulary import Asker, Form
from governance.warehouse.pool import WorkerAnswer
from governance.warehouse.wire import Job, Step

KEY_BYTES = 8
EVALUATION_NOTICE = (
    "An answer that ties students' outcomes to named staff is never the sole or primary portion of an evaluation."
)


@dataclass(frozen=True)
class Prepared:
    """A question as it can be decided and run, and as it is recorded: without any value.

    `used`: of statistics, every column, and how it is reached.
    """

    tables: tuple[str, ...]
    job: Job
    record: dict[str, Any]
    used: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Begun:
    """A question that was allowed, and of which the intent is recorded."""

    asker: Asker
    answer_id: str
    allowed: Allowed
    catalog: Catalog
    record: dict[str, Any]
    snapshot: str
    today: date

    @property
    def form(self) -> Form:
        return form_of_rows(self.allowed)

    @property
    def about(self) -> dict[str, Any]:
        """What the record says of it; a use that the policy limits is named there."""
        about = {"answer": self.answer_id, "snapshot": self.snapshot, "today": self.today.isoformat()}
        return {**about, **self.noted, **self.who}

    @property
    def noted(self) -> dict[str, Any]:
        """What intent and outcome both tell, so that either is understood by itself."""
        noticed = {"ties_outcomes_to_staff": True} if self.notice else {}
        return {"tables": sorted(self.allowed.rows), **noticed}

    @property
    def who(self) -> dict[str, Any]:
        return {**who(self.asker), "form": self.form.value}

    @property
    def notice(self) -> str | None:
        """What the policy says of the use of such an answer."""
        return EVALUATION_NOTICE if ties_outcomes_to_staff(self.allowed, self.catalog) else None

    def description(self, given: WorkerAnswer) -> dict[str, Any]:
        """What travels with the answer and becomes `frame.attrs["dbims"]`."""
        loss = given.about.get("deidentification")
        if loss is not None and self.allowed.grant is not None:
            loss = {**loss, "notes": [*loss["notes"], ONE_SNAPSHOT]}
        return {
            "answer_id": self.answer_id,
            "form": self.form.value,
            "capacity": self.about["capacity"],
            "purpose": self.about["purpose"],
            "snapshot": self.snapshot,
            "today": as_of(self.allowed.grant, self.today).isoformat(),
            "rows": given.about["rows"],
            "students": len(given.students) // KEY_BYTES,
            "withheld": [] if loss is None else list(loss["notes"]),
            "unprotected": identifies_persons(self.allowed, self.catalog),
            "notice": self.notice,
            **({} if loss is None else {"deidentification": loss}),
        }


def withheld_from_rows(given: WorkerAnswer) -> list[str]:
    """What the anonymization took away, as the record has it: which columns' values, of how many students."""
    loss = given.about.get("deidentification")
    if loss is None:
        return []
    suppressed = (f"{column}: {count} suppressed" for column, count in sorted(loss["suppressed"].items()) if count)
    return [f"nobody is identified; k = {loss['k_reached']}", *suppressed]


def who(asker: Asker) -> dict[str, Any]:
    # The Hub limits a server's name; until it is known to be a capacity it is kept short all the same.
    return {"capacity": asker.identity.server[:40], "purpose": asker.purpose.value}
