"""The one anonymization of a release: a record of quasi-identifiers for each student, generalized until k are alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.catalog import Catalog, Generalization, Treatment, Unit
from governance.catalog.generalization import EVERYTHING, ColumnName
from governance.disclosure.anonymity import Anonymized, Hierarchy, NotAnonymizable, anonymize
from governance.warehouse.deidentified_records import Records, encoded
from governance.warehouse.deidentified_release import NotInThisForm, NotReleasable, Release
from governance.warehouse.deidentified_scales import Scale, Shown, make_scale

Coded = tuple[npt.NDArray[np.int32], Hierarchy]

LEFT_OUT = "Students who are too few to be hidden among others of their kind (enrolled, or not) are left out."

# Whether a student is enrolled shows in the years of their rows: it can be suppressed only with the whole student, and
# weighs so much that everything else goes first.
STATUS = Hierarchy((np.arange(2, dtype=np.int32), np.zeros(2, np.int32)), weight=1000.0)


@dataclass(frozen=True)
class Quasi:
    """One quasi-identifier of every person: `codes` (persons,), -1 where suppressed, into `shown`; the level, in words.

    `suppressed` counts the persons from whom it was taken.
    """

    codes: npt.NDArray[np.int64]
    shown: tuple[Shown, ...]
    words: str
    suppressed: int


@dataclass(frozen=True)
class Persons:
    """The persons of a release, each of whom a released table shows.

    `keys`: sorted; `groups`: (persons,), who are alike in all that is released of them; `k`: how many the smallest
    group has.
    """

    keys: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    quasi: dict[str, Quasi]
    k: int
    notes: tuple[str, ...] = ()


def hierarchies_of(release: Release, catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """The persons' quasi-identifiers that a release shows, in order of their names, and the tables that show each."""
    shown: dict[str, list[str]] = {}
    for table in catalog.tables.values():
        granted = release.tables.get(table.name, ()) if table.unit is Unit.STUDENT else ()
        for column in table.columns:
            if column.name in granted and column.deidentified is Treatment.GENERALIZED:
                shown.setdefault(column.hierarchy, []).append(table.name)
    return {name: tuple(tables) for name, tables in sorted(shown.items())}


def anonymize_students(release: Release, catalog: Catalog, records: Records, year: int) -> Persons:
    """The students as of a school year. `NotReleasable` if nobody can be hidden.

    Whom no released table shows hides nobody, and is not there; a table that shows fewer than k of those who are there
    is empty. Where all tables are, there is nobody.
    """
    if len(records.students()) < release.k:
        raise NotReleasable
    population = _Population(records, release, _student_tables(release, catalog), records.enrolled(year))
    shown = hierarchies_of(release, catalog)
    everybody = population.shown(np.ones(len(population.enrolled), bool))
    known = population.settled(everybody)
    while np.any(known):
        columns, scales = _columns(shown, population, known, catalog, year)
        sensitive = [records.facts(_named(name, catalog))[known] for name in release.sensitive]
        result = _anonymized(columns, release, sensitive)
        kept = result.codes[:, -1] >= 0
        if kept.all():
            return _persons(result, scales, population, known, () if np.array_equal(known, everybody) else (LEFT_OUT,))
        # A student whose status would have to be suppressed is left out, and may have been one of few in a table.
        staying = known.copy()
        staying[known] = kept
        known = population.settled(staying)
    return _nobody(shown, release)


