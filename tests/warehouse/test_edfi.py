"""Ed-Fi interchange XML: the real district of both generations, counted apart from the reader, and bad input."""

from __future__ import annotations

import io
import os
import re
import tempfile
import tracemalloc
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest

from governance.catalog import load_catalog
from governance.warehouse.sources import edfi_files
from governance.warehouse.sources.edfi import EdFiSource
from governance.warehouse.sources.edfi_reader import records
from governance.warehouse.sources.protocol import Place, Rule, SourceError

DATA = Path(os.environ.get("DBIMS_REAL_DATA") or Path(__file__).parents[3] / "shared" / "data")
GRAND_BEND = DATA / "edfi-grand-bend-2012" / "EdFiSampleData.zip"
GRAND_BEND_V6 = DATA / "edfi-v6" / "edfi-v6-sample.zip"
CATALOG = load_catalog()


class Collected:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str | None]]] = {}
        self.places: dict[str, list[Place]] = {}
        self.rejected: list[tuple[str, Place, Rule, str]] = []
        self.left_out: Counter[str] = Counter()

    def put(self, table: str, place: Place, values: Mapping[str, str | None]) -> None:
        self.rows.setdefault(table, []).append(dict(values))
        self.places.setdefault(table, []).append(place)

    def put_batch(self, table: str, file: str, first_line: int, rows: pa.RecordBatch) -> None:
        raise NotImplementedError("Ed-Fi comes row by row")

    def reject(self, table: str, place: Place, rule: Rule, reason: str) -> None:
        self.rejected.append((table, place, rule, reason))

    def values(self, table: str, column: str) -> list[str | None]:
        return [row.get(column) for row in self.rows.get(table, [])]


def collect(path: Path) -> Collected:
    source, sink = EdFiSource(), Collected()
    with TemporaryDirectory() as scratch:
        source.read(path, sink, Path(scratch))
    sink.left_out = source.left_out
    return sink


@pytest.fixture(scope="module")
def grand_bend() -> Collected:
    return collect(GRAND_BEND)


@pytest.fixture(scope="module")
def grand_bend_v6() -> Collected:
    return collect(GRAND_BEND_V6)


def raw(archive: Path, pattern: str) -> str:
    """The text of the members whose name matches."""
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if re.search(pattern, name)]
        return "".join(opened.read(name).decode() for name in names)


def blocks(text: str, element: str) -> list[str]:
    return re.findall(rf"<{element}(?: [^>]*)?>.*?</{element}>", text, re.DOTALL)


def field(block: str, element: str) -> str | None:
    found = re.search(rf"<{element}>\s*([^<]*?)\s*</{element}>", block)
    return found[1].rpartition("#")[2] if found else None


# The real district of 2012 --------------------------------------------------------------------------------------

COUNTED = {
    # table: (file, the text that occurs once per row)
    "student": ("StudentParent", "<BirthData>"),
    "guardian": ("StudentParent", "<StudentParentAssociation>"),
    "school": ("EducationOrganization.xml", "<School id="),
    "course": ("EducationOrganization.xml", "<Course id="),
    "section": ("MasterSchedule", "<Section>"),
    "employment": ("StaffAssociation.xml", "<EmploymentPeriod>"),
    "staff_assignment": ("StaffAssociation.xml", "<StaffClassification>"),
    "section_staff": ("StaffAssociation.xml", "<ClassroomPosition>"),
    "credential": ("StaffAssociation.xml", "<Credentials>"),
    "enrollment": ("StudentEnrollment", "<EntryDate>"),
    "section_enrollment": ("StudentEnrollment", "<HomeroomIndicator>"),
    "attendance": ("StudentAttendance", "<AttendanceEvent>"),
    "grade": ("StudentGrade", "<NumericGradeEarned>"),
    "transcript": ("StudentGrade", "<CourseAttemptResult>"),
    "discipline_incident": ("StudentDiscipline", "<StudentParticipationCode>"),
    "discipline_action": ("StudentDiscipline", "<DisciplineActionIdentifier>"),
    "program_participation": ("StudentProgram", "<StudentProgramAssociation>"),
}


