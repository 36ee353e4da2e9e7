"""The words a declaration is made of: tables, columns, code sets. Values only; nothing is read here."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from governance.catalog.generalization import Generalization, Treatment


class Category(enum.StrEnum):
    """The Board's categories of data; a regulation may narrow a level by category."""

    REFERENCE = "reference"
    STUDENT = "student"
    ENROLLMENT = "enrollment"
    ATTENDANCE = "attendance"
    ACHIEVEMENT = "achievement"
    DISCIPLINE = "discipline"
    PROGRAM = "program"
    PERSONNEL = "personnel"
    FINANCE = "finance"


class Unit(enum.StrEnum):
    """What one row is about: scoping follows from it."""

    STUDENT = "student"
    STAFF = "staff"
    ACCOUNT = "account"
    SCHOOL = "school"
    NONE = "none"


class ColumnClass(enum.StrEnum):
    """How revealing a column is: what de-identification and statistics do with it follows from this."""

    DIRECT_IDENTIFIER = "direct identifier"
    QUASI_IDENTIFIER = "quasi-identifier"
    SENSITIVE = "sensitive"
    PERSONNEL_PRIVATE = "personnel-private"
    PLAIN = "plain"


class ColumnType(enum.StrEnum):
    KEY = "key"
    TEXT = "text"
    CODE = "code"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"


PEOPLE = ("student", "staff")


def possible_treatments(type_: ColumnType, class_: ColumnClass, entity: str) -> frozenset[Treatment]:
    """What a column may become in de-identified rows. Nothing that identifies by itself may be kept."""
    if class_ in (ColumnClass.DIRECT_IDENTIFIER, ColumnClass.PERSONNEL_PRIVATE):
        return frozenset({Treatment.DROPPED})
    if type_ is ColumnType.KEY:
        others = {Treatment.CODE} if entity in PEOPLE else {Treatment.GENERALIZED, Treatment.SHARED}
    elif type_ is ColumnType.DATE:
        others = {Treatment.GENERALIZED, Treatment.MONTH, Treatment.SHARED_MONTH}
    elif class_ is ColumnClass.QUASI_IDENTIFIER:
        others = {Treatment.GENERALIZED, Treatment.SHARED}
    else:
        others = {Treatment.GENERALIZED, Treatment.SHARED, Treatment.KEPT, Treatment.BANDED}
    if type_ is not ColumnType.NUMBER:
        others -= {Treatment.BANDED}
    return frozenset({Treatment.DROPPED} | others)


def usual_treatment(type_: ColumnType, class_: ColumnClass, entity: str, hierarchy: str) -> Treatment:
    """What becomes of a column whose declaration does not say."""
    possible = possible_treatments(type_, class_, entity)
    if hierarchy:
        return Treatment.GENERALIZED
    # In this order: facts that others know of a person tell more than they say, and are kept where they are shared.
    known = class_ is ColumnClass.PLAIN and type_ in (ColumnType.TEXT, ColumnType.CODE)
    wished = (Treatment.CODE, Treatment.MONTH, Treatment.BANDED, Treatment.SHARED if known else Treatment.KEPT)
    return next((treatment for treatment in wished if treatment in possible), Treatment.DROPPED)


class Severity(enum.StrEnum):
    """What a failed rule does to a load: *stop* leaves the old snapshot in place, *warn* is reported."""

    STOP = "stop"
    WARN = "warn"


@dataclass(frozen=True)
class Code:
    """One member of a code set, the spellings of it that sources use, and what it means."""

    code: str
    description: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class CodeSet:
    name: str
    source: str
    codes: tuple[Code, ...]

    def spellings(self) -> dict[str, str]:
        """Every accepted spelling, folded to lower case, and the code it stands for."""
        return {word.casefold(): code.code for code in self.codes for word in (code.code, *code.also)}


