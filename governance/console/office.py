"""Everything that pages draw on: the ledger, what exists, the staff, the day. One for the whole console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from governance.catalog import Catalog, load_catalog
from governance.console.asked import Visitor
from governance.ledger import Ledger
from governance.oversight.settings import OversightSettings
from governance.policy import barred, current_capacities
from governance.vocabulary import Capacity
from governance.warehouse.snapshot import Warehouse
from governance.warehouse.staff_facts import StaffRegisters

EndSession = Callable[[str, str], bool]
"""Ends the session of that person and name; whether none runs any more."""


@dataclass(frozen=True)
class Office:
    """What there is to draw on. `end_session` asks the Hub."""

    ledger: Ledger
    warehouse: Warehouse
    staff: StaffRegisters
    today: Callable[[], date]
    end_session: EndSession
    oversight: Callable[[], OversightSettings] = OversightSettings

    @property
    def catalog(self) -> Catalog:
        """What exists in the current data, the categories included that were added to what is declared."""
        snapshot = self.warehouse.current()
        return _catalog_with(() if snapshot is None else snapshot.added)

    def visitor(self, username: str) -> Visitor:
        """Who this is today, read anew for every page."""
        today = self.today()
        person, levels = self.ledger.standing(username)
        bar = barred(person, self.staff.employment(None if person is None else person.staff_key, today))
        held = set(current_capacities(levels, today)) if bar is None else set()
        return Visitor(username, person, tuple(each for each in Capacity if each in held), bar)


@lru_cache(maxsize=8)
def _catalog_with(added: tuple[str, ...]) -> Catalog:
    return load_catalog(added)
