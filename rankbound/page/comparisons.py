"""A comparison of samplings by `rankbound compare` as verdicts and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from rankbound.bounds.wording import counted
from rankbound.catalogue import VERDICTS, in_order
from rankbound.commands.compare.result import Comparison, Row, SweepTable
from rankbound.page.accounts import Account, Verdict, notes_of, told
from rankbound.page.table import Table, interval, number, words

# Bad news first, and what is open before what is settled
LEVELS: Final = ("bad", "told", "caution", "good")
ROWS: Final = (
    "sampling",
    "quantity",
    "pairs",
    "verdict",
    "n",
    "mean",
    "reference",
    "difference",
    "interval",
    "p (Holm)",
    "effect size",
    "margin",
    "smallest margin",
)
SAMPLINGS: Final = ("sampling", "pairs", "entropy, nats", "mean margin", "ties")
SWEEP: Final = ("sampling", "pairs", "verdict", "factor", "difference", "interval")


def comparison_account(comparison: Comparison, *, name: str = "") -> Account:
    """Verdicts by kind, the sentences to quote, differences, means, and the sweep."""
    suffix = f", {name}" if name else ""
    return Account(
        kind="comparison",
        title=f"Comparison with {comparison.reference}{suffix}",
        verdicts=tuple(_verdicts(comparison, name)),
        sentences=comparison.sentences,
        tables=tuple(_tables(comparison, name)),
        notes=notes_of(
            comparison, "warnings", "advice", "cannot_say", "assumptions", "definitions"
        ),
    )


def _verdicts(comparison: Comparison, name: str) -> Iterator[Verdict]:
    counts = Counter(row.verdict for row in comparison.rows)
    where = f"{name}: " if name else ""
    for verdict in sorted(counts, key=_place):
        rows = [row for row in comparison.rows if row.verdict == verdict]
        which = "; ".join(dict.fromkeys(map(_label, rows)))
        yield told(
            verdict,
            f"{where}{counts[verdict]} of "
            f"{counted(comparison.family.size, 'comparison')} with "
            f"{comparison.reference}: {which}",
        )
    if comparison.controls.passed is False:
        yield told("control failed", f"{where}a control did not pass")
    for warning in comparison.warnings:
        yield told("warning", warning)


def _place(verdict: str) -> tuple[int, int]:
    return LEVELS.index(VERDICTS[verdict].level), in_order(verdict)


def _label(row: Row) -> str:
    return f"{row.sampling} ({row.quantity}, {row.pairs})"


def _tables(comparison: Comparison, name: str) -> Iterator[Table]:
    family, tag = comparison.family, f"-{name}" if name else ""
    caption = (
        f"{family.name}: paired differences, sampling minus "
        f"{comparison.reference}; intervals {family.intervals}, "
        f"p-values {family.p_values}, delta = {comparison.delta:g}"
    )
    rows = tuple(map(_row, comparison.rows))
    yield Table(f"comparison{tag}", caption, ROWS, rows, left=4)
    means = tuple(
        (
            sampling.sampling,
            entry.pairs,
            *map(number, (entry.mean, entry.mean_margin, entry.ties)),
        )
        for sampling in comparison.samplings
        for entry in sampling.entropy
    )
    if means:
        yield Table(
            f"samplings{tag}", "The teacher on each sampling", SAMPLINGS, means, left=2
        )
    yield Table(
        f"sweep{tag}",
        "The same entropies with the temperature multiplied by a factor",
        SWEEP,
        tuple(_swept(comparison.sweep.tables)),
        left=3,
    )


def _row(row: Row) -> tuple[str, ...]:
    return (
        row.sampling,
        words(row.quantity) + ("" if row.unit == "1" else f" ({row.unit})"),
        row.pairs,
        row.verdict,
        *map(number, (row.n, row.mean, row.reference_mean, row.difference)),
        interval((row.lower, row.upper)),
        *map(number, (row.p_holm, row.effect_size, row.margin, row.smallest_margin)),
    )


def _swept(tables: Iterable[SweepTable]) -> Iterator[tuple[str, ...]]:
    for table in tables:
        for row in table.rows:
            yield (
                row.sampling,
                row.pairs,
                row.verdict,
                number(table.factor),
                number(row.difference),
                interval((row.lower, row.upper)),
            )
