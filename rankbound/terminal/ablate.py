"""What `rankbound ablate` found, for a terminal."""

from __future__ import annotations

from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted
from rankbound.commands.ablate.result import (
    Ablation,
    CellSummary,
    Cost,
    Difference,
    Mean,
    tested_on,
)
from rankbound.terminal.console import outline, say

CELL_HEADINGS: Final = (
    *("collection", "architecture", "loss", "sampling"),
    *("nDCG@10", "over seeds", "over queries", "risk", "upper limit", "vacuous"),
)
DIFFERENCE_HEADINGS: Final = (
    *("collection", "architecture", "loss", "sampling"),
    *("difference", "interval", "verdict"),
)
COST_HEADINGS: Final = (
    *("collection", "teacher", "augmentation", "stage", "architecture"),
    *("seconds", "kWh", "steps", "teacher's scores", "student's scores"),
)
RISK: Final = "risk"


def show(found: Ablation, console: Console, *, details: bool) -> None:
    """Print the sentences; with details, the cells, differences and definitions."""
    for line in found.sentences:
        say(console, escape(line))
    if not details:
        return
    console.print(_table(CELL_HEADINGS, [*map(cell_cells, found.cells)]))
    if found.differences:
        rows = [*map(difference_cells, found.differences)]
        console.print(_table(DIFFERENCE_HEADINGS, rows))
    _show_costs(found, console)
    for claim in found.claims:
        said = f"{claim.verdict}: {claim.claim} ({claim.source}): {claim.evidence}"
        say(console, escape(said))
    for name, meaning in found.definitions.items():
        say(console, escape(f"{name}: {meaning}"))
    for one in found.collections:
        for note in one.notes:
            say(console, escape(f"note {one.name}: {note}"))


def _show_costs(found: Ablation, console: Console) -> None:
    if not found.costs:
        return
    console.print(_table(COST_HEADINGS, [*map(cost_cells, found.costs)]))
    if found.energy_missing_because is not None:
        say(console, escape(f"note: no energy: {found.energy_missing_because}"))


def cell_cells(one: CellSummary) -> tuple[str, ...]:
    """One cell of the grid."""
    mean = one.ndcg
    return (
        *(tested_on(one), one.architecture, one.loss, one.sampling),
        f"{mean.value:.4f}",
        _seeds(mean),
        f"{mean.queries_lower:.4f} to {mean.queries_upper:.4f}",
        f"{one.means[RISK].value:.4f}" if RISK in one.means else "-",
        "-" if one.upper_bound is None else f"{one.upper_bound:.4f}",
        f"{one.n_vacuous} of {one.n_seeds}",
    )


def _seeds(mean: Mean) -> str:
    if mean.seeds_lower is None or mean.seeds_upper is None:
        return "-"
    return f"{mean.seeds_lower:.4f} to {mean.seeds_upper:.4f}"


def difference_cells(one: Difference) -> tuple[str, ...]:
    """One sampling against random negatives."""
    return (
        *(tested_on(one), one.architecture, one.loss, one.sampling),
        f"{one.value:+.4f}",
        f"{one.lower:+.4f} to {one.upper:+.4f}",
        one.verdict,
    )


def cost_cells(one: Cost) -> tuple[str, ...]:
    """One stage of one architecture, or of all."""
    return (
        *(one.collection, one.teacher, one.augmentation, one.stage),
        one.architecture or "-",
        f"{one.seconds:,.1f}",
        "-" if one.energy_kwh is None else f"{one.energy_kwh:.3g}",
        *(f"{n:,}" for n in (one.steps, one.teacher_pairs, one.student_pairs)),
    )


def ablation_text(found: Ablation) -> str:
    """What came out, in sentences."""
    students = sum(cell.n_seeds for cell in found.cells)
    title = f"Ablation of {counted(len(found.cells), 'cell')}"
    return outline(f"{title}, {counted(students, 'student')}", found.sentences)


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table