@pytest.mark.real
@pytest.mark.parametrize("table", COUNTED)
def test_every_record_of_2012_is_a_row(grand_bend: Collected, table: str) -> None:
    file, mark = COUNTED[table]
    assert len(grand_bend.rows[table]) == raw(GRAND_BEND, rf"/{file}[^/]*$").count(mark) > 0


@pytest.mark.real
def test_the_numbers_that_are_known_of_grand_bend(grand_bend: Collected) -> None:
    known = {"student": 960, "school": 3, "staff": 67, "section_enrollment": 13440, "grade": 40320}
    known |= {"transcript": 13440, "attendance": 12950, "student_demographic": 960, "calendar_date": 3 * 278}
    assert {table: len(grand_bend.rows[table]) for table in known} == known


@pytest.mark.real
def test_scores_and_rejections_of_2012_add_up(grand_bend: Collected) -> None:
    assessments = blocks(raw(GRAND_BEND, r"/StudentAssessment-"), "StudentAssessment")
    scores = sum(block.count("<ScoreResults") for block in assessments)
    unscored = [b for b in assessments if "<ScoreResults" not in b]
    levels = sum("<PerformanceLevelMet>true" in block for block in unscored)
    assert len(grand_bend.rows["assessment_result"]) == scores + levels
    assert Counter((table, rule) for table, _, rule, _ in grand_bend.rejected) == {
        ("assessment_result", Rule.MISSING_VALUE): len(unscored) - levels
    }


@pytest.mark.real
def test_scores_of_2012_are_told_apart_by_the_grade_assessed(grand_bend: Collected) -> None:
    """The source lists 325 scores twice, the same both times, and one Advanced Placement score with two values."""
    key = CATALOG.tables["assessment_result"].key
    scores: dict[tuple[str | None, ...], list[str | None]] = {}
    for row in grand_bend.rows["assessment_result"]:
        scores.setdefault(tuple(row[column] for column in key), []).append(row["score"])
    repeated = [found for found in scores.values() if len(found) > 1]
    assert len(repeated) == 326 and sum(len(set(found)) > 1 for found in repeated) == 1


@pytest.mark.real
def test_rosters_of_2012_are_those_of_the_text(grand_bend: Collected) -> None:
    names = ("StateOrganizationId", "LocalCourseCode", "SchoolYear", "Term", "ClassPeriodName", "Location")
    expected: Counter[tuple[str | None, ...]] = Counter()
    for block in blocks(raw(GRAND_BEND, "/StudentEnrollment"), "StudentSectionAssociation"):
        parts = [field(block, name) for name in names]
        parts[2] = (parts[2] or "")[-4:]
        expected[field(block, "StudentUniqueStateId"), "|".join(p or "" for p in parts)] += 1
    rows = grand_bend.rows["section_enrollment"]
    assert Counter((row["student_key"], row["section_key"]) for row in rows) == expected
    sections = set(grand_bend.values("section", "section_key"))
    for table in ("section_enrollment", "section_staff", "attendance", "grade"):
        assert set(grand_bend.values(table, "section_key")) <= sections


@pytest.mark.real
@pytest.mark.parametrize("archive", [GRAND_BEND, GRAND_BEND_V6], ids=["2012", "v6"])
def test_references_between_tables_hold(archive: Path, request: pytest.FixtureRequest) -> None:
    sink = request.getfixturevalue("grand_bend" if archive is GRAND_BEND else "grand_bend_v6")
    registers = {
        table.owns: set(sink.values(table.name, table.key[0])) for table in CATALOG.tables.values() if table.owns
    }
    for name, rows in sink.rows.items():
        for column in CATALOG.tables[name].columns:
            if column.entity:
                found = {row.get(column.name) for row in rows} - {None}
                assert found <= registers[column.entity], f"{name}.{column.name}"


