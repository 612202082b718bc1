"""Diameters and intrinsic dimension per sampling: supremum, mean, root mean square."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rankbound.catalogue import COMPARED, PAIR_SETS
from rankbound.commands.compare.measures import Measures
from rankbound.commands.compare.run import Comparison
from rankbound.commands.measure.space import shape_of

NAMES: Final = ("diameter", "mean_distance", "rms_distance", "two_nn", "knn_density")
# Mining moves the three differently, and each belongs to another statement
STATEMENTS: Final = {
    "supremum": "over groups: for the diameter the plug-in of the essential supremum "
    "of Theorems 1 and 2, of which no upper limit can be read off a sample",
    "mean": "over queries, of the mean over a query's groups: the floor of Theorem 4 "
    "(a)",
    "root_mean_square": "over queries, likewise: the complexity of Lemma 4, for "
    "rms_distance",
}


def spaces(comparison: Comparison) -> list[dict[str, Any]] | None:
    """One record per sampling, quantity and pair set; None without vectors."""
    if comparison.loaded.embeddings is None:
        return None
    return [
        {"sampling": name, "quantity": quantity, "pairs": pairs, **found}
        for name, measures in comparison.measures.items()
        for quantity in sorted(NAMES, key=comparison.options.place)
        for pairs in PAIR_SETS
        if (found := _three(measures, quantity, pairs)) is not None
    ]


def shapes(comparison: Comparison) -> list[dict[str, Any]] | None:
    """Distances and vectors of every sampling, for figures; None without vectors."""
    if comparison.loaded.embeddings is None:
        return None
    return [
        {
            "sampling": name,
            **shape_of(measures.space.curve, measures.shape).to_dict(),
        }
        for name, measures in comparison.measures.items()
        if measures.space and measures.space.curve and measures.shape
    ]


def _three(measures: Measures, quantity: str, pairs: str) -> dict[str, Any] | None:
    column = measures.measured.get((quantity, pairs))
    if column is None:
        return None
    return {
        "n": len(column),
        "supremum": float(column.largest.max()),
        "mean": column.mean(),
        "root_mean_square": float(np.sqrt(np.mean(column.values**2))),
        "unit": COMPARED[quantity].unit,
    }
