"""A state folder: where everything of one district lives, and the few facts that every part asks it for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import tomli_w

from governance.durable import replace_text
from governance.ledger import Ledger, PostgresqlServer, Signing
from governance.mail import Mail
from governance.oversight.settings import OversightSettings
from governance.settings_file import (
    FILE_NAME,
    SettingsError,
    audit_copies,
    district_day,
    read_document,
    reauthentication,
)
from governance.warehouse.snapshot import Warehouse
from governance.warehouse.staff_facts import StaffRegisters


class StateError(Exception):
    """The state folder cannot be used as asked; the message says why and what to do."""


@dataclass(frozen=True)
class State:
    """`folder`: the ledger, the warehouse, the homes, the Hub's own files and `dbims.toml`."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> State:
        """The folder, made if it is not there, readable by its owner only."""
        folder = folder.expanduser().resolve()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(f"The state folder cannot be made: {error.strerror}. Choose another --state.") from None
        return cls(folder)

    @classmethod
    def existing(cls, folder: Path) -> State:
        """The folder, for those who only look: nothing is made."""
        folder = folder.expanduser().resolve()
        if not folder.is_dir():
            raise StateError(f"There is no state folder {folder}. Say which one: --state FOLDER.")
        return cls(folder)

    @property
    def settings_file(self) -> Path:
        return self.folder / FILE_NAME

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.folder / "warehouse")

    def ledger(self) -> Ledger:
        return Ledger.open(self.folder / "ledger", self._audit_copies(), self._signing(), self._server())

    def existing_ledger(self) -> Ledger:
        """The ledger, for those who need one that is there; `LedgerError` if there is none."""
        return Ledger.open_existing(self.folder / "ledger", self._audit_copies(), self._signing(), self._server())

    def _signing(self) -> Signing:
        """How the Superintendent's authority is proved here."""
        staff = StaffRegisters(self.folder / "warehouse")
        return Signing(reauthentication(read_document(self.folder)), staff.employment)

    def _server(self) -> PostgresqlServer | None:
        return PostgresqlServer.of(read_document(self.folder))

    def _audit_copies(self) -> tuple[Path, ...]:
        return audit_copies(read_document(self.folder))

    def today(self) -> date:
        """The district's day: the calendar's, or the fixed one that a district replaying old data sets."""
        return district_day(self.folder)

    def oversight(self) -> OversightSettings:
        """The usual hours of the district, and where its digests go."""
        try:
            return OversightSettings.of(read_document(self.folder))
        except ValueError as error:
            raise SettingsError(f"{FILE_NAME}: {error}.") from None

    def mail(self) -> Mail | None:
        """The district's mail server; None where it has set none."""
        return Mail.of(read_document(self.folder))

    def set_today(self, today: date | None) -> None:
        """Fix the district's day, or let it follow the calendar again. Recorded: see `recorded_load.record_day`."""
        settings = {name: value for name, value in read_document(self.folder).items() if name != "today"}
        if today is not None:
            settings = {"today": today, **settings}
        replace_text(self.settings_file, tomli_w.dumps(settings))

    def staff_key(self, staff_id: str) -> int:
        """The key of a staff member, by the identifier the sources use."""
        snapshot = self.warehouse.current()
        if snapshot is None:
            raise StateError("There is no data yet. Load some first: `dbims load PATH`.")
        staff = pq.read_table(snapshot.table_path("staff"), columns=["staff_id", "staff_key"])
        found = staff.filter(pc.equal(staff.column("staff_id"), staff_id)).column("staff_key").to_pylist()
        if len(found) != 1:
            raise StateError("There is no staff member of that identifier in the current snapshot.")
        return int(found[0])
