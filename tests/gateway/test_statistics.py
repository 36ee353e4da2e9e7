"""Statistics and de-identified rows as they reach a notebook: protected, recorded, and weighed against all before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

import dbims_sdk
from dbims_sdk import errors
from governance.gateway.peers import own_network
from governance.session_tokens import SessionTokens
from governance.vocabulary import Capacity as C
from governance.vocabulary import Employment, Grant, Identity, Purpose
from governance.warehouse.snapshot import Snapshot
from governance.warehouse.staff_facts import StaffRegisters
from tests.gateway.conftest import TODAY, House
from tests.gateway.synthetic_house import make_synthetic_state, running_house
from tests.granting import end_grant, give_grant

YEAR = 2027
STUDENTS = 400


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return make_synthetic_state(tmp_path_factory.mktemp("synthetic"), STUDENTS)


@pytest.fixture(scope="module")
def house(snapshot: Snapshot) -> Iterator[House]:
    with running_house(state_of(snapshot), snapshot) as running:
        yield running


def state_of(snapshot: Snapshot) -> Path:
    return snapshot.path.parents[2]


def somebody(house: House, number: int = 0) -> str:
    """One of those employed today."""
    staff = StaffRegisters(house.state / "warehouse")
    employed = (name for name, key in house.staff_keys.items() if staff.employment(key, TODAY) is Employment.EMPLOYED)
    return sorted(employed)[number]


@pytest.fixture
def office(house: House) -> dbims_sdk.Session:
    return house.session(somebody(house), C.CURRICULUM_OFFICE)


def told(house: House) -> int:
    """How many releases the ledger holds."""
    store = sa.create_engine(f"sqlite:///{house.state / 'ledger' / 'ledger.sqlite'}")
    with store.connect() as connection:
        found = connection.execute(sa.text("SELECT count(*) FROM statistic_release")).scalar_one()
    store.dispose()
    return int(found)


def exact(snapshot: Snapshot) -> pd.DataFrame:
    """This year's enrolments with what the tests ask by, straight from the snapshot's files."""
    enrollment = pq.read_table(snapshot.table_path("enrollment")).to_pandas()
    school = pq.read_table(snapshot.table_path("school")).to_pandas()
    background = pq.read_table(snapshot.table_path("student_demographic")).to_pandas()
    rows = enrollment.merge(school[["school_key", "school_name"]], on="school_key")
    rows = rows.merge(background[["student_key", "school_year", "race_ethnicity"]], on=["student_key", "school_year"])
    return rows[rows["school_year"] == YEAR]


# --- tables


def test_what_is_shown_is_exact_and_what_is_small_is_not_shown(office: dbims_sdk.Session, snapshot: Snapshot) -> None:
    table = office.tabulate("enrollment", rows="school_name", columns="race_ethnicity", where={"school_year": YEAR})
    rows = exact(snapshot)
    small = 0
    for school, race in [(s, r) for s in table.frame.index for r in table.frame.columns]:
        chosen = rows[(rows.school_name == school) | (school == "Total")]
        count = chosen[(chosen.race_ethnicity == race) | (race == "Total")]["student_key"].nunique()
        shown, why = table.frame.loc[school, race], table.reasons.loc[school, race]
        assert (why is not None) == pd.isna(shown)
        assert pd.isna(shown) or shown == count
        if 0 < count < 6:
            small += 1
            assert why == "primary"
    assert small


def test_no_number_beside_a_protected_table_or_model_is_exact(office: dbims_sdk.Session) -> None:
    table = office.tabulate("enrollment", rows="school_name", where={"school_year": YEAR, "grade_level": ["KG", "01"]})
    assert table.frame.attrs["dbims"]["students"] is None
    assert table.frame.attrs["dbims"]["rows"] == table.texts.size
    model = office.ols("numeric_grade ~ C(school_year)", "grade")
    assert model.observations % 10 == 0 and model.students % 10 == 0
    # Likelihoods give back how many have an outcome. That nothing else does: `tests/disclosure/test_models_counts.py`.
    assert not [name for name in model.fit if "likelihood" in name or name == "aic"]


def test_the_same_question_gets_the_same_answer(office: dbims_sdk.Session) -> None:
    first, second = (office.tabulate("enrollment", rows="grade_level", where={"school_year": YEAR}) for _ in range(2))
    pd.testing.assert_frame_equal(first.texts, second.texts)


def test_two_questions_that_differ_by_few_students_are_not_both_answered(house: House, snapshot: Snapshot) -> None:
    session = house.session(somebody(house), C.BUDGET_OFFICE)
    rows = exact(snapshot).drop_duplicates("student_key")
    rare = rows["race_ethnicity"].value_counts()
    few = [race for race, count in rare.items() if 0 < count < 6]
    everybody = session.tabulate("enrollment", rows="school_year", where={"school_year": YEAR})
    assert everybody.frame.notna().all(axis=None)
    others = [race for race in rare.index if race != few[0]]
    with pytest.raises(errors.NotReleased):
        session.tabulate(
            "enrollment", rows="school_year", where={"school_year": YEAR, "race_ethnicity": [*others, None]}
        )


def test_what_was_told_is_remembered_when_the_gateway_starts_anew(tmp_path: Path) -> None:
    other = make_synthetic_state(tmp_path / "other", 200, seed=3)
    state = state_of(other)
    rows = exact(other).drop_duplicates("student_key")
    where = {"school_year": YEAR}
    with running_house(state, other) as house:
        session = house.session(somebody(house), C.CURRICULUM_OFFICE)
        session.tabulate("enrollment", rows="school_year", where=where)
    rare = rows["race_ethnicity"].value_counts()
    few = next(race for race, count in rare.items() if 0 < count < 6)
    with running_house(state, other) as house:
        session = house.session(somebody(house), C.CURRICULUM_OFFICE)
        kept = [race for race in rare.index if race != few]
        with pytest.raises(errors.NotReleased):
            session.tabulate("enrollment", rows="school_year", where={**where, "race_ethnicity": [*kept, None]})


def test_two_at_once_cannot_both_slip_through(house: House, snapshot: Snapshot) -> None:
    """Everybody, and everybody but a few, asked for at the same time, over and over."""
    session = house.session(somebody(house), C.PERSONNEL_OFFICE)
    rare = exact(snapshot).drop_duplicates("student_key")["race_ethnicity"].value_counts()
    few = next(race for race, count in rare.items() if 0 < count < 6)
    kept = [race for race in rare.index if race != few]
    questions: list[dict[str, Any]] = [{"school_year": YEAR}, {"school_year": YEAR, "race_ethnicity": [*kept, None]}]
    answered: list[bool] = [False, False]
    before = told(house)

    def ask(number: int) -> None:
        try:
            answered[number] = bool(
                session.tabulate("enrollment", rows="school_year", where=questions[number]).frame.notna().any(axis=None)
            )
        except errors.NotReleased:
            answered[number] = False

    threads = [threading.Thread(target=ask, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answered) == [False, True]
    assert told(house) == before + 1


def test_none_and_few_are_refused_in_the_same_words(office: dbims_sdk.Session, snapshot: Snapshot) -> None:
    rows = exact(snapshot)
    sizes = pd.crosstab(rows["race_ethnicity"], rows["grade_level"]).stack()
    refusals = set()
    for some in (sizes == 0, sizes.between(1, 5)):
        race, grade = sizes[some].index[0]
        where = {"school_year": YEAR, "race_ethnicity": race, "grade_level": grade}
        with pytest.raises(errors.NotReleased) as refusal:
            office.tabulate("enrollment", rows="sex", where=where)
        refusals.add(str(refusal.value))
    assert len(refusals) == 1


def test_a_model_of_yes_and_no_does_not_give_back_a_suppressed_count(house: House) -> None:
    session, this_year = house.session(somebody(house), C.BUDGET_OFFICE), {"school_year": YEAR}
    table = session.tabulate(
        "student_demographic", rows="race_ethnicity", columns=["is_english_learner", "sex"], where=this_year
    )
    hidden = [
        (race, column[1])
        for race in table.frame.index
        for column in table.frame.columns
        if str(column[0]).lower() == "true" and column[1] in ("Female", "Male") and table.texts.loc[race, column] == "*"
    ]
    assert len(hidden) > 2
    for race, sex in hidden:
        where = this_year | {"sex": sex} | ({} if race == "Total" else {"race_ethnicity": race})
        with pytest.raises(errors.NotReleased):
            session.ols("is_english_learner ~ 1", "student_demographic", where=where)


PICKING: dict[str, tuple[str, dict[str, Any]]] = {
    "a day of birth": ("enrollment", {"birth_date": date(2015, 3, 1)}),
    "days of birth": ("enrollment", {"birth_date": (date(2015, 3, 1), date(2015, 3, 31))}),
    "a score": ("assessment_result", {"score": (2600, None)}),
    "an entry": ("enrollment", {"entry_date": date(2026, 9, 1)}),
    "a part of a month": ("enrollment", {"entry_date": (date(2026, 9, 1), date(2026, 9, 17))}),
}


@pytest.mark.parametrize("question", PICKING.values(), ids=PICKING)
def test_conditions_do_not_slide_over_single_persons(
    office: dbims_sdk.Session, house: House, question: tuple[str, dict[str, Any]]
) -> None:
    table, where = question
    before = told(house)
    with pytest.raises(errors.NotReleased, match="could pick out single persons"):
        office.tabulate(table, rows="school_year", where=where)
    with pytest.raises(errors.NotReleased, match="could pick out single persons"):
        office.logit("is_english_learner ~ C(sex)", "student_demographic", where={"birth_date": date(2015, 3, 1)})
    assert told(house) == before


BAD = {
    "unknown column": ({"rows": "nothing"}, errors.UnknownColumn),
    "a name": ({"rows": "last_name"}, errors.BadQuery),
    "a child": ({"rows": "student_key"}, errors.BadQuery),
    "a condition on a child": ({"rows": "grade_level", "where": {"student_key": 1}}, errors.BadQuery),
    "a date": ({"rows": "entry_date"}, errors.BadQuery),
    "no number": ({"rows": "grade_level", "value": "grade_level", "statistic": "mean"}, errors.BadQuery),
    "rate of a number": ({"rows": "grade_level", "value": "school_year", "statistic": "rate"}, errors.BadQuery),
    "wrong type": ({"rows": "grade_level", "where": {"school_year": "2027"}}, errors.BadQuery),
    "nobody": ({"rows": "grade_level", "where": {"school_year": 1900}}, errors.NotReleased),
    "all suppressed": (
        {"rows": "race_ethnicity", "where": {"school_year": YEAR, "grade_level": "UG"}},
        errors.NotReleased,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_questions_get_one_clear_error_and_nothing_is_recorded_as_told(
    house: House, office: dbims_sdk.Session, name: str
) -> None:
    question, error = BAD[name]
    before = told(house)
    with pytest.raises(error) as caught:
        office.tabulate("enrollment", **question)
    assert caught.value.message and caught.value.next
    assert told(house) == before


def test_an_office_is_given_no_exact_statistics(office: dbims_sdk.Session) -> None:
    with pytest.raises(errors.NotAllowed):
        office.tabulate("enrollment", rows="grade_level", protected=False)


def test_who_may_see_the_rows_may_have_exact_statistics_and_protected_ones(house: House) -> None:
    session = house.session(somebody(house), C.SUPERINTENDENT)
    question: dict[str, Any] = {"rows": "school_name", "columns": "race_ethnicity", "where": {"school_year": YEAR}}
    plain = session.tabulate("enrollment", **question)
    protected = session.tabulate("enrollment", protected=True, **question)
    assert plain.unprotected and plain.frame.notna().all(axis=None)
    assert not protected.unprotected and protected.frame.isna().any(axis=None)


def test_discipline_is_never_shown_by_school_race_and_sex(house: House) -> None:
    session = house.session(somebody(house), C.SUPERINTENDENT)
    with pytest.raises(errors.NotReleased, match="not shown by school"):
        session.tabulate("discipline_action", rows=["school_name", "sex"], columns="race_ethnicity", protected=True)


def test_the_record_holds_the_question_and_no_value_of_it(house: House, office: dbims_sdk.Session) -> None:
    office.tabulate("enrollment", rows="school_name", where={"school_year": YEAR, "grade_level": ["01", "02"]})
    details = [entry.detail for entry in house.ledger.entries() if '"kind":"table"' in entry.detail]
    assert details and '"where":["grade_level","school_year"]' in details[-1]
    assert '"01"' not in details[-1]
    assert house.ledger.verify().breaks == ()


# --- models


def test_a_safe_model_passes_and_one_that_sets_few_apart_does_not(office: dbims_sdk.Session) -> None:
    where = {"academic_subject": "Mathematics"}
    model = office.ols("score ~ C(school_year)", "assessment_result", where=where)
    assert len(model.terms) > 1 and model.protection
    with pytest.raises(errors.NotReleased):
        office.ols("score ~ C(race_ethnicity)", "assessment_result", where=where)


def test_a_model_and_a_table_of_nearly_the_same_students_are_not_both_answered(house: House) -> None:
    session = house.session(somebody(house, 2), C.SUPERINTENDENT)
    where: dict[str, Any] = {"academic_subject": "Mathematics", "school_year": YEAR}
    table = session.tabulate(
        "assessment_result", rows="school_year", value="score", statistic="mean", where=where, protected=True
    )
    assert table.frame.notna().all(axis=None)
    scores = session.frame("assessment_result", where=where)
    some = scores.merge(session.frame("student_demographic", where={"school_year": YEAR}), on="student_key")
    few = some.groupby("race_ethnicity")["student_key"].nunique()
    left_out = next(race for race, count in few.items() if 0 < count < 6)
    kept = [race for race in few.index if race != left_out]
    with pytest.raises(errors.NotReleased):
        session.ols("score ~ C(grade_level)", "assessment_result", where={**where, "race_ethnicity": kept})


def test_a_table_of_too_many_cells_is_refused_in_words(house: House) -> None:
    session = house.session(somebody(house), C.SUPERINTENDENT)
    with pytest.raises(errors.TooLarge, match="too many cells"):
        session.tabulate("grade", rows=["course_title", "town"], columns=["letter_grade", "race_ethnicity"])
    with pytest.raises(errors.TooLarge, match="too many different values"):
        session.tabulate("grade", rows="section_key")
    assert session.tabulate("attendance", rows="attendance_event", columns="school_year").unprotected


def test_a_formula_that_calls_a_function_is_refused(office: dbims_sdk.Session) -> None:
    with pytest.raises(errors.BadQuery):
        office.ols("score ~ __import__('os').getpid()", "assessment_result")


# --- de-identified rows


def test_an_office_gets_rows_that_name_nobody(house: House, office: dbims_sdk.Session, snapshot: Snapshot) -> None:
    frame = office.sql("SELECT * FROM student JOIN student_demographic USING (student_key)")
    assert len(frame) >= STUDENTS
    register = pq.read_table(snapshot.table_path("student")).to_pylist()
    names = {row[column] for row in register for column in ("last_name", "student_id", "student_key")}
    assert not names & set(frame.to_numpy().ravel().tolist())
    assert frame.attrs["dbims"]["deidentification"]["k_reached"] >= 5
    assert frame.attrs["dbims"]["unprotected"] is False
    assert office.describe("student").to_frame().set_index("name").loc["last_name", "in_my_form"] != "as it is"


def test_a_column_that_is_not_in_the_form_does_not_exist(office: dbims_sdk.Session) -> None:
    with pytest.raises(errors.UnknownColumn):
        office.frame("student", columns=["last_name"])
    with pytest.raises(errors.SqlFailed):
        office.sql("SELECT last_name FROM student")


DAYS = {
    "a date": (date(2026, 11, 1), {"2026-11"}),
    "a day as text": ("2026-11-05", {"2026-11"}),
    "a month as it is shown": ("2026-10", {"2026-10"}),
    "several": (["2026-09", pd.Timestamp(2026, 10, 31)], {"2026-09", "2026-10"}),
    "a range": ((date(2026, 9, 30), date(2026, 11, 1)), {"2026-09", "2026-10", "2026-11"}),
    "one month by its days": (("2026-10-01", "2026-10-31"), {"2026-10"}),
    "from a day on": ((date(2026, 10, 31), None), {"2026-10", "2026-11"}),
}


@pytest.mark.parametrize("name", DAYS)
def test_days_in_a_condition_stand_for_the_months_that_are_shown(office: dbims_sdk.Session, name: str) -> None:
    """A month is in a range if any of its days is: no office loses the first month of a range without a word."""
    asked, months = DAYS[name]
    shown = office.frame("attendance", columns=["student_key", "attendance_date"])
    found = office.frame("attendance", columns=["student_key", "attendance_date"], where={"attendance_date": asked})
    assert set(found["attendance_date"]) == months
    assert len(found) == shown["attendance_date"].isin(months).sum()
    assert "a day stands for its month" in office.describe("attendance").to_frame().set_index("name").loc[
        "attendance_date", "in_my_form"]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ("attendance", {"attendance_date": "November"}),
        ("attendance", {"attendance_date": ("2026", None)}),
        ("student", {"birth_date": date(2015, 3, 1)}),
        ("enrollment", {"grade_level": ("03", "05")}),
    ],
)
def test_a_condition_that_no_row_could_fulfil_is_refused(
    office: dbims_sdk.Session, table: str, where: dict[str, Any]
) -> None:
    [column] = where
    with pytest.raises(errors.BadQuery, match=column) as caught:
        office.frame(table, where=where)
    assert "November" not in caught.value.message and "2015" not in caught.value.message


def test_a_study_has_its_grant_and_no_more(house: House, snapshot: Snapshot) -> None:
    house.token(somebody(house, 1), C.STUDY, level=False)
    username = f"user-{somebody(house, 1).lower()}"
    tables = {"student": ("student_key", "sex"), "enrollment": ("student_key", "school_year", "grade_level")}
    grant = Grant("reading", username, tables, TODAY, TODAY + timedelta(days=9), snapshot=snapshot.id)
    give_grant(house.ledger, grant)
    session = dbims_sdk.connect(url=house.url, token=study_token(house, username, "study-reading"))
    assert session.whoami().study == "reading"
    frame = session.frame("enrollment")
    assert frame.attrs["dbims"]["deidentification"]["k_reached"] >= 10
    assert set(frame.columns) <= {"student_key", "school_year", "grade_level"}
    for ask in (lambda: session.frame("attendance"), lambda: session.tabulate("attendance", rows="school_year")):
        with pytest.raises(errors.UnknownTable):
            ask()
    with pytest.raises((errors.UnknownColumn, errors.UnknownTable)):
        session.tabulate("enrollment", rows="school_key")
    end_grant(house.ledger, "reading", TODAY)
    with pytest.raises(errors.NotAllowed):
        session.frame("enrollment")


def study_token(house: House, username: str, server: str) -> str:
    token = f"token-{username}-{server}"
    house.hub.tokens[token] = (username, server)
    SessionTokens.of_state(house.state).remember(Identity(username, server), token, own_network(), Purpose.RESEARCH)
    return token
