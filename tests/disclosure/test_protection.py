"""Tables asked one after the other by one audience, from rows written out here: what must not be printed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.disclosure.cells import Contributions
from governance.disclosure.knowledge import Knowledge, Told
from governance.disclosure.protection import MAX_PROTECTED_CELLS, protect
from governance.disclosure.released import NotReleased, Protected, Question
from governance.disclosure.rules import Topic, rules_for
from governance.disclosure.said import Said, sets_of
from governance.vocabulary import Statistic

REFUSED = "refused"


@dataclass
class Audience:
    """Asks tables of one population; `persons` says whom each row is about."""

    persons: np.ndarray
    told: Told = field(default_factory=Told)

    def ask(self, *dimensions, statistic=Statistic.COUNT, values=None, where=None, topic=Topic.GENERAL, columns=0):
        """The texts of the table, row by row; or that it was refused."""
        count = len(self.persons)
        codes = np.column_stack(dimensions or [np.zeros(count, dtype=np.int32)]).astype(np.int32)
        inside = np.ones(count, dtype=bool) if where is None else np.asarray(where)
        has = np.ones(count, dtype=bool) if values is None else np.isfinite(values)
        units = self.persons if values is None else np.arange(count)
        amounts = np.ones(count) if values is None else np.asarray(values, dtype=float)
        sizes = tuple(int(each) + 1 for each in codes.max(axis=0))
        rows = Contributions(self.persons[has], units[has], codes[has], sizes, inside[has], amounts[has])
        quantity = "student" if values is None else "measure"
        question = Question(quantity, "student", statistic, columns, rules_for(topic, outside=False))
        try:
            made = protect(rows, question, self.told)
        except NotReleased:
            return REFUSED
        made.admit(self.told)
        return texts(made)


def texts(made: Protected) -> list[str]:
    width = made.shape[-1]
    return [" ".join(made.texts[at : at + width]) for at in range(0, len(made.texts), width)]


def of(*counts: int) -> np.ndarray:
    """0 that many times, then 1, …"""
    return np.repeat(np.arange(len(counts)), counts)


def test_who_is_in_the_first_answer_only_is_not_taken_for_who_is_in_the_second_only() -> None:
    # Grades of 30, 30, 30 and 3: all of the last three, less two that were told, are the three.
    grade = of(30, 30, 30, 3)
    audience = Audience(np.arange(93))
    for one in (0, 1, 2):
        assert audience.ask(where=grade == one) == ["30 30"]
    assert audience.ask(where=grade > 0) == REFUSED


def test_sum_and_mean_do_not_tell_how_many_lack_a_value() -> None:
    school = of(60, 60, 60)
    score = np.random.default_rng(1).integers(2300, 2600, 180).astype(float)
    score[[5, 17]] = np.nan
    audience = Audience(np.arange(180))
    assert audience.ask(school) == ["60 60 60 180"]
    for statistic in (Statistic.SUM, Statistic.MEAN):
        shown = audience.ask(school, statistic=statistic, values=score)
        assert shown == REFUSED or (shown[0].split()[0], shown[0].split()[3]) == ("*", "*")


def test_rates_do_not_give_back_a_count_that_a_table_suppressed() -> None:
    # Four of 60, and 20 of 60: the four are suppressed, and so is what would give them back, as a rate too.
    school, yes = of(60, 60), np.r_[of(56, 4), of(40, 20)]
    audience = Audience(np.arange(120))
    assert audience.ask(school, yes)[0].split()[1] == "*"
    in_b = audience.ask(statistic=Statistic.RATE, values=yes, where=school == 1)
    assert in_b == REFUSED or in_b[0].split()[0] == "*"


def test_rates_are_of_persons_not_of_rows() -> None:
    # Three of 300, in each of seven years: 21 rows of the 2,100 are three children.
    persons = np.tile(np.arange(300), 7)
    yes = (persons < 3).astype(float)
    shown = Audience(persons).ask(statistic=Statistic.RATE, values=yes, topic=Topic.GUARDED)
    assert shown == REFUSED or "1.0" not in shown[0]


def test_a_later_table_with_a_lower_threshold_does_not_undo_an_earlier_one() -> None:
    # Seven with a disability in grades 1 to 3: 400 less 100 in grade 0, less 293 without.
    grade, disabled = of(100, 100, 100, 100), np.zeros(400, dtype=bool)
    disabled[[150, 160, 170, 250, 260, 350, 360]] = True
    questions = {
        "guarded": {"where": ~disabled & (grade > 0), "topic": Topic.GUARDED},
        "all": {},
        "grade 0": {"where": grade == 0},
    }
    for order in (("guarded", "all", "grade 0"), ("all", "grade 0", "guarded"), ("grade 0", "guarded", "all")):
        audience = Audience(np.arange(400))
        assert REFUSED in [audience.ask(**questions[name]) for name in order], order


def test_small_groups_of_general_tables_do_not_stand_against_guarded_ones() -> None:
    # Seven in grade 1 were told, as a table of grades may; whether they have a disability is another matter.
    grade, disabled = of(60, 7, 60), np.zeros(127, dtype=bool)
    disabled[:12], disabled[70:82] = True, True
    audience = Audience(np.arange(127))
    assert audience.ask(grade) == ["60 7 60 127"]
    assert audience.ask(disabled.astype(int), topic=Topic.GUARDED) == ["103 24 127"]
    assert audience.ask(grade, where=grade != 2) == ["60 7 0 67"]


@pytest.mark.parametrize("rows_of_each", [1, 2, 5])
def test_few_persons_are_few_however_many_rows_they_have(rows_of_each: int) -> None:
    # Three overlapping groups of courses and their union: what is common to all is the rows of three persons.
    persons = np.concatenate([np.tile(np.arange(60), 3), np.repeat(np.arange(3), rows_of_each)])
    course = np.concatenate([np.repeat([1, 2, 3], 60), np.full(3 * rows_of_each, 9)])
    value = np.random.default_rng(0).integers(40, 100, len(persons)).astype(float)
    audience = Audience(persons)
    asked = [(1, 9), (2, 9), (3, 9), (1, 2, 3, 9)]
    answers = [audience.ask(statistic=Statistic.SUM, values=value, where=np.isin(course, courses)) for courses in asked]
    assert REFUSED in answers


def test_marks_of_percents_do_not_give_their_counts() -> None:
    # 83.7 % of 43 are 36: of the seven others, the few and those that are not few would be one and six.
    group = of(36, 1, 6)
    audience = Audience(np.arange(43))
    shown = audience.ask(group, statistic=Statistic.PERCENT)
    assert shown == REFUSED or shown[0].split(" %")[0] != "83.7"


def test_a_table_of_too_many_cells_is_refused_before_it_is_weighed() -> None:
    side = int(MAX_PROTECTED_CELLS**0.5) + 1
    audience = Audience(np.arange(side * side))
    assert audience.ask(np.repeat(np.arange(side), side), np.tile(np.arange(side), side)) == REFUSED


@given(st.integers(0, 2**32), st.integers(1, 6))
@settings(max_examples=100, deadline=None)
def test_atoms_are_the_units_that_no_statement_tells_apart(seed: int, answers: int) -> None:
    chance, units = np.random.default_rng(seed), np.arange(40)
    known, all_sets = Knowledge("student"), []
    for _ in range(answers):
        who = np.sort(chance.choice(units, chance.integers(2, 40), replace=False))
        # Everybody of an answer is in its total.
        member = np.vstack([np.ones(len(who), dtype=bool), chance.random((chance.integers(0, 3), len(who))) < 0.5])
        sets = sets_of(sp.csr_array(member.astype(np.int8)))
        draft = known.draft(Said.of_printed("student", who, who, sets, 6), np.ones(len(who)))
        known.admit(draft)
        all_sets += [frozenset(who[row].tolist()) for row in member]
    named = {unit for each in all_sets for unit in each}
    expected = {
        frozenset(other for other in named if all((unit in each) == (other in each) for each in all_sets))
        for unit in named
    }
    atoms: dict[int, set[int]] = {}
    for place, atom in enumerate(known.atom_of.tolist()):
        atoms.setdefault(atom, set()).add(int(known.keys[place]))
    found = {frozenset(group) for atom, group in atoms.items() if atom >= 0}
    assert found == expected