@dataclass(frozen=True)
class Column:
    """One column. `entity` names what a key identifies; `codes` names the set a code comes from.

    `guarded`: it speaks of discipline, disability, homelessness or health, of which statistics show no small groups.
    `deidentified` is what becomes of it in de-identified rows, along `hierarchy` where it becomes coarser; numbers are
    banded `within` equal values of other columns.
    """

    name: str
    type: ColumnType
    description: str
    class_: ColumnClass = ColumnClass.PLAIN
    standard: str = ""
    entity: str = ""
    codes: str = ""
    required: bool = False
    guarded: bool = False
    deidentified: Treatment = Treatment.DROPPED
    hierarchy: str = ""
    within: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.type is ColumnType.KEY) != bool(self.entity):
            raise ValueError(f"column {self.name}: a key, and only a key, names its entity")
        if (self.type is ColumnType.CODE) != bool(self.codes):
            raise ValueError(f"column {self.name}: a code, and only a code, names its code set")
        if self.deidentified not in possible_treatments(self.type, self.class_, self.entity):
            raise ValueError(f"column {self.name}: {self.class_} of type {self.type} is never {self.deidentified}")
        coarser = self.deidentified in (Treatment.GENERALIZED, Treatment.SHARED)
        if (self.deidentified is Treatment.GENERALIZED and not self.hierarchy) or (self.hierarchy and not coarser):
            raise ValueError(f"column {self.name}: what is generalized, and only that, names its hierarchy")
        if self.within and self.deidentified is not Treatment.BANDED:
            raise ValueError(f"column {self.name}: only what is banded is so within other columns")


@dataclass(frozen=True)
class Table:
    """One table. `key` is its primary key; `period` the two columns that bound a row's validity, if any.

    `added`: a category that the Superintendent had added; nobody sees it but whose grant names it.
    """

    name: str
    category: Category
    unit: Unit
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    period: tuple[str, str] | None = None
    added: bool = False

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(names) != len(set(names)):
            raise ValueError(f"table {self.name}: a column is declared twice")
        unknown = {*self.key, *(self.period or ())} - set(names)
        if unknown or not self.key:
            raise ValueError(f"table {self.name}: key and period name its own columns")
        if self.unit is Unit.STUDENT and "student_key" not in names:
            raise ValueError(f"table {self.name}: rows about students carry student_key")
        if self.unit is Unit.STAFF and "staff_key" not in names:
            raise ValueError(f"table {self.name}: rows about staff carry staff_key")
        # Everybody sees the rows of the other units: a wrong declaration must not show people among them.
        if "student_key" in names and self.unit is not Unit.STUDENT:
            raise ValueError(f"table {self.name}: rows with student_key are about students")
        if "staff_key" in names and self.unit not in (Unit.STUDENT, Unit.STAFF):
            raise ValueError(f"table {self.name}: rows with staff_key are about students or staff")
        if unknown_within := {name for column in self.columns for name in column.within} - set(names):
            raise ValueError(f"table {self.name}: banded within a column it does not have: {min(unknown_within)}")
        private = [column.name for column in self.columns if column.class_ is not ColumnClass.PLAIN]
        if private and self.unit in (Unit.NONE, Unit.SCHOOL):
            raise ValueError(f"table {self.name}: a table for everybody has plain columns only, not {private[0]}")

    @property
    def owns(self) -> str | None:
        """The entity this table is the register of, if its key is one key column. An added category is no register:
        one row for each student does not make it a second register of students."""
        if self.added or len(self.key) != 1:
            return None
        column = self.column(self.key[0])
        return column.entity or None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True)
class Catalog:
    """Everything that exists: the tables by name, registers before what refers to them, code sets and hierarchies.

    `whole`: the catalog that this is a part of. A part refers to the registers of its whole, which it may be without.
    """

    tables: dict[str, Table]
    code_sets: dict[str, CodeSet] = field(default_factory=dict)
    hierarchies: dict[str, Generalization] = field(default_factory=dict)
    whole: Catalog | None = None

    def __post_init__(self) -> None:
        owners = (self.whole or self).owners()
        for table in self.tables.values():
            for column in table.columns:
                if column.entity and column.entity not in owners:
                    raise ValueError(f"{table.name}.{column.name}: no table is the register of {column.entity}")
                if column.codes and column.codes not in self.code_sets:
                    raise ValueError(f"{table.name}.{column.name}: there is no code set {column.codes}")
                if column.hierarchy:
                    self._demand_hierarchy(table, column)

    def owners(self) -> dict[str, str]:
        """Entity to the table that is its register."""
        return {table.owns: table.name for table in self.tables.values() if table.owns}

    def _demand_hierarchy(self, table: Table, column: Column) -> None:
        """One that exists, and about a person where the column takes the person's one value."""
        hierarchy = self.hierarchies.get(column.hierarchy)
        if hierarchy is None:
            raise ValueError(f"{table.name}.{column.name}: there is no hierarchy {column.hierarchy}")
        if (hierarchy.source is not None) != (column.deidentified is Treatment.GENERALIZED):
            raise ValueError(f"{table.name}.{column.name}: a person's value is generalized, a row's kept where shared")
        for name in (hierarchy.source, hierarchy.shown):
            if name is not None and name.column not in (self.whole or self).tables[name.table].names:
                raise ValueError(f"hierarchy {hierarchy.name}: there is no column {name}")
