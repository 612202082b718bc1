"""A comparison on a terminal: tables and sentences, or a few lines.

`show` prints the tables of verdicts, what explains them and what the reference study
would print; `comparison_text` is what an interpreter shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted, counted_reason
from rankbound.catalogue import VERDICTS
from rankbound.commands.compare.result import (
    Comparison,
    Compat,
    CompatEntropy,
    CompatRow,
    Row,
)
from rankbound.commands.compare.sentences import p_text
from rankbound.commands.inspect.result import Inspection
from rankbound.terminal.answers import show_answers
from rankbound.terminal.console import NAME, fold, outline, short
from rankbound.terminal.measure import scale_words

Cells = Iterable[str]
Part = tuple[str, tuple[str, ...], Iterable[Cells]]
DIRECTION = (
    "Queries that rise and fall, and intervals of their shares; approximate: d_z, t"
)
DIRECTIONS = (
    *("sampling", "quantity", "pairs", "rise", "fall", "of"),
    *("share rising", "share falling", "d_z", "t"),
)
MOST_LINES = 14  # of one kind on a terminal; the file has all

BY_T = ", approximately, as some are by Student's t"


def show(
    comparison: Comparison, console: Console, *, details: bool, where: str = ""
) -> None:
    """Print the answers of a comparison, and all of it where details are wanted.

    `where` is the file that holds it.
    """
    show_answers(
        comparison.answers, comparison.warnings, console, details=details, where=where
    )
    if details:
        show_details(comparison, console)


def show_details(comparison: Comparison, console: Console) -> None:
    """Print verdicts, what explains them, sentences, advice, and what stays open."""
    console.print()
    for line in _head(comparison):
        fold(console, line)
    for quantity in comparison.family.quantities:
        rows = [row for row in comparison.rows if row.quantity == quantity]
        console.print(_table(quantity, rows))
    _show_directions(comparison, console)
    for line in _notes(comparison):
        fold(console, line)
    _show_reasons(comparison, console)
    _show_reference(comparison.compat, console)
    for title, lines in (
        ("In words", _in_words(comparison)),
        ("What follows", comparison.advice),
        ("What these numbers cannot say", comparison.cannot_say),
    ):
        console.print(f"\n[bold]{title}[/]")
        for line in lines[:MOST_LINES]:
            fold(console, f"- {line}")
        if len(lines) > MOST_LINES:
            more = len(lines) - MOST_LINES
            fold(console, f"- and {more} more in comparison.json")
    for line in _foot(comparison):
        fold(console, line)


def _in_words(comparison: Comparison) -> list[str]:
    """The sentences about all rows first, since those about single rows may be many."""
    rows = len(comparison.rows)
    return [*comparison.sentences[rows:], *comparison.sentences[:rows]]


def _head(comparison: Comparison) -> Iterator[str]:
    teacher, family = comparison.teacher, comparison.family
    yield (
        f"teacher: {teacher.kind} scores ({teacher.kind_evidence}), temperature "
        f"{scale_words(teacher.temperature, teacher.fit)}"
    )
    for name, student in teacher.students.items():
        yield (
            f"student {name}: {student.kind} scores ({student.kind_evidence}), "
            f"temperature {student.temperature:.6g}"
        )
    for sampling in comparison.samplings:
        yield (
            f"sampling {sampling.sampling}: "
            f"{counted(sampling.n_queries, 'query')}, "
            f"{counted(sampling.n_groups, 'group')}, "
            f"{counted(sampling.n_documents, 'document')}"
        )
    if comparison.clustering is not None:
        yield comparison.clustering.sentence()
    if teacher.n_calibration:
        yield (
            f"{counted(teacher.n_calibration, 'query was', 'queries were')} set "
            "aside to fit temperatures, the same in all samplings"
        )
    if (pilot := comparison.pilot) is not None:
        aside = counted(pilot.n, "query was", "queries were")
        what = "" if pilot.n_clusters is None else f" ({pilot.n_clusters:,} clusters)"
        yield f"{aside} set aside{what} to choose stakes, the same in all samplings"
    by_t = any(row.decides == "paired_t" for row in comparison.rows)
    yield (
        f"family: {counted(family.size, 'comparison')} ({family.name}); all "
        "intervals and verdicts hold at once with probability "
        f"{1 - comparison.delta:.10g}"
        f"{BY_T if by_t else ''}"
    )
    if family.directions is not None:
        yield (
            "shares of queries that rise and fall: their intervals hold at once with "
            f"the same probability, and with those of the means with "
            f"{max(0.0, 1 - 2 * comparison.delta):.10g}; a share is not a mean"
        )


def _table(quantity: str, rows: Sequence[Row]) -> Table:
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        title=escape(f"{quantity}, in {rows[0].unit}"),
        title_justify="left",
        title_style="bold",
    )
    table.add_column("sampling", overflow="fold")
    table.add_column("pairs", no_wrap=True)
    for heading in ("mean", "change", "interval", "p", "margin*", "n*"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    before = None
    for row in rows:
        if before not in (None, row.sampling):
            table.add_section()
        before = row.sampling
        needed = row.n_for_margin
        table.add_row(
            escape(row.sampling),
            row.pairs,
            f"{row.mean:.4f}",
            f"{row.difference:+.4f}",
            f"{_about(row)}{row.lower:+.4f} {row.upper:+.4f}",
            p_text(row.p_holm),
            "" if row.decides == "direction" else f"{row.smallest_margin:.4f}",
            "" if needed is None else f"{needed:,}",
            f"[{VERDICTS[row.verdict].style}]{row.verdict}[/]",
        )
    return table


def _about(row: Row) -> str:
    """A mark of intervals that are approximate."""
    return "" if row.decides == "betting" else "~"


def _show_directions(comparison: Comparison, console: Console) -> None:
    """Print the shares of queries by direction, and what else describes a change."""
    cells = [
        (
            row.sampling,
            row.quantity,
            row.pairs,
            f"{found.rises:,}",
            f"{found.falls:,}",
            f"{found.of:,}",
            _ends(found.share_rising),
            _ends(found.share_falling),
            _two(row.effect_size),
            _two(row.paired_t.statistic),
        )
        for row in comparison.rows
        if (found := row.direction) is not None
    ]
    if cells:
        console.print(reason_table(DIRECTION, DIRECTIONS, cells))


def _ends(ends: tuple[float, float]) -> str:
    """An interval rounded outwards, since rounding inwards would overstate it."""
    lower, upper = math.floor(1000 * ends[0]), math.ceil(1000 * ends[1])
    return f"{lower / 1000:.3f} {upper / 1000:.3f}"


def _two(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _notes(comparison: Comparison) -> Iterator[str]:
    clustered = comparison.clusters is not None
    many = "clusters" if clustered else "queries"
    averaged = " and averaged by cluster" if clustered else ""
    margins = {r.quantity: r.margin for r in comparison.rows}
    given = ", ".join(
        f"{name} {margin:g}"
        if margin is not None
        else f"{name} no margin: give --margin"
        for name, margin in margins.items()
    )
    yield (
        f"change: from {comparison.reference}, paired by query{averaged}; p: Holm over "
        f"the family; margins: {given}; margin*: the smallest that would be accepted; "
        f"n*: {many} that the given margin would need if their mean were exactly 0; "
        "rankbound power --from says how many do with a probability of 80 %"
    )
    lacking = sorted({r.quantity for r in comparison.rows if r.decides == "direction"})
    if lacking:
        yield (
            f"{', '.join(lacking)}: no range is known in advance, so betting does not "
            f"apply; the direction of the {many} that change decides, exactly, and p "
            "is that of the sign test; ~: the interval of the mean is Student's, which "
            "is approximate and decides nothing"
        )
    yield from sorted(
        {
            f"{row.quantity}: never called equivalent; {reason}"
            for row in comparison.rows
            if (reason := row.equivalence_missing_because) is not None
        }
    )
    before = sorted({r.quantity for r in comparison.rows if r.decides == "paired_t"})
    if before:
        yield (
            f"{', '.join(before)}: decided by Student's t in an earlier version, which "
            "is approximate and misses too often where few differences are large; "
            "compare again"
        )
    for row in comparison.rows:
        if row.note is not None:
            yield (
                f"note: {row.sampling}, {row.quantity}, {row.pairs} pairs: {row.note}"
            )
        missing = row.queries_only_in_sampling + row.queries_only_in_reference
        if missing:
            yield (
                f"note: {row.sampling}, {row.quantity}, {row.pairs} pairs: "
                f"{counted(missing, 'query')} in one of the two samplings only"
            )


def _foot(comparison: Comparison) -> Iterator[str]:
    for sampling in comparison.samplings:
        for reason, number in sampling.dropped.items():
            yield (
                f"dropped from {sampling.sampling}: {counted_reason(number, reason)}"
            )
    for warning in comparison.warnings:
        yield f"warning: {warning}"


def _show_reasons(comparison: Comparison, console: Console) -> None:
    """Print one table per explanation, and what the controls found."""
    for part in (card_part, _entropies, _parts, _shift, _spaces, _sweep):
        title, headings, rows = part(comparison)
        filled = list(rows)
        if filled:
            console.print(reason_table(title, headings, filled))
    for line in _controls(comparison):
        fold(console, line)


def card_part(result: Comparison | Inspection) -> Part:
    """The sampling cards as a table: title, headings, rows."""
    rows = [
        (
            card.sampling,
            _share(card.suspected),
            ""
            if card.suspected_lower is None or card.suspected_upper is None
            else _ends((card.suspected_lower, card.suspected_upper)),
            ""
            if card.judged_negatives is None
            else f"{card.relevant_negatives:,} of {card.judged_negatives:,}",
            _four(card.entropy),
            _number(card.entropy_pos_neg),
            _number(card.mean_distance),
            _number(card.largest_distance),
            _share(card.score_coverage),
            _share(card.variance_share),
        )
        for card in result.cards
    ]
    headings = (
        *("sampling", "suspected", "interval", "relevant", "nats", "pos-neg"),
        *("distance", "largest", "scores covered", "variance"),
    )
    title = (
        "Sampling card: negatives scored above the positive, judged relevant; "
        "entropies; range and variance of the query's scores"
    )
    return title, headings, rows


def _entropies(comparison: Comparison) -> Part:
    coupled = {(r.sampling, r.pairs): r for r in comparison.coupling.rows}
    rows: list[Cells] = [
        (
            s.sampling,
            e.pairs,
            f"{e.mean:.4f}",
            f"{e.group_mean_bits:.4f}",
            f"{e.share:.1%}",
            f"{e.mean_margin:.3f}",
            f"{e.ties:.2%}",
            f"{coupled[s.sampling, e.pairs].floor:.4f}",
        )
        for s in comparison.samplings
        for e in s.entropy
    ]
    rows += [
        ("(target)", r.pairs, f"{r.entropy:.4f}", *[""] * 5)
        for r in comparison.target.rows
    ]
    headings = (
        *("sampling", "pairs", "nats", "bits, by group", "share", "mean |a|"),
        *("ties", "floor"),
    )
    return "Teacher entropy, and its floor in nats (theorem-4a)", headings, rows


def _parts(comparison: Comparison) -> Part:
    changes = comparison.decomposition
    known = {"pn": "pos-neg", "nn": "neg-neg", "pp": "pos-pos"}
    sets = {k: p for k, p in known.items() if any(p in r.spread for r in changes)}
    rows = [
        (
            r.sampling,
            f"{r.difference:+.4f}",
            f"{r.composition:+.4f}",
            *(f"{r.spread.get(p, 0):+.4f}" for p in sets.values()),
            *(f"{r.ties.get(p, 0):+.4f}" for p in sets.values()),
        )
        for r in changes
    ]
    headings = (
        *("sampling", "change", "= shares"),
        *(f"+ spread {short}" for short in sets),
        *(f"+ ties {short}" for short in sets),
    )
    meant = ", ".join(f"{short}: {pairs}" for short, pairs in sets.items())
    return f"What the change over all pairs is made of ({meant})", headings, rows


def _shift(comparison: Comparison) -> Part:
    rows = []
    for r in comparison.shift:
        if r.missing_because is not None:
            rows.append((r.sampling, r.missing_because, *[""] * 5))
            continue
        rows.append(
            (
                r.sampling,
                _number(r.total_variation),
                _number(r.pair_total_variation),
                _number(r.kappa),
                _share(r.document_overlap),
                _share(r.judged_covered),
                _share(r.relevant_covered),
            )
        )
    headings = (
        *("sampling", "TV", "TV of pairs", "kappa", "shared documents"),
        *("judged covered", "relevant covered"),
    )
    return f"Distance from {comparison.reference}, and judged documents", headings, rows


def _spaces(comparison: Comparison) -> Part:
    rows = [
        (
            r.sampling,
            r.quantity,
            f"{r.supremum:.4f}",
            f"{r.mean:.4f}",
            f"{r.root_mean_square:.4f}",
        )
        for r in comparison.spaces or ()
        if r.pairs == "all"
    ]
    headings = ("sampling", "quantity", "largest group", "mean query", "rms query")
    return (
        "Space, all pairs: largest of any group; mean and rms over queries",
        headings,
        rows,
    )


def _sweep(comparison: Comparison) -> Part:
    factors = comparison.sweep.factors
    cells: dict[tuple[str, str], list[str]] = {}
    tables = [t.rows for t in comparison.sweep.tables]
    for rows in (*tables, comparison.ranks_only.rows):
        for r in rows:
            text = f"{r.difference:+.3f} {VERDICTS[r.verdict].mark}"
            cells.setdefault((r.sampling, r.pairs), []).append(text)
    headings = ("sampling", "pairs", *(f"x {f:g}" for f in factors), "ranks")
    body = [(name, pairs, *found) for (name, pairs), found in cells.items()]
    return (
        "Entropy at multiples of the temperature, and from ranks only",
        headings,
        body,
    )


def _controls(comparison: Comparison) -> Iterable[str]:
    for row in comparison.controls.rows:
        passed = {True: "as theory says", False: "FAILS", None: "not run"}
        yield (
            f"control, {row.control}: {passed[row.passed]} (expected: "
            f"{row.expected}; found: {row.found})"
        )


def reason_table(title: str, headings: Iterable[str], rows: Iterable[Cells]) -> Table:
    """A table with words on the left, numbers on the right, and a rule by name."""
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        title=escape(title),
        title_justify="left",
        title_style="bold",
    )
    for index, heading in enumerate(headings):
        table.add_column(
            heading, justify="left" if index == 0 else "right", overflow="fold"
        )
    lines = [[escape(cell) for cell in row] for row in rows]
    repeats = len({cells[0] for cells in lines}) < len(lines)
    before = None
    for cells in lines:
        if repeats and before is not None and cells[0] != before:
            table.add_section()
        before = cells[0]
        table.add_row(*cells)
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _four(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _show_reference(compat: Compat | None, console: Console) -> None:
    """Print the reference study's verdicts and entropies, and their faults."""
    if compat is None:
        return
    console.print(_their_verdicts(compat.rows))
    console.print(_their_entropies(compat.entropy))
    for line in _their_notes(compat):
        fold(console, line)


