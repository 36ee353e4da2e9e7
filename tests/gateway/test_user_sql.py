"""SQL from users: what may be asked, and that everything else is refused before anything is run."""

from __future__ import annotations

import logging

import duckdb
import pytest
from sqlglot import exp

from governance.catalog import load_catalog
from governance.warehouse.sql_masked import masked_text
from governance.warehouse.user_sql import SqlRefused, UnknownTables, parse_user_sql

CATALOG = load_catalog()

ALLOWED = [
    "SELECT * FROM student",
    "select count(*) from STUDENT",
    'SELECT "student"."last_name" FROM "student" ORDER BY 1 LIMIT 5',
    "SELECT s.last_name, count(*) AS days FROM student s JOIN attendance a USING (student_key) GROUP BY ALL",
    "WITH absent AS (SELECT student_key, sum(fraction_absent) AS days FROM attendance GROUP BY student_key) "
    "SELECT * FROM absent JOIN student USING (student_key) WHERE days > 10",
    "SELECT student_key, row_number() OVER (PARTITION BY school_key ORDER BY entry_date DESC) FROM enrollment",
    "SELECT month(attendance_date) AS m, avg(fraction_absent) FROM attendance GROUP BY m HAVING count(*) > 3",
    "SELECT date_trunc('week', attendance_date), strftime(attendance_date, '%Y') FROM attendance",
    "SELECT CASE WHEN sex = 'Female' THEN 1 ELSE 0 END FROM student UNION ALL SELECT 1",
    "SELECT * EXCLUDE (birth_date) FROM student WHERE last_name ILIKE 'a%' "
    "AND birth_date BETWEEN '2010-01-01' AND '2011-01-01'",
    "SELECT median(score), quantile_cont(score, 0.9), corr(score, school_year) FROM assessment_result",
    "SELECT * FROM student WHERE student_key IN (SELECT student_key FROM grade WHERE numeric_grade < 60)",
    "SELECT list(last_name), string_agg(first_name, ', ') FROM student",
    "SELECT * FROM (SELECT grade_level, school_key FROM enrollment) PIVOT (count(*) FOR grade_level IN ('01', '02'))",
    "SELECT coalesce(try_cast(student_id AS bigint), 0) FROM student -- a comment",
]

REFUSED = [
    "",
    ";",
    "not a query",
    "SELECT 1; SELECT 2",
    "SELECT * FROM student; DROP TABLE student",
    "SELECT * FROM read_parquet('/snapshots/x/student.parquet')",
    "SELECT * FROM parquet_scan('/snapshots/x/student.parquet')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'student.parquet'",
    'SELECT * FROM "/snapshots/x/student.parquet"',
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM main.student",
    "SELECT * FROM system.main.student",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_tables()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM pragma_table_info('student')",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('student')",
    "SELECT getenv('HOME')",
    "SELECT current_setting('memory_limit')",
    "SELECT getvariable('x')",
    "SELECT * FROM student, LATERAL (SELECT * FROM read_text('/etc/passwd'))",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "COPY student TO '/tmp/x'",
    "COPY (SELECT * FROM student) TO '/tmp/x.csv'",
    "ATTACH '/tmp/x.db'",
    "DETACH memory",
    "PRAGMA database_list",
    "SET memory_limit = '1TB'",
    "RESET memory_limit",
    "INSTALL httpfs",
    "LOAD httpfs",
    "CREATE TABLE x AS SELECT * FROM student",
    "CREATE MACRO f(x) AS x",
    "CREATE SECRET s (TYPE s3)",
    "INSERT INTO student SELECT * FROM student",
    "UPDATE student SET last_name = ''",
    "DELETE FROM student",
    "EXPLAIN SELECT * FROM student",
    "EXPLAIN ANALYZE SELECT * FROM student",
    "DESCRIBE student",
    "SHOW TABLES",
    "SUMMARIZE student",
    "CALL duckdb_settings()",
    "EXECUTE x",
    "PREPARE x AS SELECT 1",
    "EXPORT DATABASE '/tmp/x'",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
    "WITH student AS (SELECT 1) SELECT * FROM student",
    'WITH "Student" AS (SELECT 1) SELECT * FROM student',
    "SELECT * FROM student TABLESAMPLE 10%",
    "SELECT * FROM salary",
    "SELECT * FROM student JOIN payroll USING (student_key)",
    "SELECT 1 FROM student WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_tables)",
    "SELECT /* */ * FROM /* x */ pg_class",
    "SELECT * FROM range(1000000000)",
    "SELECT * FROM generate_series(1, 1000000000)",
    "SELECT nextval('x')",
    "SELECT " + "(" * 3000 + "1" + ")" * 3000,
    "SELECT " + "+".join(["1"] * 15_000),
    "SELECT '" + "x" * 30_000 + "'",
]


@pytest.mark.parametrize("text", ALLOWED)
def test_everyday_questions_are_allowed(text: str) -> None:
    query = parse_user_sql(text, CATALOG)
    assert set(query.columns) <= set(CATALOG.tables)


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:40])
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(SqlRefused):
        parse_user_sql(text, CATALOG)


