"""What an operator may set, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hub_config.settings import AuthenticationKind, Run, SettingsError, read_settings, socket_url

RUN = Run(Path("/run/dbims-x"), 8000)


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, RUN)
    assert settings.authentication.kind is AuthenticationKind.LOCAL
    assert settings.limits.memory == 4 * 1024**3
    assert settings.home("alice", "teacher") == tmp_path / "homes/alice/teacher"


def test_everything_can_be_set(tmp_path: Path) -> None:
    (tmp_path / "dbims.toml").write_text(
        'today = 2012-02-15\n[authentication]\nkind = "google"\n'
        'options = { client_id = "x", hosted_domain = "d.org" }\n'
        "[session]\nidle_minutes = 5\nmemory = 1073741824\nprocesses = 100\n"
    )
    settings = read_settings(tmp_path, RUN)
    assert settings.today() == date(2012, 2, 15)
    assert settings.authentication.options == {"client_id": "x", "hosted_domain": "d.org"}
    assert (settings.idle_minutes, settings.limits.memory, settings.limits.processes) == (5, 1024**3, 100)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[authentication]\nkind = 'none'", "kind is one of"),
        ("[authentication]\nkin = 'local'", "does not know kin"),
        ("[authentication]\noptions = 'x'", "options is a table"),
        ("[authentication]\nkind = 'google'", "needs hosted_domain"),
        ("[authentication]\nkind = 'google'\noptions = { hosted_domain = '' }", "needs hosted_domain"),
        ("[authentication]\nkind = 'google'\noptions = { hosted_domain = [] }", "needs hosted_domain"),
        ("[authentication]\nkind = 'entra_id'\noptions = { tenant_id = 'x' }", "needs username_claim"),
        ("[authentication]\nkind = 'openid'", "needs username_claim"),
        ("[session]\nmemry = 1", "does not know memry"),
        ("[session]\nmemory = '4 GB'", "whole number"),
        ("[session]\nmemory = 1", "at least 64 MB"),
        ("[session]\nidle_minutes = 0", "at least 1"),
        ("today = '2012'", "without quotes"),
        ("today = ", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "dbims.toml").write_text(text)
    with pytest.raises(SettingsError, match=says):
        read_settings(tmp_path, RUN)


def test_a_run_folder_too_long_for_sockets_is_refused() -> None:
    with pytest.raises(SettingsError, match="too long"):
        Run(Path("/" + "x" * 90), 8000)


def test_a_socket_is_one_quoted_host() -> None:
    assert socket_url("/run/a/b.sock") == "http+unix://%2Frun%2Fa%2Fb.sock"


def test_the_districts_day_is_read_anew(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, RUN)
    (tmp_path / "dbims.toml").write_text("today = 2010-11-15\n", encoding="utf-8")
    assert settings.today() == date(2010, 11, 15)
    (tmp_path / "dbims.toml").write_text("today = 2011-02-15\n", encoding="utf-8")
    assert settings.today() == date(2011, 2, 15)
