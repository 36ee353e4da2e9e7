"""Authority that cannot be delegated.

Only the Superintendent's own, recent act decides, sets levels, approves or releases. These examples are of levels;
every other act of the Superintendent's goes through the same door. Whoever tries without being the Superintendent
changes nothing, and the try is on record.

Sonia is the Superintendent, Eva the Executive Secretary, Otto the operator, Tom a teacher. Nora will succeed Sonia.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.audit import Event, detail_of
from governance.ledger import Ledger, NotTheSuperintendent, Signature, Signing
from governance.vocabulary import AccessLevel, Capacity, Employment, Regulation, Relation
from tests.signed import suitable

TODAY = date(2026, 11, 23)
TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)
PEOPLE = {"sonia": 1, "eva": 2, "otto": 3, "tom": 4, "nora": 5}
MINUTES = "Board of Education, 1 July 2026, item 4"
TOMS_LEVEL = AccessLevel("tom", Capacity.TEACHER, TODAY, relation=Relation(4))


@dataclass
class Clock:
    """A clock that tests can move."""

    seconds: float = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def minutes_later(self, minutes: float) -> None:
        self.seconds += minutes * 60


@dataclass
class Office:
    """The Superintendent's office: its ledger, and its clock."""

    ledger: Ledger
    clock: Clock
    folder: Path
    left: set[int]

    def sign(self, username: str, password: str | None = None, today: date = TODAY) -> Signature:
        return self.ledger.authority.sign(username, password or f"password of {username}", today)

    def grant(self, signature: Signature, today: date = TODAY) -> None:
        facts = suitable(Capacity.TEACHER, 4, today)
        self.ledger.levels.grant(signature, TOMS_LEVEL, facts, today)

    def install(self, username: str, today: date = TODAY) -> None:
        self.ledger.levels.install_superintendent("operator", username, MINUTES, today)

    @property
    def toms(self) -> list[Capacity]:
        return [level.capacity for level in self.ledger.levels.of("tom")]

    def refused(self, after: int = 0) -> list[tuple[str, str]]:
        """Who tried, and why it was refused, as the record has it."""
        entries = self.ledger.entries(after=after, kinds=[Event.DECISION_REFUSED])
        return [(entry.actor, detail_of(entry)["why"]) for entry in entries]


def open_ledger(folder: Path, clock: Clock, left: set[int]) -> Ledger:
    def employment(staff_key: int | None, _today: date) -> Employment:
        return Employment.NOT_EMPLOYED if staff_key in left else Employment.EMPLOYED

    return Ledger.open(folder, signing=Signing(employment=employment, clock=clock))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    clock, left = Clock(), set[int]()
    with closing(open_ledger(tmp_path / "ledger", clock, left)) as ledger:
        for username, staff_key in PEOPLE.items():
            ledger.add_person("operator", username, staff_key, f"password of {username}")
        office = Office(ledger, clock, tmp_path / "ledger", left)
        office.install("sonia", date(2026, 7, 1))
        secretary = AccessLevel("eva", Capacity.EXECUTIVE_SECRETARY, TODAY)
        facts = suitable(Capacity.EXECUTIVE_SECRETARY, 2)
        ledger.levels.grant(office.sign("sonia"), secretary, facts, TODAY)
        yield office


# --- the Superintendent's own act


def test_the_superintendent_signs_with_a_password_and_decides(office: Office) -> None:
    office.grant(office.sign("sonia"))
    assert office.toms == [Capacity.TEACHER]
    assert office.ledger.levels.of("tom")[0].signed_by == "sonia"
    newest = [(entry.event, entry.actor) for entry in office.ledger.entries()][-2:]
    assert newest == [(Event.AUTHORITY_PROVED, "sonia"), (Event.LEVEL_GRANTED, "sonia")]


# --- who cannot sign: nobody else, with whichever password


@pytest.mark.parametrize(
    ("who", "password", "why"),
    [
        ("sonia", "a wrong password", "WRONG_PASSWORD"),
        ("sonia", "password of eva", "WRONG_PASSWORD"),
        ("eva", "password of sonia", "WRONG_PASSWORD"),
        ("eva", "password of eva", "NOT_THE_SUPERINTENDENT"),
        ("otto", "password of otto", "NOT_THE_SUPERINTENDENT"),
        ("tom", "password of tom", "NOT_THE_SUPERINTENDENT"),
        ("nora", "password of nora", "NOT_THE_SUPERINTENDENT"),
    ],
    ids=[
        *("a guess", "another's password", "the secretary, knowing the Superintendent's password"),
        *("the secretary", "the operator", "a teacher", "the successor, before the day"),
    ],
)
def test_nobody_else_can_sign(office: Office, who: str, password: str, why: str) -> None:
    with pytest.raises(NotTheSuperintendent) as refused:
        office.sign(who, password)
    assert refused.value.why.name == why
    assert office.refused() == [(who, why)]


