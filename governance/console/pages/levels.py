"""Access levels: who holds what, who may hold what and why not, and the Superintendent's acts of giving and taking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from governance.catalog import Category
from governance.console.asked import NOT_HERE, Asked, Done, Draw, Go, Reply
from governance.console.office import Office
from governance.console.page import SUPERINTENDENT, Page
from governance.console.reading import read_day
from governance.console.sight import Sight, sight_of
from governance.ledger import LedgerError, NotTheSuperintendent
from governance.policy import CAPACITIES
from governance.policy.eligibility import Eligible, Ineligible, StaffFacts, may_hold, relation_of
from governance.vocabulary import AccessLevel, Capacity, Person, Regulation, Relation

GRANTABLE = tuple(each for each in Capacity if each not in (Capacity.SUPERINTENDENT, Capacity.STUDY))


@dataclass(frozen=True)
class Possible:
    """A capacity, and whether somebody may hold it; `held`, if they do."""

    capacity: Capacity
    reason: str | None
    held: bool


def draw_list(office: Office, asked: Asked) -> Reply:
    """Everybody, with what they hold today or later."""
    levels: dict[str, list[AccessLevel]] = {}
    for level in office.ledger.levels.all():
        if level.end_date is None or level.end_date >= asked.today:
            levels.setdefault(level.username, []).append(level)
    people = [(person, levels.get(person.username, [])) for person in office.ledger.people()]
    return Draw("levels.html", {"people": people, "regulations": office.ledger.levels.regulations()})


def draw_person(office: Office, asked: Asked) -> Reply:
    """One person: what staff says of them, what they hold, may hold, and see."""
    person = office.ledger.person(asked.path["username"])
    if person is None:
        return NOT_HERE
    facts = office.staff.facts(person.staff_key, asked.today)
    levels = office.ledger.levels.of(person.username)
    held = {level.capacity for level in levels if level.is_current(asked.today)}
    possible = [_possible(person, capacity, facts, asked.today, capacity in held) for capacity in GRANTABLE]
    shown = {"person": person, "facts": facts, "levels": levels, "possible": possible, "sights": _sights(office, asked)}
    return Draw("person.html", shown)


def _possible(person: Person, capacity: Capacity, facts: StaffFacts | None, today: date, held: bool) -> Possible:
    relation = Relation() if facts is None else relation_of(capacity, facts)
    eligibility = may_hold(AccessLevel(person.username, capacity, today, relation=relation), facts, today)
    match eligibility:
        case Eligible():
            return Possible(capacity, None, held)
        case Ineligible(reason=reason):
            return Possible(capacity, reason.value, held)


def _sights(office: Office, asked: Asked) -> list[Sight]:
    """What the person can see today: of every table, in each capacity and under each grant they hold."""
    return sight_of(office, asked.path["username"], asked.today)


# -- granting ------------------------------------------------------------------------------------


def draw_grant(office: Office, asked: Asked) -> Reply:
    return _grant_form(office, asked, {"begin": asked.today.isoformat()}, {})


def act_grant(office: Office, asked: Asked) -> Reply:
    """Establish a level: everything looked at again by the ledger, in the same transaction."""
    posted = asked.posted
    person = office.ledger.person(asked.path["username"])
    if person is None:
        return NOT_HERE
    facts = office.staff.facts(person.staff_key, asked.today)
    level, errors = _read_level(person, posted.fields, facts)
    if asked.unsigned:
        errors["password"] = asked.unsigned
    if errors or level is None or not posted.fresh or asked.signature is None:
        return _grant_form(office, asked, posted.fields, errors)
    try:
        office.ledger.levels.grant(asked.signature, level, facts, asked.today)
    except NotTheSuperintendent as error:
        return _grant_form(office, asked, posted.fields, {"password": str(error)})
    except LedgerError as error:
        return _grant_form(office, asked, posted.fields, {"capacity": str(error)})
    return Go(f"levels/{person.username}", Done.LEVEL_GRANTED)


def _read_level(
    person: Person, typed: Mapping[str, str], facts: StaffFacts | None
) -> tuple[AccessLevel | None, dict[str, str]]:
    errors: dict[str, str] = {}
    capacity = next((each for each in GRANTABLE if each.value == typed.get("capacity")), None)
    if capacity is None:
        errors["capacity"] = "Choose what the person may act as."
    begin, end = read_day(typed, "begin", "First day", errors), read_day(typed, "end", "Last day", errors, False)
    if begin is not None and end is not None and end < begin:
        errors["end"] = "The last day comes on or after the first. Choose a later day, or leave it open."
    if errors or capacity is None or begin is None:
        return None, errors
    relation = Relation() if facts is None else relation_of(capacity, facts)
    schools = tuple(key for key in relation.schools if f"school-{key}" in typed)
    if relation.schools and schools:
        relation = Relation(relation.staff_key, schools)
    return AccessLevel(person.username, capacity, begin, end, relation), errors


def _grant_form(office: Office, asked: Asked, typed: Mapping[str, str], errors: Mapping[str, str]) -> Reply:
    person = office.ledger.person(asked.path["username"])
    if person is None:
        return NOT_HERE
    facts = office.staff.facts(person.staff_key, asked.today)
    possible = [_possible(person, capacity, facts, asked.today, False) for capacity in GRANTABLE]
    chosen = typed.get("capacity") or asked.query.get("as", "")
    shown: dict[str, Any] = {
        "person": person,
        "choices": [(each.capacity.value, CAPACITIES[each.capacity].title) for each in possible if not each.reason],
        "typed": {**typed, "capacity": chosen},
        "errors": errors,
    }
    return Draw("grant.html", shown, 400 if errors else 200)


# -- revoking ------------------------------------------------------------------------------------


def draw_revoke(office: Office, asked: Asked) -> Reply:
    return _revoke_form(office, asked, {})


def act_revoke(office: Office, asked: Asked) -> Reply:
    """End the level at once, and the session that runs in it."""
    capacity, username = _capacity(asked), asked.path["username"]
    if asked.unsigned or asked.signature is None or not asked.posted.fresh or capacity is None:
        return _revoke_form(office, asked, {"password": asked.unsigned} if asked.unsigned else {})
    try:
        office.ledger.levels.revoke(asked.signature, username, capacity, asked.today)
    except NotTheSuperintendent as error:
        return _revoke_form(office, asked, {"password": str(error)})
    except LedgerError as error:
        return _revoke_form(office, asked, {"level": str(error)})
    ended = office.end_session(username, capacity.server)
    return Go(f"levels/{username}", Done.LEVEL_REVOKED if ended else Done.LEVEL_REVOKED_SESSION_LEFT)


def _revoke_form(office: Office, asked: Asked, errors: Mapping[str, str]) -> Reply:
    capacity, person = _capacity(asked), office.ledger.person(asked.path["username"])
    levels = [level for level in office.ledger.levels.of(asked.path["username"]) if level.capacity is capacity]
    if capacity is None or person is None or (not levels and not errors):
        return NOT_HERE
    shown = {"person": person, "capacity": capacity, "levels": levels, "errors": errors}
    return Draw("revoke.html", shown, 400 if errors else 200)


def _capacity(asked: Asked) -> Capacity | None:
    """The one in the address, of those that can be taken."""
    return next((each for each in GRANTABLE if each.value == asked.path["capacity"]), None)


# -- regulations ---------------------------------------------------------------------------------


def draw_regulate(office: Office, asked: Asked) -> Reply:
    return _regulate_form({"begin": asked.today.isoformat()}, {})


def act_regulate(office: Office, asked: Asked) -> Reply:
    """Narrow a level by a category of data."""
    narrowing, errors = _read_regulation(asked.posted.fields)
    if asked.unsigned:
        errors["password"] = asked.unsigned
    if errors or narrowing is None or asked.signature is None or not asked.posted.fresh:
        return _regulate_form(asked.posted.fields, errors)
    try:
        office.ledger.levels.regulate(asked.signature, narrowing, [each.value for each in Category], asked.today)
    except NotTheSuperintendent as error:
        return _regulate_form(asked.posted.fields, {"password": str(error)})
    except LedgerError as error:
        return _regulate_form(asked.posted.fields, {"category": str(error)})
    return Go("levels", Done.SENT)


def _read_regulation(typed: Mapping[str, str]) -> tuple[Regulation | None, dict[str, str]]:
    errors: dict[str, str] = {}
    capacity = next((each for each in Capacity if each.value == typed.get("capacity")), None)
    category = next((each for each in Category if each.value == typed.get("category")), None)
    if capacity is None:
        errors["capacity"] = "Choose whose level is narrowed."
    if category is None:
        errors["category"] = "Choose the category of data that it is not given."
    begin, end = read_day(typed, "begin", "First day", errors), read_day(typed, "end", "Last day", errors, False)
    if begin is not None and end is not None and end < begin:
        errors["end"] = "The last day comes on or after the first. Choose a later day, or leave it open."
    if errors or capacity is None or category is None or begin is None:
        return None, errors
    return Regulation(capacity, category.value, begin, end), errors


def _regulate_form(typed: Mapping[str, str], errors: Mapping[str, str]) -> Reply:
    capacities = [(each.value, CAPACITIES[each].title) for each in Capacity if CAPACITIES[each].form is not None]
    categories = [(each.value, each.value) for each in Category]
    shown = {"capacities": capacities, "categories": categories, "typed": typed, "errors": errors}
    return Draw("regulate.html", shown, 400 if errors else 200)


PAGES = (
    Page("levels", "Access levels", SUPERINTENDENT, draw=draw_list, menu="People"),
    Page("levels/regulate", "Narrow a level", SUPERINTENDENT, draw_regulate, act_regulate, signed=True),
    Page("levels/{username}", "A person", SUPERINTENDENT, draw=draw_person),
    Page("levels/{username}/grant", "Grant a level", SUPERINTENDENT, draw_grant, act_grant, signed=True),
    Page("levels/{username}/{capacity}/revoke", "Revoke a level", SUPERINTENDENT, draw_revoke, act_revoke, signed=True),
)
