"""Who the students are: names, families, backgrounds, and the latent traits that their records have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from governance.warehouse.synth import names
from governance.warehouse.synth.chance import Booleans, Floats, Ints, draw, expand, quotas, random_ten_digits, stream
from governance.warehouse.synth.files import DistrictFiles, numbered, pick
from governance.warehouse.synth.layout import Town
from governance.warehouse.synth.population import Population
from governance.warehouse.synth.school_days import number

# Shares like Connecticut's; the two smallest groups are a handful of students in a district of 750.
RACE_SHARES = (0.592, 0.215, 0.075, 0.048, 0.0613, 0.0027, 0.0012, 0.0048)
_LANGUAGES = (
    "English",
    "Spanish",
    "Portuguese",
    "Polish",
    "Haitian Creole",
    "Mandarin",
    "Urdu",
    "Albanian",
    "Vietnamese",
)
_LANGUAGE_SHARES = {
    0: (0.95, 0.0, 0.012, 0.02, 0.0, 0.0, 0.0, 0.018, 0.0),
    1: (0.5, 0.48, 0.02, 0, 0, 0, 0, 0, 0),
    2: (0.88, 0.01, 0.02, 0, 0.09, 0, 0, 0, 0),
    3: (0.5, 0, 0, 0, 0, 0.2, 0.2, 0, 0.1),
}
_MEALS = ("Free", "ReducedPrice", "FullPrice")


@dataclass
class People:
    """A town's students, by local number. `ability`, `hardship` and `absence` (a rate) are latent."""

    first: int
    keys: pa.Array
    race: Ints
    sex: Ints
    language: Ints
    household: Ints
    last_names: np.ndarray
    ability: Floats
    hardship: Floats
    absence: Floats
    conduct: Floats


def _races(rng: np.random.Generator, population: Population, household: Ints) -> Ints:
    """Exact shares among the students of the last year, families together; the small groups are never empty."""
    current = np.zeros(population.count, dtype=bool)
    latest = next(year for year in reversed(population.years) if len(year.student))
    current[latest.student] = True
    race = draw(rng, RACE_SHARES[:5], population.count)[household]
    members = np.flatnonzero(current)
    counts = quotas(RACE_SHARES, len(members))
    lacking = np.maximum(np.array([0, 0, 0, 0, 0, 2, 1, 1]) - counts, 0)
    counts = counts + lacking
    counts[0] -= lacking.sum()
    order = members[np.lexsort((members, rng.permutation(population.count)[household[members]]))]
    race[order] = _deal(rng, counts)
    return race


def _deal(rng: np.random.Generator, counts: Ints) -> Ints:
    """Each group's number so many times, the groups in a random order."""
    order = rng.permutation(len(counts))
    return np.repeat(order, counts[order])


def describe_people(seed: int, town: Town, population: Population, first: int) -> People:
    rng = stream(seed, "people", town.index)
    count = population.count
    household = np.arange(count)
    siblings = np.flatnonzero(rng.random(count) < 0.3)
    siblings = siblings[siblings > 0]
    household[siblings] = household[rng.integers(0, siblings)]
    # A brother's sister is one's own: follow everybody to the first of the family.
    while (household != household[household]).any():
        household = household[household]
    race = _races(rng, population, household)
    hardship = rng.normal(size=count)[household] * 0.85 + np.isin(race, (1, 2, 5)) * 0.55
    ability = -0.45 * hardship + rng.normal(size=count) * 0.85
    trouble = 0.4 * hardship - 0.3 * ability + rng.normal(size=count) * 0.8
    absence = np.clip(0.040 * np.exp(0.72 * trouble), 0.003, 0.55)
    conduct = rng.gamma(0.22, 1 / 0.22, size=count) * np.exp(0.35 * hardship - 0.35 * ability)
    language = np.zeros(count, dtype=np.int64)
    for group, shares in _LANGUAGE_SHARES.items():
        language = np.where(race == group, draw(rng, shares, count)[household], language)
    return People(
        first, numbered("S", np.arange(first, first + count)), race, draw(rng, (0.487, 0.508, 0.005), count), language,
        household, names.surnames(rng, race)[household], ability, hardship, absence, conduct,
    )  # fmt: skip


def _birth_dates(rng: np.random.Generator, population: Population) -> Ints:
    """Five years old by 1 January of kindergarten, Connecticut's rule; a few are a year older."""
    newest = np.array([number(date(int(year) - 5, 1, 1)) for year in population.kindergarten_year], dtype=np.int64)
    late = (rng.random(population.count) < 0.05) * 365
    return newest - rng.integers(0, 365, population.count) - late