def test_a_table_that_is_not_in_the_catalog_is_unknown() -> None:
    with pytest.raises(UnknownTables):
        parse_user_sql("SELECT * FROM salary", CATALOG)


@pytest.mark.parametrize("engines", ["sqlite_master", "duckdb_tables", "pg_class"])
def test_the_name_of_a_with_query_never_means_something_of_the_engines_own(engines: str) -> None:
    text = f"SELECT * FROM {engines} WHERE EXISTS (WITH {engines} AS (SELECT 1 AS n) SELECT n FROM {engines})"
    with pytest.raises(duckdb.CatalogException):
        duckdb.connect().sql(parse_user_sql(text, CATALOG).text)


def test_a_with_query_is_found_under_its_own_name() -> None:
    text = "WITH A AS (SELECT 1 AS n), b AS (SELECT n + 1 AS n FROM a) SELECT a.n, x.n, b.n FROM a, a AS x, B"
    assert duckdb.connect().sql(parse_user_sql(text, CATALOG).text).fetchall() == [(1, 1, 2)]


def test_a_refusal_repeats_no_value() -> None:
    with pytest.raises(SqlRefused) as refusal:
        parse_user_sql("SELECT getenv('Marisol')", CATALOG)
    assert "Marisol" not in str(refusal.value)


def test_the_record_of_a_query_holds_no_literal() -> None:
    query = parse_user_sql("SELECT 1 FROM student WHERE last_name = 'Marisol' AND birth_date > '2011-02-03'", CATALOG)
    assert "Marisol" not in query.masked
    assert "2011" not in query.masked


# Everywhere that the grammar lets somebody write what they like.
MADE_UP = [
    'SELECT 1 FROM student WHERE last_name = "Marisol"',
    'SELECT last_name AS "Marisol" FROM student',
    'WITH "Marisol" AS (SELECT last_name FROM student) SELECT * FROM "Marisol"',
    "SELECT {'Marisol': last_name} FROM student",
    'SELECT "Marisol".last_name FROM student "Marisol"',
    'SELECT CAST(last_name AS "Marisol 2010-05-03") FROM student',
    'SELECT last_name::"Marisol" FROM student',
    "SELECT TRY_CAST(last_name AS Marisol) FROM student",
    'SELECT CAST(last_name AS MAP(VARCHAR, "Marisol")) FROM student',
    "SELECT CAST(last_name AS Marisol[3]) FROM student",
    "SELECT CAST(last_name AS ENUM('Marisol')) FROM student",
    'SELECT CAST(last_name AS STRUCT("Marisol" INTEGER)) FROM student',
    'SELECT CAST(last_name AS UNION("Marisol" INTEGER)) FROM student',
    "SELECT CAST(last_name AS VARCHAR COLLATE Marisol) FROM student",
    'SELECT last_name COLLATE "Marisol" FROM student',
    "SELECT $Marisol FROM student",
    "SELECT :Marisol FROM student",
    "SELECT @Marisol FROM student",
    "SELECT /*+ Marisol */ last_name FROM student /* Marisol */ -- Marisol",
    "SELECT INTERVAL 3 Marisol FROM student",
    "SELECT INTERVAL '3 Marisol' FROM student",
    "SELECT last_name->'$.Marisol', last_name->>'Marisol' FROM student",
    "SELECT extract(Marisol FROM birth_date) FROM student",
    "SELECT date_trunc('Marisol', birth_date) FROM student",
    "SELECT date_diff('Marisol', birth_date, birth_date) FROM student",
    "SELECT datepart('Marisol', birth_date) FROM student",
    'SELECT "Marisol"(1) FROM student',
    "SELECT last_name.Marisol(1) FROM student",
    "SELECT sum(Marisol := 1), struct_pack(Marisol := 1) FROM student",
    "SELECT row_number() OVER Marisol FROM student WINDOW Marisol AS (PARTITION BY sex)",
    "SELECT * EXCLUDE (Marisol) REPLACE (1 AS Marisol) RENAME (sex AS Marisol) FROM student",
    "SELECT COLUMNS('Marisol'), COLUMNS(Marisol -> Marisol = 'Marisol') FROM student",
    "SELECT [Marisol FOR Marisol IN [1]] FROM student",
    "FROM student PIVOT (count(*) AS Marisol FOR sex IN ('Marisol' AS Marisol) GROUP BY Marisol)",
    "SELECT * FROM student UNPIVOT (Marisol FOR Marisol IN (sex))",
    "SELECT E'Marisol', N'Marisol', U&'Marisol' FROM student",
    "SELECT $$Marisol$$, $Marisol$Marisol$Marisol$ FROM student",
    "SELECT DATE 'Marisol', TIMESTAMP 'Marisol' FROM student",
    "SELECT birth_date AT TIME ZONE 'Marisol' FROM student",
    "SELECT 1 FROM student Marisol(Marisol, Marisol)",
    "SELECT 1 FROM student ASOF JOIN enrollment USING (Marisol)",
    "SELECT 1 FROM student USING SAMPLE reservoir(Marisol)",
    "SELECT 1 FROM student AT (VERSION => Marisol)",
    "SELECT 0xMarisol, 1Marisol FROM student",
    "SELECT DISTINCT ON (Marisol) last_name[Marisol:2] FROM student GROUP BY ROLLUP (Marisol)",
]