@pytest.mark.real
def test_columns_are_those_of_the_catalog(grand_bend: Collected, grand_bend_v6: Collected) -> None:
    for sink in (grand_bend, grand_bend_v6):
        for name, rows in sink.rows.items():
            assert {column for row in rows for column in row} <= set(CATALOG.tables[name].names)


@pytest.mark.real
def test_dates_of_sections_come_from_the_session(grand_bend: Collected) -> None:
    found = {(row["term"], row["begin_date"], row["end_date"]) for row in grand_bend.rows["section"]}
    assert found == {
        ("Fall Semester", "2010-08-23", "2010-12-17"),
        ("Spring Semester", "2011-01-04", "2011-05-27"),
    }


@pytest.mark.real
def test_percent_of_a_position_becomes_a_share_and_the_district_is_no_school(grand_bend: Collected) -> None:
    assignments = grand_bend.rows["staff_assignment"]
    assert {row["full_time_equivalency"] for row in assignments} == {"1"}
    central = [row for row in assignments if row["school_key"] is None]
    assert [row["staff_classification"] for row in central] == ["Superintendent"]


@pytest.mark.real
def test_hispanic_of_any_race_is_one_group(grand_bend: Collected) -> None:
    text = raw(GRAND_BEND, "/StudentParent")
    groups = Counter(grand_bend.values("student_demographic", "race_ethnicity"))
    assert groups["Hispanic or Latino"] == text.count("<HispanicLatinoEthnicity>true") == 434
    assert sum(groups.values()) == 960 and None not in groups


@pytest.mark.real
def test_lines_are_right_beyond_65535(tmp_path: Path) -> None:
    with edfi_files.xml_files(GRAND_BEND, tmp_path) as files:
        file = next(file for file in files if file.name.endswith("StudentAttendance.xml"))
        found = [record.line for record in records(file)]
    lines = raw(GRAND_BEND, "/StudentAttendance").split("\n")
    assert found == [number for number, line in enumerate(lines, 1) if "<AttendanceEvent>" in line]
    assert found[-1] > 65535


@pytest.mark.real
def test_an_archive_in_the_archive_is_read(grand_bend: Collected) -> None:
    assert grand_bend.left_out["TeacherSchoolAssociation"] == 56 + 2


# The real district of v6 ----------------------------------------------------------------------------------------

COUNTED_V6 = {
    "student": (r"/Student\.xml", "<StudentUniqueId>"),
    "guardian": (r"/Contact\.xml", "<StudentContactAssociation>"),
    "course": (r"/EducationOrganization\.xml", "<Course>"),
    "section": (r"/MasterSchedule\.xml", "<Section>"),
    "staff": (r"/StaffAssociation\.xml", "<Staff>"),
    "employment": (r"/StaffAssociation\.xml", "<EmploymentPeriod>"),
    "staff_assignment": (r"/StaffAssociation\.xml", "<StaffClassification>"),
    "section_staff": (r"/StaffAssociation\.xml", "<ClassroomPosition>"),
    "credential": (r"/StaffAssociation\.xml", "<CredentialReference>"),
    "attendance": (r"/Student\w+Attendance", "<AttendanceEvent>"),
    "discipline_action": (r"/StudentDiscipline\.xml", "<DisciplineActionIdentifier>"),
    "program_participation": (r"/StudentProgram\.xml", "<ProgramReference>"),
}


@pytest.mark.real
@pytest.mark.parametrize("table", COUNTED_V6)
def test_every_record_of_v6_is_a_row(grand_bend_v6: Collected, table: str) -> None:
    pattern, mark = COUNTED_V6[table]
    assert len(grand_bend_v6.rows[table]) == raw(GRAND_BEND_V6, pattern).count(mark) > 0