@dataclass(frozen=True)
class _Population:
    """Who is to be hidden among whom. Students are counted where a released table shows them, and nowhere else."""

    records: Records
    release: Release
    tables: tuple[str, ...]
    enrolled: npt.NDArray[np.bool_]

    def shown(self, known: npt.NDArray[np.bool_], tables: Sequence[str] | None = None) -> npt.NDArray[np.bool_]:
        """Which of the known students have a row in the released tables, or some of them; those of few are empty."""
        return self.records.appear(self.tables if tables is None else tables, known, self.release.k)

    def settled(self, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Those who stay, each shown in a table that shows k of them, and of a status that k of them have.

        Whoever leaves may leave a table, or a status, to too few: it is asked until nobody leaves.
        """
        while True:
            staying = _enough_alike(self.enrolled, self.shown(known), self.release.k)
            if np.array_equal(staying, known):
                return known
            known = staying


def _columns(
    shown: Mapping[str, tuple[str, ...]],
    population: _Population,
    known: npt.NDArray[np.bool_],
    catalog: Catalog,
    year: int,
) -> tuple[list[Coded], dict[str, Scale]]:
    """What is to be generalized of the known students: their quasi-identifiers, and their status last."""
    columns, scales = [], {}
    for name, tables in shown.items():
        # Nothing is shown of whom no released table has a row: that is a missing value like any other.
        seen = population.shown(known, tables)[known]
        codes, scales[name] = _scaled(catalog.hierarchies[name], population.records, year, known, seen)
        columns.append((codes, scales[name].hierarchy))
    status = population.enrolled[known].astype(np.int32)
    return [*columns, (status, STATUS)], scales


def _persons(
    result: Anonymized,
    scales: Mapping[str, Scale],
    population: _Population,
    known: npt.NDArray[np.bool_],
    notes: tuple[str, ...],
) -> Persons:
    groups = np.unique(result.codes, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return Persons(
        keys=population.records.students()[known],
        groups=groups,
        quasi={
            name: _generalized(result.codes[:, place], scale, result.levels[place])
            for place, (name, scale) in enumerate(scales.items())
        },
        k=_smallest_group(groups, population.shown(known)[known], population.release),
        notes=notes,
    )


def _smallest_group(groups: npt.NDArray[np.int64], shown: npt.NDArray[np.bool_], release: Release) -> int:
    """How many students of the smallest group have a row: counted once more, and nothing is released below k."""
    smallest = int(np.bincount(groups[shown], minlength=int(groups.max()) + 1).min())
    if smallest < release.k:
        raise NotReleasable
    return smallest


def _student_tables(release: Release, catalog: Catalog) -> tuple[str, ...]:
    return tuple(
        name for name, table in catalog.tables.items() if table.unit is Unit.STUDENT and name in release.tables
    )


def _nobody(shown: Iterable[str], release: Release) -> Persons:
    nothing = np.empty(0, np.int64)
    return Persons(nothing, nothing, {name: Quasi(nothing, (), EVERYTHING, 0) for name in shown}, release.k)


def _enough_alike(enrolled: npt.NDArray[np.bool_], present: npt.NDArray[np.bool_], k: int) -> npt.NDArray[np.bool_]:
    """Those present whose status at least k of them have."""
    alike = np.where(enrolled, np.count_nonzero(enrolled & present), np.count_nonzero(~enrolled & present))
    return present & (alike >= k)


def _scaled(
    declared: Generalization,
    records: Records,
    year: int,
    known: npt.NDArray[np.bool_],
    seen: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int32], Scale]:
    """One quasi-identifier of the known students, as far as it is seen: a code for each, and the scale of the codes."""
    if declared.source is None:
        raise ValueError(f"hierarchy {declared.name}: it is not about a person")
    exact = records.latest(declared.source, year).filter(pa.array(known))
    values, codes = encoded(pc.if_else(pa.array(seen), exact, pa.scalar(None, exact.type)))
    return codes, make_scale(declared, values, np.bincount(codes, minlength=len(values)), records.register)


def _anonymized(
    columns: Sequence[Coded],
    release: Release,
    sensitive: Sequence[npt.NDArray[np.int32]],
) -> Anonymized:
    codes, hierarchies = zip(*columns, strict=True)
    try:
        result = anonymize(codes, hierarchies, release.k, sensitive=sensitive, diversity=release.diversity)
    except NotAnonymizable:
        raise NotReleasable from None
    if result.levels[-1] > 0:
        # Only diversity can ask for that: those enrolled and the others would have to be told apart by nobody.
        raise NotReleasable
    return result


def _generalized(codes: npt.NDArray[np.int32], scale: Scale, level: int) -> Quasi:
    shown = scale.shown[level]
    words = scale.words[level]
    return Quasi(codes.astype(np.int64), shown, words, int(np.count_nonzero(codes < 0)))


def _named(name: str, catalog: Catalog) -> ColumnName:
    """A column about students; `NotInThisForm` if there is none of that name."""
    table, _, column = name.partition(".")
    known = catalog.tables.get(table)
    if known is None or known.unit is not Unit.STUDENT or column not in known.names:
        raise NotInThisForm(table, column)
    return ColumnName(table, column)
