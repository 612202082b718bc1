"""An inspection on a terminal: a table of files, findings by gravity, verdicts."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted
from rankbound.commands.inspect.findings import SEVERITIES, Finding, by_severity
from rankbound.commands.inspect.naming import shown_names
from rankbound.terminal.console import console_for, say
from rankbound.terminal.outlines import outline

if TYPE_CHECKING:
    from rankbound.commands.inspect.readiness import Verdict
    from rankbound.commands.inspect.run import Inspection

FILES = ("file", "format", "rows", "queries", "size", "range", "holds")
STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}
MOST_NAMED = 4
Names = dict[Path, str]


def as_text(inspection: Inspection) -> str:
    """The inspection as plain text."""
    stream = io.StringIO()
    show(inspection, console_for(stream))
    return stream.getvalue()


def show(inspection: Inspection, console: Console) -> None:
    """Print files, findings and verdicts."""
    names = shown_names([one.path for one in inspection.files])
    console.print(_table(inspection, names))
    for line in (*_evidence(inspection, names), *_lines(inspection, names)):
        say(console, line)
    for name, verdict in (
        ("measure", inspection.measure),
        ("compare", inspection.compare),
    ):
        for line in _verdict(name, verdict):
            say(console, line)


def inspection_repr(inspection: Inspection) -> str:
    """Files, what stands in the way, the gravest findings."""
    findings = [f for one in inspection.files for f in one.findings]
    findings += [joint.finding for joint in inspection.across.findings]
    counts = [
        counted(sum(f.severity == severity for f in findings), severity)
        for severity in SEVERITIES
    ]
    files = counted(len(inspection.files), "file")
    lines = [
        f"ready for {name}: {'yes' if verdict.ok else 'no; ' + verdict.missing[0]}"
        for name, verdict in (
            ("measure", inspection.measure),
            ("compare", inspection.compare),
        )
    ]
    lines += [f"{f.severity}: {f.message}" for f in by_severity(findings)]
    title = f"Inspection of {files}: {', '.join(counts)}; print() shows all"
    return outline(title, lines)


def _table(inspection: Inspection, names: Names) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(FILES[0], no_wrap=True, overflow="fold")
    table.add_column(FILES[1], no_wrap=True)
    for heading in FILES[2:5]:
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in FILES[5:]:
        table.add_column(heading)
    for one in inspection.files:
        cells = file_row(one.as_dict(), names[one.path])
        table.add_row(*(escape(cell) for cell in cells))
    return table


def file_row(facts: Mapping[str, Any], name: str) -> Iterator[str]:
    """Cells of one file: name, format, rows, queries, size, range, what it holds.

    Parameters
    ----------
    facts : mapping
        What `Examined.as_dict` gives, or ``inspection.json`` holds.
    name : str
        What to call the file.
    """
    yield name
    yield facts["format"] or "unreadable"
    for key in ("rows", "queries"):
        yield "" if facts[key] is None else f"{facts[key]:,}"
    sizes = facts["group_sizes"]
    yield "" if sizes is None else _three(sizes)
    ends = facts["score_range"]
    yield "" if ends is None else f"{ends[0]:.4g} to {ends[1]:.4g}"
    yield _held(facts)


def _three(sizes: dict[str, float]) -> str:
    """Least, median and largest size; one number where they are the same.

    Examples
    --------
    >>> _three({"min": 3, "median": 100.0, "max": 100})
    '3/100/100'
    """
    if sizes["min"] == sizes["max"]:
        return f"{sizes['min']:,}"
    return "/".join(f"{sizes[key]:g}" for key in ("min", "median", "max"))


def _held(facts: Mapping[str, Any]) -> str:
    """What the file holds, in a few words."""
    words = []
    if facts["kind"] is not None:
        words.append(facts["kind"])
    if facts["groups"] is not None:
        words.append("groups")
    if facts["qrels"] is not None:
        grades = facts["qrels"]["grades"]
        words.append(f"grades {', '.join(grades)}")
    if facts["vectors"] is not None:
        vectors = facts["vectors"]
        lengths = vectors["norms"]
        unit = "unit length" if vectors["unit_share"] == 1 else ""
        spread = "" if lengths is None else f"length {lengths[0]:.3g}-{lengths[2]:.3g}"
        words.append(f"{vectors['dim']} x {vectors['dtype']}, {unit or spread}")
    if facts["texts"] is not None:
        words.append("texts of {} to {} words".format(*facts["texts"]["words"][::2]))
    return "; ".join(words)


def _evidence(inspection: Inspection, names: Names) -> Iterator[str]:
    """Why each format, and each kind of score."""
    formats: dict[str, list[str]] = {}
    for one in inspection.files:
        packed = one.as_dict()["packing"]
        if one.given.contents is not None:
            words = f"{one.given.format}: {one.given.evidence}"
            formats.setdefault(words, []).append(packed)
    for words, packings in formats.items():
        packed = ", ".join(sorted({p for p in packings if p not in ("none", None)}))
        yield escape(f"{words}{f' (packed: {packed})' if packed else ''}")
    for one in inspection.files:
        if one.scores is not None:
            bits = one.scores.top_bits
            top = "" if bits is None else f"; as logits, {bits:.3f} bit in the top 16"
            ranks = "" if one.ranks is None else f"; ranks from {one.ranks.base}"
            yield escape(
                f"{names[one.path]}: {one.scores.kind.value}, since "
                f"{one.scores.evidence}{top}{ranks}"
            )


def _lines(inspection: Inspection, names: Names) -> Iterator[str]:
    """One line a finding; the same finding about several files is one line."""
    every = [
        (finding, names[one.path], names[one.path])
        for one in inspection.files
        for finding in one.findings
    ]
    every += [
        (
            joint.finding,
            " / ".join(names[one.path] for one in joint.files),
            joint.finding.remedy,
        )
        for joint in inspection.across.findings
    ]
    alike: dict[tuple[str, str, str], list[tuple[Finding, str]]] = {}
    for finding, name, cause in every:
        # Errors share a line only if one remedy cures them all
        own = cause if finding.severity == "error" else ""
        key = (finding.severity, finding.code, own)
        alike.setdefault(key, []).append((finding, name))
    for key in sorted(alike, key=lambda key: SEVERITIES.index(key[0])):
        yield _line(alike[key])
    if not every:
        yield "nothing unusual was found"


def _line(alike: Sequence[tuple[Finding, str]]) -> str:
    """The gravest of several like findings, the others by name."""
    finding, name = max(alike, key=lambda pair: pair[0].count)
    style = STYLES[finding.severity]
    example = f" ({finding.example})" if finding.example else ""
    others = [f"{where} {each.count:,}" for each, where in alike if where != name]
    also = f"; also {_few(others)}" if others else ""
    place = "" if finding.code == "unreadable" else f"{name}: "
    text = f"{place}{finding.message}{example}{also}. {_sentence(finding.remedy)}"
    return f"[{style}]{finding.severity:<7}[/] {escape(text)}"


def _few(names: Sequence[str]) -> str:
    """Some names and how many more.

    Examples
    --------
    >>> _few(["a 3", "b 2"]), _few(list("abcdefg"))
    ('a 3, b 2', 'a, b, c, d and 3 more')
    """
    shown = ", ".join(names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _sentence(remedy: str) -> str:
    return f"{remedy[:1].upper()}{remedy[1:]}."


def _verdict(name: str, verdict: Verdict) -> Iterator[str]:
    yes = "[bold green]yes[/]" if verdict.ok else "[bold red]no[/]"
    missing = "" if verdict.ok else f"; missing: {'; '.join(verdict.missing)}"
    notes = "".join(f"; {note}" for note in verdict.notes)
    yield f"[bold]ready for {name}[/]: {yes}{escape(missing)}{escape(notes)}"
    yield f"  {escape(verdict.command)}"
