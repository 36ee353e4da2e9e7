"""SQL from users: parsed, limited to an allow-list, and written anew. Only the text made here is ever run.

What is not on the list is refused: statements, kinds of expression, functions, table functions, schemas, files.
The list is of SQLGlot's expression classes (the grammar) and of function names. The rest of the safety is not
here: the query runs where there is nothing but the asker's own rows.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import SqlglotError

from governance.catalog import Catalog
from governance.warehouse.sql_allowed import ANONYMOUS_FUNCTIONS, EXPRESSIONS, TYPES
from governance.warehouse.sql_masked import masked_text

# It writes the text of what it cannot read to the log: in every process that parses, what users typed stays out of it.
# A filter, because whoever configures logging afterwards enables loggers that were disabled.
logging.getLogger("sqlglot").addFilter(lambda _record: False)

MAX_LENGTH = 20_000
MAX_NODES = 1_500
MAX_TABLES = 20
MAX_TOKENS = 4_000
MAX_DEPTH = 40

_OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE}
_CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END}


class SqlRefused(Exception):
    """A query that is not run; the message says what is not allowed, and never repeats a value."""


class UnknownTables(SqlRefused):
    """The query names something that is not a table of the catalog."""


@dataclass(frozen=True)
class UserSql:
    """A query that may be run over scoped tables.

    `text` is what runs, `masked` the same without anything its user made up (for the record), `columns` the columns
    of each table that the query may touch: never fewer than it does.
    """

    text: str
    masked: str
    columns: dict[str, tuple[str, ...]]


def parse_user_sql(text: str, catalog: Catalog) -> UserSql:
    """The query behind `text`, or `SqlRefused`."""
    try:
        return _checked(_one_query(text), catalog)
    except RecursionError:
        raise SqlRefused("The query is nested too deeply. Ask in smaller steps.") from None


def _checked(query: exp.Query, catalog: Catalog) -> UserSql:
    nodes = list(query.walk())
    if len(nodes) > MAX_NODES:
        raise SqlRefused("The query is too long. Ask in smaller steps.")
    for node in nodes:
        _demand_allowed(node)
    tables = _tables(query, catalog)
    return UserSql(
        text=query.sql(dialect="duckdb", comments=False),
        masked=masked_text(query, _names(catalog)),
        columns={name: _touched(name, query, catalog) for name in tables},
    )


def _one_query(text: str) -> exp.Query:
    if len(text) > MAX_LENGTH:
        raise SqlRefused(f"A query has at most {MAX_LENGTH:,} characters.")
    try:
        _demand_bounded(sqlglot.tokenize(text, read="duckdb"))
        statements = sqlglot.parse(text, read="duckdb")
    except (SqlglotError, RecursionError, ValueError) as error:
        raise SqlRefused("This is not a query that can be read. Check its spelling and brackets.") from error
    if len(statements) != 1 or statements[0] is None:
        raise SqlRefused("One query at a time: a single SELECT, without semicolons in between.")
    statement = statements[0]
    if not isinstance(statement, exp.Select | exp.SetOperation):
        raise SqlRefused("Only SELECT can be asked; nothing can be changed, attached, copied or configured.")
    return statement


def _demand_bounded(tokens: Sequence[Token]) -> None:
    """Before it is parsed: the parser's work grows fast with what is nested, and this process has other askers."""
    depth = deepest = 0
    for token in tokens:
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        deepest = max(deepest, depth)
    if len(tokens) > MAX_TOKENS:
        raise SqlRefused("The query is too long. Ask in smaller steps.")
    if deepest > MAX_DEPTH:
        raise SqlRefused("The query is nested too deeply. Ask in smaller steps.")