@pytest.mark.real
def test_v6_has_no_enrolment_and_no_calendar_of_a_school(grand_bend_v6: Collected) -> None:
    """Its samples hold no association of students with schools, and two days of one student's own calendar."""
    assert "<StudentSchoolAssociation>" not in raw(GRAND_BEND_V6, r"\.xml$")
    assert not {"enrollment", "section_enrollment", "student_demographic", "calendar_date"} & set(grand_bend_v6.rows)


@pytest.mark.real
def test_descriptors_lose_their_address(grand_bend_v6: Collected) -> None:
    assert not any(
        "uri://" in (text or "") for rows in grand_bend_v6.rows.values() for r in rows for text in r.values()
    )


@pytest.mark.real
def test_special_education_ends_on_its_exit_date(grand_bend_v6: Collected) -> None:
    text = blocks(raw(GRAND_BEND_V6, r"/StudentProgram\.xml"), "StudentSpecialEducationProgramAssociation")
    expected = Counter(
        min(filter(None, (field(block, "EndDate"), field(block, "SpecialEducationExitDate"))), default=None)
        for block in text
    )
    rows = [r for r in grand_bend_v6.rows["program_participation"] if r["program_type"] == "Special Education"]
    assert Counter(row["end_date"] for row in rows) == expected
    assert sum(row["primary_disability"] is not None for row in rows) == sum("<Disability>" in b for b in text)


# Small files ----------------------------------------------------------------------------------------------------

STUDENT_2012 = """<Student id="S1"><StudentUniqueStateId>{id}</StudentUniqueStateId>
<Name><FirstName>A</FirstName><LastSurname>B</LastSurname></Name><BirthData><BirthDate>2000-01-02</BirthDate></BirthData>
<HispanicLatinoEthnicity>{hispanic}</HispanicLatinoEthnicity><Race>{races}</Race></Student>"""
SESSION_2012 = """<Session><SchoolYear>2010-2011</SchoolYear><Term>Fall Semester</Term><BeginDate>2010-08-23</BeginDate>
<EndDate>2010-12-17</EndDate><EducationOrganizationReference><EducationalOrgIdentity>
<StateOrganizationId>1</StateOrganizationId></EducationalOrgIdentity></EducationOrganizationReference></Session>"""


def interchange(name: str, body: str, namespace: str = "http://ed-fi.org/0100", before: str = "") -> str:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n{before}<Interchange{name} xmlns="{namespace}">'
    return f"{head}\n{body}\n</Interchange{name}>"


def v6(name: str, body: str) -> str:
    return interchange(name, body, "http://ed-fi.org/5.2.0")


def folder(tmp_path: Path, **files: str) -> Path:
    place = tmp_path / "source" / "Sample Data"
    place.mkdir(parents=True)
    for name, text in files.items():
        (place / f"{name}.xml").write_text(text, encoding="utf-8")
    return tmp_path / "source"


def student(id: str = "7", races: str = "", hispanic: str = "false") -> str:
    marked = "".join(f"<RacialCategory>{race}</RacialCategory>" for race in races.split(",") if race)
    return STUDENT_2012.format(id=id, races=marked, hispanic=hispanic)


@pytest.mark.parametrize(
    ("races", "hispanic", "group"),
    [("White,Asian", "false", "Two or More Races"), ("White,Asian", "true", "Hispanic or Latino"), ("", "false", None)],
)
def test_races_become_one_group(tmp_path: Path, races: str, hispanic: str, group: str | None) -> None:
    path = folder(
        tmp_path,
        StudentParent=interchange("StudentParent", student(races=races, hispanic=hispanic)),
        Calendar=interchange("EducationOrgCalendar", SESSION_2012),
    )
    sink = collect(path)
    assert sink.values("student_demographic", "race_ethnicity") == [group]
    assert sink.values("student_demographic", "school_year") == ["2011"]
    assert sink.rows["school_year"] == [{"school_year": "2011", "begin_date": "2010-07-01", "end_date": "2011-06-30"}]


