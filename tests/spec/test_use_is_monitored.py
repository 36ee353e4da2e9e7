"""Records of those using the system are maintained, and monitored.

Every question is on record: who asked, in which capacity, for which purpose, for what, in which form, how many rows and
students were in the answer, and what was withheld. Somebody reads them: what is unusual is found by rules that stand
here, can be marked by whoever follows it up, and goes into a digest every week.

The week of these examples is that of Monday, 16 November 2026, in Connecticut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from governance.audit import Event, detail_of
from governance.ledger import Ledger, LedgerError
from governance.ledger.oversight import UseFilter
from governance.oversight.marks import Marking, whose
from governance.oversight.periods import Week
from governance.oversight.settings import OversightSettings
from governance.oversight.thresholds import Rule
from governance.oversight.use import Outcome
from governance.vocabulary import Form, Purpose
from tests.oversight.recorded import Asked, fill

SETTINGS = OversightSettings()
WEEK = Week(date(2026, 11, 16))
PERIOD = WEEK.period(SETTINGS.hours.zone)
FRIDAY = date(2026, 11, 20)
Make = Callable[..., Ledger]
NEXT_MONDAY = datetime(2026, 11, 23, 13, tzinfo=UTC)
PEOPLE = ("hill", "reed", "ross", "cody", "park", "super", "secretary")


def on(day: int, hour: int = 10, minute: int = 0) -> datetime:
    """A time of that November day, by the district's clock."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SETTINGS.hours.zone)


def some(username: str, times: int, day: int = 17, hour: int = 10, students: int = 20, **said: object) -> list[Asked]:
    who = frozenset(range(1, students + 1))
    return [Asked(username, at=on(day, hour, n % 60), students=who, **said) for n in range(times)]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    opened: list[Ledger] = []

    def ledger_of(*asked: list[Asked]) -> Ledger:
        opened.append(fill(tmp_path / f"{len(opened)}" / "ledger", [one for each in asked for one in each], PEOPLE))
        return opened[-1]

    yield ledger_of
    for ledger in opened:
        ledger.close()


def found(ledger: Ledger) -> list[tuple[str, str, str]]:
    """Rule, person, and what is said of it."""
    findings = ledger.oversight.findings(PERIOD, SETTINGS.hours, FRIDAY)
    return [(finding.rule.title, finding.username, finding.sentence) for finding in findings]


# --- the record of use


def test_the_record_of_a_use_says_who_what_why_and_what_was_withheld(make: Make) -> None:
    asked = Asked(
        "cole",
        "curriculum-office",
        on(17),
        students=frozenset(range(750)),
        form=Form.PROTECTED_STATISTICS,
        purpose=Purpose.PROGRAM_EVALUATION,
        question={
            "kind": "table",
            "table": "enrollment",
            "rows": ["grade_level"],
            "columns": ["student.sex"],
            "statistic": "count",
            "value": None,
            "where": ["school_year"],
        },
        tables=("enrollment", "student"),
        withheld=("primary: 2 cells", "complementary: 1 cells"),
    )
    (use,) = make([asked]).oversight.uses(UseFilter())
    told = {
        "who": use.username,
        "as": use.capacity,
        "for": use.purpose,
        "in form": use.form,
        "of": use.tables,
        "rows": use.rows,
        "students": use.student_count,
        "withheld": use.withheld,
        "asked": use.query,
    }
    assert told == {
        "who": "cole",
        "as": "curriculum_office",
        "for": "program evaluation",
        "in form": "protected statistics",
        "of": ("enrollment", "student"),
        "rows": 750,
        "students": 750,
        "withheld": ("primary: 2 cells", "complementary: 1 cells"),
        "asked": "count of enrollment by grade_level, student.sex, where school_year",
    }


# --- what is unusual


def test_an_ordinary_week_has_no_finding(make: Make) -> None:
    week = [some(name, 12, day) for name in ("hill", "reed", "ross", "cody") for day in (9, 16)]
    assert found(make(*week)) == []


def test_who_gets_far_more_than_the_others_of_the_capacity_is_found(make: Make) -> None:
    """The median of the others is 12 answers; no other person can move it alone."""
    ledger = make(some("reed", 10), some("ross", 12), some("cody", 30), some("hill", 90))
    assert [each for each in found(ledger) if "answers" in each[2]] == [
        (
            "more than others in the same capacity",
            "hill",
            "90 answers; the median of 3 others of the capacity is 12, and more than 52 is unusual.",
        )
    ]


def test_where_there_are_few_others_nobody_is_compared_with_them(make: Make) -> None:
    assert found(make(some("reed", 10), some("ross", 12), some("hill", 90))) == []


