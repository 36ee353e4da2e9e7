"""Every route for every capacity: what is declared here is what is answered. A new route fails by its name."""

from __future__ import annotations

import pytest

from governance.console.pages import PAGES
from governance.vocabulary import Capacity
from tests.console.visiting import HOLDERS, House

CHIEF, SECRETARY, OPERATOR = Capacity.SUPERINTENDENT, Capacity.EXECUTIVE_SECRETARY, Capacity.OPERATOR
EVERYBODY = frozenset(HOLDERS)
ALLOWED: dict[str, frozenset[Capacity | None]] = {
    "": EVERYBODY,
    "levels": frozenset({CHIEF}),
    "levels/regulate": frozenset({CHIEF}),
    "levels/{username}": frozenset({CHIEF}),
    "levels/{username}/grant": frozenset({CHIEF}),
    "levels/{username}/{capacity}/revoke": frozenset({CHIEF}),
    "student": frozenset({CHIEF, SECRETARY}),
    "audit": frozenset({CHIEF, SECRETARY, OPERATOR}),
    "audit/verify": frozenset({CHIEF, SECRETARY, OPERATOR}),
}
FILLED = {"{username}": HOLDERS[Capacity.TEACHER], "{capacity}": "teacher", "{number:int}": "1", "{digest}": "0" * 64}


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path


def test_every_route_is_declared_here() -> None:
    assert {page.path for page in PAGES} == set(ALLOWED)


@pytest.mark.parametrize("capacity", HOLDERS, ids=lambda each: str(each and each.value))
def test_who_gets_which_page(house: House, capacity: Capacity | None) -> None:
    browser = house.browser(HOLDERS[capacity])
    for page in PAGES:
        expected = 200 if capacity in ALLOWED[page.path] else 404
        if page.draw is not None:
            assert browser.get(filled(page.path)).status_code == expected, page.path
        if page.act is not None:
            answer = browser.post(filled(page.path), {"page": "made up"})
            assert answer.status_code == (409 if expected == 200 else 404), page.path
