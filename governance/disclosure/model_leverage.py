"""How much of a few persons' outcomes a fit reproduces: a bound that is proven, not searched for.

A fit projects the outcomes y onto the span of the design; H = Q Q' is that projection, Q an orthonormal basis. Who
knows the regressors learns from the coefficients the projection of y, so of a combination v'y over a set S of persons
the share v' H v of it (v of length 1); the largest over all v is the largest eigenvalue of the block H[S, S]. It is 1
exactly if some combination of regressors is zero for everybody outside S: the indicator of S, or of a part of it, in
whatever coding. Sets of few persons are too many to look at, but that eigenvalue is at most

* the trace of H[S, S], so the sum of the largest traces of so many persons; and
* the largest row sum of the norms of the blocks H[P, R], P and R in S, each weighed by w[R] / w[P] for any positive
  weights (Gershgorin, for blocks: Feingold and Varga 1962). Weights that grow with leverage suit extreme values, equal
  ones suit small groups; every choice is a proven bound, and the smallest counts.

Persons of little leverage are not compared with one another: as H is positive semidefinite, they add at most the sum
of their traces.
"""

from __future__ import annotations

import numpy as np

from governance.disclosure.model_columns import Codes, Floats
from governance.disclosure.model_rules import ModelRefusal, ModelRefused, ModelRules

# Columns of length 1 that are as close as that to repeating one another do.
TOLERANCE = 1e-8
# So many persons, those with the largest traces, are compared with one another.
COMPARED = 1_500
WEIGHT_POWERS = (0.0, 0.25, 0.5)


def orthonormal_basis(matrix: Floats, rules: ModelRules) -> tuple[Floats, Floats]:
    """Q and R: columns of length 1 that span the design's, the first in its direction; matrix = Q R."""
    length = np.sqrt(np.square(matrix).sum(axis=0))
    if not np.all(length > 0) or matrix.shape[0] < matrix.shape[1]:
        raise ModelRefused(ModelRefusal.REPEATED, rules)
    basis, triangle = np.linalg.qr(matrix / length)
    if np.linalg.svd(triangle, compute_uv=False)[-1] < TOLERANCE:
        raise ModelRefused(ModelRefusal.REPEATED, rules)
    sign = np.sign(np.diag(triangle))
    return basis * sign, sign[:, None] * triangle * length


def demand_nobody_isolated(basis: Floats, person: Codes, rules: ModelRules) -> None:
    """Refuses a design whose fit would reproduce too much of one person's, or of a few persons', outcomes."""
    if np.any(bounds_of_few(basis, person, rules.threshold - 1) >= rules.shares_of_few()):
        raise ModelRefused(ModelRefusal.ISOLATED, rules)


def bounds_of_few(basis: Floats, person: Codes, few: int) -> Floats:
    """Of every size of set from 1 to `few` persons: what the largest eigenvalue of H[S, S] is at most.

    `basis`: rows x columns, orthonormal. `person`: of each row, numbered from 0 without gaps; more than `few`.
    """
    trace = np.bincount(person, weights=np.einsum("ij,ij->i", basis, basis))
    by_trace = np.argsort(-trace, kind="stable")
    chosen = by_trace[:COMPARED]
    sizes = np.arange(1, few + 1)
    rest = sizes * (trace[by_trace[COMPARED]] if len(trace) > COMPARED else 0.0)
    norms, own = _block_norms(basis, person, chosen)
    weights = [np.asarray(trace[chosen] ** power, dtype=np.float64) for power in WEIGHT_POWERS]
    bounds = [_largest_row_sums(norms, own, weight, few) + rest for weight in weights]
    bounds.append(np.cumsum(trace[by_trace[:few]]).astype(np.float64))
    return np.asarray(np.min(bounds, axis=0), dtype=np.float64)


def _block_norms(basis: Floats, person: Codes, chosen: Codes) -> tuple[Floats, Floats]:
    """Between the chosen persons, what the norms of the blocks of H are at most; and the norms of their own blocks."""
    order = np.argsort(person, kind="stable")
    starts = np.searchsorted(person[order], np.arange(int(person.max()) + 2))
    if np.all(starts[chosen + 1] - starts[chosen] == 1):
        rows = basis[order[starts[chosen]]]
        norms = np.abs(rows @ rows.T)
        return norms, np.diag(norms).copy()
    blocks = [basis[order[starts[one] : starts[one + 1]]] for one in chosen]
    squares = np.stack([block.T @ block for block in blocks])
    flat = squares.reshape(len(chosen), -1)
    # The Frobenius norm of Q[P] Q[R]' is the root of the inner product of Q[P]' Q[P] and Q[R]' Q[R].
    norms = np.sqrt(np.maximum(flat @ flat.T, 0.0))
    return norms.astype(np.float64), np.linalg.eigvalsh(squares)[:, -1].astype(np.float64)


def _largest_row_sums(norms: Floats, own: Floats, weight: Floats, few: int) -> Floats:
    """Of every size of set the largest sum of a person's own block's norm and of the largest weighed ones beside it."""
    weight = np.maximum(weight, np.finfo(np.float64).tiny)
    beside = norms * weight / weight[:, None]
    np.fill_diagonal(beside, 0.0)
    count = min(few - 1, len(own) - 1)
    top = -np.sort(-np.partition(beside, len(own) - count, axis=1)[:, len(own) - count :], axis=1) if count else beside
    sums = own[:, None] + np.pad(np.cumsum(top[:, :count], axis=1), ((0, 0), (1, few - 1 - count)), mode="edge")
    return np.asarray(sums.max(axis=0), dtype=np.float64)