def test_a_record_without_its_identifier_is_rejected_without_a_value(tmp_path: Path) -> None:
    sink = collect(folder(tmp_path, a=interchange("StudentParent", student(id=" "))))
    _, place, rule, reason = next(entry for entry in sink.rejected if entry[0] == "student")
    assert (place, rule) == (Place("Sample Data/a.xml", 3), Rule.MISSING_VALUE)
    assert reason == "missing: student_key, student_id"


def test_without_a_calendar_nobody_knows_the_year_of_a_background(tmp_path: Path) -> None:
    sink = collect(folder(tmp_path, a=interchange("StudentParent", student())))
    assert [(table, rule) for table, _, rule, _ in sink.rejected] == [("student_demographic", Rule.MISSING_VALUE)]


def test_a_reference_to_nothing_is_rejected_and_one_to_a_later_record_is_found(tmp_path: Path) -> None:
    link = """<StudentParentAssociation><StudentReference ref="S1"/><ParentReference ref="{ref}"/>
    <Relation>Mother</Relation></StudentParentAssociation>"""
    parent = """<Parent id="P1"><ParentUniqueStateId>9</ParentUniqueStateId><Name><FirstName>C</FirstName>
    <LastSurname>D</LastSurname></Name></Parent>"""
    body = link.format(ref="P1") + link.format(ref="P2") + parent + student()
    sink = collect(folder(tmp_path, a=interchange("StudentParent", body)))
    assert [(row["student_key"], row["guardian_id"]) for row in sink.rows["guardian"]] == [("7", "9")]
    dangling = [entry for entry in sink.rejected if entry[2] is Rule.DANGLING_REFERENCE]
    assert [entry[0] for entry in dangling] == ["guardian"] and "P2" not in dangling[0][3]


def test_unknown_records_are_counted(tmp_path: Path) -> None:
    source = EdFiSource()
    source.read(
        folder(tmp_path, a=interchange("StudentParent", "<Surprise/><Surprise><X/></Surprise>")), Collected(), tmp_path
    )
    assert source.left_out == {"Surprise": 2}


def test_a_malformed_file_is_named_with_its_line_and_without_a_value(tmp_path: Path) -> None:
    body = student() + "\n<Student><Secret>Mary</Secrt></Student>"
    path = folder(tmp_path, broken=interchange("StudentParent", body))
    with pytest.raises(SourceError, match=r"Sample Data/broken\.xml, line 6: not well-formed XML") as caught:
        collect(path)
    assert "Mary" not in str(caught.value)


def test_a_truncated_file_is_malformed(tmp_path: Path) -> None:
    path = folder(tmp_path, cut=interchange("StudentParent", student())[:-30])
    with pytest.raises(SourceError, match="not well-formed"):
        collect(path)


@pytest.mark.parametrize("where", ["&secret;", "<Name>&secret;</Name>"])
def test_entities_are_refused(tmp_path: Path, where: str) -> None:
    hidden = tmp_path / "hidden.txt"
    hidden.write_text("what nobody may read")
    kind = f'<!DOCTYPE InterchangeStudentParent [<!ENTITY secret SYSTEM "{hidden.as_uri()}">]>'
    path = folder(tmp_path, a=interchange("StudentParent", where, before=kind))
    with pytest.raises(SourceError, match="document type"):
        collect(path)


def test_a_bomb_of_entities_is_refused(tmp_path: Path) -> None:
    steps = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    kind = f'<!DOCTYPE InterchangeStudentParent [<!ENTITY e0 "x">{steps}]>'
    with pytest.raises(SourceError):
        collect(folder(tmp_path, a=interchange("StudentParent", '<Student id="&e11;">&e11;</Student>', before=kind)))


def test_an_unknown_version_is_said_so(tmp_path: Path) -> None:
    path = folder(tmp_path, a=interchange("Student", "", "http://ed-fi.org/9.9"))
    with pytest.raises(SourceError, match=r"Sample Data/a\.xml: an Ed-Fi version"):
        collect(path)


