"""The path of a statistic: what is on the record, who waits for whom, and what another gateway told meanwhile."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import dbims_sdk
from dbims_sdk import errors
from governance.audit import Event
from governance.disclosure.released import Protected
from governance.gateway import statistics
from governance.gateway.audiences import Audience
from governance.gateway.begun import EVALUATION_NOTICE
from governance.vocabulary import Capacity as C
from governance.vocabulary import Grant
from governance.warehouse.snapshot import Snapshot
from tests.gateway.conftest import TODAY, House
from tests.gateway.synthetic_house import make_synthetic_state, running_house
from tests.gateway.test_statistics import YEAR, exact, somebody, state_of, study_token, told
from tests.granting import give_grant

OUTCOMES = (Event.ANSWER_GIVEN, Event.ANSWER_REFUSED, Event.ANSWER_FAILED)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return make_synthetic_state(tmp_path_factory.mktemp("synthetic"), 300, seed=5)


@pytest.fixture(scope="module")
def house(snapshot: Snapshot) -> Iterator[House]:
    with running_house(state_of(snapshot), snapshot) as running:
        yield running


def study(house: House, snapshot: Snapshot, name: str, tables: dict[str, tuple[str, ...]]) -> dbims_sdk.Session:
    """A session of a study with such a grant."""
    house.token(somebody(house, 1), C.STUDY, level=False)
    username = f"user-{somebody(house, 1).lower()}"
    grant = Grant(name, username, tables, TODAY, TODAY + timedelta(days=9), snapshot=snapshot.id)
    give_grant(house.ledger, grant)
    return dbims_sdk.connect(url=house.url, token=study_token(house, username, f"study-{name}"))


def few_and_others(snapshot: Snapshot) -> list[str | None]:
    """Every race and ethnicity but one that few students have."""
    rare = exact(snapshot).drop_duplicates("student_key")["race_ethnicity"].value_counts()
    few = next(race for race, count in rare.items() if 0 < count < 6)
    return [*(race for race in rare.index if race != few), None]


# --- the record


def test_every_intent_has_exactly_one_outcome(
    house: House, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Questions of every kind, and every end that they can have."""
    before = house.ledger.newest()
    office, chief = (
        house.session(somebody(house), C.CURRICULUM_OFFICE),
        house.session(somebody(house), C.SUPERINTENDENT),
    )
    granted = study(house, snapshot, "ends", {"enrollment": ("student_key", "school_year", "grade_level")})
    year: dict[str, Any] = {"school_year": YEAR}
    math = {"academic_subject": "Mathematics"}
    questions: list[Callable[[], Any]] = [
        lambda: chief.frame("student"),
        lambda: chief.sql("SELECT count(*) FROM student"),
        lambda: chief.sql("SELECT last_name::INTEGER FROM student"),
        lambda: chief.sql("SELECT nothing FROM nowhere"),
        lambda: chief.sql("SELECT getenv('HOME')"),
        lambda: chief.explain("student", 1),
        lambda: chief.tabulate("enrollment", rows="grade_level", where=year),
        lambda: chief.tabulate("grade", rows=["section_key", "course_title"], columns=["school_year", "letter_grade"]),
        lambda: chief.tabulate(
            "discipline_action", rows=["school_name", "sex"], columns="race_ethnicity", protected=True
        ),
        lambda: office.tabulate("enrollment", rows="school_year", where=year),
        lambda: office.tabulate(
            "enrollment", rows="school_year", where={**year, "race_ethnicity": few_and_others(snapshot)}
        ),
        lambda: office.tabulate("enrollment", rows="grade_level", protected=False),
        lambda: office.tabulate("enrollment", rows="grade_level", where={"school_year": 1900}),
        lambda: office.ols("score ~ C(school_year)", "assessment_result", where=math),
        lambda: office.ols("score ~ C(race_ethnicity)", "assessment_result", where=math),
        lambda: office.logit("score ~ 1", "assessment_result", where=math),
        lambda: office.ols("score ~ 1", "assessment_result", where={"school_year": 1900}),
        lambda: granted.tabulate("enrollment", rows="grade_level"),
        lambda: granted.tabulate("enrollment", rows="school_name"),
        lambda: granted.ols("score ~ 1", "assessment_result"),
    ]
    ended: defaultdict[str, int] = defaultdict(int)
    for ask in questions:
        try:
            ask()
            ended["answered"] += 1
        except dbims_sdk.DbimsError as error:
            ended[type(error).__name__] += 1
    monkeypatch.setattr(statistics, "protect", lambda *_: 1 / 0)
    with pytest.raises(errors.InternalError):
        office.tabulate("enrollment", rows="grade_level", where=year)
    assert len(ended) >= 6 and ended["answered"] >= 6
    assert_one_outcome_each(house, before)


