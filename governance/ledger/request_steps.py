"""One step of a request being taken, inside its transaction: the row, its event, the letter, the grant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from governance.audit import Event
from governance.catalog.declaration import DeclarationError, parse_table
from governance.ledger.documents import LETTER_TYPE, digest_of, keep, keep_upload
from governance.ledger.events import LedgerError, now, record_event
from governance.ledger.outbox import queue
from governance.ledger.request_rows import Filed, RequestRecord, StepRecord, insert_step, read_requests
from governance.ledger.schema import request
from governance.ledger.studies import end_grant, insert_grant, is_taken
from governance.requests import (
    WORKFLOWS,
    Act,
    Case,
    Effect,
    Given,
    Kind,
    Known,
    Mislabelled,
    Moved,
    NotMoved,
    Reason,
    Role,
    State,
    Upload,
    grant_of,
    media_type_of,
    step,
    write_letter,
)
from governance.requests.declarations import read_declaration, with_catalog
from governance.requests.forms import NOTHING, Form
from governance.requests.uploads import MediaType

CALENDAR = "calendar"
"""The actor of what happens because a day is over."""
OFFICIALS_ONLY = frozenset({Act.SUBMIT, Act.APPROVE, Act.MODIFY})
"""What is done with an application only while whoever made it works for the district."""
THE_OFFICE = "The Office of the Superintendent"


@dataclass(frozen=True)
class Told:
    """What comes with an act: texts and files, by field. `page`: the one it was sent with; sent twice, it is one.

    `seen_steps`: how many steps the request had as it was shown; None where nothing was.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    page: str | None = None
    seen_steps: int | None = None


@dataclass(frozen=True)
class Acted:
    """It is done, and on the disk. `letter`: the hash of the letter; `grant`: the grant that was made, or ended."""

    request_id: int
    state: State
    letter: str | None = None
    grant: str | None = None