def test_a_folder_without_ed_fi_is_not_recognized_and_cannot_be_read(tmp_path: Path) -> None:
    path = folder(tmp_path, a="<other/>")
    assert not EdFiSource().recognizes(path, tmp_path)
    assert not EdFiSource().recognizes(tmp_path / "nowhere", tmp_path)
    with pytest.raises(SourceError, match="no Ed-Fi interchange file"):
        collect(path)


# Archives -------------------------------------------------------------------------------------------------------


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return path


def good() -> bytes:
    return interchange("StudentParent", student()).encode()


def test_an_archive_in_an_archive_is_read_and_a_third_one_refused(tmp_path: Path) -> None:
    inner = archive(tmp_path / "inner.zip", **{"a.xml": good()})
    outer = archive(tmp_path / "outer.zip", **{"deep/inner.zip": inner.read_bytes()})
    sink = collect(outer)
    assert sink.places["student"] == [Place("outer.zip/deep/inner.zip/a.xml", 3)]
    with pytest.raises(SourceError, match="nested too deeply"):
        collect(archive(tmp_path / "more.zip", **{"outer.zip": outer.read_bytes()}))


def test_what_is_put_aside_lies_in_the_scratch_folder_while_it_is_read_and_nowhere_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "there is no such folder"))
    monkeypatch.setattr(edfi_files, "LARGEST_IN_MEMORY", 1)
    inner = archive(tmp_path / "inner.zip", **{"a.xml": good()})
    outer = archive(tmp_path / "outer.zip", **{"deep/inner.zip": inner.read_bytes()})
    scratch, seen, sink = tmp_path / "scratch", [], Collected()
    scratch.mkdir()
    put = sink.put
    monkeypatch.setattr(sink, "put", lambda *row: (seen.extend(scratch.iterdir()), put(*row)))
    assert EdFiSource().recognizes(outer, scratch)
    EdFiSource().read(outer, sink, scratch)
    assert {path.suffix for path in seen} == {".sqlite"}
    assert list(scratch.iterdir()) == []