def test_who_gets_far_more_than_in_their_own_weeks_before_is_found(make: Make) -> None:
    before = [some("hill", 10, day, students=5) for day in (9, 2)] + [
        [Asked("hill", at=datetime(2026, 10, 27, 15, tzinfo=UTC), students=frozenset({1}))]
    ]
    ledger = make(*before, some("hill", 55, students=5))
    assert ("more than in their own past", "hill") in {each[:2] for each in found(ledger)}
    assert all("weeks of their own before" in each[2] for each in found(ledger))


def test_ten_refusals_within_one_day_are_found_and_over_two_days_not(make: Make) -> None:
    refused = {"outcome": Outcome.REFUSED}
    assert found(make(some("hill", 5, 17, **refused), some("hill", 9, 18, **refused))) == []
    ledger = make(some("hill", 10, 17, **refused))
    assert found(ledger) == [("repeated denials", "hill", "10 questions were refused on 2026-11-17.")]


def test_the_same_statistic_again_and_again_with_one_more_condition_is_found(make: Make) -> None:
    about = {"kind": "table", "table": "student", "columns": [], "statistic": "count", "value": None}
    by_sex = [{**about, "rows": ["sex"], "where": where} for where in ([], ["birth_date"], ["school_year"])]
    other = {**about, "rows": ["school_name"], "where": []}
    asked = [one for question in by_sex for one in some("hill", 4, question=question)]
    assert found(make(asked, some("hill", 11, question=other))) == [
        (
            "many near-identical statistics",
            "hill",
            "12 times count of student by sex, under conditions that differ in one column at the most.",
        )
    ]


def test_use_at_night_and_on_the_weekend_is_found_by_the_districts_clock(make: Make) -> None:
    at_night, on_saturday = some("hill", 3, 17, 23), some("hill", 2, 21, 12)
    early_in_utc_is_evening_here = some("reed", 9, 17, 19)
    assert found(make(at_night, on_saturday, early_in_utc_is_evening_here)) == [
        (
            "outside usual hours",
            "hill",
            "5 questions outside usual hours (06:00 to 20:00 on working days, America/New_York).",
        )
    ]


def test_hours_time_zone_and_days_off_are_the_districts_own(make: Make) -> None:
    document = {"oversight": {"time_zone": "America/Chicago", "days_off": [date(2026, 11, 17)]}}
    ledger = make(some("hill", 5, 17, 10))
    (finding,) = ledger.oversight.findings(PERIOD, OversightSettings.of(document).hours, FRIDAY)
    assert finding.rule is Rule.OUTSIDE_USUAL_HOURS


