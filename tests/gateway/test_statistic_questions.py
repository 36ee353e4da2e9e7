"""What may be asked of a table of statistics, or a model: which columns, of whom, and under which rules."""

from __future__ import annotations

from typing import Any

import pytest

from governance.catalog import load_catalog
from governance.disclosure.rules import Topic
from governance.gateway.errors import ErrorCode, GatewayError
from governance.gateway.statistic_questions import model_question, table_question

CATALOG = load_catalog()


def table(name: str, rows: list[str] | None = None, **more: Any) -> Any:
    return table_question({"table": name, "rows": ["school_name"] if rows is None else rows, **more}, CATALOG)


def model(name: str, formula: str, **more: Any) -> Any:
    return model_question({"table": name, "formula": formula, "family": "ols", **more}, CATALOG)


def refusal(ask: Any, *arguments: Any, **more: Any) -> ErrorCode:
    with pytest.raises(GatewayError) as error:
        ask(*arguments, **more)
    return error.value.code


@pytest.mark.parametrize("statistic", ["sum", "mean", "median"])
def test_yes_and_no_have_no_sum(statistic: str) -> None:
    # It would be a count of persons that the rules of counts do not see.
    asked = {"rows": ["race_ethnicity"], "statistic": statistic, "value": "is_homeless"}
    assert refusal(table, "student_demographic", **asked) is ErrorCode.BAD_QUERY
    assert table("student_demographic", **(asked | {"statistic": "rate"})).topic is Topic.GUARDED


def test_one_fact_is_one_quantity() -> None:
    # From enrollment it would be weighed apart from the same fact asked of its own table.
    asked = {"statistic": "rate", "value": "is_english_learner"}
    assert refusal(table, "enrollment", **asked) is ErrorCode.BAD_QUERY
    assert refusal(model, "enrollment", "is_english_learner ~ C(grade_level)") is ErrorCode.BAD_QUERY
    assert table("enrollment", ["is_english_learner"]).quantity == "student"


def test_nothing_of_a_counselor_is_told_by_counting_students() -> None:
    for reached in ("caseload", "service_assignment"):
        for name in ("staff.race_ethnicity", "staff.highest_education", "years_of_experience"):
            assert refusal(table, reached, [name]) is ErrorCode.UNKNOWN_COLUMN


# In a small district each level is one school.
@pytest.mark.parametrize("school", ["school_key", "school_name", "school_id", "school_level"])
def test_guarded_topics_are_not_shown_by_one_school_race_and_sex(school: str) -> None:
    where = {"race_ethnicity": "White"}
    assert table("discipline_action", ["sex", school], where=where).is_too_fine
    assert not table("discipline_action", ["sex", "discipline"], where=where).is_too_fine
    assert not table("enrollment", ["sex", school], where=where).is_too_fine
    assert model("discipline_action", f"length_days ~ C(race_ethnicity) * C(sex) + C({school})").is_too_fine


@pytest.mark.parametrize(
    ("condition", "picks_out"),
    [
        ({"exit_date": None}, ()),
        ({"entry_date": {"from": "2026-09-01", "to": "2026-10-31"}}, ()),
        ({"entry_date": {"from": None, "to": "2026-02-28"}}, ()),
        ({"entry_date": {"from": "2026-09-02", "to": None}}, ("entry_date",)),
        ({"entry_date": "2026-09-01"}, ("entry_date",)),
        ({"birth_date": {"from": "2015-01-01", "to": "2015-12-31"}}, ("birth_date",)),
        ({"school_year": 2027, "race_ethnicity": "White", "is_homeless": True}, ()),
    ],
)
def test_conditions_that_pick_out_persons_are_known(condition: dict[str, Any], picks_out: tuple[str, ...]) -> None:
    assert table("enrollment", where=condition).picks_out == picks_out


@pytest.mark.parametrize(
    ("name", "rows", "topic"),
    [
        ("enrollment", ["grade_level"], Topic.GENERAL),
        ("assessment_result", ["grade_level"], Topic.ASSESSMENT),
        ("attendance", ["reason"], Topic.GUARDED),
        ("attendance", ["attendance_event"], Topic.GUARDED),
        ("enrollment", ["is_homeless"], Topic.GUARDED),
        ("discipline_action", ["school_year"], Topic.GUARDED),
        ("staff_assignment", ["school_name"], Topic.STAFF),
        ("staff", ["highest_education"], Topic.PAY),
    ],
)
def test_the_strictest_column_says_by_which_rules(name: str, rows: list[str], topic: Topic) -> None:
    assert table(name, rows).topic is topic
