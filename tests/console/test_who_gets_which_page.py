"""Every route for every capacity: what is declared here is what is answered. A new route fails by its name."""

from __future__ import annotations

import pytest

from governance.console.pages import PAGES
from governance.vocabulary import Capacity
from tests.console.asking import application, returned_letter
from tests.console.visiting import HOLDERS, House

CHIEF, SECRETARY, OPERATOR = Capacity.SUPERINTENDENT, Capacity.EXECUTIVE_SECRETARY, Capacity.OPERATOR
OFFICES = (
    *(Capacity.PERSONNEL_OFFICE, Capacity.BUDGET_OFFICE),
    *(Capacity.CURRICULUM_OFFICE, Capacity.SPECIAL_EDUCATION_OFFICE),
)
EVERYBODY = frozenset(HOLDERS)
ALLOWED: dict[str, frozenset[Capacity | None]] = {
    "": EVERYBODY,
    "levels": frozenset({CHIEF}),
    "levels/regulate": frozenset({CHIEF}),
    "levels/{username}": frozenset({CHIEF}),
    "levels/{username}/grant": frozenset({CHIEF}),
    "levels/{username}/{capacity}/revoke": frozenset({CHIEF}),
    "desk": frozenset({CHIEF, SECRETARY}),
    "requests": EVERYBODY,
    "workflows": EVERYBODY,
    # Whose request it is, or who has a step in it: see test_requests.
    "requests/{number:int}": EVERYBODY,
    "requests/{number:int}/documents/{digest}": EVERYBODY,
    "requests/{number:int}/do/{act}": EVERYBODY,
    "requests/{number:int}/decide/{act}": frozenset({CHIEF}),
    "requests/{number:int}/consents": frozenset({CHIEF, SECRETARY}),
    "requests/{number:int}/consents/{consent:int}/withdraw": frozenset({CHIEF, SECRETARY}),
    "registers/application": frozenset({CHIEF, SECRETARY}),
    "registers/external": frozenset({CHIEF, SECRETARY}),
    "registers/freedom_of_information": frozenset({CHIEF, SECRETARY}),
    "registers/board": frozenset({CHIEF, SECRETARY}),
    "registers/new_category": frozenset({CHIEF, SECRETARY}),
    "student": frozenset({CHIEF, SECRETARY}),
    "reviews": frozenset({CHIEF, SECRETARY, *OFFICES}),
    "reviews/{number:int}": frozenset({CHIEF, SECRETARY, *OFFICES}),
    "reviews/plan/{category}": frozenset({CHIEF}),
    "use": frozenset({CHIEF, SECRETARY}),
    "use/questions": frozenset({CHIEF, SECRETARY}),
    "use/mark": frozenset({CHIEF, SECRETARY}),
    "audit": frozenset({CHIEF, SECRETARY, OPERATOR}),
    "audit/verify": frozenset({CHIEF, SECRETARY, OPERATOR}),
}
FILLED = {"{username}": HOLDERS[Capacity.TEACHER], "{capacity}": "teacher", "{category}": "attendance"}
ASKED = {"use/mark": f"?about={'ab' * 8}&person={HOLDERS[Capacity.TEACHER]}"}
"""What an address says besides, without which there is nothing at it."""


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path + ASKED.get(path, "")


def test_every_route_is_declared_here() -> None:
    assert {page.path for page in PAGES} == set(ALLOWED)


@pytest.mark.parametrize("capacity", HOLDERS, ids=lambda each: str(each and each.value))
def test_who_gets_which_page(house: House, capacity: Capacity | None) -> None:
    browser = house.browser(HOLDERS[capacity])
    for page in PAGES:
        if "{number" in page.path:
            continue
        expected = 200 if capacity in ALLOWED[page.path] else 404
        if page.draw is not None:
            assert browser.get(filled(page.path)).status_code == expected, page.path
        if page.act is not None:
            answer = browser.post(filled(page.path), {"page": "made up"})
            assert answer.status_code == (409 if expected == 200 else 404), page.path


@pytest.mark.parametrize("capacity", HOLDERS, ids=lambda each: str(each and each.value))
def test_who_gets_which_page_of_a_request(house: House, capacity: Capacity | None) -> None:
    """Of an application that a teacher wrote and sent: the teacher, and the office; the Superintendent decides."""
    number = application(house, HOLDERS[Capacity.TEACHER])
    letter = returned_letter(house, application(house, HOLDERS[Capacity.TEACHER]))
    reads = capacity in {Capacity.TEACHER, CHIEF, SECRETARY}
    expected = {
        f"requests/{number}": reads,
        f"requests/{number}/documents/{'0' * 64}": False,
        f"requests/{number + 1}/documents/{letter}": reads,
        f"requests/{number}/do/withdraw": capacity is Capacity.TEACHER,
        f"requests/{number}/do/approve": False,
        f"requests/{number}/decide/approve": capacity is CHIEF,
        f"requests/{number}/decide/withdraw": False,
        f"requests/{number}/consents": capacity in {CHIEF, SECRETARY},
        f"requests/{number}/consents/1/withdraw": False,
        "requests/999": False,
    }
    browser = house.browser(HOLDERS[capacity])
    answered = {path: browser.get(path).status_code for path in expected}
    assert answered == {path: 200 if yes else 404 for path, yes in expected.items()}
