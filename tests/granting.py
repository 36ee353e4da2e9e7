"""Grants for tests, given the real way: an application or an external request, and the Superintendent's decision."""

from __future__ import annotations

from datetime import date

from governance.catalog import load_catalog
from governance.ledger import Acted, Ledger, Told
from governance.ledger.studies import insert_grant
from governance.requests import WORKFLOWS, Act, Kind, Known, Upload
from governance.vocabulary import Grant
from tests.requests.filled import TYPED
from tests.signed import TODAY, superintendent

SNAPSHOT = "a snapshot"
PDF = b"%PDF-1.7\nsigned\n%%EOF\n"


def application_for(grant: Grant) -> dict[str, str]:
    """What the applicant types."""
    return {
        "title": f"The study {grant.name}",
        "need": "To find out how the district's reading program serves its students.",
        "columns": "\n".join(f"{table}: {', '.join(columns)}" for table, columns in grant.tables.items()),
        "population": "All students.",
        "years": "Those there are.",
        "form": "identified rows" if grant.identified else "de-identified rows",
        "begin": grant.begin_date.isoformat(),
        "end": grant.end_date.isoformat(),
    }


def decision_on(grant: Grant) -> dict[str, str]:
    """What the Superintendent types."""
    return {
        "grant_name": grant.name,
        "k": str(grant.k),
        "diversity": str(grant.diversity),
        "sensitive": ", ".join(grant.sensitive),
        "dates": grant.dates.value,
        "reason": "It serves the district.",
    }


def apply_for(ledger: Ledger, grant: Grant) -> int:
    """The number of the application, as submitted."""
    known = Known(grant.begin_date, load_catalog())
    number = ledger.requests.begin_draft(grant.username, Kind.APPLICATION, grant.begin_date)
    done = ledger.requests.act(grant.username, number, Act.SUBMIT, Told(application_for(grant)), known)
    assert isinstance(done, Acted), done
    return number


def ask_from_outside(ledger: Ledger, grant: Grant) -> int:
    """The number of the external request, its agreement on file."""
    known = Known(grant.begin_date, load_catalog())
    number = ledger.requests.begin_draft(grant.username, Kind.EXTERNAL, grant.begin_date)
    asked = {name: text for name, text in application_for(grant).items() if name != "need"}
    agreed = {
        **TYPED,
        "signed_on": grant.begin_date.isoformat(),
        "agreed_until": grant.end_date.isoformat(),
        "destruction_by": grant.end_date.isoformat(),
        "parents_notified_on": grant.begin_date.isoformat(),
    }
    acts = (Act.SUBMIT, Act.ACCEPT, Act.FILE_AGREEMENT, *((Act.PROVIDE_CONSENT,) if grant.identified else ()))
    for act in acts:
        move = WORKFLOWS[Kind.EXTERNAL].find(ledger.requests.get(number).case.state, act)
        assert move is not None
        fields = {name: {**agreed, **asked}[name] for name in move.form.names if name not in move.form.documents}
        uploads = {name: Upload(f"{name}.pdf", "application/pdf", PDF) for name in move.form.documents}
        who = grant.username if act is Act.SUBMIT else superintendent(ledger)
        done = ledger.requests.act(who, number, act, Told(fields, uploads), known)
        assert isinstance(done, Acted), done
    return number


def give_grant(ledger: Ledger, grant: Grant) -> Grant:
    """The grant, asked for and approved on its first day: an application only of whoever is linked to staff."""
    holder = ledger.person(grant.username)
    is_staff = holder is not None and holder.staff_key is not None
    number = apply_for(ledger, grant) if is_staff else ask_from_outside(ledger, grant)
    known = Known(grant.begin_date, load_catalog())
    told, snapshot = Told(decision_on(grant)), grant.snapshot or SNAPSHOT
    done = ledger.requests.act(superintendent(ledger), number, Act.APPROVE, told, known, snapshot)
    assert isinstance(done, Acted), done
    return next(given for given in ledger.studies.all_grants() if given.name == grant.name)


def end_grant(ledger: Ledger, name: str, today: date = TODAY) -> None:
    """By the Superintendent, before its last day."""
    [number] = [record.request_id for record in ledger.requests.listing() if record.grant == name]
    told, known = Told({"end_reason": "The study is over."}), Known(today, load_catalog())
    done = ledger.requests.act(superintendent(ledger), number, Act.END, told, known)
    assert isinstance(done, Acted), done


def keep_older_grant(ledger: Ledger, grant: Grant, actor: str = "op") -> None:
    """A grant as ledgers kept it before grants came from requests."""
    with ledger._store.write() as connection:
        insert_grant(connection, actor, grant)