def test_somebody_who_does_not_exist_cannot_sign_and_what_they_typed_is_not_kept(office: Office) -> None:
    for typed in ("mallory", "my zebra password", "sonia ", "SONIA", ""):
        with pytest.raises(NotTheSuperintendent):
            office.sign(typed, "whatever")
    assert office.refused() == [("unknown", "WRONG_PASSWORD")] * 5
    assert not any("zebra" in entry.detail + entry.actor for entry in office.ledger.entries())


def test_no_password_is_in_the_record(office: Office) -> None:
    office.sign("sonia")
    with pytest.raises(NotTheSuperintendent):
        office.sign("eva", "a wrong password")
    text = "".join(entry.detail + entry.actor for entry in office.ledger.entries())
    assert "password of" not in text and "a wrong" not in text


def test_a_level_counts_from_its_first_day(office: Office) -> None:
    office.install("nora", TOMORROW)
    with pytest.raises(NotTheSuperintendent):
        office.sign("nora", today=TODAY)
    assert office.sign("nora", today=TOMORROW).username == "nora"


def test_a_superintendent_who_is_locked_or_has_left_cannot_sign(office: Office) -> None:
    before = office.sign("sonia")
    office.ledger.lock_person("operator", "sonia", "a lost laptop")
    with pytest.raises(NotTheSuperintendent):
        office.sign("sonia")
    with pytest.raises(NotTheSuperintendent):
        office.grant(before)
    office.ledger.unlock_person("operator", "sonia")
    office.left.add(PEOPLE["sonia"])
    with pytest.raises(NotTheSuperintendent, match="not employed"):
        office.sign("sonia")
    with pytest.raises(NotTheSuperintendent, match="not employed"):
        office.grant(before)
    assert office.toms == []


# --- a signature is good for ten minutes, where it was given, for who gave it


@pytest.mark.parametrize(("minutes", "good"), [(0, True), (9.99, True), (10, False), (60 * 24, False)])
def test_a_signature_is_good_for_ten_minutes(office: Office, minutes: float, good: bool) -> None:
    signature = office.sign("sonia")
    office.clock.minutes_later(minutes)
    for _ in range(2):
        if good:
            office.grant(signature)
        else:
            with pytest.raises(NotTheSuperintendent):
                office.grant(signature)
    assert len(office.toms) == (2 if good else 0)


def test_an_old_signature_stays_old_after_a_new_one(office: Office) -> None:
    old = office.sign("sonia")
    office.clock.minutes_later(11)
    office.grant(office.sign("sonia"))
    with pytest.raises(NotTheSuperintendent):
        office.grant(old)
    assert len(office.toms) == 1


@pytest.mark.parametrize("minutes", [0, -1, 61])
def test_no_district_can_make_signatures_last_for_ever(minutes: int) -> None:
    with pytest.raises(ValueError, match="an hour at the most"):
        Signing(timedelta(minutes=minutes))


