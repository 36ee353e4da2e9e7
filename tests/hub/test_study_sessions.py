"""A study's session: whose it is, what it is called, where its home is, and that it is nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader
from jupyterhub import orm
from jupyterhub.user import User
from tornado.web import HTTPError

from governance.ledger import Ledger
from governance.policy import CAPACITIES
from governance.vocabulary import STUDY_SESSION, Capacity, Grant
from hub_config import machine
from hub_config.pages import TEMPLATES, first_page, template_variables
from hub_config.people import DESCRIPTIONS, Button, People
from hub_config.settings import Run, Settings
from hub_config.spawner import SandboxSpawner, home_name, prepare
from tests.granting import end_grant, give_grant
from tests.hub.conftest import TODAY

DAY = timedelta(days=1)
ALICE = SimpleNamespace(name="alice", escaped_name="alice")


def grant(ledger: Ledger, name: str, username: str = "alice", begin: date = TODAY, end: date = TODAY) -> None:
    give_grant(ledger, Grant(name, username, {"student": ("student_key",)}, begin, end))


def servers(people: People, username: str) -> list[str]:
    return [button.server for button in people.buttons(username)]


def test_a_grant_gives_its_person_a_session_named_after_it(people: People, ledger: Ledger) -> None:
    grant(ledger, "reading", end=date(2027, 6, 30))
    teacher, study = people.buttons("alice")
    assert teacher == Button("teacher", "Teacher", DESCRIPTIONS[Capacity.TEACHER])
    assert (study.server, study.title) == ("study-reading", "Study reading")
    assert "2027-06-30" in study.description
    assert people.refusal("alice", "study-reading") is None
    assert people.refusal("alice", "teacher") is None


def test_a_button_says_whether_students_are_identified(people: People, ledger: Ledger) -> None:
    grant(ledger, "algebra")
    tables = {"student": ("student_key",)}
    give_grant(ledger, Grant("reading", "alice", tables, TODAY, TODAY, identified=True))
    said = {button.server: button.description for button in people.buttons("alice")}
    assert "nobody is identified" in said["study-algebra"] and "De-identified" in said["study-algebra"]
    assert "who are identified" in said["study-reading"] and "consented" in said["study-reading"]
    assert "De-identified" not in said["study-reading"] and "nobody" not in said["study-reading"]


def test_each_grant_has_a_session_and_without_any_capacity_too(people: People, ledger: Ledger) -> None:
    for name in ("reading", "algebra"):
        grant(ledger, name, "nobody")
    assert servers(people, "nobody") == ["study-algebra", "study-reading"]


def test_nobody_starts_the_study_of_somebody_else(people: People, ledger: Ledger) -> None:
    grant(ledger, "reading", "alice")
    grant(ledger, "algebra", "bob")
    assert servers(people, "alice") == ["teacher", "study-reading"]
    assert servers(people, "bob") == ["counselor", "support-services", "study-algebra"]
    for username, server in (("alice", "study-algebra"), ("bob", "study-reading"), ("stranger", "study-reading")):
        assert people.refusal(username, server)


DAYS = {
    "only": (TODAY, TODAY, True),
    "last": (TODAY - DAY, TODAY, True),
    "first": (TODAY, TODAY + DAY, True),
    "past": (TODAY - DAY, TODAY - DAY, False),
    "coming": (TODAY + DAY, TODAY + DAY, False),
}


def test_a_grant_holds_from_its_first_day_through_its_last(people: People, ledger: Ledger) -> None:
    for name, (begin, end, _) in DAYS.items():
        grant(ledger, name, begin=begin, end=end)
    possible = servers(people, "alice")
    for name, (_, _, allowed) in DAYS.items():
        assert (people.refusal("alice", f"study-{name}") is None) == allowed, name
        assert (f"study-{name}" in possible) == allowed, name


def test_an_ended_grant_gives_no_session(people: People, ledger: Ledger) -> None:
    grant(ledger, "reading", end=TODAY + DAY)
    end_grant(ledger, "reading", TODAY)
    assert people.refusal("alice", "study-reading")
    assert servers(people, "alice") == ["teacher"]


def test_what_is_refused_does_not_say_what_exists(people: People, ledger: Ledger) -> None:
    grant(ledger, "theirs", "bob")
    grant(ledger, "past", begin=TODAY - DAY, end=TODAY - DAY)
    grant(ledger, "coming", begin=TODAY + DAY, end=TODAY + DAY)
    words = {people.refusal("alice", f"study-{name}") for name in ("theirs", "past", "coming", "never")}
    other = str(people.refusal("alice", "counselor"))
    assert words == {other.replace(CAPACITIES[Capacity.COUNSELOR].title, CAPACITIES[Capacity.STUDY].title)}


TRICKS = ["study", "study-", "study-Reading", "study-reading ", "study-reading\n", "study-reading/..", "study-../alice",
          "study--reading", "study_reading", "STUDY-reading", "study-read", "study-reading-", "reading"]  # fmt: skip


def test_a_session_of_nearly_that_name_is_refused(people: People, ledger: Ledger) -> None:
    grant(ledger, "reading")
    assert [server for server in TRICKS if people.refusal("alice", server) is None] == []


NO_NAMES = [*(trick for trick in TRICKS if trick != "study-read"), "study-" + "a" * 41, "", "support_services"]


@pytest.mark.parametrize("server", NO_NAMES)
def test_a_session_of_another_name_has_no_home(server: str) -> None:
    with pytest.raises(ValueError, match="named after"):
        home_name(server)


@given(st.text(alphabet="ab./\\~-_\n\0 A", max_size=12))
def test_a_home_is_one_folder_of_its_own(rest: str) -> None:
    try:
        name = home_name(STUDY_SESSION + rest)
    except ValueError:
        return
    assert name == STUDY_SESSION + rest
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert name not in {home_name(capacity.server) for capacity in Capacity if capacity is not Capacity.STUDY}


def test_homes_of_capacities_are_where_they_were() -> None:
    for capacity in Capacity:
        if capacity is not Capacity.STUDY:
            assert home_name(capacity.server) == capacity.value


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    with machine.run_folder() as folder:
        run = Run(folder, 8000)
        run.sockets.mkdir()
        yield Settings(tmp_path / "state", run)


def test_every_grant_and_every_capacity_has_a_home_of_its_own(settings: Settings) -> None:
    sessions = ["teacher", "study-reading", "study-reading-2", "study-teacher", "principal"]
    made = [
        prepare(settings, "alice", server, f"{place:016x}", "http://alice.x/") for place, server in enumerate(sessions)
    ]
    homes = [sandbox.home for sandbox in made]
    assert len(set(homes)) == len(homes)
    assert {home.parent for home in homes} == {settings.state / "homes" / "alice"}
    assert all(home.is_dir() and home.stat().st_mode & 0o777 == 0o700 for home in homes)
    # All of the state is kept from a session, but for the one home it is given.
    assert all(settings.state in sandbox.private for sandbox in made)


def test_nothing_is_made_for_a_session_of_another_name(settings: Settings) -> None:
    with pytest.raises(ValueError, match="named after"):
        prepare(settings, "alice", "study-../bob", "a" * 16, "http://alice.x/")
    assert not (settings.state / "homes").exists()
    assert not settings.run.session_folder("a" * 16).exists()


@contextmanager
def hub_user(name: str) -> Iterator[User]:
    """A person as the Hub has them, with this house's spawner."""
    database = orm.new_session_factory("sqlite:///:memory:")()
    try:
        person = orm.User(name=name)
        database.add(person)
        database.commit()
        yield User(person, {"spawner_class": SandboxSpawner}, db=database)
    finally:
        database.close()
        database.get_bind().dispose()