@pytest.mark.parametrize("text", MADE_UP)
def test_nor_a_name_that_the_user_made_up(text: str) -> None:
    try:
        masked = parse_user_sql(text, CATALOG).masked.casefold()
    except SqlRefused as refusal:
        masked = str(refusal).casefold()
    assert "marisol" not in masked
    assert "2010" not in masked


@pytest.mark.parametrize(
    "node",
    [
        exp.National(this="Marisol"),
        exp.RawString(this="Marisol"),
        exp.Anonymous(this="Marisol"),
        exp.DataType.build("Marisol", udt=True),
        exp.Join(this=exp.to_table("student"), kind="Marisol"),
        exp.Window(this=exp.Null(), over="Marisol"),
    ],
    ids=lambda node: node.key,
)
def test_a_text_of_a_kind_that_nobody_thought_of_is_masked_too(node: exp.Expr) -> None:
    assert "marisol" not in masked_text(node, {"student"}).casefold()


def test_the_record_keeps_the_shape_of_a_query_and_tells_its_names_apart() -> None:
    text = (
        "SELECT s.last_name AS child, CAST(birth_date AS DATE) AS day FROM student s WHERE s.sex = 'F' ORDER BY child"
    )
    assert parse_user_sql(text, CATALOG).masked == (
        'SELECT a1.last_name AS a2, CAST(birth_date AS DATE) AS a3 FROM "student" AS a1 WHERE a1.sex = ? ORDER BY a2'
    )


@pytest.mark.parametrize(
    "text",
    [
        "EXPLAIN SELECT 'Marisol Abbott'",
        "ALTER TABLE student FOO 'Marisol born 2010-05-03'",
        "SELECT last_name->'$[Marisol' FROM student",
        'SELECT last_name COLLATE "Marisol" FROM student',
    ],
)
def test_what_cannot_be_read_is_not_logged(
    text: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SqlRefused):
        parse_user_sql(text, CATALOG)
    assert "Marisol" not in caplog.text + "".join(capfd.readouterr())


TYPES = """BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT UINTEGER UBIGINT UHUGEINT REAL DOUBLE DECIMAL(9,2)
VARCHAR TEXT CHAR(3) DATE TIME TIMESTAMP TIMESTAMPTZ TIMESTAMP_S INTERVAL UUID BLOB INTEGER[] INTEGER[3] DATETIME
MAP(VARCHAR,DATE)"""


@pytest.mark.parametrize("name", TYPES.split())
def test_a_value_may_be_made_any_type_of_the_engine(name: str) -> None:
    parse_user_sql(f"SELECT TRY_CAST(last_name AS {name}) FROM student", CATALOG)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT COLUMNS('.*_name') FROM student",
        "SELECT #2 FROM student",
        "SELECT b FROM student AS s(a, b, c)",
        "SELECT * FROM student NATURAL JOIN enrollment",
        "SELECT last_name FROM student NATURAL JOIN enrollment",
        "FROM student PIVOT (count(*) FOR sex IN ('Male'))",
    ],
)
def test_a_query_that_may_mean_any_column_gets_all(text: str) -> None:
    columns = parse_user_sql(text, CATALOG).columns
    assert columns == {name: CATALOG.tables[name].names for name in columns}


def test_only_columns_that_may_be_touched_are_fetched() -> None:
    query = parse_user_sql("SELECT last_name FROM student WHERE sex = 'Female'", CATALOG)
    assert query.columns == {"student": ("last_name", "sex")}


@pytest.mark.parametrize("text", ["SELECT s FROM student s", "SELECT student FROM student", "SELECT * FROM student"])
def test_a_query_that_means_the_whole_row_gets_it(text: str) -> None:
    assert parse_user_sql(text, CATALOG).columns == {"student": CATALOG.tables["student"].names}


NESTED = {
    "brackets": ("(", "1", ")"),
    "lists": ("[", "1", "]"),
    "structs": ("{'a': ", "1", "}"),
    "cases": ("CASE WHEN true THEN ", "1", " END"),
    "casts": ("CAST(", "1", " AS INTEGER)"),
}


@pytest.mark.parametrize("kind", NESTED)
def test_what_is_nested_too_deeply_is_refused_before_it_is_parsed(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opening, core, closing = NESTED[kind]
    parse_user_sql(f"SELECT {opening * 40}{core}{closing * 40}", CATALOG)
    monkeypatch.setattr("sqlglot.parse", lambda *_a, **_k: pytest.fail("it was parsed"))
    with pytest.raises(SqlRefused, match="nested too deeply"):
        parse_user_sql(f"SELECT {opening * 41}{core}{closing * 41}", CATALOG)
    with pytest.raises(SqlRefused, match="too long"):
        parse_user_sql("SELECT 1" + ", 1" * 4000, CATALOG)
