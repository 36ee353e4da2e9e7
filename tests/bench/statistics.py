"""`python -m tests.bench.statistics [STUDENTS] [RELEASES]`: protected statistics, through the socket and in the engine.

Through the socket: a two-way table of a fresh question each time, as an office asks, whole round trip. In the engine:
one audience is told more and more, by tables of random dimensions over random parts of the population.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from dbims_sdk import errors
from governance.disclosure.cells import Contributions
from governance.disclosure.knowledge import Told
from governance.disclosure.protection import protect
from governance.disclosure.released import NotReleased, Question
from governance.disclosure.rules import Topic, rules_for
from governance.vocabulary import Capacity, Statistic
from tests.gateway.synthetic_house import make_synthetic_state, running_house

SIZES = {"school": 3, "grade": 13, "race": 7, "sex": 3, "meals": 3, "language": 6}
SHARES = {
    "race": [0.01, 0.05, 0.06, 0.2, 0.01, 0.62, 0.05],
    "sex": [0.5, 0.49, 0.01],
    "meals": [0.3, 0.1, 0.6],
    "language": [0.8, 0.1, 0.04, 0.03, 0.02, 0.01],
}


def main() -> None:
    students, releases = (int(word) for word in (*sys.argv[1:], "750", "1000")[:2])
    through_the_socket(students)
    one_audience(students, releases)
    one_table(500_000)


def through_the_socket(students: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        snapshot = make_synthetic_state(Path(folder), students)
        with running_house(snapshot.path.parents[2], snapshot) as house:
            session = house.session(sorted(house.staff_keys)[0], Capacity.CURRICULUM_OFFICE)
            taken = [timed(session, year, by) for year in (2024, 2025, 2026, 2027) for by in QUESTIONS * 3]
    show(f"tabulate through the socket, {students:,} students", taken)


QUESTIONS = (("school_name", "grade_level"), ("grade_level", "race_ethnicity"), ("school_name", "race_ethnicity"))


def timed(session, year: int, by: tuple[str, str]) -> float:
    begin = time.perf_counter()
    with contextlib.suppress(errors.NotReleased):
        session.tabulate("enrollment", rows=by[0], columns=by[1], where={"school_year": year})
    return time.perf_counter() - begin


def people(count: int) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(1)
    return {name: chance.choice(size, count, p=SHARES.get(name)) for name, size in SIZES.items()}


def ask(told: Told, people: dict[str, np.ndarray], by: list[str], chosen: np.ndarray) -> float:
    """Seconds until the table is safe, or refused; what is safe is admitted."""
    whom = np.flatnonzero(chosen)
    codes = np.stack([people[name][whom] for name in by], axis=1).astype(np.int32)
    inside, ones = np.ones(len(whom), dtype=bool), np.ones(len(whom))
    rows = Contributions(whom.astype(np.int64), whom.astype(np.int64), codes, tuple(SIZES[n] for n in by), inside, ones)
    question = Question("student", "student", Statistic.COUNT, 1, rules_for(Topic.GENERAL, outside=False))
    begin = time.perf_counter()
    try:
        protect(rows, question, told).admit(told)
    except NotReleased:
        ask.refused += 1
    return time.perf_counter() - begin


ask.refused = 0


def one_audience(students: int, releases: int) -> None:
    everybody, told, chance = people(students), Told(), np.random.default_rng(2)
    taken = []
    for _ in range(releases):
        by = list(chance.choice(list(SIZES), 2, replace=False))
        other = chance.choice([name for name in SIZES if name not in by])
        value = chance.integers(0, SIZES[other])
        taken.append(ask(told, everybody, by, (everybody[other] == value) ^ (chance.random() < 0.5)))
    half = releases // 2
    show(f"question 1-{half} of one audience, {students:,} persons", taken[:half])
    show(f"question {half + 1}-{releases}", taken[half:])
    print(
        f"  answered {told.of('student').answers:,}, refused {ask.refused:,}; "
        f"groups told {len(told.of('student').printed):,}"
    )


def one_table(students: int) -> None:
    everybody = people(students)
    whole = np.ones(students, dtype=bool)
    show(f"two-way table in the engine, {students:,} persons",
         [ask(Told(), everybody, ["school", "race"], whole) for _ in range(5)])  # fmt: skip


def show(what: str, taken: list[float]) -> None:
    ordered = np.array(sorted(taken)) * 1000
    print(f"{what}: median {np.median(ordered):.0f} ms, p95 {np.quantile(ordered, 0.95):.0f}, "
          f"max {ordered[-1]:.0f}, last {taken[-1] * 1000:.0f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
