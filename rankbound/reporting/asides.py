"""Power, cuts and inspections as verdicts and tables; notebooks show them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bounds.wording import counted
from rankbound.cutting.show import FILES as CUTS
from rankbound.cutting.show import change_headings, change_rows, file_rows, foot, head
from rankbound.inspecting.findings import SEVERITIES
from rankbound.inspecting.naming import shown_names
from rankbound.inspecting.show import FILES, file_row
from rankbound.powering_text import (
    DETECTABLE,
    NEEDED,
    detectable_rows,
    needed_rows,
    notes,
)
from rankbound.powering_text import head as power_head
from rankbound.reporting.accounts import Account, Content, Level, Verdict, notes_of
from rankbound.reporting.table import Table

LEVELS: Final[dict[str, Level]] = {
    "error": "bad",
    "warning": "caution",
    "note": "told",
}


def power_account(found: Content) -> Account:
    """What queries can show, and how many a margin needs."""
    content = dict(found)
    tables = (
        ("power", "What n queries can show", DETECTABLE, detectable_rows, "rows"),
        ("queries", "Queries that a margin needs", NEEDED, needed_rows, "needed"),
    )
    verdicts = [Verdict("told", "power", power_head(content))]
    if content["missing_because"] is not None:
        verdicts.append(Verdict("caution", "missing", content["missing_because"]))
    reading = tuple(notes(content))
    return Account(
        kind="power",
        title="Power",
        verdicts=tuple(verdicts),
        sentences=(),
        tables=tuple(
            Table(name, caption, headings, tuple(rows_of(content[key])))
            for name, caption, headings, rows_of, key in tables
            if content[key]
        ),
        notes=(
            *((("how to read the columns", reading),) if reading else ()),
            *notes_of(content, "without_spread", "definitions"),
        ),
    )


def cut_account(manifest: Content) -> Account:
    """What each band keeps, and every quantity before and after."""
    content = dict(manifest)
    warnings = [Verdict("caution", "warning", line) for line in content["warnings"]]
    said = (line for line in foot(content) if not line.startswith("warning: "))
    return Account(
        kind="cut",
        title="Cut",
        verdicts=(Verdict("told", "cut", head(content)), *warnings),
        sentences=(),
        tables=(
            Table(
                "cuts",
                "What each band keeps",
                _last_second(CUTS),
                tuple(map(_last_second, file_rows(content))),
                left=2,
            ),
            Table(
                "changes",
                "Every quantity before and after",
                change_headings(content),
                tuple(change_rows(content)),
                left=2,
            ),
        ),
        notes=(("notes", tuple(said)),),
    )


def inspection_account(content: Content) -> Account:
    """Whether commands can run, the files, and the findings."""
    names = shown_names([Path(facts["path"]) for facts in content["files"]])
    findings = tuple(_findings(content, names))
    tables = [
        Table(
            "files",
            "Files",
            _last_second(FILES),
            tuple(
                _last_second(tuple(file_row(dict(facts), names[Path(facts["path"])])))
                for facts in content["files"]
            ),
            left=3,
        )
    ]
    if findings:
        headings = ("severity", "file", "finding", "what to do")
        caption = "Findings, the gravest first"
        tables.append(Table("findings", caption, headings, findings, left=4))
    return Account(
        kind="inspection",
        title=f"Inspection of {counted(len(content['files']), 'file')}",
        verdicts=tuple(_ready(content, findings)),
        sentences=tuple(v["command"] for v in content["ready"].values()),
        tables=tuple(tables),
        notes=(),
    )


def _last_second(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Words stand on the left of a table, numbers on the right."""
    return cells[0], cells[-1], *cells[1:-1]


def _ready(
    content: Content, findings: tuple[tuple[str, ...], ...]
) -> Iterator[Verdict]:
    for name, verdict in content["ready"].items():
        if verdict["ok"]:
            yield Verdict("good", f"ready for {name}", "yes")
        else:
            missing = "; ".join(verdict["missing"])
            yield Verdict("told", f"not ready for {name}", f"missing: {missing}")
    for severity in SEVERITIES:
        number = sum(row[0] == severity for row in findings)
        if number:
            said = counted(number, "finding")
            yield Verdict(LEVELS[severity], severity, f"{said} of this kind, below")


def _findings(content: Content, names: dict[Path, str]) -> Iterator[tuple[str, ...]]:
    every: list[tuple[dict[str, Any], str]] = [
        (finding, names[Path(facts["path"])])
        for facts in content["files"]
        for finding in facts["findings"]
    ]
    every += [
        (found, " / ".join(names[Path(path)] for path in found["files"]))
        for found in content["across"]["findings"]
    ]
    every.sort(key=lambda pair: SEVERITIES.index(pair[0]["severity"]))
    for finding, name in every:
        example = f" ({finding['example']})" if finding["example"] else ""
        message = f"{finding['message']}{example}"
        yield finding["severity"], name, message, finding["remedy"]
