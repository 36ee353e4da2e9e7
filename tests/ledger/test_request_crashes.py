"""Killed anywhere between a decision, its grant, its event and its letter: all of it happened, or nothing did."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.audit import Event
from governance.catalog import load_catalog
from governance.ledger import Acted, Ledger, Told
from governance.ledger.witness import Witness
from governance.requests import Act, Known, NotMoved, State
from governance.vocabulary import Grant
from tests.granting import SNAPSHOT, apply_for, decision_on
from tests.signed import CHIEF, PASSWORD, TODAY, superintendent

READING = Grant("reading", "rita", {"student": ("student_key", "sex")}, TODAY, TODAY)
KNOWN = Known(TODAY, load_catalog())
PAGE = "the page of the decision"
MOST_POINTS = 200
COUNTED = ("before_cursor_execute", "after_cursor_execute", "commit")
CHECKPOINT_STEPS = 2
"""Before the checkpoint is signed, and after it."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder in which an application waits."""
    state = tmp_path_factory.mktemp("waiting")
    with closing(Ledger.open(state / "ledger")) as ledger:
        ledger.add_person("op", "rita", 205, None)
        superintendent(ledger)
        apply_for(ledger, READING)
    return state


def decide(ledger: Ledger) -> Acted | NotMoved:
    signature = ledger.authority.sign(CHIEF, PASSWORD, TODAY)
    told = Told(decision_on(READING), page=PAGE)
    return ledger.requests.act(signature, 1, Act.APPROVE, told, KNOWN, SNAPSHOT)


def killed_at(state: Path, point: int) -> bool:
    """Decide in a process that is killed at the `point`-th step of its conversation with the store; whether it was."""
    child = os.fork()
    if child == 0:
        _decide_and_die(state, point)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _decide_and_die(state: Path, point: int) -> None:
    try:
        ledger = Ledger.open(state / "ledger")
        signature = ledger.authority.sign(CHIEF, PASSWORD, TODAY)
        _die_at(point)
        ledger.requests.act(signature, 1, Act.APPROVE, Told(decision_on(READING), page=PAGE), KNOWN, SNAPSHOT)
    finally:
        # Nothing of the test's own process may run in the child.
        os._exit(0)


def _die_at(point: int) -> None:
    steps = iter(range(1, MOST_POINTS + 1))

    def count(*_: object) -> None:
        if next(steps) == point:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in COUNTED:
        sa.event.listen(sa.Engine, name, count)
    # The last step is outside the store: the checkpoint, once everything is on the disk.
    note = Witness.note

    def noted(witness: Witness, sequence: int, digest: str, at: str) -> None:
        count()
        note(witness, sequence, digest, at)
        count()

    Witness.note = noted  # type: ignore[method-assign]


def outcome(state: Path) -> bool:
    """Whether it was decided; that nothing is half so, and that deciding again leaves one decision."""
    with closing(Ledger.open(state / "ledger")) as ledger:
        assert ledger.verify().breaks == ()
        decided = ledger.requests.get(1).case.state is State.APPROVED
        assert_whole(ledger, times=int(decided))
        done = decide(ledger)
        assert isinstance(done, Acted) and done.grant == READING.name
        assert_whole(ledger, times=1)
        assert ledger.verify().breaks == ()
    return decided


def assert_whole(ledger: Ledger, times: int) -> None:
    log = [entry.event for entry in ledger.entries()]
    assert log.count(Event.REQUEST_DECIDED) == log.count(Event.STUDY_GRANTED) == times
    assert len(ledger.studies.all_grants()) == times
    record = ledger.requests.get(1)
    assert len(record.letters) == times
    for letter in record.letters:
        assert b"Your request is approved." in ledger.documents.read(letter).content


def outcomes_at(prepared: Path, folder: Path, points: Iterable[int]) -> list[bool]:
    """What was decided when it was killed there; points beyond the last step are none."""
    found = []
    for point in points:
        state = Path(shutil.copytree(prepared, folder / str(point)))
        if killed_at(state, point):
            found.append(outcome(state))
        shutil.rmtree(state)
    return found


def assert_one_turn(outcomes: list[bool]) -> None:
    """At first nothing has happened; from the commit on, everything has."""
    assert outcomes == sorted(outcomes) and outcomes[0] is False and outcomes[-1] is True


def test_killed_at_many_steps_it_happened_wholly_or_not_at_all(prepared: Path, tmp_path: Path) -> None:
    last = last_point(prepared, tmp_path)
    # The last six are before and after the commit, and the checkpoint after it.
    assert_one_turn(outcomes_at(prepared, tmp_path, [*range(1, last - 5, 12), *range(last - 5, last + 1)]))


@pytest.mark.long
def test_killed_at_every_step_it_happened_wholly_or_not_at_all(prepared: Path, tmp_path: Path) -> None:
    last = last_point(prepared, tmp_path)
    assert last > 40
    assert_one_turn(outcomes_at(prepared, tmp_path, range(1, last + 1)))


def last_point(prepared: Path, folder: Path) -> int:
    """How many steps there are, by counting those of a decision that nobody kills."""
    state = Path(shutil.copytree(prepared, folder / "counted"))
    counted = 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    with closing(Ledger.open(state / "ledger")) as ledger:
        signature = ledger.authority.sign(CHIEF, PASSWORD, TODAY)
        for name in COUNTED:
            sa.event.listen(sa.Engine, name, count)
        try:
            ledger.requests.act(signature, 1, Act.APPROVE, Told(decision_on(READING), page=PAGE), KNOWN, SNAPSHOT)
        finally:
            for name in COUNTED:
                sa.event.remove(sa.Engine, name, count)
    return counted + CHECKPOINT_STEPS
