"""What a model must hold to leave, as numbers, and every reason why one does not.

Sources. Ten persons behind every regressor and ten residual degrees of freedom: Handbook on Statistical Disclosure
Control for Outputs (2019), and DESIGN section 3. Why a saturated model is a table in disguise: Reznek, Disclosure
Risks in Cross-Section Regression Models (2003); Ritchie, Disclosure Control of Analytical Outputs (2007). Dominance:
Hundepool et al., Statistical Disclosure Control (2012), section 4.2. The bounds on shares are ours, see `ModelRules`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from governance.vocabulary import Family

__all__ = ["Family", "ModelRefusal", "ModelRefused", "ModelRules"]


@dataclass(frozen=True)
class ModelRules:
    """The numbers of the rules.

    `threshold`: persons behind every regressor, level and cell. `residual_degrees`: persons beyond the coefficients.
    `outcomes`: persons of a group whose sum the fit gives away, who differ from its commonest outcome; of an outcome of
    two values, persons on either side in every level (the smallest count that a table shows). `dominant_two`: two
    persons with more than that share of such a sum.
    `person_share`: a fit reproduces less than that share of any one person's outcomes (their leverage).
    `group_share`: the same of any combination of the outcomes of fewer than `threshold` persons. A level of exactly
    `threshold` persons reproduces (threshold - 1) / threshold of such a combination, the indicator of fewer all of it.
    `residual_share`: at least that share of the response's variation is left unexplained.
    `certainty`: no fitted probability is as close as that to 0 or 1. `columns`: at most so many coefficients.
    `digits`: significant digits of an estimate, which is besides never given finer than a hundredth of its standard
    error, nor than one row's smallest change of outcome moves it (see `model_printed`). Coefficients are sums over the
    outcomes, and exact ones are equations: enough of them, from fits with many sets of regressors, could be solved for
    single outcomes. Rounded below what the data can tell, they cannot be solved exactly. It is the second line: what
    follows from sums over groups is weighed (see `model_weighing`).
    """

    threshold: int = 10
    residual_degrees: int = 10
    outcomes: int = 6
    dominant_two: float = 0.90
    person_share: float = 0.5
    group_share: float = 0.95
    residual_share: float = 0.001
    certainty: float = 1e-6
    columns: int = 60
    digits: int = 4

    @classmethod
    def showing(cls, smallest: int) -> ModelRules:
        """The rules of a model about a topic of which tables show no count below `smallest`."""
        usual = cls()
        return cls(threshold=max(usual.threshold, smallest), outcomes=max(usual.outcomes, smallest))

    def __post_init__(self) -> None:
        if not 3 <= self.threshold <= 1_000 or self.residual_degrees < 1 or not 2 <= self.outcomes <= self.threshold:
            raise ValueError("model rules: at least three persons behind everything, two of another outcome")
        if not 0 < self.person_share <= self.group_share < 1 or not 0 < self.dominant_two < 1:
            raise ValueError("model rules: shares lie between 0 and 1, one person's below a group's")
        if not 0 < self.residual_share < 1 or not 0 < self.certainty < 0.5 or self.columns < 1 or self.digits < 2:
            raise ValueError("model rules: no bound that switches a rule off")

    @property
    def persons(self) -> int:
        """The fewest persons any model is about."""
        return max(self.threshold, self.residual_degrees + 1)

    def shares_of_few(self) -> NDArray[np.float64]:
        """Of every size of set below the threshold, the share of its outcomes that a fit reproduces less than.

        It grows evenly from one person's to that of the largest such set.
        """
        return np.linspace(self.person_share, self.group_share, self.threshold - 1)

    def sentences(self) -> tuple[str, ...]:
        """The rules in words, for the statement of protection."""
        return (
            f"At least {self.threshold} persons carry every regressor, level and combination of levels, and as many "
            "do not.",
            f"At least {self.residual_degrees} more persons than coefficients.",
            f"The fit reproduces less than {self.person_share:.0%} of any one person's outcome, and less than "
            f"{self.group_share:.0%} of any combination of the outcomes of fewer than {self.threshold} persons.",
            f"In every group whose sum follows from the fit, {self.outcomes} persons or more differ from the commonest "
            f"outcome, and no two make up {self.dominant_two:.0%} of the sum.",
            f"In every level, {self.outcomes} persons or more have an outcome of two values, and lack it, or nobody.",
            f"Estimates are rounded to {self.digits} significant digits, and to no less than a hundredth of their "
            "standard error and what one row can change; standard errors are in steps of about a tenth.",
            "p-values, intervals and measures of fit follow from these rounded numbers, with degrees of freedom in "
            "whole tens, rounded down.",
        )


class ModelRefusal(enum.Enum):
    """Why a model is not released: what, under which rule, and what to do next.

    What the data alone decides is said in one way for none, one and nearly enough: which of them it was would be told.
    """

    FEW_PERSONS = (
        "The model is about too few persons.",
        "A model is about at least {persons} persons, and {degrees} more than it has coefficients.",
        "Ask about more persons, or with fewer regressors.",
    )
    FEW_CARRY = (
        "{subject} sets apart too few persons: a level, a value or a combination is carried by too few, or by all but "
        "too few.",
        "Every regressor, level and combination of levels is carried by at least {threshold} persons, and as many do "
        "not carry it.",
        "Leave it out, use a coarser column, or leave the small groups out with a condition on it.",
    )
    MANY_LEVELS = (
        "{subject} has too many levels.",
        "A model has at most {columns} coefficients.",
        "Use a coarser column, or without C() if it is a number.",
    )
    MANY_COLUMNS = (
        "The formula makes too many coefficients.",
        "A model has at most {columns} coefficients.",
        "Leave out regressors or interactions.",
    )
    REPEATED = (
        "The regressors repeat one another: one of them, or a level, follows from the others.",
        "Every coefficient has a value of its own.",
        "Leave one of them out; write a*b for an interaction, and each factor of a hierarchy once.",
    )
    ISOLATED = (
        "The regressors together set apart too few persons, so that the fit would give their outcomes away.",
        "The fit reproduces only a part of the outcomes of one person, and of fewer than {threshold} persons.",
        "Ask about more persons, with fewer regressors or interactions, or take log() of one with extreme values.",
    )
    EVEN_OUTCOMES = (
        "The response is the same for all, or for all but too few, or owed to one or two, in a group that the model "
        "describes.",
        "In every group whose sum follows from the fit, {outcomes} persons or more differ from the commonest outcome, "
        "and no two make up most of the sum.",
        "Use coarser groups, or a response that varies more within them.",
    )
    REPRODUCED = (
        "The regressors reproduce the response exactly, or nearly, for all or for all but too few persons.",
        "A model leaves a part of everybody's outcome unexplained.",
        "Leave out the regressor that the response is made of.",
    )
    SEPARATED = (
        "The regressors separate the two outcomes completely, or nearly, for some persons.",
        "No fitted probability is 0 or 1, or close to it.",
        "Leave out the regressor that tells the outcomes apart, or use coarser groups.",
    )
    NOT_A_NUMBER = (
        "{subject} is not a number.",
        "Responses and transformed columns are numbers, or true and false.",
        "Use another column; a regressor that is no number is written C(column).",
    )
    NOT_BINARY = (
        "The response of a logit has other values than 0 and 1.",
        "A logit explains a column of true and false, or of 0 and 1.",
        "Use another response, or an ols.",
    )
    IMPOSSIBLE = (
        "{subject} cannot be computed for every row.",
        "log() is of numbers above 0, sqrt() of numbers from 0.",
        "Leave other rows out with a condition on the column, or use it without the transform.",
    )
    NOT_FINITE = (
        "{subject} holds numbers that are infinite or too large to compute with.",
        "Numbers in a model are finite.",
        "Leave such rows out with a condition on the column.",
    )

    def __init__(self, message: str, rule: str, next_step: str) -> None:
        self.message = message
        self.rule = rule
        self.next_step = next_step


class ModelRefused(Exception):
    """A model that is not released. `subject`: the part of the formula it is about, as the formula names it."""

    def __init__(self, refusal: ModelRefusal, rules: ModelRules, subject: object = "") -> None:
        self.refusal = refusal
        self.message = refusal.message.format(subject=subject)
        self.rule = refusal.rule.format(
            persons=rules.persons,
            degrees=rules.residual_degrees,
            threshold=rules.threshold,
            columns=rules.columns,
            outcomes=rules.outcomes,
        )
        self.next_step = refusal.next_step
        super().__init__(f"{self.message} {self.rule} {self.next_step}")
