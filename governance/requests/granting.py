"""What an approval gives: the questions asked of whoever wants data, and of the Superintendent, and the grant."""

from __future__ import annotations

from datetime import date

from governance.catalog import ColumnClass, Table, Treatment, Unit
from governance.requests.forms import Check, Errors, Field, FieldKind, Known, Values
from governance.vocabulary import STUDY_SESSION, DateDetail, Grant

DEIDENTIFIED = "de-identified rows"
IDENTIFIED = "identified rows"
FORMS = (DEIDENTIFIED, IDENTIFIED)

PERSON_KEYS = {Unit.STUDENT: "student_key", Unit.STAFF: "staff_key"}
"""The units whose tables are granted, and the key that tells a person's rows from another's."""
MAX_SESSION_NAME = 30
"""JupyterHub has no session of a longer name: a study's would never start."""
LONGEST_YEARS = 10
LINKED = (
    "Each grant is k-anonymous by itself; whoever has the rows of two can link those of one student by their facts, "
    "though the codes differ."
)
"""To be told to whoever decides, where the applicant has a grant already."""

Tables = dict[str, tuple[str, ...]]

COLUMNS = Field(
    "columns",
    "Tables and columns",
    "Precisely what is asked for: a table on each line, and its columns. TABLE: COLUMN, COLUMN.",
    FieldKind.COLUMNS,
)
POPULATION = Field("population", "Population", "Whose records: which students or staff, of which schools and grades.")
YEARS = Field("years", "Years", "Of which school years.", FieldKind.LINE)
FORM = Field(
    "form",
    "Form of the answer",
    "De-identified rows tell of nobody who it is. Identified rows are those of students with consent on record only.",
    FieldKind.CHOICE,
    choices=FORMS,
    usual=DEIDENTIFIED,
)
BEGIN = Field("begin", "First day", "From when on the data are needed.", FieldKind.DATE)
END = Field("end", "Last day", "The grant ends by itself after that day.", FieldKind.DATE)
EMAIL = Field(
    "email",
    "E-mail address",
    "Where the decision is sent, besides being kept here. May be left out.",
    FieldKind.EMAIL,
    required=False,
)

GRANT_NAME = Field(
    "grant_name",
    "Name of the grant",
    "Also names its session and its home, and is never given again.",
    FieldKind.GRANT_NAME,
)
K = Field(
    "k",
    "Smallest group (k)",
    "How many students share every combination of what is told of any one: 10, or 5 at the least.",
    FieldKind.NUMBER,
    least=5,
    most=1_000,
    usual="10",
)
DIVERSITY = Field(
    "diversity",
    "Diversity",
    "How many different values each sensitive column has within such a group; 1 asks for nothing.",
    FieldKind.NUMBER,
    required=False,
    least=1,
    most=100,
    usual="1",
)
SENSITIVE = Field(
    "sensitive",
    "Sensitive columns",
    "The columns that the diversity is about: TABLE.COLUMN, with commas between them.",
    FieldKind.LINE,
    required=False,
    most=1_000,
)
DATES = Field(
    "dates",
    "How exactly days are told",
    "By month, or by week.",
    FieldKind.CHOICE,
    choices=tuple(DateDetail),
    usual=DateDetail.MONTH.value,
)
REASON = Field("reason", "Reasons", "Why it was decided so; part of the letter.", least=3)
CONDITIONS = Field("conditions", "Conditions", "What the decision depends on; part of the letter.", required=False)
TERMS = (GRANT_NAME, K, DIVERSITY, SENSITIVE, DATES)


def applied(values: Values) -> tuple[Tables, str, date | None]:
    """What was applied for: tables with their columns, the form of the answer, the last day."""
    return values.get("columns", {}), values.get("form", DEIDENTIFIED), values.get("end")


def columns_in_form(columns: str, form: str) -> Check:
    """That every column exists in the form of answer that is asked for."""

    def check(values: Values, known: Known) -> Errors:
        tables: Tables = values.get(columns, {})
        for name, names in tables.items():
            error = _table_error(known.catalog.tables[name], names, values.get(form, DEIDENTIFIED))
            if error:
                return {columns: error}
        return {}

    return check


