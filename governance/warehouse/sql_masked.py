"""A user's query as the record keeps it: its shape, the catalog's names and the functions; nothing the user made up.

A literal, an alias, the name of a field or of a type may be a child's name. So what stays is listed here, and every
other text in the tree is replaced: one of a kind that nobody thought of too.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from sqlglot import exp

from governance.warehouse.sql_allowed import ANONYMOUS_FUNCTIONS

# The grammar's own words, as the parser keeps them.
_WORDS = """
ALL ANTI ASC ASOF BOTH CROSS DESC FIRST FOLLOWING FULL GROUP GROUPS INNER LEADING LEFT NATURAL NEXT OUTER OVER
POSITIONAL PRECEDING RANGE RIGHT ROWS SEMI TIES TRAILING UNBOUNDED
CENTURY DAY DECADE DOW DOY EPOCH ERA HOUR ISODOW ISOYEAR JULIAN MICROSECOND MILLENNIUM MILLISECOND MINUTE MONTH
QUARTER SECOND WEEK YEAR YEARWEEK
"""
_KEYWORDS = frozenset(_WORDS.split()) | {"CURRENT ROW", "NO OTHERS"}

# Of what kind a part is, and under which name: texts that the parser sets by itself and that are never printed.
_THE_PARSERS_OWN = {(exp.Pivot, "pivot_column_naming")}

OTHER = "x"


def masked_text(query: exp.Expr, known: AbstractSet[str]) -> str:
    """The query with `?` for every literal and a1, a2 … for every name that is not among `known` (in lower case)."""
    masked = query.copy()
    for literal in list(masked.find_all(exp.Literal)):
        literal.replace(exp.Placeholder())
    mask = _Mask(known)
    for node in masked.walk(bfs=False):
        for name, value in list(node.args.items()):
            node.set(name, mask.part(node, name, value))
    return masked.sql(dialect="duckdb", comments=False)


class _Mask:
    """The names a user made up in one query, in the order in which they are met."""

    def __init__(self, known: AbstractSet[str]) -> None:
        self._known = known
        self._made_up: dict[str, str] = {}

    def part(self, node: exp.Expr, name: str, value: Any) -> Any:
        """One part of a node; only texts are looked at, since the rest is nodes, flags and kinds of types."""
        if isinstance(value, list):
            return [self.part(node, name, each) for each in value]
        # A kind of type is a text too, one of a closed list.
        if not isinstance(value, str) or isinstance(value, exp.DType) or (type(node), name) in _THE_PARSERS_OWN:
            return value
        return self._text(node, value)

    def _text(self, node: exp.Expr, word: str) -> str:
        folded = word.casefold()
        match node:
            case exp.Identifier():
                return folded if folded in self._known else self._name(folded)
            case exp.Anonymous() if folded in ANONYMOUS_FUNCTIONS:
                return folded
            case _:
                return word.upper() if word.upper() in _KEYWORDS else OTHER

    def _name(self, word: str) -> str:
        return self._made_up.setdefault(word, f"a{len(self._made_up) + 1}")