def client(username: str, server: str) -> str:
    with hub_user(username) as user:
        return str(user.get_or_create_spawner(server, server).oauth_client_id)


def test_no_two_sessions_are_one_to_the_hub() -> None:
    # Joined by hyphens, the names of both pairs would be the same: one session would take the other's place.
    for one, other in (
        (("ann", "study-x-teacher"), ("ann-study-x", "teacher")),
        (("ann", "study-b-study-a"), ("ann-study-b", "study-a")),
    ):
        assert "-".join(one) == "-".join(other)
        assert client(*one) != client(*other)
    assert client("ann", "teacher") == "jupyterhub-user-ann.teacher"


def test_the_spawner_starts_no_study_of_somebody_else(people: People, ledger: Ledger) -> None:
    grant(ledger, "reading", "bob")
    with hub_user("alice") as user:
        spawner = user.get_or_create_spawner("study-reading", "")
        spawner.people = people
        with pytest.raises(HTTPError) as refused:
            spawner.refuse_unless_held()
        assert refused.value.status_code == 403
        grant(ledger, "algebra", "alice")
        own = user.get_or_create_spawner("study-algebra", "")
        own.people = people
        own.refuse_unless_held()
        assert own.own_address.endswith("/user/alice/study-algebra/")


def landing(people: People, username: str) -> str:
    user = SimpleNamespace(name=username, escaped_name=username)
    return first_page(people)(SimpleNamespace(current_user=user, hub=SimpleNamespace(base_url="/hub/")))


