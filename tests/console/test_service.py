"""Where the console is: a service of the Hub on a socket that no session sees, at an origin that no user name gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from traitlets import TraitError

from governance.vocabulary import USERNAME_PATTERN
from hub_config.services import proxy_routes, roles, services
from hub_config.settings import Run, Settings, socket_url
from hub_config.socket_proxy import SocketProxy


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "state", Run(Path("/run/user/0/dbims-x"), 8000))


def test_its_socket_is_outside_what_sessions_see(settings: Settings) -> None:
    run = settings.run
    assert not run.console_socket.is_relative_to(run.sockets)
    assert not run.console_socket.is_relative_to(run.listening("0" * 16))


def test_its_origin_is_nobodys_session(settings: Settings) -> None:
    name = settings.run.console_host.removesuffix(".localhost")
    assert re.fullmatch(USERNAME_PATTERN, name) is None
    assert settings.run.console_url == "http://dbims--service.localhost:8000/services/dbims/"


def test_the_proxy_leads_to_the_socket(settings: Settings) -> None:
    routes = proxy_routes(settings)
    assert routes == {"dbims--service.localhost/services/dbims/": socket_url(settings.run.console_socket)}
    assert SocketProxy(extra_routes=routes).extra_routes == routes


@pytest.mark.parametrize(
    ("route", "target"),
    [
        ("/services/dbims/", "http+unix://%2Fx"),
        ("host/services/dbims", "http+unix://%2Fx"),
        ("host/services/dbims/", "http://127.0.0.1:1"),
    ],
)
def test_no_other_route_is_added(route: str, target: str) -> None:
    with pytest.raises(TraitError):
        SocketProxy(extra_routes={route: target})


def test_it_may_end_sessions_and_nothing_else(settings: Settings) -> None:
    (role,) = [each for each in roles() if "dbims" in each.get("services", ())]
    assert role["scopes"] == ["delete:servers"]
    (service,) = [each for each in services(settings, Path("/usr/bin/bwrap")) if each["name"] == "dbims"]
    assert "url" not in service and not service.get("admin")
    assert service["oauth_redirect_uri"] == f"{settings.run.console_url}oauth_callback"
