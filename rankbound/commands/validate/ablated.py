"""An ablation as a validation: its cells are the configurations.

A cell is a system, and the queries that test it a data set. Terms and limits come from
half of the queries, and outcomes from the other half, as for students of files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from rankbound.bounds.betting import betting
from rankbound.bounds.wording import counted
from rankbound.commands.ablate.result import (
    BASE,
    EFFECTIVENESS,
    KEY,
    LIMIT,
    NONE,
    Ablation,
    CellSummary,
    Difference,
    tested_on,
)
from rankbound.commands.validate.answers import answers_of
from rankbound.commands.validate.configurations import Configurations, across
from rankbound.commands.validate.records import (
    RISK,
    Configuration,
    JudgedTogether,
    OrderFamily,
    PairFamily,
    PartialFamily,
)
from rankbound.commands.validate.result import Validation
from rankbound.data.columns import Booleans, Floats, Strings, strings
from rankbound.data.draws import drawn_order
from rankbound.errors import FormatError
from rankbound.provenance import Input, versions
from rankbound.read.source import sha256
from rankbound.results import Named, Open
from rankbound.rows import Rows
from rankbound.validation.judging import Family
from rankbound.validation.systems import NEEDED

MEASURES: Final = dict(zip(EFFECTIVENESS, ("nDCG@10", "AP", "RR@10"), strict=True))
OF_RISK, QID = "risk", "qid"
LEAST_QUERIES: Final = 2  # of either half
VARIANCE: Final = "score_variance"
NONE_TESTED: Final = "no associations query by query"
TEACHER, AUGMENTATION, SAMPLING = "teacher", "augmentation", "sampling"
# What tells the rows of a cell from those of others
CELL: Final = (*KEY[:-1], "trained_on")
WARNING: Final = (
    "cells share their teacher, queries and starts, so that exchanging them is "
    "approximate, and those of several samplings are measured on pairs of their own"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOptions:
    """What the validation of an ablation depends on; see `validate_ablation`."""

    ablation: Path
    family: Family = field(default_factory=Family)
    resamples: int = 2_000
    permutations: int = 9_999
    seed: int = 0

    def validated(self, command: str) -> Validation:
        """Do what `validate_ablation` does, with these settings."""
        ablation, path = ablation_in(self.ablation)
        if not {*LIMIT} <= {*ablation.beside["students"].names}:
            raise FormatError(
                path,
                f"its table of students lacks {', '.join(LIMIT)}, without which half "
                "of the queries has no limit; run `ablate` again with this version",
            )
        delta = self.family.delta
        found = across(
            [*_values(ablation, path, delta=delta, seed=self.seed)],
            family=self.family,
            resamples=self.resamples,
            permutations=self.permutations,
            seed=self.seed,
        )
        return _result(found, self, path, command)


def validate_ablation(  # noqa: PLR0913  each is an option of the command
    where: Path | str,
    *,
    delta: float = 0.05,
    correction: str = "holm",
    band: float = 0.1,
    resamples: int = 2_000,
    permutations: int = 9_999,
    seed: int = 0,
    command: str = "",
) -> Validation:
    """Ask whether terms of the bound order the cells of an ablation.

    Parameters
    ----------
    where : path
        The folder that `ablate` has written.
    delta : float, default 0.05
        Error rate of all tests together.
    correction : {"holm", "bh"}
    band : float, default 0.1
        As of `validate`, whose associations query by query are not asked here.
    resamples, permutations : int
        Of systems.
    seed : int, default 0
        Of halves, resamples and permutations.
    command : str, optional
        The command line, for the result.

    Returns
    -------
    Validation
        With `configurations`, `configuration_values` and `predictions`; its other parts
        are empty.

    Raises
    ------
    FormatError
        When the folder holds no ablation, or one without its tables or of an earlier
        version, or fewer than two test queries have a risk in either half.

    See Also
    --------
    ablate : Makes such a folder.
    validate : The same of students in files.

    Examples
    --------
    >>> found = validate_ablation("ablated")  # doctest: +SKIP
    >>> [(one.predictor, one.tau) for one in found.configurations]  # doctest: +SKIP
    [('bound', -0.12), ...]
    """
    options = CellOptions(
        ablation=Path(where),
        family=Family(delta=delta, correction=correction, band=band),  # type: ignore[arg-type]
        resamples=resamples,
        permutations=permutations,
        seed=seed,
    )
    return options.validated(command)


def ablation_in(where: Path | str) -> tuple[Ablation, Path]:
    """An ablation with its tables, and its JSON file.

    Raises
    ------
    FormatError
        When there is none, or it lacks a table.
    """
    ablation = Ablation.load(where)
    folder = Path(where)
    path = folder / Ablation.FILE if folder.is_dir() else folder
    if None in [ablation.beside.get(kind.name) for kind in Ablation.BESIDE]:
        raise FormatError(
            path,
            "lacks one of its tables of students and queries; run `ablate` again with "
            "this version",
        )
    return ablation, path


def _values(
    ablation: Ablation, path: Path, *, delta: float, seed: int
) -> Iterator[Configuration]:
    """The configurations of all cells that have terms."""
    students, queries = (
        by_cell(_of_grid(ablation.beside[kind.name])) for kind in Ablation.BESIDE
    )
    variance = {
        (one.collection, one.sampling): one.terms[VARIANCE]
        for one in ablation.terms
        if not one.architecture
    }
    cells = [one for one in ablation.cells if one.upper_bound is not None]
    measured: dict[str, set[str]] = {}
    for cell in cells:
        mine = queries[cell_of(cell, cell.sampling)]
        known = np.isfinite(_numbers(mine, OF_RISK))
        measured.setdefault(tested_on(cell), set()).update(strings(mine[QID])[known])
    for cell in cells:
        key = cell_of(cell, cell.sampling)
        mine = queries[key]
        qids = strings(mine[QID])
        dataset = tested_on(cell)
        first = _half(qids, measured[dataset], seed=seed, dataset=dataset)
        known = _numbers(mine, OF_RISK)
        held = [int(np.isfinite(known[of]).sum()) for of in (first, ~first)]
        if min(held) < LEAST_QUERIES:
            raise FormatError(
                path,
                f"{dataset}, {cell.architecture} {cell.label}: both halves of the test "
                f"queries need {LEAST_QUERIES} risks or more, got {held[0]} and "
                f"{held[1]} of {counted(len(qids), 'query')}; ablate a collection with "
                "groups for more test queries",
            )
        bound = _limit(students[key], known[first], delta)
        risk = _mean(mine, OF_RISK, first)
        yield Configuration(
            dataset=dataset,
            sampling="of each cell",
            student=f"{cell.architecture} {cell.label}",
            n_terms=int(first.sum()),
            n_held_out=int((~first).sum()),
            bound=bound,
            deviation=bound - risk,
            locality=_mean(mine, "diameter", first),
            entropy=_mean(mine, "entropy", first),
            divergence=_mean(mine, "divergence", first),
            negative_score=None,
            group_size=float(ablation.group_size),
            score_variance=variance[cell.trained_on, cell.sampling],
            outcomes={
                RISK: _mean(mine, OF_RISK, ~first),
                **{
                    shown: _mean(mine, name, ~first) for name, shown in MEASURES.items()
                },
            },
        )


def _half(
    qids: Strings, measured: Collection[str], *, seed: int, dataset: str
) -> Booleans:
    """A random half of the queries that some cell has measured, and of the others.

    Few queries may have groups, and both halves need their share of those.
    """
    order = drawn_order(qids, seed=seed, purpose=f"halves of {dataset}")
    drawn = np.array([qid in measured for qid in qids[order]], dtype=bool)
    first = np.zeros(len(qids), dtype=bool)
    for part in (order[drawn], order[~drawn]):
        first[part[: len(part) // 2]] = True
    return first


def cell_of(one: CellSummary | Difference, sampling: str) -> tuple[str, ...]:
    """What tells the rows of a cell, or of its neighbour by another sampling."""
    return tuple(
        sampling if name == SAMPLING else str(getattr(one, name)) for name in CELL
    )


def _of_grid(rows: Rows) -> Rows:
    """Rows by the teacher of the collection, without augmentation."""
    # The queries, and files of earlier versions, have these alone
    if TEACHER not in rows.names:
        return rows
    return rows.where(TEACHER, BASE).where(AUGMENTATION, NONE)


def by_cell(rows: Rows) -> dict[tuple[str, ...], Mapping[str, Sequence[str]]]:
    """The columns of every cell."""
    places: dict[tuple[str, ...], list[int]] = {}
    keys = zip(*(rows.column(name) for name in CELL), strict=True)
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    columns = {name: rows.column(name) for name in rows.names}
    return {
        key: {name: [cells[place] for place in of] for name, cells in columns.items()}
        for key, of in places.items()
    }


def _limit(rows: Mapping[str, Sequence[str]], risk: Floats, delta: float) -> float:
    """The limit of a cell's mean risk, by the means over its seeds of some queries.

    Each seed's risk lies in a range of its own, so that the mean over seeds lies in the
    mean of the ranges. Ranges and stakes were chosen on validation queries.
    """
    low, high, stake = (_numbers(rows, name) for name in LIMIT)
    return betting(
        risk[np.isfinite(risk)],
        low=float(low.mean()),
        high=float(high.mean()),
        delta=delta,
        stakes=None if np.isnan(stake).any() else [float(stake.mean())],
    )


def _numbers(mine: Mapping[str, Sequence[str]], name: str) -> Floats:
    """A column of numbers; NaN where there is none."""
    return np.array([float(text) if text else np.nan for text in mine[name]])


def _mean(mine: Mapping[str, Sequence[str]], name: str, of: Booleans) -> float:
    """The mean of a column over some queries; those without a number do not count."""
    return float(np.nanmean(_numbers(mine, name)[of]))


def _result(
    found: Configurations, asked: CellOptions, path: Path, command: str
) -> Validation:
    family = asked.family
    made = Validation(
        family=JudgedTogether(
            name=NONE_TESTED,
            n_tests=0,
            test="permutation test of Spearman's rho",
            correction=family.correction,
            delta=family.delta,
            band=family.band,
            permutations=0,
            resamples=asked.resamples,
            interval="BCa bootstrap by query",
            power=0.8,
            seed=asked.seed,
            partial=PartialFamily(name=NONE_TESTED, n_tests=0),
            configurations=OrderFamily(
                name="every predictor x target, and every prediction of a target, over "
                "cells",
                n_tests=found.n_tests,
                needed=NEEDED,
                permutations=found.permutations or None,
            ),
            equivalence=PairFamily(name="no pairs of systems", n_tests=0, margin=0.0),
        ),
        per_query=(),
        configurations=found.orders,
        certificates=(),
        configuration_values=Open(found.values),
        predictions=found.predictions,
        dependence=(),
        means=Open(()),
        equivalence=(),
        controls=Named(()),
        datasets=(),
        absent_terms={"negative_score": "an ablation does not keep scores by document"},
        dropped={},
        warnings=(WARNING,),
        definitions={},
        inputs=(Input(path=str(path), sha256=sha256(path)),),
        command=command,
        versions=versions(),
    )
    return made.__replace__(answers=answers_of(made))
