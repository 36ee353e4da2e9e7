"""The desk: what waits, and for whom. The registers: everything of a kind, printable. The workflows, drawn."""

from __future__ import annotations

from governance.console.asked import Asked, Draw, Reply
from governance.console.cases import headline, known, may_read, waiting
from governance.console.office import Office
from governance.console.page import EVERYBODY, THE_OFFICE, Page
from governance.requests import WORKFLOWS, Kind, deadline


def draw_desk(office: Office, asked: Asked) -> Reply:
    """What waits for the Superintendent, and for the office: the oldest first."""
    office.ledger.requests.catch_up(known(office, asked))
    theirs, ours = waiting(office, asked)
    return Draw("desk.html", {"superintendent": theirs, "office": ours})


def _register(kind: Kind) -> Page:
    flow = WORKFLOWS[kind]

    def draw(office: Office, asked: Asked) -> Reply:
        records = [each for each in office.ledger.requests.listing(kind) if may_read(office, asked, each)]
        rows = [(each, headline(each), deadline(each.case, asked.today)) for each in records]
        return Draw("register.html", {"flow": flow, "rows": rows})

    return Page(f"registers/{kind.name.lower()}", REGISTERS[kind], THE_OFFICE, draw=draw, menu="Registers")


REGISTERS = {
    Kind.APPLICATION: "Applications",
    Kind.EXTERNAL: "External requests",
    Kind.FREEDOM_OF_INFORMATION: "Freedom of Information",
    Kind.BOARD: "Board of Education",
    Kind.NEW_CATEGORY: "Categories of data",
}


def draw_workflows(office: Office, asked: Asked) -> Reply:
    """How requests go, drawn from the tables that the program runs by."""
    return Draw("workflows.html", {"flows": tuple(WORKFLOWS.values())})


DESK = Page("desk", "The desk", THE_OFFICE, draw=draw_desk, menu="Requests")
PAGES = (
    Page("workflows", "How requests go", EVERYBODY, draw=draw_workflows, menu="Requests"),
    *(_register(kind) for kind in Kind),
)