FORGERIES: dict[str, Callable[[Signature], Any]] = {
    "none": lambda _signed: None,
    "a name": lambda _signed: "sonia",
    "a dictionary": lambda signed: {"username": "sonia", "at": signed.at, "token": signed.token},
    "the token alone": lambda signed: signed.token,
    "no token": lambda signed: replace(signed, token=""),
    "another token": lambda signed: replace(signed, token="0" * 64),
    "a shorter token": lambda signed: replace(signed, token=signed.token[:-1]),
    "another's name on it": lambda signed: replace(signed, username="eva"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_what_was_not_given_here_is_no_signature(office: Office, name: str) -> None:
    forged = FORGERIES[name](office.sign("sonia"))
    with pytest.raises(NotTheSuperintendent):
        office.grant(forged)
    assert office.toms == []
    assert [why for _, why in office.refused()] == ["NO_SIGNATURE"]


def test_a_signature_is_worth_nothing_in_another_process(office: Office) -> None:
    """Where a process has signed, its memory says so: nothing that could be taken along does."""
    program = (
        "import sys, datetime\nfrom pathlib import Path\n"
        "from governance.ledger import Ledger, Signing\nfrom governance.vocabulary import Employment\n"
        "ledger = Ledger.open(Path(sys.argv[1]), signing=Signing(employment=lambda *_: Employment.EMPLOYED))\n"
        "signed = ledger.authority.sign('sonia', 'password of sonia', datetime.date(2026, 11, 23))\n"
        "print(signed.at, signed.token)"
    )
    command = [sys.executable, "-c", program, str(office.folder)]
    at, token = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    with pytest.raises(NotTheSuperintendent):
        office.grant(Signature("sonia", at, token))
    other = open_ledger(office.folder, office.clock, office.left)
    with closing(other), pytest.raises(NotTheSuperintendent):
        other.levels.revoke(office.sign("sonia"), "eva", Capacity.EXECUTIVE_SECRETARY, TODAY)
    assert office.toms == [] and len(office.ledger.levels.of("eva")) == 1


def test_a_signature_does_not_show_its_token(office: Office) -> None:
    signature = office.sign("sonia")
    assert signature.token not in repr(signature) and signature.token not in str(signature)


# --- every act of the Superintendent's demands it


ACTS: dict[str, Callable[[Ledger, Signature], None]] = {
    "grant": lambda ledger, by: ledger.levels.grant(by, TOMS_LEVEL, suitable(Capacity.TEACHER, 4), TODAY),
    "revoke": lambda ledger, by: ledger.levels.revoke(by, "eva", Capacity.EXECUTIVE_SECRETARY, TODAY),
    "regulate": lambda ledger, by: ledger.levels.regulate(
        by, Regulation(Capacity.EXECUTIVE_SECRETARY, "discipline", TODAY), ["discipline"], TODAY
    ),
    "end_regulation": lambda ledger, by: ledger.levels.end_regulation(
        by, Capacity.EXECUTIVE_SECRETARY, "discipline", TODAY
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_a_forged_act_changes_nothing_and_is_on_record(office: Office, name: str) -> None:
    before, levels = office.ledger.newest(), office.ledger.levels.all()
    with pytest.raises(NotTheSuperintendent):
        ACTS[name](office.ledger, Signature("sonia", "2026-11-23T08:00:00+00:00", "0" * 64))
    assert office.ledger.levels.all() == levels and office.ledger.levels.regulations() == ()
    assert [entry.event for entry in office.ledger.entries(after=before)] == [Event.DECISION_REFUSED]
    assert office.refused(before) == [("sonia", "NO_SIGNATURE")]


# --- one Superintendent at a time


def test_a_successor_ends_the_former_superintendents_authority_at_once(office: Office) -> None:
    signature = office.sign("sonia")
    office.install("nora")
    with pytest.raises(NotTheSuperintendent):
        office.grant(signature)
    with pytest.raises(NotTheSuperintendent):
        office.sign("sonia")
    office.grant(office.sign("nora"))
    held = [level for level in office.ledger.levels.all() if level.capacity is Capacity.SUPERINTENDENT]
    assert [level.username for level in held] == ["nora"]


def test_installing_a_superintendent_is_on_record_with_who_did_it_and_why(office: Office) -> None:
    office.install("nora")
    [_, newest] = office.ledger.entries(kinds=[Event.SUPERINTENDENT_INSTALLED])
    detail = detail_of(newest)
    assert (newest.actor, detail["username"], detail["reason"]) == ("operator", "nora", MINUTES)


def test_the_superintendents_level_is_never_granted_not_even_by_the_superintendent(office: Office) -> None:
    deputy = AccessLevel("nora", Capacity.SUPERINTENDENT, TODAY)
    with pytest.raises(Exception, match="never delegated"):
        office.ledger.levels.grant(office.sign("sonia"), deputy, suitable(Capacity.SUPERINTENDENT, 5), TODAY)
    assert office.ledger.levels.of("nora") == ()


def test_the_operator_cannot_take_the_superintendents_password(office: Office) -> None:
    with pytest.raises(Exception, match="installed anew, on record"):
        office.ledger.set_password("operator", "sonia", "password of otto")
    signature = office.sign("sonia")
    office.ledger.levels.install_superintendent("operator", "sonia", MINUTES, TODAY, "a new password")
    with pytest.raises(NotTheSuperintendent, match="changed"):
        office.grant(signature)
    with pytest.raises(NotTheSuperintendent):
        office.sign("sonia")
    assert office.sign("sonia", "a new password").username == "sonia"


def test_whoever_decides_while_a_successor_is_installed_decides_before_it_or_not_at_all(office: Office) -> None:
    """In whichever order the acts come, the record has no act of the former after the successor's first day."""
    signature, begun = office.sign("sonia"), Flag()

    def decide(_number: int) -> bool:
        begun.set()
        try:
            office.grant(signature)
        except NotTheSuperintendent:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(decide, number) for number in range(24)]
        begun.wait()
        office.install("nora")
        decided = sum(each.result() for each in tries)
    installed = [e.sequence for e in office.ledger.entries(kinds=[Event.SUPERINTENDENT_INSTALLED])][-1]
    granted = [e.sequence for e in office.ledger.entries(kinds=[Event.LEVEL_GRANTED]) if "tom" in e.detail]
    assert len(granted) == decided == len(office.toms)
    assert all(sequence < installed for sequence in granted)
    assert len(office.refused()) == 24 - decided
    assert office.ledger.verify().breaks == ()


# --- whatever is tried


@pytest.fixture(scope="module")
def lone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with closing(open_ledger(tmp_path_factory.mktemp("lone") / "ledger", Clock(), set())) as ledger:
        ledger.add_person("operator", "sonia", 1, "password of sonia")
        ledger.levels.install_superintendent("operator", "sonia", MINUTES, TODAY)
        ledger.authority.sign("sonia", "password of sonia", TODAY)
        yield ledger


@settings(max_examples=30, deadline=None)
@given(token=st.text(max_size=70), username=st.sampled_from([*PEOPLE, "mallory", ""]))
def test_no_made_up_signature_ever_decides(lone: Ledger, token: str, username: str) -> None:
    with pytest.raises(NotTheSuperintendent):
        lone.levels.revoke(Signature(username, "2026-11-23", token), "sonia", Capacity.SUPERINTENDENT, TODAY)
    assert len(lone.levels.of("sonia")) == 1
