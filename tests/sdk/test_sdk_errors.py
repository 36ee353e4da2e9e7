"""One tree of errors: a class per code, sentences instead of stacks, and no token anywhere."""

from __future__ import annotations

import pickle

import pytest
from starlette.responses import PlainTextResponse
from wire_gateway import TOKEN, WireGateway, refusal

import dbims_sdk as dbims
from dbims_sdk import errors

# The gateway's closed list, with the HTTP status of each.
GATEWAY_CODES = {
    "not_authenticated": 401,
    "not_allowed": 403,
    "wrong_purpose": 403,
    "not_released": 403,
    "unknown_table": 404,
    "unknown_column": 400,
    "bad_query": 400,
    "sql_refused": 400,
    "sql_failed": 400,
    "too_large": 400,
    "timed_out": 408,
    "not_found": 404,
    "unavailable": 503,
    "internal": 500,
}
OWN_CODES = {"wrong_capacity", "session_closed", "broken_answer"}


def test_the_codes_are_the_gateways_and_three_of_the_sdks_own() -> None:
    assert set(errors.BY_CODE) == set(GATEWAY_CODES) | OWN_CODES


def test_every_class_is_public() -> None:
    public = {getattr(dbims, name) for name in dbims.__all__}
    assert public >= set(errors.BY_CODE.values())
    assert set(dbims.__all__) == {name for name in dbims.__all__ if hasattr(dbims, name)}


@pytest.mark.parametrize("code", GATEWAY_CODES)
def test_every_code_raises_its_class(code: str, session: dbims.Session, gateway: WireGateway) -> None:
    answer = refusal(GATEWAY_CODES[code], code, "What happened.", "The rule.", "The next step.")
    gateway.answers["/v1/frame"] = gateway.answers["/v1/tables"] = lambda _: answer
    for ask in (lambda: session.frame("student"), session.tables):
        with pytest.raises(errors.BY_CODE[code]) as caught:
            ask()
        error = caught.value
        assert (error.code, error.message, error.rule, error.next) == (
            code,
            "What happened.",
            "The rule.",
            "The next step.",
        )


def test_a_code_of_a_newer_gateway_keeps_its_sentences() -> None:
    error = errors.from_wire(418, {"error": {"code": "teapot", "message": "Short and stout."}})
    assert isinstance(error, dbims.InternalError) and str(error) == "Short and stout."


@pytest.mark.parametrize(("status", "kind"), [(502, dbims.Unavailable), (500, dbims.InternalError)])
def test_a_body_that_is_not_the_gateways(
    status: int, kind: type[dbims.DbimsError], session: dbims.Session, gateway: WireGateway
) -> None:
    gateway.answers["/v1/whoami"] = lambda _: PlainTextResponse("<h1>Bad gateway</h1>", status_code=status)
    with pytest.raises(kind, match=str(status)):
        session.whoami()


@pytest.mark.parametrize("body", [None, [], {"error": "text"}, {"error": {"message": 3}}, {"error": {}}])
def test_a_malformed_error_is_still_an_error(body: object) -> None:
    assert isinstance(errors.from_wire(500, body), dbims.InternalError)


def test_a_token_that_the_body_repeats_is_not_passed_on(session: dbims.Session, gateway: WireGateway) -> None:
    gateway.answers["/v1/whoami"] = lambda _: refusal(401, "not_authenticated", f"Bad token {TOKEN}", TOKEN, TOKEN)
    with pytest.raises(dbims.NotAuthenticated) as caught:
        session.whoami()
    shown = str(caught.value) + repr(caught.value) + caught.value._repr_html_()
    assert TOKEN not in shown and "Bad token [token]" in shown


def test_the_text_has_what_which_rule_what_next() -> None:
    assert str(dbims.NotAllowed("No.", "Rule 3.", "Ask.")) == "No.\nRule: Rule 3.\nWhat to do next: Ask."
    assert str(dbims.NotAllowed("No.")) == "No."


def test_errors_can_be_sent_to_another_process() -> None:
    error = pickle.loads(pickle.dumps(dbims.TooLarge("Too large.", "R.", "N.")))
    assert isinstance(error, dbims.TooLarge) and error.next == "N."


def test_the_html_is_escaped() -> None:
    html = dbims.NotAllowed("<script>1</script>", "<b>", "a & b")._repr_html_()
    assert "<script>" not in html and "<b>" not in html and "a &amp; b" in html


def test_a_notebook_shows_sentences_and_the_line_that_asked_not_a_stack() -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell()
    cell = "import dbims_sdk\nx = 1\ndbims_sdk.connect(url='nonsense', token='t')\n"
    with capture_output() as output:
        shell.run_cell(cell)
    assert "The gateway's address cannot be read." in output.stdout
    assert "What to do next: Give url=" in output.stdout
    assert "(asked in line 3: dbims_sdk.connect(" in output.stdout
    assert "Traceback" not in output.stdout and "discovery.py" not in output.stdout


def test_an_error_that_is_displayed_is_its_sentences() -> None:
    from IPython.lib.pretty import pretty

    assert pretty(dbims.NotAllowed("No.", "Rule 3.")) == "No.\nRule: Rule 3."
