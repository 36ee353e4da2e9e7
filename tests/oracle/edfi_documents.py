"""Plain reading of Ed-Fi interchange files: whole documents, elements by name, texts as they stand."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

from tests.oracle.csv_district import District, Row

# The few words of the files that the Board's rules, or the comparison, turn on.
WORDS = {
    "Assistant Principal": "AssistantPrincipal",
    "Special Education": "SpecialEducation",
    "Section 504 Placement": "Section504",
    "Gifted and Talented": "GiftedAndTalented",
    "Career and Technical Education": "CareerAndTechnicalEducation",
    "English as a Second Language (ESL)": "EnglishLearner",
    "Excused Absence": "ExcusedAbsence",
    "Unexcused Absence": "UnexcusedAbsence",
}


class Documents:
    """The interchange files of an archive, by name, without their namespaces."""

    def __init__(self, archive: Path, folder: str) -> None:
        self._archive, self._folder = archive, folder

    def __call__(self, name: str) -> Element:
        with zipfile.ZipFile(self._archive) as files:
            root = fromstring(files.read(f"{self._folder}/{name}"))
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        return root


def text(element: Element, path: str) -> str:
    """The trimmed text of the first element at `path`, however deep; empty if there is none."""
    return (element.findtext(".//" + path) or "").strip()


def rows(elements: list[Element], **columns: str | Callable[[Element], str]) -> list[Row]:
    """One row for each element; a column is the text at a path, or what a function makes of the element."""
    return [
        {name: text(element, how) if isinstance(how, str) else how(element) for name, how in columns.items()}
        for element in elements
    ]


def word(path: str) -> Callable[[Element], str]:
    """The catalog's word for what stands at `path`: `uri://ed-fi.org/TermDescriptor#Fall Semester` included."""

    def read(element: Element) -> str:
        said = text(element, path).rpartition("#")[2]
        return WORDS.get(said, said)

    return read


def year_at(path: str) -> Callable[[Element], str]:
    """The year in which the school year at `path` ends: `2010-2011` is 2011."""
    return lambda element: text(element, path).rpartition("-")[2]


def year_of_day_at(path: str) -> Callable[[Element], str]:
    """The school year that the day at `path` lies in; it turns on 1 July."""

    def read(element: Element) -> str:
        day = text(element, path)
        return str(int(day[:4]) + (day[5:7] >= "07"))

    return read


def school_at(path: str, schools: list[Row]) -> Callable[[Element], str]:
    """The school at `path`; nothing if what stands there is the district itself."""
    known = {school["school_key"] for school in schools}
    return lambda element: text(element, path) if text(element, path) in known else ""


def school_year(years: str) -> Row:
    """A school year of Connecticut: 1 July through 30 June."""
    first, last = years.split("-")
    return {"school_year": last, "begin_date": f"{first}-07-01", "end_date": f"{last}-06-30"}


def both(older: District, newer: District) -> District:
    """The district as two sources tell it: relations of both, and each person once."""
    together = {table: older.get(table, []) + newer.get(table, []) for table in {**older, **newer}}
    for register, key in (("student", "student_key"), ("staff", "staff_key")):
        together[register] = list({row[key]: row for row in together[register]}.values())
    return together
