"""An inspection by `rankbound inspect --json` as verdicts and tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rankbound.bounds.wording import counted
from rankbound.catalogue import SEVERITIES
from rankbound.commands.inspect.result import File, Finding, Inspection
from rankbound.page.accounts import Account, Verdict, told
from rankbound.page.table import Table
from rankbound.terminal.inspect import file_row

FILES: Final = ("file", "format", "holds", "rows", "queries", "size", "range")
FINDINGS: Final = ("file", "severity", "finding", "example", "remedy")
GRAVE: Final = ("error", "warning")


def inspection_account(found: Inspection, *, name: str = "") -> Account:
    """What the files hold, what was found in them, and what may be run on them."""
    suffix = f", {name}" if name else ""
    return Account(
        kind="inspection",
        title=f"Inspection{suffix}",
        verdicts=tuple(_verdicts(found, name)),
        sentences=(),
        tables=tuple(_tables(found, name)),
        notes=(("what to run", tuple(_commands(found))),),
    )


def _verdicts(found: Inspection, name: str) -> Iterator[Verdict]:
    where = f"{name}: " if name else ""
    number = found.counts()
    files = counted(len(found.files), "inspected file")
    for severity in GRAVE:
        if number[severity]:
            many = counted(number[severity], severity)
            yield told(severity, f"{where}{many} in {files}")
    for command, ready in found.ready.commands():
        if ready.ok:
            yield Verdict("good", f"ready for {command}", f"{where}{ready.command}")
        else:
            missing = f"{where}missing: {'; '.join(ready.missing)}"
            yield Verdict("told", f"not ready for {command}", missing)
    if not any(number[severity] for severity in GRAVE):
        yield Verdict("good", "inspected", f"{where}no error or warning in {files}")


def _tables(found: Inspection, name: str) -> Iterator[Table]:
    tag = f"-{name}" if name else ""
    rows = tuple(map(_file, found.files))
    yield Table(f"files{tag}", "What every file holds", FILES, rows, left=3)
    findings = sorted(
        found.findings(), key=lambda pair: SEVERITIES.index(pair[1].severity)
    )
    if findings:
        yield Table(
            f"findings{tag}",
            "What was found in the files and between them, the gravest first",
            FINDINGS,
            tuple(_finding(where, finding) for where, finding in findings),
            left=len(FINDINGS),
        )


def _file(one: File) -> tuple[str, ...]:
    path, kind, *numbers, held = file_row(one, one.path)
    return (path, kind, held, *numbers)


def _finding(where: str, finding: Finding) -> tuple[str, ...]:
    return (
        where,
        finding.severity,
        finding.message,
        finding.example or "–",
        finding.remedy,
    )


def _commands(found: Inspection) -> Iterator[str]:
    for name, ready in found.ready.commands():
        if ready.ok:
            yield f"ready for {name}: {ready.command}"
        else:
            yield f"not ready for {name}; missing: {'; '.join(ready.missing)}"
