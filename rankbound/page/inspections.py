"""An inspection by `rankbound inspect --json` as verdicts and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rankbound.bounds.wording import counted
from rankbound.commands.inspect.findings import SEVERITIES
from rankbound.page.accounts import Account, Content, Level, Verdict, notes_of
from rankbound.page.table import Table
from rankbound.terminal.inspect import file_row

FILES: Final = ("file", "format", "holds", "rows", "queries", "size", "range")
FINDINGS: Final = ("file", "severity", "finding", "example", "remedy")
LEVELS: Final[dict[str, Level]] = {"error": "bad", "warning": "caution"}


def inspection_account(content: Content, *, name: str = "") -> Account:
    """What the files hold, what was found in them, and what may be run on them."""
    suffix = f", {name}" if name else ""
    return Account(
        kind="inspection",
        title=f"Inspection{suffix}",
        verdicts=tuple(_verdicts(content, name)),
        sentences=(),
        tables=tuple(_tables(content, name)),
        notes=notes_of({"what_to_run": [*_commands(content)]}, "what_to_run"),
    )


def _verdicts(content: Content, name: str) -> Iterator[Verdict]:
    where = f"{name}: " if name else ""
    found = Counter(finding["severity"] for _, finding in _findings(content))
    files = counted(len(content["files"]), "inspected file")
    for severity, level in LEVELS.items():
        if found[severity]:
            many = counted(found[severity], severity)
            yield Verdict(level, severity, f"{where}{many} in {files}")
    for command, ready in content["ready"].items():
        if ready["ok"]:
            yield Verdict("good", f"ready for {command}", f"{where}{ready['command']}")
        else:
            missing = "; ".join(ready["missing"])
            told = f"{where}missing: {missing}"
            yield Verdict("told", f"not ready for {command}", told)
    if not found["error"] and not found["warning"]:
        yield Verdict("good", "inspected", f"{where}no error or warning in {files}")


def _tables(content: Content, name: str) -> Iterator[Table]:
    tag = f"-{name}" if name else ""
    rows = tuple(_file(facts) for facts in content["files"])
    yield Table(f"files{tag}", "What every file holds", FILES, rows, left=3)
    found = sorted(_findings(content), key=lambda pair: _gravity(pair[1]))
    if found:
        yield Table(
            f"findings{tag}",
            "What was found in the files and between them, the gravest first",
            FINDINGS,
            tuple(_finding(where, finding) for where, finding in found),
            left=len(FINDINGS),
        )


def _file(facts: Mapping[str, Any]) -> tuple[str, ...]:
    path, kind, *numbers, held = file_row(facts, facts["path"])
    return (path, kind, held, *numbers)


def _findings(content: Content) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Files and finding, of every finding."""
    for facts in content["files"]:
        for finding in facts["findings"]:
            yield facts["path"], finding
    for finding in content["across"]["findings"]:
        yield " / ".join(finding["files"]), finding


def _gravity(finding: Mapping[str, Any]) -> int:
    return SEVERITIES.index(finding["severity"])


def _finding(where: str, finding: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        where,
        finding["severity"],
        finding["message"],
        finding["example"] or "–",
        finding["remedy"],
    )


def _commands(content: Content) -> Iterator[str]:
    for name, verdict in content["ready"].items():
        if verdict["ok"]:
            yield f"ready for {name}: {verdict['command']}"
        else:
            yield f"not ready for {name}; missing: {'; '.join(verdict['missing'])}"
