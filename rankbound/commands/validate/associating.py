"""Per-query associations of all panels and pools, judged as one family."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from rankbound.catalogue import QUANTITIES, TERMS
from rankbound.commands.validate.options import POOLED, ValidateOptions
from rankbound.commands.validate.panels import StudentPanel
from rankbound.validation.association import (
    Association,
    Coefficient,
    Draws,
    Effort,
    Panel,
    draw,
    summary,
)
from rankbound.validation.judging import Correction, Family
from rankbound.validation.pooling import heterogeneity, pool

Row = dict[str, Any]
Progress = Callable[[str], object]
# The least p-value of a test is 1 / (m + 1), which the correction multiplies by the
# size of the family; this many times smaller than needed, but never beyond the most
ROOM: Final = 4
MOST_PERMUTATIONS: Final = 200_000
NAME: Final = "per query: every term x measure x student x sampling x data set"
PARTIAL_NAME: Final = "the same, given how hard the query is"


@dataclass(frozen=True, slots=True)
class Associations:
    """Rows, and how they were judged together."""

    rows: list[Row]
    n_tests: int
    n_partial_tests: int
    permutations: int


def associations(
    panels: Sequence[StudentPanel], options: ValidateOptions, *, progress: Progress
) -> Associations:
    """Every term against every measure for every student, and pools over data sets."""
    effort = _effort(panels, options)
    rows: list[Row] = []
    for position, group in enumerate(_alike(panels)):
        progress(f"associations of {group[0].student}")
        rows += _rows_of(group, options, effort, position)
    n_tests = _judge(rows, options.family)
    n_partial = _judge_partial(rows, options.family)
    permutations = effort.rank_permutations or effort.permutations
    return Associations(rows, n_tests, n_partial, permutations)


def _alike(panels: Sequence[StudentPanel]) -> list[list[StudentPanel]]:
    """Panels of one student and sampling over data sets."""
    found: dict[tuple[str, str], list[StudentPanel]] = {}
    for panel in panels:
        found.setdefault((panel.sampling, panel.student), []).append(panel)
    return list(found.values())


def _effort(panels: Sequence[StudentPanel], options: ValidateOptions) -> Effort:
    cells = sum(len(panel.names) * len(panel.targets) for panel in panels)
    pools = sum(
        len(group[0].names) * len(group[0].targets)
        for group in _alike(panels)
        if len(group) > 1
    )
    wanted = int(np.ceil(ROOM * (cells + pools) / options.family.delta))
    return Effort(
        resamples=options.resamples,
        permutations=options.permutations,
        rank_permutations=max(options.permutations, min(wanted, MOST_PERMUTATIONS)),
    )


def _rows_of(
    group: list[StudentPanel], options: ValidateOptions, effort: Effort, position: int
) -> list[Row]:
    shared = tuple(
        name for name in TERMS if all(name in panel.names for panel in group)
    )
    draws, rows = [], []
    for index, panel in enumerate(group):
        rng = np.random.default_rng([options.seed, position, index])
        made = draw(_only(panel, shared), effort, rng)
        draws.append(made)
        cells = summary(made, delta=options.family.delta)
        rows += _cells(panel.dataset, panel, shared, cells)
        if set(panel.names) > set(shared):
            others = tuple(name for name in panel.names if name not in shared)
            extra = draw(_only(panel, others), effort, rng)
            cells = summary(extra, delta=options.family.delta)
            rows += _cells(panel.dataset, panel, others, cells)
    if len(group) > 1:
        cells = summary(pool(draws), delta=options.family.delta)
        pooled = _cells(POOLED, group[0], shared, cells)
        _add_heterogeneity(pooled, draws)
        rows += pooled
    return rows


def _only(panel: StudentPanel, names: tuple[str, ...]) -> Panel:
    whole = panel.panel
    columns = [panel.names.index(name) for name in names]
    return Panel(whole.terms[:, columns], whole.targets, whole.given, whole.uses)


def _cells(
    dataset: str,
    panel: StudentPanel,
    names: tuple[str, ...],
    cells: list[list[Association]],
) -> list[Row]:
    return [
        _row((dataset, panel.sampling, panel.student), term, measure, cell, names)
        for term, line in zip(names, cells, strict=True)
        for measure, cell in zip(panel.targets, line, strict=True)
    ]


def _row(
    where: tuple[str, str, str],
    term: str,
    measure: str,
    cell: Association,
    names: tuple[str, ...],
) -> Row:
    dataset, sampling, student = where
    twin = QUANTITIES[term].same_ranks_as
    return {
        "dataset": dataset,
        "sampling": sampling,
        "student": student,
        "term": term,
        "unit": QUANTITIES[term].unit,
        "measure": measure,
        "n": cell.n,
        "pearson": cell.pearson.value,
        "spearman": cell.spearman.value,
        "kendall": cell.kendall.value,
        "lower": cell.spearman.lower,
        "upper": cell.spearman.upper,
        "p": cell.spearman.p,
        "p_holm": None,
        "partial": cell.partial.value,
        "detectable": None,
        "verdict": "",
        "pearson_lower": cell.pearson.lower,
        "pearson_upper": cell.pearson.upper,
        "pearson_p": cell.pearson.p,
        "kendall_lower": cell.kendall.lower,
        "kendall_upper": cell.kendall.upper,
        "kendall_p": cell.kendall.p,
        "kendall_p_by": cell.kendall_by,
        "partial_lower": cell.partial.lower,
        "partial_upper": cell.partial.upper,
        "partial_p": cell.partial.p,
        "partial_p_holm": None,
        "partial_verdict": "",
        "p_bh": None,
        "partial_p_bh": None,
        "within_band": False,
        "same_as": twin if twin in names else None,
        "missing_because": _reason(cell),
        "heterogeneity": None,
    }


def _reason(cell: Association) -> str | None:
    if cell.spearman.value is not None:
        return None
    return "the term or the measure is the same for every query"


def _add_heterogeneity(rows: list[Row], draws: list[Draws]) -> None:
    sizes = np.array([made.n for made in draws], dtype=np.float64)
    tables = [made.estimates["spearman"].ravel() for made in draws]
    for index, row in enumerate(rows):
        values = np.array([table[index] for table in tables])
        if np.isfinite(values).all():
            found = heterogeneity(values, sizes)
            row["heterogeneity"] = {"q": found.q, "p": found.p, "i2": found.i2}


def _judge(rows: list[Row], family: Family) -> int:
    """Adjusted p-values, detectable sizes and verdicts; how many tests there are."""
    n_tests = _adjust(rows, family, "p", ("p_holm", "p_bh"))
    for row in rows:
        row["detectable"] = family.detectable(row["n"], n_tests=n_tests)
        cell = Coefficient(row["spearman"], row["lower"], row["upper"], row["p"])
        row["verdict"] = family.verdict(cell, row[_column(family)])
        row["within_band"] = family.within(cell)
    return n_tests


def _judge_partial(rows: list[Row], family: Family) -> int:
    n_tests = _adjust(rows, family, "partial_p", ("partial_p_holm", "partial_p_bh"))
    for row in rows:
        ends = (row["partial_lower"], row["partial_upper"])
        cell = Coefficient(row["partial"], *ends, row["partial_p"])
        name = f"partial_{_column(family)}"
        row["partial_verdict"] = family.verdict(cell, row[name])
    return n_tests


def _column(family: Family) -> str:
    return "p_holm" if family.correction == "holm" else "p_bh"


def _adjust(
    rows: list[Row], family: Family, name: str, targets: tuple[str, str]
) -> int:
    """Fill in both corrections; a twin has the value of the term it repeats."""
    own = [row for row in rows if row["same_as"] is None]
    p_values = [row[name] for row in own]
    both: tuple[Correction, Correction] = ("holm", "bh")
    for target, correction in zip(targets, both, strict=True):
        judging = replace(family, correction=correction)
        for row, value in zip(own, judging.adjusted(p_values), strict=True):
            row[target] = value
    known = {_key(row, row["term"]): row for row in own}
    for row in rows:
        if row["same_as"] is not None:
            twin = known[_key(row, row["same_as"])]
            row.update({column: twin[column] for column in (name, *targets)})
    return sum(p is not None for p in p_values)


def _key(row: Row, term: str) -> tuple[str, ...]:
    return (row["dataset"], row["sampling"], row["student"], term, row["measure"])
