"""Which names are usernames, and that every authenticator refuses the others and strangers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jupyterhub.auth import Authenticator

from governance.vocabulary import USERNAME_PATTERN, Capacity, Person
from hub_config.authentication import PeopleOnly
from hub_config.people import People

GOOD = ["a", "alice", "user-t1", "user-604821", "a" * 60, *(capacity.server for capacity in Capacity)]
BAD = [
    "",
    "Alice",
    "alice\n",
    "alice/..",
    "a.b",
    "a_b",
    "a@b.org",
    "1a",
    "-a",
    "a-",
    "a--b",
    "xn--a",
    "é",
    "a b",
    "a" * 61,
]


@pytest.mark.parametrize("name", GOOD)
def test_a_username(name: str) -> None:
    assert Person(name).username == name
    assert re.compile(USERNAME_PATTERN).match(name)


@pytest.mark.parametrize("name", BAD)
def test_not_a_username_not_even_to_a_match_that_begins_at_the_start(name: str) -> None:
    assert not re.compile(USERNAME_PATTERN).match(name)
    with pytest.raises(ValueError, match="lower-case"):
        Person(name)


class Outside(Authenticator):
    """Somebody else's authenticator: whoever comes is who they say."""

    def authenticate(self, handler: Any, data: Any = None) -> Any:
        return {"name": data["username"]}


def outside(people: People, **options: Any) -> Authenticator:
    made = type("PeopleOutside", (PeopleOnly, Outside), {"people": people})
    return made(allow_all=True, username_pattern=USERNAME_PATTERN, **options)


async def login(authenticator: Authenticator, name: str) -> str | None:
    answer = await authenticator.get_authenticated_user(None, {"username": name})
    return answer and answer["name"]


async def test_a_name_is_taken_as_it_is_or_not_at_all(people: People) -> None:
    authenticator = outside(people)
    assert await login(authenticator, "alice") == "alice"
    for name in ("Alice", "ALICE", "alice\n", "alice "):
        assert await login(authenticator, name) is None


async def test_somebody_with_an_account_elsewhere_and_not_in_the_ledger_is_nobody(people: People) -> None:
    assert await login(outside(people), "stranger") is None


async def test_somebody_blocked_stays_out(people: People) -> None:
    assert await login(outside(people, blocked_users={"alice"}), "alice") is None


async def test_an_operator_may_map_names_of_another_form(people: People) -> None:
    authenticator = outside(people, username_map={"al.ice@d.org": "alice", "Bob@d.org": "bob"})
    assert await login(authenticator, "al.ice@d.org") == "alice"
    assert await login(authenticator, "Bob@d.org") is None