def _demand_allowed(node: exp.Expr) -> None:
    if isinstance(node, exp.Anonymous):
        if str(node.this).casefold() not in ANONYMOUS_FUNCTIONS:
            raise SqlRefused("The query uses a function that is not on the list of allowed ones.")
    elif type(node).__name__ not in EXPRESSIONS:
        raise SqlRefused(f"The query uses something that is not on the list of what is allowed: {type(node).key}.")
    if isinstance(node, exp.With) and node.args.get("recursive"):
        raise SqlRefused("Recursive queries are not allowed.")
    if isinstance(node, exp.Table):
        _demand_plain_table(node)
    if isinstance(node, exp.DataType):
        _demand_plain_type(node)


def _demand_plain_table(table: exp.Table) -> None:
    if not isinstance(table.this, exp.Identifier):
        raise SqlRefused("Table functions and files cannot be read; only the tables of the catalog.")
    if table.args.get("db") or table.args.get("catalog"):
        raise SqlRefused("Tables are named without a schema or database in front.")


def _demand_plain_type(kind: exp.DataType) -> None:
    """INTERVAL DAY is an interval where other types have their name; its parts are looked at like any other."""
    if not isinstance(kind.this, exp.Interval) and getattr(kind.this, "name", None) not in TYPES:
        raise SqlRefused("The query names a type that is not on the list of allowed ones.")


def _names(catalog: Catalog) -> set[str]:
    return set(catalog.tables).union(*(table.names for table in catalog.tables.values()))


def _tables(query: exp.Query, catalog: Catalog) -> list[str]:
    """The catalog's tables that the query names, each once."""
    named = {cte.alias_or_name.casefold() for cte in query.find_all(exp.CTE)}
    if named & set(catalog.tables):
        raise SqlRefused("A WITH query may not take the name of a table. Give it another name.")
    found: dict[str, None] = {}
    for table in query.find_all(exp.Table):
        name = table.name.casefold()
        if name in catalog.tables:
            # The catalog's own spelling is what runs, whatever the case or quotes the user wrote.
            table.this.replace(exp.to_identifier(name, quoted=True))
            found[name] = None
        elif name in named:
            _rename(table, name)
        else:
            raise UnknownTables("The query names a table that does not exist or is not yours.")
    for cte in query.find_all(exp.CTE):
        cte.args["alias"].set("this", _with_name(cte.alias_or_name))
    if len(found) > MAX_TABLES:
        raise SqlRefused(f"A query joins at most {MAX_TABLES} tables.")
    return list(found)


def _rename(table: exp.Table, name: str) -> None:
    """A WITH query gets a name that nothing of the engine's own has, wherever in the query it may be meant."""
    if not table.alias:
        exp.alias_(table, name, copy=False, table=True, quoted=True)
    table.set("this", _with_name(name))


def _with_name(name: str) -> exp.Identifier:
    return exp.to_identifier(f"with {name.casefold()}", quoted=True)


def _touched(name: str, query: exp.Query, catalog: Catalog) -> tuple[str, ...]:
    """Columns of the table whose name occurs anywhere in the query; all, where the query may mean all."""
    columns = catalog.tables[name].names
    if query.find(*_MEANS_ALL) is not None or any(_renames_or_matches(node) for node in query.walk()):
        return columns
    words = {identifier.name.casefold() for identifier in query.find_all(exp.Identifier)}
    columns_named = {column.name.casefold() for column in query.find_all(exp.Column)}
    aliases = {table.alias_or_name.casefold() for table in query.find_all(exp.Table)} | {name}
    if columns_named & aliases:
        # A table's name used as a value means the whole row.
        return columns
    return tuple(column for column in columns if column in words) or columns[:1]


# What may mean columns that the query does not name.
_MEANS_ALL = (exp.Star, exp.Columns, exp.PositionalColumn, exp.Pivot)


def _renames_or_matches(node: exp.Expr) -> bool:
    """A natural join, or an alias that gives a table's columns other names by their place."""
    if isinstance(node, exp.Join):
        return bool(node.args.get("method"))
    return isinstance(node, exp.TableAlias) and bool(node.args.get("columns"))