@dataclass(frozen=True)
class Taking:
    """One step being taken, inside its transaction."""

    connection: sa.Connection
    record: RequestRecord
    actor: str
    known: Known
    snapshot: str | None
    outside: str = ""
    """Why the applicant is no school official; nothing, if they are."""

    def take(self, act: Act, roles: frozenset[Role], told: Told) -> Acted | NotMoved:
        move = WORKFLOWS[self.record.case.kind].find(self.record.case.state, act)
        filed, wrong = _file(told.uploads, NOTHING if move is None else move.form)
        if wrong:
            return NotMoved(Reason.INCOMPLETE, wrong)
        given = Given(told.fields, {name: each.digest for name, each in filed.items()})
        case = self.record.case
        found = step(WORKFLOWS[case.kind], case, act, roles, given, self.known)
        if isinstance(found, NotMoved):
            self._record_refusal(act, found)
            return found
        if self.outside and self.record.case.kind is Kind.APPLICATION and act in OFFICIALS_ONLY:
            return NotMoved(Reason.AGAINST_A_RULE, {}, self.outside)
        if Effect.DECLARE in found.move.effects and (error := _declared_twice(self.connection, found.case, self.known)):
            return NotMoved(Reason.INCOMPLETE, {"declaration": error})
        if Effect.GRANT in found.move.effects and is_taken(self.connection, found.case.fields["grant_name"]):
            return NotMoved(
                Reason.INCOMPLETE, {"grant_name": "There is, or was, a grant of that name. Choose another."}
            )
        return self._write(found, filed, told)

    def _record_refusal(self, act: Act, refused: NotMoved) -> None:
        """Whoever tries to decide without the Superintendent's signature leaves a record of it."""
        move = WORKFLOWS[self.record.case.kind].find(self.record.case.state, act)
        if refused.reason is Reason.NOT_YOURS and move is not None and Role.SUPERINTENDENT in move.roles:
            detail = {"why": "NO_SIGNATURE", "request": self.record.request_id, "act": act.value}
            record_event(self.connection, Event.DECISION_REFUSED, self.actor, detail)

    def _write(self, moved: Moved, filed: dict[str, Filed], told: Told) -> Acted:
        for upload in told.uploads.values():
            keep_upload(self.connection, self.actor, upload)
        letter, letters = self._write_letter(moved)
        grant = self._carry_out(moved)
        taken = StepRecord(
            self.record.request_id,
            self.record.steps + 1,
            moved.move.act,
            moved.move.before,
            moved.move.after,
            self.actor,
            now(),
            self.known.today,
            {name: moved.case.fields[name] for name in moved.given.fields},
            {**filed, **letters},
            letter,
            grant,
            told.page,
        )
        self._record(taken, insert_step(self.connection, taken))
        return Acted(taken.request_id, taken.after, letter, grant)

    def _record(self, taken: StepRecord, digest: str) -> None:
        detail = {
            "request": taken.request_id,
            "number": taken.number,
            "act": taken.act.value,
            "before": taken.before.value,
            "after": taken.after.value,
            "step": digest,
            **({"letter": taken.letter} if taken.letter else {}),
            **({"grant": taken.grant} if taken.grant else {}),
        }
        if WORKFLOWS[self.record.case.kind].rule(taken.after).decided:
            record_event(self.connection, Event.REQUEST_DECIDED, self.actor, detail)
        else:
            record_event(self.connection, Event.REQUEST_MOVED, self.actor, detail)

    def _carry_out(self, moved: Moved) -> str | None:
        """The grant that the move makes or ends."""
        if Effect.GRANT in moved.move.effects:
            if self.snapshot is None:
                raise LedgerError("There is no data yet, and a grant is of one snapshot. Have some loaded first.")
            grant = replace(grant_of(moved.case, self.known), snapshot=self.snapshot, request=self.record.request_id)
            insert_grant(self.connection, self.actor, grant)
            return grant.name
        if Effect.END_GRANT in moved.move.effects and self.record.grant is not None:
            end_grant(self.connection, self.actor, self.record.grant)
            return self.record.grant
        return None

    def _write_letter(self, moved: Moved) -> tuple[str | None, dict[str, Filed]]:
        """The letter, as a page that prints and as plain text; sent where there is an address."""
        if Effect.LETTER not in moved.move.effects:
            return None, {}
        signed_by = THE_OFFICE if self.actor == CALENDAR else f"{self.actor}, Superintendent of Schools"
        letter = write_letter(self.record.request_id, moved.case, moved.move, self.known.today, signed_by)
        page = keep(self.connection, self.actor, LETTER_TYPE, letter.html.encode())
        plain = keep(self.connection, self.actor, "text/plain", letter.text.encode())
        if address := moved.case.fields.get("email"):
            queue(self.connection, address, letter.subject, letter.text)
        name = f"letter-{self.record.request_id}-{self.record.steps + 1}"
        return page, {
            "letter": Filed(page, f"{name}.html", LETTER_TYPE),
            "letter_text": Filed(plain, f"{name}.txt", "text/plain"),
        }


def _declared_twice(connection: sa.Connection, case: Case, known: Known) -> str:
    """Why the category cannot be added beside those that were approved meanwhile; nothing, if it can."""
    others = read_requests(connection, request.c.kind == Kind.NEW_CATEGORY.value)
    approved = [each.case.fields["declaration"] for each in others if each.case.state is State.APPROVED]
    existing = known.catalog.tables
    try:
        tables = tuple(t for t in (parse_table(text) for text in approved) if t.name not in existing)
        read_declaration(case.fields["declaration"], with_catalog(known.catalog, tables))
    except DeclarationError as error:
        return f"Declaration: {error}."
    return ""


def _file(uploads: Mapping[str, Upload], form: Form) -> tuple[dict[str, Filed], dict[str, str]]:
    """What was handed in, by field, and what is wrong with the rest."""
    filed, wrong = {}, {}
    for name, upload in uploads.items():
        try:
            filed[name] = Filed(
                digest_of(upload.content),
                upload.name[-120:],
                media_type_of(upload, form.media_types(name) or tuple(MediaType)).value,
            )
        except Mislabelled as error:
            wrong[name] = str(error)
    return filed, wrong