def _table_error(table: Table, names: tuple[str, ...], form: str) -> str:
    """Why these columns of a table cannot be granted; nothing, if they can."""
    if table.unit not in PERSON_KEYS:
        return (
            f"The table {table.name} is not about students or staff. A grant names tables that are; what everybody "
            "sees of schools and courses needs no grant."
        )
    if form == IDENTIFIED:
        about_students = table.unit is Unit.STUDENT
        return "" if about_students else f"The table {table.name} is not about students: identified rows are of those."
    for name in names:
        if table.column(name).class_ is ColumnClass.DIRECT_IDENTIFIER:
            return (
                f"{table.name}.{name} is a direct identifier: it says by itself who somebody is. De-identified rows "
                "never have one; persons are told apart by random codes. Leave it out."
            )
        if not _exists(table, name):
            return f"{table.name}.{name} does not exist in de-identified rows. Leave it out."
    return ""


def _exists(table: Table, name: str) -> bool:
    # As in the warehouse, which a test holds this to: staff have no quasi-identifiers of their own.
    never = {Treatment.DROPPED} if table.unit is Unit.STUDENT else {Treatment.DROPPED, Treatment.GENERALIZED}
    return name == PERSON_KEYS[table.unit] or table.column(name).deidentified not in never


def short_name(values: Values, _known: Known) -> Errors:
    """That a session can be named after the grant."""
    most = MAX_SESSION_NAME - len(STUDY_SESSION)
    too_long = len(values.get("grant_name", "")) > most
    return {"grant_name": f"At most {most} characters: its session is named after it."} if too_long else {}


def not_too_long(begin: str, end: str) -> Check:
    """That a grant ends within so many years."""

    def check(values: Values, _known: Known) -> Errors:
        first, last = values.get(begin), values.get(end)
        if first is None or last is None or (last - first).days <= LONGEST_YEARS * 366:
            return {}
        return {end: f"A grant lasts {LONGEST_YEARS} years at the most. Choose an earlier day."}

    return check


def sensitive_names(text: str | None) -> tuple[str, ...]:
    """What was typed between commas."""
    return tuple(dict.fromkeys(filter(None, (name.strip() for name in (text or "").split(",")))))


def diversity_with_sensitive(values: Values, _known: Known) -> Errors:
    """That a diversity is about something, and that something sensitive has one."""
    names = sensitive_names(values.get("sensitive"))
    if (values.get("diversity", 1) > 1) == bool(names):
        return {}
    return {"sensitive": "A diversity of 2 or more, and only that, goes with sensitive columns."}


def sensitive_errors(tables: Tables, text: str | None, known: Known) -> Errors:
    """That the sensitive columns are among those granted, are of students, and are sensitive."""
    for name in sensitive_names(text):
        table, _, column = name.partition(".")
        if column not in tables.get(table, ()):
            return {"sensitive": f"{name} is not among the columns that are granted."}
        declared = known.catalog.tables[table]
        if declared.unit is not Unit.STUDENT or declared.column(column).class_ is not ColumnClass.SENSITIVE:
            return {
                "sensitive": f"{name} is not a sensitive column about students. The data dictionary says which are."
            }
    return {}


def with_keys(tables: Tables, known: Known) -> Tables:
    """The columns of each table, the person's key first."""
    return {
        name: tuple(dict.fromkeys((PERSON_KEYS[known.catalog.tables[name].unit], *names)))
        for name, names in tables.items()
    }


def make_grant(holder: str, values: Values, given: tuple[Tables, str, date, date], known: Known) -> Grant:
    """The grant of a decision. `values`: its terms; `given`: tables, form, first day, last day.

    It names no snapshot yet: that is the one which is current when the decision is recorded.
    """
    tables, form, begin, end = given
    return Grant(
        values["grant_name"],
        holder,
        with_keys(tables, known),
        begin,
        end,
        values["k"],
        values.get("diversity", 1),
        sensitive_names(values.get("sensitive")),
        DateDetail(values["dates"]),
        identified=form == IDENTIFIED,
    )
