"""What a table of statistics shows, and what it does not: the exact table, the request, the table that is released.

Each example is one school's or district's exact counts, as an office asks for them. `*` is a cell that is not shown.
Fewer than 6 students are never shown; what would give such a cell back is not shown either.
"""

from __future__ import annotations

import numpy as np
import pytest

from governance.disclosure.cells import Contributions
from governance.disclosure.knowledge import Told
from governance.disclosure.protection import protect
from governance.disclosure.released import NotReleased, Protected, Question
from governance.disclosure.rules import Topic, rules_for
from governance.vocabulary import Statistic


class Office:
    """One audience. It asks about students who are counted in an exact table; each cell's students are consecutive."""

    def __init__(self, table: str) -> None:
        rows = [[int(word) for word in line.split()] for line in table.strip().splitlines()]
        self.counts = np.array(rows)
        places = np.argwhere(self.counts >= 0)
        self.codes = np.repeat(places, self.counts.ravel(), axis=0).astype(np.int32)
        self.told = Told()

    def ask(
        self, axes: tuple[int, ...] = (0, 1), *, without: tuple[int, ...] = (), topic: Topic = Topic.GENERAL
    ) -> str:
        """The table by the axes (0: the rows of the exact table, 1: its columns), without some students; as text."""
        students = np.setdiff1d(np.arange(len(self.codes)), without)
        ones = np.ones(len(students))
        sizes = tuple(self.counts.shape[axis] for axis in axes)
        codes = self.codes[students][:, list(axes)]
        given = Contributions(students, students, codes, sizes, ones.astype(bool), ones)
        question = Question("student", "student", Statistic.COUNT, len(axes) - 1, rules_for(topic, outside=False))
        released = protect(given, question, self.told)
        released.admit(self.told)
        return drawn(released)


def drawn(released: Protected) -> str:
    width = released.shape[-1]
    lines = [released.texts[start : start + width] for start in range(0, len(released.texts), width)]
    return "\n".join(" ".join(f"{cell:>3}" for cell in line) for line in lines)


def same(shown: str, expected: str) -> bool:
    return [line.split() for line in shown.splitlines()] == [line.split() for line in expected.strip().splitlines()]


def test_where_nobody_is_few_everything_is_shown() -> None:
    shown = Office("40 30\n20 60").ask()
    assert same(shown, "40 30 70 \n 20 60 80 \n 60 90 150")


def test_a_small_cell_needs_others_hidden_in_its_row_and_its_column() -> None:
    # With the three alone hidden, a total less what is shown of its row would tell them.
    shown = Office("3 20 30\n40 50 60\n70 80 90").ask()
    lines = [line.split() for line in shown.splitlines()]
    hidden = {(row, column) for row, line in enumerate(lines) for column, cell in enumerate(line) if cell == "*"}
    assert (0, 0) in hidden
    assert len(hidden) == 4
    assert all(sum(at[axis] == place for at in hidden) != 1 for axis in (0, 1) for place in range(4))


def test_an_empty_cell_is_shown_and_hides_nobody() -> None:
    shown = Office("0 20 4\n30 0 40\n50 60 0").ask()
    lines = [line.split() for line in shown.splitlines()]
    assert [lines[0][0], lines[1][1], lines[2][2]] == ["0", "0", "0"]
    assert lines[0][2] == "*"


def test_what_was_shown_before_counts_with_it() -> None:
    office = Office("50 40\n30 20")
    assert same(office.ask((0,)), "90 50 140")
    # 87 of 90 would tell of the three who are left out, and so would the total.
    assert same(office.ask((0,), without=(0, 1, 2)), "* 50 *")


def test_nobody_minds_who_was_told_nothing() -> None:
    told, untold = Office("50 40\n30 20"), Office("50 40\n30 20")
    told.ask((0,))
    assert same(untold.ask((0,), without=(0, 1, 2)), "87 50 137")


def test_a_difference_of_many_is_no_secret() -> None:
    office = Office("50 40\n30 20")
    office.ask((0,))
    assert same(office.ask((0,), without=tuple(range(10))), "80 50 130")


def test_what_was_hidden_stays_hidden() -> None:
    office = Office("3 20 30\n40 50 60\n70 80 90")
    first, second = office.ask(), office.ask()
    assert first == second


def test_discipline_and_disability_are_guarded_more_closely() -> None:
    table = "8 40\n50 60"
    assert "*" not in Office(table).ask()
    assert "*" in Office(table).ask(topic=Topic.GUARDED)


def test_a_table_of_which_nothing_could_be_shown_is_not_released() -> None:
    with pytest.raises(NotReleased):
        Office("1 2\n1 1").ask()
