"""Who reads what was told to an audience, and the worlds that keep every secret open for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from pyroaring import BitMap, FrozenBitMap

from governance.disclosure.knowledge import Draft
from governance.disclosure.said import Ints
from governance.disclosure.statements import TOLERANCE, Statements
from governance.disclosure.weighed import Mask, Measure, Weighed
from governance.disclosure.worlds import Floats, Opened, Sought, World, find_worlds, reaches, spreads

ZONE_ATOMS = 3_000
IN_DOUBT = 1.0


@dataclass(frozen=True)
class Reader:
    """An attacker: how far each secret must be `opened` for them, what they take for granted of hidden groups
    (`marks`), and the worlds that were found against them before."""

    widths: dict[FrozenBitMap, float]
    opened: Opened
    marks: dict[FrozenBitMap, tuple[float, float]]
    worlds: tuple[World, ...]


def who_reads_numbers(draft: Draft, printed: Mask) -> Reader:
    return Reader(_secrets(draft, printed), spreads, {}, draft.known.worlds)


def who_reads_marks(draft: Draft, printed: Mask) -> Reader:
    """A small cell is not empty, a complement is not small: every hidden count must still be one of two at least."""
    in_doubt = dict.fromkeys(_secrets(draft, printed), IN_DOUBT)
    return Reader(in_doubt, reaches, draft.marks(), draft.known.doubts)


def look_for_worlds(draft: Draft, printed: Mask, measure: Measure, reader: Reader) -> Weighed:
    if not reader.widths:
        return Weighed()
    names, widths = list(reader.widths), np.array(list(reader.widths.values()))
    everywhere = draft.over_atoms(names, np.arange(len(draft.atoms)))
    worlds = _that_still_hold(draft, printed, measure, reader)
    zones = list(_zones(draft, printed, names))
    for zone in zones:
        narrow = np.flatnonzero(reader.opened(worlds @ everywhere.T) < widths - TOLERANCE)
        if not len(narrow):
            break
        wanted = {names[at]: float(widths[at]) for at in narrow}
        found = _look(draft, printed, measure, reader, wanted, zone, last=zone is zones[-1])
        worlds = np.vstack([worlds, _widened(found, zone, len(draft.atoms))])
    reached = worlds @ everywhere.T
    open_by = reader.opened(reached)
    closed = np.flatnonzero(open_by < widths - TOLERANCE)
    if len(closed):
        return Weighed({names[at]: float(widths[at]) for at in closed})
    return Weighed(worlds=_as_worlds(draft, worlds, reached), checked=len(names))


def _secrets(draft: Draft, printed: Mask) -> dict[FrozenBitMap, float]:
    """All that must remain open, this answer's included, and how wide."""
    secrets = {units: width for units, width in draft.known.secrets.items() if width > 0}
    for units, shown, width in zip(draft.sets, printed, draft.said.width, strict=True):
        if not shown and width > 0:
            secrets[units] = max(float(width), secrets.get(units, 0.0))
    return secrets


def _that_still_hold(draft: Draft, printed: Mask, measure: Measure, reader: Reader) -> Floats:
    """The worlds found before that agree with what is printed and marked now, and with atoms as they are cut now."""
    worlds = np.zeros((len(reader.worlds), len(draft.atoms)))
    for row, world in enumerate(reader.worlds):
        worlds[row, draft.atom_of[world.units]] = world.changes
    low, high = bounds_of(draft, measure, np.arange(len(draft.atoms)))
    after = draft.totals + worlds
    possible = ((after >= low - TOLERANCE) & (after <= high + TOLERANCE)).all(axis=1)
    possible &= (np.abs(worlds @ draft.groups[np.flatnonzero(printed)].T) <= TOLERANCE).all(axis=1)
    if reader.marks:
        marked = draft.over_atoms(reader.marks, np.arange(len(draft.atoms)))
        down, up = _rooms(draft, reader, list(reader.marks))
        moved = worlds @ marked.T
        possible &= ((moved >= -down - TOLERANCE) & (moved <= up + TOLERANCE)).all(axis=1)
    return np.asarray(worlds[possible])


def _rooms(draft: Draft, reader: Reader, groups: list[FrozenBitMap]) -> tuple[Floats, Floats]:
    """How far each group may fall and rise for the reader."""
    ends = np.array([reader.marks.get(units, (-np.inf, np.inf)) for units in groups]).reshape(-1, 2)
    totals = np.array([draft.amounts[np.asarray(units.to_array(), dtype=np.int64)].sum() for units in groups])
    return np.maximum(totals - ends[:, 0], 0.0), np.maximum(ends[:, 1] - totals, 0.0)