def assert_one_outcome_each(house: House, before: int) -> None:
    intended: list[str] = []
    outcomes: defaultdict[str, list[str]] = defaultdict(list)
    for entry in house.ledger.entries(after=before):
        if entry.event == Event.ANSWER_INTENDED:
            intended.append(json.loads(entry.detail)["answer"])
        elif entry.event in OUTCOMES:
            outcomes[json.loads(entry.detail)["answer"]].append(entry.event)
    assert intended
    assert {answer: outcomes[answer] for answer in intended if len(outcomes[answer]) != 1} == {}
    # Without an intent there are refusals only.
    assert all(outcomes[answer] == [Event.ANSWER_REFUSED] for answer in outcomes if answer not in intended)


# --- who waits for whom


def test_who_waits_for_an_audience_keeps_no_worker_from_others(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One answer to an office is weighed for long, and more wait for it than there are workers."""
    entered, gate, protect = threading.Event(), threading.Event(), statistics.protect

    def slowly(*arguments: Any) -> Any:
        entered.set()
        assert gate.wait(30)
        return protect(*arguments)

    monkeypatch.setattr(statistics, "protect", slowly)
    people = [house.session(somebody(house, number), C.BUDGET_OFFICE) for number in range(5)]
    asked = [
        threading.Thread(
            target=lambda who=who: who.tabulate("enrollment", rows="grade_level", where={"school_year": YEAR})
        )
        for who in people
    ]
    for thread in asked:
        thread.start()
    try:
        assert entered.wait(30)
        time.sleep(0.5)
        began = time.monotonic()
        assert len(house.session(somebody(house), C.SUPERINTENDENT).frame("student")) > 0
        assert time.monotonic() - began < 5
        assert sum(thread.is_alive() for thread in asked) == 5
    finally:
        gate.set()
        for thread in asked:
            thread.join()


# --- what another gateway told meanwhile


@contextlib.contextmanager
def not_caught_up(times: int) -> Iterator[list[int]]:
    """So many times, what another gateway has recorded is not seen before an answer is weighed."""
    catch_up, calls = Audience.catch_up, [0]

    def late(self: Audience, ledger: Any) -> None:
        calls[0] += 1
        if calls[0] > times:
            catch_up(self, ledger)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Audience, "catch_up", late)
        yield calls


@pytest.fixture(scope="module")
def other(house: House, snapshot: Snapshot) -> Iterator[House]:
    """Another gateway over the same state."""
    with running_house(house.state, snapshot) as running:
        yield running


def test_an_answer_that_came_second_is_weighed_again(house: House, other: House, snapshot: Snapshot) -> None:
    where = {"school_year": YEAR}
    everybody = {"rows": "school_year", "where": where}
    house.session(somebody(house), C.PERSONNEL_OFFICE).tabulate("enrollment", **everybody)
    there, before = other.session(somebody(other), C.PERSONNEL_OFFICE), told(house)
    with not_caught_up(1) as calls:
        assert there.tabulate("enrollment", **everybody).frame.notna().all(axis=None)
    assert calls[0] == 2 and told(house) == before + 1
    here = house.session(somebody(house), C.PERSONNEL_OFFICE)
    # This gateway has not seen what the other one told: the record is where it is noticed.
    with not_caught_up(1) as calls, pytest.raises(errors.NotReleased):
        here.tabulate("enrollment", rows="school_year", where={**where, "race_ethnicity": few_and_others(snapshot)})
    assert calls[0] >= 1 and told(house) == before + 1


def test_who_always_comes_second_is_told_to_try_again(house: House, other: House) -> None:
    newest = house.ledger.newest()
    question: dict[str, Any] = {"rows": "grade_level", "where": {"school_year": YEAR}}
    house.session(somebody(house, 3), C.CURRICULUM_OFFICE).tabulate("enrollment", **question)
    there, before = other.session(somebody(other, 3), C.CURRICULUM_OFFICE), told(house)
    with not_caught_up(statistics.TRIES) as calls, pytest.raises(errors.Unavailable):
        there.tabulate("enrollment", **question)
    assert calls[0] == statistics.TRIES and told(house) == before
    assert_one_outcome_each(house, newest)
    assert there.tabulate("enrollment", **question).frame.notna().any(axis=None)


def test_measures_and_models_are_remembered_when_the_gateway_starts_anew(tmp_path: Path) -> None:
    """By another gateway: the means that were told, and the models, are weighed as if it had told them itself."""
    made = make_synthetic_state(tmp_path / "other", 250, seed=3)
    state, where = state_of(made), {"academic_subject": "Mathematics", "school_year": YEAR}
    results = pq.read_table(made.table_path("assessment_result")).to_pandas()
    background = pq.read_table(made.table_path("student_demographic")).to_pandas().query("school_year == @YEAR")
    asked = results[(results["school_year"] == YEAR) & (results["academic_subject"] == "Mathematics")]
    sizes = asked.merge(background[["student_key", "home_language"]], on="student_key")["home_language"].value_counts()
    few = next(language for language, count in sizes.items() if 0 < count < 6)
    kept = {**where, "home_language": [*(language for language in sizes.index if language != few), None]}
    means: dict[str, Any] = {"rows": "school_year", "value": "score", "statistic": "mean"}
    with running_house(state, made) as first:
        session = first.session(somebody(first), C.CURRICULUM_OFFICE)
        table = session.tabulate("assessment_result", where=where, **means)
        assert table.frame.notna().all(axis=None)
        session = first.session(somebody(first), C.PERSONNEL_OFFICE)
        model = session.ols("score ~ 1", "assessment_result", where=where)
    with running_house(state, made) as second:
        office = second.session(somebody(second), C.CURRICULUM_OFFICE)
        with pytest.raises(errors.NotReleased, match="mean of score"):
            office.ols("score ~ 1", "assessment_result", where=kept)
        personnel = second.session(somebody(second), C.PERSONNEL_OFFICE)
        with pytest.raises(errors.NotReleased):
            personnel.tabulate("assessment_result", where=kept, **means)
        with pytest.raises(errors.NotReleased, match="model of assessment_result"):
            personnel.ols("score ~ 1", "assessment_result", where=kept)
        again = personnel.ols("score ~ 1", "assessment_result", where=where)
        assert again.terms.equals(model.terms)


# --- what models tell


def test_a_row_that_a_model_leaves_out_is_not_told(house: House, snapshot: Snapshot) -> None:
    """One grade left out of a model of the same students: their other grades keep them in."""
    grades = pq.read_table(snapshot.table_path("grade")).to_pandas().dropna(subset=["numeric_grade"])
    lowest, next_one = grades["numeric_grade"].drop_duplicates().nsmallest(2)
    above = grades[grades["numeric_grade"] > lowest]
    assert len(above) == len(grades) - 1
    assert set(above["student_key"]) == set(grades["student_key"])
    session = house.session(somebody(house, 4), C.SUPERINTENDENT)
    assert session.ols("numeric_grade ~ 1", "grade")
    with pytest.raises(errors.NotReleased, match="model of grade"):
        session.ols("numeric_grade ~ 1", "grade", where={"numeric_grade": (float(next_one), None)})


def test_models_of_a_study_hold_the_rules_of_studies(house: House, snapshot: Snapshot) -> None:
    columns = ("student_key", "school_year", "academic_subject", "score")
    session = study(house, snapshot, "scores", {"assessment_result": columns})
    model = session.ols("score ~ 1", "assessment_result", where={"academic_subject": "Mathematics"})
    assert any("In every level, 10 persons" in rule for rule in model.protection.rules)
    assert "assessment" in model.protection.policy.casefold()


# --- what leads to a column


def test_a_column_is_not_reached_by_a_key_that_is_not_granted(house: House, snapshot: Snapshot) -> None:
    """Schools are nobody's secret; which student is in which is told by the key that leads there."""
    session = study(house, snapshot, "keys", {"enrollment": ("student_key", "school_year", "grade_level")})
    before = house.ledger.newest()
    for ask in (
        lambda: session.tabulate("enrollment", rows="school_name"),
        lambda: session.tabulate("enrollment", rows="grade_level", where={"school_name": "Thomaston High School"}),
        lambda: session.ols("school_year ~ C(school_name)", "enrollment"),
    ):
        with pytest.raises(errors.UnknownColumn, match="not part of the grant"):
            ask()
    refused = list(house.ledger.entries(after=before))
    assert [entry.event for entry in refused] == [Event.ANSWER_REFUSED] * 3
    assert all(json.loads(entry.detail)["refusal"] == "COLUMN_NOT_GRANTED" for entry in refused)
    assert session.tabulate("enrollment", rows="grade_level")
    wider = study(house, snapshot, "wider", {"enrollment": ("student_key", "school_key", "school_year")})
    assert wider.tabulate("enrollment", rows="school_name")


# --- what an answer is


def test_rows_by_name_are_called_what_they_are(house: House) -> None:
    """The personnel office sees students as nobody, and staff by name."""
    session = house.session(somebody(house), C.PERSONNEL_OFFICE)
    staff, students = session.frame("staff").attrs["dbims"], session.frame("student").attrs["dbims"]
    assert (staff["form"], staff["unprotected"]) == ("scoped rows", True)
    assert (students["form"], students["unprotected"]) == ("de-identified rows", False)
    listed = session.tables().to_frame().set_index("name")["form"]
    assert listed["staff"] == "scoped rows" and listed["student"] == "de-identified rows"
    both = session.sql("SELECT count(*) AS n FROM staff, student").attrs["dbims"]
    assert (both["form"], both["unprotected"]) == ("de-identified rows", True)


def test_outcomes_beside_named_staff_carry_the_policys_notice(house: House) -> None:
    session = house.session(somebody(house), C.SUPERINTENDENT)
    before = house.ledger.newest()
    tied = session.sql(
        "SELECT staff_key, avg(numeric_grade) AS mean FROM section_staff JOIN grade USING (section_key) GROUP BY ALL"
    )
    assert tied.attrs["dbims"]["notice"] == EVALUATION_NOTICE
    (intended,) = (entry for entry in house.ledger.entries(after=before) if entry.event == Event.ANSWER_INTENDED)
    assert json.loads(intended.detail)["ties_outcomes_to_staff"] is True
    for plain in (session.frame("grade"), session.frame("section_staff")):
        assert plain.attrs["dbims"]["notice"] is None


def test_what_was_half_admitted_is_forgotten_and_caught_up_with(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is on the record, and counts as told, though nobody got it."""
    session = house.session(somebody(house, 2), C.SUPERINTENDENT)
    question: dict[str, Any] = {"rows": "grade_level", "where": {"school_year": YEAR}, "protected": True}
    first = session.tabulate("enrollment", **question)
    before, admit = told(house), Protected.admit
    monkeypatch.setattr(Protected, "admit", lambda *_: 1 / 0)
    with pytest.raises(errors.InternalError):
        session.tabulate("enrollment", **question)
    monkeypatch.setattr(Protected, "admit", admit)
    again = session.tabulate("enrollment", **question)
    assert again.texts.equals(first.texts)
    assert again.protection.earlier_releases == 2 and told(house) == before + 2
