"""Oversight wherever the ledger is kept: use, findings, marks, disclosure records, digests and data reviews."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from governance.audit import Event
from governance.ledger import Ledger, PostgresqlServer
from governance.ledger.oversight import UseFilter
from governance.oversight.marks import Marking
from governance.oversight.periods import Week
from governance.oversight.reviews import Conclusion, Plan
from governance.oversight.settings import OversightSettings
from governance.oversight.use import Outcome
from governance.vocabulary import Capacity, Purpose
from tests.oversight.recorded import Asked, digest_of
from tests.signed import superintendent

SETTINGS = OversightSettings()
ASKED = [Asked("ann", students=frozenset({n, 7}), tied=n == 3) for n in range(30)] + [
    Asked("bob", "counselor", outcome=Outcome.REFUSED, purpose=Purpose.STUDENT_SUPPORT) for _ in range(12)
]


@pytest.fixture
def ledger(tmp_path: Path, server: PostgresqlServer | None) -> Iterator[Ledger]:
    with closing(Ledger.open(tmp_path / "ledger", server=server)) as ledger:
        ledger.add_person("op", "ann", 1, None)
        ledger.add_person("op", "bob", 2, None)
        for number, one in enumerate(ASKED):
            record(ledger, f"{number:016x}", one)
        yield ledger


def record(ledger: Ledger, answer: str, one: Asked) -> None:
    """As the gateway does; the times are those at which it happens."""
    intent = ledger.record(Event.ANSWER_INTENDED, one.username, one.intended(answer))
    detail = one.ended(answer, intent)
    if one.outcome is Outcome.GIVEN:
        assert detail.pop("students") == digest_of(one.keys)
        ledger.record_answer(one.username, detail, one.keys)
    else:
        ledger.record(one.outcome.event, one.username, detail)


def test_oversight_is_the_same_everywhere(ledger: Ledger) -> None:
    now = datetime.now(UTC)
    week = Week.of(now.astimezone(SETTINGS.hours.zone).date())
    period, today = week.period(SETTINGS.hours.zone), now.date()
    newest = ledger.oversight.uses(UseFilter(period=period), 10)
    older = ledger.oversight.uses(UseFilter(period=period), 100, newest[-1].sequence)
    assert [use.username for use in newest] == ["bob"] * 10 and len(older) == 32
    assert [use.answer for use in ledger.oversight.uses(UseFilter(tied=True))] == [f"{3:016x}"]
    assert len(ledger.oversight.uses(UseFilter(capacity=Capacity.COUNSELOR, purpose=Purpose.STUDENT_SUPPORT))) == 12
    findings = ledger.oversight.findings(period, SETTINGS.hours, today)
    (denied,) = [finding for finding in findings if finding.rule.name == "REPEATED_DENIALS"]
    following = Week(week.monday + timedelta(days=7)).period(SETTINGS.hours.zone)
    assert not [each for each in ledger.oversight.findings(following, SETTINGS.hours, today) if each.username == "ann"]
    ledger.oversight.mark("super", denied.key, "bob", Marking.EXPLAINED, "A list was not loaded.")
    assert [mark.marking for mark in ledger.oversight.marks([denied.key])[denied.key]] == [Marking.EXPLAINED]
    record_ = ledger.disclosures.show("super", 7, today)
    assert [(each.recipient.username, each.times) for each in record_.disclosures] == [("ann", 30)]
    assert ledger.disclosures.show("super", 5, today).times == 1
    assert ledger.digests.make_due(now + timedelta(days=7), SETTINGS, today) is not None
    assert ledger.digests.make_due(now + timedelta(days=7), SETTINGS, today) is None
    assert ledger.verify().breaks == ()


def test_reviews_are_the_same_everywhere(ledger: Ledger) -> None:
    today = date(2026, 11, 23)
    ledger.reviews.catch_up(["achievement", "finance"], today)
    signature = superintendent(ledger, today)
    ledger.reviews.set_plan(signature, Plan("finance", 6, Capacity.SUPERINTENDENT), today)
    for review in ledger.reviews.open():
        ledger.reviews.sign_off(signature.username, review.number, Conclusion.IN_ORDER, "Looked through.", today)
    assert [review.category for review in ledger.reviews.history()] == ["finance", "achievement"]
    due = {review.category: review.due(ledger.reviews.plan(review.category)) for review in ledger.reviews.open()}
    assert due == {"achievement": date(2027, 11, 23), "finance": date(2027, 5, 23)}
    assert ledger.verify().breaks == ()