def _their_verdicts(rows: Sequence[CompatRow]) -> Table:
    table = _plain_table("the reference study's TOST", "sampling", "quantity", "pairs")
    for heading in ("their p", "our p"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("they print", no_wrap=True)
    table.add_column("ours", no_wrap=True)
    for row in rows:
        marked = row.reference_marked_equivalent
        table.add_row(
            escape(row.sampling),
            escape(row.quantity),
            row.pairs,
            _or_dash(row.reference_p),
            _or_dash(row.p_equivalence),
            "-" if marked is None else "equivalent" if marked else "different",
            row.verdict,
        )
    return table


def _their_entropies(rows: Sequence[CompatEntropy]) -> Table:
    table = _plain_table("the reference study's pairwise entropy, in bits", "sampling")
    for heading in ("reference", "corrected", "difference"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            escape(row.sampling),
            _or_dash(row.reference_mean),
            _or_dash(row.corrected_mean),
            _or_dash(row.difference),
        )
    return table


def _their_notes(compat: Compat) -> Iterator[str]:
    yield f"their TOST: {compat.reason}"
    yield f"their entropy: {compat.entropy_reason}"
    for one in compat.equivalence_groups:
        groups = [group for group in one.groups if len(group) > 1]
        if groups:
            names = "; ".join(", ".join(group) for group in groups)
            yield (
                f"they group as equivalent ({one.quantity}, {one.pairs} pairs): {names}"
            )
    for row in compat.rows:
        if row.reference_reason is not None:
            yield (
                f"{row.sampling}, {row.quantity}, {row.pairs} pairs: "
                f"{row.reference_reason}"
            )


def _plain_table(title: str, *columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    for heading in columns:
        table.add_column(heading)
    return table


def _or_dash(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def comparison_text(comparison: Comparison) -> str:
    """The reference, and every verdict with its difference and interval."""
    title = (
        f"Comparison with {short(comparison.reference, NAME)!r}: "
        f"{counted(len(comparison.rows), 'comparison')}, all at once with probability "
        f"{1 - comparison.delta:.10g}"
    )
    order = [*VERDICTS]  # of what a reader should see first
    rows = sorted(comparison.rows, key=lambda row: order.index(row.verdict))
    warned = (f"warning: {text}" for text in comparison.warnings)
    return outline(title, [*map(_line, rows), *warned])


def _line(row: Row) -> str:
    return (
        f"{row.verdict}: {short(row.sampling, NAME)}, {row.quantity} ({row.pairs} "
        f"pairs) {row.difference:+.4f} [{row.lower:+.4f}, {row.upper:+.4f}], "
        f"n = {row.n:,}"
    )
