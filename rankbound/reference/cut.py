"""The reference study's cuts, beside our bands of the nearest names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.commands.cut.result import Compat, ReferenceCut
from rankbound.commands.measure.inputs import Inputs
from rankbound.data.columns import Booleans, Floats
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery
from rankbound.reference.measure import file_scores, pooled_entropy
from rankbound.results import Named

THEIR_NAMES = {
    "below-median": "below_median",
    "above-median": "above_median",
    "inner": "inner",
    "outer": "outlier",
    "lower-quartile": "lower_quartile",
    "upper-quartile": "upper_quartile",
}
REASON = (
    "their quartile cuts remove the quarter that they are named after, their inner and "
    "outlier cuts use Tukey's fences, queries equal to the median are in neither half, "
    "and one query without a value empties every cut"
)
REFERENCE_CUTS = (
    "above_median",
    "below_median",
    "upper_quartile",
    "lower_quartile",
    "inner",
    "outlier",
)
KEEPS = {
    "above_median": "values above the median, strictly; ties at the median are lost",
    "below_median": "values below the median, strictly; ties at the median are lost",
    "upper_quartile": "values below the upper quartile: the lowest three quarters",
    "lower_quartile": "values above the lower quartile: the highest three quarters",
    "inner": "values within Tukey's fences, 1.5 interquartile ranges beyond the "
    "quartiles: usually everything",
    "outlier": "values outside Tukey's fences: usually nothing",
}


def reference_cuts(
    whole: Groups,
    inputs: Inputs,
    values: PerQuery,
    kept: dict[str, set[str]],
    *,
    teacher: Path | None,
) -> Compat:
    """Cut as the reference does, for the bands that have a name there.

    For entropy over all pairs, the reference's entropy of every query of the file is
    cut. For another quantity, the reference's rules are applied to our values.

    Parameters
    ----------
    whole : Groups
        The groups of the file, before any were dropped.
    values : PerQuery
        Our values of the quantity.
    kept : dict of str to set of str
        By band, the queries that we keep.
    teacher : Path or None
        The file of scores, for entropy over all pairs; None for another quantity.
    """
    theirs, words = values, "our values, cut by the reference's rules"
    if teacher is not None:
        scores = file_scores(inputs, teacher)
        theirs = pooled_entropy(whole, scores).column
        words = "the reference's pairwise entropy in bits, missing scores as 0"
    found = []
    for name, their_name in THEIR_NAMES.items():
        if name not in kept:
            continue
        chosen = set(theirs.qids[reference_cut(theirs.values, their_name)])
        n_groups = sum(qid in chosen for qid in whole.group_qids())
        found.append(
            ReferenceCut(
                kept=name,
                reference_name=their_name,
                reference_keeps=KEEPS[their_name],
                reference_n_queries=len(chosen),
                reference_n_groups=n_groups,
                n_queries=len(kept[name]),
                n_queries_in_both=len(chosen & kept[name]),
                reference_n_without_value=int(np.isnan(theirs.values).sum()),
            )
        )
    return Compat(mode="reference", values=words, reason=REASON, cuts=Named(found))


def reference_cut(values: Floats, name: str) -> Booleans:
    """Mark the queries that the reference's cut of this name keeps.

    Parameters
    ----------
    values : float array, shape (n,)
        One number per query; NaN where the formula has no value.
    name : str
        One of `REFERENCE_CUTS`.

    Returns
    -------
    boolean array, shape (n,)

    Raises
    ------
    DomainError
        On another name, or without values.

    Notes
    -----
    Reproduces linear quantiles and strict comparisons. Wrong: "upper_quartile" and
    "lower_quartile" remove the quarter that they name, while the cuts at the median
    keep the half that they name; "inner" and "outlier" use Tukey's fences instead of
    quartiles; one NaN empties every cut; values equal to the median belong to neither
    half.

    Examples
    --------
    >>> reference_cut(np.arange(8.0), "upper_quartile").nonzero()[0].tolist()
    [0, 1, 2, 3, 4, 5]
    >>> reference_cut(np.arange(8.0), "lower_quartile").nonzero()[0].tolist()
    [2, 3, 4, 5, 6, 7]
    """
    if name not in REFERENCE_CUTS:
        raise DomainError(
            f"the reference's cuts are {', '.join(REFERENCE_CUTS)}, got {name!r}"
        )
    array = np.asarray(values, dtype=np.float64)
    if not array.size:
        raise DomainError("a cut of no values has no quantiles; give one per query")
    if np.isnan(array).any():  # no value is above or below a quantile that is NaN
        return np.zeros(array.shape, dtype=bool)
    low, middle, high = np.quantile(array, [0.25, 0.5, 0.75])
    reach = 1.5 * (high - low)
    inside = (array >= low - reach) & (array <= high + reach)
    kept = {
        "above_median": array > middle,
        "below_median": array < middle,
        "upper_quartile": array < high,
        "lower_quartile": array > low,
        "inner": inside,
        "outlier": ~inside,
    }
    return np.asarray(kept[name])
