"""Gather what a folder holds, and write the page."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from rankbound.drawing.catalogue import result_drawings
from rankbound.drawing.results import FILES, Result, find_results
from rankbound.errors import UsageError
from rankbound.formats.errors import FormatError
from rankbound.progress import stages
from rankbound.reporting.accounts import kind_of
from rankbound.reporting.page import Material, page
from rankbound.reporting.pictures import Picture, pictures
from rankbound.reporting.queries import (
    MOST_ROWS,
    QueryTable,
    Row,
    effects_of,
    ledger_queries,
    long_queries,
)
from rankbound.writing import write_all

COMMANDS = {
    "ledger": "rankbound measure",
    "comparison": "rankbound compare",
    "validation": "rankbound validate",
}


def write_report(
    source: Path, out: Path, *, rows: int = MOST_ROWS, command: str = ""
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

    Raises
    ------
    UsageError, FormatError
        When there is no result, one is damaged, or the file cannot be written.
    """
    if rows < 1:
        raise UsageError(f"--rows must be at least 1, got {rows}")
    if out.is_dir():
        raise UsageError(f"{out}: is a folder; --out of a report is an HTML file")
    with stages(total=4) as progress:
        progress("reading results")
        results = find_results(source, asked="")
        progress("figures")
        figures, missing = _figures(results)
        progress("queries")
        tables = list(_tables(source, results, limit=rows))
        progress("writing")
        material = Material(
            title=f"rankbound report: {source.resolve().name}",
            results=results,
            figures=figures,
            tables=tables,
            missing=[*_absent(results), *missing],
            command=command,
        )
        write_all(out.parent, {out.name: page(material)})
    return material


def _figures(results: list[Result]) -> tuple[list[Picture], list[tuple[str, str]]]:
    drawn: list[Picture] = []
    missing: list[tuple[str, str]] = []
    for found in pictures(result_drawings(results)):
        if isinstance(found, Picture):
            drawn.append(found)
        else:
            missing.append((f"figure {found[0]}", found[1]))
    return drawn, missing


def _absent(results: list[Result]) -> Iterator[tuple[str, str]]:
    kinds = {kind_of(result.content) for result in results}
    for kind, command in COMMANDS.items():
        if kind not in kinds:
            yield kind, f"the folder holds no {kind}.json; {command} writes one"
    shown = {*COMMANDS, None}
    for result in results:
        kind = kind_of(result.content)
        file = next(name for name, schema in FILES.items() if schema == result.schema)
        if kind is None or kind not in shown:
            yield f"{result.name}/{file}".lstrip("/"), "this report does not show it"
        elif kind != "validation" and not result.table:
            name = f"{result.name}/per_query.tsv".lstrip("/")
            yield name, "not found or without rows, so no query is shown"


def _tables(source: Path, results: list[Result], *, limit: int) -> Iterator[QueryTable]:
    of_kind = {
        kind: [r for r in results if kind_of(r.content) == kind] for kind in COMMANDS
    }
    effects: list[Row] = []
    for result in of_kind["validation"]:
        effects += effectiveness(source / result.name / "effectiveness.tsv")
    table = ledger_queries(of_kind["ledger"], effects_of(effects), limit=limit)
    if table is not None:
        yield table
    for result in of_kind["comparison"]:
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


def effectiveness(path: Path) -> list[Row]:
    """Rows of an ``effectiveness.tsv``; none where the file is absent.

    Raises
    ------
    FormatError
        When it lacks a column.
    """
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        lacking = {"dataset", "student", "qid", "measure", "value"} - {
            *(reader.fieldnames or ())
        }
        if lacking:
            raise FormatError(
                path,
                f"the column {min(lacking)!r} is missing; run validate again",
                line=1,
            )
        return [*reader]
