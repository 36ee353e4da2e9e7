"""The command line of a sandbox, from its description."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub_config.sandbox import Limits, Sandbox, session_command
from hub_config.spawner import session_environment

SANDBOX = Sandbox(
    username="alice",
    home=Path("/state/homes/alice/teacher"),
    sockets=Path("/run/d/shared"),
    listening=Path("/run/d/s1/socket"),
    identity=Path("/run/d/s1/identity"),
    python=(Path("/opt/python"), Path("/srv/venv")),
    sdk=Path("/srv/checkout/dbims_sdk"),
    jupyter=Path("/run/d/s1/jupyter"),
    private=(Path("/state"),),
)


def binds(command: tuple[str, ...], kind: str) -> set[tuple[str, str]]:
    return {(command[i + 1], command[i + 2]) for i, word in enumerate(command) if word == kind}


def test_only_the_home_and_the_own_socket_folder_can_be_written() -> None:
    command = session_command(Path("/usr/bin/bwrap"), SANDBOX, ("python",)).options
    assert binds(command, "--bind") == {
        ("/state/homes/alice/teacher", "/home/alice"),
        ("/run/d/s1/socket", "/run/session"),
    }


def test_of_the_checkout_only_the_sdk_is_seen() -> None:
    sources = {source for source, _ in binds(session_command(Path("bwrap"), SANDBOX, ("python",)).options, "--ro-bind")}
    assert {source for source in sources if source.startswith("/srv/checkout")} == {"/srv/checkout/dbims_sdk"}


def test_everything_is_unshared_and_ends_with_the_hub() -> None:
    command = session_command(Path("bwrap"), SANDBOX, ("python",)).options
    for option in ("--unshare-all", "--disable-userns", "--die-with-parent", "--new-session"):
        assert option in command
    assert "--share-net" not in command
    assert command[command.index("--cap-drop") + 1] == "ALL"


@pytest.mark.parametrize("folder", [Path("/"), Path("/srv"), Path("/srv/venv")])
def test_a_state_folder_inside_what_sessions_see_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="move one"):
        replace(SANDBOX, python=(folder,), private=(Path("/srv/venv/state"),))


def test_a_state_folder_inside_the_system_is_refused() -> None:
    with pytest.raises(ValueError, match="move one"):
        replace(SANDBOX, private=(Path("/usr/local/state"),))


@pytest.mark.parametrize("username", ["", "..", "a/b"])
def test_a_username_is_a_single_name(username: str) -> None:
    with pytest.raises(ValueError, match="single name"):
        replace(SANDBOX, username=username)


def test_limits_that_no_session_could_live_with_are_refused() -> None:
    with pytest.raises(ValueError, match="64 MB"):
        Limits(memory=1)


def test_a_session_gets_the_hubs_variables_for_it_and_nothing_of_the_hubs_own() -> None:
    given = {
        "JUPYTERHUB_API_TOKEN": "t",
        "JUPYTERHUB_API_URL": "http+unix://%2Frun%2Fd%2Fshared%2Fhub.sock/hub/api",
        "JUPYTERHUB_SERVICE_PREFIX": "/user/alice/teacher/",
        "CONFIGPROXY_AUTH_TOKEN": "secret",
        "JUPYTERHUB_SSL_KEYFILE": "/x",
        "DBIMS_HUB_HANDOVER": "secret",
    }
    environment = session_environment(given, "alice", "http+unix://%2Frun%2Fd%2Fshared%2Fhub.sock/hub/")
    assert environment["JUPYTERHUB_API_URL"] == "http+unix://%2Frun%2Fdbims%2Fhub.sock/hub/api"
    assert environment["DBIMS_GATEWAY"] == "http+unix://%2Frun%2Fdbims%2Fgateway.sock"
    assert "secret" not in environment.values()
    assert not any(name.startswith("JUPYTERHUB_SSL_") for name in environment)