def write_students(files: DistrictFiles, seed: int, town: Town, population: Population, people: People) -> None:
    rng = stream(seed, "students", town.index)
    count = population.count
    middle = names.given_names(rng, people.sex)
    middle[rng.random(count) < 0.25] = None
    sasid = random_ten_digits(seed, np.arange(people.first, people.first + count))
    files.write(
        "student",
        {
            "student_key": people.keys,
            "student_id": pa.array(sasid).cast(pa.string()),
            "first_name": names.text(names.given_names(rng, people.sex)),
            "middle_name": names.text(middle),
            "last_name": names.text(people.last_names),
            "birth_date": _birth_dates(rng, population),
            "sex": pick(names.SEXES, people.sex),
        },
    )
    _write_guardians(files, rng, population, people)


def _write_guardians(files: DistrictFiles, rng: np.random.Generator, population: Population, people: People) -> None:
    """One to three contacts a family; brothers and sisters have the same."""
    count = population.count
    numbers = draw(rng, (0.27, 0.67, 0.06), count)[people.household] + 1
    owner, position = expand(numbers)
    family = people.household[owner]
    source = family * 3 + position
    other_surname = rng.random(count * 3)[source] < 0.3
    last = np.where(other_surname, names.surnames(rng, np.repeat(people.race, 3))[source], people.last_names[owner])
    relation = np.array(["Mother", "Father", "Grandparent", "Guardian", "Stepparent"], dtype=object)
    kind = np.where(position == 0, draw(rng, (0.8, 0.12, 0.05, 0.03), count * 3)[source], 0)
    kind = np.where(position == 1, np.where(kind[np.maximum(np.arange(len(owner)) - position, 0)] == 1, 0, 1), kind)
    kind = np.where(position == 2, 2 + rng.integers(0, 3, count * 3)[source], kind)
    sex = np.where(kind <= 1, kind, draw(rng, (0.6, 0.4), count * 3)[source])
    # One name for each contact of a family, whichever child it is listed for.
    women, men = (names.adult_names(rng, np.full(count * 3, n))[source] for n in (0, 1))
    first = np.where(sex == 0, women, men)
    line = rng.integers(0, 10_000, count * 3)[source]
    files.write(
        "guardian",
        {
            "student_key": people.keys.take(pa.array(owner)),
            "guardian_id": numbered("G", (people.first + family) * 3 + position, 8),
            "first_name": names.text(first),
            "last_name": names.text(last),
            "relation": names.text(relation[kind]),
            "is_primary_contact": position == 0,
            "lives_with_student": (position == 0) | (rng.random(count * 3)[source] < 0.62),
            "telephone": pa.array([f"(203) 555-{n:04d}" for n in line.tolist()]),
            "email": pa.array(
                [f"{a}.{b}{n}@example.org".lower().replace("'", "") for a, b, n in zip(first, last, line, strict=True)]
            ),
        },
    )


def write_demographics(
    files: DistrictFiles,
    seed: int,
    town: Town,
    population: Population,
    people: People,
    learners: Sequence[Booleans],
) -> None:
    """One row a student and year of enrolment. `learners[y]`: who was an English learner in year y."""
    for year, is_learner in zip(population.years, learners, strict=True):
        rng = stream(seed, "demographics", town.index, year.year)
        present = np.unique(year.student)
        if not len(present):
            continue
        # Need is the family's, and wavers a little from year to year.
        need = people.hardship[present] + rng.normal(size=population.count)[people.household[present]] * 0.25
        meal = np.where(need > 0.62, 0, np.where(need > 0.42, 1, 2))
        elsewhere = rng.random(len(present)) < 0.02
        files.write(
            "student_demographic",
            {
                "student_key": people.keys.take(pa.array(present)),
                "school_year": year.year,
                "race_ethnicity": pick(names.RACES, people.race[present]),
                "home_language": pick(_LANGUAGES, people.language[present]),
                "is_english_learner": is_learner[present],
                "meal_eligibility": pick(_MEALS, meal),
                "is_homeless": (need > 1.3) & (rng.random(len(present)) < 0.1),
                "is_military_connected": rng.random(population.count)[people.household[present]] < 0.01,
                "town": pick([town.name, "Harrow Falls"], elsewhere.astype(np.int64)),
                "postal_code": pick([town.postal_code, "06999"], elsewhere.astype(np.int64)),
            },
        )