@pytest.mark.parametrize(
    "section",
    [{"time_zone": "Mars/Olympus"}, {"first_hour": "6"}, {"digest_to": ["nobody"]}, {"thresholds": 3}, {"days_off": 1}],
)
def test_a_setting_that_makes_no_sense_is_said_to_be_wrong(section: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\[oversight\]"):
        OversightSettings.of({"oversight": section})


# --- following it up


def test_a_finding_is_marked_on_record_and_the_marks_stay(make: Make) -> None:
    ledger = make(some("hill", 10, outcome=Outcome.REFUSED))
    (finding,) = ledger.oversight.findings(PERIOD, SETTINGS.hours, FRIDAY)
    before = ledger.newest()
    ledger.oversight.mark("super", finding.key, "hill", Marking.FOLLOWED_UP, "Asked Ms. Hill on Friday.")
    ledger.oversight.mark("super", finding.key, "hill", Marking.EXPLAINED, "A class list was not loaded yet.")
    marks = ledger.oversight.marks([finding.key])[finding.key]
    assert [(mark.marking, mark.marked_by) for mark in marks] == [
        (Marking.FOLLOWED_UP, "super"),
        (Marking.EXPLAINED, "super"),
    ]
    assert [entry.event for entry in ledger.entries(after=before)] == [Event.USE_MARKED] * 2
    assert ledger.verify().breaks == ()


def test_one_answer_can_be_marked_as_outside_the_guidelines(make: Make) -> None:
    ledger = make(some("hill", 1))
    (use,) = ledger.oversight.uses(UseFilter())
    ledger.oversight.mark("super", use.answer, "hill", Marking.OUTSIDE_GUIDELINES, "Printed, and left on the copier.")
    assert ledger.oversight.marks()[use.answer][0].marking is Marking.OUTSIDE_GUIDELINES


def test_what_a_note_says_is_not_in_the_log_for_it_may_name_a_student(make: Make) -> None:
    ledger = make(some("hill", 1))
    (use,) = ledger.oversight.uses(UseFilter())
    ledger.oversight.mark("super", use.answer, "hill", Marking.EXPLAINED, "It was about Ana Abbott.")
    assert not any("Abbott" in entry.detail for entry in ledger.entries())


REFUSED_MARKS = {
    "of one's own use": ("hill", "0" * 16, "hill", "It was me."),
    "without a note": ("super", "0" * 16, "hill", " "),
    "of nothing": ("super", "the whole of it", "hill", "?"),
    "of an answer that nobody got": ("super", "0" * 16, "hill", "?"),
    "of one's own, under the name of somebody else": ("hill", whose("hill") + "0" * 24, "reed", "It was me."),
    "of nobody": ("super", "0" * 16, "nobody", "?"),
    "with a book for a note": ("super", "0" * 16, "hill", "x" * 5_000),
}


@pytest.mark.parametrize("name", REFUSED_MARKS)
def test_a_mark_that_is_not_made_leaves_nothing(make: Make, name: str) -> None:
    ledger = make(some("hill", 1))
    actor, about, username, note = REFUSED_MARKS[name]
    before = ledger.newest()
    with pytest.raises(LedgerError):
        ledger.oversight.mark(actor, about, username, Marking.EXPLAINED, note)
    assert ledger.newest() == before and ledger.oversight.marks() == {}


# --- the weekly digest


def test_the_digest_of_a_week_is_one_page_that_can_be_read(make: Make) -> None:
    tied = [Asked("park", "principal", on(19), students=frozenset({1}), tied=True, tables=("grade", "section_staff"))]
    ledger = make(some("hill", 12, outcome=Outcome.REFUSED), some("reed", 3), tied)
    ledger.oversight.mark(
        "super", ledger.oversight.findings(PERIOD, SETTINGS.hours, FRIDAY)[0].key, "hill", Marking.EXPLAINED, "New."
    )
    digest = ledger.digests.make_due(NEXT_MONDAY, SETTINGS, FRIDAY)
    assert digest is not None and digest.content == DIGEST
    assert ledger.digests.of("2026-W47") == digest and ledger.digests.all() == [digest]


DIGEST = """\
DBIMS: use of the data system, week of November 16, 2026
========================================================
2026-11-16 through 2026-11-22, America/New_York

Use
  capacity   people  answers  refused  failed  student records by name
  principal       1        1        0       0                        1
  teacher         2        3       12       0                       60

Unusual use: to be looked at, not yet wrong
* Repeated denials
  - hill as teacher: 12 questions were refused on 2026-11-17. [explained]

Answers that tie outcomes of students to named staff (never the sole or primary portion of an evaluation)
  - 2026-11-19 10:00 park as principal, for instruction: grade, section_staff

Data reviews
  - None is due.

What stands here is in the record; the console shows each answer, and takes your marks.
"""


def test_a_week_has_one_digest_however_many_make_it(make: Make, tmp_path: Path) -> None:
    ledger = make(some("hill", 3))
    others = [Ledger.open(tmp_path / "0" / "ledger") for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda one: one.digests.make_due(NEXT_MONDAY, SETTINGS, FRIDAY), [ledger, *others]))
    for other in others:
        other.close()
    assert sum(digest is not None for digest in made) == 1
    assert ledger.digests.make_due(NEXT_MONDAY + timedelta(days=2), SETTINGS, FRIDAY) is None
    assert [detail_of(entry)["week"] for entry in ledger.entries(kinds=[Event.DIGEST_MADE])] == ["2026-W47"]


def test_a_digest_is_due_when_the_week_is_over_and_not_before(make: Make) -> None:
    ledger = make(some("hill", 3))
    on_sunday = PERIOD.until - timedelta(minutes=1)
    assert ledger.digests.make_due(on_sunday, SETTINGS, FRIDAY) is None
    first_answer = datetime(2026, 11, 17, 15, tzinfo=UTC)
    assert PERIOD.holds(first_answer)
    assert ledger.digests.make_due(PERIOD.until, SETTINGS, FRIDAY) is not None


def test_there_is_none_of_a_week_before_the_system_was_used(tmp_path: Path) -> None:
    with_nobody = Ledger.open(tmp_path / "new" / "ledger")
    assert with_nobody.digests.make_due(NEXT_MONDAY, SETTINGS, FRIDAY) is None
    with_nobody.close()


def test_it_is_sent_to_whom_the_district_names_once(make: Make) -> None:
    settings = OversightSettings.of({"oversight": {"digest_to": ["super@example.org", "clerk@example.org"]}})
    ledger = make(some("hill", 3))
    for _ in range(2):
        ledger.digests.make_due(NEXT_MONDAY, settings, FRIDAY)
    letters = list(ledger.entries(kinds=[Event.LETTER_QUEUED]))
    assert len(letters) == 2 and not any("@" in entry.detail for entry in letters)
    assert ledger.verify().breaks == ()