def test_names_that_climb_out_of_the_archive_write_nothing(tmp_path: Path) -> None:
    path = archive(tmp_path / "climb.zip", **{"../../evil.xml": good(), "/etc/evil.xml": good()})
    before = sorted(tmp_path.parent.rglob("*"))
    assert len(collect(path).rows["student"]) == 2
    assert sorted(tmp_path.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("filling", "refusal"),
    [
        (b"<Nothing>" + b" " * 2**20 + b"</Nothing>", "out of all proportion"),
        (b"<Student>" + b"<X/>" * 2**21, "too long to be one"),
        (b" " * 100, "too long to be one"),
    ],
)
def test_a_zip_bomb_is_refused(tmp_path: Path, filling: bytes, refusal: str) -> None:
    start = interchange("StudentParent", "").encode().partition(b"\n</")[0]
    path = archive(tmp_path / "bomb.zip", **{"a.xml": start + filling * (2**26 // len(filling))})
    with pytest.raises(SourceError, match=rf"bomb\.zip/a\.xml.*{refusal}"):
        collect(path)


def test_a_damaged_archive_is_said_so(tmp_path: Path) -> None:
    content = bytearray(archive(tmp_path / "x.zip", **{"a.xml": os.urandom(5000).hex().encode() + good()}).read_bytes())
    (tmp_path / "not.zip").write_bytes(b"no archive at all")
    content[200:260] = b"\0" * 60
    (tmp_path / "damaged.zip").write_bytes(content)
    for name in ("not.zip", "damaged.zip"):
        with pytest.raises(SourceError, match=name):
            collect(tmp_path / name)


# v6 by hand -----------------------------------------------------------------------------------------------------


def test_enrolment_and_background_of_v6(tmp_path: Path) -> None:
    who = "<StudentReference><StudentIdentity><StudentUniqueId>7</StudentUniqueId></StudentIdentity></StudentReference>"
    where = "<SchoolReference><SchoolIdentity><SchoolId>1</SchoolId></SchoolIdentity></SchoolReference>"
    enrolled = f"""<StudentSchoolAssociation>{who}{where}<PrimarySchool>false</PrimarySchool>
    <EntryDate>2022-06-30</EntryDate><EntryGradeLevel>uri://ed-fi.org/GradeLevelDescriptor#Ninth grade</EntryGradeLevel>
    </StudentSchoolAssociation>"""
    background = f"""<StudentEducationOrganizationAssociation>{who}<HispanicLatinoEthnicity>0</HispanicLatinoEthnicity>
    <Race>uri://ed-fi.org/RaceDescriptor#White</Race></StudentEducationOrganizationAssociation>"""
    session = f"""<Session><SessionName>F</SessionName><SchoolYear>2021-2022</SchoolYear>
    <BeginDate>2021-08-23</BeginDate><EndDate>2021-12-17</EndDate>{where}</Session>"""
    sink = collect(
        folder(
            tmp_path,
            a=v6("StudentEnrollment", enrolled + background),
            b=v6("EducationOrgCalendar", session),
        )
    )
    (row,) = sink.rows["enrollment"]
    assert (row["grade_level"], row["school_year"], row["is_primary"]) == ("Ninth grade", "2022", "false")
    assert sink.values("student_demographic", "race_ethnicity") == ["White"]


def test_whoever_is_not_eligible_under_section_504_takes_no_part(tmp_path: Path) -> None:
    record = """<StudentSection504ProgramAssociation><StudentReference><StudentIdentity><StudentUniqueId>7
    </StudentUniqueId></StudentIdentity></StudentReference><ProgramReference><ProgramIdentity><ProgramName>504
    </ProgramName><ProgramType>Section 504</ProgramType></ProgramIdentity></ProgramReference>
    <BeginDate>2021-09-16</BeginDate><Section504Eligibility>{eligible}</Section504Eligibility>
    </StudentSection504ProgramAssociation>"""
    source, sink = EdFiSource(), Collected()
    body = record.format(eligible="1") + record.format(eligible="0")
    source.read(folder(tmp_path, a=v6("StudentProgram", body)), sink, tmp_path)
    assert len(sink.rows["program_participation"]) == 1
    assert source.left_out == {"StudentSection504ProgramAssociation": 1}


# Memory ---------------------------------------------------------------------------------------------------------


class Counting(Collected):
    def put(self, table: str, place: Place, values: Mapping[str, str | None]) -> None:
        self.rows.setdefault(table, [])


def peak_of_reading(path: Path) -> int:
    tracemalloc.start()
    try:
        with TemporaryDirectory() as scratch:
            EdFiSource().read(path, Counting(), Path(scratch))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.long
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Resident memory is watched as well: the parser's own is not Python's."""
    event = """<AttendanceEvent><EventDate>2010-08-31</EventDate><AttendanceEventCategory>Excused Absence
    </AttendanceEventCategory><StudentReference><StudentIdentity><StudentUniqueStateId>{n}</StudentUniqueStateId>
    </StudentIdentity></StudentReference><SectionReference><SectionIdentity><StateOrganizationId>1</StateOrganizationId>
    </SectionIdentity></SectionReference></AttendanceEvent>\n"""
    peaks, resident = [], []
    for size in (5_000, 40_000):
        written = io.StringIO()
        written.writelines(event.format(n=n) for n in range(size))
        path = folder(tmp_path / str(size), a=interchange("StudentAttendance", written.getvalue()))
        before = _resident()
        peaks.append(peak_of_reading(path))
        resident.append(_resident() - before)
    assert peaks[1] < peaks[0] * 1.5
    assert resident[1] < 50 * 2**20


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