def _look(
    draft: Draft,
    printed: Mask,
    measure: Measure,
    reader: Reader,
    wanted: dict[FrozenBitMap, float],
    zone: Ints,
    *,
    last: bool,
) -> Floats:
    """Worlds (worlds × zone) that open what is wanted, changing nothing outside of the zone."""
    rows = each_row_once(draft.over_atoms(draft.all_printed(printed), zone))
    groups = [*wanted, *(units for units in reader.marks if units not in wanted)]
    member = sp.csr_array(sp.vstack([rows, draft.over_atoms(groups, zone)]))
    statements = Statements(member, draft.totals[zone], *bounds_of(draft, measure, zone))
    down, up = (np.r_[np.zeros(rows.shape[0]), room] for room in _rooms(draft, reader, groups))
    widths = np.r_[list(wanted.values()), np.zeros(len(groups) - len(wanted))]
    shown = np.arange(member.shape[0]) < rows.shape[0]
    return find_worlds(Sought(statements, shown, down, up, widths, reader.opened), last=last)


def _widened(found: Floats, zone: Ints, atoms: int) -> Floats:
    worlds = np.zeros((len(found), atoms))
    worlds[:, zone] = found
    return worlds


def _as_worlds(draft: Draft, worlds: Floats, reached: Floats) -> tuple[World, ...]:
    """Those that take some secret furthest; the others are not needed."""
    if not len(worlds):
        return ()
    needed = np.unique([reached.argmax(axis=0), reached.argmin(axis=0)])
    moved = [np.flatnonzero(worlds[at]) for at in needed]
    return tuple(World(draft.atoms[atoms], worlds[at, atoms]) for at, atoms in zip(needed, moved, strict=True))


def _zones(draft: Draft, printed: Mask, names: list[FrozenBitMap]) -> Iterator[Ints]:
    """Where worlds are looked for: first among what this answer does not show, then among all that was not shown, then
    everywhere: what no answer ever told apart may also be exchanged. Where that is too much, among the smallest printed
    groups of those who were not shown: who leaves one of these is replaced from the same.

    What is found in a part is feasible in the whole, so a smaller zone never shows a secret wider than it is.
    """
    hidden = [units for units, shown in zip(draft.sets, printed, strict=True) if not shown]
    near = atoms_in(draft, BitMap.union(BitMap(), *hidden))
    wide = atoms_in(draft, BitMap.union(BitMap(), *hidden, *names, *draft.known.secrets))
    yield near
    for zone in (wide, _around(draft, printed, wide)):
        if len(near) < len(zone) <= ZONE_ATOMS:
            yield zone
            near = zone


def _around(draft: Draft, printed: Mask, atoms: Ints) -> Ints:
    """All atoms; of too many, those of the smallest printed groups that have some of `atoms`."""
    if len(draft.atoms) <= ZONE_ATOMS:
        return np.arange(len(draft.atoms))
    groups = sorted(draft.all_printed(printed), key=len)
    member = draft.over_atoms(groups, np.arange(len(draft.atoms)))
    wanted = np.zeros(len(draft.atoms))
    wanted[atoms] = 1.0
    zone = wanted > 0
    for row in np.flatnonzero(member @ wanted):
        wider = zone.copy()
        wider[member.indices[member.indptr[row] : member.indptr[row + 1]]] = True
        if wider.sum() <= ZONE_ATOMS:
            zone = wider
    return np.flatnonzero(zone)


def atoms_in(draft: Draft, units: BitMap) -> Ints:
    atoms = draft.atom_of[np.asarray(units.to_array(), dtype=np.int64)]
    return np.unique(atoms[atoms >= 0])


def bounds_of(draft: Draft, measure: Measure, zone: Ints) -> tuple[Floats, Floats]:
    if measure.counts:
        return np.zeros(len(zone)), np.full(len(zone), np.inf)
    weights, totals = draft.weights[zone], draft.totals[zone]
    return np.minimum(weights * measure.low, totals), np.maximum(weights * measure.high, totals)


def each_row_once(rows: sp.csr_array) -> sp.csr_array:
    """Every different row once, and none that is empty."""
    rows.sort_indices()
    seen = {
        rows.indices[rows.indptr[at] : rows.indptr[at + 1]].tobytes(): at
        for at in range(rows.shape[0])
        if rows.indptr[at] < rows.indptr[at + 1]
    }
    return sp.csr_array(rows[sorted(seen.values())])
