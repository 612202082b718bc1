"""Files on a terminal: what an inspection found, and what a conversion did."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted
from rankbound.catalogue import SEVERITIES, VERDICTS, Severity
from rankbound.commands.cards import card_advice
from rankbound.commands.convert.result import Conversion
from rankbound.commands.inspect.result import (
    File,
    Finding,
    Inspection,
    Readiness,
    Sizes,
    VectorCounts,
    by_severity,
    shown_names,
)
from rankbound.commands.sample.result import Sample
from rankbound.terminal.console import console_for, outline, say

FILES = ("file", "format", "rows", "queries", "size", "range", "holds")
MOST_NAMED = 4
REFUSALS = ("unreadable", "duplicates")
Names = dict[str, str]


def as_text(inspection: Inspection) -> str:
    """The inspection as plain text."""
    stream = io.StringIO()
    show(inspection, console_for(stream))
    return stream.getvalue()


def show(inspection: Inspection, console: Console) -> None:
    """Print files, findings and verdicts."""
    names = _names(inspection)
    console.print(_table(inspection, names))
    for line in (*_evidence(inspection, names), *_lines(inspection, names)):
        say(console, line)
    show_cards(inspection, console)
    for name, readiness in inspection.ready.commands():
        for line in _readiness(name, readiness):
            say(console, line)


def show_cards(inspection: Inspection, console: Console) -> None:
    """Print what is known of each sampling, what that answers, and the advice."""
    if not inspection.cards:
        return
    # It loads symbols, for which files without groups should not wait
    from rankbound.terminal.compare import card_part, reason_table

    title, headings, rows = card_part(inspection)
    console.print(reason_table(title, headings, rows))
    for answer in inspection.answers:
        say(console, escape(f"{answer.wording} {answer.sentence}"))
        say(console, escape(f"rests on: {answer.rests_on}"))
    for line in card_advice(inspection.cards):
        say(console, escape(line))


def inspection_repr(inspection: Inspection) -> str:
    """The files, which commands they are ready for, and the gravest findings."""
    number = inspection.counts()
    counts = [counted(number[severity], severity) for severity in SEVERITIES]
    files = counted(len(inspection.files), "file")
    lines = [
        f"ready for {name}: "
        + ("yes" if ready.ok else "; ".join(("no", *ready.missing[:1])))
        for name, ready in inspection.ready.commands()
    ]
    findings = by_severity(finding for _, finding in inspection.findings())
    lines += [f"{found.severity}: {found.message}" for found in findings]
    title = f"Inspection of {files}: {', '.join(counts)}; print() shows all"
    return outline(title, lines)


def _names(inspection: Inspection) -> Names:
    """What to call each file, by its path."""
    shown = shown_names([Path(one.path) for one in inspection.files])
    return {one.path: shown[Path(one.path)] for one in inspection.files}


def _table(inspection: Inspection, names: Names) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(FILES[0], no_wrap=True, overflow="fold")
    table.add_column(FILES[1], no_wrap=True)
    for heading in FILES[2:5]:
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in FILES[5:]:
        table.add_column(heading)
    for one in inspection.files:
        table.add_row(*map(escape, file_row(one, names[one.path])))
    return table


def file_row(file: File, name: str) -> tuple[str, ...]:
    """Cells of one file: name, format, rows, queries, size, range, what it holds.

    `name` is what to call the file.
    """
    sizes, ends = file.group_sizes, file.score_range
    return (
        name,
        file.format or "unreadable",
        "" if file.rows is None else f"{file.rows:,}",
        "" if file.queries is None else f"{file.queries:,}",
        "" if sizes is None else _three(sizes),
        "" if ends is None else f"{ends[0]:.4g} to {ends[1]:.4g}",
        "; ".join(_held(file)),
    )


def _three(sizes: Sizes) -> str:
    """Smallest, median and largest size; one number if they are the same.

    Examples
    --------
    >>> _three(Sizes(3, 100.0, 100))
    '3/100/100'
    """
    if sizes.min == sizes.max:
        return f"{sizes.min:,}"
    return f"{sizes.min:g}/{sizes.median:g}/{sizes.max:g}"


def _held(file: File) -> Iterator[str]:
    """What the file holds, in a few words each."""
    if file.kind is not None:
        yield file.kind
    if file.groups is not None:
        yield "groups"
    if file.qrels is not None:
        yield f"grades {', '.join(file.qrels.grades)}"
    if file.vectors is not None:
        yield _vectors(file.vectors)
    if file.texts is not None:
        least, _, most = file.texts.words
        yield f"texts of {least} to {most} words"


def _vectors(vectors: VectorCounts) -> str:
    lengths = vectors.norms
    unit = "unit length" if vectors.unit_share == 1 else ""
    spread = "" if lengths is None else f"length {lengths[0]:.3g}-{lengths[2]:.3g}"
    return f"{vectors.dim} x {vectors.dtype}, {unit or spread}"


def _evidence(inspection: Inspection, names: Names) -> Iterator[str]:
    """Why each format, and each kind of score."""
    formats: dict[str, set[str]] = {}
    for one in inspection.files:
        if one.readable:
            packings = formats.setdefault(f"{one.format}: {one.evidence}", set())
            if one.packing is not None and one.packing != "none":
                packings.add(one.packing)
    for words, packings in formats.items():
        packed = ", ".join(sorted(packings))
        yield escape(f"{words}{f' (packed: {packed})' if packed else ''}")
    for one in inspection.files:
        if one.scores is not None:
            bits = one.scores.top_entropy_bits
            top = "" if bits is None else f"; as logits, {bits:.3f} bit in the top 16"
            ranks = "" if one.ranks is None else f"; ranks from {one.ranks.base}"
            yield escape(
                f"{names[one.path]}: {one.kind}, since {one.kind_evidence}{top}{ranks}"
            )


def _lines(inspection: Inspection, names: Names) -> Iterator[str]:
    """A line for each finding; the same finding about several files is one line."""
    every: list[tuple[Finding, str, str]] = [
        (finding, names[one.path], names[one.path])
        for one in inspection.files
        for finding in one.findings
    ]
    every += [
        (
            shared,
            " / ".join(names[path] for path in shared.files),
            shared.remedy,
        )
        for shared in inspection.across.findings
    ]
    alike: dict[tuple[Severity, str, str], list[tuple[Finding, str]]] = {}
    for finding, name, cause in every:
        # Errors share a line only if one remedy fixes them all
        own = cause if finding.severity == "error" else ""
        key = (finding.severity, finding.code, own)
        alike.setdefault(key, []).append((finding, name))
    for key in sorted(alike, key=lambda key: SEVERITIES.index(key[0])):
        yield _line(alike[key])
    if not every:
        yield "nothing unusual was found"


def _line(alike: Sequence[tuple[Finding, str]]) -> str:
    """The largest of several findings of one kind, and the others by name."""
    finding, name = max(alike, key=lambda pair: pair[0].count)
    style = VERDICTS[finding.severity].style
    example = f" ({finding.example})" if finding.example else ""
    others = [f"{where} {each.count:,}" for each, where in alike if where != name]
    also = f"; also {_few(others)}" if others else ""
    # The error of a reader begins with the path and the line
    place = f"{name}: " if finding.code not in REFUSALS else ""
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


def _readiness(name: str, ready: Readiness) -> Iterator[str]:
    yes = "[bold green]yes[/]" if ready.ok else "[bold red]no[/]"
    missing = f"; missing: {'; '.join(ready.missing)}" if ready.missing else ""
    notes = "".join(f"; {note}" for note in ready.notes)
    yield f"[bold]ready for {name}[/]: {yes}{escape(missing)}{escape(notes)}"
    yield f"  {escape(ready.command)}"


def conversion_lines(done: Conversion) -> Iterator[str]:
    """The files written, a note on what was decided, and every loss."""
    packed = "" if done.packing == "none" else f", {done.packing}"
    kept = "; ".join([*done.kept.values(), "read back, and the same"])
    yield f"written: {done.path} ({done.format}{packed}): {kept}"
    for path in done.companions:
        yield f"written: {path}, which belongs to it"
    if done.remark is not None:
        yield f"note: {done.remark}"
    for words in done.lost.values():
        yield f"lost: {words}"


def conversion_repr(done: Conversion) -> str:
    """The same in short conversion_lines."""
    return outline("Conversion", [*conversion_lines(done)])


def sample_lines(made: Sample) -> Iterator[str]:
    """What was drawn, what was left out, and where the groups are."""
    groups, queries = counted(made.n_groups, "group"), counted(made.n_queries, "query")
    yield (
        f"{made.sampling}: {groups} of {queries}, "
        f"{counted(made.n_documents, 'document')}; positives from {made.positives}"
        f"{', which groups do not hold' * (not made.positives_kept)}"
    )
    yield f"negatives: {made.law}"
    yield f"sampling probabilities: {made.probabilities}"
    if made.n_short:
        yield (
            f"{counted(made.n_short, 'group')} smaller than {made.size}, for want of "
            "candidates"
        )
    if made.suspected is not None:
        suspected = counted(made.suspected, "candidate")
        yield f"left out as suspected false negatives: {suspected}"
    for reason, number in made.dropped.items():
        yield f"left out: {number:,} {reason}"
    for note in made.notes:
        yield f"note: {note}"
    for warning in made.warnings:
        yield f"warning: {warning}"
    if made.file is not None:
        said = "" if made.file.probabilities else ", without sampling probabilities"
        yield f"written: {made.file.path} ({made.file.format}){said}"


def sample_repr(made: Sample) -> str:
    """The same in a few lines."""
    return outline("Sample", [*sample_lines(made)])
