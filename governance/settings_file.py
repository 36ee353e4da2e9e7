"""STATE/dbims.toml, what an operator has set: read by one reader, whoever asks, and the district's day in it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

FILE_NAME = "dbims.toml"


class SettingsError(Exception):
    """The settings cannot be used; the message says which one and why."""


def read_document(state: Path) -> dict[str, Any]:
    """What the file of a state folder says; nothing, if there is none."""
    try:
        return tomllib.loads((state / FILE_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE_NAME} cannot be read: {error}") from None


def audit_copies(document: Mapping[str, Any]) -> tuple[Path, ...]:
    """The folders that checkpoints of the audit log go to besides the state folder's own: `[audit] copies`."""
    section = document.get("audit", {})
    copies = section.get("copies", []) if isinstance(section, dict) else None
    if not isinstance(copies, list) or not all(isinstance(each, str) and Path(each).is_absolute() for each in copies):
        raise SettingsError(f'{FILE_NAME}: copies of [audit] is a list of whole paths, such as ["/mnt/other/audit"].')
    return tuple(map(Path, copies))


def reauthentication(document: Mapping[str, Any]) -> timedelta:
    """For how long a password that was entered signs decisions: `[console] reauthentication_minutes`, 1 to 60."""
    section = document.get("console", {})
    minutes = section.get("reauthentication_minutes", 10) if isinstance(section, dict) else None
    if type(minutes) is not int or not 1 <= minutes <= 60:
        raise SettingsError(f"{FILE_NAME}: reauthentication_minutes of [console] is a whole number from 1 to 60.")
    return timedelta(minutes=minutes)


def fixed_day(document: Mapping[str, Any]) -> date | None:
    """The day that a district which replays old data has fixed; None where it follows the calendar."""
    fixed = document.get("today")
    if fixed is not None and type(fixed) is not date:
        raise SettingsError(f"{FILE_NAME}: today is a day, such as 2012-02-15, without quotes.")
    return fixed


def district_day(state: Path) -> date:
    """The district's day: the fixed one, or the calendar's. Read anew each time, since it may be set meanwhile."""
    return fixed_day(read_document(state)) or date.today()  # noqa: DTZ011 - the district's own calendar
