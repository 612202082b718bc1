"""The reference study's kappa: a density ratio of raw scores."""

from __future__ import annotations

import numpy as np

from rankbound.data.columns import Floats

NO_VALUE = "their formula has no value here: "
REASON = (
    "raw scores divided by their sum stand for sampling probabilities, which scores "
    "are not; a missing score counts as 0 and makes the ratio infinite; negative "
    "scores give ratios below 1 or charge the best document; corrected: the ratio of "
    "the uniform law to the probabilities that the groups give, none without them"
)
INFINITE = (
    "infinite in their formula: a score of 0, or a missing one, is a probability of 0"
)


def reference_kappa(scores: Floats) -> float:
    """Largest ratio of the uniform law to the scores divided by their sum.

    Parameters
    ----------
    scores : float array, shape (k,)
        0 where there is no score.

    Returns
    -------
    float
        Infinite with one score of 0 (among positive ones); NaN if all are 0.

    Notes
    -----
    Reproduces ``max((1 / k) / (s / sum s))``. Wrong: a density ratio of two laws is at
    least 1 at its largest and needs probabilities; this one falls below 1, turns the
    order around for negative scores and changes with the origin of the scores.
    `bounds.shift.density_ratio` takes probabilities.

    Examples
    --------
    >>> round(reference_kappa(np.array([5.0, -1.0, -1.0])), 2)
    0.2
    >>> reference_kappa(np.array([1.0, 2.0, 0.0]))
    inf
    """
    values = np.asarray(scores, dtype=np.float64)
    if not len(values):
        return float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = values / values.sum()
        return float(np.max((1 / len(values)) / shares)) + 0.0


def why_kappa(scores: Floats) -> str:
    """Why `reference_kappa` is no finite number here; empty where it is one.

    Examples
    --------
    >>> why_kappa(np.array([1.0, 0.0]))
    'infinite in their formula: a score of 0, or a missing one, is a probability of 0'
    """
    value = reference_kappa(scores)
    if np.isfinite(value):
        return ""
    if np.isnan(value):
        return f"{NO_VALUE}0 / 0, since the scores sum to 0"
    return INFINITE
