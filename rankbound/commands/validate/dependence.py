"""Do locality and entropy depend on each other, query by query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from rankbound.commands.validate.options import ValidateOptions
from rankbound.commands.validate.panels import StudentPanel
from rankbound.data.scores import Floats
from rankbound.validation.distance_correlation import (
    DistanceCorrelation,
    distance_correlation,
)

Row = dict[str, Any]


COLUMNS: Final = (
    "dataset",
    "sampling",
    "student",
    "n",
    "distance_correlation",
    "expected",
    "p",
    "permutations",
    "missing_because",
    "p_adjusted",
)


def dependence(panels: Sequence[StudentPanel], options: ValidateOptions) -> list[Row]:
    """Distance correlation of diameter and entropy, with a permutation test.

    Locality is L times the diameter with one L for all queries, so its dependence is
    the diameter's. One row per panel with vectors; p is corrected over the rows.
    """
    rows: list[Row] = []
    known: dict[bytes, DistanceCorrelation] = {}
    for position, panel in enumerate(panels):
        if "diameter" not in panel.names:
            continue
        locality, entropy = panel.column("diameter"), panel.column("entropy")
        row: Row = {
            "dataset": panel.dataset,
            "sampling": panel.sampling,
            "student": panel.student,
            "n": len(entropy),
        }
        if np.ptp(locality) == 0 or np.ptp(entropy) == 0:
            why = "the diameter or the entropy is the same for every query"
            rows.append({**row, **_nothing(why)})
            continue
        key = np.concatenate([locality, entropy]).tobytes()
        if key not in known:
            known[key] = _test(locality, entropy, position, options)
        found = known[key]
        rows.append(
            {
                **row,
                "distance_correlation": found.value,
                "expected": found.expected,
                "p": found.p,
                "permutations": found.permutations,
                "missing_because": None,
            }
        )
    adjusted = options.family.adjusted([row["p"] for row in rows])
    for row, value in zip(rows, adjusted, strict=True):
        row["p_adjusted"] = value
    return rows


def _test(
    locality: Floats, entropy: Floats, position: int, options: ValidateOptions
) -> DistanceCorrelation:
    return distance_correlation(
        locality,
        entropy,
        count=options.permutations,
        rng=np.random.default_rng([options.seed, 1_000_117, position]),
    )


def _nothing(reason: str) -> Row:
    names = ("distance_correlation", "expected", "p", "permutations")
    return {**dict.fromkeys(names), "missing_because": reason}
