"""The tables themselves: whole, drawn as they are, and with no way around what the policy demands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from governance.requests import (
    WORKFLOWS,
    Act,
    Effect,
    Given,
    Kind,
    Moved,
    NotMoved,
    Reason,
    Role,
    State,
    Workflow,
    roles_of,
    step,
)
from governance.requests.applications import APPLICATIONS
from governance.requests.drawing import mermaid, workflows_markdown
from governance.requests.external_forms import AGREEMENT, CONSENT, STATEMENTS
from governance.requests.letters import OPENINGS
from governance.requests.workflow import Move, StateRule
from governance.vocabulary import Capacity
from tests.requests.filled import KNOWN, TODAY, TYPED, given_for, opened

FLOWS = pytest.mark.parametrize("flow", WORKFLOWS.values(), ids=lambda flow: flow.kind.name)


def test_every_kind_has_its_workflow() -> None:
    assert set(WORKFLOWS) == set(Kind)


@FLOWS
def test_every_state_can_be_reached_by_filling_in_the_forms(flow: Workflow) -> None:
    """Not only by arrows: by acts that carry everything they demand, asking for the one form of rows or the other."""
    reached: set[tuple[State, str | None]] = set()
    waiting = [opened(flow.kind)]
    while waiting:
        case = waiting.pop()
        if (case.state, case.fields.get("form")) in reached:
            continue
        reached.add((case.state, case.fields.get("form")))
        for move in flow.moves_from(case.state):
            for changed in ({}, {"form": "identified rows"}):
                told = given_for(flow.kind, case.state, move.act, **changed)
                found = step(flow, case, move.act, frozenset(move.roles), told, KNOWN)
                waiting += [found.case] if isinstance(found, Moved) else []
    assert {state for state, _ in reached} == {rule.state for rule in flow.states}


@FLOWS
def test_a_final_state_is_final(flow: Workflow) -> None:
    final = [rule.state for rule in flow.states if rule.owner is None]
    assert final
    for state in final:
        for act in Act:
            case = replace(opened(flow.kind), state=state)
            found = step(flow, case, act, frozenset(Role), Given(), KNOWN)
            assert found == NotMoved(Reason.NO_SUCH_STEP)


@FLOWS
def test_what_is_decided_is_decided_by_the_superintendent_alone(flow: Workflow) -> None:
    for move in flow.moves:
        gives = {Effect.GRANT, Effect.END_GRANT, Effect.DECLARE} & set(move.effects)
        if gives or flow.rule(move.after).decided:
            assert move.roles == (Role.SUPERINTENDENT,), move


@FLOWS
def test_the_drawing_agrees_with_the_table(flow: Workflow) -> None:
    drawn = {line.strip() for line in mermaid(flow) if " --> " in line}
    for move in flow.moves:
        [line] = [d for d in drawn if d.startswith(f"{move.before.name} --> {move.after.name}: {move.act.value} (")]
        assert all(role.value in line for role in move.roles)
        drawn.discard(line)
    assert drawn == {f"[*] --> {flow.first.name}"} | {f"{r.state.name} --> [*]" for r in flow.states if not r.owner}
    page = workflows_markdown()
    assert flow.source in page and all(rule.words in page for rule in flow.states)


@FLOWS
def test_every_letter_has_its_opening(flow: Workflow) -> None:
    assert {move.act for move in flow.moves if Effect.LETTER in move.effects} <= set(OPENINGS)


@FLOWS
def test_one_name_is_one_question_within_a_workflow(flow: Workflow) -> None:
    """What is recorded under a name is never taken for the answer to something else: its limits are the same."""
    kinds: dict[str, set[object]] = {}
    for move in flow.moves:
        for field in move.form.fields:
            kinds.setdefault(field.name, set()).add((field.kind, field.choices, field.not_future))
    assert not [name for name, found in kinds.items() if len(found) > 1]


BROKEN: dict[str, StateRule | Move] = {
    "cannot be reached": StateRule(State.CHECKED, "Nothing leads here.", None),
    "declared twice": APPLICATIONS.moves[0],
    "not declared": Move(State.DRAFT, Act.REGISTER, (Role.APPLICANT,), State.REGISTERED),
    "not the Superintendent's alone": Move(
        State.DRAFT, Act.APPROVE, (Role.EXECUTIVE_SECRETARY, Role.SUPERINTENDENT), State.APPROVED
    ),
    "is final and has moves": Move(State.WITHDRAWN, Act.SUBMIT, (Role.APPLICANT,), State.SUBMITTED),
    "has an owner and none": StateRule(State.CHECKED, "Somebody has to act, and nobody can.", Role.REVIEWER),
}


@pytest.mark.parametrize("problem", BROKEN)
def test_a_table_that_is_not_whole_cannot_be_made(problem: str) -> None:
    more = BROKEN[problem]
    states = (*APPLICATIONS.states, more) if isinstance(more, StateRule) else APPLICATIONS.states
    moves = (*APPLICATIONS.moves, more) if isinstance(more, Move) else APPLICATIONS.moves
    with pytest.raises(ValueError, match=problem):
        replace(APPLICATIONS, states=states, moves=moves)


# --- what somebody acts as


def test_no_capacity_is_the_superintendents_role_without_a_signature() -> None:
    assert Role.SUPERINTENDENT not in roles_of(Capacity, is_applicant=True, signed=False)
    assert roles_of((), is_applicant=False, signed=True) == {Role.SUPERINTENDENT}


def test_only_registering_goes_with_the_office() -> None:
    assert roles_of([Capacity.EXECUTIVE_SECRETARY], is_applicant=False, signed=False) == {Role.EXECUTIVE_SECRETARY}
    assert roles_of([Capacity.TEACHER], is_applicant=False, signed=False) == frozenset()


# --- no sequence of acts goes around what the policy demands

ACTS = st.sampled_from(list(Act))
FIELD_NAMES = (
    *(field.name for field in STATEMENTS),
    *AGREEMENT.names,
    *CONSENT.names,
    *("form", "basis", "end", "agreed_until"),
)
CHANGES = st.dictionaries(
    st.sampled_from(FIELD_NAMES),
    st.sampled_from(["", "identified rows", "2026-12-01", "audit or evaluation (99.35)", "yes", "x"]),
    max_size=2,
)
STEPS = st.lists(st.tuples(ACTS, st.frozensets(st.sampled_from(list(Role)), max_size=6), CHANGES), max_size=40)
EVERYBODY = frozenset({Role.SUPERINTENDENT, Role.APPLICANT, Role.EXECUTIVE_SECRETARY, Role.REVIEWER})


def nearly(act: Act) -> st.SearchStrategy[list[tuple[Act, frozenset[Role], dict[str, str]]]]:
    """The act that leads on, as it should be, with something changed, or left out."""
    right = st.just([(act, EVERYBODY, {})])
    return st.one_of(right, right, right, st.just([]), CHANGES.map(lambda changed: [(act, EVERYBODY, changed)]))


# Nearly the right way, so that its end is reached often.
LIKELY = st.tuples(
    st.sampled_from([[], ["identified rows"]]),
    *map(nearly, (Act.SUBMIT, Act.RECOMMEND, Act.ACCEPT, Act.FILE_AGREEMENT, Act.PROVIDE_CONSENT, Act.APPROVE)),
).map(lambda parts: [(Act.SAVE, EVERYBODY, {"form": form}) for form in parts[0]] + [s for p in parts[1:] for s in p])


@settings(max_examples=400, deadline=None)
@given(st.one_of(STEPS, LIKELY))
def test_no_way_leads_to_an_approved_external_request_without_all_that_is_demanded(
    steps: list[tuple[Act, frozenset[Role], dict[str, str]]],
) -> None:
    flow, case = WORKFLOWS[Kind.EXTERNAL], opened(Kind.EXTERNAL)
    for act, roles, changed in steps:
        before = case
        told = given_for(case.kind, case.state, act, **{"form": case.fields.get("form", TYPED["form"]), **changed})
        found = step(flow, case, act, roles, told, KNOWN)
        if isinstance(found, NotMoved):
            continue
        case = found.case
        if flow.rule(case.state).decided and case.state is not before.state:
            assert Role.SUPERINTENDENT in roles
        event(f"{case.state.value}, {case.fields.get('form')}")
        if case.state is State.APPROVED:
            assert all(len(case.fields[field.name]) >= 20 for field in STATEMENTS)
            assert case.documents["agreement"]
            assert {case.fields[name] for name in ("use_limited", "no_identification")} == {"yes"}
            assert case.fields["destruction_by"] >= case.fields["agreed_until"] >= case.fields["end"]
            assert case.fields["basis"].startswith("study") or case.fields["representative"]
            if case.fields["form"] == "identified rows":
                assert case.documents["notice"] and case.documents["consent_form"]
                assert date.fromisoformat(case.fields["parents_notified_on"]) <= TODAY


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(Kind)), STEPS)
def test_nobody_without_the_superintendents_signature_decides_anything(
    kind: Kind, steps: list[tuple[Act, frozenset[Role], dict[str, str]]]
) -> None:
    flow, case = WORKFLOWS[kind], opened(kind)
    for act, roles, changed in steps:
        others = roles - {Role.SUPERINTENDENT}
        found = step(flow, case, act, others, given_for(kind, case.state, act, **changed), KNOWN)
        case = found.case if isinstance(found, Moved) else case
        assert not flow.rule(case.state).decided
