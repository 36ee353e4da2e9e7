"""All workflows, by kind."""

from __future__ import annotations

from governance.requests.applications import APPLICATIONS
from governance.requests.board import BOARD_REQUESTS
from governance.requests.external import EXTERNAL_REQUESTS
from governance.requests.freedom_of_information import FREEDOM_OF_INFORMATION
from governance.requests.new_categories import NEW_CATEGORIES
from governance.requests.workflow import Kind, Workflow

WORKFLOWS: dict[Kind, Workflow] = {
    flow.kind: flow
    for flow in (APPLICATIONS, EXTERNAL_REQUESTS, FREEDOM_OF_INFORMATION, BOARD_REQUESTS, NEW_CATEGORIES)
}
