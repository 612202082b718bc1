"""Gather what a folder holds, and write the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rankbound.drawing.results import FILES, Found, find_results, kind_of
from rankbound.drawing.run import result_drawings
from rankbound.errors import UsageError
from rankbound.page.documents import MOST_TEXT, Documents, OptionsOf, documents_of
from rankbound.page.page import Material, page
from rankbound.page.pictures import Picture, pictures
from rankbound.page.queries import (
    MOST_ROWS,
    QueryTable,
    effects_of,
    ledger_queries,
    long_queries,
)
from rankbound.progress import Progress
from rankbound.rows import Rows
from rankbound.writing import write_all

STAGES: Final = 5
COMMANDS: Final = {
    "ledger": "rankbound measure",
    "comparison": "rankbound compare",
    "validation": "rankbound validate",
}


def write_report(  # noqa: PLR0913  what is shown, and how it is made
    source: Path,
    out: Path,
    *,
    rows: int = MOST_ROWS,
    command: str = "",
    title: str = "",
    options_of: OptionsOf | None = None,
    progress: Progress = str,
) -> Material:
    """Make one HTML file of all results in a folder and its sub-folders.

    Parameters
    ----------
    source : Path
    out : Path
        The file to write.
    rows : int
        Most rows of a per-query table.
    command : str
        For the provenance.
    title : str
        Of the page; by default the folder's name.
    options_of : callable, optional
        Reads the command of a ledger; without it, no documents are shown.
    progress : callable
        Called with a few words before each of `STAGES` stages.

    Raises
    ------
    UsageError, FormatError
        When there is no result, one is damaged, or the file cannot be written.
    """
    if rows < 1:
        raise UsageError(f"--rows must be at least 1, got {rows}")
    if out.is_dir():
        raise UsageError(f"{out}: is a folder; --out of a report is an HTML file")
    progress("reading results")
    results = find_results(source, asked="")
    order = [*map(kind_of, FILES.values())]
    results.sort(key=lambda result: order.index(result.kind))
    progress("figures")
    figures, missing = _figures(results)
    progress("queries")
    tables = list(_tables(results, limit=rows))
    progress("documents")
    details = _details(source, results, tables, options_of)
    progress("writing")
    material = Material(
        title=title or f"rankbound report: {source.resolve().name}",
        results=results,
        figures=figures,
        tables=tables,
        details=details,
        missing=[*_absent(results), *_undetailed(details), *missing],
        command=command,
    )
    write_all(out.parent, {out.name: page(material)})
    return material


def _figures(results: list[Found]) -> tuple[list[Picture], list[tuple[str, str]]]:
    drawn: list[Picture] = []
    missing: list[tuple[str, str]] = []
    for found in pictures(result_drawings(results)):
        if isinstance(found, Picture):
            drawn.append(found)
        else:
            missing.append((f"figure {found[0]}", found[1]))
    return drawn, missing


def _details(
    source: Path,
    results: list[Found],
    tables: list[QueryTable],
    options_of: OptionsOf | None,
) -> list[Documents]:
    """Documents behind the first table's queries, by ledger."""
    ledgers = [r for r in results if r.kind == "ledger" and r.table]
    if not ledgers:
        return []
    qids, of = tables[0].texts[0], tables[0].text("result")
    share = MOST_TEXT // len(ledgers)
    found = []
    for result in ledgers:
        pairs = zip(qids, of or (result.name,) * len(qids), strict=True)
        mine = [qid for qid, name in pairs if name == result.name]
        found.append(
            documents_of(result, source, mine, options_of=options_of, budget=share)
        )
    return found


def _undetailed(details: list[Documents]) -> Iterator[tuple[str, str]]:
    for entry in details:
        if entry.missing is not None:
            yield f"documents of {entry.result or 'queries'}", entry.missing


def _absent(results: list[Found]) -> Iterator[tuple[str, str]]:
    kinds = {result.kind for result in results}
    for wanted, command in COMMANDS.items():
        if wanted not in kinds:
            yield wanted, f"the folder holds no {wanted}.json; {command} writes one"
    for result in results:
        if result.kind in ("ledger", "comparison") and not result.table:
            path = str(Path(result.name, result.content.BESIDE[0].files[0]))
            yield path, "not found or without rows, so no query is shown"


def _tables(results: list[Found], *, limit: int) -> Iterator[QueryTable]:
    read = [r.table for r in results if r.kind == "validation" and r.table]
    effects = Rows.joined(read) if len(read) > 1 else read[0] if read else Rows({})
    ledgers = [result for result in results if result.kind == "ledger"]
    table = ledger_queries(ledgers, effects_of(effects), limit=limit)
    if table is not None:
        yield table
    for result in results:
        if result.kind != "comparison":
            continue
        where = f", {result.name}" if result.name else ""
        table = long_queries(
            result.table,
            name=f"queries-{result.name or 'comparison'}",
            caption=f"Quantities of every query and sampling{where}",
            keys=("qid", "sampling"),
            column=("quantity", "pairs"),
            limit=limit,
        )
        if table is not None:
            yield table
    table = long_queries(
        effects,
        name="effectiveness",
        caption="Effectiveness of every query and student",
        keys=("qid", "student", "dataset"),
        column=("measure",),
        limit=limit,
    )
    if table is not None:
        yield table
