"""The fewest further statements to suppress, so that no secret can be worked out of what is printed.

The method is that of Fischetti and Salazar-Gonzalez (2001, Management Science 47(7)): an integer program chooses what
to suppress; each attacker's linear programs show which secrets are then too narrow; what proves it becomes an
inequality that every sufficient choice satisfies; and so on until none is too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from governance.disclosure.complementary_problem import Beliefs, NotProtectable, pose
from governance.disclosure.complementary_search import Search
from governance.disclosure.statements import TOLERANCE, Attacker, Statements, believed_room

__all__ = ["Beliefs", "Complement", "NotProtectable", "choose_complement"]

BELIEF_ROUNDS = 3


@dataclass(frozen=True)
class Complement:
    """What to suppress: targets and complements, one boolean per statement.

    `optimal` says that it is proven to be the fewest statements, and of these the smallest sum of weights (to a
    millionth of all weights); `checked` is the number of intervals verified, one per attacker and target with a width.
    """

    suppressed: NDArray[np.bool_]
    optimal: bool
    checked: int


def choose_complement(
    statements: Statements,
    targets: NDArray[np.bool_],
    candidates: NDArray[np.bool_],
    attackers: Sequence[Beliefs],
    weights: NDArray[np.float64],
    *,
    seconds: float = 0.4,
) -> Complement:
    """Suppress all targets, and the fewest candidates that make every target as wide as each attacker's `width` says.

    All arrays have one entry per statement; what is neither target nor candidate is printed. `attackers` give what is
    believed, for a choice of suppressed statements; the answer is proven for what they believe of it, by exhibiting
    two possible states of the world per target. Beliefs that vary with more than target or not cost the proof that no
    smaller answer exists.

    The answer is the same on every machine and at every run, as long as the solver is: `seconds` is turned into an
    amount of work, of which a core does about that much in that time. When it is used up, what is still missing is
    added greedily: as much time again at the most in a table of three dimensions, more in larger ones.
    Raises NotProtectable, with the targets that no choice of candidates makes wide enough.
    """
    check_shapes(statements, targets, candidates, weights)
    candidates = candidates & ~targets
    everything = targets | candidates
    assumed = [attacker(everything) for attacker in attackers]
    for _ in range(BELIEF_ROUNDS):
        problem = pose(statements, targets, candidates, assumed, weights)
        search = Search(problem, seconds)
        chosen, optimal = search.run()
        suppressed = problem.suppressed(chosen, targets, candidates)
        beliefs = [attacker(suppressed) for attacker in attackers]
        proofs = [search.proof(attack, chosen) for attack in range(len(attackers))]
        narrow = unproven(statements, targets, suppressed, beliefs, problem.system.atoms, proofs)
        if not narrow.any():
            same = all(map(alike, assumed, beliefs, [suppressed] * len(beliefs)))
            return Complement(suppressed, optimal and same, count_checked(targets, beliefs))
        assumed = beliefs
    raise NotProtectable(np.flatnonzero(narrow))


def check_shapes(
    statements: Statements,
    targets: NDArray[np.bool_],
    candidates: NDArray[np.bool_],
    weights: NDArray[np.float64],
) -> None:
    if not targets.shape == candidates.shape == weights.shape == (len(statements),):
        raise ValueError("targets, candidates and weights need one entry per statement")
    if not np.all(np.isfinite(weights)) or np.any(weights < 0):
        raise ValueError("weights are finite and not negative")


def unproven(
    statements: Statements,
    targets: NDArray[np.bool_],
    suppressed: NDArray[np.bool_],
    beliefs: Sequence[Attacker],
    atoms: NDArray[np.int64],
    proofs: Sequence[NDArray[np.float64]],
) -> NDArray[np.bool_]:
    """Which targets the exhibited changes (changes × atoms, one array per attacker) do not show to be wide enough.

    Plain arithmetic on the statements as they were given: it relies on no solver.
    """
    narrow = np.zeros(len(statements), dtype=np.bool_)
    for attacker, changes in zip(beliefs, proofs, strict=True):
        down, up = believed_room(statements, attacker, suppressed)
        own_down, own_up = (statements.amount - statements.low)[atoms], (statements.high - statements.amount)[atoms]
        moved = changes @ statements.member[:, atoms].T
        possible = np.all((moved >= -down - TOLERANCE) & (moved <= up + TOLERANCE), axis=1)
        possible &= np.all((changes >= -own_down - TOLERANCE) & (changes <= own_up + TOLERANCE), axis=1)
        span = moved[possible].max(axis=0, initial=0.0) - moved[possible].min(axis=0, initial=0.0)
        narrow |= targets & (span < attacker.width - TOLERANCE)
    return narrow


def alike(assumed: Attacker, believed: Attacker, suppressed: NDArray[np.bool_]) -> bool:
    """Whether the same is believed and asked of what is suppressed."""
    return all(
        np.array_equal(one[suppressed], other[suppressed])
        for one, other in (
            (assumed.low, believed.low),
            (assumed.high, believed.high),
            (assumed.width, believed.width),
        )
    )


def count_checked(targets: NDArray[np.bool_], beliefs: Sequence[Attacker]) -> int:
    return int(sum(np.count_nonzero(targets & (attacker.width > 0)) for attacker in beliefs))
