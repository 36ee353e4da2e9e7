"""Requests: begun, written, sent, looked at, and every further step, drawn from the workflow that declares it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.console.asked import NOT_HERE, Asked, Done, Draw, Go, Reply, Send
from governance.console.cases import (
    acts_of,
    blanks,
    case_of,
    headline,
    known,
    move_named,
    prefilled,
    told_rows,
)
from governance.console.office import Office
from governance.console.page import EVERYBODY, SUPERINTENDENT, Page
from governance.ledger import LedgerError, NotTheSuperintendent, RequestRecord, Signature, Told
from governance.requests import (
    WORKFLOWS,
    Act,
    Effect,
    FieldKind,
    Kind,
    Move,
    NotMoved,
    Reason,
    Role,
    Workflow,
    deadline,
    roles_of,
)
from governance.requests.granting import IDENTIFIED, LINKED
from governance.vocabulary import Capacity, Grant

LETTER = "text/html"
OFFICE = (Capacity.SUPERINTENDENT, Capacity.EXECUTIVE_SECRETARY)
DO_SAVE = "save"
WRITING = frozenset({Act.SAVE, Act.SUBMIT, Act.REGISTER})
LONGEST_NONCE = 32


def draw_own(office: Office, asked: Asked) -> Reply:
    """One's own requests, and what one may begin."""
    mine = office.ledger.requests.listing(applicant=asked.visitor.username)
    shown = [(record, headline(record), deadline(record.case, asked.today)) for record in reversed(mine)]
    return Draw("requests.html", {"mine": shown, "flows": _may_open(office, asked)})


def act_begin(office: Office, asked: Asked) -> Reply:
    """A new draft, and on to its form."""
    flow = next((each for each in _may_open(office, asked) if each.kind.name.lower() == asked.posted["kind"]), None)
    if flow is None or not asked.posted.fresh:
        return draw_own(office, asked)
    number = office.ledger.requests.begin_draft(
        asked.visitor.username, flow.kind, asked.today, page=nonce(asked.posted.page)
    )
    first = next(move for move in flow.moves_from(flow.first) if move.own)
    return Go(f"requests/{number}/do/{slug(first.act)}")


def _may_open(office: Office, asked: Asked) -> list[Workflow]:
    roles = roles_of(asked.visitor.capacities, is_applicant=True, signed=False)
    is_official = office.ledger.requests.is_official(asked.visitor.username, asked.today)
    flows = [flow for flow in WORKFLOWS.values() if roles & set(flow.openers)]
    return [flow for flow in flows if is_official or flow.kind is not Kind.APPLICATION]


def slug(act: Act) -> str:
    return act.name.lower()


def nonce(page: str) -> str:
    """The part of a page's name by which the ledger knows it again."""
    return page[:LONGEST_NONCE]


# -- one request -----------------------------------------------------------------------------------


def draw_one(office: Office, asked: Asked) -> Reply:
    """Everything about one request, for whoever may read it."""
    record = case_of(office, asked)
    return NOT_HERE if record is None else Draw("request.html", _about(office, asked, record))


def _about(office: Office, asked: Asked, record: RequestRecord) -> dict[str, Any]:
    flow = WORKFLOWS[record.case.kind]
    unsigned, signed = acts_of(office, asked, record)
    history = office.ledger.requests.history(record.request_id)
    return {
        "record": record,
        "flow": flow,
        "headline": headline(record),
        "rule": flow.rule(record.case.state),
        "told": told_rows(record),
        "history": history,
        "written_by": next((step.actor for step in reversed(history) if step.act in WRITING), ""),
        "deadline": deadline(record.case, asked.today),
        "acts": [(slug(move.act), move) for move in unsigned],
        "decisions": [(slug(move.act), move) for move in signed],
        "consents": asked.visitor.holds(*OFFICE) and _is_identified(record),
    }


def _is_identified(record: RequestRecord) -> bool:
    return IDENTIFIED in (record.case.fields.get("form"), record.case.fields.get("granted_form"))


def send_document(office: Office, asked: Asked) -> Reply:
    """A letter, to be read and printed; or what was handed in, to be kept."""
    record = case_of(office, asked)
    if record is None:
        return NOT_HERE
    steps = office.ledger.requests.history(record.request_id)
    filed = {each.digest: each for step in steps for each in step.documents.values()}
    digest = asked.path["digest"]
    if digest in record.letters:
        return Send(
            office.ledger.documents.read(digest).content, LETTER, f"letter-{record.request_id}.html", inline=True
        )
    if digest not in filed:
        return NOT_HERE
    document = office.ledger.documents.read(digest)
    return Send(document.content, document.media_type, filed[digest].name or "document")


# -- one step --------------------------------------------------------------------------------------


def draw_step(office: Office, asked: Asked) -> Reply:
    return _draw_form(office, asked, signed=False)


def draw_decision(office: Office, asked: Asked) -> Reply:
    return _draw_form(office, asked, signed=True)


def _draw_form(office: Office, asked: Asked, *, signed: bool) -> Reply:
    found = _found(office, asked, signed=signed)
    if found is None:
        return NOT_HERE
    record, move = found
    return _form(office, asked, record, move, prefilled(record, move), {})


def _found(office: Office, asked: Asked, *, signed: bool) -> tuple[RequestRecord, Move] | None:
    """The request, and the step of that name, if the person may take it now."""
    record = case_of(office, asked)
    move = None if record is None else move_named(office, asked, record, asked.path["act"], signed=signed)
    return None if record is None or move is None else (record, move)


def act_step(office: Office, asked: Asked) -> Reply:
    """A step that is not the Superintendent's alone."""
    return _take(office, asked, asked.visitor.username, signed=False)


def act_decision(office: Office, asked: Asked) -> Reply:
    """A step that is, signed."""
    return _take(office, asked, asked.signature, signed=True)


