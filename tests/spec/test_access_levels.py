"""Access levels are established by the Superintendent for each individual.

A level is a capacity with its relation, from a day on and through a last day, signed. Only administrators, certified
staff and the named secretaries can hold one, by what the staff records tell. A regulation narrows a level by category.
Leaving employment ends access by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.catalog import Category, load_catalog
from governance.ledger import Ledger, LedgerError
from governance.policy import Allowed, Refusal, Refused, RowsOfStudents, StudentsAlong, decide
from governance.policy.eligibility import (
    ADMINISTRATORS,
    CERTIFIED_STAFF,
    Certification,
    Eligible,
    Ineligible,
    Position,
    Reason,
    StaffFacts,
    may_hold,
    relation_of,
)
from governance.vocabulary import (
    AccessLevel,
    Asker,
    Capacity,
    Employment,
    FrameQuery,
    Identity,
    Person,
    Regulation,
    Relation,
)
from governance.warehouse.scoped import ScopedReader
from tests.loaded_district import LoadedDistrict, load_district
from tests.oracle.csv_district import write_csv_district
from tests.signed import superintendent
from tests.spec.small_district import SMALL_DISTRICT, read_tables

TODAY = date(2026, 11, 23)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
CATALOG = load_catalog()
HILL, ELM, OAK = 7, 1, 2

# --- who may hold which level

WHO_MAY_HOLD_WHAT = """
level
capacity                 | position              | title                                         | certified | may
teacher                  | Teacher               | Mathematics Teacher                           | yes       | yes
teacher                  | Teacher               | Mathematics Teacher                           | no        | no
teacher                  | Teacher               | Long-term Substitute                          | no        | no
teacher                  | Counselor             | School Counselor                              | yes       | yes
teacher                  | Principal             | Principal                                     | no        | yes
teacher                  | Paraprofessional      | Paraprofessional                              | yes       | no
teacher                  | Secretary             | School Secretary                              | yes       | no
teacher                  | Nurse                 | School Nurse                                  | yes       | no
counselor                | Counselor             | School Counselor                              | yes       | yes
counselor                | Counselor             | School Counselor                              | no        | no
counselor                | Secretary             | Guidance Secretary                            | no        | yes
counselor                | Secretary             | School Secretary                              | no        | no
counselor                | Teacher               | Guidance Teacher                              | yes       | no
support_services         | Psychologist          | School Psychologist                           | yes       | yes
support_services         | SocialWorker          | School Social Worker                          | yes       | yes
support_services         | SocialWorker          | School Social Worker                          | no        | no
support_services         | Secretary             | Guidance Secretary                            | no        | no
principal                | Principal             | Principal                                     | no        | yes
principal                | AssistantPrincipal    | Assistant Principal                           | no        | yes
principal                | Teacher               | Acting Principal                              | yes       | no
principal                | Secretary             | Secretary to the Principal                    | no        | no
personnel_office         | DistrictAdministrator | Director of Personnel                         | no        | yes
personnel_office         | Secretary             | Secretary to the Director of Personnel        | no        | yes
personnel_office         | Secretary             | Secretary to the Director of Finance          | no        | no
personnel_office         | Teacher               | Personnel                                     | yes       | no
budget_office            | DistrictAdministrator | Director of Finance and Operations            | no        | yes
budget_office            | Secretary             | Secretary to the Director of Finance          | no        | yes
curriculum_office        | AssistantSuperintendent | Assistant Superintendent for Curriculum     | no        | yes
curriculum_office        | Secretary             | Secretary to the Director of Curriculum       | no        | yes
special_education_office | DistrictAdministrator | Director of Special Education                 | no        | yes
special_education_office | Secretary             | Secretary to the Director of Pupil Services   | no        | yes
special_education_office | Teacher               | Special Education Teacher                     | yes       | no
executive_secretary      | Secretary             | Executive Secretary to the Superintendent     | no        | yes
executive_secretary      | Secretary             | Secretary to the Assistant Superintendent     | no        | no
executive_secretary      | DistrictAdministrator | Assistant to the Superintendent               | no        | no
reviewer                 | Librarian             | Library Media Specialist                      | yes       | yes
reviewer                 | Principal             | Principal                                     | no        | yes
reviewer                 | Secretary             | Executive Secretary to the Superintendent     | no        | no
reviewer                 | InformationTechnology | Systems Technician                            | no        | no
superintendent           | Superintendent        | Superintendent of Schools                     | yes       | no
superintendent           | AssistantSuperintendent | Assistant Superintendent                    | yes       | no
study                    | Teacher               | Mathematics Teacher                           | yes       | no
operator                 | InformationTechnology | Systems Technician                            | no        | yes
"""


def staff(position: str, title: str | None = None, *, certified: bool = True, school: int | None = ELM) -> StaffFacts:
    """Somebody employed today, in one position."""
    certification = Certification.CERTIFIED if certified else Certification.NOT_CERTIFIED
    held = (Position(position, title, school),)
    return StaffFacts(HILL, TODAY, "a snapshot", Employment.EMPLOYED, held, certification)


def level_of(capacity: Capacity, facts: StaffFacts) -> AccessLevel:
    return AccessLevel("hill", capacity, TODAY, relation=relation_of(capacity, facts))


EXAMPLES = read_tables(WHO_MAY_HOLD_WHAT)["level"]


@pytest.mark.parametrize("row", EXAMPLES, ids=[f"{row['capacity']}-{row['title']}" for row in EXAMPLES])
def test_who_may_hold_which_level(row: dict[str, str]) -> None:
    facts = staff(row["position"], row["title"], certified=row["certified"] == "yes")
    found = may_hold(level_of(Capacity(row["capacity"]), facts), facts, TODAY)
    assert isinstance(found, Eligible) == (row["may"] == "yes"), found


def test_every_level_has_its_examples() -> None:
    shown = {row["capacity"] for row in EXAMPLES}
    assert shown == {capacity.value for capacity in Capacity}


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (None, Reason.NO_FACTS),
        (replace(staff("Teacher"), today=YESTERDAY), Reason.OTHER_FACTS),
        (replace(staff("Teacher"), employment=Employment.NOT_EMPLOYED), Reason.NOT_EMPLOYED),
        (replace(staff("Teacher"), employment=Employment.UNTOLD, positions=()), Reason.NOT_EMPLOYED),
        (replace(staff("Teacher"), positions=()), Reason.NO_SUCH_POSITION),
        (staff("Paraprofessional"), Reason.NO_SUCH_POSITION),
        (staff("Teacher", certified=False), Reason.NOT_CERTIFIED),
        (replace(staff("Teacher"), staff_key=8), Reason.OTHER_RELATION),
    ],
    ids=lambda value: value.name if isinstance(value, Reason) else "",
)
def test_why_somebody_may_not_be_a_teacher(facts: StaffFacts | None, reason: Reason) -> None:
    level = AccessLevel("hill", Capacity.TEACHER, TODAY, relation=Relation(HILL))
    assert may_hold(level, facts, TODAY) == Ineligible(reason)


def test_where_sources_tell_nothing_of_certificates_or_employment_the_position_tells() -> None:
    untold = replace(staff("Teacher"), certification=Certification.UNTOLD, employment=Employment.UNTOLD)
    assert may_hold(level_of(Capacity.TEACHER, untold), untold, TODAY) == Eligible(untold.positions[0])


POSITIONS = st.builds(
    Position,
    st.sampled_from([code.code for code in CATALOG.code_sets["staff_classification"].codes]),
    st.sampled_from([None, "Guidance Secretary", "Secretary to the Director of Personnel", "Personnel", "Principal"]),
    st.sampled_from([None, ELM, OAK]),
)
FACTS = st.builds(
    StaffFacts,
    st.just(HILL),
    st.sampled_from([TODAY, YESTERDAY]),
    st.just("a snapshot"),
    st.sampled_from(Employment),
    st.lists(POSITIONS, max_size=3).map(tuple),
    st.sampled_from(Certification),
)
LEVELS = st.builds(
    lambda capacity, key, schools: AccessLevel("hill", capacity, TODAY, relation=Relation(key, schools if key else ())),
    st.sampled_from(sorted(set(Capacity) - {Capacity.OPERATOR})),
    st.sampled_from([None, HILL, 8]),
    st.sampled_from([(), (ELM,), (ELM, OAK)]),
)


@given(level=LEVELS, facts=st.none() | FACTS)
def test_nobody_but_administrators_certified_staff_and_secretaries_ever_holds_a_level(
    level: AccessLevel, facts: StaffFacts | None
) -> None:
    found = may_hold(level, facts, TODAY)
    if isinstance(found, Ineligible):
        return
    assert facts is not None and facts.is_employed and facts.today == TODAY
    kinds = {position.classification for position in facts.positions}
    certified = bool(kinds & CERTIFIED_STAFF) and facts.certification is not Certification.NOT_CERTIFIED
    assert kinds & ADMINISTRATORS or certified or "Secretary" in kinds
    assert level.relation.staff_key in (None, HILL)
    assert set(level.relation.schools) <= {position.school_key for position in facts.positions}


# --- what the ledger demands of a level


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        ledger.add_person("operator", "hill", HILL, None)
        ledger.add_person("operator", "visitor", None, None)
        yield ledger


def test_a_level_is_signed_and_has_its_relation_and_its_dates(ledger: Ledger) -> None:
    facts = staff("Teacher")
    level = AccessLevel("hill", Capacity.TEACHER, TODAY, date(2027, 6, 30), Relation(HILL))
    ledger.levels.grant(superintendent(ledger), level, facts, TODAY)
    assert ledger.levels.of("hill") == (replace(level, signed_by="chief"),)


@pytest.mark.parametrize(
    ("username", "facts"),
    [
        ("hill", None),
        ("visitor", None),
        ("visitor", staff("Teacher")),
        ("hill", replace(staff("Teacher"), staff_key=8)),
        ("hill", staff("Paraprofessional")),
        ("hill", replace(staff("Teacher"), employment=Employment.NOT_EMPLOYED)),
    ],
    ids=["no facts", "no staff", "another's facts", "of another record", "no position for it", "has left"],
)
def test_not_even_the_superintendent_gives_a_level_to_who_may_not_hold_it(
    ledger: Ledger, username: str, facts: StaffFacts | None
) -> None:
    level = AccessLevel(
        username, Capacity.TEACHER, TODAY, relation=Relation(HILL if facts is None else facts.staff_key)
    )
    with pytest.raises(LedgerError, match="cannot be teacher"):
        ledger.levels.grant(superintendent(ledger), level, facts, TODAY)
    assert ledger.levels.of(username) == ()


# --- a level holds from its first day through its last, for its relation


def asker(level: AccessLevel, *regulations: Regulation, staff_key: int | None = HILL) -> Asker:
    identity = Identity(level.username, level.capacity.server)
    person = Person(level.username, staff_key)
    return Asker(identity, person, (level,), regulations=regulations, employment=Employment.EMPLOYED)


@pytest.mark.parametrize(
    ("begin", "end", "holds"),
    [
        (TODAY, None, True),
        (TODAY, TODAY, True),
        (YESTERDAY, TODAY, True),
        (TOMORROW, None, False),
        (date(2020, 1, 1), YESTERDAY, False),
    ],
)
def test_a_level_holds_from_its_first_day_through_its_last(begin: date, end: date | None, holds: bool) -> None:
    level = AccessLevel("hill", Capacity.TEACHER, begin, end, Relation(HILL))
    assert isinstance(decide(asker(level), ["student"], CATALOG, TODAY), Allowed) == holds


def test_a_level_that_relates_to_another_staff_record_is_none() -> None:
    level = AccessLevel("hill", Capacity.TEACHER, TODAY, relation=Relation(HILL + 1))
    assert decide(asker(level), ["student"], CATALOG, TODAY) == Refused(Refusal.LEVEL_NOT_HELD)


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> LoadedDistrict:
    folder = tmp_path_factory.mktemp("small")
    write_csv_district(folder / "source", SMALL_DISTRICT)
    return load_district(folder / "state", folder / "source")


def test_a_principals_level_can_be_for_one_of_two_schools(district: LoadedDistrict) -> None:
    """Duke is assistant principal of Elm and of Oak; the level may name both, or one."""
    keys = {row["school_name"]: row["school_key"] for row in _table(district, "school")}
    elm, oak = keys["Elm Street School"], keys["Oak High School"]
    assert _students_of_duke(district, (elm,)) == {"1001", "1002", "1008"}
    assert _students_of_duke(district, (oak,)) == {"1003", "1005", "1007", "1009"}
    both = tuple(sorted((elm, oak)))
    assert _students_of_duke(district, both) == district.students("P3", "principal", TODAY)
    # Of a school that is not theirs, nobody, whatever the level says.
    assert _students_of_duke(district, (12345,)) == set()


def _table(district: LoadedDistrict, name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(district.snapshot.table_path(name)).to_pylist()
    return rows


def _students_of_duke(district: LoadedDistrict, schools: tuple[int, ...]) -> set[str]:
    [duke] = [row["staff_key"] for row in _table(district, "staff") if row["staff_id"] == "P3"]
    assert isinstance(duke, int)
    level = AccessLevel("duke", Capacity.PRINCIPAL, TODAY, relation=Relation(duke, schools))
    decision = decide(asker(level, staff_key=duke), ["student"], CATALOG, TODAY)
    assert isinstance(decision, Allowed)
    reader = ScopedReader(district.snapshot.path, CATALOG)
    frame, _ = reader.frame(decision, FrameQuery("student", ("student_id",)), TODAY)
    return set(frame.column("student_id").to_pylist())


def test_two_levels_of_a_principal_are_of_the_schools_of_both() -> None:
    levels = tuple(AccessLevel("hill", Capacity.PRINCIPAL, TODAY, relation=Relation(HILL, (s,))) for s in (ELM, OAK))
    decision = decide(replace(asker(levels[0]), levels=levels), ["student"], CATALOG, TODAY)
    assert isinstance(decision, Allowed)
    rule = decision.rows["student"]
    assert isinstance(rule, RowsOfStudents) and isinstance(rule.scope, StudentsAlong)
    assert rule.scope.schools == (ELM, OAK)


# --- regulations narrow a level, by category

TEACHER = AccessLevel("hill", Capacity.TEACHER, TODAY, relation=Relation(HILL))
NO_DISCIPLINE = Regulation(Capacity.TEACHER, "discipline", TODAY, TOMORROW)


def tables_of(someone: Asker, today: date = TODAY) -> set[str]:
    decisions = {name: decide(someone, [name], CATALOG, today) for name in CATALOG.tables}
    return {name for name, decision in decisions.items() if isinstance(decision, Allowed)}


def test_what_a_regulation_takes_looks_like_what_does_not_exist() -> None:
    narrowed = asker(TEACHER, NO_DISCIPLINE)
    assert "discipline_incident" in tables_of(asker(TEACHER))
    for tables in (["discipline_incident"], ["student", "discipline_action"], ["no such table"]):
        assert decide(narrowed, tables, CATALOG, TODAY) == Refused(Refusal.UNKNOWN_TABLE)
    assert isinstance(decide(narrowed, ["student"], CATALOG, TODAY), Allowed)


def test_a_regulation_holds_from_its_first_day_through_its_last_and_for_its_capacity() -> None:
    narrowed, whole = asker(TEACHER, NO_DISCIPLINE), tables_of(asker(TEACHER))
    assert whole - tables_of(narrowed) == {"discipline_incident", "discipline_action"}
    assert whole - tables_of(narrowed, TOMORROW) == {"discipline_incident", "discipline_action"}
    assert tables_of(narrowed, TOMORROW + timedelta(days=1)) == whole
    assert tables_of(asker(TEACHER, replace(NO_DISCIPLINE, begin_date=TOMORROW))) == whole
    assert tables_of(asker(TEACHER, replace(NO_DISCIPLINE, capacity=Capacity.COUNSELOR))) == whole


@given(
    capacity=st.sampled_from(Capacity),
    regulations=st.lists(
        st.builds(
            Regulation,
            st.sampled_from(Capacity),
            st.sampled_from([category.value for category in Category] + ["nothing we have"]),
            st.sampled_from([YESTERDAY, TODAY, TOMORROW]),
            st.sampled_from([None, TOMORROW]),
        ),
        max_size=4,
    ),
)
def test_a_regulation_never_widens(capacity: Capacity, regulations: list[Regulation]) -> None:
    """Whatever is regulated, each table is answered as it was, or not at all."""
    level = AccessLevel("hill", capacity, TODAY)
    for name in CATALOG.tables:
        before = decide(asker(level), [name], CATALOG, TODAY)
        after = decide(asker(level, *regulations), [name], CATALOG, TODAY)
        assert after == before or after == Refused(Refusal.UNKNOWN_TABLE)
        mine = {each.category for each in regulations if each.capacity is capacity and each.is_current(TODAY)}
        if CATALOG.tables[name].category.value in mine:
            assert not isinstance(after, Allowed)


# --- leaving employment, and locks, end access by themselves


@pytest.mark.parametrize("capacity", Capacity)
def test_who_has_left_has_nothing_in_any_capacity(capacity: Capacity) -> None:
    level = AccessLevel("hill", capacity, TODAY)
    for employment, refusal in (
        (Employment.NOT_EMPLOYED, Refusal.NO_LONGER_EMPLOYED),
        (Employment.UNTOLD, Refusal.EMPLOYMENT_NOT_TOLD),
    ):
        gone = replace(asker(level), employment=employment)
        for tables in ([], ["school"], ["student"]):
            assert decide(gone, tables, CATALOG, TODAY) == Refused(refusal)


@pytest.mark.parametrize("capacity", Capacity)
def test_who_is_locked_has_nothing_in_any_capacity(capacity: Capacity) -> None:
    locked = replace(asker(AccessLevel("hill", capacity, TODAY)), person=Person("hill", HILL, locked=True))
    for tables in ([], ["school"], ["student"]):
        assert decide(locked, tables, CATALOG, TODAY) == Refused(Refusal.LOCKED)


def test_of_who_is_linked_to_no_staff_record_no_employment_is_asked() -> None:
    """A Superintendent, whom the Board appoints, or an outside researcher with a grant."""
    chief = AccessLevel("chief", Capacity.SUPERINTENDENT, TODAY)
    someone = replace(asker(chief, staff_key=None), employment=Employment.UNTOLD)
    assert isinstance(decide(someone, ["student"], CATALOG, TODAY), Allowed)
