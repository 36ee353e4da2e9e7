"""What a de-identified frame says of itself: levels, cells blanked, how many share each combination."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from html_outline import HOSTILE, Outline
from wire_gateway import WireGateway, arrow, describe, table_answer

import dbims_sdk as dbims

LOST = {
    "k": 5,
    "k_reached": 7,
    "levels": {"student_key": "a code of this grant", "birth_date": "age in bands of 3 years"},
    "suppressed": {"birth_date": 12, "home_language": 3},
    "notes": ["Rows beyond the 40th of one student were left out."],
}


def deidentified(session: dbims.Session, gateway: WireGateway, lost: Any = LOST) -> pd.DataFrame:
    said = describe(1, form="de-identified rows", unprotected=False, deidentification=lost)
    gateway.answers["/v1/frame"] = lambda _: arrow(pa.table({"student_key": ["S-1"]}), said)
    return session.frame("student")


def test_a_frame_says_what_it_lost(session: dbims.Session, gateway: WireGateway) -> None:
    face = dbims.protection_of(deidentified(session, gateway))
    assert (face.k, face.k_reached, face.form) == (5, 7, "de-identified rows")
    for shown in (repr(face), face._repr_html_()):
        assert "shared by at least 5 people (the rarest by 7)" in shown
        assert "age in bands of 3 years" in shown and "12" in shown and "home_language" in shown
        assert "Rows beyond the 40th" in shown and "Do not try to find out who somebody is." in shown


def test_the_face_is_accessible_and_escaped(session: dbims.Session, gateway: WireGateway) -> None:
    lost = LOST | {"levels": {HOSTILE: HOSTILE}, "notes": [HOSTILE]}
    html = dbims.protection_of(deidentified(session, gateway, lost))._repr_html_()
    tags = Outline(html).tags
    assert "img" not in {tag for tag, _ in tags} and "caption" in {tag for tag, _ in tags}


def test_it_is_kept_by_what_keeps_the_frames_description(session: dbims.Session, gateway: WireGateway) -> None:
    assert dbims.protection_of(deidentified(session, gateway).head(1)).k == 5


def test_named_rows_lost_nothing(session: dbims.Session, gateway: WireGateway) -> None:
    gateway.answers["/v1/frame"] = lambda _: arrow(pa.table({"student_key": [1]}))
    face = dbims.protection_of(session.frame("student"))
    assert face.k is None
    for shown in (repr(face), face._repr_html_()):
        assert "Not de-identified: scoped rows." in shown and "Keep them here" in shown


NOTICE = "Never the sole or primary portion of an evaluation."


@pytest.mark.parametrize("lost", [None, LOST])
def test_what_holds_for_the_use_of_a_frame_stands_under_it(
    lost: Any, session: dbims.Session, gateway: WireGateway
) -> None:
    said = describe(1, unprotected=True, notice=NOTICE, **({} if lost is None else {"deidentification": lost}))
    gateway.answers["/v1/frame"] = lambda _: arrow(pa.table({"student_key": [1]}), said)
    face = dbims.protection_of(session.frame("student"))
    for shown in (repr(face), face._repr_html_()):
        assert NOTICE in shown
        assert ("are by name" in shown) == (lost is not None)


def test_the_numbers_of_a_table_are_not_rows_of_people() -> None:
    with pytest.raises(dbims.BadQuery, match="not rows of people"):
        dbims.protection_of(dbims.ProtectedTable.from_wire(table_answer()).frame)


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"a": [1]})])
def test_a_frame_of_ones_own_does_not_say(frame: pd.DataFrame) -> None:
    with pytest.raises(dbims.BadQuery, match="does not say where it comes from") as caught:
        dbims.protection_of(frame)
    assert "merge" in caught.value.next


@pytest.mark.parametrize("other", [None, "student", 3, pd.Series([1]), dbims.ProtectedTable.from_wire(table_answer())])
def test_it_is_asked_of_a_frame(other: Any) -> None:
    with pytest.raises(dbims.BadQuery, match="takes a frame") as caught:
        dbims.protection_of(other)
    assert "table.protection" in caught.value.next


@pytest.mark.parametrize("lost", [3, [1], {"k": "many"}, LOST | {"levels": [1]}, LOST | {"notes": "text"}, {}])
def test_a_loss_of_another_shape_is_no_frame_of_ours(lost: Any, session: dbims.Session, gateway: WireGateway) -> None:
    frame = deidentified(session, gateway, lost)
    with pytest.raises(dbims.BrokenAnswer):
        dbims.protection_of(frame)
