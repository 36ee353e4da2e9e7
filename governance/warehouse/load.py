"""A load: sources to staging, to tables, past the expectations, to a new current snapshot; or to nothing at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.catalog import Catalog, load_catalog
from governance.durable import sha256_of, write_text
from governance.warehouse.build import DEFAULT_MEMORY, BuildReport, Rooms, build_tables
from governance.warehouse.errors import ExpectationsFailed
from governance.warehouse.expectation_report import ExpectationReport
from governance.warehouse.load_emptied import TablesEmptied, emptied_tables
from governance.warehouse.load_lock import LoadLock
from governance.warehouse.snapshot import DECLARATIONS, Candidate, Snapshot, Warehouse
from governance.warehouse.sources import Source, SourceError, find_source
from governance.warehouse.staging import Staging

# Told what begins: a source's name, a table's name, "expectations", "promotion".
Progress = Callable[[str], None]
Expectations = Callable[[Snapshot], ExpectationReport]

REPORT_FILES = ("manifest.json", "quarantine.parquet", "expectations.json", "expectations.html")


@dataclass(frozen=True)
class LoadReport:
    """What a load came to."""

    snapshot: Snapshot
    build: BuildReport
    expectations: ExpectationReport


@dataclass(frozen=True)
class _Found:
    path: Path
    source: Source


def load(
    warehouse: Warehouse,
    paths: Sequence[Path],
    *,
    source: str | None = None,
    without: Collection[str] = (),
    expectations: Expectations,
    progress: Progress = lambda _what: None,
    memory_limit: str = DEFAULT_MEMORY,
    added: tuple[str, ...] = (),
    held: LoadLock | None = None,
    before_promotion: Callable[[], None] = lambda: None,
) -> LoadReport:
    """Load `paths`, the later before the earlier where both have a row, and make the result current.

    `added`: declarations of categories that are in no built-in catalog; the snapshot keeps them with its tables.
    `without`: the tables that may lose all the rows they have in the current snapshot; no other may.
    `held`: the warehouse's lock, of who has it already. `before_promotion` is called when nothing can fail any more
    but the promotion itself.

    Raises `SourceError` for a source that cannot be read, and `LoadError` for everything else that keeps the candidate
    from being promoted. In either case what readers see has not changed.
    """
    catalog = load_catalog(added)
    with warehouse.candidate(held) as candidate:
        _demand_content(paths)
        found = [_Found(path, find_source(path, candidate.scratch, source, catalog)) for path in paths]
        staging = _stage(found, candidate, catalog, progress)
        rooms = Rooms(candidate.path, candidate.keys, candidate.scratch, warehouse.latest_keys())
        built = build_tables(catalog, staging, rooms, memory_limit=memory_limit, progress=progress)
        manifest = _manifest(candidate, found, built)
        _keep_declarations(candidate, added, manifest)
        write_text(candidate.path / "manifest.json", _json(manifest))
        emptied = emptied_tables(warehouse.current(), built, without)
        if emptied:
            raise TablesEmptied(emptied, warehouse.keep_failed(candidate, REPORT_FILES[:2]))
        report = _expect(candidate, manifest, expectations, progress)
        if report.stops:
            raise _failure(warehouse, candidate, report)
        progress("promotion")
        before_promotion()
        return LoadReport(warehouse.promote(candidate), built, report)


def _demand_content(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.is_dir() and not any(path.iterdir()):
            raise SourceError(f"{path.resolve().name}: the folder is empty. Name the one that holds the source files.")


def _stage(found: list[_Found], candidate: Candidate, catalog: Catalog, progress: Progress) -> Staging:
    staging = Staging(candidate.scratch / "staging", catalog)
    try:
        for number, each in enumerate(found):
            progress(each.path.name)
            staging.begin(number)
            each.source.read(each.path, staging, candidate.scratch)
    finally:
        staging.close()
    if not staging.total_rows:
        raise SourceError("There is not one row to load: the sources are empty.")
    return staging


def _manifest(candidate: Candidate, found: list[_Found], built: BuildReport) -> dict[str, Any]:
    tables = {
        name: {"rows": count.accepted, "sha256": sha256_of(candidate.path / f"{name}.parquet")}
        for name, count in built.tables.items()
    }
    return {
        "id": candidate.id,
        "made_at": candidate.made_at.isoformat(timespec="seconds"),
        "sources": [_source_entry(each) for each in found],
        "tables": tables,
        "quarantine": built.quarantine,
        "files": {"quarantine.parquet": sha256_of(candidate.path / "quarantine.parquet")},
        "expectations": {},
    }


def _keep_declarations(candidate: Candidate, added: tuple[str, ...], manifest: dict[str, Any]) -> None:
    """What its readers have to know to read it."""
    if added:
        write_text(candidate.path / DECLARATIONS, _json({"added": list(added)}))
        manifest["files"][DECLARATIONS] = sha256_of(candidate.path / DECLARATIONS)


def _source_entry(found: _Found) -> dict[str, Any]:
    path = found.path
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    entries = [
        {
            "name": str(file.relative_to(path)) if file != path else file.name,
            "sha256": sha256_of(file),
            "bytes": file.stat().st_size,
        }
        for file in files
    ]
    return {"path_name": path.name, "format": found.source.name, "files": entries}


def _expect(
    candidate: Candidate, manifest: dict[str, Any], expectations: Expectations, progress: Progress
) -> ExpectationReport:
    """Run them, and write down what they say beside the tables, and in the manifest."""
    progress("expectations")
    report = expectations(candidate.snapshot)
    pages = {"expectations.json": _json(report.to_json()), "expectations.html": report.html}
    for name, page in pages.items():
        write_text(candidate.path / name, page)
        manifest["files"][name] = sha256_of(candidate.path / name)
    manifest["expectations"] = report.summary()
    write_text(candidate.path / "manifest.json", _json(manifest))
    return report


def _failure(warehouse: Warehouse, candidate: Candidate, report: ExpectationReport) -> ExpectationsFailed:
    kept = warehouse.keep_failed(candidate, REPORT_FILES)
    rules = tuple(f"{result.table}: {result.rule}" for result in report.stopping)
    return ExpectationsFailed(rules, kept)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
