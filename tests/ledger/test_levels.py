"""Levels, regulations and authority in the ledger: what each act leaves behind, and that they are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from governance.audit import Event
from governance.ledger import Ledger, LedgerError
from governance.ledger.authority import Authority
from governance.ledger.levels import Levels
from governance.vocabulary import AccessLevel, Capacity, Regulation, Relation
from tests.signed import CHIEF, PASSWORD, TODAY, grant, install, revoke, suitable, superintendent

BEGIN = date(2026, 9, 1)
NARROWING = Regulation(Capacity.TEACHER, "discipline", BEGIN)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        ledger.add_person("op", "alice", 5, "a good password")
        ledger.add_person("op", "zoe", None, "another password")
        grant(ledger, "alice", Capacity.PRINCIPAL, BEGIN)
        ledger.levels.regulate(superintendent(ledger), NARROWING, ["discipline"], TODAY)
        yield ledger


def regulate(ledger: Ledger) -> None:
    ledger.levels.regulate(superintendent(ledger), NARROWING, ["discipline"], TODAY)


def end_regulation(ledger: Ledger) -> None:
    ledger.levels.end_regulation(superintendent(ledger), Capacity.TEACHER, "discipline", TODAY)


ACTS: dict[str, tuple[Callable[[Ledger], object], list[Event]]] = {
    "sign": (lambda ledger: ledger.authority.sign(CHIEF, PASSWORD, TODAY), [Event.AUTHORITY_PROVED]),
    "grant": (lambda ledger: grant(ledger, "alice", Capacity.TEACHER, BEGIN), [Event.LEVEL_GRANTED]),
    "revoke": (lambda ledger: revoke(ledger, "alice", Capacity.PRINCIPAL), [Event.LEVEL_REVOKED]),
    "regulate": (regulate, [Event.LEVEL_REGULATED]),
    "end_regulation": (end_regulation, [Event.REGULATION_ENDED]),
    "install_superintendent": (
        lambda ledger: install(ledger, "zoe"),
        [Event.PASSWORD_SET, Event.LEVEL_REVOKED, Event.SUPERINTENDENT_INSTALLED],
    ),
}
READS = {"of", "all", "regulations", "employment"}
WITHIN_ANOTHER_ACT = {"demand", "deciding"}


def test_every_method_is_known_to_read_or_to_leave_an_event() -> None:
    methods = {name for part in (Levels, Authority) for name in vars(part) if not name.startswith("_")}
    assert methods == READS | WITHIN_ANOTHER_ACT | set(ACTS)


@pytest.mark.parametrize("name", ACTS)
def test_every_act_leaves_its_events(ledger: Ledger, name: str) -> None:
    act, events = ACTS[name]
    before = ledger.newest()
    act(ledger)
    assert [entry.event for entry in ledger.entries(after=before)] == events
    assert ledger.verify().breaks == ()


def test_a_persons_standing_is_who_they_are_and_what_they_hold(ledger: Ledger) -> None:
    level = grant(ledger, "alice", Capacity.COUNSELOR, BEGIN, date(2027, 6, 30))
    assert ledger.standing("alice") == (ledger.person("alice"), ledger.levels.of("alice"))
    assert ledger.levels.of("alice")[-1] == AccessLevel(
        "alice", Capacity.COUNSELOR, BEGIN, date(2027, 6, 30), Relation(5), CHIEF
    )
    assert level.relation == Relation(5)
    revoke(ledger, "alice", Capacity.COUNSELOR)
    assert [held.capacity for held in ledger.standing("alice")[1]] == [Capacity.PRINCIPAL]
    assert (ledger.standing("zoe"), ledger.standing("nobody")) == ((ledger.person("zoe"), ()), (None, ()))


def test_a_lock_is_part_of_who_somebody_is(ledger: Ledger) -> None:
    ledger.lock_person("op", "alice", "a lost laptop")
    for found in (ledger.person("alice"), ledger.standing("alice")[0], ledger.people()[0]):
        assert found is not None and (found.username, found.locked) == ("alice", True)
    assert not ledger.verify_password("alice", "a good password")
    ledger.unlock_person("op", "alice")
    assert ledger.verify_password("alice", "a good password")
    assert len(ledger.levels.of("alice")) == 1


@pytest.mark.parametrize(
    "act",
    [
        lambda ledger: ledger.levels.grant(
            superintendent(ledger), AccessLevel("nobody", Capacity.OPERATOR, BEGIN), None, TODAY
        ),
        lambda ledger: ledger.levels.grant(
            superintendent(ledger),
            AccessLevel("alice", Capacity.TEACHER, BEGIN, relation=Relation(6)),
            suitable(Capacity.TEACHER, 6),
            TODAY,
        ),
        lambda ledger: revoke(ledger, "alice", Capacity.TEACHER),
        lambda ledger: revoke(ledger, "nobody", Capacity.TEACHER),
        lambda ledger: ledger.levels.regulate(superintendent(ledger), NARROWING, ["student"], TODAY),
        lambda ledger: ledger.levels.end_regulation(superintendent(ledger), Capacity.TEACHER, "student", TODAY),
        lambda ledger: ledger.levels.install_superintendent("op", "zoe", "", TODAY),
        lambda ledger: ledger.levels.install_superintendent("op", "nobody", "minutes", TODAY),
        lambda ledger: ledger.set_password("op", CHIEF, "a password of the operator's"),
    ],
    ids=[
        *("to nobody", "by somebody else's facts", "none held", "of nobody", "no such category"),
        *("no such regulation", "no reason", "nobody installed", "the Superintendent's password"),
    ],
)
def test_a_refused_act_changes_and_records_nothing(ledger: Ledger, act: Callable[[Ledger], object]) -> None:
    before = (ledger.newest(), ledger.levels.all(), ledger.levels.regulations())
    with pytest.raises(LedgerError):
        act(ledger)
    assert (ledger.newest(), ledger.levels.all(), ledger.levels.regulations()) == before


def test_installing_without_a_password_to_sign_with_changes_nothing(ledger: Ledger) -> None:
    ledger.add_person("op", "external", None, None)
    before = ledger.newest()
    with pytest.raises(LedgerError, match="--new-password"):
        ledger.levels.install_superintendent("op", "external", "minutes", TODAY)
    assert ledger.newest() == before
    assert ledger.authority.sign(CHIEF, PASSWORD, TODAY).username == CHIEF
