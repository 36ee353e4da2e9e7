"""What counts as unusual: the rules in words, and their numbers, each in one place."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Rule(enum.Enum):
    """Why a use is shown to whoever watches over the system. None of them says that anything was wrong."""

    VOLUME_AGAINST_PEERS = (
        "more than others in the same capacity",
        "Within a week, somebody got far more answers, or records of far more students, than the others of the "
        "capacity: above their median by more than several usual deviations (medians, so that no single other person "
        "moves the bar).",
    )
    VOLUME_AGAINST_OWN_PAST = (
        "more than in their own past",
        "Within a week, somebody got far more answers, or records of far more students, than in their own earlier "
        "weeks in the same capacity.",
    )
    REPEATED_DENIALS = (
        "repeated denials",
        "Within one day, many questions of one person were refused.",
    )
    NEAR_IDENTICAL_STATISTICS = (
        "many near-identical statistics",
        "Within a week, somebody asked many times for the same statistic by the same dimensions, under conditions on "
        "the same columns or on one column more or less. Small groups are protected all the same; this is how one "
        "would try to get at them.",
    )
    OUTSIDE_USUAL_HOURS = (
        "outside usual hours",
        "Questions were asked at night, on a weekend or on a day off, by the district's clock.",
    )
    GRANT_ABOUT_TO_END = (
        "a grant about to end",
        "A study's grant, or an access level, ends within a few days.",
    )

    def __init__(self, title: str, sentence: str) -> None:
        self.title = title
        self.sentence = sentence


@dataclass(frozen=True)
class Thresholds:
    """`deviations`: of the median absolute deviation, scaled to a standard deviation of ordinary spread (1.4826).

    A deviation counts as at least the floors: a share of the median, and so many answers, or records of students.
    """

    deviations: float = 4.0
    floor_of_median: float = 0.25
    floor_of_answers: float = 10.0
    floor_of_students: float = 100.0
    fewest_peers: int = 3
    past_weeks: int = 8
    fewest_past_weeks: int = 3
    denials_in_a_day: int = 10
    near_identical: int = 12
    outside_hours: int = 5
    grant_ends_within_days: int = 14

    def __post_init__(self) -> None:
        if min(vars(self).values()) <= 0:
            raise ValueError("every threshold is above zero")


THRESHOLDS = Thresholds()