def _take(office: Office, asked: Asked, who: str | Signature | None, *, signed: bool) -> Reply:
    found = _found(office, asked, signed=signed)
    if found is None:
        return _moved_on(office, asked)
    record, move = found
    told = _told(asked, move)
    if not asked.posted.fresh or who is None:
        errors = {"password": asked.unsigned} if asked.unsigned else {}
        return _form(office, asked, record, move, told.fields, errors)
    if asked.posted["do"] == DO_SAVE and move.own:
        return _save(office, asked, record, move, told)
    return _carry_out(office, asked, record, move, told, who)


def _carry_out(
    office: Office, asked: Asked, record: RequestRecord, move: Move, told: Told, who: str | Signature
) -> Reply:
    snapshot = office.warehouse.current()
    try:
        done = office.ledger.requests.act(
            who, record.request_id, move.act, told, known(office, asked), snapshot.id if snapshot else None
        )
    except NotTheSuperintendent as error:
        return _form(office, asked, record, move, told.fields, {"password": str(error)})
    except LedgerError as error:
        return _form(office, asked, record, move, told.fields, {"": str(error)})
    if isinstance(done, NotMoved):
        if done.reason is Reason.MEANWHILE:
            return _moved_on(office, asked)
        record = _keep_what_can_be(office, asked, record, move, told)
        return _form(office, asked, record, move, told.fields, _errors(done))
    decided = WORKFLOWS[record.case.kind].rule(done.state).decided
    return Go(f"requests/{record.request_id}", Done.DECIDED if decided else Done.SENT)


def _keep_what_can_be(office: Office, asked: Asked, record: RequestRecord, move: Move, told: Told) -> RequestRecord:
    """Of a draft that cannot be sent yet, everything that was typed and handed in, as far as it is no error itself."""
    saved = WORKFLOWS[record.case.kind].find(record.case.state, Act.SAVE)
    if not move.own or saved is None:
        return record
    me = asked.visitor.username
    for uploads in (told.uploads, {}):
        kept = office.ledger.requests.save_draft(
            me, record.request_id, Told(told.fields, uploads, None), known(office, asked)
        )
        if not isinstance(kept, NotMoved):
            break
    return office.ledger.requests.get(record.request_id)


def _save(office: Office, asked: Asked, record: RequestRecord, move: Move, told: Told) -> Reply:
    done = office.ledger.requests.save_draft(asked.visitor.username, record.request_id, told, known(office, asked))
    if isinstance(done, NotMoved):
        if done.reason is Reason.MEANWHILE:
            return _moved_on(office, asked)
        return _form(office, asked, record, move, told.fields, _errors(done))
    return Go(f"requests/{record.request_id}", Done.SAVED)


def _errors(done: NotMoved) -> Mapping[str, str]:
    if done.errors:
        return done.errors
    return {"": f"{done.reason.message} {done.rule or done.reason.rule} {done.reason.next_step}"}


def _told(asked: Asked, move: Move) -> Told:
    """What the form asks for, and nothing else; a box that is not ticked is not sent by browsers."""
    texts = {each.name for each in move.form.fields if each.kind is not FieldKind.DOCUMENT}
    fields = {name: asked.posted[name] for name in move.form.names if name in texts}
    uploads = {name: asked.posted.uploads[name] for name in move.form.documents if name in asked.posted.uploads}
    return Told(fields, uploads, nonce(asked.posted.page) or None, asked.posted.seen)


def _moved_on(office: Office, asked: Asked) -> Reply:
    """Somebody has acted meanwhile: the request as it stands now, with what was typed, so that nothing is lost."""
    record = case_of(office, asked)
    if record is None:
        return NOT_HERE
    typed = [(name, text) for name, text in asked.posted.fields.items() if text and name != "do"]
    return Draw("request.html", {**_about(office, asked, record), "left_over": typed}, 409)


def _form(
    office: Office, asked: Asked, record: RequestRecord, move: Move, typed: Mapping[str, str], errors: Mapping[str, str]
) -> Reply:
    flow = WORKFLOWS[record.case.kind]
    shown = {
        **_about(office, asked, record),
        "move": move,
        "signed": move.roles == (Role.SUPERINTENDENT,),
        "fields": move.form.fields,
        "typed": {**blanks(move), **typed},
        "errors": errors,
        "may_save": move.own and flow.find(record.case.state, Act.SAVE) is not None,
        "tables": _tables(office, move),
        "held": _held(office, asked, record, move),
        "linked": LINKED,
    }
    return Draw("step.html", shown, 400 if errors else 200, seen=record.steps)


def _held(office: Office, asked: Asked, record: RequestRecord, move: Move) -> list[Grant]:
    """Beside a decision that gives a grant, those that the applicant has already."""
    if Effect.GRANT not in move.effects:
        return []
    return [each for each in office.ledger.studies.grants(record.case.applicant) if each.end_date >= asked.today]


def _tables(office: Office, move: Move) -> list[Any]:
    """What exists, beside a field that asks for tables and columns."""
    asks = any(each.kind is FieldKind.COLUMNS for each in move.form.fields)
    return sorted(office.catalog.tables.values(), key=lambda table: table.name) if asks else []


PAGES = (
    Page("requests", "Your requests", EVERYBODY, draw_own, act_begin, menu="Requests"),
    Page("requests/{number:int}", "A request", EVERYBODY, draw=draw_one),
    Page("requests/{number:int}/documents/{digest}", "A document", EVERYBODY, draw=send_document),
    Page("requests/{number:int}/do/{act}", "A step", EVERYBODY, draw_step, act_step),
    Page("requests/{number:int}/decide/{act}", "A decision", SUPERINTENDENT, draw_decision, act_decision, signed=True),
)
