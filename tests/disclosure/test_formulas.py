"""Formulas: what can be said, and that nothing else can."""

from __future__ import annotations

import formulaic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.disclosure.formulas import Formula, FormulaRefused, Term, Transform, Variable, parse_formula

X, Z, G = Variable("x"), Variable("z"), Variable("g", factor=True)


@pytest.mark.parametrize(
    ("text", "terms", "intercept"),
    [
        ("y ~ x", (Term((X,)),), True),
        ("y~x+C(g)", (Term((X,)), Term((G,))), True),
        ("y ~ x + x + z", (Term((X,)), Term((Z,))), True),
        ("y ~ x*z", (Term((X,)), Term((Z,)), Term((X, Z))), True),
        ("y ~ x:C( g )", (Term((X, G)),), True),
        ("y ~ x:x", (Term((X,)),), True),
        ("y ~ x:z + z:x", (Term((X, Z)),), True),
        ("y ~ log(x) - 1", (Term((Variable("x", Transform.LOG),)),), False),
        ("y ~ -1 + x", (Term((X,)),), False),
        ("y ~ 0 + x", (Term((X,)),), False),
        ("y ~ x - 1 + 1", (Term((X,)),), True),
        ("y ~ 1", (), True),
        ("  y\t~\n1 ", (), True),
    ],
)
def test_what_can_be_said(text: str, terms: tuple[Term, ...], intercept: bool) -> None:
    assert parse_formula(text) == Formula(Variable("y"), terms, intercept)


def test_columns_are_named_once_in_order_of_appearance() -> None:
    formula = parse_formula("log(y) ~ z*C(g) + square(x) + x")
    assert formula.columns == ("y", "z", "g", "x")
    assert str(formula) == "log(y) ~ z + C(g) + z:C(g) + square(x) + x"
    assert parse_formula("y ~ a*b*C(c)").terms[-1] == Term((Variable("a"), Variable("b"), Variable("c", factor=True)))


SECRET = "Zelda"
REFUSED = [
    *("", "   ", "~", "y ~", "~ x", "y", "x + z", "y ~ ~ x", "y ~ x ~ z", "y ~ x z", "y ~ x +", "y ~ + + x", "y ~ x:"),
    *("y ~ 0", "y ~ -1", "y ~ 2", "y ~ 2*x", "y ~ x - z", "y ~ x + 1.5", "y ~ 01", "y ~ x:1", "1 ~ x", "y + z ~ x"),
    *("y ~ __import__('os')", "y ~ __import__(os)", "y ~ I(x)", "y ~ np.log(x)", "y ~ bs(x, df=5)", "y ~ exp(x)"),
    *("y ~ `x`", "y ~ 'x'", 'y ~ "x"', "y ~ .", "y ~ x | z", "y ~ x ** 2", "y ~ x ^ 2", "y ~ x / z", "y ~ x % z"),
    *(
        "y ~ x[0]",
        "y ~ {x}",
        "y ~ x.z",
        "y ~ x; z",
        "y ~ x\n@z",
        "y ~ x\\z",
        "y ~ x # z",
        "y ~ x\x00",
        "y ~ lambda q: x",
    ),
    *("y ~ C(g, Treatment)", "y ~ C(C(g))", "y ~ log(log(x))", "y ~ C()", "y ~ C(1)", "y ~ C(a + b)", "y ~ (x)"),
    *("y ~ (a + b):c", "C(y) ~ x", "y ~ x + y", "y ~ log(y)", "log(y) ~ y", "y ~ x:y", "y ~ a*b*c*d", "y ~ a:b:c:d"),
    *("y ~ a:b*c:d", "y ~ größe", "y ~ x\u200b", "y ~ \uff58", "y ~ \u0661", "y ~ center(x", "y ~ x)"),
    *("y ~ " + "(" * 200 + "x" + ")" * 200, "y ~ " + "log(" * 100 + "x", "y ~ " + "x" * 101, "y ~ x" + " + x" * 1000),
    *("y ~ " + " + ".join(f"x{i}" for i in range(31)), "(" * 1000, "y ~ " + "*".join("abcdefghijklmnop")),
    f"y ~ {SECRET}('x')",
]


@pytest.mark.parametrize("text", REFUSED)
def test_anything_else_is_refused_with_one_clear_error(text: str) -> None:
    with pytest.raises(FormulaRefused) as refused:
        parse_formula(text)
    assert refused.value.message.endswith(".") and refused.value.next_step.endswith(".")
    assert len(str(refused.value)) < 300 and SECRET not in str(refused.value)


@pytest.mark.parametrize("value", [None, 5, b"y ~ x", ["y ~ x"]])
def test_only_text_is_a_formula(value: object) -> None:
    with pytest.raises(FormulaRefused):
        parse_formula(value)  # type: ignore[arg-type]


PIECES = st.sampled_from([*"yxzgC01 ~+-:*()", "log(", "C(", "`", ".", "|", "'", "é"])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_a_formula_or_refused(text: str) -> None:
    """What is accepted reads the same when it is written out again."""
    try:
        formula = parse_formula(text)
    except FormulaRefused:
        return
    assert parse_formula(str(formula)) == formula


NAMES = st.sampled_from(["a", "b", "C(g)", "log(x)"])
PRODUCTS = st.lists(NAMES, min_size=1, max_size=3).map(":".join) | st.lists(NAMES, min_size=1, max_size=3).map("*".join)


@given(st.lists(PRODUCTS, min_size=1, max_size=4).map(" + ".join), st.sampled_from(["", " - 1"]))
def test_means_what_formulaic_means(right: str, end: str) -> None:
    formula = parse_formula(f"y ~ {right}{end}")
    theirs = [frozenset(str(term).split(":")) for term in formulaic.Formula(right + end, _ordering="none")]
    assert formula.intercept == (frozenset("1") in theirs)
    assert {frozenset(map(str, term.variables)) for term in formula.terms} == set(theirs) - {frozenset("1")}


def test_the_parts_check_themselves() -> None:
    for wrong in (
        lambda: Variable("x y"),
        lambda: Variable("x", Transform.LOG, factor=True),
        lambda: Term(()),
        lambda: Term((X, X)),
        lambda: Formula(G, (Term((X,)),), True),
        lambda: Formula(X, (), False),
        lambda: Formula(Variable("y"), (Term((X, Z)), Term((Z, X))), True),
    ):
        with pytest.raises(ValueError, match="a "):
            wrong()
