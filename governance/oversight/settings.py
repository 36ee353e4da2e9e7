"""What a district sets of its oversight: `[oversight]` in its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from governance.oversight.periods import UsualHours

KNOWN = ("time_zone", "first_hour", "last_hour", "days_off", "digest_to")


@dataclass(frozen=True)
class OversightSettings:
    """`digest_to`: the addresses that the weekly digest is sent to, besides being kept."""

    hours: UsualHours = field(default_factory=UsualHours)
    digest_to: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> OversightSettings:
        """From all settings of a district; `ValueError` says what is wrong with them."""
        section = document.get("oversight", {})
        if not isinstance(section, dict):
            raise ValueError("[oversight] is a table")
        unknown = sorted(set(section) - set(KNOWN))
        if unknown:
            raise ValueError(f"[oversight] does not know {unknown[0]}; it knows {', '.join(KNOWN)}")
        usual = UsualHours()
        hours = UsualHours(
            _zone(section.get("time_zone", usual.zone.key)),
            _time(section.get("first_hour", usual.first), "first_hour"),
            _time(section.get("last_hour", usual.last), "last_hour"),
            frozenset(_list(section.get("days_off", []), date, "days_off is a list of days, such as [2026-11-27]")),
        )
        to = _list(section.get("digest_to", []), str, "digest_to is a list of e-mail addresses")
        if not all("@" in address for address in to):
            raise ValueError("[oversight] digest_to is a list of e-mail addresses")
        return cls(hours, tuple(to))


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise ValueError('[oversight] time_zone is the name of one, such as "America/New_York"') from None


def _time(given: Any, name: str) -> time:
    if type(given) is not time:
        raise ValueError(f"[oversight] {name} is a time of day, such as 06:00:00, without quotes")
    return given


def _list(given: Any, kind: type, what: str) -> list[Any]:
    if not isinstance(given, list) or not all(type(each) is kind for each in given):
        raise ValueError(f"[oversight] {what}")
    return given
