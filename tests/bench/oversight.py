"""How long oversight takes on a log of a million answers: `python -m tests.bench.oversight [ANSWERS]`.

Two years of use: 150 people, each with some hundred sets of students of their own, in a district of 750.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from governance.audit import Entry, Event, seal
from governance.ledger import Ledger
from governance.ledger.disclosures import fill_disclosure_index
from governance.ledger.oversight import UseFilter
from governance.ledger.schema import audit_event, disclosure_set
from governance.ledger.store import Store
from governance.oversight.periods import Week
from governance.oversight.settings import OversightSettings
from governance.vocabulary import Form
from tests.bench.audit import seconds
from tests.oversight.recorded import Asked, digest_of

ANSWERS = 1_000_000
STUDENTS, PEOPLE, SETS = 750, 150, 120
BEGIN = datetime(2024, 9, 2, 12, tzinfo=UTC)
DAYS = 730
BATCH = 20_000


def main() -> None:
    answers = int(sys.argv[1]) if len(sys.argv) > 1 else ANSWERS
    with tempfile.TemporaryDirectory() as folder:
        chance = random.Random(4)
        students = [chance.getrandbits(62) for _ in range(STUDENTS)]
        writing = seconds(lambda: fill(Path(folder) / "ledger", answers, students, chance))
        print(f"{answers:,} answers, written in {writing:.0f} s", flush=True)
        with closing(Ledger.open(Path(folder) / "ledger")) as ledger:
            measure(ledger, chance.sample(students, 9))


def measure(ledger: Ledger, students: list[int]) -> None:
    hours, today = OversightSettings().hours, date(2026, 9, 1)
    week = Week.of((BEGIN + timedelta(days=DAYS - 20)).date()).period(hours.zone)
    shown = [seconds(partial(ledger.disclosures.show, "op", student, today)) for student in students]
    finding = seconds(lambda: ledger.oversight.findings(week, hours, today))
    print(f"disclosure record of a student   {median(shown):7.2f} s, the slowest {max(shown):.2f} s")
    print(f"the newest 100 uses              {spent(ledger, UseFilter()) * 1e3:7.1f} ms")
    print(f"of one person                    {spent(ledger, UseFilter(username='user7')) * 1e3:7.1f} ms")
    print(f"of one week, tied to staff       {spent(ledger, UseFilter(week, tied=True)) * 1e3:7.1f} ms")
    print(f"findings of a week               {finding:7.2f} s")


def spent(ledger: Ledger, wanted: UseFilter) -> float:
    return median(seconds(lambda: ledger.oversight.uses(wanted)) for _ in range(5))


def fill(folder: Path, answers: int, students: list[int], chance: random.Random) -> None:
    with closing(Ledger.open(folder)) as ledger:
        ledger.add_person("op", "op", None, None)
        (last,) = ledger.entries()
    sets = {
        person: [frozenset(chance.sample(students, chance.choice((20, 60, 100, 400)))) for _ in range(SETS)]
        for person in range(PEOPLE)
    }
    keys = {one: Asked("", students=one).keys for each in sets.values() for one in each}
    store = Store.open(folder)
    with store.write() as connection:
        connection.execute(
            sa.insert(disclosure_set), [{"digest": digest_of(k), "student_keys": k} for k in keys.values()]
        )
        batch: list[dict[str, object]] = []
        for entry in entries(answers, sets, {one: digest_of(k) for one, k in keys.items()}, last, chance):
            batch.append(vars(entry))
            if len(batch) >= BATCH:
                connection.execute(sa.insert(audit_event), batch)
                batch = []
        if batch:
            connection.execute(sa.insert(audit_event), batch)
        fill_disclosure_index(connection)
    store.close()


def entries(
    answers: int,
    sets: dict[int, list[frozenset[int]]],
    digests: dict[frozenset[int], str],
    last: Entry,
    chance: random.Random,
) -> Iterator[Entry]:
    for number in range(answers):
        person = chance.randrange(PEOPLE)
        one = chance.choice(sets[person])
        form = chance.choice((Form.SCOPED_ROWS, Form.SCOPED_ROWS, Form.PROTECTED_STATISTICS))
        tied = chance.random() < 0.01
        asked = Asked(f"user{person}", "teacher" if person % 3 else "counselor", form=form, tied=tied)
        at = (BEGIN + number * timedelta(days=DAYS) / answers).isoformat(timespec="microseconds")
        answer = f"{number:016x}"
        last = seal(last, at=at, event=Event.ANSWER_INTENDED, actor=asked.username, detail=asked.intended(answer))
        yield last
        detail = {**asked.ended(answer, last.sequence), "students": digests[one], "student_count": len(one)}
        last = seal(last, at=at, event=Event.ANSWER_GIVEN, actor=asked.username, detail=detail)
        yield last


if __name__ == "__main__":
    main()
