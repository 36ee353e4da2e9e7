"""Every method of oversight's parts of the ledger is known to read, or leaves its event."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from governance.audit import Event
from governance.ledger import Ledger, LedgerError
from governance.ledger.digests import Digests
from governance.ledger.disclosures import DisclosureRecords
from governance.ledger.oversight import Oversight, UseFilter
from governance.ledger.reviews import Reviews
from governance.oversight.marks import Marking, refusal_of_mark, whose
from governance.oversight.reviews import Conclusion, Review, refusal_of_sign_off, usual_plan
from governance.oversight.settings import OversightSettings
from governance.vocabulary import Capacity
from tests.oversight.recorded import Asked, fill
from tests.signed import superintendent

TODAY = date(2026, 11, 23)
MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)
READS = {
    Oversight: {"uses", "during", "findings", "marks"},
    Digests: {"all", "of"},
    Reviews: {"plan", "open", "history", "due"},
    DisclosureRecords: set(),
}
ACTS: dict[type, dict[str, tuple[Callable[[Ledger], object], list[Event]]]] = {
    Oversight: {
        "mark": (
            lambda ledger: ledger.oversight.mark(
                "super", whose("hill") + "0" * 24, "hill", Marking.EXPLAINED, "Because."
            ),
            [Event.USE_MARKED],
        ),
    },
    Digests: {
        "make_due": (
            lambda ledger: ledger.digests.make_due(MONDAY, OversightSettings(), TODAY),
            [Event.DIGEST_MADE],
        ),
    },
    Reviews: {
        "set_plan": (
            lambda ledger: ledger.reviews.set_plan(superintendent(ledger, TODAY), usual_plan("finance"), TODAY),
            [Event.REVIEW_PLANNED],
        ),
        "catch_up": (lambda ledger: ledger.reviews.catch_up(["finance"], TODAY), [Event.REVIEW_OPENED]),
        "sign_off": (
            lambda ledger: ledger.reviews.sign_off("chief", 1, Conclusion.IN_ORDER, "Looked through.", TODAY),
            [Event.REVIEW_SIGNED, Event.REVIEW_OPENED],
        ),
    },
    DisclosureRecords: {
        "show": (lambda ledger: ledger.disclosures.show("super", 7, TODAY), [Event.DISCLOSURE_RECORD_SHOWN]),
    },
}


@pytest.mark.parametrize("part", READS)
def test_every_method_is_known_to_read_or_to_leave_an_event(part: type) -> None:
    methods = {name for name in vars(part) if not name.startswith("_")}
    assert methods == READS[part] | set(ACTS[part])


@pytest.mark.parametrize(("part", "name"), [(part, name) for part, acts in ACTS.items() for name in acts])
def test_every_act_leaves_its_event(part: type, name: str, tmp_path: Path) -> None:
    act, events = ACTS[part][name]
    with closing(fill(tmp_path / "ledger", [Asked("hill", students=frozenset({7}))], ["hill"])) as ledger:
        superintendent(ledger, TODAY)
        ledger.reviews.catch_up(["discipline"], TODAY)
        before = ledger.newest()
        act(ledger)
        assert [entry.event for entry in ledger.entries(after=before)] == events
        assert ledger.verify().breaks == ()


def test_nobody_marks_their_own_answer_under_the_name_of_somebody_else(tmp_path: Path) -> None:
    asked = [Asked("hill", students=frozenset({7}))]
    with closing(fill(tmp_path / "ledger", asked, ["hill", "other"])) as ledger:
        (use,) = ledger.oversight.uses(UseFilter())
        with pytest.raises(LedgerError, match="somebody else"):
            ledger.oversight.mark("hill", use.answer, "other", Marking.EXPLAINED, "Because.")
        assert ledger.oversight.marks([use.answer]) == {}
        assert ledger.oversight.mark("other", use.answer, "hill", Marking.EXPLAINED, "Because.").username == "hill"


@pytest.mark.parametrize("text", ["a\x00b", "a\x1b[2Jb", "a\u202eb"])
def test_notes_and_findings_hold_no_control_characters(text: str) -> None:
    assert "control characters" in str(refusal_of_mark("super", "0" * 16, "hill", text))
    review = Review(1, "finance", TODAY)
    held = [Capacity.SUPERINTENDENT]
    assert "control characters" in str(refusal_of_sign_off(review, Capacity.BUDGET_OFFICE, held, text))
    assert refusal_of_sign_off(review, Capacity.BUDGET_OFFICE, held, "One line,\r\nand\tanother.") is None