def test_who_has_one_session_only_goes_straight_there(people: People, ledger: Ledger) -> None:
    assert landing(people, "alice") == "/hub/spawn/alice/teacher"
    assert landing(people, "nobody") == "/hub/home"
    grant(ledger, "reading", "nobody")
    grant(ledger, "algebra", "alice")
    assert landing(people, "nobody") == "/hub/spawn/nobody/study-reading"
    assert landing(people, "alice") == "/hub/home"


def shown(people: People, template: str, **variables: Any) -> str:
    """A page as alice sees it; what it stands in is the Hub's."""
    frame = DictLoader({"page.html": "{% block main %}{% endblock %}"})
    pages = Environment(loader=ChoiceLoader([frame, FileSystemLoader(TEMPLATES)]), autoescape=True)
    ours = template_variables(people)
    given = {name: value(ALICE) if callable(value) else value for name, value in ours.items()}
    return pages.get_template(template).render(user=ALICE, base_url="/hub/", **given, **variables)


def test_the_home_page_shows_a_study_as_it_shows_a_capacity(people: People, ledger: Ledger) -> None:
    grant(ledger, "reading")
    grant(ledger, "theirs", "bob")
    page = shown(people, "home.html", spawners=[SimpleNamespace(server=True, name="study-reading")])
    assert "<h2>Study reading</h2>" in page and 'href="/hub/spawn/alice/study-reading"' in page
    assert 'href="/hub/spawn/alice/teacher"' in page
    assert page.count("Stop<span") == 1
    assert "theirs" not in page


def test_a_stopped_study_can_be_started_again_while_its_grant_holds(people: People, ledger: Ledger) -> None:
    grant(ledger, "reading")
    here = {"server_name": "study-reading", "spawn_url": "/hub/spawn/alice/study-reading", "failed": False}
    page = shown(people, "not_running.html", **here)
    assert "Study reading" in page and 'id="start"' in page
    end_grant(ledger, "reading", TODAY)
    page = shown(people, "not_running.html", **here)
    assert "Study reading" not in page and 'id="start"' not in page


def test_pages_without_a_person_show_no_study(people: People, ledger: Ledger) -> None:
    grant(ledger, "reading")
    variables = template_variables(people)
    assert variables["buttons"](None) == []
    assert "study-reading" not in variables["titles"](None)
    assert variables["titles"](None)["teacher"] == "Teacher"
