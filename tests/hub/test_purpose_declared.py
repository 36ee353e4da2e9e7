"""A session starts for the purpose that was declared for this start: not for an earlier one, and by no link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tornado.web import HTTPError

from governance.vocabulary import Purpose
from hub_config.people import People
from hub_config.spawner import SandboxSpawner
from tests.hub.test_study_sessions import hub_user

Spawners = Any


@pytest.fixture
def spawners(people: People, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spawners]:
    """The sessions of alice, who is a teacher, by their names."""
    monkeypatch.setattr(SandboxSpawner, "people", people, raising=False)
    with hub_user("alice") as user:
        user.settings["spawner_class"] = SandboxSpawner
        yield lambda server: user.get_or_create_spawner(server, "")


def test_what_was_declared_is_taken_once(spawners: Spawners) -> None:
    """The Hub keeps what it was sent, and hands it to the next start that sends nothing."""
    spawner = spawners("teacher")
    spawner.user_options = spawner.orm_spawner.user_options = {"purpose": "student support"}
    assert spawner.take_purpose() is Purpose.STUDENT_SUPPORT
    spawner.user_options = spawner.orm_spawner.user_options or {}
    with pytest.raises(HTTPError) as refused:
        spawner.take_purpose()
    assert refused.value.status_code == 400 and "for which purpose" in refused.value.jupyterhub_message


@pytest.mark.parametrize("options", [{}, {"purpose": "personnel evaluation"}, {"purpose": ["research"]}])
def test_without_a_purpose_of_the_system_nothing_starts(spawners: Spawners, options: dict[str, Any]) -> None:
    spawner = spawners("teacher")
    spawner.user_options = options
    with pytest.raises(HTTPError, match="for which purpose"):
        spawner.take_purpose()


def test_a_link_starts_nothing_whatever_it_says(spawners: Spawners) -> None:
    with pytest.raises(HTTPError, match="for which purpose"):
        spawners("teacher").options_from_query({"purpose": ["research"]})


async def test_the_page_is_of_the_session_and_who_may_not_have_it_is_told_so(spawners: Spawners) -> None:
    held, other = spawners("teacher"), spawners("counselor")
    held.handler = other.handler = object()
    page = await held.get_options_form()
    assert "You are starting a session: Teacher." in page and page.count('type="radio"') == len(Purpose)
    with pytest.raises(HTTPError, match="You do not hold the capacity"):
        await other.get_options_form()


def test_what_is_sent_from_the_page_comes_back(spawners: Spawners) -> None:
    spawner = spawners("teacher")
    spawner.user_options = spawner.run_options_from_form({"purpose": ["research"], "_xsrf": ["…"]})
    assert spawner.take_purpose() is Purpose.RESEARCH
