"""An answer together with all that its audience was told before, as one problem of suppression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from pyroaring import BitMap, FrozenBitMap

from governance.disclosure.knowledge import Draft
from governance.disclosure.readers import atoms_in, bounds_of, each_row_once
from governance.disclosure.statements import Statements
from governance.disclosure.weighed import Measure
from governance.disclosure.worlds import Floats


@dataclass(frozen=True)
class Together:
    """`before`: how many statements were printed before. `widths`: of the hazards. `low`, `high`: what earlier marks
    say of the hazards and of the groups behind them."""

    statements: Statements
    before: int
    widths: Floats
    low: Floats
    high: Floats


def together(draft: Draft, hazards: dict[FrozenBitMap, float], measure: Measure) -> Together:
    """This answer's statements, then what was printed before, then the hazards, then what else earlier marks speak of.

    Over the atoms of all these groups: what is printed of others is taken as known to the last unit.
    """
    marks = draft.known.marks
    groups = [*hazards, *(units for units in marks if units not in hazards)]
    zone = atoms_in(draft, BitMap.union(BitMap(), *draft.sets, *groups))
    before = each_row_once(draft.over_atoms(draft.known.printed, zone))
    member = sp.csr_array(sp.vstack([draft.groups[:, zone], before, draft.over_atoms(groups, zone)]))
    statements = Statements(member, draft.totals[zone], *bounds_of(draft, measure, zone))
    known = np.array([marks.get(units, (-np.inf, np.inf)) for units in groups]).reshape(-1, 2)
    # Data that were corrected since may contradict an earlier mark.
    totals = statements.values[draft.groups.shape[0] + before.shape[0] :]
    low, high = np.minimum(known[:, 0], totals), np.maximum(known[:, 1], totals)
    return Together(statements, before.shape[0], np.array(list(hazards.values())), low, high)
